r"""Starts jobs in a few milliseconds: a process that has imported flowc's runtime forks for each.

    python3 warm.py 5 MODULE…             # 5: the socket on which jobs are ordered; further modules to import

An order is one datagram, `{"argv": …, "environment": …, "cwd": …}`, with two descriptors: where the job's output goes, and a
socket of its own. On that socket the answer is the exit code as four bytes (minus the signal that killed the job). What arrives
there before ends the job: `T` asks it to end, `K` and the end of the connection kill it with all that it started.

Only what `ready` knows is run in the fork: `python3 -c PROGRAM` and `python3 -m MODULE`. The fork is as close to a new
interpreter as can be had: environment, arguments, `sys.path`, working directory and standard streams are the job's own. What
differs is that modules of flowc's runtime are imported already, from where flowc is installed. Nothing here uses a store: its
clients do not survive a fork.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

MODULES = """
    flowc.runtime.container.assignment flowc.runtime.container.supervisor flowc.runtime.container.work flowc.runtime.tasks.task
    flowc.runtime.local.progress flowc.runtime.language flowc.runtime.artifacts flowc.runtime.store flowc.runtime.records.manifest
    flowc.runtime.container.hooks flowc.runtime.store.objects flowc.runtime.store.transfers flowc.runtime.store.clients
    obstore runpy pickle traceback hashlib hmac binascii zlib socket typing dataclasses ctypes encodings.ascii
""".split()


def ready(argv: list[str], environment: dict[str, str]) -> bool:
    """Whether a fork of this process can stand in for a new interpreter."""
    if any(name.startswith("PYTHON") for name in environment):  # which an interpreter reads when it starts
        return False
    return argv[:2] in (["python3", "-c"], ["python3", "-m"]) and len(argv) > 2


def serve(orders: socket.socket, modules: list[str]) -> None:
    """Fork for each order, and say how each ended."""
    for name in [*MODULES, *modules]:
        with suppress(ImportError):
            __import__(name)
    gc.collect()
    gc.freeze()  # what is there now is shared with the jobs: a collection would only copy it
    wakes, waker = os.pipe()
    for fd in (wakes, waker):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
    jobs: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(wakes, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is orders:
                    message, descriptors, _, _ = socket.recv_fds(orders, 1 << 20, 2)
                    if not message:
                        _end_all(jobs)
                        return
                    order = json.loads(message)
                    pid = os.fork()
                    if pid == 0:
                        signal.set_wakeup_fd(-1)
                        _be_job(order, descriptors[0])
                    with suppress(OSError):
                        os.setpgid(pid, pid)  # both sides do it, so that neither has to wait for the other
                    os.close(descriptors[0])
                    jobs[pid] = socket.socket(fileno=descriptors[1])
                    selector.register(jobs[pid], selectors.EVENT_READ, pid)
                elif key.fileobj == wakes:
                    with suppress(BlockingIOError):
                        os.read(wakes, 4096)
                    _bury(jobs, selector)
                elif key.data in jobs:
                    _end(key.data, jobs[key.data], selector)


def _bury(jobs: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            line = jobs.pop(pid)
            with suppress(KeyError):
                selector.unregister(line)
            with suppress(OSError):
                line.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))
            line.close()


def _end(pid: int, line: socket.socket, selector: selectors.BaseSelector) -> None:
    asked = line.recv(1)
    with suppress(ProcessLookupError):
        if asked == b"T":
            os.kill(pid, signal.SIGTERM)
        else:
            selector.unregister(line)
            os.killpg(pid, signal.SIGKILL)


def _end_all(jobs: dict[int, socket.socket]) -> None:
    for pid in jobs:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _be_job(order: dict[str, object], output: int) -> None:
    argv, environment, folder = order["argv"], order["environment"], order["cwd"]
    assert isinstance(argv, list)
    assert isinstance(environment, dict)
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for fd, onto in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(fd, onto)
        os.closerange(3, 1 << 16)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(str(folder))
        sys.path[0] = ""
        sys.argv = ["-c" if argv[1] == "-c" else "-m", *argv[3:]]
        code = _run(argv[1], argv[2])
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run(how: str, what: str) -> int:
    """Run a program or a module as `__main__`; its exit code."""
    import runpy
    import types

    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            exec(compile(what, "<string>", "exec"), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
