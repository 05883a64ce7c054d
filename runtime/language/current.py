"""`current`: what the running task can know of itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..contract import BRANCH, PRODUCTION, USER, project_branch, project_flow_name

if TYPE_CHECKING:
    from ..paths import TaskId
    from ..plan import Plan
    from ..records.runs import RunRecord
    from ..store import Store
    from .card import Card
    from .trigger import Trigger


class Current:
    """The running task. Outside of a run every value is None, and `is_running_flow` False."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._task: TaskId | None = None
        self._attempt: int | None = None
        self._store: Store | None = None
        self._record: RunRecord | None = None
        self._triggers: tuple[Trigger | None] | None = None  # once it is read

    def _begin(self, plan: Plan, task: TaskId, attempt: int, store: Store | None = None) -> None:
        self._plan, self._task, self._attempt, self._store, self._record = plan, task, attempt, store, None
        self._triggers = None

    @property
    def is_running_flow(self) -> bool:
        """Whether a task is running."""
        return self._task is not None

    @property
    def flow_name(self) -> str | None:
        """The flow's class."""
        return self._plan.flow if self._plan else None

    @property
    def run_id(self) -> str | None:
        """The run."""
        return self._task.run if self._task else None

    @property
    def step_name(self) -> str | None:
        """The step."""
        return self._task.step if self._task else None

    @property
    def task_id(self) -> str | None:
        """The task's path: the indices and turns that lead to it, such as `3.~1`, and `-` for none."""
        return self._task.path if self._task else None

    @property
    def pathspec(self) -> str | None:
        """`Flow/run/step/path`."""
        return f"{self.flow_name}/{self.run_id}/{self.step_name}/{self.task_id}" if self._task else None

    @property
    def retry_count(self) -> int | None:
        """How many attempts of this task there were before."""
        return self._attempt

    @property
    def origin_run_id(self) -> str | None:
        """The run that this one resumes."""
        record = self._run_record()
        return record.origin if record else None

    @property
    def tags(self) -> frozenset[str] | None:
        """What the run was tagged with when it was started."""
        record = self._run_record()
        return frozenset(record.tags if record else ()) if self._task else None

    @property
    def username(self) -> str | None:
        """Who started the run; None where nobody knows."""
        if self._task is None:
            return user_name()
        record = self._run_record()
        return record.user if record else user_name()

    @property
    def namespace(self) -> str | None:
        """`user:NAME`."""
        name = self.username
        return f"user:{name}" if self._task and name else None

    @property
    def parameter_names(self) -> list[str] | None:
        """The attributes of the flow that are parameters."""
        return [spec.attribute for spec in self._plan.parameters] if self._plan else None

    @property
    def project_name(self) -> str | None:
        """The name in `@project(name=…)`."""
        project = self._project()
        return project["name"] if project else None

    @property
    def branch_name(self) -> str | None:
        """The project's branch: `user.NAME`, `test.BRANCH`, `prod` or `prod.BRANCH`."""
        if (project := self._project()) is None:
            return None
        branch = project.get("branch") or os.environ.get(BRANCH)
        return project_branch(branch, production=bool(self.is_production), user=os.environ.get(USER) or self.username)

    @property
    def is_production(self) -> bool | None:
        """Whether the project's branch is for production."""
        if (project := self._project()) is None:
            return None
        said = project.get("production")
        return bool(os.environ.get(PRODUCTION)) if said is None else bool(said)

    @property
    def is_user_branch(self) -> bool | None:
        """Whether the project's branch is the user's own."""
        branch = self.branch_name
        return None if branch is None else branch.startswith("user.")

    @property
    def project_flow_name(self) -> str | None:
        """`project.branch.Flow`."""
        name, branch, flow = self.project_name, self.branch_name, self.flow_name
        return project_flow_name(name, branch, flow) if name and branch and flow else None

    @property
    def trigger(self) -> Trigger | None:
        """The event that set the run off; None if somebody, or a schedule, started it."""
        if self._triggers is None:
            from .trigger import trigger_of

            if self._store is None or self._plan is None or self._task is None:
                return None
            self._triggers = (trigger_of(self._store, self._plan, self._plan.flow, self._task.run),)
        return self._triggers[0]

    @property
    def tempdir(self) -> str:
        """Where temporary files belong: the system's directory, as TMPDIR says."""
        import tempfile

        return tempfile.gettempdir()

    @property
    def card(self) -> Card:
        """Takes what a card is made of. flowc makes no cards yet."""
        from .card import Card

        return Card()

    @property
    def run(self) -> Any:
        """The run, as the client sees it."""
        return self._client("Run", f"{self.flow_name}/{self.run_id}") if self._task else None

    @property
    def task(self) -> Any:
        """The task, as the client sees it."""
        return self._client("Task", str(self.pathspec)) if self._task else None

    def get(self, name: str, default: Any = None) -> Any:
        """A value by name."""
        return getattr(self, name, default)

    def __contains__(self, name: str) -> bool:
        return getattr(self, name, None) is not None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        import difflib

        known = [one for one in dir(Current) if not one.startswith("_")]
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean `current.{close[0]}`?" if close else "it has " + ", ".join(known)
        raise AttributeError(f"flowc's `current` has no `{name}`; {hint}")

    def _project(self) -> dict[str, Any] | None:
        project = self._plan.decorator("project") if self._plan else None
        return dict(project) if project and project.get("name") else None

    def _run_record(self) -> RunRecord | None:
        """What the run began with, read once."""
        if self._record is None and self._store is not None and self._plan and self._task:
            from ..records.runs import read_run

            self._record = read_run(self._store, self._plan.flow, self._task.run)
        return self._record

    @staticmethod
    def _client(kind: str, pathspec: str) -> Any:
        from importlib import import_module

        return getattr(import_module("...", __package__), kind)(pathspec)


def user_name() -> str | None:
    """The name of the user that this process runs as."""
    for variable in (USER, "USER", "LOGNAME", "USERNAME"):
        if name := os.environ.get(variable):
            return name
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; a container whose user has no name
        return None


current = Current()
