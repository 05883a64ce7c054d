"""Container templates: one for each distinct setting of a flow's steps, with the step and its path as parameters.

Metaflow and others write one template a step; 500 alike steps then no longer fit into etcd. Here they share one. What is the
same in all containers stands once, in `templateDefaults`: the command alone takes 14 KB.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...runtime import contract
from ...templates import bootstrap_command
from ..options import PACKAGE, Options
from ..project import project_of
from ..settings import DEFAULT_TIMEOUT_SECONDS, Settings, number_text, read_settings, warn_of_flow
from .retries import attempt_of, check_retries, deadline_of, retry_strategy
from .serialise import Inline

_EMITTED: Final = frozenset({"cpu", "memory", "gpu", "gpu_vendor", "disk", "image", "shared_memory"})
"""The arguments of `@kubernetes` that reach the template."""
_OUTPUTS: Final = "/tmp/flowc"


class Profiles:
    """The container templates of one flow."""

    def __init__(self, flow: Flow, options: Options, report: Report) -> None:
        self.flow = flow
        self.options = options
        warn_of_flow(flow, "kubernetes", report)
        keys: dict[str, tuple[Settings, str]] = {}
        for step in flow.steps:
            own = next((dict(one.arguments) for one in step.decorators if one.name == "kubernetes"), {})
            keys[step.name] = (
                read_settings(step, "kubernetes", _EMITTED, options, report),
                str(own.get("gpu_vendor") or "nvidia"),
            )
            check_retries(step, keys[step.name][0], report)
        names: dict[tuple[Settings, str], str] = {}
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

    def defaults(self) -> dict[str, Any]:
        """What all containers have in common: Argo merges it into each container template, variables by their names."""
        project = project_of(self.flow, self.options)
        variables = [
            (contract.DATASTORE, self.options.datastore_url),
            (contract.CODE, self.options.code or PACKAGE),
            (contract.TARGET, "argo"),
            *(project.environment if project else ()),
            (contract.RUN, "{{workflow.name}}"),
        ]
        command = list(bootstrap_command(self.options.datastore_url))
        return {"container": {"command": command, "env": [Inline(name=name, value=value) for name, value in variables]}}

    def hook(self) -> dict[str, Any]:
        """The template of the exit hooks, which run as the start step does, once."""
        settings, gpu_vendor = self._settings[self._of[self.flow.start]]
        return {
            "inputs": {"parameters": [Inline(name="hook")]},
            "activeDeadlineSeconds": _deadline(settings),
            **self._pod(settings, gpu_vendor, [(contract.HOOK, "{{inputs.parameters.hook}}"), (contract.ATTEMPT, attempt_of(None))]),
        }

    def _template(self, settings: Settings, gpu_vendor: str) -> dict[str, Any]:
        strategy = retry_strategy(settings)
        variables = [
            (contract.OUTPUTS, _OUTPUTS),
            (contract.STEP, "{{inputs.parameters.step}}"),
            (contract.PATH, "{{inputs.parameters.path}}"),
            (contract.ATTEMPT, attempt_of(settings)),
            (contract.PARAMETERS, "{{workflow.parameters.json}}"),
        ]
        return {
            "inputs": {"parameters": [Inline(name="step"), Inline(name="path")]},
            **({"retryStrategy": strategy} if strategy else {}),
            "activeDeadlineSeconds": _deadline(settings),
            **self._pod(settings, gpu_vendor, variables),
            "outputs": {
                "parameters": [
                    {"name": contract.OUTPUT_NEXT, "valueFrom": Inline(path=f"{_OUTPUTS}/{contract.OUTPUT_NEXT}", default="")},
                    {
                        "name": contract.OUTPUT_CARDINALITY,
                        "valueFrom": Inline(path=f"{_OUTPUTS}/{contract.OUTPUT_CARDINALITY}", default="0"),
                    },
                ]
            },
        }

    def _pod(self, settings: Settings, gpu_vendor: str, variables: list[tuple[str, str]]) -> dict[str, Any]:
        """What a template says of its pod; `variables` are those of its kind."""
        requests = {"cpu": number_text(settings.cpu), "memory": f"{number_text(settings.memory)}M"}
        limits = {"memory": requests["memory"]}
        if settings.disk is not None:
            requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{number_text(settings.disk)}M"
        if settings.gpu:
            limits[f"{gpu_vendor}.com/gpu"] = str(settings.gpu)
        container: dict[str, Any] = {
            "image": settings.image,
            "env": [Inline(name=name, value=value) for name, value in self._environment(settings, variables)],
            "resources": {"requests": Inline(requests), "limits": Inline(limits)},
        }
        template: dict[str, Any] = {}
        if settings.shared_memory is not None:
            container["volumeMounts"] = [Inline(name="shm", mountPath="/dev/shm")]
            template["volumes"] = [
                {"name": "shm", "emptyDir": Inline(medium="Memory", sizeLimit=f"{number_text(settings.shared_memory)}M")}
            ]
        template["container"] = container
        return template

    def _environment(self, settings: Settings, variables: list[tuple[str, str]]) -> list[tuple[str, str]]:
        own = [(name, escape_variable(value)) for name, value in settings.environment]
        return [*own, *variables]


def _deadline(settings: Settings) -> int:
    return deadline_of(settings.timeout, said=settings.timeout != DEFAULT_TIMEOUT_SECONDS)


def escape_variable(value: str) -> str:
    """A value of `env` that Kubernetes does not expand: it reads `$$` as `$`, wherever that stands."""
    return value.replace("$", "$$")
