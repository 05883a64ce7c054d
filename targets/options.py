"""What a deployment decides and a flow does not say: images, queues, roles, the datastore."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..compiler.frontend import aws_kinds, kube_kinds
from ..compiler.frontend.kinds import PROJECT, Kind
from ..compiler.source import Source

DEFAULT_IMAGE = "python:3.11"
"""Fixed, so that output does not depend on the compiling machine's Python."""

COMPUTE = ("batch", "batch-fargate", "ecs", "ecs-fargate")
"""What runs the tasks of a state machine: AWS Batch or ECS, each on EC2 instances or on Fargate."""

PLACEHOLDERS = {
    "${BatchQueue}": "--batch-queue",
    "${DatastoreBucket}": "--datastore",
    "${JobRole}": "--job-role",
    "${ExecutionRole}": "--execution-role",
    "${EcsCluster}": "--ecs-cluster",
    "${Subnets}": "--subnets",
    "${Namespace}": "--namespace",
}
"""What stands in a document for a setting that was not given, and the flag that gives it. The form is CloudFormation's, which can
fill them in for a state machine (`DefinitionSubstitutions`); nothing does for Argo."""

PACKAGE = "${PackageKey}"
"""Stands for the package's key, which only a deployment knows: there is no flag for it."""

NAMESPACE = "${Namespace}"
"""Stands for the namespace in an EventSource, which would watch all of them without one."""
EVENT_SOURCE = "argo-events-webhook/metaflow-event"
"""The event source and the event of it by which events come, as Metaflow's own installations call them."""

_BUCKET = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"


