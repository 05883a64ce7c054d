"""A cluster for tests: a namespace of each test's own, what to ask it directly, and requests that fail on request."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers import Server

from engines.argo.api import TOKEN
from engines.argo.faults import CALLS, ROUTE, WATCHES
from engines.argo.resources import RESOURCES

_NUMBERS = itertools.count(1)
EXECUTOR = "runner"
"""The service account of each namespace that may do what Argo's executor does. `default` may nothing."""


class Status(Exception):
    """What the API server refused.

    Attributes:
        code: Of the HTTP response.
    """

    def __init__(self, code: int, told: str) -> None:
        super().__init__(f"{code}: {told}")
        self.code = code


@dataclass(frozen=True)
class Argo:
    """A cluster, with one namespace of it.

    Attributes:
        endpoint: Its API server.
        folder: Where its files are.
        namespace: The test's own.
        environment: What a process needs to get at it, and at S3.
        place: A datastore in S3, where nothing is yet.
    """

    endpoint: str
    folder: Path
    namespace: str
    environment: Mapping[str, str]
    place: str

    def ask(self, method: str, path: str, body: object = None, kind: str = "application/json") -> Any:
        """Ask the API server.

        Raises:
            Status: It refuses.
        """
        return ask(self.endpoint, method, path, body, kind)

    def path(self, resource: str, name: str = "", namespace: str | None = None) -> str:
        """Where objects are: `path("workflows", "x")`."""
        known = RESOURCES[resource]
        start = f"/apis/{known.api_version}" if known.group else f"/api/{known.version}"
        within = f"/namespaces/{namespace or self.namespace}" if known.namespaced else ""
        return f"{start}{within}/{resource}" + (f"/{name}" if name else "")

    def get(self, resource: str, name: str) -> Any:
        """One object."""
        return self.ask("GET", self.path(resource, name))

    def all(self, resource: str) -> list[Any]:
        """All objects of a kind, in the order of their names."""
        return list(self.ask("GET", self.path(resource))["items"])

    def apply(self, thing: Mapping[str, Any], manager: str = "tests") -> Any:
        """Apply an object, strictly."""
        resource = next(one.name for one in RESOURCES.values() if one.kind == thing["kind"])
        path = self.path(resource, thing["metadata"]["name"], thing["metadata"].get("namespace"))
        query = f"?fieldManager={manager}&fieldValidation=Strict&force=true"
        return self.ask("PATCH", path + query, thing, "application/apply-patch+yaml")

    def create(self, thing: Mapping[str, Any]) -> Any:
        """Create an object, strictly."""
        resource = next(one.name for one in RESOURCES.values() if one.kind == thing["kind"])
        return self.ask("POST", self.path(resource) + "?fieldValidation=Strict", thing)

    def change(self, resource: str, name: str, patch: Mapping[str, Any]) -> Any:
        """Change an object by a merge patch."""
        return self.ask("PATCH", self.path(resource, name), patch, "application/merge-patch+json")

    def delete(self, resource: str, name: str) -> None:
        """Delete an object."""
        self.ask("DELETE", self.path(resource, name))

    def fail(
        self,
        method: str,
        path: str,
        code: int,
        reason: str | None = "",
        message: str = "on request",
        *,
        headers: Mapping[str, str] | None = None,
        late: bool = False,
        times: int = 1,
    ) -> None:
        """Have the next requests fail, whoever makes them: `argo.fail("GET", ".*/workflows/.*", 403, "Forbidden")`.

        Args:
            method: A regular expression.
            path: Likewise, for the whole path, without the query or with it.
            code: Of the response; 0: the connection is reset.
            reason: As a `Status` has it; None: the answer is text, as where nothing of that kind is known.
            message: What is wrong.
            headers: Of the response.
            late: Whether it is done all the same.
            times: How many requests.
        """
        fault = {"code": code, "reason": reason, "message": message, "headers": dict(headers or {}), "late": late, "times": times}
        self.ask("POST", ROUTE, {"pattern": f"(?:{method}) (?:{path})", **fault})

    def disturb(self, *, cut: str | None = None, forget: bool = False) -> None:
        """Let all watches that are open end, or be `reset`; have the server forget what has happened, so that all is listed anew.

        Args:
            cut: `end` or `reset`.
        """
        self.ask("POST", WATCHES, {**({"cut": cut} if cut else {}), "forget": forget})

    def calls(self) -> list[str]:
        """What was asked since this was asked last, by anyone: `GET /api/v1/…?limit=1`."""
        return list(self.ask("GET", CALLS)["calls"])

    def kubeconfig(self, **changes: str) -> Path:
        """Another file like that of the environment, with another `server`, `token`, `namespace` or name of the `context`."""
        return write_kubeconfig(self.folder, **{"server": self.endpoint, "namespace": self.namespace, **changes})


def ask(endpoint: str, method: str, path: str, body: object = None, kind: str = "application/json") -> Any:
    """Ask an API server of ours. Raises `Status` where it refuses."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind, "User-Agent": "tests/1"}
    request = urllib.request.Request(endpoint + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers["Content-Type"] else text
    except urllib.error.HTTPError as error:
        with error:
            raise Status(error.code, error.read().decode()) from None


def write_kubeconfig(folder: Path, *, server: str, namespace: str, token: str = TOKEN, context: str = "tests") -> Path:
    """A kubeconfig of one context."""
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": server}}],
        "users": [{"name": context, "user": {"token": token}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": namespace}}],
    }
    file = folder / f"kubeconfig-{next(_NUMBERS)}.yaml"
    file.write_text(yaml.safe_dump(told))
    return file


@contextmanager
def cluster(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """A cluster of its own, with a process of its own: its endpoint, and its folder.

    Args:
        environment: More variables for the process; pods have these, too.
    """
    with tempfile.TemporaryDirectory(prefix="flowc-argo-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(Path(__file__).parents[2])]))
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "engines.argo.server", folder],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "TMPDIR": folder, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                cwd=folder,
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError(f"the engine does not start: {log.read_text(errors='replace')[-2000:]}")
            yield f"http://127.0.0.1:{int(port)}", Path(folder)
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()


@pytest.fixture(scope="session")
def argo_cluster(s3: Server) -> Iterator[tuple[str, Path]]:
    """The session's cluster; of pytest-xdist, each worker's."""
    with cluster(s3.environment) as made:
        yield made


@pytest.fixture
def argo(argo_cluster: tuple[str, Path], s3: Server) -> Argo:
    """The cluster, with a new namespace."""
    return settle(argo_cluster, s3)


def settle(argo_cluster: tuple[str, Path], s3: Server) -> Argo:
    """A new namespace in the cluster, for one test or for several."""
    endpoint, folder = argo_cluster
    namespace = f"tests-{next(_NUMBERS)}"
    furnish(endpoint, namespace)
    kubeconfig = write_kubeconfig(folder, server=endpoint, namespace=namespace)
    environment = {**s3.environment, "KUBECONFIG": str(kubeconfig)}
    return Argo(endpoint, folder, namespace, environment, s3.place())


def furnish(endpoint: str, namespace: str) -> None:
    """Make a namespace, with a service account that may do what Argo's executor does."""
    ask(endpoint, "POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    for name in ("default", EXECUTOR):
        ask(endpoint, "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    name = "executor"
    rule = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    ask(endpoint, "POST", f"{rbac}/roles", {"metadata": {"name": name}, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": EXECUTOR, "namespace": namespace}
    ask(endpoint, "POST", f"{rbac}/rolebindings", {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]})
