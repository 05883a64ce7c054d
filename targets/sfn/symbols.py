"""Text with places for what a compile does not know: the account's partition, region and number, a bucket, a role.

A `Text` is parts: what stands there as it is, and `Symbol`s. So nothing of the user's is ever taken for a place, whatever it
looks like: text that came from the flow is a part, and `${…}` in it stays what it is.

    arn("states", "stateMachine:Sums")   →   arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:Sums

Whoever writes a document decides what a symbol becomes there: CloudFormation's `Fn::Sub`, Terraform's `${var.…}`, or the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Symbol:
    """What is known only where the document is used; its name is CloudFormation's where CloudFormation has one."""

    name: str

    def __str__(self) -> str:
        return f"${{{self.name}}}"


PARTITION: Final = Symbol("AWS::Partition")
REGION: Final = Symbol("AWS::Region")
ACCOUNT: Final = Symbol("AWS::AccountId")

BUCKET: Final = Symbol("DatastoreBucket")
QUEUE: Final = Symbol("BatchQueue")
PACKAGE: Final = Symbol("PackageKey")
CLUSTER: Final = Symbol("EcsCluster")
MACHINE_ROLE: Final = Symbol("StateMachineRole")
JOB_ROLE: Final = Symbol("JobRole")
EXECUTION_ROLE: Final = Symbol("ExecutionRole")
EVENTS_ROLE: Final = Symbol("EventsRole")


@dataclass(frozen=True, slots=True)
class Text:
    """Text in parts."""

    parts: tuple[str | Symbol, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


def text(*parts: str | Symbol | Text) -> Text:
    """Parts, one after the other."""
    flat: list[str | Symbol] = []
    for part in parts:
        flat += part.parts if isinstance(part, Text) else [part]
    return Text(tuple(flat))


def arn(service: str, *resource: str | Symbol | Text, region: bool = True, account: bool = True) -> Text:
    """The name of something in this account and region; of what is global, without them."""
    return text("arn:", PARTITION, f":{service}:", REGION if region else "", ":", ACCOUNT if account else "", ":", *resource)


def replace(data: Any, made_of: Callable[[Text], Any]) -> Any:
    """The same data with something else for each `Text` and `Symbol`."""
    if isinstance(data, Text):
        return made_of(data)
    if isinstance(data, Symbol):
        return made_of(Text((data,)))
    if isinstance(data, Mapping):
        return {key: replace(value, made_of) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [replace(value, made_of) for value in data]
    return data


def fill(data: Any, values: Mapping[str, str]) -> Any:
    """The same data with values for symbols, by name; a symbol without one stays as `${NAME}`."""

    def made_of(given: Text) -> str:
        return "".join(values.get(part.name, str(part)) if isinstance(part, Symbol) else part for part in given.parts)

    return replace(data, made_of)


def symbols_in(data: Any) -> set[str]:
    """The names of all symbols in some data."""
    found: set[str] = set()

    def note(given: Text) -> None:
        found.update(part.name for part in given.parts if isinstance(part, Symbol))

    replace(data, note)
    return found
