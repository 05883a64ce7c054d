"""What the compiler's documents and the runtime agree on: names of variables, files and objects. Standard library only.

A *task* is `run / step / path`. A *path* is the stack of foreach indices (`3`) and loop turns (`~2`) that lead to it, joined by
dots, and `-` where there is none: `-`, `3`, `3.1`, `~0`, `3.~2`. Orchestrators hand a task its run, step, path and attempt in
environment variables; everything else it finds in the package and in the datastore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PLAN_FORMAT = 2
"""The version of `plan.json`. A runtime refuses a plan of another version."""

PLAN_FILE = "plan.json"
"""The compiled flow, in the package beside the flow's own file."""

ROOT_PATH = "-"
TURN_MARK = "~"

# What an orchestrator sets for each task.
RUN = "FLOWC_RUN"
STEP = "FLOWC_STEP"
PATH = "FLOWC_PATH"
ATTEMPT = "FLOWC_ATTEMPT"
"""How many attempts of this task there were before, from 0; may have gaps. `1.0`: how often the orchestrator has let the run go
on after a failure, a *redrive*, and how many there were since."""
CATCH = "FLOWC_CATCH"
"""`1`: this attempt is the one that `@catch` adds; `0`: it is not, whatever its number. Unset: its number tells."""
HOOK = "FLOWC_HOOK"
"""`success` or `failure`: instead of a task, run the flow's exit hooks for a run that ended so. Step and path are then unset."""
INPUT = "FLOWC_INPUT"
"""The name, under the run's key, of an object with the parameters, where an orchestrator does not hand them over in a variable.
Read by the start step only. The JSON of `PARAMETERS`, or text that holds this JSON, or an event of EventBridge. Names with a
colon are no parameters: `flowc:user`, `flowc:tags`."""
PARAMETERS = "FLOWC_PARAMETERS"
"""Read by the start step only. JSON: either an object of values by name, or Argo's `[{"name": …, "value": "JSON or plain
text"}]`."""

ARGO_RUN = "flowc-run"
"""The parameter of an Argo workflow by which what is no parameter of the flow travels: base64 of the JSON of an object with
`user`, `tags`, `event` (the payload of an event) and `finished` (of a run that has ended, its `flow`, `run` and `time`), each of
which may be missing; several of these with dots between them; or empty text. No parameter of a flow can be called so."""

BEGUN = "FLOWC_BEGUN"
"""`1`: whoever runs the flow has begun its run, and kept its parameters; the first task does not."""
PATHS = "FLOWC_PATHS"
"""In place of `PATH`, for containers that are started as one: the paths of all, as `spell_paths` has them, of which each takes
the one of its own number."""
ARRAY_INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"
"""What AWS Batch sets for such a container: its number, from 0."""

# What is the same for all tasks of a deployment.
DATASTORE = "FLOWC_DATASTORE"
"""A directory or the URL of an object store's prefix."""
PACKAGE = "FLOWC_PACKAGE"
"""The folder that holds `plan.json` and the flow's file."""
TARGET = "FLOWC_TARGET"
"""What schedules the run, `argo` or `sfn`: what its record says. Unset: `container`."""
USER = "FLOWC_USER"
"""Who the runs of a deployment belong to. Unset: nobody, for the user of a container (often `root`) is no person."""
CODE = "FLOWC_CODE"
"""The package's key in the datastore: the bootstrap unpacks it and sets `PACKAGE`. `CODE_IN_IMAGE`: the image holds the flow."""
CODE_IN_IMAGE = "image"
OUTPUTS = "FLOWC_OUTPUTS"
"""A folder for what the orchestrator reads off a finished task: the files `OUTPUT_NEXT` and `OUTPUT_CARDINALITY`. Unset: none."""

OUTPUT_NEXT = "next"
"""Text: the key of the way that the task chose, where its step has more than one."""
OUTPUT_CARDINALITY = "cardinality"
"""Text: how many items a foreach split found."""


