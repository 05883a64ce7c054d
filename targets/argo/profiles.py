"""Container templates: one for each distinct setting of a flow's steps, with the step and its path as parameters.

Metaflow and others write one template a step; 500 alike steps then no longer fit into etcd. Here they share one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...runtime import contract
from ..options import Options
from ..settings import Settings, read_settings, warn_of_flow
from .pods import ARGUMENTS, Pod, container_fields, pod_of, template_fields
from .serialise import Inline
from .volumes import OUTPUTS


class Profiles:
    """The container templates of one flow."""

    def __init__(self, flow: Flow, options: Options, report: Report) -> None:
        self.flow = flow
        self.options = options
        warn_of_flow(flow, "kubernetes", report)
        keys: dict[str, tuple[Settings, Pod]] = {}
        for step in flow.steps:
            settings = read_settings(step, "kubernetes", ARGUMENTS, options, report)
            keys[step.name] = (settings, pod_of(step, settings, options, report))
        names: dict[tuple[Settings, Pod], str] = {}
        ((common, _),) = Counter(keys.values()).most_common(1)
        for name, key in keys.items():
            names.setdefault(key, "task" if key == common else f"{name}.task")
        self._of = {name: names[key] for name, key in keys.items()}
        self._settings = {name: key for key, name in names.items()}

    def of(self, step: str) -> str:
        """What the step's template is called before it gets a name that Argo accepts."""
        return self._of[step]

    def templates(self) -> list[tuple[str, dict[str, Any]]]:
        """All templates without their names, in the order in which steps first need them."""
        return [(name, self._template(*key)) for name, key in self._settings.items()]

    def _template(self, settings: Settings, pod: Pod) -> dict[str, Any]:
        template: dict[str, Any] = {"inputs": {"parameters": [Inline(name="step"), Inline(name="path")]}}
        if settings.attempts > 1:
            template["retryStrategy"] = {
                "limit": str(settings.attempts - 1),
                "retryPolicy": "Always",
                "backoff": Inline(duration=str(settings.retry_seconds), factor="1"),
            }
        template["activeDeadlineSeconds"] = settings.timeout
        template |= template_fields(pod)
        template["container"] = container_fields(pod, contract.ENTRYPOINT, self._variables(settings))
        template["outputs"] = {
            "parameters": [
                {"name": contract.OUTPUT_NEXT, "valueFrom": Inline(path=f"{OUTPUTS}/{contract.OUTPUT_NEXT}", default="")},
                {
                    "name": contract.OUTPUT_CARDINALITY,
                    "valueFrom": Inline(path=f"{OUTPUTS}/{contract.OUTPUT_CARDINALITY}", default="0"),
                },
            ]
        }
        return template

    def _variables(self, settings: Settings) -> list[tuple[str, str]]:
        variables = [
            (contract.DATASTORE, self.options.datastore_url),
            (contract.TARGET, "argo"),
            (contract.OUTPUTS, OUTPUTS),
            (contract.RUN, "{{workflow.name}}"),
            (contract.STEP, "{{inputs.parameters.step}}"),
            (contract.PATH, "{{inputs.parameters.path}}"),
            (contract.ATTEMPT, "{{retries}}" if settings.attempts > 1 else "0"),
        ]
        if self.flow.parameters:
            variables.append((contract.PARAMETERS, "{{workflow.parameters.json}}"))
        return variables
