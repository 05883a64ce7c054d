"""Mistakes that people make, each with all that is said of it: one message a mistake, and no echo."""

from __future__ import annotations

import textwrap

import pytest

from flowc.compiler import Source, compile_source
from flowc.compiler.repair import repair_bytes

HEAD = "from flowc import FlowSpec, Parameter, JSONType, catch, resources, retry, step, timeout\n"
START = "@step\ndef start(self):\n    self.next(self.end)\n"
END = "@step\ndef end(self):\n    pass\n"


def step(decorator: str) -> str:
    return f"{decorator}\n{START}{END}"


def body(lines: str) -> str:
    return "@step\ndef start(self):\n" + textwrap.indent(textwrap.dedent(lines), "    ") + "\n" + END


FAULTS = {
    "a parameter in a tuple": ("a, b = Parameter('a'), 1\n" + START + END, ["FC506"]),
    "a parameter for two names": ("a = b = Parameter('a')\n" + START + END, ["FC506"]),
    "a parameter in an if": ("if True:\n    a = Parameter('a')\n" + START + END, ["FC506"]),
    "a parameter in a step": (body("self.p = Parameter('p')\nself.next(self.end)"), ["FC506"]),
    "a parameter without a name": ("a = Parameter(default=1)\n" + START + END, ["FC506"]),
    "a parameter named like an option": ("a = Parameter('max_workers', default=1)\n" + START + END, ["FC506"]),
    "a parameter whose default is no JSON": ("a = Parameter('a', type=JSONType, default='{bad')\n" + START + END, ["FC506"]),
    "a parameter that is required by a string": ("a = Parameter('a', required='yes')\n" + START + END, ["FC506"]),
    "a step and a parameter of one name": (START + END + "start = Parameter('start')\n", ["FC203"]),
    "an attribute over a step": (START + END + "end = 3\n", ["FC203"]),
    "an attribute over the API": ("next = 3\n" + START + END, ["FC208"]),
    "a method over the API": ("def input(self):\n    pass\n" + START + END, ["FC208"]),
    "a step that Python renames": (body("self.next(self.__x)") + START.replace("start", "__x"), ["FC208"]),
    "a step in an if": (START + END + "if True:\n    @step\n    def other(self):\n        pass\n", ["FC202"]),
    "a step without its decorator": (body("self.next(self.a)") + "def a(self):\n    self.next(self.end)\n", ["FC301"]),
    "start without its decorator": (START.removeprefix("@step\n") + END, ["FC204"]),
    "inputs and more": (
        body("self.next(self.j, foreach='x')") + "@step\ndef j(self, inputs, x):\n    self.next(self.end)\n",
        ["FC201"],
    ),
    "no step at all": ("pass\n", ["FC204"]),
    "no way out at all": (body("self.next(self.start)"), ["FC402"]),
    "a break after next": (body("while True:\n    self.next(self.end)\n    break"), ["FC305"]),
    "a misspelt next": (body("self.nxt(self.end)"), ["FC302"]),
    "a misspelt keyword": (body("self.next(self.end, for_each='x')"), ["FC308"]),
    "a choice inside next": (body("self.next(self.end if self.x else self.end)"), ["FC308"]),
    "retries that are no number": (step("@retry(times='nan')"), ["FC503"]),
    "retries without end": (step("@retry(times=10**9)"), ["FC503"]),
    "half a retry": (step("@retry(times=2.5)"), ["FC503"]),
    "a negative wait": (step("@retry(minutes_between_retries=-1)"), ["FC503"]),
    "no time at all": (step("@timeout"), ["FC503"]),
    "a time without a unit": (step("@timeout(30)"), ["FC503"]),
    "an endless timeout": (step("@timeout(seconds='inf')"), ["FC503"]),
    "less than no processor": (step("@resources(cpu=-1)"), ["FC503"]),
    "a failure that replaces a step": (step("@catch(var='end')"), ["FC503"]),
    "a failure that has no name": (step("@catch(var='a b')"), ["FC503"]),
    "a loop that may be left without next": (
        body("for x in self.xs:\n    if x:\n        break\nelse:\n    self.next(self.end)"),
        ["FC302"],
    ),
    "a list in an f-string": (step("@resources(memory=f'{[1]}')"), ["FC501"]),
    "a list that is computed with": (step("@resources(memory=5 if {} else 7)"), ["FC501"]),
    "loops without end in each other": (
        "k = 1\n@step\ndef start(self):\n    self.next(self.h0)\n"
        + "".join(f"@step\ndef h{n}(self):\n    self.next(self.h{n + 1})\n" for n in range(95))
        + "@step\ndef h95(self):\n    self.next(self.t94)\n"
        + "".join(
            f"@step\ndef t{n}(self):\n    self.next({{1: self.h{n}, 2: self.{f't{n - 1}' if n else 'end'}}}, condition='k')\n"
            for n in reversed(range(95))
        )
        + END,
        ["FC412"],
    ),
    "next in a loop over steps": (body("for one in [self.start, self.end]:\n    self.next(one)"), ["FC305"]),
    "next in a loop and in finally": (
        body("for x in [1]:\n    try:\n        self.next(self.end)\n    finally:\n        self.next(self.end)"),
        ["FC305", "FC305"],
    ),
    "next left to a method": (body("self.go()") + "def go(self):\n    self.next(self.end)\n", ["FC306"]),
    "a decorator of steps on a method": (START + END + "@retry(times=2)\ndef load(self):\n    pass\n", ["FC505"]),
    "a step within a step": (START + textwrap.indent(END, "    "), ["FC202"]),
    "a switch that ends in a join": (
        body("self.k = 1\nself.next({1: self.a, 2: self.b}, condition='k')")
        + "".join(f"@step\ndef {one}(self):\n    self.next(self.join)\n" for one in "ab")
        + "@step\ndef join(self, inputs):\n    self.next(self.end)\n",
        ["FC404"],
    ),
    "an argument with a default": (body("self.next(self.a)") + "@step\ndef a(self, n=3):\n    self.next(self.end)\n", ["FC201"]),
    "break outside of a loop": (body("break\nself.next(self.end)"), ["FC101"]),
    "an argument twice": (body("print(a=1, a=2)\nself.next(self.end)"), ["FC101"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "codes"), FAULTS.values(), ids=FAULTS.keys())
def test_said_once(text: str, codes: list[str]) -> None:
    done = compile_source(Source("flow.py", HEAD + "class Faulty(FlowSpec):\n" + textwrap.indent(text, "    ")))
    assert [one.rule.code for one in done.diagnostics] == codes
    assert done.flow is None


@pytest.mark.parametrize(
    ("head", "codes"),
    [
        ("from flowc import FlowSpec", ["FC510"]),
        ("from flowc import step", ["FC510"]),
        ("from metaflow.decorators import step\nfrom flowc import FlowSpec", ["FC107"]),
        ("from flowcc import FlowSpec\nfrom flowc import step", ["FC103"]),
    ],
)
def test_imports_that_are_missing(head: str, codes: list[str]) -> None:
    text = head + "\nclass Faulty(FlowSpec):\n" + textwrap.indent(START + END, "    ")
    assert [one.rule.code for one in compile_source(Source("flow.py", text)).diagnostics] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (START.replace("@step", "@retyr\n@step") + END, ["FC510"]),
        (START.replace("@step", "@retyr(times=3)\n@step") + END.replace("@step", "@retyr\n@step"), ["FC510"]),
        (START + END.replace("@step", "@stpe"), ["FC510"]),
        ("p = Paramter('p')\n" + START + END, ["FC510"]),
        (START.replace("@step", "@audit\n@step") + END, []),
        ("def retyr(one):\n    return one\n" + START.replace("@step", "@retyr\n@step") + END, []),
        ("retyr = staticmethod\n" + START.replace("@step", "@retyr\n@step") + END, []),
    ],
)
def test_names_that_nothing_binds(text: str, codes: list[str]) -> None:
    text = HEAD + "class Faulty(FlowSpec):\n" + textwrap.indent(text, "    ")
    assert [one.rule.code for one in compile_source(Source("flow.py", text)).diagnostics] == codes


