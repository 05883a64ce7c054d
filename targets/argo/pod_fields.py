"""The pod of a step's tasks, written: as fields of an Argo template, or as the manifest of a Pod.

What the arguments of decorators hold goes into fields as it is. Argo expands `{{…}}` wherever in a template it stands, so that
none may hold that there; Kubernetes expands `$(…)` in variables and commands only, where it can be escaped.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .pods import Pod
from .serialise import Inline
from .volumes import source_of

CONTAINER: Final = "main"
"""The name of the container that runs a task: that of Argo's own."""


def template_fields(pod: Pod) -> dict[str, Any]:
    """The fields of a template that are not its container's."""
    metadata = _metadata(pod)
    fields = {**({"metadata": metadata} if metadata else {}), **_spec(pod)}
    if pod.pull_secrets:
        # Of a template Argo has no field for them.
        fields["podSpecPatch"] = json.dumps({"imagePullSecrets": _pull_secrets(pod)})
    return fields


def container_fields(pod: Pod, command: tuple[str, ...], variables: list[tuple[str, str]]) -> dict[str, Any]:
    """The container of a template.

    Args:
        pod: The pod.
        command: The words of the usual command, which all containers have; a step may name another Python than the first.
        variables: flowc's own variables; they come last, for the last one counts.
    """
    own = [Inline(name=name, value=escape_variable(value)) for name, value in pod.environment]
    resources = {"requests": Inline(pod.requests), "limits": Inline(pod.limits)}
    fields: dict[str, Any] = {
        "image": pod.image,
        "imagePullPolicy": pod.pull_policy,
        "command": [escape_variable(pod.executable), *command[1:]] if pod.executable else None,
        "env": own + [Inline(name=name, value=value) for name, value in variables],
        "envFrom": [{"secretRef": Inline(name=name)} for name in pod.secrets],
        "ports": [Inline(containerPort=pod.port)] if pod.port else None,
        "resources": {key: value for key, value in resources.items() if value},
        "securityContext": Inline(pod.security),
        "volumeMounts": [Inline(name=one.name, mountPath=one.path) for one in pod.volumes],
    }
    return {key: value for key, value in fields.items() if value}


def pod_manifest(pod: Pod, command: tuple[str, ...], variables: list[tuple[str, str]], *, seconds: int) -> dict[str, Any]:
    """A Pod that runs its container once, with neither a name nor marks of flowc's.

    Args:
        command: As above.
        variables: As above.
        seconds: How long it may live, from when a node has taken it.
    """
    container = {"name": CONTAINER, "command": list(command), **container_fields(pod, command, variables)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {}, "annotations": {}, **_metadata(pod)},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            **_spec(pod),
            **({"imagePullSecrets": _pull_secrets(pod)} if pod.pull_secrets else {}),
            # What a container has printed that could not even begin its task then stands in the Pod's status.
            "containers": [{**container, "terminationMessagePolicy": "FallbackToLogsOnError"}],
        },
    }


def escape_variable(value: str) -> str:
    """Text of `env` or `command` that Kubernetes does not expand: it reads `$$` as `$`, wherever that stands.

    k8s.io/kubernetes/third_party/forked/golang/expansion/expand.go
    """
    return value.replace("$", "$$")


def _metadata(pod: Pod) -> dict[str, dict[str, str]]:
    metadata = {"labels": dict(pod.labels), "annotations": dict(pod.annotations)}
    return {key: value for key, value in metadata.items() if value}


def _spec(pod: Pod) -> dict[str, Any]:
    """The fields that an Argo template has of a Pod's spec."""
    fields: dict[str, Any] = {}
    if pod.service_account:
        fields["serviceAccountName"] = pod.service_account
    if pod.node_selector:
        fields["nodeSelector"] = dict(pod.node_selector)
    if pod.tolerations:
        fields["tolerations"] = [Inline(one) for one in pod.tolerations]
    if pod.volumes:
        fields["volumes"] = [{"name": one.name, **source_of(one)} for one in pod.volumes]
    return fields


def _pull_secrets(pod: Pod) -> list[dict[str, str]]:
    return [{"name": name} for name in pod.pull_secrets]
