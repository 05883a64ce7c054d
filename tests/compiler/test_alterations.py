"""`--with` and `--without`: what they do to the decorators of steps, and what is said of them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import assume, settings
from hypothesis import given as generated
from hypothesis import strategies as st
from reading import codes, flow_of, read

from flowc.compiler import Compilation, Source, compile_source
from flowc.compiler.diagnostics.render import render_full
from flowc.compiler.given import Given
from flowc.compiler.ir.nodes import Table
from flowc.compiler.plan import plan_text
from flowc.compiler.repair import repair_bytes


def added(*specs: str, removed: Sequence[str] = (), on_step: str = "") -> Compilation:
    """A flow of two steps, of which the first has what is said, compiled with these options."""
    return read("", on_step=on_step, given=Given(added=specs, removed=tuple(removed)))


def flow(steps: str) -> Source:
    return Source("flow.py", "from flowc import *\n\n\nclass Sample(FlowSpec):\n" + textwrap.indent(steps, "    "))


def of_step(done: Compilation, name: str = "end") -> dict[str, dict[str, object]]:
    step = next(one for one in flow_of(done).steps if one.name == name)
    return {one.name: {argument: plain(value) for argument, value in one.arguments} for one in step.decorators}


def plain(value: object) -> object:
    if isinstance(value, Table):
        return {key: plain(one) for key, one in value.items}
    return [plain(one) for one in value] if isinstance(value, tuple) else value


VALUES: dict[str, dict[str, object]] = {
    "retry": {},
    "retry:": {},
    "batch:cpu=4,memory=10000,queue=default,image=ubuntu:latest": {
        "cpu": 4,
        "memory": 10000,
        "queue": "default",
        "image": "ubuntu:latest",
    },
    " batch : cpu = 0.5 , memory=1e3, queue = a-b ": {"cpu": 0.5, "memory": 1000.0, "queue": "a-b"},
    "batch:queue=7,memory=007": {"queue": "7", "memory": "007"},
    "batch:queue=null,cpu=None": {"queue": None, "cpu": None},
    "batch:use_tmpfs=true,privileged=False": {"use_tmpfs": True, "privileged": False},
    'batch:image="a:1",cpu="2"': {"image": "a:1", "cpu": "2"},
    "batch:cpu=4,": {"cpu": 4},
    "batch:host_volumes=/a:/b": {"host_volumes": "/a:/b"},
    'batch:host_volumes=["/a", "/b"],cpu=1': {"host_volumes": ["/a", "/b"], "cpu": 1},
    "batch:iam_role=arn:aws:iam::123456789012:role/a=b": {"iam_role": "arn:aws:iam::123456789012:role/a=b"},
    'kubernetes:labels={"a": "b", "c": null} , gpu=1': {"labels": {"a": "b", "c": None}, "gpu": 1},
    'kubernetes:labels={\\"a\\": \\"b\\"},gpu=1': {"labels": {"a": "b"}, "gpu": 1},
    "pypi:python=3.10": {"python": "3.10"},
    "catch:var=true": {"var": "true"},
    'environment:vars={"A": "x,B=y", "B": 1, "É": true}': {"vars": {"A": "x,B=y", "B": "1", "É": "True"}},
    "card:id=it's,type=a=b": {"id": "it's", "type": "a=b"},
}


@pytest.mark.parametrize("spec", VALUES)
def test_values(spec: str) -> None:
    ((name, arguments),) = of_step(added(spec)).items()
    assert name == spec.partition(":")[0].strip()
    assert arguments == VALUES[spec]
    assert [*map(type, arguments.values())] == [*map(type, VALUES[spec].values())]


def test_commas_within_values_end_nothing() -> None:
    spec = 'secrets:sources=["inline.a", {"type": "inline", "id": "cpu=1,[}", "options": {"env_vars": {"A": ",b="}}}],role=x'
    assert of_step(added(spec)) == {
        "secrets": {
            "sources": ["inline.a", {"type": "inline", "id": "cpu=1,[}", "options": {"env_vars": {"A": ",b="}}}],
            "role": "x",
        }
    }


def test_steps_keep_what_they_have() -> None:
    done = added("batch:cpu=4", "retry", on_step="@batch(gpu=1)")
    assert of_step(done, "start") == {"retry": {}, "batch": {"gpu": 1}}
    assert of_step(done) == {"batch": {"cpu": 4}, "retry": {}}
    assert done.definition is not None
    assert done.definition.idle == ()


def test_taken_off_and_replaced() -> None:
    above = "@batch(gpu=1)\n@retry"
    assert of_step(added(removed=["batch"], on_step=above), "start") == {"retry": {}}
    replaced = added("batch:cpu=4", removed=["batch"], on_step=above)
    assert of_step(replaced, "start") == {"batch": {"cpu": 4}, "retry": {}}
    assert of_step(added(removed=["batch", "retry", "batch"], on_step=above), "start") == {}


def test_what_changes_nothing_is_known() -> None:
    text = flow("@retry\n@step\ndef start(self):\n    self.next(self.end)\n@retry\n@step\ndef end(self):\n    pass\n")
    done = compile_source(text, given=Given(added=("retry:times=2", "batch"), removed=("catch", "catch")))
    assert flow_of(done)
    assert done.definition is not None
    assert done.definition.idle == (("--with", "retry"), ("--without", "catch"))
    done = compile_source(text, given=Given(added=("retry:times=2",), removed=("retry",)))
    assert done.definition is not None
    assert done.definition.idle == ()


FAULTS = {
    "retyr": ("FC502", "retyr"),
    "schedule:daily=true": ("FC505", "schedule:daily=true"),
    "step": ("FC505", "step"),
    "parallel": ("FC107", "parallel"),
    "Runner": ("FC107", "Runner"),
    "retry:tims=3": ("FC503", "tims=3"),
    "batch:cpu=1,shared-memory=3": ("FC503", "shared-memory=3"),
    "retry:times=many": ("FC503", "many"),
    "retry:times=3, times=4": ("FC503", "times=4"),
    "batch:memory=4GB,cpu=1": ("FC503", "4GB"),
    "batch:memory=": ("FC503", None),
    "batch:cpu=NaN": ("FC503", "NaN"),
    "batch:cpu=1e999": ("FC503", "1e999"),
    "batch:cpu=" + "9" * 5000: ("FC503", "9" * 5000),
    "batch:image= a b ": ("FC503", "a b"),
    "timeout": ("FC503", "timeout"),
    "retry:minutes_between_retries=9,max_minutes_between_retries=5": ("FC503", "max_minutes_between_retries=5"),
    "batch:inferentia=1,trainium=1": ("FC503", "trainium=1"),
    "catch:var=end": ("FC503", "catch:var=end"),
    'environment:vars={"é": "ü", "=": 1}': ("FC503", '{"é": "ü", "=": 1}'),
    'environment:vars={"A": "\\ud800"}': ("FC501", '{"A": "\\ud800"}'),
    "kubernetes:labels=" + '{"a":' * 300 + "1" + "}" * 300: ("FC501", '{"a":' * 300 + "1" + "}" * 300),
    "foreach:max_concurrency=3": ("FC520", "foreach:max_concurrency=3"),
    "": ("FC521", None),
    "  ": ("FC521", None),
    ":cpu=1": ("FC521", ":"),
    "@retry": ("FC521", "@retry"),
    "batch, retry": ("FC521", "batch, retry"),
    "retry=3": ("FC521", "retry=3"),
    "retry(times=3)": ("FC521", "retry(times=3)"),
    "retry:3": ("FC521", "3"),
    "retry:times": ("FC521", "times"),
    "retry:times=1,,jitter=true": ("FC503", "1,"),
    "kubernetes:labels={'a': 'b'},cpu=x": ("FC521", "'"),
    'kubernetes:labels={"a": "b"': ("FC521", '"'),
    'kubernetes:labels={"a": "b"} cpu=1': ("FC521", "c"),
    'kubernetes:secrets=["a"] , oops': ("FC521", "oops"),
    'batch:image="a': ("FC521", '"'),
    "kubernetes:labels=" + "[" * 100_000: ("FC521", None),
    "retry:\udcff=3": ("FC521", "retry:?=3"),
}


@pytest.mark.parametrize("spec", FAULTS, ids=lambda spec: spec[:40].encode("ascii", "replace").decode())
def test_each_fault_is_one_and_points_into_the_option(spec: str) -> None:
    done = added("card", spec)
    (one,) = done.diagnostics
    code, marked = FAULTS[spec]
    assert (one.rule.code, one.primary.span.path, one.primary.span.line) == (code, "--with", 2)
    if marked is not None:
        assert done.sources["--with"].text_of(one.primary.span) == marked
    assert one.fix is None
    assert done.flow is None
    render_full(done.diagnostics, done.sources, color=True).encode()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("batc", "FC502"),
        ("schedule", "FC505"),
        ("step", "FC505"),
        ("parallel", "FC107"),
        ("batch:cpu=1", "FC521"),
        ("@retry()", "FC521"),
        ("", "FC521"),
    ],
)
def test_what_is_no_name_to_take_off(name: str, code: str) -> None:
    (one,) = added(removed=["retry", name]).diagnostics
    assert one.rule.code != "FC521" or "`--without batch`" in one.help
    assert (one.rule.code, one.primary.span.path, one.primary.span.line, one.fix) == (code, "--without", 2, None)


@pytest.mark.parametrize(
    ("spec", "help"),
    [
        ("retyr", "did you mean `@retry`?"),
        ("@retry", "write it without `@`: `retry`"),
        ("batch,retry", "give the option once for each: `batch`, `retry`"),
        ("@retry(times=3)", "write `retry:times=3`"),
        ("retry()", "write `retry`"),
        ("retry:3", "write `times=…`"),
        ("batch:memory=4 GB", "it counts megabytes: `memory=4000`"),
        ("retry:tims=3", "did you mean `times`?"),
    ],
)
def test_says_what_to_write(spec: str, help: str) -> None:
    (one,) = added(spec).diagnostics
    assert one.help == help


def test_two_of_one_name() -> None:
    done = added("retry", "card:id=a", "retry:times=5", "card:id=b")
    assert render_full(done.diagnostics, done.sources, color=False) == textwrap.dedent("""\
        error[FC504]: `@retry` is added twice
         --> --with:3:1
          |
        1 | retry
          | ----- first here
        2 | card:id=a
        3 | retry:times=5
          | ^^^^^^^^^^^^^ again

        1 error
        """)
    cards = added("card:id=b", "card:id=a")
    assert [dict(one.arguments)["id"] for one in flow_of(cards).steps[0].decorators] == ["b", "a"]


def test_what_holds_of_no_step_is_said_once() -> None:
    """In a file there would be one of them above each step."""
    names = ["start", *(f"s{n}" for n in range(50)), "end"]
    line = "".join(f"@step\ndef {one}(self):\n    self.next(self.{other})\n" for one, other in pairwise(names))
    end = "@step\ndef end(self):\n    pass\n"
    assert codes(compile_source(flow(line + end), given=Given(added=("foreach:mode=inline",)))) == ["FC520"]
    ways = "".join(
        f"@step\ndef {one}(self):\n    self.next({{1: self.{other}, 2: self.end}}, condition='way')\n"
        for one, other in pairwise(names[:-1])
    )
    last = f"@step\ndef {names[-2]}(self):\n    self.next(self.end)\n"
    assert codes(compile_source(flow("way = 1\n" + ways + last + end), given=Given(added=("catch",)))) == ["FC508"]


def test_a_fault_of_a_target_points_into_the_option() -> None:
    from flowc.compiler.diagnostics.model import Report
    from flowc.targets import load
    from flowc.targets.options import Options

    report = Report()
    done = added("card", 'kubernetes:image=a,port=1,qos=guaranteed,labels={"a": "b"}')
    load("sfn")(flow_of(done), Options(), report)
    places = {done.sources["--with"].text_of(one.primary.span).partition(":")[0] for one in report.sorted()}
    assert places == {"card", "kubernetes"}
    assert len(report.sorted()) == 2


def test_comments_that_overrule_are_judged_of_the_flow_as_it_is_written() -> None:
    text = """\
