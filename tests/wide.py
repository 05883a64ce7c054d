"""A foreach of any width on a store, with all its tasks done but the join, which its own entrypoint then runs.

The tasks of the foreach leave what theirs would, written by the runtime's own code; the split and the join are processes, as a
container starts them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.runtime import contract
from flowc.runtime.artifacts import Artifacts
from flowc.runtime.paths import TaskId
from flowc.runtime.records.manifest import Manifest, commit_manifest, read_manifest
from flowc.runtime.store import open_store

WIDTH = 10_000
RUN = "1"


def flow(items: str, width: int = 3) -> str:
    """A flow with a foreach over some items, an expression in which `self.width` is a parameter of this default."""
    return f"""\
from flowc import FlowSpec, Parameter, step


class Wide(FlowSpec):
    width = Parameter("width", default={width})

    @step
    def start(self):
        self.items = list({items})
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.square for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@dataclass(frozen=True)
class Wide:
    """The flow in a folder as a container finds it, and its run's place.

    Attributes:
        folder: Holds the flow and its plan.
        place: The datastore's URL.
        environment: What a process needs to get at that.
    """

    folder: Path
    place: str
    environment: Mapping[str, str]

    @classmethod
    def write(cls, folder: Path, place: str, environment: Mapping[str, str]) -> Wide:
        """Write the flow and its plan."""
        text = flow("range(self.width)")
        compiled = compile_bytes("flow.py", text.encode()).flow
        assert compiled is not None
        (folder / "flow.py").write_text(text, encoding="utf-8")
        (folder / contract.PLAN_FILE).write_text(plan_text(compiled), encoding="utf-8")
        return cls(folder, place, environment)

    command = (sys.executable, "-m", "flowc.runtime")

    def variables(self, step: str) -> dict[str, str]:
        """What an orchestrator tells a task outside of the foreach."""
        return {
            **self.environment,
            contract.DATASTORE: self.place,
            contract.PACKAGE: str(self.folder),
            contract.RUN: RUN,
            contract.STEP: step,
            contract.PATH: contract.ROOT_PATH,
            contract.ATTEMPT: "0",
            contract.PARAMETERS: json.dumps({"width": WIDTH}),
        }

    def fill(self) -> None:
        """Leave what the tasks of the foreach would; the environment must be this process's own."""
        store = open_store(self.place)
        artifacts = Artifacts(store, "Wide", RUN)

        def work(index: int) -> None:
            entries = {"square": artifacts.save("square", index**2, "work")}
            done = Manifest(attempt=0, started=0, ended=0, chose=None, cardinality=None, artifacts=entries)
            commit_manifest(store, "Wide", TaskId(RUN, "work", str(index)), done)

        with ThreadPoolExecutor(16) as pool:
            for _ in pool.map(work, range(WIDTH)):
                pass

    def squares(self) -> list[int]:
        """What the join has found."""
        store = open_store(self.place)
        done = read_manifest(store, "Wide", TaskId(RUN, "join", contract.ROOT_PATH))
        assert done is not None
        found = Artifacts(store, "Wide", RUN).load("squares", done.artifacts["squares"])
        assert isinstance(found, list)
        return found
