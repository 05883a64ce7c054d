"""What a deployment's pods are allowed, with `--with-rbac`: what runs need of Kubernetes, and no more.

| account, called as the deployment or | of | may |
|---|---|---|
| `--service-account` | a run's pods | create and patch `workflowtaskresults`: what a task put out |
| `--events-service-account` | Sensor, EventSource | create `workflows`; where they wait for other flows, list and watch them |

Where the two are one account, it may both. Steps that name an account of their own get the role of the first. Argo's own
controller starts what is scheduled. https://argo-workflows.readthedocs.io/en/latest/workflow-rbac/,
https://argoproj.github.io/argo-events/service-accounts/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_GROUP: Final = "rbac.authorization.k8s.io"
EXECUTOR: Final = {"workflowtaskresults": ("create", "patch")}
SENSOR: Final = {"workflows": ("create",)}
WATCHER: Final = {"workflows": ("create", "list", "watch")}


def account(
    metadata: Mapping[str, Any], allowed: Mapping[str, Sequence[str]], others: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """A service account, its role and what binds the two, all of one name.

    Args:
        metadata: Of each of them.
        allowed: Verbs by Argo's kinds, in the plural.
        others: Accounts that are somebody else's, and get the role too.
    """
    name = metadata["name"]
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": dict(metadata)}
    yield {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "Role",
        "metadata": dict(metadata),
        "rules": [{"apiGroups": ["argoproj.io"], "resources": [kind], "verbs": list(verbs)} for kind, verbs in allowed.items()],
    }
    place = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
    yield {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": dict(metadata),
        "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": one, **place} for one in dict.fromkeys([name, *others])],
    }
