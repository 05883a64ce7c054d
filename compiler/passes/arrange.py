"""Arrange the stages of one scope: loops into stages of their own, and all in topological order.

A loop is a strongly connected component that is entered at one step, its header. Taking away what leads back to the header, its
inside is arranged in the same way, which finds the loops within.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..diagnostics.model import Report
from ..diagnostics.rules import graph as rules
from ..ir.nodes import Arrival, Block, Foreach, Loop, Parallel, Stage, Task
from ..ir.walk import blocks_of, closers, index_stages
from ..limits import LOOP_TURNS
from ..source import Span


class Unstructured(Exception):
    """The graph cannot be structured; the report says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one stage to another, under a key where the first chooses."""

    source: str
    key: str | None
    target: str


def arrange(
    entry: str, stages: Mapping[str, Stage], links: list[Link], outs: list[Link], spans: Mapping[str, Span], report: Report
) -> tuple[Block, list[tuple[Arrival, str]]]:
    """A block of these stages, which have nothing in `after` yet.

    Args:
        entry: The stage where the block starts.
        stages: By name.
        links: Ways among them, none of them back to `entry`.
        outs: Ways that leave the block.
        spans: Where each step is defined, for messages.

    Returns:
        The block, and each of its exits with where it leads.
    """
    placed = dict(stages)
    home = {name: name for name in stages}
    components = _components(entry, stages, links)
    # All ways of each loop, found at once: a flow may have thousands of both.
    within = {name: number for number, component in enumerate(components) for name in component}
    touching, leaving = _by_component(links, within), _by_component(outs, within)
    members: dict[int, dict[str, Stage]] = {}
    for name, stage in stages.items():
        if name in within:
            members.setdefault(within[name], {})[name] = stage
    for number, component in enumerate(components):
        own = {**members[number], **{one.target: stages[one.target] for one in touching[number]}}
        loop = _loop(entry, component, own, touching[number], leaving.get(number, []), spans, report)
        home.update(dict.fromkeys(component, loop.name))
        for name in component:
            del placed[name]
        placed[loop.name] = loop

    def leave(link: Link) -> Arrival:
        name = home[link.source]
        if name == link.source:
            return Arrival(stage=name, key=link.key)
        loop = placed[name]
        return Arrival(stage=name, key=link.target if isinstance(loop, Loop) and loop.ways else None)

    after: dict[str, dict[Arrival, None]] = {name: {} for name in placed}
    for link in links:
        if home[link.source] != home[link.target]:
            after[home[link.target]][leave(link)] = None
    exits = list(dict.fromkeys((leave(out), out.target) for out in outs))
    order = _order(home[entry], after)
    block = Block(
        stages=tuple(replace(placed[name], after=tuple(after[name])) for name in order),
        exits=tuple(dict.fromkeys(arrival for arrival, _ in exits)),
    )
    return block, exits


def _loop(
    entry: str,
    component: set[str],
    stages: Mapping[str, Stage],
    links: list[Link],
    outs: list[Link],
    spans: Mapping[str, Span],
    report: Report,
) -> Loop:
    entered = {link.target: link.source for link in links if link.target in component and link.source not in component}
    headers = sorted({*entered, *({entry} & component)}, key=lambda name: (spans[name].line, spans[name].column))
    if len(headers) > 1:
        first, second = headers[:2]
        report.add(
            rules.LOOP_ENTERED_TWICE,
            f"steps `{first}` and `{second}` are in one loop, and it is entered at both",
            spans[second],
            "entered here",
            also=[(spans[first], "and here")],
            help=f"let every way into the loop lead to `{first}`, and choose from there",
        )
        raise Unstructured
    (header,) = headers
    inner = [link for link in links if link.source in component and link.target in component and link.target != header]
    leaving = [link for link in links if link.source in component and link.target not in component]
    for link in leaving:
        if isinstance(stages[link.target], Parallel | Foreach):
            report.add(
                rules.SPLIT_LEAVES_LOOP,
                f"step `{link.source}` splits where it leaves the loop over `{header}`",
                spans[link.source],
                "in the loop",
                also=[(spans[header], "the loop starts here")],
                help="lead to a step of its own after the loop, and split there",
            )
            raise Unstructured
    leaving += [out for out in outs if out.source in component]
    again = [link for link in links if link.source in component and link.target == header]
    body, exits = arrange(
        header, {name: stages[name] for name in stages if name in component}, inner, [*again, *leaving], spans, report
    )
    ways = tuple(dict.fromkeys(target for _, target in exits if target != header))
    return Loop(
        name=f"{header}.loop",
        after=(),
        header=header,
        limit=0,
        body=replace(body, exits=tuple(dict.fromkeys(arrival for arrival, target in exits if target != header))),
        again=tuple(dict.fromkeys(arrival for arrival, target in exits if target == header)),
        ways=ways if len(ways) > 1 else (),
    )


def _by_component(links: list[Link], within: Mapping[str, int]) -> dict[int, list[Link]]:
    """The links that begin or end in each component, in their order."""
    found: dict[int, list[Link]] = {}
    for link in links:
        for number in {within.get(link.source), within.get(link.target)}:
            if number is not None:
                found.setdefault(number, []).append(link)
    return found


def _components(entry: str, stages: Mapping[str, Stage], links: list[Link]) -> list[set[str]]:
    """The strongly connected components that hold a cycle (Tarjan's algorithm, without recursion)."""
    successors: dict[str, list[str]] = {name: [] for name in stages}
    for link in links:
        successors[link.source].append(link.target)
    index: dict[str, int] = {entry: 0}
    low: dict[str, int] = {entry: 0}
    stack, held = [entry], {entry}
    found: list[set[str]] = []
    work = [(entry, iter(successors[entry]))]
    while work:
        name, ahead = work[-1]
        for target in ahead:
            if target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                held.add(target)
                work.append((target, iter(successors[target])))
                break
            if target in held:
                low[name] = min(low[name], index[target])
        else:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[name])
            if low[name] == index[name]:
                component: set[str] = set()
                while name not in component:
                    component.add(stack.pop())
                held -= component
                if len(component) > 1 or name in successors[name]:
                    found.append(component)
    return found