def test_a_misspelt_step_that_is_imported_is_the_only_fault() -> None:
    text = "from flowc import FlowSpec, stpe\nclass Faulty(FlowSpec):\n" + textwrap.indent(START + END, "    ").replace(
        "@step", "@stpe"
    )
    assert [one.rule.code for one in compile_source(Source("flow.py", text)).diagnostics] == ["FC107"]
    assert repair_bytes("flow.py", text.encode()).data.decode() == text.replace("stpe", "step")


def test_a_base_that_nothing_binds() -> None:
    text = "from flowc import FlowSpec, step\nclass Faulty(FlowSpce):\n" + textwrap.indent(START + END, "    ")
    assert [one.rule.code for one in compile_source(Source("flow.py", text)).diagnostics] == ["FC510"]
    assert repair_bytes("flow.py", text.encode()).data.decode() == text.replace("FlowSpce", "FlowSpec")


@pytest.mark.parametrize(
    "binding", ["from os import sep as N", "import os as N", "def N():\n    pass", "for N in range(3):\n    pass"]
)
def test_a_name_bound_to_something_else_is_no_constant(binding: str) -> None:
    text = HEAD + f"N = 1\n{binding}\nclass Faulty(FlowSpec):\n" + textwrap.indent(step("@resources(memory=N)"), "    ")
    assert [one.rule.code for one in compile_source(Source("flow.py", text)).diagnostics] == ["FC501"]


