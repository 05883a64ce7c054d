"""`current`: what the running task can know of itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..paths import TaskId
    from ..plan import Plan


class Current:
    """The running task. Outside of a run every value is None, and `is_running_flow` False."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._task: TaskId | None = None
        self._attempt = 0

    def _begin(self, plan: Plan, task: TaskId, attempt: int) -> None:
        self._plan, self._task, self._attempt = plan, task, attempt

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
    def retry_count(self) -> int:
        """How many attempts of this task there were before."""
        return self._attempt

    @property
    def username(self) -> str | None:
        """Who runs the task, as the operating system says; None if it does not know."""
        return user_name()

    @property
    def parameter_names(self) -> list[str]:
        """The attributes of the flow that are parameters."""
        return [spec.attribute for spec in self._plan.parameters] if self._plan else []

    @property
    def project_name(self) -> str | None:
        """The name in `@project(name=…)`."""
        project = self._plan.decorator("project") if self._plan else None
        return project.get("name") if project else None

    def get(self, name: str, default: Any = None) -> Any:
        """A value by name."""
        return getattr(self, name, default)

    def __contains__(self, name: str) -> bool:
        return getattr(self, name, None) is not None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"flowc's `current` has no `{name}` yet")


def user_name() -> str | None:
    """The name of the user that this process runs as."""
    for variable in ("FLOWC_USER", "USER", "LOGNAME", "USERNAME"):
        if name := os.environ.get(variable):
            return name
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; a container whose user has no name
        return None


current = Current()
