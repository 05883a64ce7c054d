"""What Argo has noted of a run's parts: the `status.nodes` of a Workflow, as data.

A node is a pod, or what holds others: a DAG, a foreach (`TaskGroup`), a task that may be tried again (`Retry`). Its name says
where it is: `20261121-122322-a1b2c3.train(3:3)(0)` is the first attempt at item 3 of the task `train`. A task's step and path are
the arguments of its template.

Where a run has many, Argo compresses them, and where that does not help it keeps them in a database of its own, if it has one.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ....runtime import contract
from ...platform import PlatformError
from .. import marks

FAILED: Final = ("Failed", "Error")
"""Phases of a node or a Workflow that ended badly. https://argo-workflows.readthedocs.io/en/stable/fields/#nodestatus"""
_UNDER_WAY: Final = ("", "Pending", "Running")
ITEM: Final = re.compile(r"\([0-9]+:")
"""What the name of a foreach's item has after that of the foreach."""
_ATTEMPT: Final = re.compile(r"\(([0-9]+)\)$")
_POD_NAMES: Final = "workflows.argoproj.io/pod-name-format"
_LONGEST: Final = 253 - 10 - 1
"""Characters of a pod's name before its hash. workflow/util/pod_name.go"""


class OffloadedError(PlatformError):
    """Argo keeps the nodes of a run where only Argo can look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One of them.

    Attributes:
        id: Its key.
        name: Where it is, from the Workflow's name on.
        type: What it is: `Pod`, `Retry`, `TaskGroup`, `DAG`, `Skipped`, `Suspend`.
        phase: What has become of it, in Argo's word.
        template: The template's name.
        boundary: The DAG that it is a task of, or None.
        message: What Argo says about that.
        started: In seconds since 1970, or None.
        ended: The same.
        children: What followed it, or is within it.
        inputs: The arguments of its template.
        outputs: What it put out.
        exit_code: That of its container, or None.
        is_retried: Whether it is one attempt of a `Retry`.
    """

    id: str
    name: str
    type: str
    phase: str
    template: str
    boundary: str | None
    message: str
    started: float | None
    ended: float | None
    children: tuple[str, ...] = field(repr=False)
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    exit_code: int | None
    is_retried: bool

    @property
    def failed(self) -> bool:
        """Whether it ended badly."""
        return self.phase in FAILED

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.phase not in _UNDER_WAY

    @property
    def step(self) -> str | None:
        """The step that it is a task of; None for what holds others."""
        return self.inputs.get("step")

    @property
    def path(self) -> str | None:
        """The task's path."""
        return self.inputs.get("path")

    @property
    def retries(self) -> int:
        """How many attempts there were before this one, since the run was last retried."""
        match = _ATTEMPT.search(self.name) if self.is_retried else None
        return int(match[1]) if match else 0

    @property
    def task(self) -> str:
        """Where it is, without which attempt it is."""
        return _ATTEMPT.sub("", self.name) if self.is_retried else self.name

    @property
    def of_item(self) -> bool:
        """Whether it is within an item of a foreach, or is one."""
        return ITEM.search(self.name) is not None


def read_nodes(workflow: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes of a Workflow, by their ids.

    Raises:
        OffloadedError: They are elsewhere.
    """
    return {id: _node(id, raw) for id, raw in raw_nodes(workflow).items()}


def raw_nodes(workflow: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The nodes as Argo writes them.

    Raises:
        OffloadedError: They are elsewhere.
    """
    status = workflow.get("status") or {}
    if found := status.get("nodes"):
        return dict(found)
    if packed := status.get("compressedNodes"):
        try:
            nodes: dict[str, dict[str, Any]] = json.loads(gzip.decompress(base64.b64decode(packed)))
        except (ValueError, OSError, EOFError, zlib.error, binascii.Error) as error:
            raise PlatformError(f"the nodes of the Workflow {name_of(workflow)} cannot be read: {error}") from None
        return nodes
    if status.get("offloadNodeStatusVersion"):
        raise OffloadedError(
            f"the run {name_of(workflow)} has so many parts that Argo keeps what it knows of them in its own database, where "
            "flowc cannot look"
        )
    return {}


def with_nodes(workflow: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The Workflow with other nodes, compressed if its own are."""
    status = dict(workflow.get("status") or {})
    if status.pop("compressedNodes", None):
        text = json.dumps(nodes, ensure_ascii=False, separators=(",", ":"))
        status["compressedNodes"] = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
        status.pop("nodes", None)
    else:
        status["nodes"] = dict(nodes)
    return {**workflow, "status": status}


def name_of(workflow: Mapping[str, Any]) -> str:
    """The Workflow's name, which is the run's id."""
    return str(workflow["metadata"]["name"])


def pod_name(workflow: Mapping[str, Any], node: Node) -> str:
    """What the pod of a node is called. https://github.com/argoproj/argo-workflows/blob/main/workflow/util/pod_name.go"""
    run = name_of(workflow)
    if (workflow["metadata"].get("annotations") or {}).get(_POD_NAMES) == "v1":
        return node.id
    if node.name == run:
        return run
    prefix = f"{run}-{node.template}" if node.template else run
    return f"{prefix[:_LONGEST]}-{_fnv(node.name)}"


def redrives_of(workflow: Mapping[str, Any]) -> int:
    """How often the run was retried."""
    text = (workflow["metadata"].get("annotations") or {}).get(marks.RETRIED) or "0"
    return int(text) if text.isdecimal() else 0


def attempt_of(workflow: Mapping[str, Any], node: Node) -> int | None:
    """Which attempt of its task a pod is, as the task was told."""
    return contract.attempt_number(f"{redrives_of(workflow)}.{node.retries}")


def seconds_of(text: object) -> float | None:
    """A time of Kubernetes in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp() if isinstance(text, str) and text else None


def _node(id: str, raw: Mapping[str, Any]) -> Node:
    outputs = raw.get("outputs") or {}
    code = str(outputs.get("exitCode") or "")
    return Node(
        id=id,
        name=str(raw.get("name") or id),
        type=str(raw.get("type") or ""),
        phase=str(raw.get("phase") or ""),
        template=str((raw.get("templateRef") or {}).get("template") or raw.get("templateName") or ""),
        boundary=raw.get("boundaryID") or None,
        message=str(raw.get("message") or ""),
        started=seconds_of(raw.get("startedAt")),
        ended=seconds_of(raw.get("finishedAt")),
        children=tuple(raw.get("children") or ()),
        inputs=_parameters(raw.get("inputs")),
        outputs=_parameters(outputs),
        exit_code=int(code) if code.isdecimal() else None,
        is_retried=bool((raw.get("nodeFlag") or {}).get("retried")),
    )


def _parameters(of: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(one["name"]): str(one["value"]) for one in (of or {}).get("parameters") or () if one.get("value") is not None}


def _fnv(text: str) -> int:
    """The hash FNV-1a of 32 bits."""
    found = 0x811C9DC5
    for byte in text.encode():
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found
