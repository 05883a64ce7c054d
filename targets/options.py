"""What a deployment decides and a flow does not say: images, queues, roles, the datastore."""

from __future__ import annotations

import re
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

    def unusable(self, target: str) -> str | None:
        """Why these options cannot be used for a target, or None.

        Prefixes are kept to characters that mean nothing to any platform, for they become part of keys and of expressions.
        """
        url = self.datastore
        if url is None or re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=/-]*)?", url):
            return None
        if target == "sfn":
            return f"Step Functions reads from S3, so the datastore must be s3://bucket/prefix, not {url!r}"
        if re.fullmatch(r"((az|gs)://[A-Za-z0-9]|/)[A-Za-z0-9_.=/-]*", url):
            return None
        return f"a datastore that pods reach is s3://…, az://…, gs://… or a path of letters, digits and _ . = / -, not {url!r}"

    @property
    def datastore_url(self) -> str:
        """The datastore, or a placeholder for it."""
        return self.datastore or "s3://${DatastoreBucket}"
