"""`@trigger` and `@trigger_on_finish` → a Sensor of Argo Events, and the EventSource that watches other flows.

    @trigger(event="data.ready")          a dependency on the event source of the cluster, filtered by the event's name
    @trigger_on_finish(flow="Load")       an EventSource that watches Load's Workflows, and a dependency on it

Events have the form in which Metaflow's own publishers send them through a webhook: `{"payload": {"name": "data.ready", …}}`.
Each of the two decorators is one trigger of the Sensor, which fires when all that it names has come, and creates a Workflow.

What came travels in the parameter `contract.ARGO_RUN` in base64, so that Argo finds nothing in it to expand; the runtime finds
there what parameters want. The Workflow's name is made of what came, too: an event that is delivered again makes no second run,
for there is one of that name.

A Workflow of another flow is seen from its start, and counts in the moment in which it becomes `Succeeded`. So no run that was
over before starts anything, whenever the EventSource begins to look. The datastore and the upstream flow need to know nothing.

https://argoproj.github.io/argo-events/sensors/trigger-conditions/, …/eventsources/setup/resource/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Constant, Flow, Table
from ...runtime import contract
from ..cron import DEFAULT_ZONE, CannotSay, fields_of
from ..options import NAMESPACE, Options
from ..project import project_of
from ..settings import place_of
from ..triggers import Awaited, Waiting, events_of, flows_of
from . import marks
from .metadata import account_name, labels_of, metadata_of, name_of, template_name
from .schedule import five_fields
from .serialise import Inline

EVENT: Final = "event"
FINISH: Final = "finish"
"""The triggers of a Sensor, and what their dependencies' names begin with."""

_API: Final = "argoproj.io/v1alpha1"
_PHASE: Final = "status.phase"
_ENDS_NOW: Final = (
    "return event.body.status.phase == 'Succeeded' and not (event.oldBody.status and event.oldBody.status.phase == 'Succeeded')"
)
"""In Lua: of a change of a Workflow, that it is the one. Others follow, when it is archived or somebody labels it."""
_DIGITS: Final = 32
"""Of hashes in a run's name."""
_LONGEST: Final = 63 - 1 - _DIGITS
"""Characters of the flow's name in it: a run's name becomes a label, of 63."""
_TOLD_APART: Final = 8
"""Events by which runs are told apart. Each run uses up one of each kind, so that no more are needed."""
_RETRY: Final = {"steps": 5, "duration": "5s", "factor": 2}
"""Where the Workflow cannot be created: what is tried again for a minute. If it was created after all, it is there already."""


def event_source(flow: Flow, options: Options, report: Report) -> dict[str, Any] | None:
    """What watches the flows that this one waits for; None if it waits for none, or that cannot be said and is reported."""
    waiting = flows_of(flow, project_of(flow, options), report)
    if waiting is None:
        return None
    watched = {
        template_name(one.name): {
            "namespace": options.namespace or NAMESPACE,
            "group": "argoproj.io",
            "version": "v1alpha1",
            "resource": "workflows",
            "eventTypes": ["UPDATE"],
            "filter": {
                "labels": [Inline(key=marks.DEPLOYMENT, operation="==", value=template_name(one.name))],
                "fields": [Inline(key=_PHASE, operation="==", value="^Succeeded$")],
            },
        }
        for one in waiting.awaited
    }
    return {
        "apiVersion": _API,
        "kind": "EventSource",
        "metadata": metadata_of(flow, options),
        "spec": {**_pods(flow, options), "resource": watched},
    }


def sensor(flow: Flow, options: Options, report: Report) -> dict[str, Any] | None:
    """What starts runs by events and by other flows; None if nothing does, or that cannot be said. What `event_source` reports of
    other flows is not reported again."""
    dependencies: list[dict[str, Any]] = []
    triggers: list[dict[str, Any]] = []
    source, _, event = options.event_source.partition("/")
    if (waiting := events_of(flow)) is not None:
        wanted = {f"{EVENT}{number}": one for number, one in enumerate(waiting.awaited, 1)}
        dependencies += [
            {"name": name, "eventSourceName": source, "eventName": event, "filters": _named(one)} for name, one in wanted.items()
        ]
        triggers.append(_trigger(EVENT, flow, options, waiting, wanted, report))
    if (waiting := flows_of(flow, project_of(flow, options), Report())) is not None:
        wanted = {f"{FINISH}{number}": one for number, one in enumerate(waiting.awaited, 1)}
        dependencies += [
            {
                "name": name,
                "eventSourceName": name_of(flow, options),
                "eventName": template_name(one.name),
                "filters": {"script": _ENDS_NOW},
            }
            for name, one in wanted.items()
        ]
        triggers.append(_trigger(FINISH, flow, options, waiting, wanted, report))
    if not triggers:
        return None
    return {
        "apiVersion": _API,
        "kind": "Sensor",
        "metadata": metadata_of(flow, options),
        "spec": {**_pods(flow, options), "dependencies": dependencies, "triggers": triggers},
    }


