"""What a run that is started from somebody's machine needs of a cluster before it begins: that Pods can be made, and end.

Here nothing may come later: what is missing is told before anything runs. The cluster is asked to make a Pod of each step
without keeping it (`dryRun`), so that whatever would refuse one later refuses it now: quotas of a single container, policies,
webhooks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from ....runtime.compute import Order
from ..inside import mappings
from ..run_pods import RunPods
from .kinds import CLAIM, POD, SECRET, SERVICE_ACCOUNT, Kind
from .needs import lacks, lacks_what, named
from .refusals import ClusterError
from .session import Session

_VERBS: Final = ("create", "get", "list", "watch", "delete")
_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_ORDER: Final = Order(run="dry-run", step="", path="-", attempt=0)
_NO_DRY_RUN: Final = "does not support dry run"
"""What is said where a webhook may not be asked whether it would refuse something."""


def demand_room(session: Session, pods: RunPods) -> tuple[str, ...]:
    """Make sure that the Pods of a run can be made, watched and ended; what the user should know besides, a sentence each.

    Raises:
        ClusterError: They cannot: sentences, one a line.
    """
    session.demand_namespace()
    specs = [one["spec"] for one in pods.steps.values()]
    faults = [*_denied(session), *_missing(session, specs)]
    if faults:
        raise ClusterError("\n".join(faults), setup=True)
    return (*_pulled(session, specs), *_refused(session, pods))


def _denied(session: Session) -> Iterator[str]:
    """That something may not be done that must be, as far as one may ask that."""
    verbs = [verb for verb in _VERBS if _may(session, verb) is False]
    if verbs:
        yield (
            f"the credentials{session.credentials.of} do not let you {_listed(verbs)} pods in the namespace {session.namespace}: "
            f'a Role with apiGroups [""], resources ["pods"], verbs {list(_VERBS)} would grant it'.replace("'", '"')
        )


def _may(session: Session, verb: str) -> bool | None:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": session.namespace, "verb": verb, "group": "", "resource": POD.plural}},
    }
    try:
        answer = session.ask("POST", _REVIEWS, body)
    except ClusterError as error:
        if error.denied or error.unknown:
            return None
        raise
    allowed: bool | None = (answer.get("status") or {}).get("allowed")
    return allowed


def _missing(session: Session, specs: Collection[Mapping[str, Any]]) -> Iterator[str]:
    """What no Pod could begin without."""
    for account in sorted({str(one["serviceAccountName"]) for one in specs if "serviceAccountName" in one}):
        if lacks(session, SERVICE_ACCOUNT, account):
            yield (
                f"there is no service account {account} in the namespace {session.namespace}: create it, or correct "
                "--service-account, or `service_account` of @kubernetes"
            )
    kinds: tuple[tuple[Kind, str, str], ...] = (
        (SECRET, "secret", "`secrets`"),
        (CLAIM, "persistent volume claim", "`persistent_volume_claims`"),
    )
    for kind, what, argument in kinds:
        names = {name for one in specs for name in named([one["containers"], one.get("volumes") or []], kind)}
        if found := lacks_what(session, kind, what, names):
            yield f"{found}: create what is missing, or correct {argument} of @kubernetes"


def _pulled(session: Session, specs: Collection[Mapping[str, Any]]) -> Iterator[str]:
    """That the secrets are missing by which images are pulled, which may be public."""
    names = {str(one["name"]) for spec in specs for one in mappings(spec, "imagePullSecrets")}
    if found := lacks_what(session, SECRET, "secret", names):
        yield f"{found}, by which images are pulled"


def _refused(session: Session, pods: RunPods) -> Iterator[str]:
    """Which quotas are used up; whatever else keeps a Pod from being made is an error."""
    tried: list[Any] = []
    for step, common in pods.steps.items():
        if common in tried:
            continue
        tried.append(common)
        order = Order(run=_ORDER.run, step=step, path=_ORDER.path, attempt=_ORDER.attempt)
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        try:
            session.ask("POST", session.path(POD), pods.manifest(order), query=query)
        except ClusterError as error:
            if error.quota:
                place = f"the namespace {session.namespace} has no room for a pod of step `{step}`"
                yield f"{place}, whose tasks will wait: {error.quota}"
            elif error.passing:
                raise
            elif _NO_DRY_RUN not in error.said:
                raise ClusterError(
                    f"step `{step}` cannot run in the namespace {session.namespace}: {error}", setup=True
                ) from None


def _listed(words: Collection[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
