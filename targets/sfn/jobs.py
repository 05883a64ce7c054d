"""AWS Batch job definitions: one for each distinct setting of a flow's steps, named by its content.

A definition is never changed: another setting is another name, so that a new deployment cannot change a running execution.
"""

from __future__ import annotations

import hashlib
import json
from math import ceil
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow, Step
from ...compiler.limits import BATCH_NAME, BATCH_TIMEOUT_SECONDS
from ...runtime import contract
from ..names import Names, spell_word
from ..options import Options
from ..settings import Settings, number_text, read_settings, warn_of_flow

_EMITTED: Final = frozenset({"cpu", "memory", "gpu", "image", "queue", "shared_memory", "iam_role", "execution_role"})
"""The arguments of `@batch` that reach the job definition."""

_DIGEST: Final = 12


class Jobs:
    """The jobs of one flow's steps."""

    def __init__(self, flow: Flow, options: Options, report: Report) -> None:
        self.flow = flow
        self.options = options
        self.settings: dict[str, Settings] = {}
        self._definitions: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        warn_of_flow(flow, report)
        readable = Names(BATCH_NAME - len("flowc--") - _DIGEST, spell_word).of(flow.name)
        for step in flow.steps:
            settings = self.settings[step.name] = read_settings(step, "batch", _EMITTED, options, report)
            _check(step, settings, report)
            definition = self._define(step, settings)
            digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:_DIGEST]
            name = f"flowc-{readable}-{digest}"
            self._definitions[name] = {"jobDefinitionName": name, **definition}
            self._names[step.name] = name

    def definitions(self) -> list[dict[str, Any]]:
        """The requests of `batch:RegisterJobDefinition`, in the order in which steps first need them."""
        return list(self._definitions.values())

    def first_uses(self) -> list[tuple[str, dict[str, Any]]]:
        """The same, each with the first step that needs it."""
        first = {name: step for step, name in reversed(self._names.items())}
        return [(first[name], definition) for name, definition in self._definitions.items()]

    def submission(self, step: str, name: str, environment: list[dict[str, Any]]) -> dict[str, Any]:
        """The `Resource` and the `Parameters` of a state that runs a job as a step's tasks run, and waits for its end.

        Args:
            step: The step.
            name: What the job is called.
            environment: Its variables besides those of the definition, each with its `Value` or, as a path, its `Value.$`.
        """
        return {
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Parameters": {
                "JobName": name,
                "JobQueue": self.queue_of(step),
                "JobDefinition": self.definition_of(step),
                "ContainerOverrides": {"Environment": environment},
            },
        }

    def definition_of(self, step: str) -> str:
        """The name of a step's job definition."""
        return self._names[step]

    def queue_of(self, step: str) -> str:
        """The queue of a step's jobs."""
        return self.settings[step].queue or self.options.batch_queue or "${BatchQueue}"

    def _define(self, step: Step, settings: Settings) -> dict[str, Any]:
        own = next((dict(one.arguments) for one in step.decorators if one.name == "batch"), {})
        requirements = [("VCPU", number_text(settings.cpu)), ("MEMORY", str(ceil(settings.memory)))]
        if settings.gpu:
            requirements.append(("GPU", str(settings.gpu)))
        environment = [
            *settings.environment,
            (contract.DATASTORE, self.options.datastore_url),
            (contract.TARGET, "sfn"),
        ]
        container: dict[str, Any] = {
            "image": settings.image,
            "command": list(contract.ENTRYPOINT),
            "resourceRequirements": [{"type": kind, "value": value} for kind, value in requirements],
            "environment": [{"name": name, "value": value} for name, value in environment],
        }
        roles = {"jobRoleArn": own.get("iam_role") or self.options.job_role}
        roles["executionRoleArn"] = own.get("execution_role") or self.options.execution_role
        container |= {key: role for key, role in roles.items() if role}
        if settings.shared_memory is not None:
            container["linuxParameters"] = {"sharedMemorySize": int(settings.shared_memory)}
        return {
            "type": "container",
            "containerProperties": container,
            "retryStrategy": {"attempts": 1},  # the state machine's own `Retry` counts attempts and waits between them
            "timeout": {"attemptDurationSeconds": settings.timeout},
            "propagateTags": True,
            "tags": {"flowc:flow": self.flow.name},
        }


def _check(step: Step, settings: Settings, report: Report) -> None:
    at = {decorator.name: decorator.span for decorator in step.decorators}
    if settings.timeout < BATCH_TIMEOUT_SECONDS:
        report.add(
            rules.BAD_VALUE,
            f"step `{step.name}` times out after {settings.timeout} s, and AWS Batch takes {BATCH_TIMEOUT_SECONDS} s or more",
            at["timeout"],
            help=f"write `@timeout(seconds={BATCH_TIMEOUT_SECONDS})` or more",
        )
    for name, value in settings.environment:
        if name.startswith("AWS_BATCH"):
            report.add(
                rules.BAD_VALUE,
                f"`{name}` cannot be set: AWS Batch keeps names with AWS_BATCH for itself",
                at["environment"],
                f"set to {value!r}",
            )
