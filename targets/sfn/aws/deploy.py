"""What must be done for a flow to be deployed as it is now.

The order is such that what is half done hurts nothing: first what nothing uses yet (the package, job definitions), then the
machine and its version, which nobody runs before the alias leads to it, and what starts it last. Everything that is there
already is left out, so that a deploy goes on where one before it failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ....compiler.diagnostics.model import Report
from ....compiler.ir.nodes import Flow
from ...options import Options
from ...platform import Deployed, PlatformError, Proposal, Upload
from ..deployment import Deployment, deployment_of, rule_name, schedule_name
from ..events import EVENT, FINISH
from ..serialise import to_text
from .carried import definition_changes, upload_changes
from .machine import console_link, describe, leading, machine_arn, number_of, read_machine, refuse_foreign, routes_of
from .needs import missing_settings, missing_things
from .publishing import Wanted, machine_changes, rollback_change
from .session import AwsError, Session
from .starting import expression_of, rule_changes, schedule_changes

VERSION_TAG = "flowc:version"


def propose_deploy(session: Session, flow: Flow, options: Options, upload: Upload, *, overwrite: bool) -> Proposal:
    """What must be done, by reading what is there.

    Raises:
        PlatformError: Settings are missing, or things in the account, all of which are named; or what is there is not ours.
    """
    made = deployment_of(flow, replace(options, code=upload.package_key), Report())
    bucket, prefix = options.place
    _demand(session, made, options)
    values = {"AWS::Partition": session.partition, "AWS::Region": session.region, "AWS::AccountId": session.account}
    made = made.filled(values)
    wanted = Wanted(
        name=made.name,
        definition=_in_partition(made, session.partition),
        role=str(made.machine["roleArn"]),
        kind=str(made.machine["type"]),
        tags={**dict(made.tags), VERSION_TAG: upload.flowc},
        description="",
    )
    package = hashlib.sha256(upload.package).hexdigest()
    wanted = replace(wanted, description=describe(upload.flowc, package, wanted.definition, wanted.role))
    arn = machine_arn(session, made.name)
    changes = (
        *upload_changes(session, bucket, prefix, upload),
        *definition_changes(session, made.jobs, ecs=made.ecs),
        *machine_changes(session, wanted, read_machine(session, made.name), overwrite=overwrite),
        *schedule_changes(session, schedule_name(made.name), made.schedule, arn),
        *rule_changes(session, rule_names(made.name), tuple((one.put_rule(), one.put_targets()) for one in made.rules)),
    )
    starts = tuple(_starts(made))
    return Proposal(name=made.name, where=session.where, changes=changes, outcome=lambda: _deployed(session, made.name, starts))


def propose_rollback(session: Session, name: str, version: int | None) -> Proposal:
    """What must be done for new runs to have an older version.

    Raises:
        PlatformError: There is no such version, or nothing is deployed.
    """
    machine = read_machine(session, name)
    if machine is None:
        raise PlatformError(f"there is no state machine {name} in {session.region}: nothing is deployed there", setup=True)
    refuse_foreign(name, machine, {})
    change = rollback_change(session, name, machine, version)
    notes = ("the schedule and what triggers the flow stay as they are",) if change else ()
    return Proposal(
        name=name,
        where=session.where,
        changes=(change,) if change else (),
        notes=notes,
        outcome=lambda: _deployed(session, name, ()),
    )


def _deployed(session: Session, name: str, starts: tuple[str, ...]) -> Deployed | None:
    """The deployment of that name as it is, or None.

    Args:
        starts: What it starts by itself on.
    """
    version = leading(routes_of(session, machine_arn(session, name)))
    if version is None:
        return None
    return Deployed(name=name, version=version, number=str(number_of(version)), starts=starts, link=console_link(session, name))


def rule_names(machine: str) -> tuple[str, ...]:
    """What the rules of a machine are called."""
    return rule_name(machine, EVENT), rule_name(machine, FINISH)


def _starts(made: Deployment) -> Iterator[str]:
    """What the flow starts by itself on."""
    if made.schedule is not None:
        yield expression_of(made.schedule)
    for rule in made.rules:
        machines = rule.pattern.get("detail", {}).get("stateMachineArn")
        if machines:
            yield f"the end of {', '.join(str(one).rpartition(':')[2] for one in machines)}, if it succeeds"
        else:
            yield f"the event {', '.join(rule.pattern['detail-type'])}" + (f" on the bus {rule.bus}" if rule.bus else "")


def _demand(session: Session, made: Deployment, options: Options) -> None:
    """Make sure that all is there which flowc does not create.

    Raises:
        PlatformError: Something is missing; it names everything that is.
    """
    missing = list(missing_settings(made, options))
    try:
        missing += missing_things(session, made, options)
    except AwsError as error:
        if not missing:
            raise
        missing.append(str(error))
    if missing:
        raise PlatformError("\n".join(missing), setup=True)


def _in_partition(made: Deployment, partition: str) -> str:
    """The definition's text, which names Step Functions' own resources, as the region's partition spells these."""
    if partition == "aws":
        return made.text

    def spelt(data: Any) -> Any:
        if isinstance(data, dict):
            own = ("Resource" in data and "Type" in data) or "ReaderConfig" in data
            return {
                key: value.replace("arn:aws:states:::", f"arn:{partition}:states:::")
                if own and key == "Resource" and isinstance(value, str)
                else spelt(value)
                for key, value in data.items()
            }
        return [spelt(one) for one in data] if isinstance(data, list) else data

    return to_text(spelt(made.definition))
