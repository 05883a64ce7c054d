"""Names that a platform accepts, one for each name of the flow, never the same for two."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """Gives out names of letters, digits and `-`, within a length; the same question gets the same answer.

    Where two would be alike, and where nothing readable is left of a name, a number is added in the order asked.

    Attributes:
        longest: Characters of a name.
        reserved: Names that are never given out.
        given: The names given out, by what they stand for.
    """

    longest: int
    reserved: frozenset[str] = frozenset()
    given: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def of(self, wanted: str) -> str:
        """The name that stands for `wanted`: its own letters, `-` for what the platform does not take."""
        if wanted not in self.given:
            base = re.sub(r"[^A-Za-z0-9]+", "-", wanted).strip("-") or "x"
            base = f"x-{base}" if base[0].isdigit() else base
            name, number = base[: self.longest], 1
            while name in self.taken or name in self.reserved:
                number += 1
                suffix = f"-{number}"
                name = base[: self.longest - len(suffix)] + suffix
            self.taken.add(name)
            self.given[wanted] = name
        return self.given[wanted]

    def changed(self) -> dict[str, str]:
        """What was renamed: platform's name → flow's name."""
        return {name: wanted for wanted, name in self.given.items() if name != wanted}
