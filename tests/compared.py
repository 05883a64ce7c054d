"""What a deployed run has in common with the local one of the same flow, whatever it was deployed to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from deployed import RanHere
from mishaps import without_ended

from flowc.runtime import contract
from flowc.runtime.store import Store


class Ran(Protocol):
    """A deployed run that is over."""

    @property
    def id(self) -> str: ...
    @property
    def store(self) -> Store: ...
    def kept(self) -> str: ...
    def failures(self) -> dict[str, str]: ...


def failed_alike(ran: Ran, here: RanHere) -> None:
    """Assert that both failed for the same reasons, and did the same before."""
    assert without_ended(ran.failures()) == here.failures
    kept, kept_here = json.loads(ran.kept()), json.loads(here.kept)
    assert not {"join/-", "end/-"} & kept.keys()
    # Of what runs beside a failure, either may have more when that is seen.
    assert {task: kept[task] for task in kept.keys() & kept_here.keys()} == {
        task: kept_here[task] for task in kept.keys() & kept_here.keys()
    }
    assert ("start/-" in kept) == ("start/-" in kept_here)


def numberless(text: str) -> object:
    """What tasks left, but for which of their attempts did."""
    tasks: Mapping[str, Mapping[str, object]] = json.loads(text)
    return {task: {name: one for name, one in told.items() if name != "attempt"} for task, told in tasks.items()}


def written(ran: Ran, flow: str, task: str) -> bytes | None:
    """What a task left, which is written once."""
    step, path = task.split("/")
    return ran.store.get(f"{contract.task_key(flow, ran.id, step, path)}/{contract.MANIFEST}")
