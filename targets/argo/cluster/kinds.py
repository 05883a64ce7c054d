"""The kinds of objects that a deployment and its runs are made of, and where an API server has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote


class Kind(NamedTuple):
    """A kind of object, all of which are in a namespace.

    Attributes:
        name: As manifests say it: `WorkflowTemplate`.
        api: Its group and version: `argoproj.io/v1alpha1`; of the core, which has no group, `v1`.
        plural: As paths say it.
    """

    name: str
    api: str
    plural: str

    def path(self, namespace: str, name: str | None = None) -> str:
        """Where one of them is, or all in a namespace."""
        root = "apis" if "/" in self.api else "api"
        one = f"/{quote(name, safe='')}" if name is not None else ""
        return f"/{root}/{self.api}/namespaces/{quote(namespace, safe='')}/{self.plural}{one}"

    @property
    def group(self) -> str:
        """The group, as rules of a Role name it: empty for the core."""
        return self.api.rpartition("/")[0]


_ARGO: Final = "argoproj.io/v1alpha1"
_RBAC: Final = "rbac.authorization.k8s.io/v1"

WORKFLOW_TEMPLATE: Final = Kind("WorkflowTemplate", _ARGO, "workflowtemplates")
CRON_WORKFLOW: Final = Kind("CronWorkflow", _ARGO, "cronworkflows")
WORKFLOW: Final = Kind("Workflow", _ARGO, "workflows")
TASK_RESULT: Final = Kind("WorkflowTaskResult", _ARGO, "workflowtaskresults")
EVENT_SOURCE: Final = Kind("EventSource", _ARGO, "eventsources")
SENSOR: Final = Kind("Sensor", _ARGO, "sensors")
EVENT_BUS: Final = Kind("EventBus", _ARGO, "eventbus")
SERVICE_ACCOUNT: Final = Kind("ServiceAccount", "v1", "serviceaccounts")
ROLE: Final = Kind("Role", _RBAC, "roles")
ROLE_BINDING: Final = Kind("RoleBinding", _RBAC, "rolebindings")
POD: Final = Kind("Pod", "v1", "pods")
SECRET: Final = Kind("Secret", "v1", "secrets")
CLAIM: Final = Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims")
EVENT: Final = Kind("Event", "v1", "events")

OWN: Final = (SENSOR, EVENT_SOURCE, CRON_WORKFLOW, WORKFLOW_TEMPLATE, ROLE_BINDING, ROLE, SERVICE_ACCOUNT)
"""What a deployment may consist of, in the order in which it is taken away: first what starts runs."""
RBAC: Final = (ROLE_BINDING, ROLE, SERVICE_ACCOUNT)
"""Those of them that say who may do what."""
_ALL: Final = {one.name: one for one in (*OWN, WORKFLOW, EVENT_BUS)}
EVENTS: Final = (SENSOR, EVENT_SOURCE, EVENT_BUS)
"""Those that Argo Events brings, which a cluster may be without."""
_BY_PLURAL: Final = {one.plural: one for one in (*OWN, WORKFLOW, TASK_RESULT, EVENT_BUS, POD, SECRET, CLAIM, EVENT)}


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of a manifest of ours."""
    return _ALL[manifest["kind"]]


def kind_at(path: str) -> Kind | None:
    """The kind that a path is about, or None."""
    parts = path.strip("/").split("/")
    return next((_BY_PLURAL[one] for one in reversed(parts) if one in _BY_PLURAL), None)
