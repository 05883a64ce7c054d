"""The engine of `parallel_map`: items handed to forked processes, and what comes back of them, as it comes.

A process is forked with its items in memory, so neither these nor the function are pickled. It writes what it found to its pipe,
or to a file where that is large, and ends. One item makes one process; items that take less time than a fork share one. A process
whose items turn out slow hands back those that it has not begun.
"""

from __future__ import annotations

import mmap
import os
import pickle
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, NoReturn, TypeVar

from ..children import die_with_parent, leave_if_forked, run_in_child, write_all
from ..failure import trimmed_traceback

A = TypeVar("A")
R = TypeVar("R")

_SHORT: Final = 0.005
"""Seconds: items that take less on the average share a process."""
_SHARE: Final = 0.05
"""Seconds that items which share a process should take together."""
_LIMIT: Final = 1.0
"""Seconds after which such a process hands back what it has not begun."""
_MOST: Final = 1024
"""Items of one process."""
_IN_PIPE: Final = 1 << 15
"""Bytes of the largest answer that goes through the pipe; it fits into one, so that nobody waits for a reader."""
_HEADER: Final = 8
_LOOK: Final = 0.2
"""Seconds between looks at children whose pipe says nothing: what a child started itself may hold it open."""


@dataclass(slots=True)
class _Worker(Generic[A]):
    """A process, and its items: `first` is the index of the first."""

    pid: int
    first: int
    items: list[A]
    slot: int
    serial: int
    data: bytearray = field(default_factory=bytearray)


