"""Names on a platform: within its letters and its length, never the same for two, and each for itself."""

from __future__ import annotations

import json
import keyword
import re
import unicodedata

import pytest
import yaml
from conftest import documents
from hypothesis import given, settings
from hypothesis import strategies as st
from validators.asl_dangling import dangling as asl_dangling

from flowc.compiler import Source, compile_source
from flowc.compiler.frontend.body import RESERVED
from flowc.compiler.ir.nodes import Flow
from flowc.targets.argo.workflow import workflow_name
from flowc.targets.names import Names, Spelling, spell_camel, spell_dashes, spell_lower_dashes, spell_same, spell_word

many = settings(max_examples=200, deadline=None, derandomize=True)

PARTS = [
    "a",
    "b",
    "A",
    "B",
    "_",
    "__",
    "1",
    "ab",
    "aB",
    "é",
    "ß",
    "中",
    "let",
    "nil",
    "main",
    "task",
    "gate",
    "0d95fb31",
    "x" * 90,
]
identifiers = (
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4)
    .map("".join)
    .filter(
        lambda name: name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__") and name not in RESERVED
    )
)
"""Names that are alike in what a platform takes of them."""
steps = st.lists(
    identifiers.filter(lambda name: name not in ("start", "end") and len(name.encode()) < 190),
    min_size=1,
    max_size=12,
    unique=True,
)
wanted = st.one_of(identifiers, st.tuples(identifiers, st.sampled_from(["split", "each", "part", "task", "1"])).map(".".join))

RESERVED_WORDS = frozenset(["let", "nil", "a-b"])
PLATFORMS: dict[str, tuple[int, Spelling, bool, str]] = {
    "argo tasks": (128, spell_dashes, False, r"[A-Za-z][A-Za-z0-9-]*"),
    "argo templates": (128, spell_lower_dashes, True, r"[a-z]([a-z0-9-]*[a-z0-9])?"),
    "workflow templates": (63, spell_camel, True, r"[a-z]([a-z0-9-]*[a-z0-9])?"),
    "states": (80, spell_same, False, r".+"),
    "jobs": (128, spell_word, False, r"[A-Za-z][A-Za-z0-9_-]*"),
}


@pytest.mark.parametrize("platform", PLATFORMS)
@many
@given(names=st.lists(wanted, max_size=30, unique=True))
def test_no_two_are_alike_and_each_stands_for_itself(platform: str, names: list[str]) -> None:
    longest, spell, lower, letters = PLATFORMS[platform]

    def fresh() -> Names:
        return Names(longest, spell, lower=lower, reserved=RESERVED_WORDS)

    forth, back = fresh(), fresh()
    given_out = {name: forth.of(name) for name in names}
    assert len(set(given_out.values())) == len(names)
    assert given_out == {name: back.of(name) for name in reversed(names)}
    for name, platforms in given_out.items():
        assert platforms == fresh().of(name) == forth.of(name)
        assert re.fullmatch(letters, platforms)
        assert len(platforms) <= longest
        assert platforms not in RESERVED_WORDS
        assert (platforms in forth.changed()) == (name != platforms)
    assert {wanted: name for name, wanted in forth.changed().items()}.items() <= given_out.items()


@pytest.mark.parametrize(
    ("name", "argo", "template"),
    [
        ("load_data", "load-data", "load-data"),
        ("load.split.1", "load--split--1", "load--split--1"),
        ("load_split", "load-split", "load-split"),
        ("loadData", "loadData", "loaddata-"),
        ("load__data", "load-data-", "load-data-"),
        ("_load", "load-", "load-"),
        ("load_0d95fb31", "load-0d95fb31-", "load-0d95fb31-"),
        ("中", "x-", "x-"),
        ("é1", "x-1-", "x-1-"),
    ],
)
def test_what_can_be_read_of_a_name(name: str, argo: str, template: str) -> None:
    """A `-` at the end stands for the mark."""
    for found, expected in (
        (Names(128, spell_dashes).of(name), argo),
        (Names(128, spell_lower_dashes, lower=True).of(name), template),
    ):
        assert found == expected if not expected.endswith("-") else re.fullmatch(re.escape(expected) + "[0-9a-f]{8}", found)


