"""What the platforms refuse, and what flowc refuses so as to keep away from it. Figures are the vendors' published ones.

A `Limit` is measured on every compile: a `Usage` says how much of it a flow takes and which step is responsible. What is more
than the limit is an error; more than `NEAR` of it is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .source import Span

NEAR: Final = 0.8
"""The part of a limit past which one is warned. What flowc divides by itself, it keeps below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that a platform takes of something.

    Attributes:
        what: Words that go on with a count: `tasks of one DAG`.
        most: The most.
        remedy: What to do about it.
    """

    what: str
    most: int
    remedy: str = "split the flow into two"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a limit a flow takes.

    Attributes:
        what: What is counted, in the limit's words.
        used: How much there is.
        limit: The most; None for a figure without one.
        where: Which step is responsible, in a few words; "" for the flow as a whole.
        span: Where that step is defined, or the flow.
        certain: Every run uses this much. Otherwise some run may.
        remedy: What to do about it.
    """

    what: str
    used: int
    limit: int | None = None
    where: str = ""
    span: Span = field(compare=False, repr=False)
    certain: bool = True
    remedy: str = ""

    @property
    def over(self) -> bool:
        """Whether it is more than the limit."""
        return self.limit is not None and self.used > self.limit

    @property
    def near(self) -> bool:
        """Whether it is more than most of the limit."""
        return self.limit is not None and self.used > NEAR * self.limit


def usage_of(limit: Limit, used: int, span: Span, where: str = "", *, certain: bool = True) -> Usage:
    """What a flow takes of a limit."""
    return Usage(what=limit.what, used=used, limit=limit.most, where=where, span=span, certain=certain, remedy=limit.remedy)


# What flowc itself sets.

LOOP_TURNS: Final = 90
"""Turns of a loop, nested ones added up. Argo runs a loop as a recursion of templates, 100 deep at the most."""

NESTING: Final = 40
"""Splits, foreach and loops inside each other. Every level is a template or a state machine of its own."""

NAME_BYTES: Final = 200
"""A step's or a flow's name in UTF-8. It is a folder of a local store, where a name has 255 bytes at the most (NAME_MAX), and a
part of the key of an object in S3, which has 1,024."""

# Step Functions: docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html

ASL_DEFINITION: Final = Limit(
    what="bytes of a state machine's definition",
    most=1_000_000,
)
"""Step Functions, "Service quotas": 1 MB."""
ASL_HISTORY: Final = Limit(
    what="events in the history of one execution",
    most=25_000,
    remedy="split the flow into two, or do more in one step; each item of a distributed foreach has a history of its own",
)
"""Step Functions, "Service quotas": an execution that has more of them fails."""
ASL_PAYLOAD: Final = Limit(
    what="bytes of what one state hands to the next",
    most=262_144,
    remedy='write `@foreach(mode="distributed")` on the step that splits, or shorten names of steps',
)
"""Step Functions, "Service quotas": input or result data of a state, as UTF-8."""
ASL_STATE_NAME: Final = 80
"""Characters of a state's name (Amazon States Language, "States")."""

# AWS Batch: docs.aws.amazon.com/batch/latest/userguide/service_limits.html and the API's reference

BATCH_DEFINITION: Final = Limit(
    what="bytes of a job definition",
    most=24 * 1024,
    remedy="make `@environment` smaller; read what is long in the step",
)
"""Batch, "Service quotas": 24 KiB."""
BATCH_OVERRIDES: Final = Limit(
    what="bytes of a job's overrides",
    most=7_500,
    remedy="shorten the name of the step",
)
"""Batch, `containerOverrides`: 8,192 characters as JSON, with the values that are filled in when it runs."""
BATCH_NAME: Final = 128
"""Characters of the name of a job or of a job definition (Batch, `jobName`, `jobDefinitionName`)."""
BATCH_TIMEOUT_SECONDS: Final = 60
"""The shortest timeout of an attempt that Batch takes."""

# ECS: docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html and the API's reference

ECS_DEFINITION: Final = Limit(
    what="bytes of a task definition",
    most=64 * 1024,
    remedy="make `@environment` smaller; read what is long in the step",
)
"""ECS, "Service quotas": 64 KB."""
ECS_OVERRIDES: Final = Limit(
    what="bytes of a task's overrides",
    most=7_500,
    remedy="shorten the name of the step",
)
"""The same on ECS (`overrides`)."""

# CloudFormation: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

TEMPLATE_BYTES: Final = Limit(
    what="bytes of a CloudFormation template",
    most=1_000_000,
    remedy="give more steps the same decorators, for alike steps share a job definition",
)
"""CloudFormation, "Quotas": 1 MB, as an object in S3; 51,200 bytes in a request."""
TEMPLATE_RESOURCES: Final = Limit(
    what="resources of a CloudFormation template",
    most=500,
    remedy="give more steps the same decorators, for alike steps share a job definition",
)
"""CloudFormation, "Quotas"."""

# Argo Workflows and Kubernetes

ARGO_OBJECT: Final = Limit(
    what="bytes of a workflow template",
    most=1_000_000,
)
"""etcd refuses larger objects; a workflow's spec is neither compressed nor offloaded, as its status is."""
ARGO_TEMPLATES: Final = Limit(
    what="templates of a workflow",
    most=200,
    remedy="give more steps the same decorators, for alike steps share a template, and so do foreach whose bodies are alike; a "
    "loop takes one for itself; or split the flow into two",
)
"""Argo 4, custom resource definitions: maxItems."""
ARGO_DAG_TASKS: Final = Limit(
    what="tasks of one DAG",
    most=200,
    remedy="put a step that all ways go through in between: a DAG can be divided there",
)
"""Argo 4, custom resource definitions: maxItems."""
ARGO_DEPTH: Final = Limit(
    what="templates inside each other",
    most=99,
    remedy="write a smaller `max_iterations` for a loop, each turn of which stands inside the one before; or nest less",
)
"""Argo's controller ends a run whose templates call each other deeper (`maxStackDepth`): foreaches, loops and the step itself
count, and so does each part of a DAG that is divided."""
ARGO_PARAMETERS: Final = Limit(
    what="parameters of a workflow",
    most=500,
    remedy="take several values as one `Parameter` of type `JSONType`",
)
"""Argo 4, custom resource definitions: maxItems."""
ARGO_TEMPLATE: Final = Limit(
    what="bytes of a step's template",
    most=131_072,
    remedy="make `@environment` smaller; read what is long in the step",
)
"""Linux, MAX_ARG_STRLEN: Argo hands a pod its template as one environment variable."""
ARGO_ANNOTATIONS: Final = Limit(
    what="bytes of annotations",
    most=262_144,
    remedy="rename steps so that Argo takes their names: letters, digits and single `_` inside",
)
"""Kubernetes: all annotations of one object together."""
ARGO_NAME: Final = 63
"""Characters of a WorkflowTemplate's name, which becomes a label (Kubernetes, "Labels and Selectors")."""
ARGO_TASK_NAME: Final = 128
"""Characters of a template's or a task's name (Argo 4, custom resource definitions)."""
