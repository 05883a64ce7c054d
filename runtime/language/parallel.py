"""`parallel_map` and `parallel_imap_unordered`: a function over items, in forked processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

from .workers import Workers, processors

A = TypeVar("A")
R = TypeVar("R")

_QUIET = 2.0
"""Seconds before a terminal is told how far it is."""


def parallel_map(
    func: Callable[[A], R], iterable: Iterable[A], max_parallel: int | None = None, dir: str | None = None
) -> list[R]:
    """The function's results, in the items' order.

    Items and the function are not pickled (a lambda works), results are. Items are taken from an iterator as processes become
    free. Each item has a process of its own, unless it takes less than some milliseconds: such items share one. What the
    function changes, it changes in its process only.

    Args:
        max_parallel: How many processes run at once, by default one for each processor.
        dir: Where large results are kept on their way, by default the system's directory for temporary files.

    Raises:
        Exception: What the function raised first, with a note that names the item; the others are killed.
        RuntimeError: A process was killed.
    """
    results: dict[int, R] = {}
    total = len(iterable) if isinstance(iterable, Sized) else None
    for index, result in _told(_workers("parallel_map", func, iterable, max_parallel, dir).results(), total):
        results[index] = result
    return [results[index] for index in range(len(results))]


def parallel_imap_unordered(
    func: Callable[[A], R], iterable: Iterable[A], max_parallel: int | None = None, dir: str | None = None
) -> Iterator[R]:
    """The function's results one by one, as they come. Items are taken no faster than results are: the rest is as for
    `parallel_map`."""
    for _, result in _workers("parallel_imap_unordered", func, iterable, max_parallel, dir).results():
        yield result


def _workers(
    name: str, func: Callable[[A], R], iterable: Iterable[A], max_parallel: int | None, dir: str | None
) -> Workers[A, R]:
    return Workers(name, func, iterable, max(1, processors() if max_parallel is None else int(max_parallel)), dir)


def _told(results: Iterator[tuple[int, R]], total: int | None) -> Iterator[tuple[int, R]]:
    """Hand results on, and say on a terminal how many there were, in one line that is gone at the end."""
    stream: Any = sys.stderr
    if not stream.isatty():
        yield from results
        return
    due, said = time.monotonic() + _QUIET, False
    try:
        for done, result in enumerate(results, 1):
            yield result
            if time.monotonic() >= due:
                due, said = time.monotonic() + 0.2, True
                stream.write(f"\rparallel_map: {done:,}{'' if total is None else f' of {total:,}'}\x1b[K")
                stream.flush()
    finally:
        if said:
            stream.write("\r\x1b[K")
            stream.flush()