def test_flows_that_differ_in_case_are_two() -> None:
    names = ["BigSum", "Bigsum", "bigSum", "bigsum", "BIGSUM", "Big_Sum", "big_sum", "ETLFlow", "Etlflow", "B" * 64, "B" * 65]
    given_out = [workflow_name(name) for name in names]
    assert given_out[:2] == ["big-sum", "bigsum"]
    assert len(set(given_out)) == len(names)
    assert all(re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) and len(name) <= 63 for name in given_out)


def test_hashes_that_begin_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    class Alike:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def hexdigest(self) -> str:
            return "01234567" + ("89abcdef" if self.data == b"__a" else "fedcba98") * 7

    monkeypatch.setattr("hashlib.sha256", Alike)
    names = Names(20, spell_dashes)
    assert [names.of("_a"), names.of("a_"), names.of("__a")] == ["a-01234567", "a-fedcba98", "a-89abcdef"]


def chain(names: list[str]) -> Flow:
    """A flow of these steps one after the other, each with a setting of its own; the first of them is a foreach, twice deep."""
    first, *others = names
    lines = ["from flowc import FlowSpec, resources, step", "class Chain(FlowSpec):", "    x = [1]"]
    order = ["start", *others, "end"]
    for number, (name, after) in enumerate(zip(order, [*order[1:], ""], strict=True)):
        lines += [f"    @resources(cpu={number + 1})", "    @step", f"    def {name}(self):"]
        lines.append(f"        self.next(self.{after})" if after else "        pass")
    text = "\n".join(lines)
    second = order[1]
    text = text.replace(
        f"def start(self):\n        self.next(self.{second})", f"def start(self):\n        self.next(self.{first}, foreach='x')"
    )
    text += f"\n    @step\n    def {first}(self):\n        self.next(self.{first}1i)\n"
    text += f"    @step\n    def {first}1i(self):\n        self.next(self.{first}1j)\n"
    text += f"    @step\n    def {first}1j(self, inputs):\n        self.next(self.{second})\n"
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, (done.diagnostics, text)
    return done.flow


@settings(many, max_examples=60)
@given(steps)
def test_names_of_whole_flows(names: list[str]) -> None:
    names = [unicodedata.normalize("NFKC", name) for name in names]
    flow = chain(list(dict.fromkeys(names)))
    manifest = yaml.safe_load(documents(flow, "argo")[0].text)
    renamed = json.loads(manifest["metadata"]["annotations"].get("flowc/steps", "{}"))
    templates = manifest["spec"]["templates"]
    assert len({one["name"] for one in templates}) == len(templates)
    assert all(re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", one["name"]) for one in templates)
    seen: dict[str, str] = {}
    for template in templates:
        for task in template.get("dag", {}).get("tasks", ()):
            given = {one["name"]: one["value"] for one in task["arguments"]["parameters"]}
            if "step" in given:
                assert renamed.get(task["name"], task["name"]) == given["step"]
                assert seen.setdefault(task["name"], given["step"]) == given["step"]
    assert sorted(seen.values()) == sorted(step.name for step in flow.steps)

    definition = json.loads(documents(flow, "sfn")[0].text)
    assert asl_dangling(definition) == []
    pending, jobs, states = [definition["States"]], [], []
    while pending:
        for name, state in pending.pop().items():
            states.append(name)
            if "ItemProcessor" in state:
                pending.append(state["ItemProcessor"]["States"])
            if state.get("Resource", "").endswith("submitJob.sync"):
                step = next(
                    one["Value"]
                    for one in state["Parameters"]["ContainerOverrides"]["Environment"]
                    if one["Name"] == "FLOWC_STEP"
                )
                jobs.append(state["Parameters"]["JobName"])
                assert state.get("Comment", f"step {name}") == f"step {step}"
    assert len(set(states)) == len(states)
    assert all(len(name) <= 80 for name in states)
    assert len(set(jobs)) == len(jobs) == len(flow.steps)
