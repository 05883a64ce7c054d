"""What must be done for a flow to be deployed as it is now.

The order is such that what is half done hurts nothing: first the package and the plan, which nothing uses yet, then the objects,
those first that others refer to, and last the end of what the flow no longer has. Everything that is there already is left out,
so that a deploy goes on where one before it failed. Runs that are under way keep the templates that they began with: Argo stores
these in each Workflow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ....compiler.diagnostics.model import Report
from ....compiler.ir.nodes import Flow
from ...options import Options
from ...platform import Change, Deployed, PlatformError, Proposal, Upload, upload_changes
from .. import marks
from ..deployment import deployment_of
from .applying import apply_change, delete_change, schedule_of
from .executions import END
from .kinds import OWN, RBAC, WORKFLOW, WORKFLOW_TEMPLATE, Kind
from .needs import missing_accounts, notes
from .refusals import ClusterError
from .session import Session

_AT_ONCE: Final = 20
"""Workflows in one answer: of a large flow one may have a megabyte."""
_COMPLETED: Final = "workflows.argoproj.io/completed"
"""Argo's own label of a Workflow, which is `true` once that is over."""
_NO_DATASTORE: Final = (
    "--datastore is not given: where runs keep their objects, as s3://bucket/prefix, az://container/prefix, gs://bucket/prefix "
    "or the path of a volume that all pods mount (FLOWC_DATASTORE, or datastore in flowc.toml)"
)


def propose_deploy(session: Session, flow: Flow, options: Options, upload: Upload, *, overwrite: bool) -> Proposal:
    """What must be done, by reading what is there.

    Raises:
        PlatformError: Something is missing that runs could not do without; what is there is not ours, or others have changed it;
            or the cluster does not take what the flow has become.
    """
    if options.datastore is None:
        raise PlatformError(_NO_DATASTORE, setup=True)
    made = deployment_of(flow, replace(options, code=upload.package_key, namespace=session.namespace), Report())
    manifests = tuple(_marked(one, made.name, upload.flowc) for one in made.manifests())
    session.demand_argo()
    missing = tuple(missing_accounts(session, manifests))
    if missing:
        raise PlatformError("\n".join(missing), setup=True)
    applied = [apply_change(session, one, made.name, overwrite=overwrite) for one in manifests]
    said = list(notes(session, manifests))
    if options.datastore.startswith("/"):
        said.append(f"the package goes into {options.datastore} of this machine: pods must have the same folder there")
    changes = (
        *upload_changes(upload),
        *(one for one in applied if one is not None),
        *_pruning(session, made.name, {(one["kind"], one["metadata"]["name"]) for one in manifests}, said),
    )
    starts = tuple(_starts(manifests))
    return Proposal(
        name=made.name,
        where=session.where,
        changes=changes,
        notes=tuple(said),
        outcome=lambda: deployed(session, made.name, starts, options.argo_url),
    )


def deployed(session: Session, name: str, starts: tuple[str, ...], argo_url: str | None) -> Deployed | None:
    """The deployment of that name as it is, or None.

    Args:
        starts: What it starts by itself on.
        argo_url: Where a browser shows Argo's own pages.
    """
    found = session.find(WORKFLOW_TEMPLATE, name)
    if found is None:
        return None
    number = str(found["metadata"].get("generation", 1))
    version = f"{session.namespace}/{name}@{number}"
    link = f"{argo_url.rstrip('/')}/workflow-templates/{session.namespace}/{name}" if argo_url else None
    return Deployed(name=name, version=version, number=number, starts=starts, link=link)


def objects_of(session: Session, name: str, said: list[str]) -> Iterator[tuple[Kind, Mapping[str, Any]]]:
    """All objects of a deployment, of which metadata only, in the order in which they are taken away.

    Args:
        said: Gets a note where some cannot be looked for.
    """
    unseen = []
    for kind in OWN:
        try:
            for one in session.pages(kind, labels=f"{marks.DEPLOYMENT}={name}", metadata=True):
                # What `compile --with-rbac` has written somebody has granted: only what deploy made itself is taken away.
                if (kind not in RBAC or _made_by_flowc(one)) and not one["metadata"].get("deletionTimestamp"):
                    yield kind, one
        except ClusterError as error:
            if error.denied and kind not in RBAC:
                unseen.append(kind.plural)
            elif not (error.denied or error.unknown):
                raise
    if unseen:
        said.append(f"what may be left of {name} was not looked for: the credentials do not let you list {', '.join(unseen)}")


def _pruning(session: Session, name: str, wanted: Collection[tuple[str, str]], said: list[str]) -> Iterator[Change]:
    """The end of what the deployment had, and the flow no longer has."""
    unwanted = [
        (kind, one) for kind, one in objects_of(session, name, said) if (kind.name, one["metadata"]["name"]) not in wanted
    ]
    # Runs that are under way make pods until they are over, by the account that they began with.
    kept = any(kind in RBAC for kind, _ in unwanted) and next(under_way(session, name), None) is not None
    if kept:
        said.append("the service account that runs had so far is left, for some are under way: the next deploy deletes it")
    for kind, one in unwanted:
        if not (kept and kind in RBAC):
            yield delete_change(session, kind, one, "which the deployment no longer has")


def under_way(session: Session, name: str) -> Iterator[Mapping[str, Any]]:
    """The runs that are not over, but for those that somebody has ended already."""
    for one in session.pages(WORKFLOW, labels=f"{marks.DEPLOYMENT}={name},{_COMPLETED}!=true", page=_AT_ONCE):
        if (one.get("spec") or {}).get("shutdown") != END:
            yield one


def _made_by_flowc(found: Mapping[str, Any]) -> bool:
    return any(one.get("manager") == marks.FLOWC for one in found["metadata"].get("managedFields") or ())


def _marked(manifest: Mapping[str, Any], deployment: str, flowc: str) -> dict[str, Any]:
    """A manifest with what only a deploy knows."""
    metadata = dict(manifest["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), marks.DEPLOYMENT: deployment}
    if manifest["kind"] == WORKFLOW_TEMPLATE.name:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), marks.VERSION: flowc}
    return {**manifest, "metadata": metadata}


def _starts(manifests: Collection[Mapping[str, Any]]) -> Iterator[str]:
    """What the flow starts by itself on."""
    for one in manifests:
        if one["kind"] == "CronWorkflow":
            yield schedule_of(one["spec"])
        elif one["kind"] == "Sensor":
            for event in one["spec"].get("dependencies") or ():
                yield _started_by(event)


def _started_by(dependency: Mapping[str, Any]) -> str:
    """What a dependency of a Sensor waits for: an event, by a filter for its name, or the end of a flow, which is called so."""
    for wanted in (dependency.get("filters") or {}).get("data") or ():
        name = re.sub(r"\\(.)", r"\1", wanted["value"][0].removeprefix("^").removesuffix("$"))
        return f"the event {name}"
    return f"the end of {dependency['eventName']}, if it succeeds"
