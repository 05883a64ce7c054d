"""What must be done for nothing of a deployment to be left but what its runs have kept.

What starts the flow goes first, the machine last: as long as it is there, it says which job definitions were its own, so that an
undeploy goes on where one before it failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...platform import Change, PlatformError, Proposal
from ..deployment import ALIAS, schedule_name
from ..jobs import FLOW_TAG
from .carried import definitions_in, find_job_definitions, find_task_definitions
from .deploy import rule_names
from .machine import SERVICE, Machine, alias_arn, machine_arn, read_machine, read_version, refuse_foreign
from .session import AwsError, Session
from .starting import rule_changes, schedule_changes


def propose_undeploy(session: Session, name: str, *, stop: bool) -> Proposal:
    """What must be done, by reading what is there.

    Args:
        stop: Whether to stop the runs that are under way.

    Raises:
        PlatformError: The machine is not ours, or runs are under way that shall not be stopped.
    """
    machine = read_machine(session, name)
    notes: list[str] = []
    changes: list[Change] = []
    if machine is not None and machine.deleting:
        notes.append(f"the state machine {name} is being deleted, which lasts until its runs are over")
    elif machine is not None:
        refuse_foreign(name, machine, {})
    changes += schedule_changes(session, schedule_name(name), None, machine_arn(session, name))
    changes += rule_changes(session, rule_names(name), ())
    if machine is not None and not machine.deleting:
        runs = _running(session, machine)
        if runs and not stop:
            are = "a run is" if len(runs) == 1 else f"{len(runs)} runs are"
            raise PlatformError(
                f"{are} under way of the state machine {name}, and would be ended with it: wait, or say --stop", setup=True
            )
        changes += (_stopping(session, arn) for arn in runs)
        if machine.alias:
            changes.append(_alias_deletion(session, name, machine))
        changes += _deregistrations(session, machine, notes)
        changes.append(_machine_deletion(session, name, machine))
    if changes:
        notes.append("the datastore is left as it is: runs and packages stay there until you delete them")
    return Proposal(name=name, where=session.where, changes=tuple(changes), notes=tuple(notes), outcome=lambda: None)


def _running(session: Session, machine: Machine) -> list[str]:
    """The ARNs of the executions that are under way, of all versions."""
    found = session.pages(SERVICE, "list_executions", "executions", stateMachineArn=machine.arn, statusFilter="RUNNING")
    return [str(one["executionArn"]) for one in found]


def _stopping(session: Session, arn: str) -> Change:
    def make() -> None:
        try:
            session.ask(SERVICE, "stop_execution", executionArn=arn, error="flowc.Undeployed", cause="the flow was undeployed")
        except AwsError as error:
            if not error.missing:
                raise

    return Change(action="delete", what="run", name=arn.rpartition(":")[2], lines=("is stopped",), make=make)


def _alias_deletion(session: Session, name: str, machine: Machine) -> Change:
    def make() -> None:
        try:
            session.ask(SERVICE, "delete_state_machine_alias", stateMachineAliasArn=alias_arn(session, name))
        except AwsError as error:
            if not error.missing:
                raise

    return Change(action="delete", what="alias", name=f"{name}:{ALIAS}", make=make)


def _machine_deletion(session: Session, name: str, machine: Machine) -> Change:
    def make() -> None:
        session.ask(SERVICE, "delete_state_machine", stateMachineArn=machine.arn)

    count = len(machine.versions)
    lines = (f"with its {count} versions" if count != 1 else "with its version",)
    return Change(action="delete", what="state machine", name=name, lines=lines, make=make)


def _deregistrations(session: Session, machine: Machine, notes: list[str]) -> Iterator[Change]:
    """The job definitions that no other machine uses: branches of a project may have some in common."""
    own = _used(session, machine)
    try:
        for other in _others(session, machine):
            own -= _used(session, other)
    except AwsError as error:
        if not error.denied:
            raise
        notes.append(f"the job definitions are left, for it cannot be told whether others use them ({error})")
        return
    for service, name in sorted(own):
        found = find_job_definitions(session, name) if service == "batch" else find_task_definitions(session, name)
        for arn, tags in found.items():
            if FLOW_TAG in tags:
                yield _deregistration(session, service, arn)


def _deregistration(session: Session, service: str, arn: str) -> Change:
    def make() -> None:
        if service == "batch":
            session.ask("batch", "deregister_job_definition", jobDefinition=arn)
        else:
            session.ask("ecs", "deregister_task_definition", taskDefinition=arn)

    what = "job definition" if service == "batch" else "task definition"
    return Change(action="delete", what=what, name=arn.rpartition("/")[2], make=make)


def _used(session: Session, machine: Machine) -> set[tuple[str, str]]:
    """The definitions of jobs that any version of a machine names."""
    versions = (read_version(session, machine.arn, number).definition for number in machine.versions)
    return {one for text in (machine.definition, *versions) for one in definitions_in(text)}


def _others(session: Session, machine: Machine) -> Iterator[Machine]:
    """The other machines of the same flow."""
    filters = [{"Key": FLOW_TAG, "Values": [machine.tags[FLOW_TAG]]}]
    listed = session.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=filters,
        ResourceTypeFilters=["states:stateMachine"],
    )
    for arn in sorted(one["ResourceARN"] for one in listed):
        if arn != machine.arn and (other := read_machine(session, arn.rpartition(":")[2])) is not None:
            yield other