class Workers(Generic[A, R]):
    """One `parallel_map` while it lasts.

    Args:
        name: What messages call it.
        limit: How many processes run at once.
        folder: Where large answers are kept on their way.
    """

    def __init__(self, name: str, func: Callable[[A], R], items: Iterable[A], limit: int, folder: str | None) -> None:
        if not hasattr(os, "fork"):
            raise OSError(f"{name} forks processes, which this system cannot")
        self._name = name
        self._func = func
        self._count = len(items) if isinstance(items, Sized) else None
        self._items = iter(items)
        self._taken = 0
        self._back: deque[tuple[int, list[A]]] = deque()  # what slow processes handed back
        self._limit = limit
        self._folder = folder
        self._seconds = _SHORT  # that an item takes, on the average; none is known to be short yet
        self._running: dict[int, _Worker[A]] = {}  # by the pipe's descriptor
        self._serial = 0
        self._pid = os.getpid()

    def results(self) -> Iterator[tuple[int, R]]:
        """The items' indices and results, as they come.

        Raises:
            Exception: What the function raised first; the other processes are killed.
        """
        self._selector = selectors.DefaultSelector()
        self._current = mmap.mmap(-1, 8 * self._limit)  # shared: where each process says at which item it is
        self._numbers = memoryview(self._current).cast("q")
        self._slots = list(range(self._limit))
        self._aside = tempfile.mkdtemp(prefix="parallel_map_", dir=self._folder)
        try:
            more = True
            while True:
                while more and len(self._running) < self._limit:
                    more = self._start()
                if not self._running:
                    return
                for worker, status in self._ended():
                    yield from self._answer(worker, status)
                    more = more or bool(self._back)
        finally:
            if os.getpid() == self._pid:  # a child may come here, when it lets go of what it has inherited
                self._end()

    def _start(self) -> bool:
        """Fork a process for the next items; False if there are none."""
        if self._back:
            first, items = self._back.popleft()
        else:
            first, items = self._taken, self._take()
            self._taken += len(items)
        if not items:
            return False
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        slot = self._slots.pop()
        self._numbers[slot] = 0
        self._serial += 1
        read, write = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(read)
            os.close(write)
            raise
        if not pid:
            os.close(read)
            self._be_child(items, slot, self._serial, write)
        os.close(write)
        os.set_blocking(read, False)
        self._running[read] = _Worker(pid, first, items, slot, self._serial)
        self._selector.register(read, selectors.EVENT_READ)
        return True

    def _take(self) -> list[A]:
        size = 1 if self._seconds >= _SHORT else min(_MOST, int(_SHARE / max(self._seconds, 1e-6)) + 1)
        if self._count is not None:
            size = min(size, max(1, (self._count - self._taken) // (2 * self._limit)))
        taken: list[A] = []
        until = time.monotonic() + _SHARE
        for item in self._items:
            taken.append(item)
            if len(taken) >= size or time.monotonic() > until:  # a slow iterator must not keep processes waiting
                break
        return taken

    def _ended(self) -> Iterator[tuple[_Worker[A], int | None]]:
        """Wait for processes that have answered or died; with None where the answer is whole."""
        for key, _ in self._selector.select(_LOOK):
            worker = self._running[key.fd]
            try:
                data = os.read(key.fd, 2 * _IN_PIPE)
            except BlockingIOError:
                continue
            worker.data += data
            if not data or _is_whole(worker.data):
                yield worker, self._bury(key.fd, worker)
        for fd, worker in list(self._running.items()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                with suppress(BlockingIOError):
                    while data := os.read(fd, 2 * _IN_PIPE):
                        worker.data += data
                yield worker, self._bury(fd, worker, status)

    def _bury(self, fd: int, worker: _Worker[A], status: int | None = None) -> int:
        self._selector.unregister(fd)
        os.close(fd)
        del self._running[fd]
        self._slots.append(worker.slot)
        if status is None:
            _, status = os.waitpid(worker.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _answer(self, worker: _Worker[A], status: int | None) -> Iterator[tuple[int, R]]:
        """What a process found out."""
        if not _is_whole(worker.data):
            assert status is not None
            position = self._numbers[worker.slot]
            how = f"ended with exit code {status}" if status >= 0 else f"was killed by signal {-status}"
            hint = ", as the system does when memory runs out" if status == -signal.SIGKILL else ""
            raise RuntimeError(f"{self._name}: the process for {_named(worker, position)} {how}{hint}")
        if len(worker.data) > _HEADER:
            done, failure, seconds = pickle.loads(memoryview(worker.data)[_HEADER:])
        else:
            path = Path(self._aside, str(worker.serial))
            with path.open("rb") as file:
                done, failure, seconds = pickle.load(file)
            path.unlink()
        worker.data.clear()
        self._seconds += (seconds / max(1, len(done)) - self._seconds) / 4
        if failure is None and len(done) < len(worker.items):
            self._back.append((worker.first + len(done), worker.items[len(done) :]))
        yield from enumerate(done, worker.first)
        if failure is not None:
            self._fail(worker, len(done), *failure)

    def _fail(self, worker: _Worker[A], position: int, error: BaseException | None, text: str) -> NoReturn:
        name = _named(worker, position)
        if error is None:
            raise RuntimeError(f"{self._name}: {name} failed:\n{text}")
        error.add_note(f"(in {self._name}, for {name})" + (f"\n{text}" if text else ""))
        raise error

    def _end(self) -> None:
        for worker in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
        for fd, worker in self._running.items():
            os.waitpid(worker.pid, 0)
            os.close(fd)
        self._running.clear()
        self._selector.close()
        shutil.rmtree(self._aside, ignore_errors=True)

    def _be_child(self, items: list[A], slot: int, serial: int, pipe: int) -> NoReturn:
        pid = os.getpid()
        code = 1

        def work() -> None:
            done: list[R] = []
            failure: tuple[BaseException | None, str] | None = None
            started = time.monotonic()
            for position, item in enumerate(items):
                self._numbers[slot] = position
                try:
                    done.append(self._func(item))
                    leave_if_forked(pid)
                except BaseException as error:
                    leave_if_forked(pid, error)
                    failure = _describe(error)
                    break
                if time.monotonic() - started > _LIMIT:
                    break
            seconds = time.monotonic() - started
            path = Path(self._aside, str(serial))
            try:
                answer = _encode(path, done, failure, seconds)
            except Exception:
                good, why = _good(done)
                self._numbers[slot] = len(good)
                answer = _encode(path, good, (TypeError(f"the result cannot be pickled: {why}"), ""), seconds)
            write_all(pipe, answer)

        try:
            for number in (signal.SIGINT, signal.SIGTERM):  # what a task does when it is stopped is not a worker's business
                signal.signal(number, signal.SIG_DFL)
            die_with_parent(self._pid)
            run_in_child(work)
            sys.stdout.flush()
            sys.stderr.flush()
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)


def processors() -> int:
    """How many processors this process may use: those of its affinity, and of its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    return count


def _is_whole(data: bytearray) -> bool:
    """Whether an answer has come: its length, and as much; of one that is in a file, the length 0."""
    return len(data) >= _HEADER and len(data) == _HEADER + int.from_bytes(data[:_HEADER], "little")


def _encode(path: Path, done: list[Any], failure: tuple[BaseException | None, str] | None, seconds: float) -> bytes:
    sink = _Sink(path)
    try:
        pickle.Pickler(sink, 5).dump((done, failure, seconds))
    finally:
        if sink.file is not None:
            sink.file.close()
    data = b"" if sink.file is not None else b"".join(sink.pieces)
    return len(data).to_bytes(_HEADER, "little") + data


class _Sink:
    """What a pickler writes to: pieces in memory, or a file when there is more than a pipe takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pieces: list[bytes] = []
        self.size = 0
        self.file: Any = None

    def write(self, data: bytes | memoryview, /) -> None:
        self.size += memoryview(data).nbytes
        if self.file is None:
            if self.size <= _IN_PIPE:
                self.pieces.append(bytes(data))
                return
            self.file = self.path.open("wb")
            self.file.write(b"".join(self.pieces))
        self.file.write(data)


def _describe(error: BaseException) -> tuple[BaseException | None, str]:
    """An exception as something that can be pickled, if it can be, and its traceback."""
    text = trimmed_traceback(error)
    if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):  # they would end the caller, and are the worker's
        return None, text
    try:
        if type(pickle.loads(pickle.dumps(error, 5))) is type(error):
            return error, text
    except Exception:  # a class may refuse both ways, with anything
        pass
    return None, text


def _good(done: list[R]) -> tuple[list[R], str]:
    """The results before the first that cannot be pickled, and why that cannot."""
    for position, result in enumerate(done):
        try:
            pickle.dumps(result, 5)
        except Exception as error:
            return done[:position], str(error)
    return done, "its parts can, but not together"


def _named(worker: _Worker[A], position: int) -> str:
    """An item for a message: its index, and what it is."""
    try:
        shown = repr(worker.items[position])
    except Exception:
        shown = f"a {type(worker.items[position]).__name__}"
    return f"item {worker.first + position}: {shown if len(shown) <= 60 else shown[:57] + '...'}"
