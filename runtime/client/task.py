"""`Task`: one task of a run, its artifacts, what it printed and how it ended."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .. import paths
from ..contract import TURN_MARK
from ..errors import TaskError
from ..failure import Failure
from ..paths import TaskId
from ..plan import Plan
from ..plan import Step as PlanStep
from ..records.manifest import Manifest, manifest_key, parse_manifest
from ..records.traces import FailedAttempt, Trace, read_attempt, traces
from ..store import Store
from .artifact import DataArtifact
from .data import MetaflowData
from .faults import MetaflowNotFound, near
from .objects import MetaflowObject, is_running_here, moment
from .states import State, state_of

if TYPE_CHECKING:
    from ..records.logs import LogLine
    from .step import Step

_NOTHING = Trace(False, (), ())


class Metadata(NamedTuple):
    """Something that is known of a task, as text."""

    name: str
    value: str
    created_at: datetime | None
    type: str
    task: Task


class Task(MetaflowObject[DataArtifact]):
    """One task. Its id is its path: the indices and turns that lead to it, `3.1`, or `-` for none."""

    _KIND = "task"
    _FORM = ("FLOW", "RUN", "STEP", "TASK")

    _manifest_read: Manifest | None
    _trace_read: Trace | None

    def _set_up(self, store: Store, parts: list[str], attempt: int | None, namespace: str | None, above: Any) -> None:
        super()._set_up(store, parts, attempt, namespace, above)
        self._manifest_read = self._trace_read = None

    def _keep(self, trace: Trace, manifest: bytes | None) -> None:
        """Take what was read for many tasks at once."""
        self._trace_read = trace if trace.done else None  # another may fail, or print, later
        if manifest is not None:
            self._manifest_read = parse_manifest(manifest_key(self.path_components[0], self._id), manifest)

    def _demand(self) -> None:
        if not self._exists():
            step: Step = self.parent
            step._demand()
            raise step._no_child(self.id)

    def _exists(self) -> bool:
        if self._manifest is not None:
            return True
        flow, run, step, path = self.path_components
        return (
            is_running_here(flow, run, step, path)
            or self._trace != _NOTHING
            or path in traces(self._store, flow, run, step, path)
        )

    def _parent_class(self) -> type[MetaflowObject[Any]]:
        from .step import Step

        return Step

    def _child(self, id: str) -> DataArtifact | None:
        return DataArtifact._below(self, id) if id in self._entries() else None

    def _no_child(self, id: str) -> MetaflowNotFound:
        if self._manifest is None:
            return MetaflowNotFound(f"the task {self.pathspec} is not done, and has no artifacts yet")
        return MetaflowNotFound(f"the task {self.pathspec} has no artifact {id}{near(id, sorted(self._entries()), many=10)}")

    def _children(self) -> Iterator[DataArtifact]:
        for name in sorted(self._entries()):
            if not name.startswith("_"):
                yield DataArtifact._below(self, name)

    # How it ended.

    @property
    def successful(self) -> bool:
        """Whether it is done. A task whose failure `@catch` caught is done."""
        manifest = self._manifest
        return manifest is not None and self._attempt in (None, manifest.attempt)

    @property
    def finished(self) -> bool:
        """Whether its attempt, the latest if none was chosen, is over: done or failed."""
        return self.successful or self._failed_attempt() is not None

    @property
    def status(self) -> State:
        """`done`, `failed`, `running`, or `stopped` where the run was over first."""
        run = self._run
        if self.successful:
            return "done"
        if self._attempt is not None:
            return "failed" if self.finished else "running"
        return state_of(self._trace, self.path_components[2], run._plan, run._target, run_is_over=run._ended() is not None)

    @property
    def exception(self) -> Failure | None:
        """Why it failed, or what `@catch` caught: `type`, `message` and `traceback`; None if nothing went wrong."""
        if self.successful:
            manifest = self._manifest
            return manifest.caught if manifest else None
        failed = self._failed_attempt()
        return failed.failure if failed else None

    @property
    def created_at(self) -> datetime | None:
        """When its attempt began; None while that is not known."""
        return moment(self._times()[0])

    @property
    def finished_at(self) -> datetime | None:
        """When its attempt was over."""
        return moment(self._times()[1])

    @property
    def current_attempt(self) -> int:
        """The attempt that this object is about, from 0: the one that was chosen, else the one that is done, else the latest."""
        if self._attempt is not None:
            return self._attempt
        manifest = self._manifest
        return manifest.attempt if manifest is not None else self._trace.latest

    @property
    def index(self) -> int | None:
        """Its index in the innermost foreach; None outside of one."""
        path = () if self.id == "-" else tuple(self.id.split("."))
        return next((int(one) for one in reversed(path) if not one.startswith(TURN_MARK)), None)

    @property
    def runtime_name(self) -> str | None:
        """What scheduled the run: `local`, `argo` or `sfn`."""
        record = self._run._recorded()
        return record.target if record else None

    @property
    def code(self) -> None:
        """None: flowc does not hand out the code of past runs."""
        return

    @property
    def environment_info(self) -> dict[str, Any] | None:
        """With which versions the run was started."""
        record = self._run._recorded()
        return None if record is None else {"type": record.target, "flowc": record.flowc, "python": record.python}

    @property
    def metadata_dict(self) -> dict[str, str]:
        """What is known of it, as texts: `attempt`, `attempt_ok`, `runtime`, `origin-run-id`."""
        found = {"attempt": str(self.current_attempt)}
        if self.finished:
            found["attempt_ok"] = str(self.successful)
        if (name := self.runtime_name) is not None:
            found["runtime"] = name
        if (origin := self.origin_pathspec) is not None:
            found["origin-run-id"] = origin.split("/")[1]
        return found

    @property
    def metadata(self) -> list[Metadata]:
        """The same as a list."""
        return [Metadata(name, value, self.created_at, name, self) for name, value in self.metadata_dict.items()]

    @property
    def origin_pathspec(self) -> str | None:
        """Of a task that a resumed run took over: where it was done."""
        origin: str | None = getattr(self._manifest, "origin", None)
        flow, _, step, path = self.path_components
        return f"{flow}/{origin}/{step}/{path}" if origin else None

    # What it left.

    @property
    def data(self) -> MetaflowData:
        """Its artifacts as attributes, each loaded when it is first asked for."""
        return MetaflowData(self.pathspec, {artifact.id: artifact for artifact in self})

    @property
    def artifacts(self) -> Any:
        """Its artifacts as a named tuple of `DataArtifact`, which loads none of them."""
        found = {artifact.id: artifact for artifact in self if artifact.id.isidentifier() and not iskeyword(artifact.id)}
        return namedtuple("MetaflowArtifacts", sorted(found))(**found)

    @property
    def stdout(self) -> str:
        """What its attempt printed to standard output, so far."""
        return "".join(f"{line.text}\n" for line in self._lines() if not line.is_error)

    @property
    def stderr(self) -> str:
        """What its attempt printed to standard error, so far."""
        return "".join(f"{line.text}\n" for line in self._lines() if line.is_error)

    @property
    def stdout_size(self) -> int:
        """The length of `stdout` in bytes."""
        return len(self.stdout.encode())

    @property
    def stderr_size(self) -> int:
        """The length of `stderr` in bytes."""
        return len(self.stderr.encode())

    def loglines(
        self, stream: Literal["stdout", "stderr"], as_unicode: bool = True
    ) -> Iterator[tuple[datetime, str]] | Iterator[tuple[datetime, bytes]]:
        """Lines of a stream, with the times when they were printed, in UTC and without a zone."""
        if stream not in ("stdout", "stderr"):
            raise ValueError(f"a stream is 'stdout' or 'stderr', not {stream!r}")
        lines = (line for line in self._lines() if line.is_error == (stream == "stderr"))
        timed = ((datetime.fromtimestamp(line.time, UTC).replace(tzinfo=None), line.text) for line in lines)
        return timed if as_unicode else ((time, text.encode()) for time, text in timed)

    # Its neighbours.

    @property
    def parent_tasks(self) -> Iterator[Task]:
        """The tasks that it came from: one, or those that it joined."""
        from ..tasks.lineage import Lineage

        plan = self._plan()
        lineage = Lineage(plan, self._store, self._id)
        try:
            if plan.steps[self.path_components[2]].joins:
                junction = lineage.junction()
                for position in range(junction.count):
                    yield self._neighbour(lineage.input(junction.joined, position).task)
            elif (before := lineage.predecessor()) is not None:
                yield self._neighbour(before.task)
        except TaskError as error:
            raise MetaflowNotFound(str(error)) from None

    @property
    def parent_task_pathspecs(self) -> Iterator[str]:
        """Their pathspecs."""
        return (task.pathspec for task in self.parent_tasks)

    @property
    def child_tasks(self) -> Iterator[Task]:
        """The tasks that came from it and have left something."""
        plan, manifest = self._plan(), self._manifest
        if manifest is None:
            return
        flow, run, name, text = self.path_components
        own, path = plan.steps[name], paths.parse(text)
        for edge in own.edges:
            if manifest.chose not in (None, edge.key):
                continue
            for target in edge.targets:
                for other in traces(self._store, flow, run, target):
                    if _leads_to(plan.steps[target], paths.parse(other), own, path):
                        yield self._neighbour(TaskId(run, target, other))

    @property
    def child_task_pathspecs(self) -> Iterator[str]:
        """Their pathspecs."""
        return (task.pathspec for task in self.child_tasks)

    # What is read of the store.

    @property
    def _id(self) -> TaskId:
        return TaskId(*self.path_components[1:])

    @property
    def _manifest(self) -> Manifest | None:
        if self._manifest_read is None:
            key = manifest_key(self.path_components[0], self._id)
            data = self._store.get(key)
            if data is not None:
                self._manifest_read = parse_manifest(key, data)
        return self._manifest_read

    @property
    def _trace(self) -> Trace:
        if self._trace_read is not None:
            return self._trace_read
        flow, run, step, path = self.path_components
        return traces(self._store, flow, run, step, path).get(path, _NOTHING)

    def _entries(self) -> Any:
        manifest = self._manifest
        return manifest.artifacts if manifest is not None and self._attempt in (None, manifest.attempt) else {}

    def _failed_attempt(self) -> FailedAttempt | None:
        return read_attempt(self._store, self.path_components[0], self._id, self.current_attempt)

    def _times(self) -> tuple[float | None, float | None]:
        manifest = self._manifest
        if manifest is not None and self._attempt in (None, manifest.attempt):
            return manifest.started, manifest.ended
        failed = self._failed_attempt()
        return (failed.started, failed.ended) if failed else (None, None)

    def _lines(self) -> Iterator[LogLine]:
        from ..records.logs import read_lines

        return read_lines(self._store, self.path_components[0], self._printed_as(), self.current_attempt)

    def _printed_as(self) -> TaskId:
        """The task whose log this one's is: of one that a resumed run took over, the one that did the work."""
        manifest = self._manifest
        if manifest is None or manifest.origin is None:
            return self._id
        flow, _, step, path = self.path_components
        task = TaskId(manifest.origin, step, path)
        if self._store.get(manifest_key(flow, task)) is None:
            raise MetaflowNotFound(
                f"the task {self.pathspec} was done by run {manifest.origin}, which is gone, and what it printed with it"
            )
        return task

    def _neighbour(self, task: TaskId) -> Task:
        from .step import Step

        return Task._below(Step._below(self._run, task.step), task.path)

    def _plan(self) -> Plan:
        step: Step = self.parent
        return step._plan()

    def _repr_html_(self) -> str:
        from .notebook import task_table

        return task_table(self)


def _leads_to(target: PlanStep, path: paths.Path, own: PlanStep, own_path: paths.Path) -> bool:
    """Whether a task of `target` can have come from a task of `own` that chose this way."""
    place = paths.before(target, path, own)
    return place is not None and own_path[: len(place[0])] == place[0] and len(own_path) == len(place[0]) + place[1]
