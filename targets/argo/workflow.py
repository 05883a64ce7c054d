"""The WorkflowTemplate around the templates: its name, labels, parameters."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ...compiler.ir.nodes import Flow, Parameter
from ...compiler.limits import ARGO_NAME
from ...compiler.plan import plain
from ...runtime import contract
from ..names import Names, spell_camel, spell_lower_dashes
from ..options import PACKAGE, Options
from ..project import project_of
from . import marks
from .serialise import Inline

_EXPANDED: Final = ("{{", "$(", "$$")


def workflow_template(
    flow: Flow,
    options: Options,
    *,
    entrypoint: str,
    exits: str | None,
    parallelism: int,
    defaults: dict[str, Any],
    templates: list[dict[str, Any]],
    names: Names,
) -> dict[str, Any]:
    """The manifest.

    Args:
        flow: The flow.
        options: What the deployment decides.
        entrypoint: The template that a run starts with.
        exits: The template that it ends with, or None.
        parallelism: How many pods of a run there are at a time.
        defaults: What templates have in common.
        templates: All templates.
        names: Those of the DAGs' tasks: what had to be renamed is noted in an annotation.
    """
    name = name_of(flow, options)
    labels = {marks.MANAGED_BY: marks.FLOWC, marks.DEPLOYMENT: name}
    steps = {step.name for step in flow.steps}
    renamed = {name: step for name, step in names.changed().items() if step in steps}
    annotations = {
        marks.FLOW: flow.name,
        **({marks.STEPS: json.dumps(renamed, ensure_ascii=False)} if renamed else {}),
        marks.CODE: options.code or PACKAGE,
        marks.DATASTORE: options.datastore_url,
    }
    metadata: dict[str, Any] = {"name": name, "labels": labels, "annotations": annotations}
    if options.namespace:
        metadata["namespace"] = options.namespace
    spec: dict[str, Any] = {
        "workflowMetadata": {"labels": labels, "annotations": {marks.FLOW: flow.name}},
        "entrypoint": entrypoint,
        **({"hooks": {"exit": Inline(template=exits)}} if exits else {}),
        "parallelism": parallelism,
    }
    if options.workflow_timeout is not None:
        spec["activeDeadlineSeconds"] = options.workflow_timeout
    if options.service_account:
        spec["serviceAccountName"] = options.service_account
    # What is no parameter of the flow travels as one, too: a run has no other place that its tasks can read.
    spec["arguments"] = {"parameters": [*map(_parameter, flow.parameters), Inline(name=contract.ARGO_RUN, value="")]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": metadata,
        "spec": {**spec, "templateDefaults": defaults, "templates": templates},
    }


def name_of(flow: Flow, options: Options) -> str:
    """The name of a flow's WorkflowTemplate, of which a namespace has one for each branch of its project."""
    project = project_of(flow, options)
    return workflow_name(project.name_of(flow.name) if project else flow.name)


def workflow_name(flow: str) -> str:
    """What the WorkflowTemplate of a flow is called, alone or in a project: lower case, and short enough for a label, which it
    becomes. `sums.test.x.BigSum` is `sums--test--x--big-sum`."""
    return Names(ARGO_NAME, _spell, lower=True).of(flow)


def _spell(name: str) -> str | None:
    *project, flow = name.split(".")
    # A project may be called anything in these letters; two `_` beside each other would be a dot.
    parts = [spell_lower_dashes(part) if part[:1].isalpha() or index else None for index, part in enumerate(project)]
    spelt = [*parts, spell_camel(flow)]
    return None if None in spelt else "--".join(part for part in spelt if part)


def _parameter(parameter: Parameter) -> Inline:
    argument = Inline(name=parameter.name)
    if not parameter.required or parameter.default is not None or parameter.deferred:
        # The content of a default file is in the plan; what is given here is content, and not a path.
        argument["value"] = encode_value(plain(parameter.default) if parameter.file is None else None)
    if parameter.help:
        # It travels with the value, so that what would be expanded there must not be here: for people, a blank changes nothing.
        argument["description"] = re.sub(r"{(?={)|\$(?=[($])", r"\g<0> ", parameter.help)
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