def test_the_same_faults_in_every_process() -> None:
    """What is said does not depend on where objects lie in memory."""
    arms = "if self.index:\n    self.next(self.end)\nelif self.input:\n    self.next(self.end)\nelse:\n    self.next(self.end)\n"
    text = HEAD + "class Faulty(FlowSpec):\n" + textwrap.indent(body(arms + "self.next(self.end)"), "    ")
    places = {tuple(one.secondary) for _ in range(20) for one in compile_source(Source("flow.py", text)).diagnostics}
    assert len(places) == 1


def test_a_flow_in_a_function_is_pointed_at() -> None:
    text = HEAD + "def make():\n    class Faulty(FlowSpec):\n" + textwrap.indent(START + END, "        ")
    (one,) = compile_source(Source("flow.py", text)).diagnostics
    assert (one.rule.code, one.primary.span.line, one.primary.text) == ("FC103", 3, "not at the top level of the file")


HELPED = {
    "next without self": (body("next(self.end)"), "if so, write `self.next(self.end)`"),
    "the only way on": (body("pass"), "end it with `self.next(self.end)`"),
    "an artifact with its self": (body("self.xs = [1]\nself.next(self.end, foreach='self.xs')"), 'write `foreach="xs"`'),
    "several steps for a case": (
        body("self.k = 1\nself.next({1: [self.end, self.start]}, condition='k')"),
        "lead to one step, and split there",
    ),
    "an else that is missing": (
        body("if len('a'):\n    self.next(self.end)\nself.next(self.end)"),
        "put the second into an `else`",
    ),
    "memory with its unit": (step("@resources(memory='4GB')"), "it counts megabytes: `memory=4000`"),
    "memory with its other unit": (step("@resources(memory='4 Gi')"), "it counts megabytes: `memory=4096`"),
    "a name without quotes": (step("@catch(var=failure)"), 'write it in quotes, `var="failure"`'),
    "self above a step": ("MB = 4000\n" + step("@resources(memory=self.MB)"), "a class's body has no `self`: write `MB`"),
    "start with a value": (START.replace("self)", "self, data)") + END, 'a parameter: `data = Parameter("data")` in the class'),
    "a join without its inputs": (
        body("self.xs = [1]\nself.next(self.a, foreach='xs')")
        + "@step\ndef a(self):\n    self.next(self.join)\n@step\ndef join(self):\n    self.next(self.end)\n",
        "if `join` joins it, write `def join(self, inputs):`",
    ),
    "a branch past the join": (
        body("self.next(self.a, self.b)")
        + "@step\ndef a(self):\n    self.next(self.join)\n@step\ndef b(self):\n    self.next(self.end)\n"
        + "@step\ndef join(self, inputs):\n    self.next(self.end)\n",
        "let every branch lead to `join`",
    ),
}


@pytest.mark.parametrize(("text", "help"), HELPED.values(), ids=HELPED.keys())
def test_says_what_to_write(text: str, help: str) -> None:
    [found] = compile_source(Source("flow.py", HEAD + "class Faulty(FlowSpec):\n" + textwrap.indent(text, "    "))).diagnostics
    assert help in (found.help or "")


@pytest.mark.parametrize(
    ("cron", "label"), [("0 10 * *", "4 fields"), ("61 2 * * *", "minutes go from 0 to 59, and this says 61")]
)
def test_says_which_field_of_a_schedule(cron: str, label: str) -> None:
    text = f"from flowc import FlowSpec, schedule, step\n@schedule(cron='{cron}')\nclass Faulty(FlowSpec):\n"
    [found] = compile_source(Source("flow.py", text + textwrap.indent(START + END, "    "))).diagnostics
    assert found.primary.text == label


def test_a_step_below_the_class_is_one_fault() -> None:
    text = HEAD + "class Faulty(FlowSpec):\n" + textwrap.indent(START, "    ") + END
    [found] = compile_source(Source("flow.py", text)).diagnostics
    assert (found.rule.code, found.help) == ("FC202", "indent it, so that it stands in `class Faulty`")
