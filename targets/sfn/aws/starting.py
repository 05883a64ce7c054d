"""What starts a flow by itself: its schedule, and the rules of its events.

A schedule has no tags of its own: it is ours if it starts our machine. A rule is ours if it has flowc's tag; ours that are no
longer wanted are deleted, on whichever bus they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ...platform import Change, PlatformError
from ..jobs import FLOW_TAG
from .roles import EVENTS, SCHEDULER, insist
from .session import AwsError, Session

_DEFAULT_BUS: Final = "default"
_DEFAULTS: Final = {"State": "ENABLED", "GroupName": "default", "ScheduleExpressionTimezone": "UTC", "EventBusName": _DEFAULT_BUS}
"""What a request that leaves a field out means."""
_AS_JSON: Final = ("Input", "EventPattern")
"""Fields that hold JSON as text."""


def schedule_changes(session: Session, name: str, wanted: Mapping[str, Any] | None, machine: str) -> Iterator[Change]:
    """What must be done for the schedule to be so.

    Args:
        name: The schedule's name.
        wanted: The request of `scheduler:CreateSchedule`; None: there shall be none.
        machine: The ARN of the state machine, which it starts by an alias.

    Raises:
        PlatformError: There is one of this name that starts something else.
    """
    try:
        found = session.ask("scheduler", "get_schedule", Name=name)
    except AwsError as error:
        if not error.missing:
            raise
        found = None
    if found is None:
        if wanted is not None:
            make = _put(session, "create_schedule", wanted)
            yield Change(action="create", what="schedule", name=name, lines=(expression_of(wanted),), make=make)
        return
    if not _starts(str(found["Target"]["Arn"]), machine):
        raise PlatformError(
            f"the schedule {name} starts something else ({found['Target']['Arn']}) and is left as it is: delete it, or give the "
            "flow another name",
            setup=True,
        )
    if wanted is None:

        def delete() -> None:
            _unless_missing(lambda: session.ask("scheduler", "delete_schedule", Name=name))

        yield Change(action="delete", what="schedule", name=name, lines=(expression_of(found),), make=delete)
    elif lines := tuple(_differences(wanted, found)):
        yield Change(action="change", what="schedule", name=name, lines=lines, make=_put(session, "update_schedule", wanted))


def expression_of(schedule: Mapping[str, Any]) -> str:
    """When a schedule starts, as AWS writes it: `cron(0 6 * * ? *) Europe/Berlin`."""
    zone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    off = ", disabled" if schedule.get("State") == "DISABLED" else ""
    return f"{schedule['ScheduleExpression']} {zone}{off}"


def _put(session: Session, operation: str, request: Mapping[str, Any]) -> Callable[[], None]:
    def make() -> None:
        insist(lambda: session.ask("scheduler", operation, **request), request["Target"]["RoleArn"], SCHEDULER)

    return make


def rule_changes(
    session: Session, names: Iterable[str], wanted: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]
) -> Iterator[Change]:
    """What must be done for the rules to be these.

    Args:
        names: What rules of this deployment are called, those too that it does not have now.
        wanted: The requests of `events:PutRule` and `events:PutTargets`.

    Raises:
        PlatformError: flowc did not make one of a name that is wanted.
    """
    kept = {(str(rule["Name"]), bus_of(rule)) for rule, _ in wanted}
    for bus in _buses(session, {bus for _, bus in kept}):
        for name in names:
            if (name, bus) not in kept and _rule(session, name, bus) and FLOW_TAG in _tags_of(session, name, bus):
                yield _deletion(session, name, bus)
    for rule, targets in wanted:
        name, bus = str(rule["Name"]), bus_of(rule)
        found = _rule(session, name, bus)
        if found is None:
            make, pattern = _put_rule(session, rule, targets), str(rule["EventPattern"])
            yield Change(action="create", what="rule", name=_shown(name, bus), lines=(pattern,), make=make)
            continue
        if FLOW_TAG not in _tags_of(session, name, bus):
            raise PlatformError(
                f"the EventBridge rule {_shown(name, bus)} was not made by flowc (it has no tag {FLOW_TAG}) and is left as it "
                "is: delete it, or give the flow another name",
                setup=True,
            )
        there = {"EventBusName": bus, "Rule": name, "Targets": _targets(session, name, bus)}
        unseen = ("Tags", "EventBusName")
        lines = (*_differences(rule, found, unseen), *_differences(targets, there, unseen))
        if lines:
            make = _put_rule(session, rule, targets)
            yield Change(action="change", what="rule", name=_shown(name, bus), lines=lines, make=make)


def bus_of(rule: Mapping[str, Any]) -> str:
    """The name of the event bus of a request, which may leave it out, or have its ARN."""
    bus = str(rule.get("EventBusName") or _DEFAULT_BUS)
    return bus.partition(":event-bus/")[2] or bus


def _put_rule(session: Session, rule: Mapping[str, Any], targets: Mapping[str, Any]) -> Callable[[], None]:
    def make() -> None:
        session.ask("events", "put_rule", **rule)
        role = targets["Targets"][0]["RoleArn"]
        answer = insist(lambda: session.ask("events", "put_targets", **targets), role, EVENTS)
        if answer.get("FailedEntryCount"):
            first = answer["FailedEntries"][0]
            why = f"{first.get('ErrorCode')} {first.get('ErrorMessage')}"
            raise PlatformError(f"AWS refuses a target of the rule {rule['Name']}: {why}")

    return make


def _deletion(session: Session, name: str, bus: str) -> Change:
    def make() -> None:
        ids = [str(one["Id"]) for one in _targets(session, name, bus)]
        if ids:
            _unless_missing(lambda: session.ask("events", "remove_targets", Rule=name, EventBusName=bus, Ids=ids))
        _unless_missing(lambda: session.ask("events", "delete_rule", Name=name, EventBusName=bus))

    return Change(action="delete", what="rule", name=_shown(name, bus), make=make)


def _buses(session: Session, wanted: set[str]) -> list[str]:
    """The event buses on which there may be rules of ours."""
    found = set(wanted) | {_DEFAULT_BUS}
    try:
        found |= {str(one["Name"]) for one in session.pages("events", "list_event_buses", "EventBuses")}
    except AwsError as error:
        if not error.denied:
            raise
    return sorted(found)


def _rule(session: Session, name: str, bus: str) -> dict[str, Any] | None:
    try:
        return session.ask("events", "describe_rule", Name=name, EventBusName=bus)
    except AwsError as error:
        if error.missing:
            return None
        raise


def _targets(session: Session, name: str, bus: str) -> list[dict[str, Any]]:
    try:
        return list(session.pages("events", "list_targets_by_rule", "Targets", Rule=name, EventBusName=bus))
    except AwsError as error:
        if error.missing:
            return []
        raise


def _tags_of(session: Session, name: str, bus: str) -> dict[str, str]:
    path = name if bus == _DEFAULT_BUS else f"{bus}/{name}"
    answer = session.ask("events", "list_tags_for_resource", ResourceARN=session.arn("events", f"rule/{path}"))
    return {one["Key"]: one["Value"] for one in answer.get("Tags", ())}


def _shown(name: str, bus: str) -> str:
    return name if bus == _DEFAULT_BUS else f"{name} on {bus}"


def _starts(target: str, machine: str) -> bool:
    return target == machine or target.startswith(f"{machine}:")


def _unless_missing(request: Callable[[], object]) -> None:
    try:
        request()
    except AwsError as error:
        if not error.missing:
            raise


def _differences(wanted: Mapping[str, Any], found: Mapping[str, Any], unseen: tuple[str, ...] = ()) -> Iterator[str]:
    """`field: now → then` for each field of a request that is otherwise now. What a request does not say is left out: AWS fills
    much in by itself."""
    for key, value in wanted.items():
        if key in unseen:
            continue
        there = found.get(key, _DEFAULTS.get(key))
        if _plain(key, value) != _plain(key, _cut(there, value)):
            yield f"{key}: {_text(there)} → {_text(value)}"


def _cut(there: Any, wanted: Any) -> Any:
    """What is there without the fields that nobody asked for."""
    if isinstance(there, Mapping) and isinstance(wanted, Mapping):
        return {key: _cut(there.get(key), value) for key, value in wanted.items()}
    if isinstance(there, list) and isinstance(wanted, list | tuple) and len(there) == len(wanted):
        return [_cut(one, other) for one, other in zip(there, wanted, strict=True)]
    return there


def _plain(key: str, value: Any) -> Any:
    """A value for comparison: JSON by its content."""
    if isinstance(value, Mapping):
        return {name: _plain(name, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(key, one) for one in value]
    if key in _AS_JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
