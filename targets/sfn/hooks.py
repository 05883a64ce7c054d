"""`@exit_hook`: what runs when a run is over, whichever way, and without a say in how it ended.

A flow with hooks has its states as the one branch of a `Parallel`, for only what stands in a state can be caught as a whole:

    run.begin → run.body ────────────────→ exit.success → exit.over
                    └ States.ALL → exit.failure → exit.failed: fails with the error of run.body

A hook's job runs as those of the start step do. That it fails is caught: what has succeeded stays so, and what has failed fails
with its own error. A run that is stopped, or that takes longer than the whole run may, ends without hooks.
"""

from __future__ import annotations

from ...compiler.ir.nodes import Flow
from ...runtime import contract
from ..settings import hooks_of
from .tasks import ATTEMPT, State, Tasks, goes_on


def with_hooks(flow: Flow, first: str, states: dict[str, State], tasks: Tasks) -> tuple[str, dict[str, State]]:
    """The states of a run with those of its hooks around them, and the first of all."""
    on_success, on_failure = hooks_of(flow)
    if not on_success and not on_failure:
        return first, states
    names = ("run.body", "exit.success", "exit.over", "exit.failure", "exit.failed")
    body, success, over, failure, failed = map(tasks.names.of, names)  # no step has a dot in its name
    whole: State = {"Type": "Parallel", "Branches": [{"StartAt": first, "States": states}]}
    if on_failure:
        whole["Catch"] = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": failure}]
    made: dict[str, State] = {body: {**whole, "ResultPath": None, "Next": success if on_success else over}}
    if on_success:
        made[success] = _hook(flow, "success", over, tasks)
    made[over] = {"Type": "Pass", **goes_on(None)}
    if on_failure:
        made[failure] = _hook(flow, "failure", failed, tasks)
        made[failed] = {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"}
    return body, made


def _hook(flow: Flow, ended: str, after: str, tasks: Tasks) -> State:
    """A job that runs the hooks for one way of ending, and goes on even where it fails."""
    start = next(step for step in flow.steps if step.name == flow.start)
    environment = [
        {"Name": contract.RUN, "Value.$": "$.run"},
        {"Name": contract.HOOK, "Value": ended},
        ATTEMPT,
    ]
    return {
        **tasks.submit(start, f"{flow.name}-exit-{ended}", environment),
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": after}],
        "ResultPath": None,
        "Next": after,
    }
