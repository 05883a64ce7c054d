"""What `@retry`, `@timeout`, `@catch` and `@environment` ask for, read from the plan.

One meaning everywhere: attempts count from 0; `@retry(times=n)` allows n+1 of them; `@catch` adds one that runs no code of
the user's, starts from what the step started from, records the last failure and lets the flow go on. A run that is redriven
begins to count again: numbers of attempts then are higher than counts (`contract.attempt_number`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from ..contract import attempt_count
from ..errors import TaskError
from ..plan import Step

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec

LONGEST_WAIT = 365 * 86400.0
"""Seconds, of a wait whose longest time nobody has said: a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a step's task is run.

    Attributes:
        attempts: How many attempts may run the user's code.
        delay: Seconds before the second of these.
        backoff: How many times longer each wait is than the one before.
        longest: How many seconds a wait is at the most, or None.
        jitter: Whether a wait is any time up to that, at random.
        timeout: Seconds that an attempt may take, or None.
        catches: Whether one attempt more lets the flow go on.
        catch_variable: The artifact that gets the failure, or None.
        prints_exception: Whether the traceback of a failure that is caught is shown.
        environment: Variables for the user's code.
    """

    attempts: int
    delay: float
    backoff: float
    longest: float | None
    jitter: bool
    timeout: float | None
    catches: bool
    catch_variable: str | None
    prints_exception: bool
    environment: Mapping[str, str]

    def may_follow(self, number: int) -> bool:
        """Whether another attempt follows the failed one of this number."""
        return attempt_count(number) + 1 < self.attempts + self.catches

    def wait(self, retry: int) -> float:
        """Seconds before a retry, the first of which is 0; with jitter, the most that they may be."""
        try:
            seconds = self.delay * self.backoff**retry
        except OverflowError:
            seconds = inf if self.delay else 0.0
        return min(seconds, LONGEST_WAIT if self.longest is None else self.longest)

    def only_catches(self, number: int, said: bool | None = None) -> bool:
        """Whether an attempt is the one that `@catch` adds.

        Args:
            number: The attempt's.
            said: What an orchestrator says of it that numbers attempts with gaps; None: the number tells.
        """
        return self.catches and (attempt_count(number) >= self.attempts if said is None else said)


def policy_of(step: Step) -> Policy:
    """Read a step's decorators."""
    retry = step.decorator("retry")
    catch = step.decorator("catch")
    limit = step.decorator("timeout") or {}
    variables = (step.decorator("environment") or {}).get("vars") or {}
    seconds = _number(limit, "seconds", 0) + 60 * _number(limit, "minutes", 0) + 3600 * _number(limit, "hours", 0)
    longest = (retry or {}).get("max_minutes_between_retries")
    return Policy(
        attempts=1 if retry is None else int(_number(retry, "times", 3)) + 1,
        delay=0 if retry is None else round(60 * _number(retry, "minutes_between_retries", 2)),
        backoff=_number(retry or {}, "backoff", 1),
        longest=None if longest is None else round(60 * float(longest)),
        jitter=bool((retry or {}).get("jitter")),
        timeout=seconds or None,
        catches=catch is not None,
        catch_variable=None if catch is None else catch.get("var"),
        prints_exception=catch is None or catch.get("print_exception") is not False,
        environment={name: "" if value is None else str(value) for name, value in variables.items()},
    )


def check_catch(step: Step, flow_class: type[FlowSpec]) -> None:
    """Make sure that `@catch(var=…)` of a step names an artifact.

    Raises:
        TaskError: It names an attribute of the class: a step, a parameter, a part of flowc.
    """
    name = (step.decorator("catch") or {}).get("var")
    if isinstance(name, str) and hasattr(flow_class, name):
        raise TaskError(
            f'step `{step.name}` has @catch(var="{name}"), but `{name}` is an attribute of the class, such as a step or a '
            "parameter, and cannot be set: give it a name of its own"
        )


def _number(arguments: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A number, or text that says one, as `@timeout(minutes="5")` does."""
    value = arguments.get(name)
    return otherwise if value is None else float(value)
