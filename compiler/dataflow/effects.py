"""What a function does to `self`, as its caller sees it, and the lists that all functions of a flow share.

def load(self):
    self.rows = read(self.path)        reads path; ends with rows ← write 3
    return len(self.rows)
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Final

from ..frontend.members import ClassModel
from ..ir.artifacts import Merge, Read, Take, Write
from .state import FROM_BEFORE, Sources, State

MOST: Final = 500_000
"""How many facts about names may be copied in one flow: see `Analysis.affords`."""


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
    def of(cls, state: State, analysis: Analysis) -> Snapshot:
        """What a state says, apart from the state."""
        names = state.names()
        if not analysis.affords(len(names)):
            return cls({}, state.merges, state.merged, True)
        return cls({name: state.sources(name) for name in names}, state.merges, state.merged, state.open)


@dataclass(slots=True)
class Effects:
    """What one function does.

    Attributes:
        reads: Values from before the call that it uses: the strongest claim for each name, use, and merges before it.
        used: All names that it uses, wherever their values come from.
        touched: Those of them whose values it gets hold of, and so may change in place.
        supposed: Names that it assigns in a loop, which may have no turn.
        takes: What it reads of a join's inputs.
        ends: Where it returns.
        leaves: Where it calls `self.next`, by the call's position (line, column).
        ended: All of both, in the order walked.
        loose: Names that code may assign at a time that is not known.
        open: It may assign any name at a time that is not known.
        closed: Nothing but `reads` is read.
        takes_known: Nothing but `takes` is read of the inputs.
        item: It uses the item of a foreach.
        met: What `end` has found.
    """

    reads: dict[tuple[str, str, tuple[int, ...]], Read] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    supposed: set[str] = field(default_factory=set)
    takes: dict[Take, Take] = field(default_factory=dict)
    ends: list[Snapshot] = field(default_factory=list)
    leaves: dict[tuple[int, int], Snapshot] = field(default_factory=dict)
    ended: list[Snapshot] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    open: bool = False
    closed: bool = True
    takes_known: bool = True
    item: bool = False
    met: Snapshot | None = None

    def expose(self, read: Read) -> None:
        """Note a use of a value from before."""
        key = (read.name, read.use, read.merges)
        known = self.reads.get(key)
        if known is None or (read.claimed, read.sure) > (known.claimed, known.sure):
            self.reads[key] = read

    def end(self) -> Snapshot | None:
        """All ways that return, met; None where none does. To be asked once all has been walked."""
        if not self.ends or self.met is not None:
            return self.met
        names = {name: None for one in self.ends for name in one.sets}
        self.met = Snapshot(
            {name: frozenset[int]().union(*(one.sets.get(name, FROM_BEFORE) for one in self.ends)) for name in names},
            frozenset[int]().union(*(one.merges for one in self.ends)),
            frozenset.intersection(*(one.merged for one in self.ends)),
            any(one.open for one in self.ends),
        )
        return self.met


@dataclass(slots=True)
class Analysis:
    """What the walks through one flow share.

    Attributes:
        model: The flow's class.
        writes: All assignments found so far; a source is a position in this list.
        merges: All calls of `merge_artifacts`, likewise.
        methods: What methods do, by the identity of their syntax; None while one is being walked.
        setters: By class: the setters of its properties.
        open: Attributes may come and go in a way that is not followed.
        texts: Whether the texts of assigned expressions are needed: some join merges.
        depth: How many methods that call each other are being walked.
        copied: How many facts have been copied so far.
    """

    model: ClassModel
    writes: list[Write] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    methods: dict[int, Effects | None] = field(default_factory=dict)
    setters: dict[ast.ClassDef, dict[str, ast.FunctionDef]] = field(default_factory=dict)
    open: bool = False
    texts: bool = False
    depth: int = 0
    copied: int = 0

    def affords(self, facts: int) -> bool:
        """Whether so many facts about names may be copied from one point of the code to another.

        A step of thousands of artifacts that is left in thousands of places would have millions. Past some number the analysis
        stops claiming instead.
        """
        self.copied += facts
        return self.copied <= MOST
