"""Whether a task is tried again, and when: `retryStrategy`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engines.argo.expressions import evaluate
from engines.argo.nodes import Node, is_bad, is_over
from engines.argo.times import parsed, seconds_of

if TYPE_CHECKING:
    from engines.argo.operation import Operation

WAITS = float(os.environ.get("FLOWC_ENGINE_WAITS", "0.02"))
"""What the seconds between attempts are multiplied by."""


def decided(operation: Operation, node: Node, strategy: dict[str, Any]) -> bool:
    """Look at the last attempt of a Retry node, and mark the node where that was the last one. False: it has to wait."""
    nodes = operation.nodes
    attempts = nodes.attempts(node)
    if not attempts or not is_over(attempts[-1]):
        return True
    last = attempts[-1]
    if "outputs" in last:
        node["outputs"] = last["outputs"]
    if not is_bad(last):
        nodes.mark(node, "Succeeded")
        return True
    if last.get("message", "").startswith("workflow shutdown"):  # what it has put out is not known, and never will be
        return False
    if operation.shutdown:
        nodes.mark(node, last["phase"], f"Stopped with strategy '{operation.shutdown}'")
        return True
    if operation.is_late():
        nodes.mark(node, last["phase"], "retry exceeded workflow deadline")
        return True
    limit = int(strategy["limit"]) if "limit" in strategy else None
    backoff = strategy.get("backoff")
    if backoff is not None and limit is not None and len(attempts) <= limit:
        wait = seconds_of(backoff["duration"])
        if factor := int(backoff.get("factor") or 0):
            wait *= factor ** (len(attempts) - 1)
        if "cap" in backoff:
            wait = min(wait, seconds_of(backoff["cap"]))
        first = parsed(attempts[0]["startedAt"])
        ended = parsed(last["finishedAt"])
        if "maxDuration" in backoff and ended + wait > first + seconds_of(backoff["maxDuration"]):
            nodes.mark(node, last["phase"], "Backoff would exceed max duration limit")
            return True
        left = ended + wait * WAITS - datetime.now(UTC).timestamp()
        if wait and left > 0:
            operation.again(left)
            nodes.mark(node, node["phase"], f"Backoff for {wait:g} seconds")
            return False
        nodes.mark(node, node["phase"], "")
    policy = strategy.get("retryPolicy") or ("Always" if strategy.get("expression") else "OnFailure")
    kinds = {"Always": ("Failed", "Error"), "OnError": ("Error",), "OnFailure": ("Failed",), "OnTransientError": ()}[policy]
    if last["phase"] not in kinds:
        nodes.mark(node, last["phase"], last.get("message", ""))
    elif limit is not None and len(attempts) > limit:
        nodes.mark(node, last["phase"], "No more retries left")
    elif "expression" in strategy:
        known = {
            "lastRetry.exitCode": str(last.get("outputs", {}).get("exitCode", "-1")),
            "lastRetry.status": last["phase"],
            "lastRetry.message": last.get("message", ""),
            "lastRetry.duration": "0",
        }
        if evaluate(strategy["expression"], known) is not True:
            nodes.mark(node, last["phase"], "retryStrategy.expression evaluated to false")
    return True
