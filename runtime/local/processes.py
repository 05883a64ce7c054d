"""Forked processes: jobs that run in a copy of this process, whose output comes back line by line.

    pool = Pool(on_line)
    pool.start("a name", job)       # job() runs in the child; the bytes that it returns are its report
    for ended in pool.wait(None):   # as soon as one has ended, or after a time
        ended.status, ended.report

Each child leads a process group of its own, so that what it starts itself can be killed with it, and a Ctrl-C at the terminal
reaches the parent alone. A child exits without the parent's clean-up handlers. The parent never blocks on a pipe.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Protocol, TypeAlias

from ..children import be_child, die_with_parent, dies_with_parent, reap, signal_group, write_all

Job: TypeAlias = Callable[[], bytes]
OnLine: TypeAlias = Callable[[Hashable, bool, str], None]
"""Called with a child's name, whether the line is of its stderr, and the line without its end."""

GRACE = 2.0
"""Seconds between asking a child to end (SIGTERM) and ending it (SIGKILL)."""
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 20
_LEFT = 1 << 20
"""How many bytes are read at the most of a pipe after its child's end: what the child has left behind may write for ever."""
LONGEST_WAIT = 86400.0
"""Seconds. A @timeout may be of more years than the system can wait at a time."""
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


class Outlet(Protocol):
    """Where lines go on to: something with a descriptor that may be slow to take them."""

    @property
    def waiting(self) -> bool:
        """Whether there is something to push."""
        ...

    @property
    def full(self) -> bool:
        """Whether no more lines should be read."""
        ...

    @property
    def gone(self) -> bool:
        """Whether nothing comes back any more."""
        ...

    def fileno(self) -> int:
        """The descriptor, which no child should have."""
        ...

    def push(self) -> None:
        """Hand on what can be without waiting."""

    def pull(self) -> bool:
        """Take what came back; whether that is anything to look at."""
        ...


class Clock(Protocol):
    """Something that wants to be told when its time has come."""

    @property
    def due(self) -> float | None:
        """When that is, by the monotonic clock; None: never."""
        ...

    def tick(self, now: float) -> None:
        """It is time."""


class Stopped(Exception):
    """A signal asks this process to stop.

    Attributes:
        signum: Which one.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that is gone.

    Attributes:
        name: What it was started as.
        status: Its exit code, or minus the signal that killed it.
        report: What its job returned; b"" if it did not come to that.
        timed_out: It was stopped since its time was up.
    """

    name: Hashable
    status: int
    report: bytes
    timed_out: bool


@dataclass(slots=True)
class _Child:
    name: Hashable
    pid: int
    pipes: dict[int, bytearray]  # what was read and not yet handed on, by the pipe's descriptor: stdout, stderr, report
    err_fd: int
    report_fd: int
    deadline: float | None  # like all times here, of the monotonic clock
    kill_at: float | None = None
    timed_out: bool = False


