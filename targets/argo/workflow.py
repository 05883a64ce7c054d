"""The WorkflowTemplate around the templates: its name, labels, parameters."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ...compiler.ir.nodes import Flow, Parameter
from ...compiler.plan import plain
from ...runtime import contract
from ..names import Names
from ..options import Options
from . import marks
from .metadata import labels_of, metadata_of, name_of
from .retries import MOST
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
    metadata = metadata_of(flow, options)
    annotations = metadata["annotations"]
    steps = {step.name for step in flow.steps}
    renamed = {name: step for name, step in names.changed().items() if step in steps}
    if renamed:
        annotations[marks.STEPS] = json.dumps(renamed, ensure_ascii=False)
    annotations[marks.CODE] = options.code or contract.CODE_IN_IMAGE
    spec: dict[str, Any] = {
        "workflowMetadata": {"labels": labels_of(metadata["name"]), "annotations": {marks.FLOW: flow.name}},
        "entrypoint": entrypoint,
        **({"hooks": {"exit": Inline(template=exits)}} if exits else {}),
        "parallelism": parallelism,
    }
    if options.workflow_timeout is not None:
        spec["activeDeadlineSeconds"] = min(options.workflow_timeout, MOST)
    if account := service_account_of(flow, options):
        spec["serviceAccountName"] = account
    # What is no parameter of the flow travels as one, too: a run has no other place that its tasks can read.
    run = Inline(name=contract.ARGO_RUN, value="", description="by what the run was started")
    spec["arguments"] = {"parameters": [*(_parameter(one) for one in flow.parameters), run]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": metadata,
        "spec": {**spec, "templateDefaults": defaults, "templates": templates},
    }


def service_account_of(flow: Flow, options: Options) -> str | None:
    """The service account of a run's pods; None: the namespace's own."""
    return options.service_account or (name_of(flow, options) if options.with_rbac else None)


def _parameter(parameter: Parameter) -> Inline:
    argument = Inline(name=parameter.name)
    if not parameter.required or parameter.default is not None or parameter.deferred:
        # The content of a default file is in the plan; what is given here is content, and not a path.
        argument["value"] = encode_value(plain(parameter.default) if parameter.file is None else None)
    if parameter.help:
        # It travels with the value, so that what would be expanded there must not be here: for people, a blank changes nothing.
        argument["description"] = re.sub(r"{(?={)|\$(?=[($])", r"\g<0> ", parameter.help)
    return argument


def _is_json(text: str) -> bool:
    """Whether tasks would take text for JSON of `null` or of other text."""
    bare = text.strip()
    return bare == "null" or bare.startswith('"')


def encode_value(value: object) -> str:
    """A parameter's value as text that Argo and Kubernetes leave alone, and that the runtime reads back.

    A string stays as it is where that is safe, so that it can be read and typed in Argo's own pages; all else is JSON. `null`
    says that no value is given. What Argo expands (`{{`, in values too) and what Kubernetes does (`$(`, `$$`) is escaped as JSON
    can; so is what Argo's own quoting loses: characters that cannot be printed, and those beyond U+FFFF, of which its Unicode may
    know fewer than Python's.
    """
    plain_text = isinstance(value, str) and value.isprintable() and max(value, default="") <= "\uffff" and not _is_json(value)
    if isinstance(value, str) and plain_text and not any(mark in value for mark in _EXPANDED):
        return value
    text = json.dumps(value, ensure_ascii=not plain_text)
    if any(mark in text for mark in _EXPANDED):
        text = text.replace("{{", "\\u007b\\u007b").replace("$", "\\u0024")
    return text
