"""The WorkflowTemplate around the templates: its name, labels, parameters."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ...compiler.ir.nodes import Flow, Parameter
from ...compiler.limits import ARGO_NAME
from ...compiler.plan import plain
from ..names import Names, spell_branch_camel
from ..options import Options
from ..project import project_of
from . import marks
from .serialise import Inline

_PARALLELISM: Final = 100
"""Pods of a run at one time."""
_EXPANDED: Final = ("{{", "$(", "$$")


def workflow_template(
    flow: Flow, options: Options, *, entrypoint: str, templates: list[dict[str, Any]], names: Names
) -> dict[str, Any]:
    """The manifest. `names` are those of the DAGs' tasks: what had to be renamed is noted in an annotation."""
    annotations = {marks.FLOW: flow.name}
    steps = {step.name for step in flow.steps}
    renamed = {name: step for name, step in names.changed().items() if step in steps}
    if renamed:
        annotations[marks.STEPS] = json.dumps(renamed, ensure_ascii=False)
    metadata: dict[str, Any] = {
        "name": name_of(flow, options),
        "labels": {marks.MANAGED_BY: marks.FLOWC},
        "annotations": annotations,
    }
    if options.namespace:
        metadata["namespace"] = options.namespace
    spec: dict[str, Any] = {"entrypoint": entrypoint, "parallelism": _PARALLELISM}
    if options.service_account:
        spec["serviceAccountName"] = options.service_account
    if flow.parameters:
        spec["arguments"] = {"parameters": [_parameter(one) for one in flow.parameters]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": metadata,
        "spec": {**spec, "templates": templates},
    }


def name_of(flow: Flow, options: Options) -> str:
    """The name of a flow's WorkflowTemplate."""
    project = project_of(flow, options)
    return template_name(project.name_of(flow.name) if project else flow.name)


def template_name(whole: str) -> str:
    """The name of the WorkflowTemplate of a flow, by its whole name: `Sum`, `sums.prod.Sum`.

    It is lower case, and short enough for a label, which it becomes.
    """
    return Names(ARGO_NAME, spell_branch_camel, lower=True).of(whole)


def _parameter(parameter: Parameter) -> Inline:
    argument = Inline(name=parameter.name)
    if not parameter.required or parameter.default is not None or parameter.deferred:
        # The content of a default file is in the plan; what is given here is content, and not a path.
        argument["value"] = encode_value(plain(parameter.default) if parameter.file is None else None)
    if parameter.help:
        argument["description"] = re.sub(r"{(?={)", "{ ", parameter.help)
    return argument


def encode_value(value: object) -> str:
    """A parameter's value as text that Argo and Kubernetes leave alone, and that the runtime reads back.

    A string stays as it is where that is safe, so that it can be read and typed in Argo's own pages; all else is JSON. `null`
    says that no value is given. What Argo expands (`{{`, in values too) and what Kubernetes does (`$(`, `$$`) is escaped as JSON
    can; so is what Argo's own quoting loses (characters that cannot be printed).
    """
    plain_text = isinstance(value, str) and value.isprintable() and value != "null" and not value.startswith('"')
    if isinstance(value, str) and plain_text and not any(mark in value for mark in _EXPANDED):
        return value
    text = json.dumps(value, ensure_ascii=not plain_text)
    if any(mark in text for mark in _EXPANDED):
        text = text.replace("{{", "\\u007b\\u007b").replace("$", "\\u0024")
    return text
