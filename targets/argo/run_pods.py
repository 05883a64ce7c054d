"""The Pods of a run that is started from somebody's machine: one for each attempt of the tasks that run on the cluster.

In: a flow, which of its steps run there, the options of a deployment. Out: for each order a manifest, whose container is told
what a container of a workflow is told, and that the run has begun. No Workflow, no Job has these Pods: whoever started them looks
after them, and when nobody does, each ends by its own time.

    pods = RunPods(flow, ("train",), options, user="ann", report=report)
    pods.manifest(Order(run="20261121-122322-a1b2c3", step="train", path="3", attempt=0))
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow, Step
from ...runtime import contract
from ...runtime.compute import Order
from ...templates import bootstrap_command
from ..options import Options
from ..project import project_of
from ..settings import arguments_of, read_settings
from . import marks
from .pod_fields import escape_variable, pod_manifest
from .pods import ARGUMENTS, pod_of
from .retries import deadline_of
from .serialise import Inline

TARGET: Final = "local"
"""What schedules such a run (`contract.TARGET`)."""
_LONGEST: Final = 63
"""Characters of a Pod's name that are also its host name."""
_DIGITS: Final = 12
_FLOW: Final = 16
"""Characters that the flow's name gets of it."""


class RunPods:
    """The Pods of one run's steps.

    Args:
        flow: A sound flow.
        steps: Those of its steps that run there.
        options: What a deployment decides. Where it names no namespace, the steps may.
        user: Whose run it is, or None.
        report: Takes what Kubernetes would refuse, and what has no effect.

    Attributes:
        namespace: Where they are, as far as somebody says so.
    """

    def __init__(self, flow: Flow, steps: Collection[str], options: Options, *, user: str | None, report: Report) -> None:
        self.flow = flow.name
        self.user = user
        self.namespace = namespace_of(flow, steps, options)
        self._datastore = options.datastore_url.rstrip("/")
        options = replace(options, namespace=self.namespace)
        command = bootstrap_command(options.datastore_url)
        chosen = [step for step in flow.steps if step.name in steps]
        common = [*self._variables(flow, options, user)]
        self._manifests = {step.name: _manifest(step, options, command, common, report) for step in chosen}

    @property
    def steps(self) -> Mapping[str, Mapping[str, Any]]:
        """By step, its Pods without what is different about each of them."""
        return self._manifests

    def name(self, order: Order) -> str:
        """What an order's Pod is called: always the same, so that none is started twice."""
        whole = "\0".join((self._datastore, self.flow, order.run, order.step, order.path, str(order.attempt)))
        digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.flow[:_FLOW]}-{order.run}-{order.step}-{order.path}-{order.attempt}".lower())
        return f"{words.strip('-')[: _LONGEST - _DIGITS - 1].rstrip('-')}-{digest}"

    def manifest(self, order: Order) -> dict[str, Any]:
        """An order's Pod."""
        common = self._manifests[order.step]
        metadata, spec = common["metadata"], common["spec"]
        (container,) = spec["containers"]
        told = [
            (contract.RUN, order.run),
            (contract.STEP, order.step),
            (contract.PATH, order.path),
            (contract.ATTEMPT, str(order.attempt)),
        ]
        variables = [Inline(name=name, value=escape_variable(value)) for name, value in told]
        return {
            **common,
            "metadata": {
                "name": self.name(order),
                "labels": {**metadata["labels"], **self.labels(order.run), marks.STEP: marks.label_of(order.step)},
                "annotations": {**metadata["annotations"], **self.annotations(order)},
            },
            "spec": {**spec, "containers": [{**container, "env": [*container["env"], *variables]}]},
        }

    def labels(self, run: str) -> dict[str, str]:
        """The labels by which the Pods of a run are found."""
        return labels_of(self.flow, run, self.user)

    def annotations(self, order: Order) -> dict[str, str]:
        """The annotations that say whose Pod it is, and which attempt of what."""
        return {
            marks.FLOW: self.flow,
            marks.DATASTORE: self._datastore,
            marks.RUN: order.run,
            marks.STEP: order.step,
            marks.PATH: order.path,
            marks.ATTEMPT: str(order.attempt),
            **({marks.USER: self.user} if self.user else {}),
        }

    def _variables(self, flow: Flow, options: Options, user: str | None) -> Iterator[tuple[str, str]]:
        """What all containers are told."""
        project = project_of(flow, options)
        yield contract.DATASTORE, options.datastore_url
        yield contract.CODE, options.code or contract.CODE_IN_IMAGE
        yield contract.TARGET, TARGET
        yield contract.BEGUN, "1"
        own = dict(project.environment if project else ())
        if user:
            own.setdefault(contract.USER, user)
        yield from ((name, escape_variable(value)) for name, value in own.items())


def labels_of(flow: str, run: str | None = None, user: str | None = None) -> dict[str, str]:
    """The labels of the Pods of a flow's runs, of one run, of one person's."""
    said = {marks.FLOW: flow, marks.RUN: run, marks.USER: user}
    return {marks.MANAGED_BY: marks.FLOWC, **{key: marks.label_of(value) for key, value in said.items() if value}}


def namespace_of(flow: Flow, steps: Collection[str], options: Options) -> str | None:
    """The namespace of a run's Pods: the one that is asked for, else the first that a step names; None: the context's."""
    named = (arguments_of(step, "kubernetes").get("namespace") for step in flow.steps if step.name in steps)
    return options.namespace or next((one for one in named if isinstance(one, str) and one), None)


def _manifest(
    step: Step, options: Options, command: tuple[str, ...], variables: list[tuple[str, str]], report: Report
) -> dict[str, Any]:
    """A step's Pods. What decorators say to schedulers counts here, where it may not for a deployed flow: that is not asked."""
    settings = read_settings(step, "kubernetes", ARGUMENTS, options, Report())
    pod = pod_of(step, settings, options, report, bare=True)
    found = pod_manifest(pod, command, variables, seconds=deadline_of(settings))
    if options.service_account:
        found["spec"].setdefault("serviceAccountName", options.service_account)
    return found
