"""What is tried again, and after which wait: `retryStrategy` of a template, and how long an attempt may take.

    {limit: "3", retryPolicy: Always, backoff: {duration: "120", factor: "2", cap: "1800"}}

Argo waits `duration` × `factor`^k before retry k, and with `cap` never longer (since 3.7; before, it knows no `cap`). `factor` is
a whole number, and there is no jitter. `@catch` is one attempt more than the retries: the same rule holds for it, so that it
comes after a wait where there is `@retry`, and at once where there is none.
"""

from __future__ import annotations

from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.ir.nodes import Step
from ..settings import DEFAULT_TIMEOUT_SECONDS, Settings, arguments_of, place_of
from . import marks
from .serialise import Inline

GRACE_SECONDS: Final = 60
"""How much longer than its `@timeout` a pod may live: the container's supervisor ends an attempt itself, and records it."""
MOST: Final = 2**31 - 1
"""Argo reads limits and factors as integers of 32 bits, and Kubernetes takes no longer deadline of a pod (68 years)."""
_REDRIVES: Final = f"{{{{=workflow.annotations['{marks.RETRIED}'] ?? '0'}}}}"
"""How often somebody let the run go on after a failure: Argo counts retries from 0 again then. A run begins without the
annotation: one that its template gave it (`workflowMetadata`) would go over what is written to the run later on."""


def attempt_of(settings: Settings | None) -> str:
    """Which attempt a pod is (`contract.ATTEMPT`), as an expression; of None: one that is never tried again."""
    return f"{_REDRIVES}.{'{{retries}}' if settings is not None and settings.attempts > 1 else '0'}"


def retry_strategy(settings: Settings) -> dict[str, Any] | None:
    """The `retryStrategy` of a step's template, or None."""
    if settings.attempts < 2:
        return None
    found: dict[str, Any] = {"limit": str(min(settings.attempts - 1, MOST)), "retryPolicy": "Always"}
    wait, factor, longest = settings.retry_seconds, whole_factor(settings), settings.retry_limit_seconds
    if longest is not None and longest <= wait:
        wait, factor, longest = longest, 1, None
    if wait:
        grows = factor > 1 and settings.attempts > 2
        found["backoff"] = Inline(
            duration=str(wait),
            **({"factor": str(factor)} if grows else {}),
            **({"cap": str(longest)} if grows and longest is not None else {}),
        )
    return found


def whole_factor(settings: Settings) -> int:
    """What waits grow by, as a whole number: the nearest, and the larger of two that are as near."""
    return min(max(1, int(settings.retry_backoff + 0.5)), MOST)


def check_retries(step: Step, settings: Settings, report: Report) -> None:
    """Say what Argo does not do of a step's `@retry`; that there is no jitter is said where decorators are read."""
    said, used = settings.retry_backoff, whole_factor(settings)
    given = arguments_of(step, "retry").get("backoff")
    if given is None or said == used or settings.retry_seconds == 0 or settings.attempts < 3:
        return
    decorator = next(one for one in step.decorators if one.name == "retry")
    report.add(
        rules.NOT_EMITTED,
        f"Argo multiplies waits by whole numbers: `backoff={given}` of step `{step.name}` counts as {used}",
        place_of(decorator, "backoff"),
        help=f"write `backoff={used}`, and waits are the same on all platforms",
    )


def deadline_of(settings: Settings) -> int:
    """Seconds that a pod may live."""
    said = settings.timeout != DEFAULT_TIMEOUT_SECONDS
    return min(settings.timeout + GRACE_SECONDS, MOST) if said else settings.timeout
