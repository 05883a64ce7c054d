"""Structure the graph: from steps and their ways on to a tree of regions in which every step stands once.

Two passes over each *scope* (the top of the flow, a branch, a foreach's body):

1. `explore` walks the steps of the scope from its entry. A split or foreach is explored as scopes of its own and becomes one
   stage; a step that takes `inputs` ends the scope, for only the split that opened it goes on there.
2. `arrange` finds the loops among what was explored (strongly connected components with one entry, then the same inside
   each) and puts the stages in topological order.

    start → (a, b) → join → end       →   Task(start), Parallel(a | b), Task(join), Task(end)
    work → review → {work, end}       →   Loop(work: Task(work), Task(review)), Task(end)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..diagnostics.model import Report
from ..diagnostics.rules import file as file_rules
from ..diagnostics.rules import graph as rules
from ..frontend.body import RESERVED
from ..frontend.definition import Definition
from ..ir.edges import Edge, edges_of
from ..ir.nodes import Block, Fanout, Flow, Foreach, Parallel, Split, Stage, Task
from ..ir.walk import walk_stages
from ..limits import NESTING
from .arrange import Link, Unstructured, arrange, bound_loops


def structure(definition: Definition, report: Report) -> Flow | None:
    """The flow as a region tree, or None where its graph has none; says why."""
    start = definition.ends.start
    assert start is not None, "check_ends found none"
    try:
        body = _Explorer(definition, report).block(start)
    except Unstructured:
        return None
    body = bound_loops(body, {name: step.max_iterations for name, step in definition.steps.items()})
    return Flow(
        name=definition.name,
        doc=definition.doc,
        file=definition.file,
        parameters=definition.parameters,
        configs=definition.configs,
        decorators=definition.decorators,
        steps=tuple(definition.steps[stage.name] for stage in walk_stages(body) if isinstance(stage, Task)),
        start=start,
        absent=definition.absent,
        body=body,
        members=(*sorted(definition.model.members.keys() - definition.steps.keys()), *sorted(RESERVED)),
        span=definition.span,
    )


@dataclass(slots=True)
class _Scope:
    """The steps that run on one path, from one entry.

    Attributes:
        group: The split that it is a branch of; branches of one split have the same. None at the top.
        stages: Its stages so far, with nothing in `after`.
        links: Ways between its stages.
        splits: How many splits of each of its steps were entered.
        exits: Ways that leave it to a step that takes `inputs`.
        ends: Its steps that end the flow.
        meets: A step that another branch of the same split reached before.
    """

    group: object
    stages: dict[str, Stage] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    splits: Counter[str] = field(default_factory=Counter)
    exits: list[Link] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    meets: str | None = None


class _Explorer:
    def __init__(self, definition: Definition, report: Report) -> None:
        self.steps = definition.steps
        self.report = report
        self.joins = {name for name, step in definition.steps.items() if step.joins}
        self.owner: dict[str, _Scope] = {}
        self.spans = {name: step.span for name, step in definition.steps.items()}
        self.depth = 0

    def block(self, entry: str) -> Block:
        """The whole flow."""
        scope = self.explore(entry, None)
        for target in dict.fromkeys(exit.target for exit in scope.exits):
            sources = [exit.source for exit in scope.exits if exit.target == target]
            self.report.add(
                rules.JOIN_WITHOUT_SPLIT,
                f"step `{target}` takes `inputs`, but nothing is split where `{sources[0]}` leads to it",
                self.spans[target],
                "joins nothing",
                also=[(arm.span, "leads here") for source in sources[:2] for arm in self.steps[source].arms[:1]],
                help="take `inputs` away, or lead here from the branches of a split",
            )
        if scope.exits:
            raise Unstructured
        block, _ = arrange(
            entry, scope.stages, scope.links, [Link(name, None, "") for name in scope.ends], self.spans, self.report
        )
        return block

    def explore(self, entry: str, group: object) -> _Scope:
        scope = _Scope(group)
        pending = [entry]
        while pending:
            name = pending.pop()
            if not self._claim(name, scope):
                continue
            scope.stages[name] = Task(name=name, after=())
            edges = edges_of(self.steps[name])
            if not edges:
                scope.ends.append(name)
            ways = [way for edge in edges if (way := self._follow(scope, name, edge)) is not None]
            pending.extend(reversed(ways))
        return scope

    def _claim(self, name: str, scope: _Scope) -> bool:
        """Whether the step is new; a step that another scope holds is a fault."""
        owner = self.owner.setdefault(name, scope)
        if owner is not scope:
            if owner.group is scope.group:
                scope.meets = scope.meets or name
                return False
            ways = [
                (edge.arm.span, f"`{one}` leads here")
                for one, step in self.steps.items()
                for edge in edges_of(step)
                if name in edge.targets
            ]
            self.report.add(
                rules.CROSSES_SCOPE,
                f"step `{name}` is reached from places that belong to different splits",
                self.spans[name],
                "reached from both",
                also=ways[:3],
                help="leave a branch or a foreach only through its join; or use two steps that share a method",
            )
            raise Unstructured
        return name not in scope.stages

    def _follow(self, scope: _Scope, name: str, edge: Edge) -> str | None:
        """Add one way on; returns the step of this scope that it leads to, if any."""
        if isinstance(edge.arm, Split | Fanout):
            return self._split(scope, name, edge)
        (target,) = edge.targets
        if target in self.joins:
            scope.exits.append(Link(name, edge.key, target))
            return None
        scope.links.append(Link(name, edge.key, target))
        return target

    def _split(self, scope: _Scope, name: str, edge: Edge) -> str:
        if self.depth == NESTING:
            self.report.add(
                file_rules.TOO_DEEP,
                f"splits and foreach stand more than {NESTING} deep in each other",
                edge.arm.span,
                help="flatten them",
            )
            raise Unstructured
        for target in edge.targets:
            if target in self.joins:
                self.report.add(
                    rules.EMPTY_FOREACH,
                    f"step `{name}` leads straight to `{target}`, which joins",
                    edge.arm.span,
                    also=[(self.spans[target], "takes `inputs`")],
                    help=f"put a step between `{name}` and `{target}`, or take `inputs` away from `{target}`",
                )
                raise Unstructured
        self.depth += 1
        try:
            branches = self._branches(name, edge)
        finally:
            self.depth -= 1
        join = self._join(name, edge, branches)
        blocks = [
            arrange(target, branch.stages, branch.links, branch.exits, self.spans, self.report)[0]
            for target, branch in zip(edge.targets, branches, strict=True)
        ]
        stage: Stage
        if isinstance(edge.arm, Fanout):
            each = f"{edge.arm.target}.each"
            stage = Foreach(name=each, after=(), split=name, variable=edge.arm.variable, join=join, body=blocks[0])
        else:
            scope.splits[name] += 1
            number = scope.splits[name]
            stage = Parallel(
                name=f"{name}.split{number if number > 1 else ''}", after=(), split=name, join=join, branches=tuple(blocks)
            )
        scope.stages[stage.name] = stage
        scope.links += [Link(name, edge.key, stage.name), Link(stage.name, None, join)]
        return join

    def _branches(self, name: str, edge: Edge) -> list[_Scope]:
        """Explore each branch; where two meet in a step without `inputs`, say so and go on as if it took them."""
        while True:
            group, known, said = object(), len(self.owner), len(self.report.diagnostics)
            branches, faulty = [], False
            for target in edge.targets:
                try:
                    branches.append(self.explore(target, group))
                except Unstructured:  # the others may still show that it met one of them
                    faulty = True
            meeting = next((branch.meets for branch in branches if branch.meets), None)
            if meeting is None:
                if faulty:
                    raise Unstructured
                return branches
            if meeting in edge.targets:
                self._crossing(meeting, name, edge)
            self.report.add(
                rules.JOIN_WITHOUT_INPUTS,
                f"branches of step `{name}` meet in `{meeting}`, which does not take `inputs`",
                self.spans[meeting],
                "several branches arrive here",
                also=[(edge.arm.span, "split here")],
                help=f"write `def {meeting}(self, inputs):`",
            )
            self.joins.add(meeting)
            # What else was said took the rest of the flow for a part of the branch.
            self.report.diagnostics[said:] = [
                one for one in self.report.diagnostics[said:] if one.rule is rules.JOIN_WITHOUT_INPUTS
            ]
            while len(self.owner) > known:
                self.owner.popitem()

    def _crossing(self, meeting: str, name: str, edge: Edge) -> None:
        self.report.add(
            rules.CROSSES_SCOPE,
            f"step `{meeting}` is a branch of `{name}`, and another branch leads into it",
            self.spans[meeting],
            "reached from both",
            also=[(edge.arm.span, "split here")],
            help="leave a branch only through the join of its split; or use two steps that share a method",
        )
        raise Unstructured

    def _join(self, name: str, edge: Edge, branches: list[_Scope]) -> str:
        """The one step where the branches of a split end."""
        what = "foreach" if isinstance(edge.arm, Fanout) else "split"
        ends = [end for branch in branches for end in branch.ends]
        joins = list(dict.fromkeys(exit.target for branch in branches for exit in branch.exits))
        if ends and joins:
            past = [
                (edge.arm.span, "goes past it")
                for branch in branches
                for one in branch.stages
                if one in self.steps
                for edge in edges_of(self.steps[one])
                if ends[0] in edge.targets
            ]
            self.report.add(
                rules.NEVER_JOINED,
                f"the {what} of step `{name}` is joined in `{joins[0]}`, but a branch ends in `{ends[0]}` without it",
                edge.arm.span,
                "split here",
                also=[(self.spans[joins[0]], "joined here"), *past[:1]],
                help=f"let every branch lead to `{joins[0]}`",
            )
            raise Unstructured
        if not joins:
            inside = [one for branch in branches for one in branch.stages if "join" in one.lower() or "merge" in one.lower()]
            meant = next((one for one in inside if one in self.steps and one not in {*ends, *self.joins}), None)
            self.report.add(
                rules.NEVER_JOINED,
                f"the {what} of step `{name}` is never joined",
                edge.arm.span,
                "split here",
                also=[(self.spans[meant], "does not take `inputs`")]
                if meant
                else [(self.spans[end], "reached from inside, without a join before") for end in ends[:1]],
                help=f"if `{meant}` joins it, write `def {meant}(self, inputs):`"
                if meant
                else "let all of its branches meet in one step that takes `inputs`: `def join(self, inputs):`",
            )
            raise Unstructured
        first, *others = joins
        if others:
            self.report.add(
                rules.UNBALANCED_JOIN,
                f"branches of the {what} of step `{name}` end in different joins, `{first}` and `{others[0]}`",
                edge.arm.span,
                "split here",
                also=[(self.spans[first], "some end here"), (self.spans[others[0]], "others end here")],
                help="let all of them end in the same step",
            )
            raise Unstructured
        return first
