"""AWS Step Functions: from a `Flow` to a state machine in the Amazon States Language (JSONPath), the definitions, of AWS Batch or
of ECS, that its tasks run with, its schedule, events and roles.

`lower` turns regions into states: `tasks` those of a step, with its `retries`, `maps` says what a foreach becomes, `places` how
states know their paths, and `hooks` stand around all of it. `jobs` turns settings into definitions (`containers`: what is alike
on all computes; `batch`, `ecs`, `fargate`: what is not; `checks`: what they do not have), `limits` measures and counts
(`history`), `serialise` writes. `schedule`, `events` and `policies` make what stands beside the machine; `deployment` is all of
it together, with `symbols` for what only an account knows. `cloudformation` and `terraform` write that as one document, with what
is `wanted` as parameters and names in their own `casing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
from ...compiler.limits import TEMPLATE_BYTES, TEMPLATE_RESOURCES, usage_of
from .. import Document
from ..options import Options
from ..usages import report_usages
from .cloudformation import dynamic_reference, template_of
from .deployment import Deployment, deployment_of
from .serialise import to_text
from .symbols import fill
from .terraform import configuration_of
from .wanted import roles_of


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """The state machine; then what must exist before it runs, what starts it, what its roles must be allowed; and all of that
    again as one document, for CloudFormation and for Terraform."""
    made = deployment_of(flow, options, report)
    report_usages(made.usages, report)
    template = template_of(made)
    reference = dynamic_reference(template)
    if reference is not None:
        _warn_of_reference(flow, reference, report)
    return (
        Document("state-machine.json", made.text, made.usages),
        Document("job-definitions.json", to_text(fill(made.jobs, {}))),
        *_beside(made),
        *([_template(flow, template)] if reference is None else []),
        Document("main.tf.json", to_text(configuration_of(made))),
    )


def _template(flow: Flow, template: Mapping[str, Any]) -> Document:
    """The template, with what it takes of CloudFormation's limits; a flow that is past them can be deployed in other ways."""
    text = to_text(template)
    usages = (
        usage_of(TEMPLATE_BYTES, len(text.encode()), flow.span),
        usage_of(TEMPLATE_RESOURCES, len(template["Resources"]), flow.span),
    )
    return Document("cloudformation.json", text, usages)


def _beside(made: Deployment) -> Iterator[Document]:
    """Schedule, rules and roles, as requests and documents in which `${AWS::Region}` and the like stand for what is not known."""
    bare = made.filled({})
    if bare.schedule is not None:
        yield Document("schedule.json", to_text(bare.schedule))
    if bare.rules:
        yield Document("events.json", to_text([{"rule": one.put_rule(), "targets": one.put_targets()} for one in bare.rules]))
    for name, role in roles_of(bare):
        if role.policy is not None:
            yield Document(f"iam/{name}-policy.json", to_text(role.policy))
        yield Document(f"iam/{name}-trust.json", to_text(role.trust))


def _warn_of_reference(flow: Flow, reference: str, report: Report) -> None:
    """Say that there is no template, for CloudFormation would replace text of the user's in it."""
    decorators = [*flow.decorators, *(one for step in flow.steps for one in step.decorators)]
    found = next((one for one in decorators if reference in repr(one.arguments)), None)
    report.add(
        rules.NOT_EMITTED,
        f"`cloudformation.json` is not made: CloudFormation puts something else in place of `{reference}…` wherever that stands",
        found.span if found else flow.span,
        help="put the text together in the step, of parts that are not like that; nothing else replaces it",
    )
