"""Runs a container's command as a process: by the warm server where that can be, else as a plain subprocess.

    runners = Runners(folder, endpoint)
    running = runners.start(["python3", "-m", "flowc.runtime"], {"FLOWC_STEP": "start"}, "the-job's-id")
    running.wait(timeout=5)        # the exit code, None if it still runs
    running.terminate()            # SIGTERM, and SIGKILL some seconds later
    running.output()

The process has the environment that it is given and nothing of the tests' own, a new folder to work in, and a group of its own.
Where FLOWC_ENGINE_NETWORK names a network of Docker's, it is a container of FLOWC_ENGINE_IMAGE in that network instead.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engines.calls import JOB
from engines.warm import ready

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL. AWS waits 30."""


class Running(Protocol):
    """A process that was started."""

    def wait(self, timeout: float | None) -> int | None:
        """Its exit code, 128 + n for a signal; None if it still runs after so many seconds."""

    def signal(self, *, kill: bool) -> None:
        """Send it SIGTERM, or kill it and what it started."""

    def output(self) -> str:
        """What it printed, standard output and standard error as one."""


@dataclass(frozen=True)
class Place:
    """The folder of a process, and the file of its output."""

    folder: Path

    def make(self) -> int:
        """Make both; a descriptor of the file."""
        (self.folder / "work").mkdir(parents=True)
        return os.open(self.folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def output(self) -> str:
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")


class Warm:
    """A fork of the warm server."""

    def __init__(self, orders: socket.socket, argv: Sequence[str], environment: Mapping[str, str], place: Place) -> None:
        self._place = place
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        order = json.dumps({"argv": list(argv), "environment": dict(environment), "cwd": str(place.folder / "work")})
        output = place.make()
        try:
            socket.send_fds(orders, [order.encode()], [output, far.fileno()])
        finally:
            os.close(output)
            far.close()
        self._code: int | None = None

    def wait(self, timeout: float | None) -> int | None:
        if self._code is None:
            self._line.settimeout(timeout)
            with suppress(TimeoutError):
                said = self._line.recv(4)
                code = int.from_bytes(said, "little", signed=True) if said else -signal.SIGKILL
                self._code = 128 - code if code < 0 else code
                self._line.close()
        return self._code

    def signal(self, *, kill: bool) -> None:
        with suppress(OSError):
            self._line.sendall(b"K" if kill else b"T")

    def output(self) -> str:
        return self._place.output()


class Plain:
    """A process of its own."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], place: Place) -> None:
        self._place = place
        output = place.make()
        program = shutil.which(argv[0], path=environment.get("PATH", ""))
        try:
            if program is None:  # what a container's runtime says then, with its exit code
                os.write(output, f"exec: {argv[0]!r}: executable file not found in $PATH\n".encode())
                self._process = None
                return
            self._process = subprocess.Popen(
                [program, *argv[1:]],
                env=dict(environment),
                cwd=place.folder / "work",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        finally:
            os.close(output)

    def wait(self, timeout: float | None) -> int | None:
        if self._process is None:
            return 127
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    def signal(self, *, kill: bool) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                if kill:
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.terminate()

    def output(self) -> str:
        return self._place.output()


class Contained(Plain):
    """A container, by the `docker` in front of it, which hands on signals that can be."""

    def __init__(self, network: str, argv: Sequence[str], environment: Mapping[str, str], place: Place) -> None:
        self._name = place.folder.name
        told = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        command = ["docker", "run", "--rm", "--name", self._name, "--network", network, *told, os.environ["FLOWC_ENGINE_IMAGE"]]
        super().__init__([*command, *argv], os.environ, place)

    def signal(self, *, kill: bool) -> None:
        if kill:
            subprocess.run(["docker", "kill", self._name], capture_output=True, check=False)
        else:
            super().signal(kill=False)


class Runners:
    """Starts processes.

    Args:
        folder: Where they work.
        endpoint: Where AWS is, for them.
        modules: What they are likely to import beside flowc's runtime.
    """

    def __init__(self, folder: Path, endpoint: str, modules: Sequence[str] = ()) -> None:
        self._folder = folder
        self._network = os.environ.get("FLOWC_ENGINE_NETWORK")
        self.environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"} | aws_environment(endpoint, JOB)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders = ours
        command = [sys.executable, "-P", str(Path(__file__).with_name("warm.py")), str(theirs.fileno()), *modules]
        # It ends when our end of the socket is closed, however we end.
        self._server = subprocess.Popen(
            command, env={"PATH": self.environment["PATH"]}, pass_fds=[theirs.fileno()], cwd=folder, stdin=subprocess.DEVNULL
        )
        theirs.close()

    def start(self, argv: Sequence[str], environment: Mapping[str, str], name: str) -> Running:
        """Start a command with this environment, and what every container here has."""
        if self._network is not None:
            own = {name: value for name, value in self.environment.items() if name != "PATH"}
            return Contained(self._network, argv, own | dict(environment), Place(self._folder / name))
        if argv[0].endswith("/python3") and not os.path.exists(argv[0]):  # where an image has it
            argv = ["python3", *argv[1:]]
        # What a task unpacks there goes with a container, and here with the engine.
        whole = {"TMPDIR": str(self._folder)} | self.environment | dict(environment)
        place = Place(self._folder / name)
        if ready(list(argv), whole):
            return Warm(self._orders, argv, whole, place)
        return Plain(argv, whole, place)

    def close(self) -> None:
        """End the warm server, and with it its jobs."""
        self._orders.close()
        self._server.wait()


def aws_environment(endpoint: str, who: str = "engine") -> dict[str, str]:
    """What a role and the SDKs' settings would tell a process of AWS; `who` is its access key, by which its calls are known."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": who,
        "AWS_SECRET_ACCESS_KEY": "engine",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def terminate(running: Running) -> None:
    """End a process as a container's agent does; returns at once."""
    running.signal(kill=False)
    later = threading.Timer(GRACE, lambda: running.signal(kill=True))
    later.daemon = True
    later.start()


def secrets_of(container: Mapping[str, Any], account: str, region: str) -> dict[str, str]:
    """The variables that a container's `secrets` ask for, of Secrets Manager."""
    from moto.secretsmanager.models import secretsmanager_backends

    backend: Any = secretsmanager_backends[account][region]
    wanted = {one["name"]: one["valueFrom"] for one in container.get("secrets", ())}
    return {name: backend.get_secret_value(secret, None, None)["SecretString"] for name, secret in wanted.items()}
