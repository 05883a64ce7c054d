"""`parallel_map`: a function over items, in forked processes."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TypeVar

from ..children import leave_if_forked, run_in_child
from ..failure import trimmed_traceback

A = TypeVar("A")
R = TypeVar("R")


def parallel_map(
    func: Callable[[A], R], iterable: Iterable[A], max_parallel: int | None = None, dir: str | None = None
) -> list[R]:
    """The function's results, in the items' order.

    Items and the function are not pickled (a lambda works), results are.

    Args:
        max_parallel: How many processes run at once, by default one for each processor.
        dir: Where results are kept on their way, by default the system's directory for temporary files.

    Raises:
        Exception: What the function raised first, with a note that names the item's index; the others are killed.
    """
    if not hasattr(os, "fork"):
        raise OSError("parallel_map forks processes, which this system cannot")
    items = list(iterable)
    limit = max(1, max_parallel or os.cpu_count() or 1)
    running: dict[int, int] = {}
    results: dict[int, R] = {}
    with tempfile.TemporaryDirectory(prefix="parallel_map_", dir=dir) as folder:
        try:
            for index, item in enumerate(items):
                if len(running) == limit:
                    _collect(running, results, folder)
                running[_fork(func, item, Path(folder, str(index)))] = index
            while running:
                _collect(running, results, folder)
        finally:
            for pid in running:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            for pid in running:
                os.waitpid(pid, 0)
    return [results[index] for index in range(len(items))]


def _fork(func: Callable[[A], R], item: A, file: Path) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _be_child(func, item, file)
    return pid


def _be_child(func: Callable[[A], R], item: A, file: Path) -> NoReturn:
    pid = os.getpid()

    def work() -> None:
        answer: tuple[bool, object]
        try:
            answer = True, func(item)
            leave_if_forked(pid)
        except BaseException as error:
            leave_if_forked(pid, error)
            answer = False, (error, trimmed_traceback(error))
        try:
            _write(file, answer)
        except Exception as error:
            if not answer[0]:  # an exception that cannot be pickled: its text can
                _write(file, (False, (None, trimmed_traceback(answer[1][0]))))  # type: ignore[index]
            else:
                _write(file, (False, (TypeError(f"the result cannot be pickled: {error}"), "")))

    try:
        run_in_child(work)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)  # whether it worked is in the file


def _write(file: Path, answer: object) -> None:
    with file.open("wb") as stream:
        pickle.dump(answer, stream, 5)


def _collect(running: dict[int, int], results: dict[int, R], folder: str) -> None:
    """Wait for one of the children and take its result."""
    # Only for our own: the function's caller may have children too. The oldest first keeps that simple.
    pid = next(iter(running))
    _, status = os.waitpid(pid, 0)
    index = running.pop(pid)
    try:
        with Path(folder, str(index)).open("rb") as stream:
            done, answer = pickle.load(stream)
    except (OSError, EOFError):
        code = os.waitstatus_to_exitcode(status)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise RuntimeError(f"parallel_map: the process for item {index} {how}") from None
    if done:
        results[index] = answer
        return
    error, text = answer
    if error is None:
        raise RuntimeError(f"parallel_map: item {index} failed:\n{text}")
    error.add_note(f"(in parallel_map, for item {index})" + (f"\n{text}" if text else ""))
    raise error