class Pool:
    """Children of this process. To be used in the main thread, and as a context manager: at its end no child is left.

    Args:
        outlets: Where lines and other news go on to. While one is full, the children's output is left where it is, in their
            pipes.
        clock: What is told of its time during a `wait`.
    """

    def __init__(self, on_line: OnLine, outlets: Sequence[Outlet] = (), clock: Clock | None = None) -> None:
        self._on_line = on_line
        self._clock = clock
        self._outlets: dict[int, Outlet] = {outlet.fileno(): outlet for outlet in outlets}
        self._watched = dict.fromkeys(self._outlets, 0)  # for which events
        self._unread: set[int] = set()  # the pipes that are left alone while an outlet is full
        self._children: dict[int, _Child] = {}
        self._by_pipe: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._stop_signals: list[int] = []
        self._stopping = False
        self._pid = os.getpid()
        self._die_with_parent = dies_with_parent()

    def __enter__(self) -> Pool:
        self._old_wakeup = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._old_handlers = {int(signal.SIGCHLD): signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)}
        for signum in [getattr(signal, name) for name in STOPPING]:
            if signal.getsignal(signum) is not signal.SIG_IGN:  # as nohup asks for
                self._old_handlers[int(signum)] = signal.signal(signum, self._note_stop)
        gc.freeze()  # what is there now is shared with all children: a collection in one would only copy it
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self.stop_all()
        finally:
            self._kill_all()  # if that failed: nobody reads the output, say
            gc.unfreeze()
            signal.set_wakeup_fd(self._old_wakeup)
            for signum, handler in self._old_handlers.items():
                signal.signal(signum, handler)
            self._selector.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def __len__(self) -> int:
        return len(self._children)

    @property
    def stop_signals(self) -> int:
        """How many signals have asked this process to stop."""
        return len(self._stop_signals)

    def start(self, name: Hashable, job: Job, timeout: float | None = None) -> None:
        """Fork a child that runs a job, for at most `timeout` seconds.

        Raises:
            OSError: The system has no more processes or files.
        """
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # a stream that is gone is no matter of starting a process
                stream.flush()
        pipes: list[int] = []
        try:
            for _ in range(3):
                pipes.extend(os.pipe())
            pid = os.fork()
        except OSError:
            for fd in pipes:
                os.close(fd)
            raise
        if pid == 0:
            be_child(partial(self._let_go_and_run, job, pipes[5], pipes[0::2]), out=pipes[1], err=pipes[3])
        with suppress(OSError):  # both sides do it, so that neither has to wait for the other
            os.setpgid(pid, pid)
        reads = pipes[0::2]
        deadline = None if timeout is None else time.monotonic() + timeout
        child = _Child(name, pid, {fd: bytearray() for fd in reads}, reads[1], reads[2], deadline)
        self._children[pid] = child
        for fd in reads:
            os.set_blocking(fd, False)
            self._by_pipe[fd] = child
            self._selector.register(fd, selectors.EVENT_READ)
        for fd in pipes[1::2]:
            os.close(fd)

    def wait(self, until: float | None) -> list[Ended]:
        """Hand on output until children end, an outlet has news or the (monotonic) time has come; the children that ended.

        Raises:
            Stopped: A signal asks for that.
        """
        while True:
            if self._stop_signals and not self._stopping:
                raise Stopped(self._stop_signals[0])
            times = [t for child in self._children.values() for t in (child.kill_at or child.deadline,) if t is not None]
            times += [t for t in (until, None if self._clock is None else self._clock.due) if t is not None]
            wait = min(max(0.0, min(times) - time.monotonic()), LONGEST_WAIT) if times else None
            self._serve_outlets()
            news = False
            for key, _ in self._selector.select(wait):
                if key.fd == self._wake_read:
                    with suppress(BlockingIOError):
                        os.read(self._wake_read, _CHUNK)
                elif key.fd in self._by_pipe:
                    self._read(self._by_pipe[key.fd], key.fd)
                elif key.fd in self._outlets and self._outlets[key.fd].pull():
                    news = True
            now = time.monotonic()
            if self._clock is not None and (due := self._clock.due) is not None and now >= due:
                self._clock.tick(now)
            ended = []
            for child in list(self._children.values()):
                if (gone := reap(child.pid)) is not None:
                    ended.append(self._bury(child, gone[0]))
            for child in self._children.values():
                self._keep_time(child, now)
            over = not self._children or (until is not None and now >= until) or (self._stopping and self._stop_signals)
            if ended or news or over:
                return ended

    def stop_all(self) -> int:
        """Ask all children to end, and after a grace of 2 s make them; how many there were."""
        self._stopping = True
        count = len(self._children)
        for child in self._children.values():
            self._stop(child, time.monotonic())
        while self._children:
            if len(self._stop_signals) > 1:
                self._kill_all()  # a second Ctrl-C cuts the grace short
            self.wait(time.monotonic() + GRACE)
        return count

    def _serve_outlets(self) -> None:
        """Push what waits. What they cannot take now is pushed when they can; if that is too much, stop reading until then."""
        for fd, outlet in self._outlets.items():
            if outlet.waiting:
                outlet.push()
            events = 0 if outlet.gone else selectors.EVENT_READ | (selectors.EVENT_WRITE if outlet.waiting else 0)
            if events != self._watched[fd]:
                if self._watched[fd]:
                    self._selector.unregister(fd)
                if events:
                    self._selector.register(fd, events)
                self._watched[fd] = events
        if any(outlet.full for outlet in self._outlets.values()):
            for fd, child in self._by_pipe.items():
                if fd != child.report_fd and fd not in self._unread and fd in self._selector.get_map():
                    self._selector.unregister(fd)
                    self._unread.add(fd)
        elif self._unread:
            for fd in self._unread:
                self._selector.register(fd, selectors.EVENT_READ)
            self._unread.clear()

    def _kill_all(self) -> None:
        for child in self._children.values():
            signal_group(child.pid, signal.SIGKILL)

    def _keep_time(self, child: _Child, now: float) -> None:
        if child.kill_at is not None:
            if now >= child.kill_at:
                signal_group(child.pid, signal.SIGKILL)
                child.kill_at = now + GRACE
        elif child.deadline is not None and now >= child.deadline:
            child.timed_out = True
            self._stop(child, now)

    def _stop(self, child: _Child, now: float) -> None:
        if child.kill_at is None:
            child.kill_at = now + GRACE
            signal_group(child.pid, signal.SIGTERM)

    def _read(self, child: _Child, fd: int) -> int:
        """Take what a pipe holds now: how many bytes; 0 if it is at its end, or empty."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return 0
        if not data:
            with suppress(KeyError):
                self._selector.unregister(fd)
            return 0
        buffer = child.pipes[fd]
        buffer += data
        if fd != child.report_fd:
            *lines, rest = buffer.split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], bytearray()
            for line in lines:
                self._tell(child, fd, line)
            child.pipes[fd] = rest
        return len(data)

    def _tell(self, child: _Child, fd: int, line: bytearray) -> None:
        self._on_line(child.name, fd == child.err_fd, line.decode("utf-8", "replace").removesuffix("\r"))

    def _bury(self, child: _Child, status: int) -> Ended:
        del self._children[child.pid]
        for fd in child.pipes:
            left = _LEFT
            while left > 0 and (count := self._read(child, fd)):
                left -= count
            if fd != child.report_fd and child.pipes[fd]:
                self._tell(child, fd, child.pipes[fd])
            with suppress(KeyError):  # at its end, it is no longer registered
                self._selector.unregister(fd)
            self._unread.discard(fd)
            del self._by_pipe[fd]
            os.close(fd)
        return Ended(child.name, status, bytes(child.pipes[child.report_fd]), child.timed_out)

    def _let_go_and_run(self, job: Job, report: int, reads: list[int]) -> None:
        """In the child: give up what is the parent's (or nobody would see that the parent is gone), then do the job."""
        die_with_parent(self._pid, self._die_with_parent)
        signal.set_wakeup_fd(-1)
        for signum, handler in self._old_handlers.items():
            signal.signal(signum, handler)
        for fd in (*reads, *self._by_pipe, *self._outlets, self._wake_read, self._wake_write):
            os.close(fd)
        self._selector.close()
        write_all(report, job())

    def _note_stop(self, signum: int, _frame: FrameType | None) -> None:
        """Let `wait` raise it, where nothing is half done. It may not come to that, so a third one ends all at once."""
        self._stop_signals.append(signum)
        if len(self._stop_signals) > 2:
            self._kill_all()
            os._exit(128 + signum)
