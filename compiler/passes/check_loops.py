"""Check the bounds of loops: that they bound something, and that nested ones fit the recursion that Argo allows."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..diagnostics.rules import graph as rules
from ..ir.nodes import Block, Flow, Loop
from ..ir.walk import blocks_of, closers, index_stages
from ..limits import LOOP_TURNS


def check_loops(flow: Flow, report: Report) -> None:
    """Each `max_iterations` closes a loop; bounds of nested loops add up to no more than `LOOP_TURNS`."""
    stages = index_stages(flow.body)
    closing = {name for stage in stages.values() if isinstance(stage, Loop) for name in closers(stages, stage)}
    for step in flow.steps:
        if step.max_iterations is not None and step.name not in closing:
            report.add(
                rules.NOTHING_TO_BOUND,
                f"`max_iterations` of step `{step.name}` bounds no loop",
                step.arms[0].span,
                "leads to no earlier step",
                help="take `max_iterations` away",
            )
    nest = longest_nest(flow.body)
    total = sum(loop.limit for loop in nest)
    if total > LOOP_TURNS:
        headers = {step.name: step.span for step in flow.steps}
        report.add(
            rules.LOOPS_TOO_DEEP,
            f"nested loops may go round {total} times, and {LOOP_TURNS} is the most",
            headers[nest[-1].header],
            f"starts a loop of at most {nest[-1].limit} turns",
            also=[(headers[one.header], f"stands in a loop of at most {one.limit} turns") for one in nest[:-1]],
            help="lower `max_iterations` of one of them",
        )


def longest_nest(block: Block) -> tuple[Loop, ...]:
    """The chain of loops, each in the one before, whose bounds add up to the most."""
    longest: tuple[Loop, ...] = ()
    for stage in block.stages:
        own = (stage,) if isinstance(stage, Loop) else ()
        for inner in blocks_of(stage):
            nest = (*own, *longest_nest(inner))
            if sum(loop.limit for loop in nest) > sum(loop.limit for loop in longest):
                longest = nest
    return longest
