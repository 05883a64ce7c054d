"""Container templates: one for each distinct setting of a flow's steps, with the step and its path as parameters.

Metaflow and others write one template a step; 500 alike steps then no longer fit into etcd. Here they share one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...runtime import contract
from ..options import Options
from ..project import project_of
from ..settings import Settings, number_text, read_settings, warn_of_flow
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

    def _template(self, settings: Settings, gpu_vendor: str) -> dict[str, Any]:
        requests = {"cpu": number_text(settings.cpu), "memory": f"{number_text(settings.memory)}M"}
        limits = {"memory": requests["memory"]}
        if settings.disk is not None:
            requests["ephemeral-storage"] = limits["ephemeral-storage"] = f"{number_text(settings.disk)}M"
        if settings.gpu:
            limits[f"{gpu_vendor}.com/gpu"] = str(settings.gpu)
        container: dict[str, Any] = {
            "image": settings.image,
            "command": list(contract.ENTRYPOINT),
            "env": [Inline(name=name, value=value) for name, value in self._environment(settings)],
            "resources": {"requests": Inline(requests), "limits": Inline(limits)},
        }
        template: dict[str, Any] = {"inputs": {"parameters": [Inline(name="step"), Inline(name="path")]}}
        if settings.attempts > 1:
            template["retryStrategy"] = {
                "limit": str(settings.attempts - 1),
                "retryPolicy": "Always",
                "backoff": Inline(duration=str(settings.retry_seconds), factor="1"),
            }
        template["activeDeadlineSeconds"] = settings.timeout
        if settings.shared_memory is not None:
            container["volumeMounts"] = [Inline(name="shm", mountPath="/dev/shm")]
            template["volumes"] = [
                {"name": "shm", "emptyDir": Inline(medium="Memory", sizeLimit=f"{number_text(settings.shared_memory)}M")}
            ]
        template["container"] = container
        template["outputs"] = {
            "parameters": [
                {"name": contract.OUTPUT_NEXT, "valueFrom": Inline(path=f"{_OUTPUTS}/{contract.OUTPUT_NEXT}", default="")},
                {
                    "name": contract.OUTPUT_CARDINALITY,
                    "valueFrom": Inline(path=f"{_OUTPUTS}/{contract.OUTPUT_CARDINALITY}", default="0"),
                },
            ]
        }
        return template

    def _environment(self, settings: Settings) -> list[tuple[str, str]]:
        own = [(name, escape_variable(value)) for name, value in settings.environment]
        variables = [
            (contract.DATASTORE, self.options.datastore_url),
            (contract.TARGET, "argo"),
            (contract.OUTPUTS, _OUTPUTS),
            (contract.RUN, "{{workflow.name}}"),
            (contract.STEP, "{{inputs.parameters.step}}"),
            (contract.PATH, "{{inputs.parameters.path}}"),
            (contract.ATTEMPT, "{{retries}}" if settings.attempts > 1 else "0"),
        ]
        project = project_of(self.flow, self.options)
        variables.append((contract.PARAMETERS, "{{workflow.parameters.json}}"))
        return [*own, *(project.environment if project else ()), *variables]


def escape_variable(value: str) -> str:
    """A value of `env` that Kubernetes does not expand: it reads `$$` as `$`, wherever that stands."""
    return value.replace("$", "$$")
