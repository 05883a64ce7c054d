"""A namespace of a cluster to deploy to, and what is in it; the cluster is the tests' stand-in (`engines.argo`)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engines.argo.cluster import EXECUTOR, Argo

from flowc.runtime.store import Store, open_store
from flowc.targets.argo import marks

from .accounts import PLAIN, Ended, Run

LABELS = {marks.DEPLOYMENT: "sums"}


@dataclass
class Cluster:
    """A namespace, and the command line for it, in a folder with `sums.py`.

    Attributes:
        argo: The cluster.
        run: Runs a command line.
    """

    argo: Argo
    run: Run

    def deploy(self, *arguments: str, text: str | None = None, file: str = "sums.py") -> Ended:
        if text is not None:
            Path(file).write_text(text)
        return self.run("deploy", file, "--no-dependencies", *arguments)

    def undeploy(self, *arguments: str) -> Ended:
        return self.run("undeploy", "sums.py", *arguments)

    @property
    def template(self) -> Any:
        """The WorkflowTemplate."""
        return self.argo.get("workflowtemplates", "sums")

    @property
    def store(self) -> Store:
        """The datastore."""
        return open_store(self.argo.place)

    def there(self) -> list[str]:
        """The names of all objects that a deployment may consist of, and of Workflows."""
        kinds = ("workflowtemplates", "cronworkflows", "sensors", "eventsources", "workflows")
        return [f"{kind}/{one['metadata']['name']}" for kind in kinds for one in self.argo.all(kind)]

    def writes(self) -> list[str]:
        """What was written since this was asked last. Dry runs write nothing, nor do questions about permissions."""
        asked = (one for one in self.argo.calls() if re.match("(POST|PUT|PATCH|DELETE) ", one))
        return [one for one in asked if "dryRun=All" not in one and not one.endswith("accessreviews")]

    def put(self, kind: str, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None) -> None:
        """Apply an object, as somebody might by `kubectl`; a label says that it is of the deployment."""
        metadata = {"name": name, "namespace": self.argo.namespace, "labels": LABELS if labels is None else labels}
        self.argo.apply({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})

    def put_run(self, name: str, labels: dict[str, str] | None = None) -> None:
        """A run of the deployment, which nobody begins."""
        spec = {"workflowTemplateRef": {"name": "sums"}, "suspend": True}
        self.put("Workflow", name, spec, {**LABELS, **(labels or {})})


@pytest.fixture
def cluster(argo: Argo, flowc: Run, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    for name in list(os.environ):
        if name.startswith(("AWS_", "FLOWC_", "KUBE")):
            monkeypatch.delenv(name)
    here = {
        **argo.environment,
        "FLOWC_TARGET": "argo",
        "FLOWC_DATASTORE": argo.place,
        "FLOWC_SERVICE_ACCOUNT": EXECUTOR,
        "FLOWC_USER": "Jo",
    }
    for name, value in here.items():
        monkeypatch.setenv(name, value)
    # Nobody waits for a cluster that fails on request.
    monkeypatch.setattr("flowc.targets.argo.cluster.session.time.sleep", lambda seconds: None)
    Path("sums.py").write_text(PLAIN)
    argo.calls()
    return Cluster(argo, flowc)
