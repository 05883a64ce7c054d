"""Starts tasks as containers would, some hundred times a minute, and kills them: a process that has imported the entrypoint forks one
for each order that it reads from its standard input.

    with Starter() as starter:
        starter.run(environment)                               # its exit code
        starter.run(environment, kill="child", after=0.01)     # likewise; `Ended.hit` says whether it was still there

The forks come from a process of its own, which never uses a store, as the entrypoint's own parent does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Ended:
    """How an entrypoint ended: its exit code, or minus the signal that killed it; whether the kill found it; its stderr."""

    code: int
    hit: bool
    seconds: float
    err: str


class Starter:
    """The process that forks, as its parent sees it."""

    def __enter__(self) -> Starter:
        command = [sys.executable, str(Path(__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._process:
            pass  # the end of its input ends it

    def run(self, environment: Mapping[str, str], *, kill: str = "", after: float = 0, fsize: int = 0) -> Ended:
        """Run one entrypoint.

        Args:
            kill: Which processes to kill: "all", "parent", "child"; none if empty.
            after: Seconds from its start to that.
            fsize: The most bytes that it may write to a file; 0 is any number.
        """
        return self.run_many([environment], kill=kill, after=after, fsize=fsize)[0]

    def run_many(
        self, environments: list[Mapping[str, str]], *, kill: str = "", after: float = 0, fsize: int = 0
    ) -> list[Ended]:
        """Run several at once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"environments": [dict(one) for one in environments], "kill": kill, "after": after, "fsize": fsize}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return [Ended(**one) for one in json.loads(self._process.stdout.readline())]


def _serve() -> None:
    import ctypes
    import tempfile

    import flowc.runtime.__main__ as entrypoint

    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what outlives its parent comes here
    answers = os.dup(1)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
    for line in sys.stdin:
        order = json.loads(line)
        began, started = time.monotonic(), []
        for environment in order["environments"]:
            err = tempfile.TemporaryFile()  # noqa: SIM115  # open until it is read
            pid = os.fork()
            if pid == 0:
                try:
                    os.setsid()
                    os.close(0)
                    os.dup2(err.fileno(), 2)
                    os.environ.update(environment)
                    if order["fsize"]:
                        resource.setrlimit(resource.RLIMIT_FSIZE, (order["fsize"], order["fsize"]))
                    code = entrypoint.main()
                    sys.stderr.flush()
                    os._exit(code)
                finally:
                    os._exit(99)
            started.append((pid, err))
        hit = False
        if order["kill"]:
            time.sleep(max(0.0, began + order["after"] - time.monotonic()))
            hit = _kill(started[0][0], order["kill"])
        answer = []
        for pid, err in started:
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            err.seek(0)
            answer.append(Ended(code, hit, time.monotonic() - began, err.read().decode()).__dict__)
            err.close()
        while _children(os.getpid()):  # a child dies with its parent, a moment later
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _kill(pid: int, which: str) -> bool:
    """Kill; whether what should be killed was there."""
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
        return False
    children = _children(pid)
    victims = {"all": [*children, pid], "parent": [pid], "child": children}[which]
    for victim in victims:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(victims)


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    _serve()
