"""The parent of a task in a container. The child runs the user's code; whatever becomes of it, the parent is there afterwards.

It hands on the child's output as it comes, byte for byte, and keeps it in the store; it forwards signals; it ends a child whose
time is over, and what a child leaves running; and where the child did not say why it ended, it finds that out and records it.

**Invariant:** it uses the store only after the fork, of which there is one: clients of stores do not survive forks.
"""

from __future__ import annotations

import gc
import json
import os
import select
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from types import FrameType
from typing import TypeAlias

from ..children import be_child, dies_with_parent, load_prctl, reap, signal_group, write_all
from ..errors import FlowcError, TaskError
from ..failure import Failure, failure_of_end, failure_of_timeout
from ..records.logs import LogWriter
from ..records.manifest import read_manifest, write_failure
from ..tasks.task import tell_orchestrator
from .assignment import Assignment
from .keeper import LogKeeper
from .memory import explain_kill, read_memory
from .orphans import Orphans
from .work import BUG, DONE, FAILED

_GRACE = 3.0
"""Seconds that the user's code has to react to a signal before it is killed. Kubernetes gives ten times that, in all."""
_SOON = 2.0
"""Seconds likewise after its @timeout, as in a local run."""
_LINGER = 60.0
"""Seconds that a process has to end after its task is done: exit handlers, and threads that are no daemons."""
_SAVING = 20.0
"""Seconds that saving may take after a signal: what asked for the end does not wait for ever."""
_LONGEST_WAIT = 86400.0
"""Seconds of one wait: a @timeout may be longer than the system takes, and is then waited for again."""
_CHUNK = 1 << 16
_LEFT = 1 << 20
"""How many bytes are read at the most of a pipe that belongs to nobody any more: Linux has none that holds more."""
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Job: TypeAlias = Callable[[Assignment], "tuple[int, Failure | None]"]


def supervise(work: Assignment, job: Job) -> int:
    """Run an attempt in a child; the exit code, as the table of `__main__` has it.

    Raises:
        FlowcError: The system cannot fork, or what the store needs is not there.
    """
    if not hasattr(os, "fork"):
        raise TaskError("a task runs in a forked process, which this system cannot; flowc's containers run Linux")
    work.store.prepare()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a stream that is gone is no matter of the task
            stream.flush()
    return _Supervisor(work, job).run()