@dataclass(frozen=True, slots=True)
class Overlay:
    """A file of one's own that is merged onto the documents.

    Attributes:
        path: The file, as it was named.
        text: What it holds, YAML.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of one compilation, from flags, `FLOWC_*` variables or a settings file.

    Attributes:
        image: The container image of steps that name none.
        datastore: Where runs keep their objects: `s3://bucket/prefix`; for Argo also `az://…`, `gs://…` or an absolute path.
        batch_queue: The AWS Batch queue (name or ARN) of steps that name none.
        code: The package's key in the datastore; None, where nothing is uploaded: for Argo the image holds the flow, for Step
            Functions a placeholder stands for the key.
        compute: What runs the tasks of a state machine, one of `COMPUTE`.
        ecs_cluster: The ECS cluster (name or ARN) that runs tasks.
        subnets: The subnets of ECS tasks.
        security_groups: The security groups of ECS tasks.
        sfn_role: The IAM role of the state machine.
        events_role: The IAM role by which schedules and events start it; None: the same.
        job_role: The IAM role of its jobs.
        execution_role: The IAM role that starts the jobs' containers (Fargate, secrets).
        event_bus: The bus, of EventBridge or of Argo Events, whose events start it; None: the default one.
        event_source: The event source of Argo Events by which events come, `/`, and what it calls them.
        max_workers: How many items of a foreach run at a time.
        workflow_timeout: Seconds that a run may take.
        branch: The branch of the project, where `@project` names none.
        production: Whether that is for production, where `@project` does not say so.
        user: Whose branch it is, where neither is said.
        context: The context of kubeconfig that names the cluster; None: the current one.
        argo_url: Where a browser shows Argo's own pages.
        namespace: The Kubernetes namespace of the workflow.
        service_account: The Kubernetes service account of its pods.
        events_service_account: The Kubernetes service account of what starts it by events.
        with_rbac: Whether these accounts, and what they may do, are of the deployment.
        overlay: What is merged onto the objects of Argo, or None.
    """

    image: str = DEFAULT_IMAGE
    datastore: str | None = None
    batch_queue: str | None = None
    code: str | None = None
    compute: str = COMPUTE[0]
    ecs_cluster: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    sfn_role: str | None = None
    events_role: str | None = None
    event_bus: str | None = None
    max_workers: int | None = None
    workflow_timeout: int | None = None
    branch: str | None = None
    production: bool = False
    user: str | None = None
    job_role: str | None = None
    execution_role: str | None = None
    context: str | None = None
    argo_url: str | None = None
    namespace: str | None = None
    service_account: str | None = None
    events_service_account: str | None = None
    event_source: str = EVENT_SOURCE
    with_rbac: bool = False
    overlay: Overlay | None = None

    def unusable(self, target: str) -> str | None:
        """Why these options cannot be used for a target, or None.

        Prefixes are kept to characters that mean nothing to any platform, for they become part of keys and of expressions.
        """
        return self._unusable_datastore(target) or (self._unusable_on_aws() if target == "sfn" else self.unusable_place())

    def _unusable_on_aws(self) -> str | None:
        kinds: tuple[tuple[str, Kind, str | tuple[str, ...] | None], ...] = (
            ("--image", aws_kinds.IMAGE, self.image),
            ("--batch-queue", aws_kinds.QUEUE, self.batch_queue),
            ("--sfn-role", aws_kinds.ROLE, self.sfn_role),
            ("--events-role", aws_kinds.ROLE, self.events_role),
            ("--job-role", aws_kinds.ROLE, self.job_role),
            ("--execution-role", aws_kinds.ROLE, self.execution_role),
            ("--ecs-cluster", aws_kinds.CLUSTER, self.ecs_cluster),
            ("--event-bus", aws_kinds.BUS, self.event_bus),
            ("--branch", PROJECT, self.branch),
            ("--subnets", aws_kinds.SUBNET, self.subnets),
            ("--security-groups", aws_kinds.SECURITY_GROUP, self.security_groups),
        )
        for flag, kind, given in kinds:
            for one in given if isinstance(given, tuple) else (given,):
                if one is not None and not kind.fits(one):
                    return f"{flag} takes {kind.words}, not {one!r}"
        for flag, listed, most in (("--subnets", self.subnets, 16), ("--security-groups", self.security_groups, 5)):
            if len(listed) > most:
                return f"{flag} is given {len(listed)} times, and ECS takes {most} at the most"
        if self.security_groups and self.compute == "ecs" and not self.subnets:
            return (
                "--security-groups are those of a task's own network interface, which an ECS task on EC2 has with --subnets only"
            )
        return None

    def _unusable_datastore(self, target: str) -> str | None:
        url = self.datastore
        if url is None:
            return None
        if re.fullmatch(rf"s3://{_BUCKET}(/[A-Za-z0-9_.=/-]*)?", url):
            # Tasks leave out empty parts, and refuse the others.
            if {"", ".", ".."} & set(url.removeprefix("s3://").rstrip("/").split("/")):
                return f"a datastore's prefix has no empty part and no `.` or `..` in it, unlike that of {url!r}"
            return None
        if not url:
            return "--datastore is empty: leave it out, or name one, as s3://bucket/prefix"
        if url.startswith("s3://"):
            bucket = url.removeprefix("s3://").partition("/")[0]
            if re.fullmatch(_BUCKET, bucket):
                return f"a datastore's prefix is made of letters, digits and _ . = / -, unlike that of {url!r}"
            return (
                "a bucket's name has 3 to 63 characters, lower-case letters, digits, . and -, and begins and ends with a letter "
                f"or digit; that of the datastore {url!r} is {bucket!r}"
            )
        if target == "sfn":
            return f"Step Functions reads from S3, so the datastore must be s3://bucket/prefix, not {url!r}"
        if re.fullmatch(r"((az|gs)://[A-Za-z0-9]|/)[A-Za-z0-9_.=/-]*", url):
            return None
        return (
            "a datastore that pods reach is s3://…, az://…, gs://… or an absolute path, of letters, digits and _ . = / -, not "
            f"{url!r}"
        )

    def unusable_place(self) -> str | None:
        """Why no part of a cluster can be meant, or None."""
        if self.argo_url is not None and not re.fullmatch(r"https?://[^/\s]\S*", self.argo_url):
            return f"--argo-url is the address of Argo's pages, as https://argo.example, and not {self.argo_url!r}"
        return self._unusable_names()

    def _unusable_names(self) -> str | None:
        # A namespace is a DNS-1123 label, a service account's name a DNS-1123 subdomain: labels with dots between them.
        if self.namespace is not None and not (re.fullmatch(_LABEL, self.namespace) and len(self.namespace) <= 63):
            return (
                "the name of a Kubernetes namespace has at most 63 characters, lower-case letters, digits and -, and begins and "
                f"ends with a letter or digit (DNS-1123), unlike --namespace {self.namespace!r}"
            )
        if "{{" in self.image:
            return f"Argo would expand the `{{{{` in --image {self.image!r}"
        if not kube_kinds.IMAGE.fits(self.image):
            return f"--image takes {kube_kinds.IMAGE.words}, not {self.image!r}"
        for flag, what, name in (
            ("--service-account", "service account", self.service_account),
            ("--events-service-account", "service account", self.events_service_account),
            ("--event-bus", "EventBus of Argo Events", self.event_bus),
        ):
            if name is not None and not (re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", name) and len(name) <= 253):
                return (
                    f"the name of a Kubernetes {what} has at most 253 characters, lower-case letters, digits, - and ., and "
                    f"each part between dots begins and ends with a letter or digit (DNS-1123), unlike {flag} {name!r}"
                )
        if not re.fullmatch(rf"{_LABEL}/[A-Za-z0-9][A-Za-z0-9_-]*", self.event_source):
            return (
                "--event-source takes the name of an EventSource, `/`, and that of one of its events, such as "
                f"{EVENT_SOURCE}, not {self.event_source!r}"
            )
        if self.branch is not None and not PROJECT.fits(self.branch):
            return f"--branch takes {PROJECT.words}, not {self.branch!r}"
        return None

    def sources(self) -> dict[str, Source]:
        """Files beside the flow's in which there may be faults, by path."""
        return {} if self.overlay is None else {self.overlay.path: Source(self.overlay.path, self.overlay.text)}

    @property
    def datastore_url(self) -> str:
        """The datastore, or a placeholder for it."""
        return self.datastore or "s3://${DatastoreBucket}"

    @property
    def place(self) -> tuple[str, str]:
        """The bucket of the datastore, or a placeholder for it; and what all keys there begin with: empty, or ends with "/"."""
        bucket, _, prefix = self.datastore_url.removeprefix("s3://").partition("/")
        return bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
