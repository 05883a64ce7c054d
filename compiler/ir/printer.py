"""The IR as text, for goldens and for people who work on the compiler. One line a stage; what it holds stands indented below.

flow Sums
  parameter n: int = 10
  step start -> foreach items: work
    writes items
  ...
body
  start
  work.each: foreach start.items                          after start
    work
    exit work
  join                                                    after work.each
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from .artifacts import names_read, names_taken, names_written
from .nodes import (
    Arm,
    Arrival,
    Block,
    Constant,
    Decorator,
    Fanout,
    Flow,
    Foreach,
    Goto,
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


def print_flow(flow: Flow) -> str:
    """The whole flow as text, ending in a newline."""
    return "\n".join(_lines(flow)) + "\n"


def _lines(flow: Flow) -> Iterator[str]:
    yield f"flow {flow.name}"
    for decorator in flow.decorators:
        yield f"  {print_decorator(decorator)}"
    for parameter in flow.parameters:
        default = "" if parameter.default is None else f" = {print_constant(parameter.default)}"
        rest = (" = <deferred>" if parameter.deferred else default) + (" required" if parameter.required else "")
        yield f"  parameter {parameter.name}: {_type(parameter)}{rest}"
    for config in flow.configs:
        origin = f"  from {config.origin}" if config.origin else ""
        yield f"  config {config.name} = {print_constant(config.value)}{origin}"
    if flow.absent:
        yield f"  absent {', '.join(flow.absent)}"
    for step in flow.steps:
        yield f"  {_step(step)}"
        for decorator in step.decorators:
            yield f"    {print_decorator(decorator)}"
        yield from _artifacts(step)
    yield "body"
    yield from _block(flow.body, "  ")


def _type(parameter: Parameter) -> str:
    if parameter.file is not None:
        return f"file of {parameter.file.encoding or 'bytes'}"
    return parameter.type if parameter.separator is None else f"{parameter.type} split at {parameter.separator!r}"


def _step(step: Step) -> str:
    ways = " | ".join(_arm(arm) for arm in step.arms) or "end"
    bound = f" (at most {step.max_iterations} turns)" if step.max_iterations is not None else ""
    return f"step {step.name}{'(inputs)' if step.joins else ''} -> {ways}{bound}"


def _artifacts(step: Step) -> Iterator[str]:
    found = step.artifacts
    takes = names_taken(found) if step.joins else ()
    for verb, names in (("reads", names_read(found)), ("takes", takes), ("writes", names_written(found))):
        if names is None or names:
            yield f"    {verb} {'anything' if names is None else ', '.join(names)}"


def _arm(arm: Arm) -> str:
    match arm:
        case Goto():
            return arm.target
        case Split():
            return f"split {', '.join(arm.targets)}"
        case Fanout():
            return f"foreach {arm.variable}: {arm.target}"
        case Switch():
            cases = ", ".join(f"{print_constant(value)}: {target}" for value, target in arm.cases)
            return f"switch {arm.variable}: {cases}"
        case _:
            assert_never(arm)


def _block(block: Block, indent: str) -> Iterator[str]:
    for stage in block.stages:
        after = f"  after {_arrivals(stage.after)}" if stage.after else ""
        yield f"{indent}{_head(stage)}{after}"
        match stage:
            case Task():
                pass
            case Parallel():
                for branch in stage.branches:
                    yield f"{indent}  branch"
                    yield from _block(branch, indent + "    ")
            case Foreach():
                yield from _block(stage.body, indent + "  ")
            case Loop():
                yield from _block(stage.body, indent + "  ")
                yield f"{indent}  again {_arrivals(stage.again)}"
            case _:
                assert_never(stage)
    yield f"{indent}exit {_arrivals(block.exits)}"


def _head(stage: Stage) -> str:
    match stage:
        case Task():
            return stage.name
        case Parallel():
            return f"{stage.name}: parallel, joined by {stage.join}"
        case Foreach():
            return f"{stage.name}: foreach {stage.split}.{stage.variable}, joined by {stage.join}"
        case Loop():
            ways = f", on to {' or '.join(stage.ways)}" if stage.ways else ""
            return f"{stage.name}: loop of at most {stage.limit} turns{ways}"
        case _:
            assert_never(stage)


def _arrivals(arrivals: tuple[Arrival, ...]) -> str:
    return " or ".join(one.stage if one.key is None else f"{one.stage} => {one.key}" for one in arrivals)


def print_decorator(decorator: Decorator) -> str:
    """A decorator as it could be written."""
    arguments = ", ".join(f"{name}={print_constant(value)}" for name, value in decorator.arguments)
    return f"@{decorator.name}({arguments})" if arguments else f"@{decorator.name}"


def print_constant(value: Constant) -> str:
    """A constant as it could be written."""
    match value:
        case tuple():
            return "[" + ", ".join(print_constant(one) for one in value) + "]"
        case Table():
            return "{" + ", ".join(f"{print_constant(key)}: {print_constant(one)}" for key, one in value.items) + "}"
        case _:
            return repr(value)
