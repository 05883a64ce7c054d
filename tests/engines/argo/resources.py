"""The kinds of objects that there are, and how the API server tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_VERBS = "create delete deletecollection get list patch update watch".split()


@dataclass(frozen=True)
class Resource:
    """A kind of objects.

    Attributes:
        name: Its plural, as paths have it.
        kind: As objects have it.
        group: Empty for those of Kubernetes' core.
    """

    name: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As objects have it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def details(self, name: str) -> dict[str, Any]:
        """Of a message about one of them."""
        return {**({"name": name} if name else {}), **({"group": self.group} if self.group else {}), "kind": self.name}


_RBAC = "rbac.authorization.k8s.io"
_ARGO = "argoproj.io"
RESOURCES = {
    one.name: one
    for one in (
        Resource("namespaces", "Namespace", namespaced=False),
        Resource("serviceaccounts", "ServiceAccount"),
        Resource("secrets", "Secret"),
        Resource("configmaps", "ConfigMap"),
        Resource("persistentvolumeclaims", "PersistentVolumeClaim"),
        Resource("pods", "Pod"),
        Resource("events", "Event"),
        Resource("resourcequotas", "ResourceQuota"),
        Resource("roles", "Role", _RBAC),
        Resource("rolebindings", "RoleBinding", _RBAC),
        *(
            Resource(f"{kind.lower()}s", kind, _ARGO, "v1alpha1")
            for kind in ("WorkflowTemplate", "Workflow", "CronWorkflow", "WorkflowTaskResult", "Sensor", "EventSource")
        ),
        Resource("eventbus", "EventBus", _ARGO, "v1alpha1"),
        Resource("localsubjectaccessreviews", "LocalSubjectAccessReview", "authorization.k8s.io"),
        Resource("selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io", namespaced=False),
    )
}
"""By name."""


def groups() -> list[tuple[str, str]]:
    """All groups but the core, each with its version."""
    return list(dict.fromkeys((one.group, one.version) for one in RESOURCES.values() if one.group))


def described(path: str) -> dict[str, Any] | None:
    """What the server says about itself there, or None."""
    match path.strip("/").split("/"):
        case ["version"]:
            return {"major": "1", "minor": "34", "gitVersion": "v1.34.2", "platform": "linux/amd64"}
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            told = [
                {"name": group, "versions": [_version(group, version)], "preferredVersion": _version(group, version)}
                for group, version in groups()
            ]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": told}
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis", group, version] if (group, version) in groups():
            return _resources(group, version)
    return None


def _version(group: str, version: str) -> dict[str, str]:
    return {"groupVersion": f"{group}/{version}", "version": version}


def _resources(group: str, version: str) -> dict[str, Any]:
    told = [
        {"name": one.name, "singularName": one.kind.lower(), "namespaced": one.namespaced, "kind": one.kind, "verbs": _VERBS}
        for one in RESOURCES.values()
        if one.group == group
    ]
    where = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": where, "resources": told}
