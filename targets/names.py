"""Names that a platform accepts, one for each name of the flow, never the same for two.

A name is *spelt* where the platform's letters can say it without loss. Else it is *marked*: what can be read of it, `-`, and
eight digits of a hash of it. Nothing spelt looks like something marked. So a name follows from what it stands for and from
nothing else: a step that is added to a flow, or renamed, changes no other name.

    load_data        →  load-data              a step, as a task of Argo
    load.split.1     →  load--split--1         what stands around a step; no step has a dot in its name
    load__data       →  load-data-5f6d8b7c     `-` twice would be a dot
    BigSum           →  big-sum                a flow, where case means nothing
    sums.prod.Sum    →  sums--prod--sum        a flow in a project, likewise
    sums.prod.Sum    →  sums-prod-Sum          a flow in a project, as a state machine
    ann@corp.com     →  ann-corp-com-68b9…     a user, as a label of Kubernetes
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Spelling: TypeAlias = Callable[[str], str | None]
"""A name in a platform's letters, or None where two names would be spelt alike."""

_DIGITS: Final = 8
_MARKED: Final = re.compile(f"-[0-9a-f]{{{_DIGITS}}}")


def spell_same(name: str) -> str:
    """Every name as it is."""
    return name


def spell_word(name: str) -> str | None:
    """ASCII letters, digits, `-` and `_`, after a letter."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) else None


def spell_dashes(name: str) -> str | None:
    """ASCII letters, digits and `-`, which stands for `_`; two of them for a dot."""
    parts = name.split(".")
    if name[:1].isdigit() or not all(re.fullmatch(r"[A-Za-z0-9]+(_[A-Za-z0-9]+)*", part) for part in parts):
        return None
    return "--".join(part.replace("_", "-") for part in parts)


def spell_dotted(name: str) -> str | None:
    """ASCII letters, digits and `_`, after a letter; `-` stands for a dot."""
    return name.replace(".", "-") if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*", name) else None


def spell_lower_dashes(name: str) -> str | None:
    """The same without capital letters."""
    return spell_dashes(name) if name == name.lower() else None


def spell_label(name: str) -> str | None:
    """What Kubernetes takes as the value of a label: ASCII letters, digits, `-`, `_` and `.`, none of these at either end."""
    return name if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name) else None


def spell_camel(name: str) -> str | None:
    """Small letters, digits and `-`, which says that a capital follows: `BigSum` is `big-sum`."""
    if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name):
        return None
    return re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()


@dataclass(slots=True)
class Names:
    """Gives out names within a length; the same question gets the same answer.

    Attributes:
        longest: Characters of a name.
        spell: How the platform's letters say a name.
        lower: A marked name has no capital letters.
        reserved: Names that are never given out.
        given: The names given out, by what they stand for.
    """

    longest: int
    spell: Spelling
    lower: bool = False
    reserved: frozenset[str] = frozenset()
    given: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def of(self, wanted: str) -> str:
        """The name that stands for `wanted`."""
        name = self.given.get(wanted)
        if name is None:
            name = self._name(wanted)
            self.given[wanted] = name
            self.taken.add(name)
        return name

    def _name(self, wanted: str) -> str:
        spelt = self.spell(wanted)
        if spelt and len(spelt) <= self.longest and spelt not in self.reserved and not _MARKED.fullmatch(spelt[-_DIGITS - 1 :]):
            return spelt
        digest = hashlib.sha256(wanted.encode()).hexdigest()
        readable = re.sub(r"[^A-Za-z0-9]+", "-", wanted.lower() if self.lower else wanted).strip("-") or "x"
        readable = f"x-{readable}" if readable[0].isdigit() else readable
        # Two hashes that begin alike are the one case in which a name depends on another one.
        for start in range(0, len(digest) - _DIGITS, _DIGITS):
            name = f"{readable[: self.longest - _DIGITS - 1].rstrip('-')}-{digest[start : start + _DIGITS]}"
            if name not in self.taken:
                return name
        raise AssertionError(f"seven hashes of {wanted!r} are taken")

    def changed(self) -> dict[str, str]:
        """What is named differently: platform's name → flow's name."""
        return {name: wanted for wanted, name in self.given.items() if name != wanted}
