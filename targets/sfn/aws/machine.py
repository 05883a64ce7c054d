"""The state machine of a flow, its versions, and the alias that new runs go by.

A deploy updates the machine and publishes that as a version in one request, and then points the alias at it: what is under way
keeps the version it began with, and what starts has the old one or the new one, never something between.

The description of a version says what it was made of, so that this is known as soon as the version is there, whatever fails
after it:

    flowc 0.1.0, package 6b86b273…, sha256 d4735e3a…

Of `sha256`, the hash of definition and role, there is a tag on the machine too. A machine whose content has neither hash was
changed by somebody else.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...platform import PlatformError
from ..deployment import ALIAS
from ..jobs import FLOW_TAG, MAKER_TAG
from .session import AwsError, Session

SERVICE: Final = "stepfunctions"
HASH_TAG: Final = "flowc:sha256"
IDENTITY: Final = (FLOW_TAG, "flowc:project", "flowc:branch")
"""The tags that say whose a machine is."""
_SHOWN: Final = 6
"""States that are named, where many have changed."""
_DESCRIPTION: Final = re.compile(r"flowc (?P<version>\S+), package (?P<package>[0-9a-f]{64}), sha256 (?P<digest>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a state machine.

    Attributes:
        number: Its number; later ones have greater ones.
        definition: Its text.
        role: The ARN of its role.
        description: What its maker says.
    """

    number: int
    definition: str = field(repr=False)
    role: str
    description: str

    @property
    def package(self) -> str | None:
        """The sha256 of the package that its tasks fetch, or None if flowc did not make it."""
        found = _DESCRIPTION.fullmatch(self.description)
        return found["package"] if found else None

    @property
    def digest(self) -> str | None:
        """The hash of its content as its maker says it."""
        found = _DESCRIPTION.fullmatch(self.description)
        return found["digest"] if found else None

    def __str__(self) -> str:
        found = _DESCRIPTION.fullmatch(self.description)
        return f"version {self.number}" + (f" (flowc {found['version']}, package {found['package'][:8]})" if found else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A state machine as it is.

    Attributes:
        definition: Its text.
        role: The ARN of its role.
        tags: Its tags.
        versions: The numbers of its versions, the newest first.
        live: The number of the version that the alias leads to; None: there is no alias, or it leads to several.
        alias: Whether there is an alias.
        deleting: Whether it is about to be gone, once its executions are over.
    """

    arn: str
    definition: str = field(repr=False)
    role: str
    tags: Mapping[str, str]
    versions: tuple[int, ...]
    live: int | None
    alias: bool
    deleting: bool


def machine_arn(session: Session, name: str) -> str:
    """The ARN of the machine of that name."""
    return session.arn("states", f"stateMachine:{name}")


def alias_arn(session: Session, name: str) -> str:
    """The ARN by which new runs are started."""
    return f"{machine_arn(session, name)}:{ALIAS}"


def console_link(session: Session, name: str) -> str:
    """Where a browser shows the machine."""
    return f"{session.console}/states/home?region={session.region}#/statemachines/view/{machine_arn(session, name)}"


def read_machine(session: Session, name: str) -> Machine | None:
    """The machine of that name as it is, or None."""
    arn = machine_arn(session, name)
    try:
        found = session.ask(SERVICE, "describe_state_machine", stateMachineArn=arn)
        deleting = found.get("status") == "DELETING"
        # A machine that is being deleted has no versions any more, nor tags that can be asked for.
        tags = {} if deleting else read_tags(session, arn)
        versions = () if deleting else read_versions(session, arn)
        routes = [] if deleting else routes_of(session, arn)
    except AwsError as error:
        if error.missing:
            return None
        raise
    return Machine(
        arn=arn,
        definition=found["definition"],
        role=found["roleArn"],
        tags=tags,
        versions=versions,
        live=number_of(routes[0]["stateMachineVersionArn"]) if len(routes) == 1 else None,
        alias=bool(routes),
        deleting=deleting,
    )


def read_versions(session: Session, arn: str) -> tuple[int, ...]:
    """The numbers of a machine's versions, the newest first."""
    listed = session.pages(SERVICE, "list_state_machine_versions", "stateMachineVersions", stateMachineArn=arn)
    return tuple(sorted((number_of(one["stateMachineVersionArn"]) for one in listed), reverse=True))


def read_tags(session: Session, arn: str) -> dict[str, str]:
    """The tags of a machine."""
    return {one["key"]: one["value"] for one in session.ask(SERVICE, "list_tags_for_resource", resourceArn=arn).get("tags", ())}


def read_version(session: Session, machine: str, number: int) -> Version:
    """A version of the machine with this ARN."""
    found = session.ask(SERVICE, "describe_state_machine", stateMachineArn=f"{machine}:{number}")
    return Version(number, found["definition"], found["roleArn"], found.get("description") or "")


def routes_of(session: Session, arn: str) -> list[dict[str, Any]]:
    """Where the alias of a machine leads: versions, each with its share of new runs. Empty: there is no alias."""
    try:
        found = session.ask(SERVICE, "describe_state_machine_alias", stateMachineAliasArn=f"{arn}:{ALIAS}")
    except AwsError as error:
        if error.missing:
            return []
        raise
    return list(found["routingConfiguration"])


def leading(routes: Sequence[Mapping[str, Any]]) -> str | None:
    """The ARN of the version that most new runs get, or None."""
    first = max(routes, key=lambda one: one["weight"], default=None)
    return None if first is None else str(first["stateMachineVersionArn"])


def number_of(arn: str) -> int:
    """The number at the end of the ARN of a version, or of a revision."""
    return int(arn.rpartition(":")[2])


def refuse_foreign(name: str, machine: Machine, tags: Mapping[str, str]) -> None:
    """Make sure that a machine is of the deployment with these tags.

    Raises:
        PlatformError: flowc did not make it, or made it for something else.
    """
    if machine.deleting:
        raise PlatformError(f"the state machine {name} is being deleted, which lasts until its runs are over: try again then")
    if FLOW_TAG not in machine.tags:
        raise PlatformError(
            f"the state machine {name} was not made by flowc (it has no tag {FLOW_TAG}) and is left as it is: give the flow "
            "another name, or delete that state machine",
            setup=True,
        )
    if (maker := machine.tags.get(MAKER_TAG)) is not None:
        raise PlatformError(
            f"the state machine {name} is a part of what {maker} has applied, and is left as it is: change it there", setup=True
        )
    for tag in (one for one in tags if one in IDENTITY):
        if machine.tags.get(tag) != tags[tag]:
            there = machine.tags.get(tag)
            raise PlatformError(
                f"the state machine {name} belongs to something else (its tag {tag} is {there or 'missing'}, and not "
                f"{tags[tag]}) and is left as it is: give the flow another name, or undeploy that one",
                setup=True,
            )


def changed_by_others(session: Session, machine: Machine) -> bool:
    """Whether the machine's content is not what flowc last gave it."""
    now = digest_of(machine.definition, machine.role)
    if machine.tags.get(HASH_TAG) == now:
        return False
    # The tag is written after the machine: what failed between the two left the hash in the version only.
    return not machine.versions or read_version(session, machine.arn, machine.versions[0]).digest != now


def what_others_changed(session: Session, machine: Machine) -> str:
    """` (its role; the states a, b)`: what the machine has that flowc did not give it. Empty: that cannot be told."""
    last = next((one for one in _newest(session, machine) if one.digest == machine.tags.get(HASH_TAG)), None)
    if last is None:
        return ""
    old, new = json.loads(last.definition), json.loads(machine.definition)
    before, after = _flat(old), _flat(new)
    changed = [one for one in dict.fromkeys((*before, *after)) if before.get(one) != after.get(one)]
    shown = ", ".join(changed[:_SHOWN]) + (f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else "")
    fields = [one for one in dict.fromkeys((*old, *new)) if one != "States" and old.get(one) != new.get(one)]
    parts = (
        "its role" if last.role != machine.role else "",
        f"its {', '.join(fields)}" if fields else "",
        f"the state{'s' if len(changed) > 1 else ''} {shown}" if changed else "",
    )
    return f" ({'; '.join(filter(None, parts))})"


def _newest(session: Session, machine: Machine) -> Iterator[Version]:
    """The versions that flowc may have deployed last: others may have published theirs since."""
    return (read_version(session, machine.arn, number) for number in machine.versions[:3])


def _flat(definition: Mapping[str, Any]) -> dict[str, Any]:
    """All states by name, each without those inside it."""
    found: dict[str, Any] = {}
    for name, state in definition.get("States", {}).items():
        found[name] = {key: value for key, value in state.items() if key not in ("Branches", "ItemProcessor", "Iterator")}
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {}), state.get("Iterator", {})):
            found |= _flat(inner)
    return found


def shortened(text: str) -> str:
    """A text to be read, in which hashes are as short as people know them by."""
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1…", text)


def digest_of(definition: str, role: str) -> str:
    """The hash of a machine's content, whatever the layout of its text."""
    return hashlib.sha256(json.dumps([json.loads(definition), role], sort_keys=True).encode()).hexdigest()


def describe(version: str, package: str, definition: str, role: str) -> str:
    """The description of a version: of which flowc, with which package (its sha256)."""
    return f"flowc {version}, package {package}, sha256 {digest_of(definition, role)}"


def difference(old: str, new: str) -> tuple[str, ...]:
    """What changes in a definition, as a unified diff without its header."""
    before, after = (json.dumps(json.loads(one), indent=1, ensure_ascii=False).splitlines() for one in (old, new))
    return tuple(list(difflib.unified_diff(before, after, n=3, lineterm=""))[2:])
