"""A run as the Workflow that starts it: what it is given, and how large that is where Kubernetes takes the least.

A run's input is JSON (`cli/inputs.py`): values of parameters by name, and under names with a colon who started it, and its tags.
Values become parameters of the Workflow, written so that neither Argo nor Kubernetes expands anything in them; the rest becomes
one more, `contract.ARGO_RUN`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ....runtime import contract
from ...executions import Start
from .. import marks
from ..workflow import encode_value

LIMIT: Final = 131_072
"""Bytes of one string of a process's environment, with its name (Linux: MAX_ARG_STRLEN). Before Argo 3.6 the executor's own copy
of the template, with all values in it, had to fit as well; from then on it is a file where it is longer."""
_EXECUTORS: Final = len("ARGO_TEMPLATE=") + 1
_UNKNOWN: Final = 2048
"""What a template is larger by in a pod than on the cluster: its inputs, and where the cluster keeps logs and artifacts."""
_PARAMETERS: Final = "{{workflow.parameters.json}}"
_OF_TEMPLATE: Final = "workflows.argoproj.io/workflow-template"
_OWN: Final = "flowc:"
_ESCAPED: Final = re.compile("[<>&\u2028\u2029]")


def workflow_of(run: str, deployment: str, namespace: str, text: str) -> dict[str, Any]:
    """The Workflow of a run.

    Args:
        deployment: The WorkflowTemplate's name.
        text: The run's input.
    """
    labels = {marks.MANAGED_BY: marks.FLOWC, marks.DEPLOYMENT: deployment, _OF_TEMPLATE: deployment}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": run, "namespace": namespace, "labels": labels},
        "spec": {
            "workflowTemplateRef": {"name": deployment},
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments_of(text).items()]},
        },
    }


def arguments_of(text: str) -> dict[str, str]:
    """The Workflow's parameters, of a run's input."""
    given = json.loads(text)
    own = {name.removeprefix(_OWN): value for name, value in given.items() if name.startswith(_OWN)}
    values = {name: encode_value(value) for name, value in given.items() if not name.startswith(_OWN)}
    said = base64.b64encode(json.dumps(own).encode()).decode() if own else ""
    return {**values, contract.ARGO_RUN: said}


def started_with(workflow: Mapping[str, Any]) -> Start:
    """Who started a run, and its tags, as far as its Workflow says so."""
    given = ((workflow.get("spec") or {}).get("arguments") or {}).get("parameters") or ()
    text = next((one.get("value") for one in given if one.get("name") == contract.ARGO_RUN), None)
    try:
        said = json.loads(base64.b64decode(text or "e30=", validate=True))
    except (ValueError, TypeError, binascii.Error):
        return Start()
    if not isinstance(said, dict):
        return Start()
    user, tags = said.get("user"), said.get("tags")
    return Start(
        user=user if isinstance(user, str) and user else None,
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
    )


def size_of(template: Mapping[str, Any], text: str) -> int:
    """Bytes of the longest string in the environment of a pod of a run with this input.

    Args:
        template: The WorkflowTemplate.
    """
    spec = template.get("spec") or {}
    declared = {str(one["name"]): dict(one) for one in (spec.get("arguments") or {}).get("parameters") or ()}
    for name, value in arguments_of(text).items():
        declared[name] = {**declared.get(name, {"name": name}), "value": value}
    value = _go_json(list(declared.values()))
    sizes = [len(contract.PARAMETERS) + len(value.encode()) + 2]
    for one in spec.get("templates") or ():
        variables = (one.get("container") or {}).get("env") or ()
        if any(variable.get("value") == _PARAMETERS for variable in variables):
            rest = len(_go_json(one).encode()) - len(_PARAMETERS)
            sizes.append(rest + len(_go_json(value).encode()) - 2 + _EXECUTORS + _UNKNOWN)
    return max(sizes)


def _go_json(value: object) -> str:
    """JSON as Argo writes it: Go escapes what HTML would take for its own."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