def _order(entry: str, after: Mapping[str, Mapping[Arrival, None]]) -> list[str]:
    """Topological order: depth first from the entry, so that what belongs together stands together."""
    successors: dict[str, list[str]] = {name: [] for name in after}
    for name, arrivals in after.items():
        for arrival in arrivals:
            successors[arrival.stage].append(name)
    order: list[str] = []
    seen = {entry}
    work = [(entry, iter(reversed(successors[entry])))]
    while work:
        name, ahead = work[-1]
        for target in ahead:
            if target not in seen:
                seen.add(target)
                work.append((target, iter(reversed(successors[target]))))
                break
        else:
            order.append(name)
            work.pop()
    return order[::-1]


def bound_loops(block: Block, bounds: Mapping[str, int | None]) -> Block:
    """Give each loop its limit: the one that the source sets, or an even share of what nested loops may have together."""
    return _bound(block, bounds, index_stages(block), 1)


def _bound(block: Block, bounds: Mapping[str, int | None], every: Mapping[str, Stage], height: int) -> Block:
    stages: list[Stage] = []
    for stage in block.stages:
        match stage:
            case Task():
                stages.append(stage)
            case Parallel():
                stages.append(replace(stage, branches=tuple(_bound(branch, bounds, every, height) for branch in stage.branches)))
            case Foreach():
                stages.append(replace(stage, body=_bound(stage.body, bounds, every, height)))
            case Loop():
                tallest = max(height, _height(stage))
                own = [bound for step in closers(every, stage) if (bound := bounds.get(step)) is not None]
                limit = min(own, default=max(1, LOOP_TURNS // tallest))
                stages.append(replace(stage, limit=limit, body=_bound(stage.body, bounds, every, tallest)))
    return replace(block, stages=tuple(stages))


def _height(stage: Stage) -> int:
    """How many loops stand in each other, this one included."""
    inner = [_height(one) for block in blocks_of(stage) for one in block.stages]
    return isinstance(stage, Loop) + max(inner, default=0)
