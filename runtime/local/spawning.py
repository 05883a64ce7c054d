"""Tasks in processes that start from nothing, where a system cannot fork; `python -m flowc.runtime.local.spawning` is one.

Slower than a fork, for each imports the flow again. The child gets what it is to do as a pickle on its standard input, and
answers in a file. Its output is read by threads, since Windows has nothing that waits for pipes.
"""

from __future__ import annotations

import os
import pickle
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from ..children import die_with_parent, leave_if_forked
from ..errors import FlowcError
from ..failure import Failure
from ..store import open_store
from ..tasks.loading import load_flow_class
from ..tasks.policy import policy_of
from .attempts import Attempt, Work
from .processes import GRACE, LONGEST_WAIT, STOPPING, Clock, Ended, Job, OnLine, Outlet, Stopped

_POSIX = os.name == "posix"
_MOST_LINES = 10_000
"""How many lines may wait for the main thread."""
_AGAIN = 0.05
"""Seconds until an outlet is pushed again that did not take all."""


@dataclass(slots=True)
class _Child:
    name: Hashable
    process: subprocess.Popen[bytes]
    report: Path
    ends: int  # of two pipes and the process, how many are still to come
    deadline: float | None
    kill_at: float | None = None
    timed_out: bool = False


class SpawnPool:
    """As `processes.Pool`, with processes that know nothing. What jobs are is known from the names of what is started.

    Args:
        work: What all tasks have in common.
        outlets: As for a `Pool`, but that none may be full.
    """

    def __init__(self, on_line: OnLine, work: Work, clock: Clock, outlets: Sequence[Outlet] = ()) -> None:
        self._on_line = on_line
        self._clock = clock
        self._outlets = tuple(outlets)
        self._heard = threading.Semaphore(0)  # outlets whose news are taken
        self._work = (work.plan, str(work.flow_file.absolute()), work.store.url, work.parameters)
        self._children: dict[int, _Child] = {}
        self._news: queue.SimpleQueue[tuple[int, bool, str | None] | Outlet | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST_LINES)
        self._stop_signals: list[int] = []
        self._stopping = False

    def __enter__(self) -> SpawnPool:
        self._folder = tempfile.TemporaryDirectory(prefix="flowc-")
        self._old_handlers = {}
        for signum in [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                self._old_handlers[signum] = signal.signal(signum, self._note_stop)
        for outlet in self._outlets:
            threading.Thread(target=self._listen, args=(outlet,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self.stop_all()
        finally:
            for child in self._children.values():
                _end(child.process, by_force=True)
            for signum, handler in self._old_handlers.items():
                signal.signal(signum, handler)
            self._folder.cleanup()

    def __len__(self) -> int:
        return len(self._children)

    @property
    def stop_signals(self) -> int:
        """How many signals have asked this process to stop."""
        return len(self._stop_signals)

    def start(self, name: Hashable, job: Job, timeout: float | None = None) -> None:
        """Start a process that does what the attempt `name` says.

        Raises:
            OSError: The system has no more processes or files.
        """
        assert isinstance(name, Attempt)
        report = Path(self._folder.name) / f"{name.task.step}-{name.task.path}-{name.number}"
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(report)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUTF8": "1"},
            **({"process_group": 0} if _POSIX else {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}),  # type: ignore[attr-defined, call-overload, unused-ignore]
        )
        deadline = None if timeout is None else time.monotonic() + timeout
        self._children[process.pid] = _Child(name, process, report, 3, deadline)
        assert process.stdin is not None
        with suppress(OSError), process.stdin:  # it may have been killed by now
            process.stdin.write(pickle.dumps((os.getpid(), self._work, name)))
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            threading.Thread(target=self._read, args=(process.pid, pipe is process.stderr, pipe), daemon=True).start()
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()

    def wait(self, until: float | None) -> list[Ended]:
        """Hand on output until children end, an outlet has news or the (monotonic) time has come; the children that ended.

        Raises:
            Stopped: A signal asks for that.
        """
        ended: list[Ended] = []
        told = False
        while not ended and not told:
            if self._stop_signals and not self._stopping:
                raise Stopped(self._stop_signals[0])
            now = time.monotonic()
            if (due := self._clock.due) is not None and now >= due:
                self._clock.tick(now)
            self._keep_time(now)
            for outlet in self._outlets:
                outlet.push()
            may_tell = any(not outlet.gone for outlet in self._outlets) and not self._stopping
            if (until is not None and now >= until) or not (self._children or may_tell or until is not None):
                break
            times = [t for child in self._children.values() for t in (child.kill_at or child.deadline,) if t is not None]
            times += [t for t in (until, self._clock.due) if t is not None]
            times += [now + _AGAIN for outlet in self._outlets if outlet.waiting]
            with suppress(queue.Empty):
                news = self._news.get(timeout=min(max(0.0, min(times) - now), LONGEST_WAIT) if times else None)
                while True:
                    if isinstance(news, tuple):
                        ended += self._take(*news)
                    elif news is not None:
                        told = news.pull() or told
                        self._heard.release()
                    news = self._news.get_nowait()
        return ended

    def stop_all(self) -> int:
        """Ask all children to end, and after a grace make them; how many there were."""
        self._stopping = True
        count = len(self._children)
        for child in self._children.values():
            self._stop(child, time.monotonic())
        while self._children:
            if len(self._stop_signals) > 1:
                for child in self._children.values():
                    _end(child.process, by_force=True)
            self.wait(time.monotonic() + GRACE)
        return count

    def _take(self, pid: int, is_error: bool, line: str | None) -> list[Ended]:
        child = self._children[pid]
        if line is not None:
            self._room.release()
            self._on_line(child.name, is_error, line)
            return []
        child.ends -= 1
        if child.ends:
            return []
        del self._children[pid]
        try:
            report = child.report.read_bytes()
            child.report.unlink()
        except OSError:
            report = b""
        return [Ended(child.name, child.process.wait(), report, child.timed_out)]

    def _keep_time(self, now: float) -> None:
        for child in self._children.values():
            if child.kill_at is not None:
                if now >= child.kill_at:
                    _end(child.process, by_force=True)
                    child.kill_at = now + GRACE
            elif child.deadline is not None and now >= child.deadline:
                child.timed_out = True
                self._stop(child, now)

    def _stop(self, child: _Child, now: float) -> None:
        if child.kill_at is None:
            child.kill_at = now + GRACE
            _end(child.process, by_force=False)

    def _read(self, pid: int, is_error: bool, pipe: IO[bytes]) -> None:
        """In a thread: hand on lines until the pipe is at its end."""
        with pipe:
            for line in iter(lambda: pipe.readline(1 << 20), b""):
                self._room.acquire()
                self._news.put((pid, is_error, line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")))
        self._news.put((pid, is_error, None))

    def _listen(self, outlet: Outlet) -> None:
        """In a thread: have it pulled whenever there is something."""
        with suppress(OSError, ValueError):  # it is closed
            while not outlet.gone:
                select.select([outlet.fileno()], [], [])
                self._news.put(outlet)
                self._heard.acquire()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """In a thread: wait for a process's end, and end what it left running, which would hold the pipes."""
        if _POSIX and hasattr(os, "waitid"):
            with suppress(ChildProcessError):
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
                _end(process, by_force=True)
        process.wait()
        self._news.put((process.pid, False, None))

    def _note_stop(self, signum: int, _frame: FrameType | None) -> None:
        self._stop_signals.append(signum)
        self._news.put(None)  # which such a queue allows while it is being read


def _end(process: subprocess.Popen[bytes], *, by_force: bool) -> None:
    """End a process and, where the system has groups of them, what it started."""
    with suppress(OSError):
        if _POSIX:
            os.killpg(process.pid, signal.SIGKILL if by_force else signal.SIGTERM)
        else:
            process.kill()


def main() -> None:
    """Be a task's process."""
    parent, (plan, flow_file, url, parameters), attempt = pickle.load(sys.stdin.buffer)
    die_with_parent(parent)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  # as long as the process
    os.dup2(sys.stdin.fileno(), 0)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    os.environ.update(policy_of(plan.steps[attempt.task.step]).environment)
    pid = os.getpid()
    report: Any
    try:
        flow_class = load_flow_class(Path(flow_file), plan.flow, plan.configs, plan.absent)
        work = Work(plan, Path(flow_file), open_store(url), parameters, flow_class)
        report = work.do_without_terminal(attempt.task, attempt.number)
    except FlowcError as error:
        import json

        report = json.dumps({"failure": Failure.from_exception(error).to_json()}).encode()
    leave_if_forked(pid)
    aside = Path(sys.argv[1] + ".part")
    aside.write_bytes(report)
    aside.replace(sys.argv[1])


if __name__ == "__main__":
    main()
