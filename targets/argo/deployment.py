"""All that a deployment of a flow is on a cluster, as data: what `compile` writes as documents, and `deploy` applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from ...compiler.limits import Usage
from ..options import Options
from .limits import measure
from .lower import lower
from .overlay import apply_overlay
from .profiles import Profiles
from .serialise import to_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A flow on a cluster.

    Attributes:
        name: The WorkflowTemplate's name, of which a namespace has one for each flow and branch of its project.
        flow: The flow's name.
        template: The WorkflowTemplate.
        usages: What all this takes of the platforms' limits.
    """

    name: str
    flow: str
    template: dict[str, Any] = field(repr=False)
    usages: tuple[Usage, ...] = field(repr=False)

    def manifests(self) -> Iterator[dict[str, Any]]:
        """All objects, in the order in which they are applied: what others refer to comes first."""
        yield self.template


def deployment_of(flow: Flow, options: Options, report: Report) -> Deployment:
    """What a flow becomes with these options; faults are added to the report."""
    (template,) = apply_overlay([lower(flow, Profiles(flow, options, report), options)], options.overlay, report)
    return Deployment(
        name=template["metadata"]["name"],
        flow=flow.name,
        template=template,
        usages=measure(flow, template, to_yaml(template)),
    )
