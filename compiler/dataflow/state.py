"""What is known at one point of a step's code: for each artifact, where its value may come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ENTRY: Final = -1
"""The value from before the step."""
GONE: Final = -2
"""No value: it was deleted."""

Sources = frozenset[int]
"""Where a value may come from: positions in the list of assignments, `ENTRY`, `GONE`."""

FROM_BEFORE: Final[Sources] = frozenset([ENTRY])
NOWHERE: Final[Sources] = frozenset([GONE])


class State:
    """A point of the code, on one of several paths.

    A state forked from another holds only what has changed since, so that an arm costs what it does, not what stands before.

    Attributes:
        parent: The state that it was forked from.
        changed: Sources by name, as far as they changed since the fork.
        sure: Every run that succeeds gets here.
        live: There is a path that gets here.
        left: A path since the fork has left the step by `return` or `self.next`.
        skipped: A path since the fork has left a loop's turn, by `break` or `continue`.
        open: Any artifact may have been set.
        merges: Calls of `merge_artifacts` that may have come before; `merged`: those that surely have.
    """

    __slots__ = ("changed", "left", "live", "merged", "merges", "open", "parent", "skipped", "sure")

    def __init__(self, parent: State | None = None, *, sure: bool = True) -> None:
        self.parent = parent
        self.changed: dict[str, Sources] = {}
        self.sure: bool = sure and (parent is None or parent.sure)
        self.live = True
        self.left = False
        self.skipped = False
        self.open: bool = parent.open if parent else False
        self.merges: frozenset[int] = parent.merges if parent else frozenset()
        self.merged: frozenset[int] = parent.merged if parent else frozenset()

    def sources(self, name: str) -> Sources:
        """Where the value of an artifact may come from."""
        state: State | None = self
        while state is not None:
            if name in state.changed:
                return state.changed[name]
            state = state.parent
        return FROM_BEFORE

    def names(self) -> set[str]:
        """All names that were assigned or deleted."""
        found: set[str] = set()
        state: State | None = self
        while state is not None:
            found |= state.changed.keys()
            state = state.parent
        return found

    def leave(self) -> None:
        """This path ends the step."""
        self.live = False
        self.left = True

    def skip(self) -> None:
        """This path ends the turn of a loop."""
        self.live = False
        self.skipped = True

    def meet(self, arms: Iterable[State]) -> None:
        """Go on from where these arms end. All were forked from this state; those that are not live do not come back."""
        arms = tuple(arms)
        live = [arm for arm in arms if arm.live]
        met: dict[str, list[Sources]] = {}
        for arm in live:
            for name, sources in arm.changed.items():
                met.setdefault(name, []).append(sources)
        for name, found in met.items():
            before = () if len(found) == len(live) else self.sources(name)  # as arms have it that did not change it
            self.changed[name] = frozenset[int]().union(before, *found)
        self.left = self.left or any(arm.left for arm in arms)
        self.skipped = self.skipped or any(arm.skipped for arm in arms)
        self.sure = self.sure and not any(arm.left or arm.skipped for arm in arms)
        self.live = bool(live)
        self.open = any(arm.open for arm in live)
        self.merges = frozenset[int]().union(*(arm.merges for arm in live))
        self.merged = frozenset.intersection(*(arm.merged for arm in live)) if live else frozenset()
