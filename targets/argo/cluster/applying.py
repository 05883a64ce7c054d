"""One object of a deployment: what is there, what server-side apply would make of it, and whose it is.

flowc says only what it wants (`APPLY`), under the name of a field manager: what others have added to an object stays, and where
they have changed what flowc wants, the cluster says who and what. The same request with `dryRun` gives the object as it would be,
after the cluster's defaults and checks, so that what is shown is what is then made.
https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from ...platform import Change, PlatformError
from .. import marks
from ..serialise import Inline, to_yaml
from .kinds import CRON_WORKFLOW, RBAC, Kind, kind_of
from .refusals import ClusterError, told
from .session import APPLY, Session

_OF_THE_SERVER: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def apply_change(session: Session, manifest: Mapping[str, Any], deployment: str, *, overwrite: bool) -> Change | None:
    """What must be done for an object to be as the manifest says; None: it is.

    Raises:
        PlatformError: It is somebody else's; others have changed it, and that shall stay; or the cluster does not take it.
    """
    kind, name = kind_of(manifest), str(manifest["metadata"]["name"])
    live = session.find(kind, name)
    if live is not None:
        refuse_foreign(session, kind, live, deployment)
    would = _apply(session, kind, manifest, overwrite=overwrite, dry=True)

    def make() -> None:
        _apply(session, kind, manifest, overwrite=overwrite, dry=False)

    if live is None:
        return Change(action="create", what=kind.name, name=name, lines=_summary(manifest), make=make)
    before, after = (_alike(manifest, _told_of(one)) for one in (live, would))
    if before == after:
        return None
    return Change(action="change", what=kind.name, name=name, lines=_difference(before, after), make=make)


def delete_change(session: Session, kind: Kind, found: Mapping[str, Any], why: str = "") -> Change:
    """Delete an object as it was found: another one that has come into its place stays."""
    metadata = found["metadata"]

    def make() -> None:
        # What a CronWorkflow has started belongs to it, and would be deleted with it, finished or not.
        policy = "Orphan" if kind == CRON_WORKFLOW else "Background"
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": policy,
            "preconditions": {"uid": metadata["uid"]},
        }
        try:
            session.ask("DELETE", session.path(kind, metadata["name"]), body)
        except ClusterError as error:
            if not (error.missing or error.conflict):
                raise

    return Change(action="delete", what=kind.name, name=metadata["name"], lines=(why,) if why else (), make=make)


def refuse_foreign(session: Session, kind: Kind, found: Mapping[str, Any], deployment: str) -> None:
    """Make sure that an object is of a deployment.

    Raises:
        PlatformError: It is somebody else's, or about to be gone.
    """
    metadata = found["metadata"]
    whose = (metadata.get("labels") or {}).get(marks.DEPLOYMENT)
    what = f"the {kind.name} {metadata['name']} in the namespace {session.namespace}"
    other = "give the flow another name"
    if kind in RBAC:  # which is called as options say, and which a flow may do without
        other = "leave out --with-rbac to use what is there, or name other accounts (--service-account)"
    if whose is None:
        raise PlatformError(
            f"{what} was not made by flowc (it has no label {marks.DEPLOYMENT}) and is left as it is: {other}"
            + ("" if kind in RBAC else f", or delete that {kind.name}"),
            setup=True,
        )
    if whose != deployment:
        raise PlatformError(
            f"{what} belongs to something else (its label {marks.DEPLOYMENT} is {whose}, and not {deployment}) and is left as it "
            f"is: {other}" + ("" if kind in RBAC else ", or undeploy that one"),
            setup=True,
        )
    if metadata.get("deletionTimestamp"):
        raise PlatformError(f"{what} is being deleted: try again when it is gone")


def _apply(session: Session, kind: Kind, manifest: Mapping[str, Any], *, overwrite: bool, dry: bool) -> dict[str, Any]:
    name = manifest["metadata"]["name"]
    query = {"fieldManager": marks.FLOWC, "fieldValidation": "Strict"}
    query |= ({"force": "true"} if overwrite else {}) | ({"dryRun": "All"} if dry else {})
    try:
        return session.ask("PATCH", session.path(kind, name), manifest, query=query, form=APPLY)
    except ClusterError as error:
        if not error.managers:
            raise
        raise PlatformError(
            f"the {kind.name} {name} was changed by others since flowc made it: {told(error.managers)}: --overwrite replaces "
            "that, and --dry-run --overwrite shows what",
            setup=True,
        ) from None


def _told_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what only the server says of it."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in _OF_THE_SERVER}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != _LAST_APPLIED}
    if annotations or "annotations" in metadata:
        metadata["annotations"] = annotations
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}


def _alike(model: Any, data: Any) -> Any:
    """Data in the order and layout of a manifest, as far as that has the same: a diff of it reads as `compile` writes."""
    if isinstance(model, Mapping) and isinstance(data, Mapping):
        order = [*(key for key in model if key in data), *(key for key in data if key not in model)]
        ordered = {key: _alike(model.get(key), data[key]) for key in order}
        return Inline(ordered) if isinstance(model, Inline) else ordered
    if isinstance(data, list):
        models = list(model) if isinstance(model, list | tuple) else []
        named = {one["name"]: one for one in models if isinstance(one, Mapping) and "name" in one}
        likely = [named.get(one["name"]) if isinstance(one, Mapping) and "name" in one else None for one in data]
        rest = [models[number] if number < len(models) else (models[-1] if models else None) for number in range(len(data))]
        return [_alike(first or second, one) for first, second, one in zip(likely, rest, data, strict=True)]
    return data


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """What changes, as a unified diff without its header."""
    old, new = (to_yaml(one).splitlines() for one in (before, after))
    return tuple(list(difflib.unified_diff(old, new, n=3, lineterm=""))[2:])


def _summary(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """What a new object is, in a few words; empty where its name says all."""
    spec = manifest.get("spec") or {}
    match manifest["kind"]:
        case "WorkflowTemplate":
            count = len(spec.get("templates") or ())
            return (f"{count} template{'s' if count != 1 else ''}",)
        case "CronWorkflow":
            return (schedule_of(spec),)
        case _:
            return ()


def schedule_of(spec: Mapping[str, Any]) -> str:
    """When a CronWorkflow starts runs: `0 6 * * 1-5 Europe/Berlin`."""
    times = spec.get("schedules") or [spec.get("schedule")]
    return " ".join(filter(None, (", ".join(str(one) for one in times), spec.get("timezone"))))
