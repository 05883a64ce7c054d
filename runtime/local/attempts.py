"""One attempt of a task in a process of its own: what the process does, what it answers, and what its end means if it does not.

work = Work(plan, flow_file, store, parameters, flow_class)
report = work.do(TaskId(…), 0)        # in the child: bytes
read_answer(report)                   # in the parent
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..failure import Failure, failure_of_end, failure_of_timeout
from ..paths import TaskId, begins_run, parse
from ..plan import Plan
from ..records.manifest import Manifest
from ..store import Store
from ..tasks.policy import Policy
from ..tasks.task import execute

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec
    from .direct import Name


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which task, and how many attempts of it there were before."""

    task: TaskId
    number: int

    @property
    def name(self) -> Name:
        """It, of all attempts of its run."""
        return (self.task.step, self.task.path, self.number)


@dataclass(frozen=True, slots=True)
class Work:
    """What all tasks of a run have in common.

    Attributes:
        parameters: Values by attribute; None: those that the run has kept.
    """

    plan: Plan
    flow_file: Path
    store: Store
    parameters: Mapping[str, object] | None
    flow_class: type[FlowSpec] = field(repr=False)

    def do(self, task: TaskId, number: int) -> bytes:
        """Run an attempt in this process; the answer, for `read_answer`."""
        first = begins_run(self.plan.steps[task.step], parse(task.path), self.plan.start)
        try:
            outcome = execute(self.plan, self.flow_class, self.store, task, number, parameters=self.parameters if first else None)
        except Exception:
            import traceback

            return json.dumps({"bug": traceback.format_exc()}).encode()
        if isinstance(outcome, Failure):
            return json.dumps({"failure": outcome.to_json()}).encode()
        return json.dumps(_answer(outcome)).encode()

    def do_without_terminal(self, task: TaskId, number: int) -> bytes:
        """The same where nobody can type anything: a `breakpoint()` says so, and is passed over."""
        if not os.environ.get("PYTHONBREAKPOINT"):
            sys.breakpointhook = _pass_over_breakpoint
        return self.do(task, number)


def read_answer(report: bytes) -> dict[str, Any]:
    """What a child answered: {} if nothing, {"bug": …}, {"failure": …}, or {"chose": …, "cardinality": …, "caught": …}."""
    try:
        answer: dict[str, Any] = json.loads(report)
    except ValueError:  # none, or half of one, of a child that was killed
        return {}
    return answer


def failure_of(status: int, timed_out: bool, policy: Policy) -> Failure:
    """Why a child came to nothing that did not say so itself.

    Args:
        status: Its exit code, or minus the signal that killed it.
        timed_out: Its time was up.
    """
    if timed_out and policy.timeout is not None:
        return failure_of_timeout(policy.timeout)
    return failure_of_end(status)


def _answer(manifest: Manifest) -> dict[str, Any]:
    caught = None if manifest.caught is None else str(manifest.caught)
    return {"chose": manifest.chose, "cardinality": manifest.cardinality, "caught": caught}


def _pass_over_breakpoint(*_arguments: object, **_more: object) -> None:
    frame = sys._getframe(1)
    place = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"  # noqa: PTH119  # imports no more than it must
    print(f"flowc: the breakpoint at {place} is passed over: tasks have no terminal, but with --in-process", file=sys.stderr)
