"""What the workflow controller does with a Workflow whenever something has happened: it looks at the pods, goes through the
templates from the entrypoint down, makes the nodes and pods that are due, and writes down how far all is. To do so again changes
nothing.

It is Argo's own way of doing it (`workflow/controller/operator.go` and `dag.go` of 3.7), for templates that are DAGs, containers
or suspend: so that what stands in a status, and what a retry makes of it, is as on a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from engines.argo.dags import Call, Dags, Full
from engines.argo.expressions import Unresolved, Wrong
from engines.argo.joining import joined, with_defaults
from engines.argo.nodes import ACTIVE, Node, Nodes, is_bad, is_over
from engines.argo.objects import Object, now
from engines.argo.retrying import decided
from engines.argo.substitution import Unsupplied, go_json, substituted, supplied
from engines.argo.times import parsed, seconds_of

_DEEPEST = 100
"""Templates that call each other."""
_PHASES = {
    "Pending": "Running",
    "Running": "Running",
    "Succeeded": "Succeeded",
    "Skipped": "Succeeded",
    "Omitted": "Succeeded",
    "Failed": "Failed",
    "Error": "Error",
}
_COMPLETED = "workflows.argoproj.io/completed"
_PHASE = "workflows.argoproj.io/phase"


class Pods(Protocol):
    """What runs containers."""

    def of(self, workflow: Object) -> dict[str, Object]:
        """The pods of a workflow, by the ids of their nodes."""

    def create(self, workflow: Object, spec: Object, node: Node, template: Object, name: str, *, at_exit: bool) -> None:
        """Start one. Raises `Forbidden` where there may be none such."""

    def end(self, pod: Object) -> None:
        """End one."""

    def outputs(self, pod: Object) -> Object:
        """What a pod that is over put out: of a node's `outputs`."""


class Forbidden(Exception):
    """There may be no such pod."""


