"""The pod of a step's tasks: what `@kubernetes`, `@resources` and `@environment` say.

`pod_of` decides, whoever starts the pod; `pod_checks` reports what Kubernetes or Argo would refuse or expand; `pod_fields` writes
it as a template of Argo's, or as a Pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from ...compiler.diagnostics.model import Report
from ...compiler.frontend import kube_kinds
from ...compiler.frontend.kinds import keys
from ...compiler.frontend.kube_kinds import table_of, texts_of
from ...compiler.ir.nodes import Constant, Step, Table
from ..options import Options
from ..settings import Settings, arguments_of
from .pod_checks import check_pod
from .volumes import Volume, volumes_of, whole

ARGUMENTS: Final = frozenset(
    {"cpu", "memory", "disk", "image", "image_pull_policy", "image_pull_secrets", "service_account", "secrets", "node_selector"}
    | {"namespace", "gpu", "gpu_vendor", "tolerations", "labels", "annotations", "use_tmpfs", "tmpfs_tempdir", "tmpfs_size"}
    | {"tmpfs_path", "persistent_volume_claims", "shared_memory", "port", "compute_pool", "executable", "qos"}
    | {"hostname_resolution_timeout", "extended_resources", "security_context"}
)
"""The arguments of `@kubernetes` that are looked at here: all."""

_POOL: Final = "outerbounds.co/compute-pool"
"""The label of nodes by which Metaflow finds those of a compute pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """How a step's tasks run on a cluster. Two steps of equal pods share a template.

    Attributes:
        image: The image.
        pull_policy: When it is pulled, or None for the cluster's default.
        pull_secrets: Secrets by which it is pulled.
        executable: The Python that runs the task, or None for the usual one.
        environment: Variables as they arrive in the container, by name.
        secrets: Secrets whose keys are variables too.
        requests: Amounts that are kept free for it.
        limits: Amounts that it may not exceed.
        service_account: Its service account, or None for the workflow's.
        node_selector: Labels of the nodes that may run it.
        tolerations: Taints of nodes that it puts up with, each as fields.
        labels: Its labels.
        annotations: Its annotations.
        volumes: What is mounted.
        port: A port of the container, or None.
        security: Fields of the container's security context.
    """

    image: str
    pull_policy: str | None
    pull_secrets: tuple[str, ...]
    executable: str | None
    environment: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    requests: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, str], ...]
    service_account: str | None
    node_selector: tuple[tuple[str, str], ...]
    tolerations: tuple[tuple[tuple[str, str | int], ...], ...]
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    volumes: tuple[Volume, ...]
    port: int | None
    security: tuple[tuple[str, bool | int], ...]


def pod_of(step: Step, settings: Settings, options: Options, report: Report, *, bare: bool = False) -> Pod:
    """The pod of a step's tasks; faults are added to the report.

    Args:
        bare: Whether it is a Pod of its own, and not Argo's.
    """
    own = arguments_of(step, "kubernetes")
    volumes = tuple(volumes_of(own, settings))
    requests, limits = _amounts(own, settings)
    selector = dict(kube_kinds.selector_of(own.get("node_selector") or Table(())) or {})
    if own.get("compute_pool"):
        selector[_POOL] = str(own["compute_pool"])
    check_pod(step, settings, volumes, options, report, bare=bare)
    return Pod(
        image=settings.image,
        pull_policy=_text(own.get("image_pull_policy")),
        pull_secrets=texts_of(own.get("image_pull_secrets")),
        executable=_text(own.get("executable")),
        environment=_environment(own, settings, volumes),
        secrets=texts_of(own.get("secrets")),
        requests=tuple(requests.items()),
        limits=tuple(limits.items()),
        service_account=_text(own.get("service_account")),
        node_selector=tuple(sorted(selector.items())),
        tolerations=_tolerations(own.get("tolerations")),
        labels=table_of(own.get("labels")),
        annotations=table_of(own.get("annotations")),
        volumes=volumes,
        port=whole(own.get("port")) or None,
        security=_security(own.get("security_context")),
    )


# What the arguments say


def _amounts(own: Mapping[str, Constant], settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """What is requested, and the limits.

    Metaflow's default quality of service, Burstable, sets no limits. Where a step names none, memory and disk have limits, and a
    task that takes more than it asked for is ended itself, as on AWS Batch, and not its neighbours.
    """
    quality = str(own.get("qos") or "").lower()
    asked = {"cpu": _cpu(settings.cpu), "memory": _megabytes(settings.memory)}
    if quality == "besteffort":
        asked = {}
    if settings.disk is not None:
        asked["ephemeral-storage"] = _megabytes(settings.disk)
    limits = {name: amount for name, amount in asked.items() if quality in ("guaranteed", "besteffort") or name != "cpu"}
    if quality == "burstable":
        limits = {}
    extended = {name: kube_kinds.amount_text(amount) for name, amount in (keys(own.get("extended_resources")) or {}).items()}
    devices = {f"{str(own.get('gpu_vendor') or 'nvidia').lower()}.com/gpu": str(settings.gpu)} if settings.gpu else {}
    return {**asked, **extended}, {**limits, **devices, **extended}


def _cpu(amount: float) -> str:
    """Kubernetes counts thousandths of a CPU, and no less."""
    whole = ceil(amount * 1000 - 1e-9)
    return str(whole // 1000) if whole % 1000 == 0 else repr(whole / 1000) if whole >= 100 else f"{whole}m"


def _megabytes(amount: float) -> str:
    return f"{int(amount)}M" if amount == int(amount) else f"{ceil(amount * 1000)}k"


def _environment(own: Mapping[str, Constant], settings: Settings, volumes: tuple[Volume, ...]) -> tuple[tuple[str, str], ...]:
    variables = dict(settings.environment)
    tmpfs = next((one.path for one in volumes if one.name == "tmpfs"), None)
    if tmpfs is not None and own.get("tmpfs_tempdir") is not False:
        variables.setdefault("TMPDIR", tmpfs)
    return tuple(sorted(variables.items()))


def _tolerations(value: Constant) -> tuple[tuple[tuple[str, str | int], ...], ...]:
    found = []
    for one in value if isinstance(value, tuple) else ():
        table = keys(one) or {}
        fields: list[tuple[str, str | int]] = [
            (name, str(table[name])) for name in ("key", "operator", "value", "effect") if table.get(name)
        ]
        if table.get("toleration_seconds") is not None:
            fields.append(("tolerationSeconds", whole(table["toleration_seconds"])))
        found.append(tuple(fields))
    return tuple(found)


_SECURITY: Final = {
    "privileged": "privileged",
    "allow_privilege_escalation": "allowPrivilegeEscalation",
    "run_as_user": "runAsUser",
    "run_as_group": "runAsGroup",
    "run_as_non_root": "runAsNonRoot",
}


def _security(value: Constant) -> tuple[tuple[str, bool | int], ...]:
    table = keys(value) or {}
    return tuple((field, one) for name, field in _SECURITY.items() if isinstance(one := table.get(name), int))


def _text(value: Constant) -> str | None:
    return value if isinstance(value, str) and value else None
