"""All that a deployment of a flow is on a cluster, as data: what `compile` writes as documents, and `deploy` applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...compiler.limits import Usage
from ..options import Options
from . import rbac
from .events import account_of, event_source, sensor
from .limits import measure
from .lower import lower
from .metadata import cron_name, labels_of, metadata_of, name_of
from .overlay import apply_overlay
from .profiles import Profiles
from .schedule import cron_workflow, schedule_of
from .serialise import to_yaml
from .workflow import service_account_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A flow on a cluster.

    Attributes:
        name: The WorkflowTemplate's name, of which a namespace has one for each flow and branch of its project.
        flow: The flow's name.
        accounts: Service accounts, their roles, and what binds these; empty unless they are asked for.
        template: The WorkflowTemplate.
        text: The WorkflowTemplate as YAML, which is what its size is measured by.
        cron: The CronWorkflow, or None.
        event_source: The EventSource, or None.
        sensor: The Sensor, or None.
        usages: What all this takes of the platforms' limits.
    """

    name: str
    flow: str
    accounts: tuple[dict[str, Any], ...] = field(repr=False)
    template: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    cron: dict[str, Any] | None = field(repr=False)
    event_source: dict[str, Any] | None = field(repr=False)
    sensor: dict[str, Any] | None = field(repr=False)
    usages: tuple[Usage, ...] = field(repr=False)

    def manifests(self) -> Iterator[dict[str, Any]]:
        """All objects, in the order in which they are applied: what others refer to comes first."""
        yield from self.accounts
        yield self.template
        for one in (self.cron, self.event_source, self.sensor):
            if one is not None:
                yield one


def deployment_of(flow: Flow, options: Options, report: Report) -> Deployment:
    """What a flow becomes with these options; faults are added to the report."""
    name = name_of(flow, options)
    profiles = Profiles(flow, options, report)
    when = schedule_of(flow, report)
    watching = event_source(flow, options, report)
    starting = sensor(flow, options, report)
    accounts = tuple(_accounts(flow, options, profiles, watching=watching is not None, starting=starting is not None))
    cron = cron_workflow(metadata_of(flow, options, cron_name(name)), name, labels_of(name), when) if when else None
    objects = [*accounts, lower(flow, profiles, options), *(one for one in (cron, watching, starting) if one is not None)]
    made = iter(apply_overlay(objects, options.overlay, report))
    accounts, template = tuple(next(made) for _ in accounts), next(made)
    text = to_yaml(template)
    return Deployment(
        name=name,
        flow=flow.name,
        accounts=accounts,
        template=template,
        text=text,
        cron=next(made) if cron else None,
        event_source=next(made) if watching else None,
        sensor=next(made) if starting else None,
        usages=measure(flow, template, text),
    )


def _accounts(flow: Flow, options: Options, profiles: Profiles, *, watching: bool, starting: bool) -> Iterator[dict[str, Any]]:
    if not options.with_rbac:
        return
    tasks, events = service_account_of(flow, options), account_of(flow, options)
    of_events = {} if not starting else rbac.WATCHER if watching else rbac.SENSOR
    both = tasks == events
    yield from rbac.account(
        metadata_of(flow, options, tasks), {**rbac.EXECUTOR, **(of_events if both else {})}, profiles.service_accounts()
    )
    if starting and not both:
        yield from rbac.account(metadata_of(flow, options, events), of_events)
