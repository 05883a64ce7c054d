"""What runs need of a cluster beside what flowc deploys: a service account that may report results, secrets, volumes.

Without some of these no pod of a run would ever be made: then nothing is deployed. Others may come later: then that is a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..inside import mapping, mappings
from .kinds import (
    CLAIM,
    EVENT_BUS,
    EVENT_SOURCE,
    SECRET,
    SENSOR,
    SERVICE_ACCOUNT,
    TASK_RESULT,
    WORKFLOW,
    WORKFLOW_TEMPLATE,
    Kind,
)
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
    of_runs = {name for name, _, kind, _ in _accounts(manifests) if kind == TASK_RESULT}
    for name in sorted({name for name, *_ in _accounts(manifests)} - own):
        if lacks(session, SERVICE_ACCOUNT, name):
            option = "--service-account" if name in of_runs else "--events-service-account"
            yield (
                f"there is no service account {name} in the namespace {session.namespace}: create it, or correct "
                f"{option} (--with-rbac makes one that may do what is needed)"
            )


def notes(session: Session, manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What keeps runs waiting or lets them fail as long as it is so, a sentence each."""
    manifests = tuple(manifests)
    yield from _powerless(session, manifests)
    for kind, what in ((SECRET, "secret"), (CLAIM, "persistent volume claim")):
        if found := lacks_what(session, kind, what, named(manifests, kind)):
            yield f"{found}, for which pods will wait"
    for bus in sorted({one["spec"].get("eventBusName") or "default" for one in manifests if one["kind"] == SENSOR.name}):
        if lacks(session, EVENT_BUS, bus):
            yield f"there is no EventBus {bus} in the namespace {session.namespace}, without which no event arrives: create it"


def _accounts(manifests: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Kind, str]]:
    """Each service account of pods, with what it must be allowed: a verb, a kind, and what fails without that.

    https://argo-workflows.readthedocs.io/en/latest/workflow-rbac/, https://argoproj.github.io/argo-events/service-accounts/
    """
    for one in manifests:
        spec = one.get("spec") or {}
        of_pods = mapping(spec.get("template")).get("serviceAccountName") or _DEFAULT_ACCOUNT
        if one["kind"] == WORKFLOW_TEMPLATE.name:
            named = [part["serviceAccountName"] for part in mappings(spec, "templates") if "serviceAccountName" in part]
            for name in {spec.get("serviceAccountName") or _DEFAULT_ACCOUNT, *named}:
                yield name, "create", TASK_RESULT, "every task fails"
        elif one["kind"] == SENSOR.name:
            yield of_pods, "create", WORKFLOW, "no event starts a run"
        elif one["kind"] == EVENT_SOURCE.name:
            yield of_pods, "watch", WORKFLOW, "no other flow's end starts a run"


def _powerless(session: Session, manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The service accounts that may not do what they are for, as far as one may ask that."""
    manifests = tuple(manifests)
    granted = {one["metadata"]["name"] for one in manifests if one["kind"] == SERVICE_ACCOUNT.name}
    for name, verb, kind, fails in sorted(set(_accounts(manifests))):
        if name not in granted and _may(session, name, verb, kind) is False:
            yield (
                f"the service account {name} may not {verb} {kind.plural}.{kind.group} in the namespace {session.namespace}, "
                f"without which {fails}: --with-rbac makes accounts that may"
            )


def _may(session: Session, account: str, verb: str, kind: Kind) -> bool | None:
    """Whether a service account of the namespace may do that; None: few may ask what others may do."""
    user = "system:serviceaccount"
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "LocalSubjectAccessReview",
        "metadata": {"namespace": session.namespace},
        "spec": {
            "user": f"{user}:{session.namespace}:{account}",
            "groups": ["system:authenticated", f"{user}s", f"{user}s:{session.namespace}"],
            "resourceAttributes": {
                "namespace": session.namespace,
                "verb": verb,
                "group": kind.group,
                "resource": kind.plural,
            },
        },
    }
    try:
        answer = session.ask("POST", _REVIEWS.format(namespace=session.namespace), body)
    except ClusterError:
        return None
    return (answer.get("status") or {}).get("allowed")


def lacks_what(session: Session, kind: Kind, what: str, names: Iterable[str]) -> str:
    """Which of these objects there are not, in words; empty: none is missing, as far as one may ask that."""
    lacking = [name for name in sorted(set(names)) if lacks(session, kind, name)]
    if not lacking:
        return ""
    are = f"is no {what} {lacking[0]}" if len(lacking) == 1 else f"are no {what}s {', '.join(lacking[:_SHOWN])}"
    more = f" and {len(lacking) - _SHOWN} more" if lacking[_SHOWN:] else ""
    return f"there {are}{more} in the namespace {session.namespace}"


def lacks(session: Session, kind: Kind, name: str) -> bool:
    """Whether there is surely no such object: whoever may deploy need not see secrets."""
    try:
        return not session.is_there(kind, name)
    except ClusterError as error:
        if error.denied or error.unknown:
            return False
        raise


def named(data: Any, kind: Kind) -> Iterator[str]:
    """The names of secrets, or of claims, that manifests name and that must be there."""
    if isinstance(data, Mapping):
        places = [(data.get("persistentVolumeClaim"), "claimName")]
        if kind == SECRET:
            places = [(data.get(key), "name") for key in ("secretKeyRef", "secretRef")]
            places += [(data.get("secret"), "secretName"), *((secret, "name") for secret in mappings(data, "imagePullSecrets"))]
        for place, key in places:
            name = mapping(place).get(key)
            if isinstance(name, str) and not mapping(place).get("optional"):
                yield name
        for value in data.values():
            yield from named(value, kind)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from named(value, kind)
