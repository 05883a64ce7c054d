"""AWS Step Functions: from a `Flow` to a state machine in the Amazon States Language (JSONPath) and the AWS Batch job definitions
that its tasks run with, its schedule, events and roles.

`lower` turns regions into states: `tasks` those of a step, with its `retries`, `maps` says what a foreach becomes, `places` how
states know their paths, and `hooks` stand around all of it. `jobs` turns settings into job definitions, `limits` measures and
counts (`history`), `serialise` writes. `schedule`, `events` and `policies` make what stands beside the machine; `deployment` is
all of it together, with `symbols` for what only an account knows. `cloudformation` and `terraform` write that as one document,
with what is `wanted` as parameters and names in their own `casing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Flow
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
    if reference := dynamic_reference(template):
        _report_reference(flow, reference, report)
    return (
        Document("state-machine.json", made.text, made.usages),
        Document("job-definitions.json", to_text(fill(made.jobs, {}))),
        *_beside(made),
        Document("cloudformation.json", to_text(template)),
        Document("main.tf.json", to_text(configuration_of(made))),
    )


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


def _report_reference(flow: Flow, reference: str, report: Report) -> None:
    """Say that CloudFormation would replace text of the user's."""
    start = reference.index("{{resolve:")
    text = reference[start : start + 60].partition("}}")[0] + "}}"

    def holds(value: Any) -> bool:
        return text[:-2] in repr(value)

    decorators = [*flow.decorators, *(one for step in flow.steps for one in step.decorators)]
    found = next((one for one in decorators if holds(one.arguments)), None)
    report.add(
        rules.BAD_VALUE,
        f"CloudFormation puts something else in place of `{text}`, wherever it stands in a template, and cannot be told not to",
        found.span if found else flow.span,
        help="put the text together in the step, from parts of which none is like that",
    )
