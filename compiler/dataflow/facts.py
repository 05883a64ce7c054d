"""From the walk through a step to the facts of the IR: an `Artifacts`, whose leaves stand in the order of the step's arms.

if self.fast:                      reads   fast (sure)
    self.size = 1                  writes  size = 1
    self.next(self.quick)          leaves  size ← that write
else:
    self.next(self.slow)           leaves  nothing but what was there
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..frontend.members import ClassModel, Member
from ..frontend.syntax import positional
from ..ir.artifacts import Artifacts, Leave, Read, Setting, Take
from .access import BACK_DOORS
from .effects import Analysis, Effects, Snapshot
from .methods import wrapped
from .state import ENTRY, FROM_BEFORE, GONE, Sources
from .statements import StatementWalker


def analysis_of(model: ClassModel) -> Analysis:
    """What the walks through the steps of one flow share."""
    back_doors = any(name in model.members for name in BACK_DOORS)
    return Analysis(
        model, open=model.open or back_doors, texts=any("merge_artifacts" in one.context.source.text for one in model.lineage)
    )


def read_artifacts(analysis: Analysis, member: Member, calls: Sequence[Sequence[ast.Call]]) -> Artifacts:
    """What a step does with `self.*`.

    Args:
        member: The step.
        calls: The calls of `self.next` that make each of the step's arms, in the order of the arms; empty for the last step.
    """
    function = member.node
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    names = [one.arg for one in positional(function)]
    walker = StatementWalker(
        analysis, member.context, member.owner, function, names[0] if names else None, names[1] if len(names) > 1 else None
    )
    found = walker.effects
    if wrapped(member.context, function):  # a decorator of the user's may set anything before the step, and after it
        walker.state.open = found.open = True
        found.closed = False
    walker.walk(function)
    ways = [[found.leaves[place] for call in arm if (place := (call.lineno, call.col_offset)) in found.leaves] for arm in calls]
    merges = sorted({number for snapshot in found.ended for number in snapshot.merges})
    positions = {number: position for position, number in enumerate(merges)}
    return Artifacts(
        reads=tuple(
            replace(read, merges=tuple(positions[one] for one in read.merges if one in positions))
            for read in sorted(found.reads.values(), key=_place)
        ),
        used=tuple(sorted(found.used)),
        takes=tuple(sorted(found.takes.values(), key=_place)),
        merges=tuple(analysis.merges[number] for number in merges),
        writes=tuple(analysis.writes[number] for number in sorted({source for _, source in walker.events if source >= 0})),
        leaves=tuple(_leave(analysis, found, snapshots, positions) for snapshots in ways or [found.ends]),
        loose=tuple(sorted(found.loose)),
        plain=tuple((name, member.context.source.span(node)) for name, node in walker.plain.items()),
        item=found.item,
        closed=found.closed,
        takes_known=found.takes_known,
    )


def _leave(analysis: Analysis, found: Effects, snapshots: Sequence[Snapshot], positions: Mapping[int, int]) -> Leave:
    """Several ways that go on in the same way, met."""
    settings = []
    open = found.open or any(one.open for one in snapshots)
    for name in sorted({name for one in snapshots for name in one.sets} | found.loose):
        sources = frozenset[int]().union(*(one.sets.get(name, FROM_BEFORE) for one in snapshots))
        sound = found.closed and not open and name not in found.touched | found.supposed | found.loose
        settings.append(
            Setting(
                name=name,
                writes=tuple(analysis.writes[source] for source in sorted(sources) if source >= 0),
                kept=ENTRY in sources,
                deleted=GONE in sources,
                loose=name in found.loose,
                most=_most(analysis, sources) if sound else None,
            )
        )
    merged = frozenset.intersection(*(one.merged for one in snapshots)) if snapshots else frozenset[int]()
    return Leave(
        settings=tuple(settings),
        merges=tuple(sorted({positions[number] for one in snapshots for number in one.merges})),
        merged=tuple(sorted(positions[number] for number in merged)),
        open=open,
        reached=bool(snapshots),
    )


def _most(analysis: Analysis, sources: Sources) -> int | None:
    """The items of the longest of these values; None where one of them is not evident."""
    lengths = [analysis.writes[source].value.length if source >= 0 else None for source in sources]
    known = [one for one in lengths if one is not None]
    return max(known, default=None) if len(known) == len(lengths) else None


def _place(one: Read | Take) -> tuple[str, int, int, str]:
    return (one.span.path, one.span.line, one.span.column, one.name)
