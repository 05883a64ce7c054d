"""What the tests on a cluster share: the namespace made ready, a shell, and the table that is printed at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers import shared_s3

from e2e.argo import table
from e2e.argo.cluster import Cluster
from e2e.argo.settings import Settings, read_settings
from e2e.argo.shell import Deployed, Shell
from flowc.cli.program import execute

CREDENTIALS = "flowc-e2e"
"""The Secret by which pods get at the datastore, and the service account that they are."""
_ACCOUNT_OF = """\
from flowc import FlowSpec, step


class Account(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="session")
def settings() -> Settings:
    """What there is to test on."""
    found = read_settings()
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(scope="session")
def datastore(settings: Settings) -> tuple[str, dict[str, str]]:
    """A place in S3, and the variables by which both pods and this process get at it."""
    if settings.datastore is not None:
        return settings.datastore, {name: value for name, value in os.environ.items() if name.startswith("AWS_") and value}
    assert settings.host is not None
    server = shared_s3(settings.host)
    return server.root, server.environment


@pytest.fixture(scope="session")
def cluster(settings: Settings, datastore: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The namespace, with what pods need in it."""
    found = Cluster.connect(settings)
    _, variables = datastore
    found.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": CREDENTIALS}, "stringData": variables})
    if settings.service_account is None:
        file = tmp_path_factory.mktemp("account") / "flow.py"
        file.write_text(_ACCOUNT_OF, encoding="utf-8")
        out = file.parent / "out"
        where = ["--namespace", settings.namespace, "--service-account", CREDENTIALS, "--datastore", "s3://bucket/x"]
        assert execute(["compile", str(file), "--target", "argo", "--with-rbac", *where, "-o", f"{out}/"]) == 0
        for made in sorted(out.glob("*.yaml")):
            for manifest in yaml.safe_load_all(made.read_text(encoding="utf-8")):
                if manifest["kind"] in ("ServiceAccount", "Role", "RoleBinding"):
                    found.apply(manifest)
    return found


@pytest.fixture(scope="session")
def overlay(settings: Settings, datastore: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every deployment is given besides: credentials, an image that is there, and requests that any cluster can meet."""
    main = {
        "name": "main",
        "image": settings.image,
        "env": [{"name": name, "valueFrom": {"secretKeyRef": {"name": CREDENTIALS, "key": name}}} for name in datastore[1]],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": None},
    }
    patch = {"kind": "WorkflowTemplate", "spec": {"podSpecPatch": json.dumps({"containers": [main]})}}
    file = tmp_path_factory.mktemp("overlay") / "overlay.yaml"
    file.write_text(yaml.safe_dump(patch), encoding="utf-8")
    return file


@pytest.fixture
def shell(
    settings: Settings,
    cluster: Cluster,
    datastore: tuple[str, dict[str, str]],
    overlay: Path,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    """A shell in which nothing else needs to be said; what it has deployed is gone after the test."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FLOWC_"))]:
        monkeypatch.delenv(name)
    root, variables = datastore
    place = f"{root.rstrip('/')}/{os.getpid()}-{tmp_path.name}"
    told = {
        "KUBECONFIG": settings.kubeconfig,
        "FLOWC_USER": "ann",
        "FLOWC_DATASTORE": place,
        "FLOWC_NAMESPACE": settings.namespace,
        "FLOWC_SERVICE_ACCOUNT": settings.service_account or CREDENTIALS,
        "FLOWC_OVERLAY": str(overlay),
        **({"FLOWC_CONTEXT": settings.context} if settings.context else {}),
        **variables,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    runs: list[dict[str, Any]] = []
    request.node.user_properties.append((table.PROPERTY, runs))
    made = Shell(cluster, place, capfd, runs.append)
    yield made
    if not settings.keep:
        made.clean()


class Ship:
    """Deploys a flow from its file, with these options of `flowc deploy`."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def __call__(self, file: Path, *arguments: str) -> Deployed:
        return self.shell.deploy(file, *arguments)


@pytest.fixture
def ship(shell: Shell) -> Ship:
    """Deploys flows."""
    return Ship(shell)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    found = []
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            if not isinstance(report, pytest.TestReport) or "/e2e/argo/" not in f"/{report.nodeid}":
                continue
            runs: list[Mapping[str, Any]] = dict(report.user_properties).get(table.PROPERTY, [])  # type: ignore[assignment]
            found.append((report.nodeid.partition("::")[2], outcome, runs))
    if found:
        terminalreporter.section("what ran on the cluster")
        for line in table.lines(found):
            terminalreporter.write_line(line)
