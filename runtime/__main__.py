"""The entrypoint of a task's container: `python3 -m flowc.runtime`, which runs one task and takes no arguments.

In: the environment variables of `contract`, the package's folder, the datastore. Out: a committed manifest, and an exit code:
0 done, 1 the user's code or data failed, 2 the environment or the package is unfit, 3 a bug of flowc's.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from . import contract
from .errors import FlowcError, LoadError, TaskError
from .failure import Failure
from .language.current import user_name
from .local.progress import stand_in_for_closed_streams
from .paths import TaskId, begins_run, parse
from .plan import load_plan
from .store import open_store
from .tasks.loading import load_flow_class
from .tasks.parameters import complete, from_environment
from .tasks.policy import policy_of
from .tasks.task import check_task, execute

DONE, FAILED, UNFIT, BUG = 0, 1, 2, 3


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Run the task that the environment names; the exit code."""
    try:
        return _main(environment)
    except Exception:
        import traceback

        traceback.print_exc()
        print("flowc: this is a bug of flowc's; please report it with the lines above", file=sys.stderr)
        return BUG


def _main(environment: Mapping[str, str]) -> int:
    stand_in_for_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a killed container's last lines are those that matter
    try:
        task = TaskId(*(_required(environment, name) for name in (contract.RUN, contract.STEP, contract.PATH)))
        attempt = environment.get(contract.ATTEMPT) or "0"
        if not attempt.isdecimal():
            raise TaskError(f"{contract.ATTEMPT} is {attempt!r}, and must be a number from 0")
        package = Path(_required(environment, contract.PACKAGE))
        store = open_store(_required(environment, contract.DATASTORE))
        plan = load_plan(package)
        check_task(plan, task)
        step = plan.steps[task.step]
        os.environ.update(policy_of(step).environment)  # before the user's module, which may read it
    except FlowcError as error:
        return _say(error, UNFIT)
    try:
        flow_class = load_flow_class(package / plan.file, plan.flow, plan.configs, plan.absent)
        parameters = None
        if begins_run(step, parse(task.path), plan.start):
            given = from_environment(plan, environment.get(contract.PARAMETERS))
            parameters = complete(plan, flow_class, given, user_name())
    except FlowcError as error:
        return _say(error, FAILED)
    folder = environment.get(contract.OUTPUTS)
    outcome = execute(
        plan, flow_class, store, task, int(attempt), parameters=parameters, outputs=Path(folder) if folder else None
    )
    if isinstance(outcome, Failure):
        print(outcome.traceback or f"flowc: {outcome.message}", file=sys.stderr)
        print(f"flowc: attempt {int(attempt) + 1} of the task {task} failed", file=sys.stderr)
        return FAILED
    if outcome.caught is not None:
        print(f"flowc: step `{task.step}` failed and is caught: {outcome.caught}", file=sys.stderr)
    return DONE


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise TaskError(f"the environment variable {name} is not set")
    return value


def _say(error: FlowcError, code: int) -> int:
    if isinstance(error, LoadError) and error.traceback:
        print(error.traceback, file=sys.stderr, end="")
    print(f"flowc: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
