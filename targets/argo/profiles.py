"""Container templates: one for each distinct setting of a flow's steps, with the step and its path as parameters.

Metaflow and others write one template a step; 500 alike steps then no longer fit into etcd. Here they share one. What is the
same in all containers stands once, in `templateDefaults`: the command alone takes 8 KB.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...runtime import contract
from ...templates import bootstrap_command
from ..options import Options
from ..project import project_of
from ..settings import Settings, read_settings, warn_of_flow
from .pod_fields import container_fields, escape_variable, template_fields
from .pods import ARGUMENTS, Pod, pod_of
from .retries import attempt_of, check_retries, deadline_of, retry_strategy
from .serialise import Inline
from .volumes import OUTPUTS


class Profiles:
    """The container templates of one flow."""

    def __init__(self, flow: Flow, options: Options, report: Report) -> None:
        self.flow = flow
        self.options = options
        self._command = bootstrap_command(options.datastore_url)
        warn_of_flow(flow, "kubernetes", report)
        keys: dict[str, tuple[Settings, Pod]] = {}
        for step in flow.steps:
            settings = read_settings(step, "kubernetes", ARGUMENTS, options, report)
            keys[step.name] = (settings, pod_of(step, settings, options, report))
            check_retries(step, settings, report)
        names: dict[tuple[Settings, Pod], str] = {}
        ((common, _),) = Counter(keys.values()).most_common(1)
        for name, key in keys.items():
            names.setdefault(key, "task" if key == common else f"{name}.task")
        self._of = {name: names[key] for name, key in keys.items()}
        self._settings = {name: key for key, name in names.items()}

    def of(self, step: str) -> str:
        """What the step's template is called before it gets a name that Argo accepts."""
        return self._of[step]

    def service_accounts(self) -> tuple[str, ...]:
        """The accounts that steps name themselves."""
        return tuple(dict.fromkeys(pod.service_account for _, pod in self._settings.values() if pod.service_account))

    def templates(self) -> list[tuple[str, dict[str, Any]]]:
        """All templates without their names, in the order in which steps first need them."""
        return [(name, self._template(*key)) for name, key in self._settings.items()]

    def defaults(self) -> dict[str, Any]:
        """What all containers have in common: Argo merges it into each container template, variables by their names."""
        project = project_of(self.flow, self.options)
        variables = [
            (contract.DATASTORE, self.options.datastore_url),
            (contract.CODE, self.options.code or contract.CODE_IN_IMAGE),
            (contract.TARGET, "argo"),
            *((name, escape_variable(value)) for name, value in (project.environment if project else ())),
            (contract.RUN, "{{workflow.name}}"),
        ]
        env = [Inline(name=name, value=value) for name, value in variables]
        return {"container": {"command": list(self._command), "env": env}}

    def hook(self) -> dict[str, Any]:
        """The template of the exit hooks, which run as the start step does, once."""
        settings, pod = self._settings[self._of[self.flow.start]]
        return {
            "inputs": {"parameters": [Inline(name="hook")]},
            "activeDeadlineSeconds": deadline_of(settings),
            **self._pod(pod, [(contract.HOOK, "{{inputs.parameters.hook}}"), (contract.ATTEMPT, attempt_of(None))]),
        }

    def _template(self, settings: Settings, pod: Pod) -> dict[str, Any]:
        strategy = retry_strategy(settings)
        variables = [
            (contract.OUTPUTS, OUTPUTS),
            (contract.STEP, "{{inputs.parameters.step}}"),
            (contract.PATH, "{{inputs.parameters.path}}"),
            (contract.ATTEMPT, attempt_of(settings)),
            (contract.PARAMETERS, "{{workflow.parameters.json}}"),
        ]
        return {
            "inputs": {"parameters": [Inline(name="step"), Inline(name="path")]},
            **({"retryStrategy": strategy} if strategy else {}),
            "activeDeadlineSeconds": deadline_of(settings),
            **self._pod(pod, variables),
            "outputs": {
                "parameters": [
                    {"name": contract.OUTPUT_NEXT, "valueFrom": Inline(path=f"{OUTPUTS}/{contract.OUTPUT_NEXT}", default="")},
                    {
                        "name": contract.OUTPUT_CARDINALITY,
                        "valueFrom": Inline(path=f"{OUTPUTS}/{contract.OUTPUT_CARDINALITY}", default="0"),
                    },
                ]
            },
        }

    def _pod(self, pod: Pod, variables: list[tuple[str, str]]) -> dict[str, Any]:
        """What a template says of its pod; `variables` are those of its kind."""
        return {**template_fields(pod), "container": container_fields(pod, self._command, variables)}
