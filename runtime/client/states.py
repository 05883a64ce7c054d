"""Whether a run or a task is done, failed or running, as far as the store can tell.

What has left no record is taken to be running: a machine that was switched off leaves its run like that.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..contract import attempt_count
from ..plan import Plan
from ..records.traces import Trace
from ..tasks.policy import policy_of

State: TypeAlias = Literal["done", "failed", "running", "stopped"]
"""`stopped`: it had not come to its end when the run was over; runs are never that."""


def state_of(trace: Trace, step: str, plan: Plan | None, target: str | None, *, run_is_over: bool) -> State:
    """What has become of a task.

    Args:
        plan: Says how many attempts it may have; without it, one that fails is taken to be the last.
        target: What schedules the run. Step Functions counts jobs that it could not submit among the attempts: there not the
            number of the last one says how many there were since a redrive, but how many have left something.
        run_is_over: Whether nothing more can happen.
    """
    if trace.done:
        return "done"
    last = max(trace.failed, default=None)
    if last is None:
        return "stopped" if run_is_over else "running"
    if run_is_over:
        return "failed"
    if trace.printed and trace.printed[-1] > last:
        return "running"
    known = plan.steps.get(step) if plan else None
    if target == "sfn":
        last = sum(one >= last - attempt_count(last) for one in {*trace.failed, *trace.printed}) - 1
    return "running" if known is not None and policy_of(known).may_follow(last) else "failed"
