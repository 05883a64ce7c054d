"""`--stats`: what a flow takes of each limit, as a table on standard error.

Figures only, the same for the same input: nothing of time or of the machine is among them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from .output import write

if TYPE_CHECKING:
    from ..compiler.ir.nodes import Block, Flow
    from ..compiler.limits import Usage
    from .verb import Decorated

_HEAD: Final = ("what", "used", "limit", "percent", "where")


def stats_option(function: Decorated) -> Decorated:
    """`--stats`, as `stats: bool`."""
    return click.option("--stats", is_flag=True, help="Also show what the flow takes of each limit, on standard error.")(function)


def write_stats(flow: Flow, targets: Mapping[str, Sequence[Usage]]) -> None:
    """Show the figures of a flow, and of what became of it for these targets."""
    write(stats_text({flow.name: measure_flow(flow), **targets}), sys.stderr, color=None)


def write_stats_of_all(flows: Iterable[Flow]) -> None:
    """Show the figures of flows for every target, with nothing given that a deployment decides."""
    from ..compiler.diagnostics.model import Report
    from ..targets import TARGETS, load
    from ..targets.options import Options

    for flow in flows:
        made = {target: load(target)(flow, Options(), Report()) for target in TARGETS}
        write_stats(flow, {target: [usage for one in made[target] for usage in one.usages] for target in made})


def measure_flow(flow: Flow) -> tuple[Usage, ...]:
    """The figures that depend on no target."""
    from ..compiler.ir.walk import walk_stages
    from ..compiler.limits import LOOP_TURNS, NAME_BYTES, NESTING, Usage
    from ..compiler.passes.check_loops import longest_nest
    from ..compiler.plan import plan_text

    nest = longest_nest(flow.body)
    name = max((len(one.encode()), one) for one in (flow.name, *(step.name for step in flow.steps)))
    deepest = max(_depths(flow.body, 0))
    figures = (
        ("steps", len(flow.steps), None, ""),
        ("stages", sum(1 for _ in walk_stages(flow.body)), None, ""),
        ("splits and foreach in each other", deepest[0], NESTING, f"around `{deepest[1]}`"),
        ("turns of loops in each other", sum(loop.limit for loop in nest), LOOP_TURNS, f"`{nest[-1].header}`" if nest else ""),
        ("bytes of a name", name[0], NAME_BYTES, f"`{name[1]}`"),
        ("parameters", len(flow.parameters), None, ""),
        ("bytes of plan.json", len(plan_text(flow).encode()), None, ""),
    )
    return tuple(Usage(what=what, used=used, limit=limit, where=where, span=flow.span) for what, used, limit, where in figures)


def _depths(block: Block, depth: int) -> Iterable[tuple[int, str]]:
    """How many splits and foreach stand around each step."""
    from ..compiler.ir.nodes import Foreach, Parallel, Task
    from ..compiler.ir.walk import blocks_of

    for stage in block.stages:
        if isinstance(stage, Task):
            yield depth, stage.name
        for inner in blocks_of(stage):
            yield from _depths(inner, depth + isinstance(stage, Parallel | Foreach))


def stats_text(groups: Mapping[str, Sequence[Usage]]) -> str:
    """The table: a line for each figure, under the name of what it belongs to.

    what                  used / limit      percent  where
    Sums
      steps                  4
    argo
      tasks of one DAG       4 / 200          2.0 %  the DAG that starts with `start`
    """
    rows: list[tuple[str, str, str, str, str]] = [_HEAD]
    for name, usages in groups.items():
        rows.append((name, "", "", "", ""))
        rows += [_row(one) for one in usages]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def _row(one: Usage) -> tuple[str, str, str, str, str]:
    limit, percent = ("", "") if one.limit is None else (f"{one.limit:,}", f"{100 * one.used / one.limit:.1f} %")
    return f"  {one.what}", f"{one.used:,}", limit, percent, one.where


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    what, used, limit, percent, where = row
    slash = "/" if limit else " "
    return f"{what:<{widths[0]}}  {used:>{widths[1]}} {slash} {limit:<{widths[2]}}  {percent:>{widths[3]}}  {where}".rstrip()
