"""Forked children: how one does its work and ends as a process of its own would, and how its parent gets rid of it."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
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


def dies_with_parent() -> Callable[[], object] | None:
    """A function that has this process killed when the process ends that forked it, however it ends; None if there is none.

    It is loaded once in the parent (2 ms); a call takes some 5 µs. See prctl(2), PR_SET_PDEATHSIG. Only Linux has it.
    """
    prctl = load_prctl()
    return prctl and partial(prctl, 1, signal.SIGKILL.value)


def die_with_parent(parent: int, request: Callable[[], object] | None = None) -> None:
    """Have this process killed when its parent ends, where the system can do that.

    Args:
        request: What `dies_with_parent` gave, if it was called before.
    """
    request = request or dies_with_parent()
    if request is not None:
        request()
        if os.getppid() != parent:  # it was gone before
            os._exit(1)


def load_prctl() -> Callable[[int, int], object] | None:
    """prctl(2), or None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):  # a Python without ctypes, a system without such a library
        return None


def reap(pid: int) -> tuple[int, int] | None:
    """The exit code of a child that has ended (or minus the signal that killed it) and the most memory that it had, in
    bytes; None while it runs. What it left running in its group is ended too: it would hold the pipes.
    """
    if hasattr(os, "waitid"):  # while the child is a zombie, its id and its group's belong to nobody else
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            return None
        signal_group(pid, signal.SIGKILL)
        _, status, used = os.wait4(pid, 0)
    else:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if not ended:
            return None
        signal_group(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status), used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def signal_group(pid: int, signum: int) -> None:
    """Send a signal to a child and all that is in its group, if there are any left."""
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses to signal a group of zombies
        os.killpg(pid, signum)
