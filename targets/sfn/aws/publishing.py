"""What must be done for new runs to have a certain state machine: create or update it, publish that, point the alias at it.

Content that is there already is used as it is. So a second deploy of the same flow changes nothing, and after one that failed
between two requests it goes on with the next of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...platform import Change, PlatformError
from ..deployment import ALIAS
from .machine import (
    HASH_TAG,
    SERVICE,
    Machine,
    Version,
    alias_arn,
    changed_by_others,
    difference,
    digest_of,
    machine_arn,
    number_of,
    read_version,
    read_versions,
    refuse_foreign,
    shortened,
    what_others_changed,
)
from .roles import MACHINE, insist
from .session import AwsError, Session

KEPT_VERSIONS: Final = 900
"""Of a machine. AWS takes 1,000: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The state machine as it shall be.

    Attributes:
        name: Its name.
        definition: Its text.
        role: The ARN of its role.
        kind: `STANDARD`.
        tags: Its tags, by key.
        description: That of the version, if one must be published.
    """

    name: str
    definition: str = field(repr=False)
    role: str
    kind: str
    tags: Mapping[str, str]
    description: str


class _Published:
    """The version that was published by a change, for those after it."""

    def __init__(self, number: int | None) -> None:
        self.number = number


def machine_changes(session: Session, wanted: Wanted, machine: Machine | None, *, overwrite: bool) -> Iterator[Change]:
    """The changes that make the machine so and lead new runs to it.

    Raises:
        PlatformError: The machine is not ours, or others have changed it.
    """
    tags = {**wanted.tags, HASH_TAG: digest_of(wanted.definition, wanted.role)}
    if machine is None:
        published = _Published(None)
        yield _created(session, wanted, tags, published)
        yield _alias_change(session, wanted.name, "create", (), published)
        return
    refuse_foreign(wanted.name, machine, wanted.tags)
    same = digest_of(machine.definition, machine.role) == tags[HASH_TAG]
    if not same and not overwrite and changed_by_others(session, machine):
        changed = what_others_changed(session, machine)
        raise PlatformError(
            f"the state machine {wanted.name} was changed by somebody else since flowc deployed it{changed}: `flowc deploy "
            "--dry-run --overwrite` shows what would be lost, and --overwrite replaces it",
            setup=True,
        )
    if not same:
        published = _Published(None)
        yield _updated(session, wanted, machine, published)
    else:
        published = _Published(_version_of(session, machine, tags[HASH_TAG]))
        if published.number is None:
            yield _publication(session, wanted, machine, published)
    if published.number is None or machine.live != published.number:
        live = f"version {machine.live}" if machine.live else "several versions" if machine.alias else None
        to = f"version {published.number or _next(machine)}"
        lines = (f"{live} → {to}",) if live else (to,)
        yield _alias_change(session, wanted.name, "change" if machine.alias else "create", lines, published)
    if tagged := {key: value for key, value in tags.items() if machine.tags.get(key) != value}:
        yield _tagging(session, wanted.name, machine, tagged)
    for number in machine.versions[KEPT_VERSIONS - 1 :]:
        if number != machine.live and number != published.number:
            yield _pruning(session, machine, number)


def rollback_change(session: Session, name: str, machine: Machine, version: int | None) -> Change | None:
    """The change that leads new runs to an older version; None: they go there already.

    Raises:
        PlatformError: There is no such version.
    """
    if version is None:
        if machine.live is None:
            where = f"its alias {ALIAS} leads to several versions" if machine.alias else f"it has no alias {ALIAS}"
            raise PlatformError(
                f"the version before cannot be told of the state machine {name}, for {where}: say --rollback VERSION", setup=True
            )
        version = next((one for one in machine.versions if one < machine.live), None)
        if version is None:
            live = machine.live
            raise PlatformError(f"the state machine {name} has no version older than {live}, which new runs have", setup=True)
    if version not in machine.versions:
        newest = ", ".join(map(str, machine.versions[:10])) + (" …" if len(machine.versions) > 10 else "")
        has = f"it has {newest}" if machine.versions else "it has none"
        raise PlatformError(f"the state machine {name} has no version {version}: {has}", setup=True)
    if version == machine.live:
        return None
    to = read_version(session, machine.arn, version)
    lines: tuple[str, ...] = (str(to),)
    if machine.live is not None:
        now = read_version(session, machine.arn, machine.live)
        lines = (f"{now} → {to}", *_differences(now.definition, now.role, to.definition, to.role))
    return _alias_change(session, name, "change" if machine.alias else "create", lines, _Published(version))


def _differences(definition: str, role: str, new_definition: str, new_role: str) -> tuple[str, ...]:
    roles = (f"role: {role} → {new_role}",) if role != new_role else ()
    return (*roles, *difference(definition, new_definition))


def _version_of(session: Session, machine: Machine, digest: str) -> int | None:
    """The version with this content, of those that are likely to have it."""
    likely = [one for one in (machine.live, *machine.versions[:1]) if one is not None]
    for number in dict.fromkeys(likely):
        version: Version = read_version(session, machine.arn, number)
        if digest_of(version.definition, version.role) == digest:
            return number
    return None


def _next(machine: Machine) -> int:
    """The number that the next version will have, unless a newer one was deleted."""
    return max(machine.versions, default=0) + 1


def _created(session: Session, wanted: Wanted, tags: Mapping[str, str], published: _Published) -> Change:
    def make() -> None:
        try:
            made = insist(
                lambda: session.ask(
                    SERVICE,
                    "create_state_machine",
                    name=wanted.name,
                    definition=wanted.definition,
                    roleArn=wanted.role,
                    type=wanted.kind,
                    tags=[{"key": key, "value": value} for key, value in sorted(tags.items())],
                    publish=True,
                    versionDescription=wanted.description,
                ),
                wanted.role,
                MACHINE,
            )
        except AwsError as error:
            if error.code == "StateMachineAlreadyExists":
                raise PlatformError(
                    f"the state machine {wanted.name} was created by somebody else a moment ago: deploy again to see what it is"
                ) from None
            raise
        _note(session, machine_arn(session, wanted.name), made, published)

    return Change(action="create", what="state machine", name=wanted.name, lines=(f"role: {wanted.role}",), make=make)


def _updated(session: Session, wanted: Wanted, machine: Machine, published: _Published) -> Change:
    def make() -> None:
        made = insist(
            lambda: session.ask(
                SERVICE,
                "update_state_machine",
                stateMachineArn=machine.arn,
                definition=wanted.definition,
                roleArn=wanted.role,
                publish=True,
                versionDescription=wanted.description,
            ),
            wanted.role,
            MACHINE,
        )
        _note(session, machine.arn, made, published)

    lines = _differences(machine.definition, machine.role, wanted.definition, wanted.role)
    return Change(action="change", what="state machine", name=wanted.name, lines=lines, make=make)


def _publication(session: Session, wanted: Wanted, machine: Machine, published: _Published) -> Change:
    def make() -> None:
        made = session.ask(SERVICE, "publish_state_machine_version", stateMachineArn=machine.arn, description=wanted.description)
        _note(session, machine.arn, made, published)

    return Change(action="create", what="version", name=f"{wanted.name}:{_next(machine)}", make=make)


def _note(session: Session, arn: str, made: Mapping[str, Any], published: _Published) -> None:
    """Remember which version was published."""
    version_arn = made.get("stateMachineVersionArn")
    if version_arn is None:  # an answer to a repeated request may leave it out
        published.number = read_versions(session, arn)[0]
    else:
        published.number = number_of(version_arn)


def _alias_change(session: Session, name: str, action: Any, lines: tuple[str, ...], published: _Published) -> Change:
    arn = machine_arn(session, name)

    def make() -> None:
        routes = [{"stateMachineVersionArn": f"{arn}:{published.number}", "weight": 100}]
        if action == "create":
            session.ask(SERVICE, "create_state_machine_alias", name=ALIAS, routingConfiguration=routes)
        else:
            session.ask(
                SERVICE, "update_state_machine_alias", stateMachineAliasArn=alias_arn(session, name), routingConfiguration=routes
            )

    return Change(action=action, what="alias", name=f"{name}:{ALIAS}", lines=lines, make=make)


def _tagging(session: Session, name: str, machine: Machine, tags: Mapping[str, str]) -> Change:
    def make() -> None:
        pairs = [{"key": key, "value": value} for key, value in sorted(tags.items())]
        session.ask(SERVICE, "tag_resource", resourceArn=machine.arn, tags=pairs)

    lines = tuple(f"{key}: {shortened(tags[key])}" for key in sorted(tags))
    return Change(action="change", what="tags", name=name, lines=lines, make=make)


def _pruning(session: Session, machine: Machine, number: int) -> Change:
    def make() -> None:
        session.ask(SERVICE, "delete_state_machine_version", stateMachineVersionArn=f"{machine.arn}:{number}")

    lines = (f"the newest {KEPT_VERSIONS} are kept",)
    return Change(action="delete", what="version", name=str(number), lines=lines, make=make)