def account_of(flow: Flow, options: Options) -> str | None:
    """The service account of what starts runs; None: the namespace's own."""
    return options.events_service_account or (account_name(name_of(flow, options)) if options.with_rbac else None)


def _pods(flow: Flow, options: Options) -> dict[str, Any]:
    """What a Sensor and an EventSource run with."""
    found: dict[str, Any] = {"eventBusName": options.event_bus} if options.event_bus else {}
    account = account_of(flow, options)
    return {**found, "template": {"serviceAccountName": account}} if account else found


def _named(one: Awaited) -> dict[str, Any]:
    """The filter for an event's name. Argo Events takes values for regular expressions that may match anywhere."""
    return {"data": [{"path": "body.payload.name", "type": "string", "value": [f"^{re.escape(one.name)}$"]}]}


def _trigger(
    kind: str, flow: Flow, options: Options, waiting: Waiting, wanted: Mapping[str, Awaited], report: Report
) -> dict[str, Any]:
    name = name_of(flow, options)
    metadata: dict[str, Any] = {"name": f"{name[:_LONGEST].rstrip('-')}-"}
    if options.namespace:
        metadata["namespace"] = options.namespace
    workflow = {
        "apiVersion": _API,
        "kind": "Workflow",
        "metadata": {**metadata, "labels": labels_of(name)},
        "spec": {
            "workflowTemplateRef": {"name": name},
            "arguments": {"parameters": [Inline(name=contract.ARGO_RUN, value="")]},
        },
    }
    parameters = [
        one
        for number, (dependency, awaited) in enumerate(wanted.items())
        for one in _parameters(kind, dependency, awaited, number, len(wanted))
    ]
    template: dict[str, Any] = {"name": kind, "conditions": " && ".join(wanted)}
    if (reset := _reset(waiting, report)) is not None:
        template["conditionsReset"] = [{"byTime": reset}]
    template["k8s"] = {"operation": "create", "source": {"resource": workflow}, "parameters": parameters}
    return {"template": template, "retryStrategy": _RETRY}


def _parameters(kind: str, dependency: str, awaited: Awaited, number: int, count: int) -> tuple[dict[str, Any], ...]:
    """What one dependency gives the Workflow: a part of its name, and what came."""
    if kind == EVENT:
        unique = {"contextTemplate": f"{{{{ .Input.id | sha256sum | trunc {_digits(count)} }}}}"}
        came = 'dict "event" .Input.body.payload'
    else:
        unique = {"dataTemplate": f"{{{{ .Input.body.metadata.uid | sha256sum | trunc {_digits(count)} }}}}"}
        of = json.dumps(awaited.flow, ensure_ascii=False)
        run = f'dict "flow" {of} "run" .Input.body.metadata.name "time" .Input.body.status.finishedAt'
        came = f'dict "finished" ({run})'
    told = f"{'.' if number else ''}{{{{ {came} | toJson | b64enc }}}}"
    said = (("metadata.name", unique),) if number < _TOLD_APART else ()
    return tuple(
        {"src": {"dependencyName": dependency, **src}, "dest": dest, "operation": "append"}
        for dest, src in (*said, ("spec.arguments.parameters.0.value", {"dataTemplate": told}))
    )


def _digits(count: int) -> int:
    """How many digits of a hash stand for each of so many."""
    return _DIGITS // min(max(count, 2), _TOLD_APART)


def _reset(waiting: Waiting, report: Report) -> dict[str, str] | None:
    """When what has come so far is forgotten, by `options={"reset_at": {"cron": …, "timezone": …}}`."""
    where = place_of(waiting.decorator, "options")
    for name in sorted(set(waiting.options) - {"reset_at"}):
        report.add(rules.NOT_EMITTED, f"the option `{name}` of `@{waiting.decorator.name}` has no effect on Argo", where)
    said = _table(waiting.options.get("reset_at"))
    cron = said.get("cron")
    if not isinstance(cron, str):
        return None
    try:
        fields = fields_of(cron)
        if len(fields) not in (5, 6):
            raise CannotSay(f"it has {len(fields)} fields", 'write five fields, as "0 6 * * *"')
        return {"cron": five_fields(fields), "timezone": str(said.get("timezone") or DEFAULT_ZONE)}
    except CannotSay as error:
        report.add(rules.BAD_VALUE, f"Argo Events cannot reset a trigger by `{cron}`: {error}", where, help=error.help)
        return None


def _table(given: Constant) -> dict[str, Constant]:
    return {str(key): value for key, value in given.items} if isinstance(given, Table) else {}
