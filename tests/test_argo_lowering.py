"""What decorators and options become in a WorkflowTemplate: retries, deadlines, what runs at a time, exit hooks, sizes."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import documents
from evaluators import Outcome, TaskFailed, argo
from evaluators.argo import holds, results, when_holds

from flowc.compiler import Source, compile_source
from flowc.compiler.diagnostics.model import Report
from flowc.compiler.ir.nodes import Flow
from flowc.runtime import contract
from flowc.targets.argo.deployment import deployment_of
from flowc.targets.options import Options

Manifest = dict[str, Any]


def compiled(text: str) -> Flow:
    done = compile_source(Source("flow.py", text))
    assert done.flow is not None, done.diagnostics
    return done.flow


def lowered(text: str, **options: Any) -> tuple[Manifest, list[str]]:
    """The WorkflowTemplate, and what is said about it."""
    report = Report()
    made = deployment_of(compiled(text), Options(**options), report).template
    assert not report.failed, report.sorted()
    return made, [f"{one.rule.code}: {one.message}" for one in report.sorted()]


def decorated(*lines: str) -> str:
    above = "".join(f"    {line}\n" for line in lines)
    return (
        "from flowc import *\nclass One(FlowSpec):\n"
        f"{above}    @step\n    def start(self):\n        self.next(self.end)\n    @step\n    def end(self):\n        pass\n"
    )


def template_of(manifest: Manifest, step: str) -> Manifest:
    """The container template that a step runs with."""
    templates: dict[str, Manifest] = {one["name"]: one for one in manifest["spec"]["templates"]}
    for one in templates.values():
        for task in one.get("dag", {}).get("tasks", ()):
            if {"name": "step", "value": step} in task.get("arguments", {}).get("parameters", ()):
                return templates[task["template"]]
    raise AssertionError(step)


@pytest.mark.parametrize(
    ("decorators", "limit", "backoff", "said"),
    [
        (["@retry(times=2)"], "2", {"duration": "120"}, None),
        (["@retry(times=2, minutes_between_retries=0)"], "2", None, None),
        (["@retry(times=3, minutes_between_retries=1, backoff=2)"], "3", {"duration": "60", "factor": "2"}, None),
        (
            ["@retry(times=3, minutes_between_retries=1, backoff=3, max_minutes_between_retries=5)"],
            "3",
            {"duration": "60", "factor": "3", "cap": "300"},
            None,
        ),
        (["@retry(times=3, backoff=2, max_minutes_between_retries=2)"], "3", {"duration": "120"}, None),
        (["@retry(times=3, backoff=1.5)"], "3", {"duration": "120", "factor": "2"}, "`backoff=1.5` of step `start` counts as 2"),
        (["@retry(times=3, backoff=1.2)"], "3", {"duration": "120"}, "`backoff=1.2` of step `start` counts as 1"),
        (["@retry(times=1, backoff=1.5)"], "1", {"duration": "120"}, None),
        (["@retry(times=3, minutes_between_retries=0, backoff=1.5)"], "3", None, None),
        (["@retry(times=1, jitter=True)"], "1", {"duration": "120"}, "`jitter` of `@retry` has no effect on this target yet"),
        (["@catch(var='failure')"], "1", None, None),
        (["@retry(times=1, backoff=2)", "@catch(var='failure')"], "2", {"duration": "120", "factor": "2"}, None),
        (["@retry(times=0)"], None, None, None),
        ([], None, None, None),
    ],
)
def test_what_is_tried_again(decorators: list[str], limit: str | None, backoff: Manifest | None, said: str | None) -> None:
    manifest, told = lowered(decorated(*decorators))
    strategy = template_of(manifest, "start").get("retryStrategy", {})
    assert strategy.get("limit") == limit
    assert strategy.get("backoff") == backoff
    assert strategy.get("retryPolicy") == ("Always" if limit else None)
    assert "retryStrategy" not in template_of(manifest, "end")
    assert len(told) == bool(said)
    assert said is None or (told[0].startswith("FC602") and told[0].endswith(said))


@pytest.mark.parametrize(
    ("decorator", "seconds"), [("@timeout(seconds=1)", 61), ("@timeout(hours=2)", 7260), ("@retry", 432_000)]
)
def test_the_cluster_ends_what_does_not_end_itself(decorator: str, seconds: int) -> None:
    assert template_of(lowered(decorated(decorator))[0], "start")["activeDeadlineSeconds"] == seconds


def test_what_a_run_may_take() -> None:
    assert "activeDeadlineSeconds" not in lowered(decorated())[0]["spec"]
    assert lowered(decorated(), workflow_timeout=3600)[0]["spec"]["activeDeadlineSeconds"] == 3600
    assert lowered(decorated(), workflow_timeout=10**15)[0]["spec"]["activeDeadlineSeconds"] == 2**31 - 1


def test_numbers_that_are_larger_than_anything_takes() -> None:
    """Kubernetes has 32 bits for the deadline of a pod; a time of 68 years is as good as any that is longer."""
    assert template_of(lowered(decorated("@timeout(hours=1000000)"))[0], "start")["activeDeadlineSeconds"] == 2**31 - 1
    assert lowered(decorated(), max_workers=10**30)[0]["spec"]["parallelism"] == 2**31 - 1


def test_what_containers_share_stands_once() -> None:
    manifest, _ = lowered(decorated("@resources(cpu=2)"), code="flowc-packages/One/x.tar.gz", datastore="s3://bucket/x")
    shared = manifest["spec"]["templateDefaults"]["container"]
    given = {one["name"]: one["value"] for one in shared["env"]}
    assert (given[contract.CODE], given[contract.DATASTORE]) == ("flowc-packages/One/x.tar.gz", "s3://bucket/x")
    assert shared["command"][:2] == ["python3", "-c"]
    for step in ("start", "end"):
        container = template_of(manifest, step)["container"]
        assert "command" not in container
        assert not given.keys() & {one["name"] for one in container["env"]}


FOREACH = """\
from flowc import *
class Each(FlowSpec):
    {0}
    @step
    def start(self):
        self.rows = make()
        self.next(self.work, foreach="rows")
    @step
    def work(self):
        self.rows = make()
        self.next(self.leaf, foreach="rows")
    @step
    def leaf(self):
        self.next(self.leaves)
    @step
    def leaves(self, inputs):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("decorator", "workers", "run", "few"),
    [
        ("", None, 100, {}),
        ("", 7, 7, {}),
        ("@foreach(max_concurrency=3)", None, 100, {"work--each--few": 3}),
        ("@foreach(max_concurrency='3')", 7, 7, {"work--each--few": 3}),
        ("@foreach(max_concurrency=7)", 7, 7, {}),
        ("@foreach(max_concurrency=300)", None, 300, {"leaf--each--few": 100}),
        ("@foreach(max_concurrency=300)", 7, 300, {"leaf--each--few": 7}),
        ("@foreach(mode='inline')", None, 100, {}),
    ],
)
def test_what_runs_at_a_time(decorator: str, workers: int | None, run: int, few: dict[str, int]) -> None:
    manifest, said = lowered(FOREACH.format(decorator), max_workers=workers)
    assert manifest["spec"]["parallelism"] == run
    assert {one["name"]: one["parallelism"] for one in manifest["spec"]["templates"] if "parallelism" in one} == few
    assert said == []


