"""The Workflow that `flowc trigger` makes: its parameters, and what it says besides."""

from __future__ import annotations

import json
from typing import cast

import pytest
from recorded import Cluster, runs_in

from flowc.runtime import contract
from flowc.runtime.plan import ParameterSpec, Plan
from flowc.runtime.tasks.parameters import from_environment
from flowc.targets.argo import marks
from flowc.targets.argo.cluster.kinds import WORKFLOW, WORKFLOW_TEMPLATE
from flowc.targets.argo.cluster.refusals import ClusterError
from flowc.targets.argo.cluster.starting import LIMIT, arguments_of, size_of, started_with, workflow_of
from flowc.targets.platform import PlatformError

HOSTILE = (
    "{{workflow.name}} {{=1+1}}",
    "$(PATH) $$(PATH) $$ $(touch x) `id` $HOME",
    'quotes " \' \\ \\" and\nnewlines\r\n\ttabs',
    "\x00\x07\x1b[31m\x7f\u2028\u2029\u200b\ufeff",
    "Zürich 日本 😀 \U0001fae9 \U000e0041",
    "null",
    " null ",
    ' "x" ',
    '"quoted"',
    "",
    " 3 ",
    "3",
    "true",
    "{}",
    "<a href='&'>",
    "{{",
    "}}",
    "{{{{",
    "$",
    "%s %(x)s {0}",
)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_arrives(value: str) -> None:
    """What Argo and Kubernetes do to it between is tried on a real cluster (tests/e2e)."""
    made = workflow_of("r", "lab", "watch", json.dumps({"text": value}))
    given = made["spec"]["arguments"]["parameters"]
    assert not any(mark in one["value"] for one in given for mark in ("{{", "$(", "$$"))
    spec = ParameterSpec(
        name="text",
        attribute="text",
        type="str",
        default=None,
        required=False,
        deferred=False,
        help="",
        separator=None,
        file=None,
    )
    plan = cast("Plan", type("Plan", (), {"parameters": (spec,), "flow": "Lab"})())
    rest = [one for one in given if one["name"] != contract.ARGO_RUN]
    assert from_environment(plan, json.dumps(rest)) == {"text": value}


def test_who_started_it_travels_apart_from_parameters() -> None:
    text = json.dumps({"alpha": 0.5, "flowc:user": "änn {{x}}", "flowc:tags": ["a", "$(b)"]})
    made = workflow_of("r", "lab", "watch", text)
    assert made["metadata"]["labels"][marks.DEPLOYMENT] == "lab"
    assert arguments_of(text)["alpha"] == "0.5"
    assert set(arguments_of(text)) == {"alpha", contract.ARGO_RUN}
    found = started_with(made)
    assert (found.user, found.tags) == ("änn {{x}}", ("a", "$(b)"))
    assert arguments_of("{}") == {contract.ARGO_RUN: ""}


@pytest.mark.parametrize("value", ["", "no base64 !", "W10=", "bm8=", None, "eyJ1c2VyIjogMX0="])
def test_what_somebody_else_wrote_there_is_nobody(value: str | None) -> None:
    made = {"spec": {"arguments": {"parameters": [{"name": contract.ARGO_RUN, "value": value}]}}}
    found = started_with(made)
    assert (found.user, found.tags) == (None, ())


def test_the_size_is_that_of_the_longest_string_in_a_pod() -> None:
    """Counted as Argo writes it: as JSON in the variable, and once more in its own copy of the template."""
    container = {"name": "task", "container": {"env": [{"name": "FLOWC_PARAMETERS", "value": "{{workflow.parameters.json}}"}]}}
    template = {"spec": {"arguments": {"parameters": [{"name": "text", "value": ""}]}, "templates": [container]}}
    empty = size_of(template, '{"text": ""}')
    assert size_of(template, json.dumps({"text": "a" * 1000})) == empty + 1000
    assert size_of(template, json.dumps({"text": "<" * 1000})) == empty + 7000
    assert size_of(template, json.dumps({"text": 'a"' * 1000})) == empty + 1000 * 5
    assert size_of(template, json.dumps({"text": "ä" * 1000})) == empty + 2000
    assert size_of(template, json.dumps({"text": "a" * LIMIT})) > LIMIT
    filled = {"spec": {**template["spec"], "templateDefaults": {"container": {"command": ["x" * 5000]}}}}
    assert size_of(filled, '{"text": ""}') >= empty + 5000


def test_a_start_whose_answer_was_lost_is_the_run() -> None:
    cluster = Cluster()
    made = workflow_of("r", "lab", "watch", "{}")
    cluster.objects[cluster.path(WORKFLOW, "r")] = {
        **made,
        "metadata": {**made["metadata"], "creationTimestamp": "2026-11-21T19:00:00Z"},
    }
    cluster.refusals["POST"] = [ClusterError("exists", status=409, reason="AlreadyExists")]
    assert runs_in(cluster).start("r", "{}").state == "running"


def test_a_start_without_a_template_is_a_message() -> None:
    cluster = Cluster()
    template = cluster.objects[cluster.path(WORKFLOW_TEMPLATE, "lab")]
    cluster.objects[cluster.path(WORKFLOW_TEMPLATE, "lab")] = {**template, "metadata": {"name": "lab"}}
    with pytest.raises(PlatformError, match="not made by flowc"):
        runs_in(cluster).start("r", "{}")
