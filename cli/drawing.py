"""A flow drawn as text. Pure: what goes in is the IR, what comes out is text.

Steps stand in the order of the region tree, each with where it leads; what happens several times, at once or again and again
stands in a frame of its own:

    Squares (squares.py)

    start → square for each of self.numbers
      ┌ for each of self.numbers
      │ square → join  @retry(times=3)
      └
    join (joins) → end
    end
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from ..compiler.diagnostics.terminal import printable
from ..compiler.ir.nodes import (
    Arm,
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

WIDTH = 100
"""Columns, past which a docstring or a decorator is cut."""

BOLD, DIM, PLAIN = "\033[1m", "\033[2m", "\033[0m"


def draw(flow: Flow, docs: Mapping[str, str], *, color: bool) -> str:
    """The whole flow.

    Args:
        flow: A flow without faults.
        docs: A sentence or so on a step, by the step's name.
        color: Whether names stand out by terminal codes.
    """
    pen = _Pen({step.name: step for step in flow.steps}, docs, color)
    lines = [f"{pen.bold(flow.name)} ({flow.file})"]
    lines += [pen.dim(_cut(line, WIDTH)) for line in (first_paragraph(flow.doc),) if line]
    lines += [decorator_line(one) for one in flow.decorators]
    if flow.parameters:
        lines += ["", *(parameter_line(one) for one in flow.parameters)]
    return "\n".join([*lines, "", *pen.block(flow.body, "")]) + "\n"


def first_paragraph(doc: str) -> str:
    """How a docstring begins, in one line: what a sentence says is often broken over two."""
    return " ".join(doc.strip().partition("\n\n")[0].split())


class _Pen:
    """Draws blocks and stages."""

    def __init__(self, steps: Mapping[str, Step], docs: Mapping[str, str], color: bool) -> None:
        self.steps = steps
        self.docs = docs
        self.color = color

    def bold(self, text: str) -> str:
        return f"{BOLD}{text}{PLAIN}" if self.color else text

    def dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.color else text

    def block(self, block: Block, margin: str, again: str | None = None) -> Iterator[str]:
        """A block's stages. `again` is the header of the innermost loop."""
        for stage in block.stages:
            yield from self.stage(stage, margin, again)

    def stage(self, stage: Stage, margin: str, again: str | None) -> Iterator[str]:
        match stage:
            case Task():
                yield from self.step(self.steps[stage.name], margin, again)
            case Parallel():
                yield from self.frame("at once", stage.branches, margin, again)
            case Foreach():
                yield from self.frame(f"for each of self.{stage.variable}", (stage.body,), margin, again)
            case Loop():
                yield from self.frame(f"again and again, {stage.limit} turns at the most", (stage.body,), margin, stage.header)
            case _:
                assert_never(stage)

    def frame(self, title: str, blocks: tuple[Block, ...], margin: str, again: str | None) -> Iterator[str]:
        yield f"{margin}  ┌ {self.dim(title)}"
        for number, block in enumerate(blocks):
            if number:
                yield f"{margin}  ├"
            yield from self.block(block, f"{margin}  │ ", again)
        yield f"{margin}  └"

    def step(self, step: Step, margin: str, again: str | None) -> Iterator[str]:
        ways = [way for arm in step.arms for way in ways_of(arm, again)]
        name = self.bold(step.name) + (" (joins)" if step.joins else "")
        arrow = f" → {ways[0]}" if len(ways) == 1 else ""
        yield f"{margin}{name}{arrow}"
        yield from (f"{margin}    {decorator_line(one)}" for one in step.decorators)
        if step.name in self.docs:
            yield margin + "    " + self.dim(_cut(self.docs[step.name], WIDTH - len(margin) - 4))
        if len(ways) > 1:
            for way in ways:
                yield f"{margin}    → {way}"


def ways_of(arm: Arm, again: str | None = None) -> list[str]:
    """Where one `self.next` leads, in words."""

    def to(target: str) -> str:
        return f"{target} again" if target == again else target

    match arm:
        case Goto():
            return [to(arm.target)]
        case Split():
            return [" and ".join(to(target) for target in arm.targets)]
        case Fanout():
            return [f"{to(arm.target)} for each of self.{arm.variable}"]
        case Switch():
            return [f"{to(target)} if self.{arm.variable} is {_constant(value)}" for value, target in arm.cases]
        case _:
            assert_never(arm)


def decorator_line(decorator: Decorator) -> str:
    """A decorator as one would write it."""
    arguments = ", ".join(f"{name}={_constant(value)}" for name, value in decorator.arguments)
    return _cut(f"@{decorator.name}({arguments})" if arguments else f"@{decorator.name}", WIDTH)


def parameter_line(parameter: Parameter) -> str:
    """A parameter as an option."""
    if parameter.required:
        value = "required"
    elif parameter.deferred:
        value = "default computed when the run starts"
    else:
        value = f"default {_constant(parameter.default)}"
    help = f"  {' '.join(parameter.help.split())}" if parameter.help else ""
    return _cut(f"--{parameter.name} {parameter.type.upper()}  [{value}]{help}", WIDTH)


def _constant(value: Constant) -> str:
    """A constant as Python writes it."""
    match value:
        case Table():
            return "{" + ", ".join(f"{_constant(key)}: {_constant(one)}" for key, one in value.items) + "}"
        case tuple():
            return "[" + ", ".join(map(_constant, value)) + "]"
        case _:
            return repr(value)


def _cut(text: str, width: int) -> str:
    text = printable(text)  # A docstring may hold anything.
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
