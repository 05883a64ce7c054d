"""What runs need of a cluster beside what flowc deploys: a service account that may report results, secrets, volumes.

Without some of these no pod of a run would ever be made: then nothing is deployed. Others may come later: then that is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .kinds import CLAIM, EVENT_BUS, SECRET, SENSOR, SERVICE_ACCOUNT, TASK_RESULT, Kind
from .refusals import ClusterError
from .session import Session

_DEFAULT_ACCOUNT: Final = "default"
"""The service account of pods that name none, which every namespace has."""
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews"
_SHOWN: Final = 5


def missing_accounts(session: Session, manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The service accounts that no pod of a run could be made without, a sentence each."""
    manifests = tuple(manifests)
    own = {one["metadata"]["name"] for one in manifests if one["kind"] == SERVICE_ACCOUNT.name}
    for name in sorted(_accounts(manifests) - own):
        if _lacks(session, SERVICE_ACCOUNT, name):
            yield (
                f"there is no service account {name} in the namespace {session.namespace}: create it, or correct "
                "--service-account (`flowc compile --target argo --with-rbac` writes one with what runs may do)"
            )


def notes(session: Session, manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What keeps runs waiting or lets them fail as long as it is so, a sentence each."""
    manifests = tuple(manifests)
    yield from _powerless(session, manifests)
    for kind, what in ((SECRET, "secret"), (CLAIM, "persistent volume claim")):
        lacking = [name for name in sorted(set(_named(manifests, kind))) if _lacks(session, kind, name)]
        if lacking:
            are = f"is no {what} {lacking[0]}" if len(lacking) == 1 else f"are no {what}s {', '.join(lacking[:_SHOWN])}"
            more = f" and {len(lacking) - _SHOWN} more" if lacking[_SHOWN:] else ""
            yield f"there {are}{more} in the namespace {session.namespace}, for which pods will wait"
    for bus in sorted({one["spec"].get("eventBusName") or "default" for one in manifests if one["kind"] == SENSOR.name}):
        if _lacks(session, EVENT_BUS, bus):
            yield f"there is no EventBus {bus} in the namespace {session.namespace}, without which no event arrives: create it"


def _accounts(manifests: Iterable[Mapping[str, Any]]) -> set[str]:
    """The service accounts of runs' pods."""
    found = set()
    for one in manifests:
        if one["kind"] == "WorkflowTemplate":
            spec = one["spec"]
            found.add(spec.get("serviceAccountName") or _DEFAULT_ACCOUNT)
            found |= {part["serviceAccountName"] for part in spec.get("templates") or () if "serviceAccountName" in part}
        if one["kind"] == SENSOR.name and (account := (one["spec"].get("template") or {}).get("serviceAccountName")):
            found.add(account)
    return found


def _powerless(session: Session, manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The service accounts of runs that may not report what their tasks put out, without which each run fails.

    https://argo-workflows.readthedocs.io/en/latest/workflow-rbac/
    """
    granted = {one["metadata"]["name"] for one in manifests if one["kind"] == SERVICE_ACCOUNT.name}
    for name in sorted(_accounts(one for one in manifests if one["kind"] == "WorkflowTemplate") - granted):
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "LocalSubjectAccessReview",
            "metadata": {"namespace": session.namespace},
            "spec": {
                "user": f"system:serviceaccount:{session.namespace}:{name}",
                "groups": [
                    *("system:authenticated", "system:serviceaccounts"),
                    f"system:serviceaccounts:{session.namespace}",
                ],
                "resourceAttributes": {
                    "namespace": session.namespace,
                    "verb": "create",
                    "group": TASK_RESULT.group,
                    "resource": TASK_RESULT.plural,
                },
            },
        }
        try:
            answer = session.ask("POST", _REVIEWS.format(namespace=session.namespace), body)
        except ClusterError:  # few may ask what others may do
            return
        if not (answer.get("status") or {}).get("allowed", True):
            yield (
                f"the service account {name} may not create {TASK_RESULT.plural}.{TASK_RESULT.group} in the namespace "
                f"{session.namespace}, without which every task fails: `flowc compile --target argo --with-rbac` writes "
                "what to grant"
            )


def _lacks(session: Session, kind: Kind, name: str) -> bool:
    """Whether there is surely no such object: whoever may deploy need not see secrets."""
    try:
        return not session.is_there(kind, name)
    except ClusterError as error:
        if error.denied or error.unknown:
            return False
        raise


def _named(data: Any, kind: Kind) -> Iterator[str]:
    """The names of secrets, or of claims, that manifests name and that must be there."""
    if isinstance(data, Mapping):
        if kind == SECRET:
            for key in ("secretKeyRef", "secretRef"):
                one = data.get(key)
                if isinstance(one, Mapping) and "name" in one and not one.get("optional"):
                    yield one["name"]
            if isinstance(one := data.get("secret"), Mapping) and "secretName" in one and not one.get("optional"):
                yield one["secretName"]
            if isinstance(listed := data.get("imagePullSecrets"), list):
                yield from (one["name"] for one in listed)
        elif isinstance(one := data.get("persistentVolumeClaim"), Mapping) and "claimName" in one:
            yield one["claimName"]
        for value in data.values():
            yield from _named(value, kind)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _named(value, kind)
