"""Pods: a pod's container is a process here, and what Argo's executor does beside it is done by the engine itself. Pods that no
Workflow has are taken by `take`, if the one node has room for them.

The process has the variables that Kubernetes would give it (`$(NAME)` and `$$` expanded, secrets looked up). What a container
writes below a folder that outputs are read from, such as `/tmp/flowc`, it writes into a folder of its own: that folder's name is
changed in its variables, since processes share `/tmp`. It has what S3 wants from the engine's own variables, as a pod has from
its node or its secrets.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines.argo.nodes import Node
from engines.argo.objects import Object, Objects, now
from engines.argo.operation import Forbidden
from engines.argo.permissions import may
from engines.argo.scheduling import NODE, refusal
from engines.processes import Runners, Running, terminate

NOWHERE = ".invalid/"
"""What stands in the name of an image that cannot be pulled."""
_NODE_ID = "workflows.argoproj.io/node-id"
_NODE_NAME = "workflows.argoproj.io/node-name"
_WORKFLOW = "workflows.argoproj.io/workflow"
_ON_EXIT = "workflows.argoproj.io/on-exit"


@dataclass
class _Process:
    running: Running
    outputs: Path
    template: Object
    output: Path
    started: str = field(default_factory=now)
    ended: threading.Event = field(default_factory=threading.Event)


class Kubelet:
    """Runs pods, and keeps their status.

    Args:
        objects: Where they are.
        folder: Where processes work.
        environment: Variables that all of them have.
    """

    def __init__(self, objects: Objects, folder: Path, environment: Mapping[str, str]) -> None:
        self._objects = objects
        self._folder = folder
        self._runners = Runners(folder, "")
        self._runners.environment = {"PATH": self._runners.environment["PATH"], **environment}
        self._processes: dict[str, _Process] = {}
        self._outputs: dict[str, Object] = {}

    # What the controller wants of it.

    def of(self, workflow: Object) -> dict[str, Object]:
        """The pods of a workflow, by the ids of their nodes."""
        metadata = workflow["metadata"]
        pods = self._objects.all("pods", metadata["namespace"])
        mine = [one for one in pods if one["metadata"].get("labels", {}).get(_WORKFLOW) == metadata["name"]]
        return {one["metadata"]["annotations"][_NODE_ID]: one for one in mine}

    def create(self, workflow: Object, spec: Object, node: Node, template: Object, name: str, *, at_exit: bool) -> None:
        """Start the pod of a node. Raises `Forbidden` where its service account is not there."""
        metadata = workflow["metadata"]
        namespace = metadata["namespace"]
        account = template.get("serviceAccountName") or spec.get("serviceAccountName") or "default"
        if self._objects.get(("serviceaccounts", namespace, account)) is None:
            why = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
            raise Forbidden(f'pods "{name}" is forbidden: {why}')
        key = ("pods", namespace, name)
        before = self._objects.get(key)
        if before is not None:
            if before["metadata"]["annotations"][_NODE_ID] == node["id"]:
                return
            raise Forbidden(f'pods "{name}" already exists')
        more = {
            kind: {**spec.get("podMetadata", {}).get(kind, {}), **template.get("metadata", {}).get(kind, {})} for kind in _MARKS
        }
        exit_label = {_ON_EXIT: "true"} if at_exit else {}
        owner = {"apiVersion": workflow["apiVersion"], "kind": "Workflow", "name": metadata["name"], "uid": metadata["uid"]}
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {
                    **more["labels"],
                    _WORKFLOW: metadata["name"],
                    "workflows.argoproj.io/completed": "false",
                    **exit_label,
                },
                "annotations": {**more["annotations"], _NODE_ID: node["id"], _NODE_NAME: node["name"]},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
            },
            "spec": {
                "serviceAccountName": account,
                "restartPolicy": "Never",
                "containers": [{"name": "main", **template["container"]}],
                **{key: template[key] for key in _OF_PODS if key in template},
            },
            "status": {
                "phase": "Pending",
                "containerStatuses": [{"name": "main", "ready": False, "state": _waiting("ContainerCreating", "")}],
            },
        }
        made = self._objects.create(key, pod)
        self._begin(made, template)

    def take(self, pod: Object) -> None:
        """Run a pod that somebody has made."""
        why = refusal(pod)
        if why is not None:
            self._tell(
                pod, {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}]}
            )
            self._event(pod, "Warning", "FailedScheduling", why)
            return
        scheduled = {"type": "PodScheduled", "status": "True"}
        self._tell(pod, {"conditions": [scheduled], **_container(_waiting("ContainerCreating", ""))}, node=NODE)
        image = pod["spec"]["containers"][0]["image"]
        if NOWHERE in image:
            why = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": not found'
            self._tell(pod, _container(_waiting("ErrImagePull", why)))
            self._event(pod, "Warning", "Failed", f'Failed to pull image "{image}": {why}')
        if image != image.lower():
            why = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": invalid reference format'
            self._tell(pod, _container(_waiting("InvalidImageName", why)))
            return
        self._begin(pod, {key: pod["spec"][key] for key in ("activeDeadlineSeconds",) if key in pod["spec"]})

    def _event(self, pod: Object, type: str, reason: str, message: str) -> None:
        metadata = pod["metadata"]
        about = {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
        name = f"{metadata['name']}.{reason.lower()}"
        with self._objects.changed:
            if self._objects.get(("events", metadata["namespace"], name)) is None:
                told = {"type": type, "reason": reason, "message": message, "lastTimestamp": now(), "involvedObject": about}
                event = {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "metadata": {"name": name, "namespace": metadata["namespace"]},
                    **told,
                }
                self._objects.create(("events", metadata["namespace"], name), event)

    def end(self, pod: Object) -> None:
        """End a pod's container, as a request to delete the pod does."""
        process = self._processes.get(pod["metadata"]["uid"])
        if process is not None:
            terminate(process.running)
        else:
            self._finish(pod, 143)

    def outputs(self, pod: Object) -> Object:
        """What the executor has reported of a pod that is over."""
        return dict(self._outputs.get(pod["metadata"]["uid"], {}))

    def deleted(self, pod: Object) -> None:
        """A pod is gone, or is to go."""
        if pod.get("status", {}).get("phase") in ("Pending", "Running"):
            self.end(pod)

    # What runs.

    def _begin(self, pod: Object, template: Object) -> None:
        container = pod["spec"]["containers"][0]
        if NOWHERE in container.get("image", ""):
            why = f'Back-off pulling image "{container["image"]}"'
            self._tell(pod, {"phase": "Pending", **_container(_waiting("ImagePullBackOff", why))}, node=NODE)
            self._end_in_time(pod, template)
            return
        metadata = pod["metadata"]
        try:
            environment = self._environment(metadata["namespace"], container, metadata, pod["spec"])
        except LookupError as error:
            self._tell(pod, {"phase": "Pending", **_container(_waiting("CreateContainerConfigError", str(error)))}, node=NODE)
            self._end_in_time(pod, template)
            return
        name = f"pod-{metadata['uid']}"
        folder = self._folder / name
        outputs = self._folder / f"{name}-outputs"
        outputs.mkdir(parents=True)
        for place in _places(template):
            environment = {key: _within(value, place, outputs) for key, value in environment.items()}
        words = [*container.get("command", ()), *container.get("args", ())]
        argv = [_expanded(word, environment) for word in words]
        running = self._runners.start(argv, environment, name)
        process = _Process(running, outputs, template, folder / "output")
        self._processes[metadata["uid"]] = process
        started = {"running": {"startedAt": now()}}
        self._tell(pod, {"phase": "Running", "startTime": now(), **_container(started, ready=True)}, node=NODE)
        threading.Thread(target=self._wait, args=(pod, process), daemon=True).start()
        self._end_in_time(pod, template)

    def _end_in_time(self, pod: Object, template: Object) -> None:
        seconds = template.get("activeDeadlineSeconds")
        if seconds is None:
            return

        def end() -> None:
            process = self._processes.get(pod["metadata"]["uid"])
            if process is None or not process.ended.is_set():
                why = "Pod was active on the node longer than the specified deadline"
                self._tell(pod, {"message": why, "reason": "DeadlineExceeded"})
                self.end(pod)

        timer = threading.Timer(float(seconds), end)
        timer.daemon = True
        timer.start()

    def _wait(self, pod: Object, process: _Process) -> None:
        code = process.running.wait(None)
        assert code is not None
        self._report(pod, process, code)
        process.ended.set()
        self._finish(pod, code)

    def _report(self, pod: Object, process: _Process, code: int) -> None:
        """What the executor beside the container does: read what it has put out."""
        metadata = pod["metadata"]
        refused = self._refusal(metadata["namespace"], pod["spec"]["serviceAccountName"])
        told: Object = {"exitCode": str(code)}
        parameters = []
        for one in process.template.get("outputs", {}).get("parameters", ()):
            source = one.get("valueFrom", {})
            file = process.outputs / Path(source["path"]).name
            if file.exists():
                value = file.read_text(encoding="utf-8").removesuffix("\n")
            elif "default" in source:
                value = source["default"]
            elif code == 0:
                refused = refused or f"wait: Error (exit code 64): open {source['path']}: no such file or directory"
                continue
            else:
                continue
            parameters.append({"name": one["name"], "value": value, "valueFrom": source})
        if refused is not None:
            told["error"] = refused
        elif parameters:
            told["parameters"] = parameters
        self._outputs[metadata["uid"]] = told

    def _refusal(self, namespace: str, account: str) -> str | None:
        """Why the executor may not report, or None."""
        for verb in ("create", "patch"):
            if not may(self._objects, namespace, account, verb, "argoproj.io", "workflowtaskresults"):
                who = f'User "system:serviceaccount:{namespace}:{account}"'
                what = f'cannot {verb} resource "workflowtaskresults" in API group "argoproj.io" in the namespace "{namespace}"'
                return f"wait: Error (exit code 64): workflowtaskresults.argoproj.io is forbidden: {who} {what}"
        return None

    def _finish(self, pod: Object, code: int) -> None:
        ended = {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "OOMKilled" if code == 137 else "Error",
            "finishedAt": now(),
        }
        if code == 137:
            ended["reason"] = "Error"
        process = self._processes.get(pod["metadata"]["uid"])
        if process is not None:
            ended["startedAt"] = process.started
            if code and pod["spec"]["containers"][0].get("terminationMessagePolicy") == "FallbackToLogsOnError":
                ended["message"] = process.running.output()[-2048:]
        self._tell(pod, {"phase": "Succeeded" if code == 0 else "Failed", **_container({"terminated": ended})})
        if "deletionTimestamp" in self._current(pod).get("metadata", {}):
            later = threading.Timer(0.3, self._remove, [pod])  # others see first how it ended
            later.daemon = True
            later.start()

    def _current(self, pod: Object) -> Object:
        metadata = pod["metadata"]
        found = self._objects.get(("pods", metadata["namespace"], metadata["name"])) or {}
        return found if found and found["metadata"]["uid"] == metadata["uid"] else {}

    def _remove(self, pod: Object) -> None:
        with self._objects.changed:
            if self._current(pod):
                self._objects.delete(("pods", pod["metadata"]["namespace"], pod["metadata"]["name"]))

    def _tell(self, pod: Object, status: Object, node: str | None = None) -> None:
        metadata = pod["metadata"]

        def change(thing: Object) -> None:
            if thing["metadata"]["uid"] == metadata["uid"]:
                thing["status"] = {**thing["status"], **status}
                if node is not None:
                    thing["spec"]["nodeName"] = node

        self._objects.change(("pods", metadata["namespace"], metadata["name"]), change)

    # What it has in its environment.

    def _environment(self, namespace: str, container: Object, metadata: Object, spec: Object) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in container.get("envFrom", ()):
            for kind, resource in (("secretRef", "secrets"), ("configMapRef", "configmaps")):
                if kind in source:
                    data = self._data(resource, namespace, source[kind])
                    found |= {source.get("prefix", "") + key: value for key, value in data.items()}
        for one in container.get("env", ()):
            if "value" in one:
                found[one["name"]] = _expanded(one["value"], found)
            elif "valueFrom" in one:
                value = self._looked_up(namespace, one["valueFrom"], metadata, spec)
                if value is not None:
                    found[one["name"]] = value
        return found

    def _looked_up(self, namespace: str, source: Object, metadata: Object, spec: Object) -> str | None:
        for kind, resource in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
            if kind in source:
                data = self._data(resource, namespace, source[kind])
                key = source[kind]["key"]
                if key not in data and not source[kind].get("optional"):
                    raise LookupError(f"couldn't find key {key} in {resource[:-1]} {namespace}/{source[kind]['name']}")
                return data.get(key)
        path = source["fieldRef"]["fieldPath"]
        known = {
            "metadata.name": metadata["name"],
            "metadata.namespace": metadata["namespace"],
            "metadata.uid": metadata["uid"],
            "spec.serviceAccountName": spec["serviceAccountName"],
            "spec.nodeName": NODE,
        }
        if inner := re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path):
            return str(metadata[inner[1]].get(inner[2], ""))
        return str(known[path])

    def _data(self, resource: str, namespace: str, reference: Object) -> dict[str, str]:
        found = self._objects.get((resource, namespace, reference["name"]))
        if found is None:
            if reference.get("optional"):
                return {}
            raise LookupError(f'{resource[:-1]} "{reference["name"]}" not found')
        data: dict[str, str] = found.get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()} if resource == "secrets" else data

    # What it has printed.

    def log(self, pod: Object, follow: bool) -> Iterator[bytes]:
        """What a pod has printed; where it should be followed, until it is over."""
        process = self._processes.get(pod["metadata"]["uid"])
        if process is None:
            return
        with process.output.open("rb") as file:
            while True:
                ended = process.ended.is_set()
                part = file.read()
                yield part
                if not part and (ended or not follow):
                    return
                if not part:
                    process.ended.wait(0.05)


_MARKS = ("labels", "annotations")
_OF_PODS = ("activeDeadlineSeconds", "nodeSelector", "tolerations", "volumes", "securityContext")
_VARIABLE = re.compile(r"\$(\$|\(([^)]*)\))")


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """`$(NAME)` of the variables before it, and `$$` as `$`."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else known.get(found[2], found[0])

    return _VARIABLE.sub(value, text)


def _places(template: Object) -> set[str]:
    """The folders that outputs are read from."""
    parameters = template.get("outputs", {}).get("parameters", ())
    return {os.path.dirname(one["valueFrom"]["path"]) for one in parameters if "path" in one.get("valueFrom", {})}


def _within(value: str, place: str, folder: Path) -> str:
    return str(folder) + value[len(place) :] if value == place or value.startswith(f"{place}/") else value


def _container(state: Object, *, ready: bool = False) -> Object:
    return {"containerStatuses": [{"name": "main", "ready": ready, "state": state}]}


def _waiting(reason: str, message: str) -> Object:
    return {"waiting": {"reason": reason, "message": message}}
