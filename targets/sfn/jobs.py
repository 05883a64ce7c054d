"""The jobs of a flow's steps: definitions of AWS Batch or of ECS, one for each distinct setting, named by its content; and how a
state, or a local run, submits one.

A definition is never changed: another setting is another name, so that a new deployment cannot change a running execution. It
does not depend on the flow's code either, which every job is told by its state.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow, Step
from ...compiler.limits import BATCH_NAME
from ..names import Names, spell_word
from ..options import Options
from ..settings import Settings, read_settings, warn_of_flow
from . import batch, ecs
from .checks import check, check_mounts, size_of
from .containers import ARGUMENTS, Container, container_of, deployment_variables
from .symbols import QUEUE

FLOW_TAG: Final = "flowc:flow"
"""On everything that flowc makes."""
MAKER_TAG: Final = "flowc:maker"
"""On a state machine that a template has made: whose, CloudFormation or Terraform."""
_DIGEST: Final = 12


class Jobs:
    """The jobs of one flow's steps.

    Args:
        report: Takes what the platform does not have.
        steps: The names of those that are meant; None: all.
    """

    def __init__(self, flow: Flow, options: Options, report: Report, steps: Collection[str] | None = None) -> None:
        self.flow = flow
        self.options = options
        self.settings: dict[str, Settings] = {}
        self._containers: dict[str, Container] = {}
        self._definitions: dict[str, dict[str, Any]] = {}
        self._names: dict[str, str] = {}
        self._ecs = options.compute.startswith("ecs")
        self._variables = deployment_variables(flow, options)
        self._fargate = options.compute.endswith("fargate")
        self._readable = Names(BATCH_NAME - len("flowc--") - _DIGEST, spell_word).of(flow.name)
        warn_of_flow(flow, "batch", report)
        for step in flow.steps:
            if steps is None or step.name in steps:
                self._add(step, report)

    def definitions(self) -> list[dict[str, Any]]:
        """The requests of `batch:RegisterJobDefinition` or `ecs:RegisterTaskDefinition`, in the order in which steps first need
        them."""
        return list(self._definitions.values())

    def first_uses(self) -> list[tuple[str, dict[str, Any]]]:
        """The same, each with the first step that needs it."""
        first = {name: step for step, name in reversed(self._names.items())}
        return [(first[name], definition) for name, definition in self._definitions.items()]

    def queue_of(self, step: str) -> str:
        """The queue of a step's jobs, where AWS Batch runs them."""
        return self.settings[step].queue or self.options.batch_queue or str(QUEUE)

    def submission(self, step: str, job_name: str, environment: list[dict[str, str]]) -> dict[str, Any]:
        """The fields of a `Task` state that runs a job of a step: `Resource`, `Parameters` and, on ECS, `TimeoutSeconds`.

        Args:
            step: The step.
            job_name: What the job is called; ECS has no names for tasks.
            environment: What this job is told beside its definition: `Name` and `Value` or `Value.$`.
        """
        container, definition = self._containers[step], self._names[step]
        if self._ecs:
            return ecs.submit(container, self.options, definition=definition, environment=environment)
        queue = self.queue_of(step)
        return batch.submit(container, definition=definition, queue=queue, job_name=job_name, environment=environment)

    def request(
        self, step: str, *, queue: str, job_name: str, environment: Mapping[str, str], tags: Mapping[str, str], size: int = 1
    ) -> dict[str, Any]:
        """The request of `batch:SubmitJob` for jobs of a step, as many as `size`.

        Args:
            step: The step.
            queue: Their queue.
            job_name: What they are called.
            environment: What they are told beside their definition.
            tags: What says whose they are.
        """
        return batch.request(
            self._containers[step],
            definition=self._names[step],
            queue=queue,
            job_name=job_name,
            environment=environment,
            tags=tags,
            size=size,
        )

    def _add(self, step: Step, report: Report) -> None:
        settings = self.settings[step.name] = read_settings(step, "batch", ARGUMENTS, self.options, report)
        check(step, settings, self.options, report)
        size = size_of(step, settings, self.options, report)
        container = self._containers[step.name] = container_of(step, settings, size, self.options, self._variables)
        check_mounts(step, container, report)
        definition = self._define(container)
        digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:_DIGEST]
        name = self._names[step.name] = f"flowc-{self._readable}-{digest}"
        self._definitions[name] = {"family" if self._ecs else "jobDefinitionName": name, **definition}

    def _define(self, container: Container) -> dict[str, Any]:
        tags = {FLOW_TAG: self.flow.name}
        if self._ecs:
            return ecs.define(container, tags, fargate=self._fargate, interface=bool(self.options.subnets))
        return batch.define(container, tags, fargate=self._fargate)


def tag_value(value: str) -> str:
    """A tag's value, of which AWS takes not everything: a user's name may hold what it does not.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
    """
    return re.sub(r"[^\w .:/=+@-]", "_", value)[:256]
