"""What the API server asks of a pod before it takes it: a service account that is there, and room in the namespace's quotas.

Of quotas only the number of pods is counted, and what they ask for of CPU in whole numbers.
"""

from __future__ import annotations

from typing import Any

from engines.argo.objects import Object, Objects
from engines.argo.refusals import refused

_OVER = ("Succeeded", "Failed")


def admit(objects: Objects, namespace: str, pod: Object) -> None:
    """Fill in what a pod does not say, or refuse it.

    Raises:
        Refused: It is not taken.
    """
    spec, name = pod["spec"], pod["metadata"]["name"]
    account = spec.setdefault("serviceAccountName", "default")
    if objects.get(("serviceaccounts", namespace, account)) is None:
        why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise _forbidden(name, why)
    others = [one for one in objects.all("pods", namespace) if one.get("status", {}).get("phase") not in _OVER]
    for quota in objects.all("resourcequotas", namespace):
        for resource, limit in sorted(quota["spec"]["hard"].items()):
            used, wanted = sum(_count(one, resource) for one in others), _count(pod, resource)
            if wanted and used + wanted > int(limit):
                what = f"requested: {resource}={wanted}, used: {resource}={used}, limited: {resource}={limit}"
                raise _forbidden(name, f"exceeded quota: {quota['metadata']['name']}, {what}")
    pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}


def _count(pod: Object, resource: str) -> int:
    if resource == "pods":
        return 1
    assert resource == "requests.cpu", f"the engine counts no {resource}"
    return sum(int(one.get("resources", {}).get("requests", {}).get("cpu", 0)) for one in pod["spec"]["containers"])


def _forbidden(name: str, why: str) -> Any:
    return refused(403, "Forbidden", f'pods "{name}" is forbidden: {why}', {"name": name, "kind": "pods"})
