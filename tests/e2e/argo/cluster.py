"""The cluster, by its own API and not by flowc's: what tests need in it, what it has made of a run, and what befalls pods.

cluster = Cluster.connect(settings)
cluster.apply(manifest)
cluster.workflow(run)["status"]["phase"]
cluster.delete_pod(cluster.pod_of(run, "start"))
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import kubernetes

from e2e.argo.settings import Settings

_GROUP = ("argoproj.io", "v1alpha1")
_OVER = ("Succeeded", "Failed", "Error")
_RUN = "workflows.argoproj.io/workflow"
_NODE = "workflows.argoproj.io/node-name"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One namespace of a cluster."""

    client: Any
    namespace: str

    @classmethod
    def connect(cls, settings: Settings) -> Cluster:
        """The cluster that the settings name."""
        client = kubernetes.config.new_client_from_config(settings.kubeconfig, settings.context)
        return cls(client, settings.namespace)

    def apply(self, manifest: Mapping[str, Any]) -> None:
        """Make an object, or make it as it should be."""
        dynamic = kubernetes.dynamic.DynamicClient(self.client)
        kind = dynamic.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])
        kind.server_side_apply(
            body=dict(manifest),
            name=manifest["metadata"]["name"],
            namespace=self.namespace,
            field_manager="flowc-e2e",
            force_conflicts=True,
        )

    def delete(self, api_version: str, kind: str, name: str) -> None:
        """Delete an object, if it is there."""
        dynamic = kubernetes.dynamic.DynamicClient(self.client)
        with suppress(kubernetes.dynamic.exceptions.NotFoundError):
            dynamic.resources.get(api_version=api_version, kind=kind).delete(name=name, namespace=self.namespace)

    def has(self, plural: str, name: str) -> bool:
        """Whether there is an object of Argo's, by the plural of its kind."""
        try:
            self._objects().get_namespaced_custom_object(*_GROUP, self.namespace, plural, name)
        except kubernetes.client.ApiException as error:
            if error.status != 404:
                raise
            return False
        return True

    def workflow(self, run: str) -> dict[str, Any]:
        """A run's object."""
        found: dict[str, Any] = self._objects().get_namespaced_custom_object(*_GROUP, self.namespace, "workflows", run)
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """A run's object, when the run is over."""
        while (found := self.workflow(run)).get("status", {}).get("phase") not in _OVER:
            time.sleep(1)
        return found

    def delete_workflow(self, run: str) -> None:
        """Forget a run, and its pods with it."""
        self.delete("/".join(_GROUP), "Workflow", run)

    def pods(self, run: str) -> list[Any]:
        """A run's pods, of which those that are over may be gone."""
        found: list[Any] = self.core().list_namespaced_pod(self.namespace, label_selector=f"{_RUN}={run}").items
        return found

    def accounts(self) -> set[str]:
        """The service accounts that there are."""
        return {one.metadata.name for one in self.core().list_namespaced_service_account(self.namespace).items}

    def pod_of(self, run: str, task: str) -> str:
        """The pod of a task of the main DAG that is under way, by the task's name; waited for."""
        while True:
            for pod in self.pods(run):
                place = pod.metadata.annotations.get(_NODE, "")
                if pod.status.phase == "Running" and task in place.partition("(")[0].split("."):
                    return str(pod.metadata.name)
            time.sleep(0.5)

    def delete_pod(self, name: str, *, lost: bool = False) -> None:
        """Delete a pod: as a person does, or as when its machine is lost, at once and without a last word."""
        self.core().delete_namespaced_pod(name, self.namespace, **({"grace_period_seconds": 0} if lost else {}))

    def versions(self, run: str) -> dict[str, str]:
        """What has run it, as far as that can be seen: Argo's executor says its version in its image's name."""
        found = {"Kubernetes": str(kubernetes.client.VersionApi(self.client).get_code().git_version)}
        for pod in self.pods(run):
            for container in pod.spec.init_containers or ():
                if container.name == "init":
                    found["Argo Workflows"] = container.image.rpartition(":")[2]
        return found

    def core(self) -> Any:
        """The client of Kubernetes' own objects."""
        return kubernetes.client.CoreV1Api(self.client)

    def _objects(self) -> Any:
        return kubernetes.client.CustomObjectsApi(self.client)


def seconds(workflow: Mapping[str, Any]) -> float:
    """How long a run took that is over."""
    began, ended = (datetime.fromisoformat(workflow["status"][name]) for name in ("startedAt", "finishedAt"))
    return (ended - began).total_seconds()


def nodes(workflow: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Nodes of a run's status, of a kind (`Pod`, `DAG`, `Retry` …)."""
    for one in workflow["status"].get("nodes", {}).values():
        if one["type"] == kind:
            yield one
