"""Which artifacts are set where, over the whole graph.

For each step, and for each way out of it, two sets of names: those that are *surely* set there, whichever path a run takes, and
those that *may* be. A step starts with what its predecessors leave: the names that all of them have, and those that any has. A
join starts with nothing, and merges give it what its inputs have.

Names are bits of integers, so that a flow of thousands of steps costs little more than reading it; -1 is the set of all names,
which is what code leaves that cannot be followed. Loops are walked until nothing changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from ..ir.artifacts import Leave, Merge, Write
from ..ir.edges import Edge, edges_of
from ..ir.lineage import Before, Joined, trace
from ..ir.nodes import Arrival, Fanout, Flow, Step, Switch
from ..similar import did_you_mean

ALL: Final = -1

GUESSES: Final = 50_000
"""How many pairs of names all guesses of a flow may compare, about: with thousands of faults only the first have guesses."""

SEARCHES: Final = 200_000
"""How many steps all searches for a place to show may look at: with thousands of faults only the first show every place."""


@dataclass(slots=True)
class Facts:
    """What is set at one point.

    Attributes:
        sure: Names that are set whichever way a run came here.
        maybe: Names that some way sets.
        values: Assignments, of the names that something is chosen by, whose value may be the one here.
    """

    sure: int = ALL
    maybe: int = 0
    values: int = 0


@dataclass(slots=True)
class Solution:
    """The facts of a flow.

    Attributes:
        flow: The flow.
        before: What comes before each step.
        steps: By name.
        bits: Each name that is read anywhere → its bit.
        entry: By step: what is set where it starts.
        exit: By step and key of the way chosen: what is set where it ends.
        writes: Assignments that `values` counts, by bit; None for one that cannot be seen.
        value_bits: The bits of the assignments of each name.
        positions: The bit of each assignment, by its identity.
        private: Names that no merge hands on, since they begin with an underscore.
        written: By name: the assignments, each with its step.
        guesses: How many pairs of names guesses may still compare.
        searches: How many steps searches may still look at.
        joins: What the inputs of each join may have, once somebody asked; `joined_any`: what those of any of them may.
    """

    flow: Flow
    before: dict[str, Before]
    steps: dict[str, Step]
    bits: dict[str, int]
    entry: dict[str, Facts] = field(default_factory=dict)
    exit: dict[tuple[str, str | None], Facts] = field(default_factory=dict)
    writes: list[Write | None] = field(default_factory=list)
    value_bits: dict[str, int] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    written: dict[str, list[tuple[Step, Write]]] = field(default_factory=dict)
    private: int = 0
    guesses: int = GUESSES
    searches: int = SEARCHES
    joins: dict[str, int] | None = None
    joined_any: int = 0

    def guess(self, name: str, known: Collection[str] | None = None) -> str | None:
        """The known name that was likely meant, another than this; if none are given, what a step sets or the class has."""
        among = {*self.written, *self.flow.members, *(one.attribute for one in self.flow.parameters)} if known is None else known
        self.guesses -= len(among)
        return did_you_mean(name, [one for one in among if one != name]) if self.guesses > 0 else None

    def arriving(self) -> tuple[dict[str, int], int]:
        """What the inputs of each join may have, and what those of any of them may. Only for messages."""
        if self.joins is None:
            self.joins = {step: self.inputs(step).maybe for step, before in self.before.items() if before.joined}
            for maybe in self.joins.values():
                self.joined_any |= maybe
        return self.joins, self.joined_any

    def has(self, found: int, name: str) -> bool:
        """Whether a name is in a set."""
        return bool(found & self.bits.get(name, 0))

    def names(self, found: int) -> list[str]:
        """The names in a set."""
        return [name for name, bit in self.bits.items() if found & bit]

    def values(self, name: str, found: int) -> list[Write | None]:
        """The assignments in a set that are of a name; None among them stands for those that cannot be seen."""
        mask = found & self.value_bits.get(name, 0)
        return [write for position, write in enumerate(self.writes) if mask >> position & 1] if mask else []

    def reaching(self, step: Step, way: int, name: str) -> list[Write | None]:
        """The assignments that an artifact's value may come from where a step ends one way, by the position of its arm.

        None among them stands for those that cannot be seen.
        """
        if way >= len(step.artifacts.leaves):
            return [None]
        leave, entry = step.artifacts.leaves[way], self.entry[step.name]
        setting = next((one for one in leave.settings if one.name == name), None)
        found: list[Write | None] = list(setting.writes) if setting else []
        if leave.open or (setting is not None and setting.loose):
            found.append(None)
        if setting is None or setting.kept:
            found += self.values(name, entry.values)
            if leave.merges or not self.has(entry.sure, name):
                found.append(None)
        return found

    def numbers(self, writes: tuple[Write, ...]) -> int:
        """The bits of these assignments."""
        found = 0
        for write in writes:
            found |= 1 << self.positions[id(write)]
        return found

    def inputs(self, step: str) -> Facts:
        """What the inputs of a join have: together, since a merge takes what any of them has."""
        found = Facts()
        for joined in self.before[step].joined:
            one = self.joined(joined)
            found.sure &= one.sure
            found.maybe |= one.maybe
            found.values |= one.values
        return found

    def joined(self, joined: Joined) -> Facts:
        """Likewise, of one of the splits that a join may join."""
        branches = [self.met(branch) for branch in joined.branches]
        found = Facts(0)
        for one in branches:
            found.sure |= one.sure
            found.maybe |= one.maybe
            found.values |= one.values
        return found

    def met(self, arrivals: tuple[Arrival, ...]) -> Facts:
        """What is set where any of these arrivals comes."""
        found = Facts()
        for arrival in arrivals:
            one = self.exit.get((arrival.stage, arrival.key))
            if one is not None:
                found.sure &= one.sure
                found.maybe |= one.maybe
                found.values |= one.values
        return found

    def merged(self, step: str, merge: Merge) -> Facts:
        """What a merge gives a join."""
        if not self.steps[step].joins:
            return Facts(0)
        if not merge.known:
            return Facts(ALL, ALL, self._unseen(ALL))
        found, mask = self.inputs(step), ALL
        if merge.include is not None:
            mask = self._mask(merge.include)
        mask &= ~self._mask(merge.exclude) & ~self.private
        values = sum(bits for name, bits in self.value_bits.items() if self.bits.get(name, 0) & mask)
        return Facts(found.sure & mask, found.maybe & mask, found.values & values)

    def _mask(self, names: Iterable[str]) -> int:
        mask = 0
        for name in names:
            mask |= self.bits.get(name, 0)
        return mask

    def _unseen(self, names: int) -> int:
        """The assignments that cannot be seen, of these names."""
        found = 0
        for name, mask in self.value_bits.items():
            if names & self.bits[name]:
                found |= mask & -mask  # the lowest bit of a name's
        return found


def solve(flow: Flow) -> Solution:
    """Find what is set where."""
    steps = {step.name: step for step in flow.steps}
    solution = Solution(flow, trace(flow), steps, _bits(flow))
    for step in flow.steps:
        for write in step.artifacts.writes:
            solution.written.setdefault(write.name, []).append((step, write))
    solution.private = solution._mask(name for name in solution.bits if name.startswith("_"))
    _number_writes(solution)
    ways = {step.name: _ways(step) for step in flow.steps}
    changed = True
    while changed:
        changed = False
        for step in flow.steps:
            before = solution.before[step.name]
            entry = Facts(0) if before.joined else solution.met(before.arrivals)
            if step.name == flow.start:  # which a loop may lead back to
                entry.sure = 0
            solution.entry[step.name] = entry
            for edge, leave in ways[step.name]:
                key = edge.key if edge else None
                found = _leave(solution, step, entry, leave)
                if edge is not None and isinstance(edge.arm, Switch) and not _may_choose(solution, step, edge.arm, edge.targets):
                    found = Facts()
                if solution.exit.get((step.name, key)) != found:
                    solution.exit[step.name, key] = found
                    changed = True
    return solution


def _ways(step: Step) -> list[tuple[Edge | None, Leave]]:
    leaves = step.artifacts.leaves
    if not step.arms:
        return [(None, leaves[0] if leaves else Leave(open=True))]
    if len(leaves) != len(step.arms):  # not understood
        return [(edge, Leave(open=True)) for edge in edges_of(step)]
    found = dict(zip(step.arms, leaves, strict=True))
    return [(edge, found[edge.arm]) for edge in edges_of(step)]


def _may_choose(solution: Solution, step: Step, switch: Switch, targets: tuple[str, ...]) -> bool:
    """Whether a switch may lead there: where all values that it may have are evident, only their cases do."""
    reaching = solution.reaching(step, step.arms.index(switch), switch.variable)
    values = [write.value.constant for write in reaching if write is not None]
    if not reaching or None in reaching or not all(values):
        return True
    return any((case,) in values for case, target in switch.cases if target in targets)


def _leave(solution: Solution, step: Step, entry: Facts, leave: Leave) -> Facts:
    """From where a step starts to where one of its ways ends."""
    found = Facts(entry.sure, entry.maybe, entry.values)
    for position in leave.merges:
        merged = solution.merged(step.name, step.artifacts.merges[position])
        found.maybe |= merged.maybe
        found.values |= merged.values
        if position in leave.merged:
            found.sure |= merged.sure
    for setting in leave.settings:
        bit = solution.bits.get(setting.name, 0)
        if not bit:
            continue
        assigned = bool(setting.writes) or setting.loose
        if setting.deleted:
            found.sure &= ~bit
        elif not setting.kept or setting.loose:  # what cannot be told is not claimed
            found.sure |= bit
        if assigned:
            found.maybe |= bit
        elif not setting.kept:
            found.maybe &= ~bit
        mask = solution.value_bits.get(setting.name, 0)
        if mask:
            if not setting.kept:
                found.values &= ~mask
            found.values |= solution.numbers(setting.writes) | ((mask & -mask) if setting.loose else 0)
    if leave.open:
        found = Facts(ALL, ALL, found.values | solution._unseen(ALL))
    if not leave.reached:
        found = Facts()
    for catch in (one for one in step.decorators if one.name == "catch"):
        # What a failed step has done is lost: it goes on with what it started from.
        variable = dict(catch.arguments).get("var")
        bit = solution.bits.get(variable, 0) if isinstance(variable, str) else 0
        found.sure = found.sure & entry.sure | bit
        found.maybe |= entry.maybe | bit
        mask = solution.value_bits.get(variable, 0) if isinstance(variable, str) else 0
        found.values |= entry.values | mask & -mask
    return found


def _bits(flow: Flow) -> dict[str, int]:
    """A bit for each name that something reads: what nobody reads need not be followed, unless a merge may meet it twice."""
    names: dict[str, None] = {}
    merging = any(step.artifacts.merges for step in flow.steps)
    for step in flow.steps:
        if merging:
            names |= dict.fromkeys(write.name for write in step.artifacts.writes)
        names |= dict.fromkeys(read.name for read in step.artifacts.reads)
        names |= dict.fromkeys(take.name for take in step.artifacts.takes)
        names |= dict.fromkeys(name for merge in step.artifacts.merges for name in merge.include or ())
    return {name: 1 << position for position, name in enumerate(names)}


def _number_writes(solution: Solution) -> None:
    """Give a bit to each assignment of a name that a foreach or a switch goes by; each name's first stands for unseen ones."""
    chosen: dict[str, list[Write | None]] = {}
    for step in solution.flow.steps:
        for arm in step.arms:
            if isinstance(arm, Fanout | Switch) and arm.variable in solution.bits:
                chosen.setdefault(arm.variable, [None])
    for step in solution.flow.steps:
        for write in step.artifacts.writes:
            if write.name in chosen:
                chosen[write.name].append(write)
    for name, writes in chosen.items():
        first = len(solution.writes)
        solution.writes += writes
        solution.value_bits[name] = ((1 << len(writes)) - 1) << first
        solution.positions |= {id(write): position for position, write in enumerate(writes, first)}
