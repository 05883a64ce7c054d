"""AWS Step Functions: from a `Flow` to a state machine in the Amazon States Language (JSONPath) and the AWS Batch job definitions
that its tasks run with.

`lower` turns regions into states, `jobs` settings into job definitions.
"""

from __future__ import annotations

import json

from ...compiler.diagnostics.model import Report
from ...compiler.ir.nodes import Flow
from .. import Document
from ..options import Options
from ..usages import report_usages
from .jobs import Jobs
from .limits import measure
from .lower import lower


def emit(flow: Flow, options: Options, report: Report) -> tuple[Document, ...]:
    """The state machine, and the job definitions that must exist before it runs."""
    jobs = Jobs(flow, options, report)
    definition = lower(flow, jobs, options)
    text = _text(definition)
    usages = measure(flow, definition, text, jobs.first_uses())
    report_usages(usages, report)
    return (
        Document("state-machine.json", text, usages),
        Document("job-definitions.json", _text(jobs.definitions())),
    )


def _text(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