class Operation:
    """One look at one workflow, which is changed where it stands.

    Args:
        workflow: The object.
        templates: Gives the WorkflowTemplate of a name, or None.
        pods: What runs containers.
        again: Is called with seconds: to have another look then.
    """

    def __init__(
        self, workflow: Object, templates: Callable[[str], Object | None], pods: Pods, again: Callable[[float], None]
    ) -> None:
        self.workflow = workflow
        self.status: Object = workflow.setdefault("status", {})
        self.name = str(workflow["metadata"]["name"])
        self._find_template = templates
        self._pods = pods
        self.again = again
        self.nodes = Nodes(self.name, self.status.get("nodes") or {})
        self.spec: Object = {}
        self.scope: dict[str, Any] = {}
        self._templates: dict[str, Object] = {}
        self._made: dict[str, Object] = {}
        self._seen: dict[str, Object] = {}
        self._active = 0
        self._depth = 0
        self.dags = Dags(self)

    def run(self) -> None:
        """Look."""
        labels = self.workflow["metadata"].setdefault("labels", {})
        if labels.get(_COMPLETED) == "true":
            return
        if not self._prepare():
            return
        is_new = not self.status.get("phase")
        if is_new:
            self._mark("Running")
        self.status["nodes"] = self.nodes.known
        self._seen = self._pods.of(self.workflow)
        if not is_new:
            self._reconcile()
        if not self.spec.get("suspend"):
            self._execute()
        self._count()

    # What it is.

    def _prepare(self) -> bool:
        """Find out what is to be run. False: it cannot be."""
        own = self.workflow["spec"]
        reference = own.get("workflowTemplateRef")
        if reference is None:
            self.spec = own
        else:
            stored = self.status.get("storedWorkflowTemplateSpec")
            if stored is None:
                found = self._find_template(reference["name"])
                if found is None:
                    self._mark("Error", f'workflowtemplates.argoproj.io "{reference["name"]}" not found')
                    return False
                stored = found["spec"]
            elif all(own.get(key) == stored.get(key) for key in ("suspend", "shutdown")):
                own = {}
            if own:
                plain = {key: value for key, value in stored.items() if key not in ("suspend", "shutdown")}
                stored = self.status["storedWorkflowTemplateSpec"] = joined(plain, own)
            self.spec = stored
        missing = [one["name"] for one in self._parameters() if "value" not in one and "valueFrom" not in one]
        if missing and not self.status.get("phase"):
            where = f"spec.arguments.{missing[0]}"
            self._mark("Failed", f"invalid spec: {where}.value or {where}.valueFrom is required")
            return False
        is_new = not self.status.get("phase")
        metadata = self.workflow["metadata"]
        self._set_scope()
        try:
            self.spec = substituted(self.spec, self.scope)
            if is_new:
                for kind in ("labels", "annotations"):
                    made = self.spec.get("workflowMetadata", {}).get(kind, {})
                    metadata.setdefault(kind, {}).update(made)
                    self.scope |= {f"workflow.{kind}.{key}": value for key, value in made.items()}
        except ValueError as error:
            self._mark("Error", f"{error}")
            return False
        self.scope["workflow.status"] = self.status.get("phase", "Running")
        defaults = self.spec.get("templateDefaults", {})
        self._templates = {one["name"]: with_defaults(one, defaults) for one in self.spec.get("templates", ())}
        return True

    def _parameters(self) -> list[Object]:
        return list(self.spec.get("arguments", {}).get("parameters", ()))

    def _set_scope(self) -> None:
        metadata = self.workflow["metadata"]
        parameters = go_json(self._parameters())
        self.scope = {
            "workflow.name": self.name,
            "workflow.namespace": metadata["namespace"],
            "workflow.uid": metadata["uid"],
            "workflow.mainEntrypoint": self.spec.get("entrypoint", ""),
            "workflow.serviceAccountName": self.spec.get("serviceAccountName", ""),
            "workflow.creationTimestamp": metadata["creationTimestamp"],
            "workflow.parameters": parameters,
            "workflow.parameters.json": parameters,
            **{f"workflow.parameters.{one['name']}": str(one.get("value")) for one in self._parameters()},
        }
        for kind in ("labels", "annotations"):
            known = {**self.spec.get("workflowMetadata", {}).get(kind, {}), **metadata.get(kind, {})}
            self.scope |= {f"workflow.{kind}.{key}": value for key, value in known.items()}
            self.scope[f"workflow.{kind}"] = self.scope[f"workflow.{kind}.json"] = go_json(metadata.get(kind, {}))

    @property
    def shutdown(self) -> str:
        """How it is to end early, or nothing."""
        return str(self.spec.get("shutdown") or "")

    def is_stopped(self, *, at_exit: bool) -> bool:
        """Whether nothing of that kind may be begun."""
        return self.shutdown == "Terminate" or (self.shutdown == "Stop" and not at_exit)

    def is_late(self) -> bool:
        """Whether it is past its deadline. Looks again when it will be."""
        seconds = self.spec.get("activeDeadlineSeconds")
        if seconds is None or not self.status.get("startedAt"):
            return False
        left = parsed(self.status["startedAt"]) + float(seconds) - datetime.now(UTC).timestamp()
        if left > 0:
            self.again(left)
        return left <= 0

    # What has happened.

    def _reconcile(self) -> None:
        late = self.is_late()
        for node in list(self.nodes.known.values()):
            if is_over(node):
                continue
            at_exit = self._is_at_exit(node)
            ended = self.is_stopped(at_exit=at_exit)
            if node["type"] == "Suspend":
                if ended:
                    self.nodes.mark(node, "Failed", f"Stopped with strategy '{self.shutdown}'")
                elif late and not at_exit:
                    self.nodes.mark(node, "Failed", "Step exceeded its deadline")
                continue
            if node["type"] != "Pod":
                continue
            pod = self._seen.get(node["id"])
            if pod is None:
                if node["phase"] != "Pending":
                    self.nodes.mark(node, "Error", "pod deleted")
                elif late and not at_exit:
                    self.nodes.mark(node, "Failed", "Step exceeded its deadline")
                continue
            self._assess(node, pod)
            if not is_over(node) and (ended or (late and not at_exit)):
                self._pods.end(pod)
                why = f"workflow shutdown with strategy:  {self.shutdown}" if ended else "Step exceeded its deadline"
                self.nodes.mark(node, "Failed", why)

    def _is_at_exit(self, node: Node) -> bool:
        return str(node["name"]).startswith(f"{self.name}.onExit")

    def _assess(self, node: Node, pod: Object) -> None:
        told = pod.get("status", {})
        containers = told.get("containerStatuses", [])
        if node_name := pod["spec"].get("nodeName"):
            node["hostNodeName"] = node_name
        match told.get("phase", "Pending"):
            case "Pending":
                waiting = next((one["state"]["waiting"] for one in containers if "waiting" in one["state"]), None)
                self.nodes.mark(node, "Pending", f"{waiting['reason']}: {waiting['message']}" if waiting else "")
            case "Running":
                self.nodes.mark(node, "Running", "")
            case phase:
                outputs = self._pods.outputs(pod)
                why = outputs.pop("error", None)
                if outputs:
                    node["outputs"] = outputs
                if phase == "Succeeded" and why is None:
                    self.nodes.mark(node, "Succeeded", "")
                elif why is not None:
                    self.nodes.mark(node, "Error", why)
                else:
                    self.nodes.mark(node, "Failed", told.get("message") or _reason(containers))

    # What is to be done.

    def _execute(self) -> None:
        self._active = sum(
            one["type"] == "Pod" and one["phase"] in ACTIVE and one["id"] in self._seen for one in self.nodes.known.values()
        )
        try:
            node = self.template(self.name, Call(self.spec["entrypoint"], self._arguments()))
        except Full:
            return
        except (Unsupplied, Unresolved, Wrong, ValueError, Forbidden) as error:
            self._mark("Error", f"error in entry template execution: {error}")
            return
        if node is None:
            return
        outcome = _PHASES[node["phase"]]
        self.scope["workflow.status"] = outcome
        failed = [one for one in self.nodes.known.values() if is_bad(one)]
        told = [{key: one.get(key) for key in ("displayName", "message", "templateName", "phase")} for one in failed]
        self.scope["workflow.failures"] = json.dumps(go_json(told))
        if not is_over(node):
            return
        handler = None
        hook = self.spec.get("hooks", {}).get("exit") or ({"template": self.spec["onExit"]} if self.spec.get("onExit") else None)
        if hook is not None and (self.nodes.named(f"{self.name}.onExit") or not self.is_stopped(at_exit=True)):
            given = {
                one["name"]: one["value"] for one in substituted(hook.get("arguments", {}), self.scope).get("parameters", ())
            }
            self._made.clear()  # they may know now how it ended
            try:
                call = Call(hook["template"], {**self._arguments(), **given}, at_exit=True)
                handler = self.template(f"{self.name}.onExit", call)
            except Full:
                return
            if handler is not None:
                handler["nodeFlag"] = {"hooked": True, **handler.get("nodeFlag", {})}
            if handler is None or not is_over(handler):
                return
        message = f"Stopped with strategy '{self.shutdown}'" if is_bad(node) and self.shutdown else node.get("message", "")
        if outcome == "Succeeded" and handler is not None and is_bad(handler):
            outcome, message = handler["phase"], handler.get("message", "")
        self._mark(outcome, message if outcome != "Succeeded" else "")

    def _arguments(self) -> dict[str, str]:
        return {one["name"]: str(one["value"]) for one in self._parameters() if "value" in one}

    def template(self, name: str, call: Call) -> Node | None:
        """Go on with a template as the node of this name; None: it could not be begun.

        Raises:
            Full: As many pods run as may.
        """
        node = self.nodes.named(name)
        if node is not None and (is_over(node) or (node["type"] == "Pod" and node["id"] in self._seen)):
            return node
        self._depth += 1
        try:
            if self._depth >= _DEEPEST:
                return self._broken(
                    name, call, node, "Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/"
                )
            return self._template(name, call, node)
        except (Unsupplied, Unresolved, Wrong, ValueError, KeyError) as error:
            return self._broken(name, call, self.nodes.named(name), str(error))
        finally:
            self._depth -= 1

    def _broken(self, name: str, call: Call, node: Node | None, why: str) -> Node:
        if node is not None:
            return self.nodes.mark(node, "Error", why)
        return self.nodes.add(name, "Skipped", call.template, call.boundary, "Error", why)

    def _template(self, name: str, call: Call, node: Node | None) -> Node | None:
        if call.template not in self._templates:
            raise Unsupplied(f"template {call.template} not found")
        raw = self._templates[call.template]
        local = {"node.name": name}
        if "container" in raw and "retryStrategy" not in raw:
            local["pod.name"] = self._pod_name(name, call)
        made = self._supplied(raw, call, local)
        self._check_parallelism(made, node, call)
        if "retryStrategy" in made:
            return self._retried(name, call, made, node)
        return self._once(name, call, made, node)

    def _pod_name(self, name: str, call: Call) -> str:
        return self.nodes.pod_of({"name": name, "templateName": call.template})

    def _supplied(self, raw: Object, call: Call, local: Mapping[str, str]) -> Object:
        key = json.dumps([raw["name"], dict(call.arguments), dict(local)], sort_keys=True)
        if key not in self._made:
            self._made[key] = supplied(raw, call.arguments, {**self.scope, **local})
        return self._made[key]

    def _check_parallelism(self, template: Object, node: Node | None, call: Call) -> None:
        most = self.spec.get("parallelism")
        if most is not None and self._active >= most:
            raise Full
        if node is not None and "dag" in template and "parallelism" in template:
            within = [one for one in self.nodes.within(node["id"]) if one["type"] == "Pod" and one["phase"] in ACTIVE]
            if len(within) >= int(template["parallelism"]):
                raise Full
        if call.boundary and (node is None or node["phase"] not in ACTIVE):
            outer = self._templates[self.nodes.known[call.boundary]["templateName"]]
            active = [
                one
                for one in self.nodes.within(call.boundary)
                if one["type"] in ("Pod", "Steps", "DAG") and one["phase"] in ACTIVE
            ]
            if "parallelism" in outer and len(active) >= int(outer["parallelism"]):
                raise Full

    def _once(self, name: str, call: Call, template: Object, node: Node | None) -> Node:
        kind = "DAG" if "dag" in template else "Suspend" if "suspend" in template else "Pod"
        if node is None:
            node = self.nodes.add(name, kind, call.template, call.boundary, "Running" if kind == "DAG" else "Pending")
            if template.get("inputs", {}).get("parameters"):
                node["inputs"] = {
                    "parameters": [{"name": one["name"], "value": one["value"]} for one in template["inputs"]["parameters"]]
                }
        if kind == "DAG":
            return self.dags.execute(node, call, template)
        if kind == "Suspend":
            return self._suspended(node, template)
        try:
            self._pods.create(self.workflow, self.spec, node, template, self.nodes.pod_of(node), at_exit=call.at_exit)
        except Forbidden as error:
            return self.nodes.mark(node, "Error", str(error))
        self._active += 1
        self._seen[node["id"]] = {}
        return node

    def _suspended(self, node: Node, template: Object) -> Node:
        duration = template["suspend"].get("duration")
        if duration is not None:
            left = parsed(node["startedAt"]) + seconds_of(duration) - datetime.now(UTC).timestamp()
            if left <= 0:
                return self.nodes.mark(node, "Succeeded")
            self.again(left)
        return self.nodes.mark(node, "Running")

    def _retried(self, name: str, call: Call, template: Object, node: Node | None) -> Node | None:
        if node is None:
            node = self.nodes.add(name, "Retry", call.template, call.boundary, "Running")
            if template.get("inputs", {}).get("parameters"):
                node["inputs"] = {
                    "parameters": [{"name": one["name"], "value": one["value"]} for one in template["inputs"]["parameters"]]
                }
        while True:
            if not decided(self, node, template["retryStrategy"]):
                return node
            if is_over(node):
                return node
            attempts = self.nodes.attempts(node)
            last = attempts[-1] if attempts else None
            number = len(attempts) - 1 if last is not None and not is_over(last) else len(attempts)
            child = f"{name}({number})"
            self.nodes.connect(node, self.nodes.id_of(child))
            local = {"node.name": child, "retries": str(number), "pod.name": self._pod_name(child, call)}
            local |= {
                "lastRetry.exitCode": str((last or {}).get("outputs", {}).get("exitCode", "0")),
                "lastRetry.status": str((last or {}).get("phase", "")),
                "lastRetry.message": str((last or {}).get("message", "")),
                "lastRetry.duration": "0",
            }
            known = self.nodes.named(child)
            if known is not None and known["id"] in self._seen:
                return node
            made = supplied(self._templates[call.template], call.arguments, {**self.scope, **local})
            done = self._once(child, call, made, known)
            done["nodeFlag"] = {"retried": True}
            if not is_over(done):
                return node

    # How far it is.

    def _mark(self, phase: str, message: str = "") -> None:
        metadata, status = self.workflow["metadata"], self.status
        status["phase"] = phase
        status.setdefault("startedAt", now())
        status.setdefault("finishedAt", None)
        labels = metadata.setdefault("labels", {})
        labels[_PHASE] = phase
        labels.setdefault(_COMPLETED, "false")
        if message:
            status["message"] = message
        else:
            status.pop("message", None)
        entry = self.nodes.named(self.name)
        if phase == "Error" and entry is not None and entry["phase"] == "Running":
            self.nodes.mark(entry, "Error", "Workflow operation error")
        if phase in ("Succeeded", "Failed", "Error"):
            status["finishedAt"] = now()
            labels[_COMPLETED] = "true"
            status["conditions"] = [{"type": "PodRunning", "status": "False"}, {"type": "Completed", "status": "True"}]

    def _count(self) -> None:
        self.status["progress"] = self.nodes.count()
        if self.status["phase"] == "Running":
            is_running = any(one["type"] == "Pod" and one["phase"] == "Running" for one in self.nodes.known.values())
            self.status["conditions"] = [{"type": "PodRunning", "status": str(is_running)}]


def _reason(containers: list[Object]) -> str:
    for one in containers:
        ended = one["state"].get("terminated")
        if ended and ended["exitCode"]:
            return f"{one['name']}: {ended['reason']} (exit code {ended['exitCode']})"
    return "pod failed: neither main nor wait container completed successfully"
