"""Regions → DAG templates.

| region | what is written |
|---|---|
| `Task` | a task of the DAG that runs the container template of the step's profile, with the step and its path as parameters |
| `Parallel` | the branches' tasks in the same DAG; sub-DAGs where they are too many |
| `Foreach` | one task with `withSequence` over the number of items that the split's task put out; a longer body is a DAG |
| a `Foreach` of which fewer items run at a time than pods of the run may | such a task in a DAG with `parallelism` |
| `Loop` | a DAG that ends in a task which calls the same DAG for the next turn |

A stage's arrivals become its task's `depends`; an arrival that hangs on a choice becomes its `when`. Where several arrivals
lead to a stage, or a foreach hangs on a choice, `when` cannot say it: each such arrival goes through a *gate*, a task that
runs no pod and succeeds only if the choice was made. So `depends` needs nothing but `Succeeded`, and `Skipped` for a
foreach over nothing.

A task that fails leaves those that wait for it Omitted, and with that fails its DAG, when what runs beside it is over: Argo does
not stop neighbours (`failFast` keeps it from nothing but further tasks, and counts attempts that are tried again as failures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, assert_never

from ...compiler.ir.nodes import Arrival, Block, Flow, Foreach, Loop, Parallel, Stage, Task
from ...compiler.limits import ARGO_TASK_NAME, ARGO_TEMPLATES, NEAR
from ...runtime import contract
from ..names import Names, spell_dashes, spell_lower_dashes
from ..options import Options
from . import pack
from .alike import share_alike
from .concurrency import concurrency_of
from .hooks import EXIT, HOOK, exit_dag
from .profiles import Profiles
from .serialise import Inline
from .workflow import workflow_template

_PATH: Final = "{{inputs.parameters.path}}"
_TURN: Final = "{{inputs.parameters.turn}}"
_RESERVED: Final = frozenset("let matches contains startsWith endsWith nil true false not in and or if else".split())
"""Words of the language of `depends`: a task of such a name passes Argo's validator, and then its dependants fail."""
_NEXT_TURN: Final = "{{=asInt(inputs.parameters.turn) + 1}}"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a stage is arrived at: after what, and on which condition."""

    depends: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    """How others wait for a stage: by this `depends`, and where it chooses by the output of this task."""

    depends: str
    task: str


@dataclass(slots=True)
class _Dag:
    """A DAG template being filled.

    Attributes:
        path: The path of its tasks, as an expression.
        inputs: Its parameters.
        parallelism: How many of what it calls run at a time; None: as many as the run may.
        done: How to wait for each stage that is in it.
    """

    name: str
    path: str
    inputs: tuple[str, ...]
    parallelism: int | None = None
    tasks: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    done: dict[str, _Done] = field(default_factory=dict)

    def ways(self, arrivals: Sequence[Arrival]) -> list[_Way]:
        """Arrivals at stages of this DAG as what a task can depend on."""
        found: list[_Way] = []
        for arrival in arrivals:
            done = self.done[arrival.stage]
            chosen = f"'{{{{tasks.{done.task}.outputs.parameters.{contract.OUTPUT_NEXT}}}}}' == '{arrival.key}'"
            found.append(_Way(done.depends, None if arrival.key is None else chosen))
        return found

    def below(self, component: str) -> str:
        """The path one level down."""
        return component if self.path == contract.ROOT_PATH else f"{self.path}.{component}"

    def call(self) -> dict[str, str]:
        """The arguments that hand a sub-DAG the path of this one; the root's needs none."""
        return {} if self.path == contract.ROOT_PATH else {"path": self.path}


def lower(flow: Flow, profiles: Profiles, options: Options) -> dict[str, Any]:
    """The WorkflowTemplate of a flow."""
    concurrency = concurrency_of(flow, options.max_workers)
    lowering = _Lowering(flow, profiles, concurrency.foreach)
    main = lowering.template_names.of("main")
    lowering.dag("main", contract.ROOT_PATH, (), (flow.body,))
    exits = lowering.exits()
    return workflow_template(
        flow,
        options,
        entrypoint=main,
        exits=lowering.template_names.of(EXIT) if exits else None,
        parallelism=concurrency.run,
        defaults=profiles.defaults(),
        templates=lowering.templates(exits),
        names=lowering.tasks,
    )


def template_names() -> Names:
    """What templates are called. It becomes part of their pods' names, in which Kubernetes refuses capital letters."""
    return Names(ARGO_TASK_NAME, spell_lower_dashes, lower=True)


