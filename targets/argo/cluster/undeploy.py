"""What must be done for nothing of a deployment to be left but its runs: those on the cluster that are over, and the datastore.

What starts the flow goes first, then runs that are to be stopped, the WorkflowTemplate last.
"""

from __future__ import annotations

from ...platform import Change, PlatformError, Proposal
from .applying import delete_change, refuse_foreign
from .deploy import objects_of, under_way
from .executions import WorkflowRuns
from .kinds import STARTING, WORKFLOW_TEMPLATE
from .nodes import name_of
from .refusals import ClusterError
from .session import Session


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
    runs = list(under_way(session, name))
    if runs and not stop:
        are = "a run is" if len(runs) == 1 else f"{len(runs)} runs are"
        raise PlatformError(f"{are} under way of the WorkflowTemplate {name}: wait, or say --stop", setup=True)
    starting = [delete_change(session, kind, one) for kind, one in found if kind in STARTING]
    rest = [delete_change(session, kind, one) for kind, one in found if kind not in STARTING]
    executions = WorkflowRuns(session, name)
    changes = (*starting, *(_stopping(executions, name_of(one)) for one in runs), *rest)
    if changes:
        notes.append("the datastore is left as it is, and so are Workflows: runs and packages stay until you delete them")
    return Proposal(name=name, where=session.where, changes=changes, notes=tuple(notes), outcome=lambda: None)


def _stopping(runs: WorkflowRuns, name: str) -> Change:
    def make() -> None:
        try:
            runs.stop(name, "the flow was undeployed")
        except ClusterError as error:
            if not error.missing:
                raise

    return Change(action="delete", what="run", name=name, lines=("is stopped",), make=make)
