"""Real containers to test with: a Docker daemon, an image of Python and its standard library, a network without an exit.

The daemon is the one that `docker` reaches; else, for root where there is `dockerd`, one of our own, while a module's tests run.
The image is made of the Python that runs the tests: no registry is asked. It has no shell, no package and no compiled module.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from validators import tools

IMAGE = "flowc-tests-python"
_LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "tkinter", "turtledemo", "__pycache__"}
_OF_EVERY_LINUX = ("libgcc_s.so.1", "libm.so.6", "librt.so.1", "libpthread.so.0", "libdl.so.2")
"""Beside what Python needs itself: of Debian's smallest image, what any extension module may ask for."""

_AUTHORITIES = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))
"""Whom to trust, which images of Python have: obstore wants some even where it speaks plain HTTP."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network from which nothing can be reached but this machine.

    Attributes:
        host: This machine's address in it.
    """

    environment: dict[str, str]
    name: str
    host: str

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command in a container of its own, with this environment and nothing else."""
        told = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        return _docker(self.environment, "run", "--rm", "--network", self.name, *told, IMAGE, *command, check=False)

    def clear(self) -> None:
        """Remove the containers in it that others have started."""
        left = _docker(self.environment, "ps", "--all", "--quiet", "--filter", f"network={self.name}").stdout.split()
        if left:
            _docker(self.environment, "rm", "--force", "--volumes", *left)


@pytest.fixture(scope="module")
def containers() -> Iterator[Network]:
    """A network in which containers can be run."""
    if (missing := _missing()) is not None:
        pytest.skip(missing)  # in CI too: a daemon is nothing that everybody may start
    with _engine() as environment:
        _docker(environment, "import", "--change", 'ENV PATH="/usr/bin"', "-", IMAGE, stdin=_image())
        name = f"flowc-tests-{os.getpid()}"
        _docker(environment, "network", "create", "--internal", name)
        try:
            host = _docker(
                environment, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name
            ).stdout.strip()
            yield Network(environment, name, host.partition("/")[0])
        finally:
            _docker(environment, "network", "rm", name, check=False)
            _docker(environment, "image", "rm", IMAGE, check=False)


@contextmanager
def forwarded(host: str, endpoint: str) -> Iterator[str]:
    """A server of this machine's own address, offered at another of its addresses: its endpoint there."""
    name, _, port = endpoint.removeprefix("http://").rpartition(":")
    with socket.create_server((host, 0)) as listening:

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(1 << 16):
                    sink.sendall(data)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=handle, args=(caller,), daemon=True).start()

        def handle(caller: socket.socket) -> None:
            with caller, socket.create_connection((name, int(port))) as server:
                back = threading.Thread(target=pump, args=(server, caller), daemon=True)
                back.start()
                pump(caller, server)
                back.join()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://{host}:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _missing() -> str | None:
    """Why there can be no containers here, or None."""
    if sys.platform != "linux":
        return "containers of this machine's Python want Linux"
    if not shutil.which("docker"):
        return "docker is not installed"
    if _answers(dict(os.environ)):
        return None
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        return "no Docker daemon answers, and only root could start one"
    return None


def _answers(environment: Mapping[str, str]) -> bool:
    return _docker(environment, "version", check=False).returncode == 0


@contextmanager
def _engine() -> Iterator[dict[str, str]]:
    """The environment in which `docker` finds a daemon."""
    environment = dict(os.environ)
    if _answers(environment):
        yield environment
        return
    with tools.only_one("dockerd"):  # two of them undo each other's network
        yield from _daemon(environment)


def _daemon(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="flowc-docker-"))
    environment["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    places = [f"--{name}={folder / name}" for name in ("data-root", "exec-root")]
    command = ["dockerd", *places, f"--host={environment['DOCKER_HOST']}", f"--pidfile={folder / 'pid'}"]
    libc, log = ctypes.CDLL(None), folder / "log"
    with log.open("wb") as out:
        # It gets a SIGTERM also where the tests are killed, and then ends what it started itself.
        ended_with_us = lambda: libc.prctl(1, signal.SIGTERM)  # noqa: E731  # PR_SET_PDEATHSIG
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, preexec_fn=ended_with_us)
    try:
        while not _answers(environment):
            if process.poll() is not None:
                pytest.skip(f"dockerd does not start: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.1)
        yield environment
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _docker(
    environment: Mapping[str, str], *arguments: str, check: bool = True, stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *arguments], env=environment, capture_output=True, input=stdin, check=False)
    if check and done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return subprocess.CompletedProcess(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())


def _image() -> bytes:
    """A root file system as a tar: Python, its standard library, and the system's libraries that they need."""
    program, library = Path(os.path.realpath(sys.executable)), Path(sysconfig.get_path("stdlib"))
    extensions = sorted((library / "lib-dynload").glob("*.so"))
    libraries = _libraries([program, *extensions])
    beside = {libraries[0].parent, *(one.parent for one in libraries)}
    libraries += [folder / name for folder in beside for name in _OF_EVERY_LINUX if (folder / name).exists()]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", dereference=True) as archive:
        authorities = [one for one in _AUTHORITIES if one.exists()]
        for path in dict.fromkeys([program, *libraries, *authorities]):
            archive.add(path)
        archive.add(library, filter=lambda info: None if _LEFT_OUT & set(Path(info.name).parts[-1:]) else info)
        link = tarfile.TarInfo("usr/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, str(program)
        archive.addfile(link)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(folder)
    return out.getvalue()


def _libraries(files: Sequence[Path]) -> list[Path]:
    """The system's libraries that programs and extension modules need."""
    found: dict[Path, None] = {}
    for file in files:
        said = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
        found |= dict.fromkeys(Path(one) for one in re.findall(r"(/[^ ]+) \(0x", said))
    return list(found)