class _Lowering:
    def __init__(self, flow: Flow, profiles: Profiles, concurrency: Mapping[str, int]) -> None:
        self.flow = flow
        self.profiles = profiles
        self.concurrency = concurrency
        self.tasks = Names(ARGO_TASK_NAME, spell_dashes, reserved=_RESERVED)
        self.template_names = template_names()
        self.dags: list[_Dag] = []
        self.gated = False

    def exits(self) -> dict[str, Any] | None:
        """The DAG of the exit hooks, or None."""
        made = exit_dag(self.flow, self.template_names.of(HOOK), self.template_names.of("gate"))
        self.gated |= made is not None
        return made

    def templates(self, exits: dict[str, Any] | None) -> list[dict[str, Any]]:
        """All templates: DAGs from the outside in, then what they run."""
        found: list[dict[str, Any]] = []
        for dag in self.dags:
            template: dict[str, Any] = {"name": self.template_names.of(dag.name)}
            if dag.inputs:
                template["inputs"] = {"parameters": [Inline(name=name) for name in dag.inputs]}
            if dag.parallelism is not None:
                template["parallelism"] = dag.parallelism
            template["dag"] = {"tasks": dag.tasks}
            if dag.outputs:
                template["outputs"] = {"parameters": dag.outputs}
            found.append(template)
        if exits is not None:
            found.append({"name": self.template_names.of(EXIT), **exits})
        if self.gated:
            found.append({"name": self.template_names.of("gate"), "suspend": Inline(duration="0")})
        found += [{"name": self.template_names.of(name), **template} for name, template in self.profiles.templates()]
        if exits is not None:
            found.append({"name": self.template_names.of(HOOK), **self.profiles.hook()})
        if len(found) > NEAR * ARGO_TEMPLATES.most:
            return share_alike(found, lambda number: self.template_names.of(f"alike.{number}"))
        return found

    def dag(self, name: str, path: str, inputs: tuple[str, ...], blocks: Sequence[Block]) -> _Dag:
        """A DAG template that runs these blocks at once."""
        dag = _Dag(name, path, inputs)
        self.dags.append(dag)
        for block in blocks:
            self.fill(dag, block, (), block.exits)
        return dag

    def part(self, parent: _Dag, name: str, blocks: Sequence[Block]) -> str:
        """A DAG template for a part of another one, on the same path; returns its name."""
        given = parent.call()
        self.dag(name, _PATH if given else contract.ROOT_PATH, tuple(given), blocks)
        return self.template_names.of(name)

    def fill(self, dag: _Dag, block: Block, entry: Sequence[_Way], ends: Sequence[Arrival]) -> None:
        """Add the tasks of a block, which starts after `entry`; what surrounds it will look at `ends`."""
        *early, rest = pack.parts(block, ends)
        for number, stages in enumerate(early):
            name = f"{stages[0].name}.part"
            entered = (replace(stages[0], after=()), *stages[1:])
            template = self.part(dag, name, (Block(stages=entered, exits=()),))
            task = self.task(dag, name, template, dag.call(), entry if number == 0 else dag.ways(stages[0].after))
            # The part ends as its last stage does, so whoever waits for that stage waits for the part.
            dag.done[stages[-1].name] = _Done(f"{task}.Succeeded", task)
        for stage in rest:
            self.stage(dag, stage, dag.ways(stage.after) if stage.after else entry)

    def stage(self, dag: _Dag, stage: Stage, arrivals: Sequence[_Way]) -> None:
        match stage:
            case Task():
                template = self.template_names.of(self.profiles.of(stage.name))
                task = self.task(dag, stage.name, template, {"step": stage.name, "path": dag.path}, arrivals)
                dag.done[stage.name] = _Done(f"{task}.Succeeded", task)
            case Foreach():
                self.foreach(dag, stage, arrivals)
            case Parallel():
                self.parallel(dag, stage, arrivals)
            case Loop():
                self.loop(dag, stage, arrivals)
            case _:
                assert_never(stage)

    def task(
        self,
        dag: _Dag,
        name: str,
        template: str,
        arguments: Mapping[str, str],
        arrivals: Sequence[_Way],
        count: str | None = None,
    ) -> str:
        """Add one task; returns its name. `count` makes it run once for each number below it."""
        task: dict[str, Any] = {"name": self.tasks.of(name), "template": template}
        # `when` belongs to the task as a whole, so that it can stand for a single arrival only. With a count, it would also
        # make "not chosen" look like "nothing to do": both are Skipped.
        if len(arrivals) == 1 and count is None:
            (way,) = arrivals
            task["depends"] = way.depends
            if way.when:
                task["when"] = way.when
        elif arrivals:
            task["depends"] = self.either(dag, name, arrivals)
        if count is not None:
            task["withSequence"] = Inline(count=count)
        if arguments:
            task["arguments"] = Inline(parameters=[Inline(name=key, value=value) for key, value in arguments.items()])
        dag.tasks.append(task)
        return str(task["name"])

    def either(self, dag: _Dag, name: str, ways: Sequence[_Way]) -> str:
        """A `depends` that holds when any of these ways is taken, with a gate for each that hangs on a choice."""
        terms: list[str] = []
        for way in ways:
            if way.when is None:
                terms.append(way.depends)
                continue
            self.gated = True
            gate = self.task(dag, f"{name}.gate{len(terms) or ''}", self.template_names.of("gate"), {}, [way])
            terms.append(f"{gate}.Succeeded")
        return " || ".join(terms) if len(terms) == 1 else f"({' || '.join(terms)})"

    def foreach(self, dag: _Dag, stage: Foreach, arrivals: Sequence[_Way]) -> None:
        count = f"{{{{tasks.{self.tasks.of(stage.split)}.outputs.parameters.{contract.OUTPUT_CARDINALITY}}}}}"
        most = self.concurrency.get(stage.name)
        if most is None:
            task = self.items(dag, stage, arrivals, count)
            # A foreach over nothing is Skipped, and goes on.
            dag.done[stage.name] = _Done(f"({task}.Succeeded || {task}.Skipped)", task)
            return
        given = dag.call()
        name = f"{stage.name}.few"
        around = _Dag(name, _PATH if given else contract.ROOT_PATH, (*given, "count"), most)
        self.dags.append(around)
        self.items(around, stage, (), "{{inputs.parameters.count}}")
        task = self.task(dag, stage.name, self.template_names.of(name), {**given, "count": count}, arrivals)
        dag.done[stage.name] = _Done(f"{task}.Succeeded", task)

    def items(self, dag: _Dag, stage: Foreach, arrivals: Sequence[_Way], count: str) -> str:
        """Add the task that runs the body of a foreach for each item; returns its name."""
        path = dag.below("{{item}}")
        match stage.body.stages:
            case (Task(name=step),):
                template = self.template_names.of(self.profiles.of(step))
                return self.task(dag, step, template, {"step": step, "path": path}, arrivals, count)
            case _:
                self.dag(stage.name, _PATH, ("path",), (stage.body,))
                return self.task(dag, stage.name, self.template_names.of(stage.name), {"path": path}, arrivals, count)

    def parallel(self, dag: _Dag, stage: Parallel, arrivals: Sequence[_Way]) -> None:
        if len(arrivals) > 1:
            arrivals = (_Way(self.either(dag, stage.name, arrivals)),)
        terms: list[str] = []
        if pack.fits(stage):
            for number, branch in enumerate(stage.branches):
                self.fill(dag, branch, arrivals, branch.exits)
                terms.append(self.either(dag, f"{stage.name}.{number}", dag.ways(branch.exits)))
        else:
            for number, group in enumerate(pack.groups(stage), 1):
                name = f"{stage.name}.{number}"
                template = self.part(dag, name, group)
                terms.append(f"{self.task(dag, name, template, dag.call(), arrivals)}.Succeeded")
        dag.done[stage.name] = _Done(" && ".join(terms), "")

    def loop(self, dag: _Dag, stage: Loop, arrivals: Sequence[_Way]) -> None:
        given = dag.call()
        inside = _Dag(
            stage.name, f"{_PATH}.{contract.TURN_MARK}{_TURN}" if given else f"{contract.TURN_MARK}{_TURN}", (*given, "turn")
        )
        self.dags.append(inside)
        template = self.template_names.of(stage.name)
        self.fill(inside, stage.body, (), (*stage.again, *stage.body.exits))
        on = {"path": _PATH} if given else {}
        again = self.task(inside, f"{stage.header}.again", template, {**on, "turn": _NEXT_TURN}, inside.ways(stage.again))
        if stage.ways:
            chosen = {"expression": _choice(inside, stage, again), "default": ""}
            inside.outputs.append({"name": contract.OUTPUT_NEXT, "valueFrom": chosen})
        task = self.task(dag, stage.name, template, {**given, "turn": "0"}, arrivals)
        dag.done[stage.name] = _Done(f"{task}.Succeeded", task)


def _choice(dag: _Dag, loop: Loop, again: str) -> str:
    """An expression for the way on from a loop: that of the next turn where there was one, else of the exit that was taken.

    Outputs are looked at behind `status` only, which every task has: what a task that did not run puts out is nothing in some
    versions of Argo and a default in others.
    """
    expression = "''"
    for arrival in loop.body.exits:
        task = dag.done[arrival.stage].task
        chosen = f"tasks['{task}'].outputs.parameters.{contract.OUTPUT_NEXT} == '{arrival.key}'"
        expression = f"tasks['{task}'].status == 'Succeeded' && {chosen} ? '{arrival.key}' : {expression}"
    return f"tasks['{again}'].status == 'Succeeded' ? tasks['{again}'].outputs.parameters.{contract.OUTPUT_NEXT} : {expression}"
