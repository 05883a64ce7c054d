"""Where a flow starts and ends: by name, by mark, or because it has one step."""

from __future__ import annotations

import textwrap

import pytest
from reading import codes, compile_files

from flowc.compiler.ir.nodes import Task

HEAD = "from flowc import FlowSpec, step\nYES = True\n\nclass Flow(FlowSpec):\n"


def steps(**written: str) -> str:
    """Steps, each with what stands in the brackets of its `@step`, and the step it leads to: `a="(start=True) b"`."""
    text = ""
    for name, one in written.items():
        marks, _, target = (one, "", "") if one.endswith(")") else one.rpartition(" ")
        body = f"self.next(self.{target})" if target else "pass"
        text += f"@step{marks}\ndef {name}(self):\n    {body}\n"
    return textwrap.indent(text, "    ")


SOUND = {
    "by name": (steps(start=" end", end=""), "start", "end"),
    "by mark": (steps(a="(start=True) b", b="(end=True)"), "a", "b"),
    "one by mark, one by name": (steps(a="(start=True) end", end=""), "a", "end"),
    "the mark wins over the name": (steps(start=" b", a="(start=True) start", b="(end=True)"), "a", "b"),
    "a step that is only named end": (steps(start=" end", end=" b", b="(end=True)"), "start", "b"),
    "by a constant": (steps(a="(start=YES) b", b="(end=not False)"), "a", "b"),
    "marks that say nothing": (steps(start="() b", b="(start=False) end", end="(end=True)"), "start", "end"),
    "one step": (steps(start=""), "start", "start"),
    "one step of any name": (steps(only=""), "only", "only"),
    "one step with both marks": (steps(only="(start=True, end=True)"), "only", "only"),
}


@pytest.mark.parametrize(("text", "start", "end"), SOUND.values(), ids=SOUND.keys())
def test_sound(text: str, start: str, end: str) -> None:
    done = compile_files(HEAD + text)
    assert done.diagnostics == ()
    assert done.flow is not None
    assert done.flow.start == start
    first, last = done.flow.body.stages[0], done.flow.body.exits[0].stage
    assert isinstance(first, Task)
    assert (first.name, last) == (start, end)


FAULTS = {
    "two starts": (steps(a="(start=True) end", b="(start=True) end", end=""), ["FC214"]),
    "two ends": (steps(start=" a", a="(end=True)", b="(end=True)"), ["FC214"]),
    "no start": (steps(a=" end", end=""), ["FC204"]),
    "a start that says it is none": (steps(start="(start=False) end", end=""), ["FC204"]),
    "no end": (steps(start=" a", a=""), ["FC205"]),
    "one step that goes on": (steps(start=" end"), ["FC205"]),
    "an end that goes on": (steps(a="(start=True) b", b="(end=True) a"), ["FC206"]),
    "named end, with another end": (steps(start=" end", end="", b="(end=True)"), ["FC302"]),
    "a start that joins": (HEAD[:0] + "    @step(start=True)\n    def a(self, inputs):\n        self.next(self.end)\n"
                           + steps(end=""), ["FC209"]),
    "a start that nothing leads from": (steps(start=" end", a="(start=True) end", end=""), ["FC401"]),
    "an unknown mark": (steps(start="(strat=True) end", end=""), ["FC213"]),
    "a mark by position": (steps(start="(True) end", end=""), ["FC213"]),
    "a mark that is no constant": (steps(a="(start=maybe()) end", end=""), ["FC213"]),
    "a mark that is a string": (steps(a="(start='yes') end", end=""), ["FC213"]),
    "marks that are hidden": (steps(a="(**marks) end", end=""), ["FC213"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_said_once(text: str, expected: list[str]) -> None:
    done = compile_files(HEAD + text)
    assert codes(done) == expected
    assert done.flow is None


def test_messages_name_the_steps_as_they_are_called() -> None:
    done = compile_files(HEAD + steps(load="(start=True) report", stray=" report", report="(end=True)"))
    assert [one.message for one in done.diagnostics] == ["no path from `load` leads to step `stray`"]
    done = compile_files(HEAD + steps(load="(start=True) again", again=" load", report="(end=True)"))
    assert [one.message for one in done.diagnostics] == ["from step `load` no path leads to `report`"]


def test_a_mark_of_a_base_counts() -> None:
    base = "class Base(FlowSpec):\n" + steps(load="(start=True) report", report="(end=True)")
    done = compile_files(
        HEAD.replace("FlowSpec):", "Base):").replace("class Flow", base + "\nclass Flow") + steps(report="(end=True)")
    )
    assert done.diagnostics == ()
    assert done.flow is not None
    assert (done.flow.start, done.flow.body.exits[0].stage) == ("load", "report")