def run_key(flow: str, run: str) -> str:
    """The prefix of all objects of a run."""
    return f"{flow}/{run}"


def task_key(flow: str, run: str, step: str, path: str) -> str:
    """The prefix of all objects of a task."""
    return f"{flow}/{run}/{step}/{path}"


_OF_A_REDRIVE = 1000
"""More than a task has attempts between two redrives."""
_ATTEMPT = re.compile(r"(?:([0-9]{1,6})\.)?([0-9]{1,3})")


def attempt_number(text: str) -> int | None:
    """What an attempt is called, by `ATTEMPT`; None where that is none. No two of a task are alike, and a later one is higher."""
    match = _ATTEMPT.fullmatch(text)
    return None if match is None else int(match[1] or 0) * _OF_A_REDRIVE + int(match[2])


def attempt_count(number: int) -> int:
    """How many attempts there were before that of this number, since the last redrive: what `@retry` goes by."""
    return number % _OF_A_REDRIVE


HOOK_STEPS = {"success": "exit_hook.success", "failure": "exit_hook.failure"}
"""By how a run ended: what stands for the step in the keys of what its exit hooks leave. No step can be called so."""


def package_key(flow: str, sha256: str) -> str:
    """Where a package is kept: a tar.gz, by the hash of its bytes."""
    return f"flowc-packages/{flow}/{sha256}.tar.gz"


def plan_key(package: str) -> str:
    """Beside a package, by its key: the text of its `plan.json`, for who starts runs of it."""
    return f"{package.removesuffix('.tar.gz')}.json"


def spell_paths(paths: Iterable[str]) -> str:
    """Paths in few characters: `0, 1, 2, 5, 3.~1` → `0-2,5,3.~1`."""
    groups: list[list[str]] = []
    for path in paths:
        prefix, _, last = path.rpartition(".")
        if groups and last.isdecimal() and groups[-1][0] == prefix and groups[-1][2] == str(int(last) - 1):
            groups[-1][2] = last
        else:
            groups.append([prefix, last, last])
    return ",".join((f"{prefix}." if prefix else "") + (a if a == b else f"{a}-{b}") for prefix, a, b in groups)


def path_at(paths: str, number: int) -> str | None:
    """One of the paths that `spell_paths` has written, from 0; None where it is no such text, or has fewer."""
    for group in paths.split(","):
        prefix, dot, last = group.rpartition(".")
        if match := _RANGE.fullmatch(last):
            first, count = int(match[1]), int(match[2]) - int(match[1]) + 1
            if number < count:
                return f"{prefix}{dot}{first + number}"
            number -= max(count, 0)
        elif number == 0:
            return group or None
        else:
            number -= 1
    return None


_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")

MANIFEST = "manifest.json"
"""Under a task's key: the one object whose write commits the task."""
ITEMS = "items.json"
"""Under a task's key: a JSON array `[0, 1, …]` as long as the foreach; what a Distributed Map reads."""
INPUT_OBJECT = "input.json"
"""Under a run's key: what a state machine was started with."""
NEXT = "next.json"
"""Under a task's key: the chosen key as a JSON string; what a Choice reads."""

# What `@project` makes of a flow, the same for its deployment and its tasks.
BRANCH = "FLOWC_BRANCH"
"""The branch of the project, where `@project` names none."""
PRODUCTION = "FLOWC_PRODUCTION"
"""Whether the branch is for production, where `@project` does not say so: `1`, or nothing."""


def project_branch(branch: str | None, *, production: bool, user: str | None) -> str:
    """The full name of a project's branch: `prod`, `prod.x`, `test.x`, or `user.name` where nothing is said."""
    if branch:
        return f"prod.{branch}" if production else f"test.{branch}"
    return "prod" if production else f"user.{user or 'unknown'}"


def project_flow_name(project: str, branch: str, flow: str) -> str:
    """What a flow is called in a project, of all its branches: `project.user.name.Flow`."""
    return f"{project}.{branch}.{flow}"
