"""A flow of which some steps run elsewhere, on a `Farm`: as fixtures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from farm import Farm, Process, quicken

from flowc.runtime import contract
from flowc.runtime.store import LocalStore

ALL = ("start", "work", "join", "end")
"""Its steps."""
FLOW = """
    import os, sys, time
    from flowc import *

    class Hybrid(FlowSpec):
        alpha = Parameter("alpha", default=2)

        @step
        def start(self):
            self.items = list(range(COUNT))
            self.where = os.environ.get("FLOWC_PACKAGE") is not None
            self.next(self.work, foreach="items")

        DECORATORS
        @step
        def work(self):
            self.there = os.environ.get("FLOWC_PACKAGE") is not None
            BODY
            self.square = self.alpha * self.input ** 2
            self.next(self.join)

        @step
        def join(self, inputs):
            self.squares = [getattr(one, "square", None) for one in inputs]
            self.there = [getattr(one, "there", None) for one in inputs]
            self.next(self.end)

        @step
        def end(self):
            pass
    """


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits as long as it would."""
    Process.warm()
    quicken(monkeypatch)


@pytest.fixture
def hybrid(write: Callable[[str], Any], tmp_path: Path) -> Iterator[Callable[..., tuple[Any, Farm]]]:
    """Writes the flow, and makes a platform for it."""

    def make(body: str = "pass", decorators: str = "# none", count: int = 3, name: str = "", **settings: Any) -> tuple[Any, Farm]:
        text = FLOW.replace("COUNT", str(count)).replace("BODY", body).replace("DECORATORS", decorators)
        flow = write(text)
        place = tmp_path / name
        flow.store = LocalStore(place / "store")
        package = place / "package"
        package.mkdir(parents=True)
        (package / contract.PLAN_FILE).write_text(flow.plan_text)
        (package / flow.file.name).write_text(flow.file.read_text())
        (place / "farm").mkdir()
        settings["faults"] = Counter(settings.get("faults", {}))
        farms.append(Farm(place / "farm", package, flow.store.root, **settings))
        return flow, farms[-1]

    farms: list[Farm] = []
    yield make
    for farm in farms:
        farm.clear()