class _Supervisor:
    def __init__(self, work: Assignment, job: Job) -> None:
        self._work = work
        self._job = job
        self._this = os.getpid()
        self._child = 0
        self._started = time.time()
        self._memory = read_memory()
        self._prctl = load_prctl()
        self._dies_with_parent = dies_with_parent()
        self._orphans = Orphans(self._prctl)
        self._keeper = LogKeeper(self._open_log, self._wake)
        self._selector = selectors.DefaultSelector()
        self._report = b""
        self._stopping = False
        self._signum = 0  # what asked for the end while the task was not over
        self._deadline: float | None = None  # like all times here but `_started`, of the monotonic clock
        self._timed_out = False
        self._kill_at: float | None = None
        self._writing = False  # which can take for ever, where the output is a pipe that nobody reads
        self._lost: set[int] = set()  # own streams that cannot be written

    def run(self) -> int:
        self._out, out = os.pipe()
        self._err, err = os.pipe()
        self._reports, reports = os.pipe()
        self._wakes, self._waker = os.pipe()
        self._open = {self._out, self._err}  # what is read of the child's output, but for the times when it is held back
        for fd in (self._out, self._err, self._reports, self._wakes, self._waker):
            os.set_blocking(fd, False)
        for fd in (self._out, self._err, self._reports, self._wakes):
            self._selector.register(fd, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        for signum in _STOPPING:
            signal.signal(signum, self._on_signal)
        signal.signal(signal.SIGALRM, self._on_alarm)
        gc.freeze()  # what is there now is shared with the child: a collection would only copy it
        try:
            self._child = os.fork()
        except OSError as error:
            raise TaskError(f"the system cannot start another process ({error.strerror})") from error
        if not self._child:
            be_child(partial(self._be_task, reports), out, err)
        with suppress(OSError):  # both sides do it, so that neither has to wait for the other
            os.setpgid(self._child, self._child)
        for fd in (out, err, reports):
            os.close(fd)
        if self._signum:  # it came when there was nobody to forward it to
            signal_group(self._child, self._signum)
        elif self._work.timeout is not None:
            self._deadline = time.monotonic() + self._work.timeout
            signal.setitimer(signal.ITIMER_REAL, min(self._work.timeout, _LONGEST_WAIT) + 1, 1)
        status, used = self._watch()
        return self._end(status, used)

    def _be_task(self, reports: int) -> None:
        """In the child: give up what is the parent's, do the work, say how it went."""
        if self._dies_with_parent is not None:
            self._dies_with_parent()
            if os.getppid() != self._this:  # it was gone before
                os._exit(1)
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM):
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        for fd in (self._out, self._err, self._reports, self._wakes, self._waker):
            os.close(fd)
        import faulthandler

        faulthandler.enable(2)  # a crash prints where it was
        code, failure = self._job(self._work)
        write_all(reports, json.dumps({"code": code, "failure": failure and failure.to_json()}).encode())

    def _watch(self) -> tuple[int, int]:
        """Hand on output and keep time until the child is gone: its exit code, and the most memory that it had."""
        while True:
            self._orphans.bury(self._child)
            if (gone := reap(self._child)) is not None:
                break
            self._hold_back(self._keeper.full)
            due = min(self._kill_at or inf, self._deadline or inf)
            wait = None if due == inf else min(max(0.0, due - time.monotonic()), _LONGEST_WAIT)
            for key, _ in self._selector.select(wait):
                if self._read(key.fd) == b"":
                    self._selector.unregister(key.fd)
                    self._open.discard(key.fd)
            if self._signum:
                self._keeper.hurry()
            self._keep_time(time.monotonic())
        self._orphans.end()
        for fd in (self._out, self._err, self._reports):
            left = _LEFT
            while left > 0 and (data := self._read(fd)):
                left -= len(data)
        return gone

    def _hold_back(self, hold: bool) -> None:
        """Let the child wait that prints faster than the store takes it: its pipes fill up."""
        watched = self._selector.get_map()
        for fd in self._open:
            if hold and fd in watched:
                self._selector.unregister(fd)
            elif not hold and fd not in watched:
                self._selector.register(fd, selectors.EVENT_READ)

    def _read(self, fd: int) -> bytes | None:
        """Take what a pipe holds: b"" at its end, None if there is nothing for now."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return None
        if fd == self._reports:
            self._report += data
            if data:
                self._deadline = None
                self._kill_at = self._kill_at or time.monotonic() + _LINGER
        elif fd != self._wakes and data:
            self._hand_on(fd == self._err, data)
        return data

    def _keep_time(self, now: float) -> None:
        if self._deadline is not None and now >= self._deadline:
            self._deadline, self._timed_out = None, True
            self._kill_at = now + _SOON
            signal_group(self._child, signal.SIGTERM)
        if self._kill_at is not None and now >= self._kill_at:
            self._lose_patience()

    def _lose_patience(self) -> None:
        if self._report and not self._signum:
            self._say("the task is over, but its process goes on, with threads or exit handlers, and is ended")
        signal_group(self._child, signal.SIGKILL)
        self._kill_at = time.monotonic() + _GRACE

    def _end(self, status: int, used: int) -> int:
        """Find out how the attempt ended, and see to it that this is known."""
        code, failure = _read_report(self._report)
        if self._timed_out and code is None and self._work.timeout is not None:
            failure, code = failure_of_timeout(self._work.timeout), FAILED
        elif self._signum and code != DONE:
            failure, code = _interruption(self._signum, None if code == BUG else failure), 128 + self._signum
        elif code is None:
            failure = failure_of_end(status, explain_kill(self._memory, read_memory(), used))
            code = FAILED if status >= 0 else 128 - status
        else:
            self._keeper.close(None)
            return code
        until = time.monotonic() + _SAVING if self._signum else None
        if self._save(failure, until):
            code = DONE
        else:
            self._say(f"attempt {self._work.attempt} of the task {self._work.task} {failure.message}")
        self._keeper.close(until and max(0.0, until - time.monotonic()))
        return code

    def _save(self, failure: Failure, until: float | None) -> bool:
        """Record why the attempt failed, unless the task is done nevertheless, whose last act may have been its manifest."""
        work, done = self._work, threading.Event()

        def save() -> None:
            with suppress(FlowcError):
                manifest = read_manifest(work.store, work.plan.flow, work.task)
                if manifest is not None:
                    tell_orchestrator(work.outputs, manifest)
                    done.set()
                    return
            with suppress(FlowcError):
                write_failure(work.store, work.plan.flow, work.task, work.attempt, failure, self._started, time.time())

        thread = threading.Thread(target=save, name="flowc-save", daemon=True)
        thread.start()
        thread.join(until and max(0.0, until - time.monotonic()))
        return done.is_set()

    def _on_signal(self, signum: int, _frame: FrameType | None) -> None:
        """Forward the first, and no other: the user's code need not be ready for a second while it reacts to one."""
        if self._stopping:
            return
        self._stopping, self._deadline = True, None
        if not self._report:
            self._signum = signum
        if self._child:
            signal_group(self._child, signum)
        self._kill_at = min(self._kill_at or inf, time.monotonic() + _GRACE)
        signal.setitimer(signal.ITIMER_REAL, _GRACE, _GRACE)

    def _on_alarm(self, _signum: int, _frame: FrameType | None) -> None:
        if self._writing and (self._stopping or time.monotonic() >= (self._deadline or inf)):
            raise BrokenPipeError("nobody has read the output for some seconds, and there is no more time")

    def _say(self, text: str) -> None:
        self._hand_on(True, f"flowc: {text}\n".encode())

    def _hand_on(self, is_error: bool, data: bytes) -> None:
        """Print what the child printed, and keep it."""
        fd = 2 if is_error else 1
        if fd not in self._lost:
            try:
                self._writing = True
                _write(fd, data)
            except OSError:  # nobody reads it, or the disk is full: the store still gets it
                self._lost.add(fd)
            finally:
                self._writing = False
        self._keeper.put(is_error, data)

    def _open_log(self) -> LogWriter:
        return LogWriter(self._work.store, self._work.plan.flow, self._work.task, self._work.attempt)

    def _wake(self) -> None:
        with suppress(OSError):  # full: it is awake; closed: it is over
            os.write(self._waker, b"\0")


def _interruption(signum: int, failure: Failure | None) -> Failure:
    """What to record of a task that was asked to end, and which may have said why it failed then."""
    message = f"was interrupted ({signal.Signals(signum).name})"
    if signum != signal.SIGINT:
        message += " by the platform, as on a spot interruption, a deletion or a time-out"
    if failure is None or failure.type == "KeyboardInterrupt":
        return Failure("InterruptedError", message, "" if failure is None else failure.traceback)
    return Failure("InterruptedError", f"{message}; its code then ended with {failure}", failure.traceback)


def _read_report(report: bytes) -> tuple[int | None, Failure | None]:
    try:
        data = json.loads(report)
    except ValueError:  # none, or half of one, of a child that was killed
        return None, None
    return data["code"], data["failure"] and Failure.from_json(data["failure"])


def _write(fd: int, data: bytes) -> None:
    """Write all of it, also where somebody else has made the stream one that does not block."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])