@catch
@step
def start(self):
    self.result = 1
    self.next(self.end)

@step
def end(self):
    print(self.result)  # flowc: ignore[FC702]
"""
    assert codes(compile_source(flow(text))) == []
    assert codes(compile_source(flow(text.replace("@catch", "@retry")))) == ["FC111"]
    assert codes(compile_source(flow(text), given=Given(removed=("catch",)))) == []
    without = flow(text.partition("  #")[0] + "\n")
    assert codes(compile_source(without, given=Given(added=("catch:var=x  # flowc: ignore[FC702]",)))) == ["FC503", "FC702"]


def test_the_file_alone_is_mended() -> None:
    text = flow("@retry(tims=3)\n@step\ndef start(self):\n    self.next(self.end)\n@step\ndef end(self):\n    pass\n").text
    options = Given(added=("batch:memroy=3", "retyr"), removed=("retyr",))
    repair = repair_bytes("flow.py", text.encode(), given=options)
    assert repair.data.decode() == text.replace("tims", "times")
    assert len(repair.fixed) == 1


SOUND: list[tuple[str, dict[str, object]]] = [
    ("retry", {}),
    ("retry", {"times": 2, "jitter": True}),
    ("timeout", {"minutes": 1.5}),
    ("catch", {"var": "failure"}),
    ("resources", {"cpu": 2, "memory": "4000"}),
    ("batch", {"queue": "a", "host_volumes": ["/a", "/b:/c"]}),
    ("kubernetes", {"labels": {"a": "b", "c": None}, "tolerations": [{"key": "x", "value": "y", "operator": "Equal"}]}),
    ("environment", {"vars": {"A": 'quo"te, B=1', "B": 2}}),
    ("secrets", {"sources": ["inline.a"], "allow_override": False}),
    ("card", {"id": "one", "options": {"deep": [[1, 2.5], {"x": None}]}}),
]
FAULTY: list[tuple[str, dict[str, object]]] = [
    ("retry", {"tims": 2}),
    ("timeout", {}),
    ("catch", {"var": "start"}),
    ("batch", {"cpu": 0}),
    ("foreach", {"max_concurrency": 3}),
]
"""Decorators with their arguments. `@catch` is a fault above some of the steps, `@foreach` above most."""


def in_file(piece: tuple[str, dict[str, object]]) -> str:
    name, arguments = piece
    return f"@{name}({', '.join(f'{argument}={value!r}' for argument, value in arguments.items())})\n"


def as_spec(piece: tuple[str, dict[str, object]]) -> str:
    name, arguments = piece
    return f"{name}:{','.join(f'{argument}={json.dumps(value)}' for argument, value in arguments.items())}"


NAMES = ("start", "left", "right", "join", "fan", "work", "gather", "end")
WAYS = ("left, self.right", "join", "join", "fan", "work, foreach='xs'", "gather", "end", None)


def flow_with(above: dict[str, str]) -> Source:
    """A flow with a split and a foreach, its steps with these decorators."""
    lines = ["xs = [1, 2]"]
    for name, way in zip(NAMES, WAYS, strict=True):
        arguments = "self, inputs" if name in ("join", "gather") else "self"
        body = f"self.next(self.{way})" if way else "pass"
        lines += [*above.get(name, "").splitlines(), "@step", f"def {name}({arguments}):", f"    {body}"]
    return flow("\n".join(lines) + "\n")


@generated(
    st.lists(st.sampled_from([*SOUND, *SOUND, *SOUND, *FAULTY]), min_size=1, max_size=4, unique_by=lambda piece: piece[0]),
    st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(SOUND), max_size=3, unique_by=lambda piece: piece[0]),
        max_size=4,
    ),
    st.sets(st.sampled_from([name for name, _ in SOUND]), max_size=2),
    st.randoms(use_true_random=False),
)
@settings(max_examples=200, deadline=None)
def test_added_is_as_written_above_each_step_that_lacks_it(adding, there, removed, random) -> None:  # type: ignore[no-untyped-def]
    """And in which order options are given means nothing."""
    specs = [as_spec(piece) for piece in adding]
    random.shuffle(specs)
    before = {name: "".join(map(in_file, pieces)) for name, pieces in there.items()}
    given = Given(added=tuple(specs), removed=tuple(random.sample(sorted(removed), len(removed))))
    assume(compile_source(flow_with(before)).flow is not None)
    done = compile_source(flow_with(before), given=given)
    after = {}
    for name in NAMES:
        kept = [piece for piece in there.get(name, ()) if piece[0] not in removed]
        more = [piece for piece in sorted(adding, key=lambda piece: piece[0]) if piece[0] not in [one[0] for one in kept]]
        after[name] = "".join(map(in_file, [*more, *kept]))
    expected = compile_source(flow_with(after))
    assert done.flow == expected.flow
    if done.flow is not None and expected.flow is not None:
        assert plan_text(done.flow) == plan_text(expected.flow)
    assert {(one.rule.code, one.message) for one in done.diagnostics} <= {(o.rule.code, o.message) for o in expected.diagnostics}
    assert {one.rule.code for one in done.diagnostics} == {one.rule.code for one in expected.diagnostics}
    assert len(done.diagnostics) <= sum(1 + len(arguments) for _, arguments in adding)


@generated(st.lists(st.text(st.sampled_from("batchretryc:=,[]{}\"'\\ @.1\n\r\té𝒳\udc80\0#"), max_size=30), max_size=3), st.data())
@settings(max_examples=500, deadline=None)
def test_any_text_is_an_option(texts, data) -> None:  # type: ignore[no-untyped-def]
    """Whatever stands there, it is a decorator or is found fault with, at a place that can be shown."""
    heads = data.draw(st.lists(st.sampled_from(["", "batch:", "kubernetes:labels=", "environment:vars={"]), min_size=len(texts)))
    specs = tuple(f"{head}{text}" for head, text in zip(heads, texts, strict=False))
    for options in (Given(added=specs), Given(removed=specs)):
        done = read("", given=options)
        assert (done.flow is None) == bool(done.diagnostics)
        render_full(done.diagnostics, done.sources, color=False).encode()


def test_the_order_of_options_means_nothing() -> None:
    specs = ["retry", "batch:cpu=1", "environment:vars={}", "timeout:hours=1"]
    assert len({plan_text(flow_of(added(*order))) for order in permutations(specs)}) == 1
