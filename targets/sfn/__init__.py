"""AWS Step Functions: from a `Flow` to a state machine in the Amazon States Language (JSONPath) and the definitions, of AWS Batch
or of ECS, that its tasks run with.

`lower` turns regions into states: `tasks` those of a step, with its `retries`, `maps` says what a foreach becomes, `places` how
states know their paths, and `hooks` stand around all of it. `jobs` turns settings into definitions (`containers`: what is alike
on all computes; `batch`, `ecs`, `fargate`: what is not; `checks`: what they do not have), `limits` measures and counts
(`history`), `serialise` writes; `deployment` is all of it together.
"""

from __future__ import annotations

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from .. import Document
from ..options import Options
from ..usages import report_usages
from .deployment import deployment_of
from .serialise import to_text


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """The state machine, and the job definitions that must exist before it runs."""
    made = deployment_of(flow, options, report)
    report_usages(made.usages, report)
    return (
        Document("state-machine.json", made.text, made.usages),
        Document("job-definitions.json", to_text(list(made.jobs))),
    )
