"""What a function does to `self`, as its caller sees it, and the lists that all functions of a flow share.

def load(self):
    self.rows = read(self.path)        reads path; ends with rows ← write 3
    return len(self.rows)
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from ..frontend.members import ClassModel
from ..ir.artifacts import Merge, Read, Take, Write
from .state import ENTRY, FROM_BEFORE, Sources, State


@dataclass(slots=True)
class Snapshot:
    """The state where a way through a function ends.

    Attributes:
        sets: Sources by name, of what was assigned or deleted on this way.
        merges: Calls of `merge_artifacts` that may stand on it; `merged`: those that surely do.
        open: Any artifact may have been set.
    """

    sets: dict[str, Sources]
    merges: frozenset[int]
    merged: frozenset[int]
    open: bool

    @classmethod
    def of(cls, state: State, tested: Container[str]) -> Snapshot:
        """What a state says, apart from the state. What the code asks for first, it is taken to set where it is not there."""
        sets = {name: state.sources(name) for name in state.names()}
        sets |= {name: sources - {ENTRY} or sources for name, sources in sets.items() if name in tested}
        return cls(sets, state.merges, state.merged, state.open)


@dataclass(slots=True)
class Effects:
    """What one function does.

    Attributes:
        reads: Values from before the call that it uses: the strongest claim for each name, use, and merges before it.
        used: All names that it uses, wherever their values come from.
        takes: What it reads of a join's inputs.
        ends: Where it returns.
        leaves: Where it calls `self.next`, by the call's position (line, column).
        ended: All of both, in the order walked.
        loose: Names that code may assign at a time that is not known.
        open: It may assign any name at a time that is not known.
        closed: Nothing but `reads` is read.
        takes_known: Nothing but `takes` is read of the inputs.
        item: It uses the item of a foreach.
    """

    reads: dict[tuple[str, str, tuple[int, ...]], Read] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    takes: dict[Take, Take] = field(default_factory=dict)
    ends: list[Snapshot] = field(default_factory=list)
    leaves: dict[tuple[int, int], Snapshot] = field(default_factory=dict)
    ended: list[Snapshot] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    open: bool = False
    closed: bool = True
    takes_known: bool = True
    item: bool = False

    def expose(self, read: Read) -> None:
        """Note a use of a value from before."""
        key = (read.name, read.use, read.merges)
        known = self.reads.get(key)
        if known is None or (read.claimed, read.sure) > (known.claimed, known.sure):
            self.reads[key] = read

    def end(self) -> Snapshot | None:
        """All ways that return, met; None where none does."""
        if not self.ends:
            return None
        names = {name: None for one in self.ends for name in one.sets}
        return Snapshot(
            {name: frozenset[int]().union(*(one.sets.get(name, FROM_BEFORE) for one in self.ends)) for name in names},
            frozenset[int]().union(*(one.merges for one in self.ends)),
            frozenset.intersection(*(one.merged for one in self.ends)),
            any(one.open for one in self.ends),
        )


@dataclass(slots=True)
class Analysis:
    """What the walks through one flow share.

    Attributes:
        model: The flow's class.
        writes: All assignments found so far; a source is a position in this list.
        merges: All calls of `merge_artifacts`, likewise.
        methods: What methods do, by the identity of their syntax; None while one is being walked.
        open: Attributes may come and go in a way that is not followed.
        texts: Whether the texts of assigned expressions are needed: some join merges.
        depth: How many methods are being walked, each called by the one before.
    """

    model: ClassModel
    writes: list[Write] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    methods: dict[int, Effects | None] = field(default_factory=dict)
    open: bool = False
    texts: bool = False
    depth: int = 0
