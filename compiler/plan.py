"""`plan.json`: a flow as its runtime reads it, in the package beside the flow's own file.

It holds what the IR says, and what a task needs so as to find the tasks before it without asking anyone: for each step its
`scopes` (the components of its path), the steps that may come directly `before` it, and for a join what it has `joined`. It says
which artifacts a step `reads`, which it `takes` from a join's inputs, and which it `writes`; null where that is not known. `code`
is a fingerprint of the step's method, by which it is told what has changed when a run is resumed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, assert_never

from .ir.artifacts import names_read, names_taken, names_written
from .ir.edges import edges_of
from .ir.lineage import Joined, trace
from .ir.nodes import (
    Arm,
    Arrival,
    Block,
    Constant,
    Decorator,
    Fanout,
    Flow,
    Foreach,
    Goto,
    Include,
    Loop,
    Parallel,
    Parameter,
    Split,
    Stage,
    Step,
    Switch,
    Table,
    Task,
)

FORMAT: Final = 2
"""Raised whenever a runtime that reads the plan would have to change."""

Json: TypeAlias = Any


def plan_text(flow: Flow) -> str:
    """The plan as JSON text; the same flow gives the same bytes."""
    return json.dumps(plan_of(flow), indent=1, ensure_ascii=False) + "\n"


def plan_of(flow: Flow) -> dict[str, Json]:
    """The plan as plain data."""
    facts = _Facts(flow)
    return {
        "format": FORMAT,
        "flow": flow.name,
        "file": flow.file,
        "start": flow.start,
        "absent": list(flow.absent),
        "parameters": [_parameter(one) for one in flow.parameters],
        "configs": [
            {"attribute": one.attribute, "name": one.name, "plain": one.plain, "value": plain(one.value)} for one in flow.configs
        ],
        "decorators": _decorators(flow.decorators),
        "steps": {step.name: facts.step(step) for step in flow.steps},
        "body": _block(flow.body),
    }


def _parameter(one: Parameter) -> Json:
    return {
        "attribute": one.attribute,
        "name": one.name,
        "type": one.type,
        "default": plain(one.default),
        "deferred": one.deferred,
        "required": one.required,
        "help": one.help,
        "separator": one.separator,
        "file": _include(one.file) if one.file is not None else None,
    }


def _include(file: Include) -> Json:
    """A file as JSON: the default's content as text if it is text, and else in base64."""
    if file.content is None:
        return {"encoding": file.encoding, "text": None, "base64": None}
    if file.encoding is None:
        return {"encoding": None, "text": None, "base64": base64.b64encode(file.content).decode("ascii")}
    return {"encoding": file.encoding, "text": file.content.decode(file.encoding), "base64": None}


def plain(value: Constant) -> Json:
    """A constant as JSON data: tuples are lists, tables objects with text keys."""
    match value:
        case tuple():
            return [plain(one) for one in value]
        case Table():
            return {key if isinstance(key, str) else json.dumps(plain(key)): plain(one) for key, one in value.items}
        case _:
            return value


class _Facts:
    """What the tree says of each step."""

    def __init__(self, flow: Flow) -> None:
        self.before = trace(flow)
        self.scopes: dict[str, list[Json]] = {}
        self._visit(flow.body, [])

    def step(self, step: Step) -> dict[str, Json]:
        before = self.before[step.name]
        return {
            "joins": step.joins,
            "scopes": self.scopes[step.name],
            "arms": [_arm(arm) for arm in step.arms],
            "edges": [
                {
                    "key": edge.key,
                    "kind": _edge_kind(edge.arm),
                    "targets": list(edge.targets),
                    "variable": edge.arm.variable if isinstance(edge.arm, Fanout) else None,
                }
                for edge in edges_of(step)
            ],
            "before": [_step_arrival(one) for one in before.arrivals],
            "joined": [_joined(one) for one in before.joined],
            "decorators": _decorators(step.decorators),
            **_artifacts(step),
            "code": step.code,
        }

    def _visit(self, block: Block, scopes: list[Json]) -> None:
        for stage in block.stages:
            match stage:
                case Task():
                    self.scopes[stage.name] = scopes
                case Parallel():
                    for branch in stage.branches:
                        self._visit(branch, scopes)
                case Foreach():
                    scope: Json = {"kind": "foreach", "split": stage.split, "variable": stage.variable}
                    self._visit(stage.body, [*scopes, scope])
                case Loop():
                    scope = {"kind": "loop", "header": stage.header, "limit": stage.limit}
                    self._visit(stage.body, [*scopes, scope])
                case _:
                    assert_never(stage)


def _joined(joined: Joined) -> Json:
    return {
        "kind": "parallel" if isinstance(joined.stage, Parallel) else "foreach",
        "split": joined.stage.split,
        "key": joined.key,
        "branches": [[_step_arrival(one) for one in branch] for branch in joined.branches],
    }


def _artifacts(step: Step) -> dict[str, Json]:
    """The names that a step's code reads of what came before, and those that it may set; null where that cannot be told."""
    found = step.artifacts
    names = {"reads": names_read(found), "takes": names_taken(found) if step.joins else (), "writes": names_written(found)}
    return {key: None if value is None else list(value) for key, value in names.items()}


def _step_arrival(arrival: Arrival) -> Json:
    return {"step": arrival.stage, "key": arrival.key}


def _edge_kind(arm: Arm) -> str:
    match arm:
        case Split():
            return "split"
        case Fanout():
            return "foreach"
        case Goto() | Switch():
            return "goto"
        case _:
            assert_never(arm)


def _arm(arm: Arm) -> Mapping[str, Json]:
    match arm:
        case Goto():
            return {"kind": "goto", "target": arm.target}
        case Split():
            return {"kind": "split", "targets": list(arm.targets)}
        case Fanout():
            return {"kind": "foreach", "target": arm.target, "variable": arm.variable}
        case Switch():
            return {"kind": "switch", "variable": arm.variable, "cases": [[plain(value), target] for value, target in arm.cases]}
        case _:
            assert_never(arm)


def _decorators(decorators: tuple[Decorator, ...]) -> list[Json]:
    return [{"name": one.name, "arguments": {name: plain(value) for name, value in one.arguments}} for one in decorators]


def _block(block: Block) -> Json:
    return {"stages": [_stage(stage) for stage in block.stages], "exits": _arrivals(block.exits)}


def _arrivals(arrivals: tuple[Arrival, ...]) -> Json:
    return [{"stage": one.stage, "key": one.key} for one in arrivals]


def _stage(stage: Stage) -> Json:
    match stage:
        case Task():
            return {"kind": "task", "name": stage.name, "after": _arrivals(stage.after)}
        case Parallel():
            own: dict[str, Json] = {
                "kind": "parallel",
                "split": stage.split,
                "join": stage.join,
                "branches": [_block(one) for one in stage.branches],
            }
        case Foreach():
            own = {
                "kind": "foreach",
                "split": stage.split,
                "variable": stage.variable,
                "join": stage.join,
                "body": _block(stage.body),
            }
        case Loop():
            own = {
                "kind": "loop",
                "header": stage.header,
                "limit": stage.limit,
                "body": _block(stage.body),
                "again": _arrivals(stage.again),
                "ways": list(stage.ways),
            }
        case _:
            assert_never(stage)
    return {"name": stage.name, "after": _arrivals(stage.after), **own}