HOOKED = """\
from flowc import *
def told(run):
    pass
@exit_hook({0})
class Hooked(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("hooks", ["on_success=[told]", "on_error=[told]", "on_success=[told], on_error=[told]"])
def test_hooks_have_no_say(hooks: str, fails: bool, broken: bool) -> None:
    manifest, said = lowered(HOOKED.format(hooks))
    assert said == []
    ran: list[str] = []

    def job(variables: Any) -> Outcome | None:
        assert (contract.HOOK in variables) != (contract.STEP in variables)
        if contract.HOOK not in variables:
            if fails:
                raise TaskFailed("start")
            return Outcome(None, None)
        ran.append(variables[contract.HOOK])
        if broken:
            raise TaskFailed("hook")
        return None

    if fails:
        with pytest.raises(TaskFailed, match="start"):
            argo.run(manifest, job)
    else:
        argo.run(manifest, job)
    assert ran == [
        name
        for name, word in (("failure", "on_error"), ("success", "on_success"))
        if (name == "failure") == fails and word in hooks
    ]


def test_attempts_after_a_manual_retry_have_numbers_of_their_own() -> None:
    manifest, _ = lowered(decorated("@retry(times=1)"))
    attempts: list[tuple[str, str]] = []

    def job(variables: Any) -> Outcome:
        attempts.append((variables[contract.STEP], variables[contract.ATTEMPT]))
        if variables[contract.STEP] == "start":
            raise TaskFailed("start")
        return Outcome(None, None)

    for retried in (0, 2):
        with pytest.raises(TaskFailed):
            argo.run(manifest, job, retried=retried)
    assert attempts == [("start", "0.0"), ("start", "0.1"), ("start", "2.0"), ("start", "2.1")]
    # What a template gives its runs would go over what is written to one later on.
    assert "flowc/retried" not in manifest["spec"]["workflowMetadata"].get("annotations", {})


def test_what_helps_people_is_never_expanded() -> None:
    text = decorated().replace(
        "One(FlowSpec):\n", "One(FlowSpec):\n    p = Parameter('p', default='a', help='{{a}} $(B) $$(C) {{{d')\n"
    )
    parameter, run = lowered(text)[0]["spec"]["arguments"]["parameters"]
    assert parameter["description"] == "{ {a}} $ (B) $ $ (C) { { {d"
    assert run["name"] == contract.ARGO_RUN


def test_size_of_500_steps() -> None:
    def size(count: int) -> int:
        names = ["start", *(f"step_{number}" for number in range(count - 2)), "end"]
        steps = "".join(
            f"    @step\n    def {name}(self):\n        {f'self.next(self.{after})' if after else 'pass'}\n"
            for name, after in zip(names, [*names[1:], ""], strict=True)
        )
        return len(documents(compiled(f"from flowc import *\nclass Long(FlowSpec):\n{steps}"), "argo")[0].text.encode())

    small, large = size(490), size(500)
    assert large <= 400_000
    assert (large - small) / 10 <= 500


def test_rules_of_depends() -> None:
    """As the documentation has them: "Enhanced Depends Logic"."""
    found = {
        "a": results("Succeeded"),
        "b": results("Failed"),
        "c": results("Error"),
        "d": results("Skipped"),
        "e": results("Omitted"),
    }
    found["each"] = results("Failed", ["Succeeded", "Failed"])
    found["all"] = results("Failed", ["Failed", "Failed"])
    for text in (
        "a",
        "d",
        "a.Succeeded && b.Failed",
        "c.Errored",
        "!b",
        "e.Omitted",
        "(b || a) && !c",
        "each.AnySucceeded",
        "all.AllFailed",
    ):
        assert holds(text, found), text
    for text in ("b", "c", "e", "a.Failed || b.Succeeded", "a && b", "each.AllFailed", "all.AnySucceeded", "c.Failed"):
        assert not holds(text, found), text
    assert when_holds("'a' == 'a'")
    assert when_holds("'a' != 'b'")
    assert not when_holds("'a' == 'b'")
