"""One step → the states of its task.

| state | what it does | where it stands |
|---|---|---|
| `NAME` | the job | always |
| `NAME.catch` | a job that runs no code of the user's, records the failure, and lets the flow go on | under `@catch` |
| `NAME.next` | reads from the datastore which way the task chose | where the step has several ways on |
| `NAME.choice` | goes there | likewise |
| `NAME.unknown` | fails: that is no way of the step | likewise |
| `NAME.over` | ends the states, which a Choice cannot | where a way leads out of them; under `@catch` too |

Where the name of a step is too long for a state, the state's `Comment` says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ...compiler.ir.edges import edges_of
from ...compiler.ir.nodes import Arrival, Flow, Step
from ...compiler.limits import ASL_STATE_NAME, BATCH_NAME
from ...runtime import contract
from ..names import Names, spell_same, spell_word
from . import retries
from .jobs import Jobs
from .places import Keys, Place
from .retries import caught, retries_of

State: TypeAlias = dict[str, Any]
Onward: TypeAlias = Callable[[Arrival], str | None]
"""Where an arrival leads: a state's name, or None where the states end."""

_READ: Final = "arn:aws:states:::aws-sdk:s3:getObject"
_WRITE: Final = "arn:aws:states:::aws-sdk:s3:putObject"
ATTEMPT: Final = {
    "Name": contract.ATTEMPT,
    "Value.$": "States.Format('{}.{}', $$.Execution.RedriveCount, $$.State.RetryCount)",
}
"""Says which attempt a job is. A redriven execution counts retries from 0 again."""


def goes_on(state: str | None) -> State:
    """How a state goes on. The last one hands on nothing: a Map collects what its children hand on, 256 KiB at the most."""
    return {"OutputPath": None, "End": True} if state is None else {"Next": state}


class Tasks:
    """Makes the states of tasks.

    Attributes:
        names: Gives names to all states.
        keys: Makes keys of the datastore.
    """

    def __init__(self, flow: Flow, jobs: Jobs, keys: Keys) -> None:
        self.flow = flow
        self.jobs = jobs
        self.keys = keys
        self.names = Names(ASL_STATE_NAME, spell_same)
        self._job_names = Names(BATCH_NAME, spell_word)

    def of_step(self, step: Step, place: Place, onward: Onward) -> dict[str, State]:
        """The states of one task, the first of which is called after the step."""
        edges = edges_of(step)
        choice = self._choice(step, place, onward) if len(edges) > 1 else {}
        following = next(iter(choice)) if choice else onward(Arrival(stage=step.name))
        more = retries_of(step, self.jobs.settings[step.name])
        environment = [
            {"Name": contract.RUN, "Value.$": "$.run"},
            {"Name": contract.STEP, "Value": step.name},
            {"Name": contract.PATH, "Value.$": place.path},
        ]
        if step.name == self.flow.start:
            environment.append({"Name": contract.INPUT, "Value": contract.INPUT_OBJECT})
        own = self.names.of(step.name)
        if not caught(step):
            state = self._job(step, [*environment, ATTEMPT], more=more)
            return {own: {**state, "ResultPath": None, **goes_on(following)}, **choice}
        over = self.names.of(f"{step.name}.over")
        # An OutputPath of a state would empty what its catcher hands on, too.
        after = {"Next": following or over}
        main = self._job(step, [*environment, ATTEMPT, {"Name": contract.CATCH, "Value": "0"}], more=more)
        # Past all numbers that the step's own attempts can have come to. What is refused here has not begun.
        past = more + 1 + main["Retry"][0]["MaxAttempts"]
        last = {"Name": contract.ATTEMPT, "Value.$": f"States.Format('{{}}.{past}', $$.Execution.RedriveCount)"}
        catching = self._job(step, [*environment, last, {"Name": contract.CATCH, "Value": "1"}], "catch")
        catch = self.names.of(f"{step.name}.catch")
        return {
            own: {
                **main,
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": catch}],
                "ResultPath": None,
                **after,
            },
            catch: {**catching, "ResultPath": None, **after},
            **(choice if following else {over: {"Type": "Pass", **goes_on(None)}}),
        }

    def _job(self, step: Step, environment: list[State], what: str = "", more: int = 0) -> State:
        name = f"{self.flow.name}-{step.name}" + (f"-{what}" if what else "")
        wanted = f"{step.name}.{what}" if what else step.name
        comment = {} if self.names.of(wanted) == wanted else {"Comment": f"step {step.name}"}
        return {**comment, **self.submit(step, name, environment, more)}

    def submit(self, step: Step, name: str, environment: list[State], more: int = 0) -> State:
        """A Task that runs a container as a step's, with these variables besides, and how often it may be tried again.

        Everything here is made by flowc or is a name of the user's, which nothing expands: values of parameters are data, and
        stay in the datastore.
        """
        code = {"Name": contract.CODE, "Value.$": "$.code"}
        state = self.jobs.submission(step.name, self._job_names.of(name), [*environment, code])
        retriers = [retries.passing(retries.service_of(state["Resource"]))]
        if more:
            retriers.append(retries.of_user(self.jobs.settings[step.name], more))
        return {"Type": "Task", **state, "Retry": retriers}

    def read(self, key: str, into: str) -> State:
        """A Task that reads an object of JSON, which then is the field `is` of `$.INTO`."""
        return {
            "Type": "Task",
            "Resource": _READ,
            "Parameters": {"Bucket": self.keys.bucket, "Key.$": key},
            "ResultSelector": {"is.$": "States.StringToJson($.Body)"},
            "ResultPath": f"$.{into}",
            "Retry": [retries.passing("s3")],
        }

    def keep_input(self) -> State:
        """A Task that writes what the execution was started with where its first task finds it: not into an override, of
        which Batch takes 8,192 characters."""
        return {
            "Type": "Task",
            "Resource": _WRITE,
            "Parameters": {
                "Bucket": self.keys.bucket,
                "Key.$": self.keys.of_run(contract.INPUT_OBJECT),
                "Body.$": "States.JsonToString($$.Execution.Input)",
            },
            "ResultPath": None,
            "Retry": [retries.passing("s3")],
        }

    def _choice(self, step: Step, place: Place, onward: Onward) -> dict[str, State]:
        """The states that go where a task chose to go; the first of them reads where that is."""
        name = step.name
        read, choice, over, unknown = (self.names.of(f"{name}.{what}") for what in ("next", "choice", "over", "unknown"))
        leads = {edge.key: onward(Arrival(stage=name, key=edge.key)) for edge in edges_of(step)}
        states: dict[str, State] = {
            read: {**self.read(self.keys.of_task(name, place, contract.NEXT), "next"), "Next": choice},
            choice: {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next.is", "StringEquals": key, "Next": state or over} for key, state in leads.items()
                ],
                "Default": unknown,
            },
            # Without it the execution would fail with States.Runtime, which nothing can catch, and no hook would run.
            unknown: {
                "Type": "Fail",
                "Error": "flowc.UnknownWay",
                "Cause": f"{contract.NEXT} of a task of step {name} names no way on that the step has in this state machine",
            },
        }
        if None in leads.values():
            states[over] = {"Type": "Pass", **goes_on(None)}
        return states
