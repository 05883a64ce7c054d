"""What must be done for nothing of a deployment to be left but its runs: those on the cluster that are over, and the datastore.

What starts the flow goes first, the WorkflowTemplate last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...platform import Change, PlatformError, Proposal
from .. import marks
from .applying import delete_change, refuse_foreign
from .deploy import objects_of
from .kinds import WORKFLOW, WORKFLOW_TEMPLATE
from .refusals import ClusterError
from .session import MERGE, Session

_END: Final = "Terminate"
"""What `spec.shutdown` of a Workflow says for its end without exit hooks."""
_AT_ONCE: Final = 20
"""Workflows in one answer: of a large flow one may have a megabyte."""
_COMPLETED: Final = "workflows.argoproj.io/completed"
"""Argo's own label of a Workflow, which is `true` once that is over."""


def propose_undeploy(session: Session, name: str, *, stop: bool) -> Proposal:
    """What must be done, by reading what is there.

    Args:
        stop: Whether to stop the runs that are under way.

    Raises:
        PlatformError: The WorkflowTemplate is not ours, or runs are under way that shall not be stopped.
    """
    session.demand_argo()
    template = session.find(WORKFLOW_TEMPLATE, name)
    notes: list[str] = []
    if template is not None and not template["metadata"].get("deletionTimestamp"):
        refuse_foreign(session, WORKFLOW_TEMPLATE, template, name)
    found = list(objects_of(session, name, notes))
    runs = list(_under_way(session, name))
    if runs and not stop:
        are = "a run is" if len(runs) == 1 else f"{len(runs)} runs are"
        raise PlatformError(f"{are} under way of the WorkflowTemplate {name}: wait, or say --stop", setup=True)
    starting = [delete_change(session, kind, one) for kind, one in found if kind != WORKFLOW_TEMPLATE]
    templates = [delete_change(session, kind, one) for kind, one in found if kind == WORKFLOW_TEMPLATE]
    changes = (*starting, *(_stopping(session, one) for one in runs), *templates)
    if changes:
        notes.append("the datastore is left as it is, and so are Workflows: runs and packages stay until you delete them")
    return Proposal(name=name, where=session.where, changes=changes, notes=tuple(notes), outcome=lambda: None)


def _under_way(session: Session, name: str) -> Iterator[Mapping[str, Any]]:
    """The runs that are not over, but for those that somebody has ended already."""
    for one in session.pages(WORKFLOW, labels=f"{marks.DEPLOYMENT}={name},{_COMPLETED}!=true", page=_AT_ONCE):
        if (one.get("spec") or {}).get("shutdown") != _END:
            yield one


def _stopping(session: Session, run: Mapping[str, Any]) -> Change:
    name = run["metadata"]["name"]

    def make() -> None:
        try:
            session.ask("PATCH", session.path(WORKFLOW, name), {"spec": {"shutdown": _END}}, form=MERGE)
        except ClusterError as error:
            if not error.missing:
                raise

    return Change(action="delete", what="run", name=name, lines=("is stopped",), make=make)
