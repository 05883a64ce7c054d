"""The child's side of a fork: doing its work, and ending as a process of its own would."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

BUG = 3
"""The exit code of a child whose work raised: jobs report the faults of users."""


def be_child(work: Callable[[], None], out: int, err: int) -> NoReturn:
    """Lead a process group of its own, do the work with these descriptors as standard output and error, and exit."""
    code = BUG
    try:
        os.setpgid(0, 0)
        _redirect(out, err)
        run_in_child(work)
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run_in_child(work: Callable[[], None]) -> None:
    """Do the work of a forked child, and end as a process of its own would: join its threads, run its exit handlers."""
    import atexit

    atexit._clear()  # the parent's are not ours: they may remove its temporary files
    try:
        work()
    finally:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()  # as multiprocessing does in its children
        atexit._run_exitfuncs()


def leave_if_forked(pid: int, error: BaseException | None = None) -> None:
    """End this process if it is not `pid`: the user's code forked it, and its copy must not go on as if it were the task.

    Args:
        pid: The process that called the user's code.
        error: What the user's code raised here; the process ends as Python would.
    """
    if os.getpid() == pid:
        return
    code = 0
    try:
        if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
            code = error.code or 0
        elif error is not None:
            import traceback

            code = 1
            if isinstance(error, SystemExit):
                print(error.code, file=sys.stderr)
            else:
                traceback.print_exception(error)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
    finally:
        os._exit(code & 0xFF)


def call_in_child(function: Callable[[], str]) -> str:
    """What a function returns that runs in a child, since it uses the datastore.

    A client of an object store has threads of its own, which a fork does not copy: children of a process that has used one hang.
    So a process that forks tasks never uses the datastore itself.

    Raises:
        RuntimeError: The function failed, with the message of its exception.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            try:
                answer = "+" + function()
            except Exception as error:
                answer = f"-{error}"
            write_all(write, answer.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(pid, 0)
    if not answer.startswith("+"):
        raise RuntimeError(answer[1:] or "a child process ended without an answer")
    return answer[1:]


def become_helper(work: Callable[[], None], deaf_to: Sequence[str]) -> NoReturn:
    """Do the work of a forked helper, which has no standard streams and is meant by no signal for its parent's group, and exit.

    Args:
        deaf_to: Names of signals that it ignores.
    """
    try:
        os.setpgid(0, 0)
        for name in deaf_to:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(nothing, fd)
        os.close(nothing)
        work()
    finally:
        os._exit(0)


def _redirect(out: int, err: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    for fd in (nothing, out, err):
        os.close(fd)
    # The parent's objects may be no files at all, as in a test. Line by line, so that output is live.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it to a pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
