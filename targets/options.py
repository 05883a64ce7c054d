"""What a deployment decides and a flow does not say: images, queues, roles, the datastore."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_IMAGE = "python:3.11"
"""Fixed, so that output does not depend on the compiling machine's Python."""

PLACEHOLDERS = {"${BatchQueue}": "--batch-queue", "${DatastoreBucket}": "--datastore"}
"""What stands in a document for a setting that was not given, and the flag that gives it. The form is CloudFormation's, which can
fill them in (`DefinitionSubstitutions`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of one compilation, from flags, `FLOWC_*` variables or a settings file.

    Attributes:
        image: The container image of steps that name none.
        datastore: Where runs keep their objects, as `s3://bucket/prefix`.
        batch_queue: The AWS Batch queue (name or ARN) of steps that name none.
        job_role: The IAM role of Batch jobs.
        execution_role: The IAM role that starts Batch jobs' containers (Fargate, secrets).
        namespace: The Kubernetes namespace of the workflow.
        service_account: The Kubernetes service account of its pods.
    """

    image: str = DEFAULT_IMAGE
    datastore: str | None = None
    batch_queue: str | None = None
    job_role: str | None = None
    execution_role: str | None = None
    namespace: str | None = None
    service_account: str | None = None

    @property
    def datastore_url(self) -> str:
        """The datastore, or a placeholder for it."""
        return self.datastore or "s3://${DatastoreBucket}"
