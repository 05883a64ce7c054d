"""What an execution remembers of itself, so that `RedriveExecution` can go on where it failed, which moto cannot.

A `Journal` belongs to a machine that is interpreted: the execution's own, a branch's, or an item's. It knows the state that was
entered last, with its input; the journals of that state's branches and items; and the output, if there was an end. A redriven
execution enters each machine that has not ended at the state where it stopped, and takes the output of those that have.

    journal.resume()                       # before the machine is interpreted again
    journal.child(("branch", None))        # of a branch that begins with the state `branch`

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as children,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

from engines.mending import mend


class Journal:
    """Of one machine."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.input: Any = None
        self.ended = False
        self.output: Any = None
        self.resuming = False
        self.redrives = 0
        self._children: dict[Hashable, Journal] = {}

    def resume(self) -> None:
        """Go on next time, and all below likewise."""
        self.resuming = self.state is not None
        self.redrives += self.resuming and not self.ended
        for one in self._children.values():
            one.resume()

    def enter(self, state: str, value: Any) -> None:
        """A state is entered."""
        if self.resuming:
            self.resuming = False
            return
        self.state, self.input = state, copy.deepcopy(value)
        self._children = {}

    def again(self) -> None:
        """The state is tried again, with everything below it."""
        self._children = {}

    def child(self, key: Hashable) -> Journal:
        """The journal of a branch or an item of the state."""
        return self._children.setdefault(key, Journal())


def begin(env: Environment, start: str) -> Journal | None:
    """Before a machine is interpreted: where it begins. Returns its journal, or None if it has ended before."""
    given: Any = env
    outer: Journal = getattr(given, "journal", None) or Journal()
    own = outer if getattr(given, "outermost", False) else outer.child((start, getattr(given, "item", None)))
    given.journal = own
    if getattr(given, "is_child", False):
        data: Any = env.states.context_object.context_object_data
        data["Execution"] = {**data["Execution"], "RedriveCount": own.redrives}
    env.next_state_name = start
    if own.ended:
        env.states.reset(own.output)
        env._program_state = ProgramEnded()
        return None
    if own.resuming:
        assert own.state is not None
        env.next_state_name = own.state
        env.states.reset(own.input)
    return own


def end(env: Environment, journal: Journal) -> None:
    """After it was interpreted."""
    if isinstance(env.program_state(), ProgramEnded):
        journal.ended, journal.output = True, copy.deepcopy(env.states.get_input())


def _hand_on(original: Callable[..., Environment], self: Any, *arguments: Any, **named: Any) -> Environment:
    """What runs below a state writes into the journal of its machine."""
    frame: Any = original(self, *arguments, **named)
    frame.journal = getattr(self, "journal", None)
    return frame  # type: ignore[no-any-return]


mend(Environment, "open_frame")(_hand_on)
mend(Environment, "open_inner_frame")(_hand_on)


@mend(CommonStateField, "_eval_body")
def _enter(original: Callable[..., None], self: Any, env: Any) -> None:
    """Written down before anything of the state can fail."""
    env.journal.enter(self.name, env.states.get_input())
    original(self, env)


def _name_item(original: Callable[..., None], self: Any, env: Any, job: Any) -> None:
    """Items share the first state of their machine, so that each needs a name. Those of a distributed Map are executions."""
    env.item, env.is_child = job.job_index, isinstance(self, children.DistributedItemProcessorWorker)
    original(self, env=env, job=job)


mend(IterationWorker, "_eval_job")(_name_item)
mend(children.DistributedItemProcessorWorker, "_eval_job")(_name_item)
