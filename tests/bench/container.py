"""What a task costs in its container, against a real S3 server: what each system has the container
do, run as processes on this machine, with its count of store requests.

The task adds one to an artifact and prints a line. Metaflow's command would also install boto3 and requests from a package index
before each task; here it finds them installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from servers import Server, s3_missing, s3_server

from bench.flows import pod
from bench.measuring import TIMES, Cost, line, measure
from bench.rival import Metaflow
from flowc.runtime import contract
from flowc.runtime.store import open_store
from flowc.templates import bootstrap_command

_REQUEST = re.compile(rb"(GET|PUT|POST|HEAD|DELETE) /")


class Counter:
    """A way to a server that counts the HTTP requests on it."""

    def __init__(self, server: str) -> None:
        place = urlsplit(server)
        self._server = (place.hostname or "", place.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._server)
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if counts and _REQUEST.match(data):  # clients send a request when the one before is answered
                    self.requests += 1
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def bench(folder: Path, metaflow: Metaflow | None) -> None:
    """The second of three steps."""
    if why := s3_missing():
        print(f"no S3 server: {why}")
        return
    with s3_server() as server:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # no container is told so
        (folder / "pod.py").write_text(pod(), encoding="utf-8")
        mine, requests = _flowc(folder, server, compiled=True)
        line("one task against S3, flowc", mine, note=f"{requests} requests")
        bare, requests = _flowc(folder, server, compiled=False)
        line("  in an image without any .pyc", bare, note=f"{requests} requests")
        if metaflow:
            (folder / "pod.py").write_text(pod("metaflow"), encoding="utf-8")
            its, requests = _metaflow(folder, server, metaflow)
            ratio = f"; {its.cpu / mine.cpu:.1f} times flowc's CPU s" if its and mine else ""
            line("one task against S3, Metaflow", its, note=f"{requests} requests{ratio}")


def _metaflow(folder: Path, server: Server, metaflow: Metaflow) -> tuple[Cost | None, int]:
    counter = Counter(server.endpoint)
    environment = {
        **server.environment,
        "METAFLOW_DATASTORE_SYSROOT_S3": f"{server.root}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": counter.url,
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_USER": "bench",
        "METAFLOW_RUNTIME_NAME": "dev",
        "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        "PATH": f"{Path(metaflow.python).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [metaflow.python, "pod.py", "--datastore", "s3", "argo-workflows", "create", "--only-json"]
    made = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if made.returncode:
        return None, 0
    containers = {one["name"]: one["container"] for one in json.loads(made.stdout)["spec"]["templates"] if one.get("container")}
    start = f"t-{hashlib.md5(b'start-now--' + bytes([10])).hexdigest()[-8:]}"
    cost: Cost | None = None
    for name, inputs in (("start", ""), ("middle", f"argo-run/start/{start}")):
        script, own = _pod(containers[name], inputs)
        counter.requests = 0
        with _fresh(folder / name) as place:
            # A container has a /tmp of its own, and a /mnt/out, which this decorator alone writes to.
            script = script.replace("/tmp/", f"{place}/").replace("--with=argo_workflows_internal:auto-emit-argo-events=1", "")
            cost = measure(["bash", "-c", script], place, times=1, environment={**environment, **own})
    return cost, counter.requests


def _pod(container: Mapping[str, Any], inputs: str) -> tuple[str, dict[str, str]]:
    """The command of a container of Metaflow's, with what Argo would put in, and its variables."""
    values = {"workflow.name": "run", "workflow.creationTimestamp": "now", "inputs.parameters.input-paths": inputs}

    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    variables = {one["name"]: fill(one.get("value") or "unknown") for one in container["env"]}
    return fill(container["command"][-1]), variables


@contextmanager
def _fresh(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    yield folder


def _flowc(folder: Path, server: Server, compiled: bool) -> tuple[Cost | None, int]:
    """Each task starts in an interpreter that sees nothing but the standard library, in an empty folder.

    Args:
        compiled: Whether the image has the standard library's modules compiled. Many have not, official ones among them.
    """
    subprocess.run([sys.executable, "-m", "flowc", "package", "save", "pod.py", "-o", "pod.tgz"], cwd=folder, check=True)
    data = (folder / "pod.tgz").read_bytes()
    key = contract.package_key("Pod", hashlib.sha256(data).hexdigest())
    os.environ.update(server.environment)
    open_store(server.root).put(key, data)
    counter = Counter(server.endpoint)
    command = [os.path.realpath(sys.executable), "-S", *bootstrap_command(server.root)[1:]]
    best: Cost | None = None
    for number in range(TIMES):
        cost: Cost | None = None
        for step in ("start", "middle"):
            counter.requests = 0
            with _fresh(folder / f"{compiled}-{number}-{step}") as place:
                environment = {
                    **server.environment,
                    **({} if compiled else {"PYTHONPYCACHEPREFIX": str(place / "compiled")}),
                    "AWS_ENDPOINT_URL_S3": counter.url,
                    "PYTHONPATH": "",
                    "TMPDIR": str(place),
                    contract.DATASTORE: server.root,
                    contract.CODE: key,
                    contract.RUN: f"{compiled}-{number}",
                    contract.STEP: step,
                    contract.PATH: contract.ROOT_PATH,
                }
                cost = measure(command, place, times=1, environment=environment)
        if cost is None:
            return None, counter.requests
        best = cost if best is None or cost.cpu < best.cpu else best
    return best, counter.requests
