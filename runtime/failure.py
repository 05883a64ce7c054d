"""Why an attempt of a task failed, as data; and tracebacks cut down to the user's own lines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import FlowcError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from traceback import TracebackException

_ROOT = Path(__file__).parent.parent
_OURS = (f"{_ROOT / 'runtime'}{os.sep}", f"{_ROOT / 'cli'}{os.sep}", "<frozen importlib", "<frozen runpy")
"""Where frames are that tell a user nothing. The package's root is not in it: a flow may live below it, in a checkout of
flowc."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one attempt. This is also what `@catch(var=…)` puts into its artifact.

    Attributes:
        type: The exception's class, such as `ValueError`.
        message: Its text.
        traceback: As Python prints it, with the user's frames only; "" if no line of the user's had a part in it.
    """

    type: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    def __bool__(self) -> bool:
        return True  # `if self.failed:` is how a flow asks whether its caught step failed

    @property
    def exception(self) -> str:
        """The message, under Metaflow's name for it."""
        return self.message

    @property
    def stacktrace(self) -> str:
        """The traceback, under Metaflow's name for it."""
        return self.traceback

    def to_json(self) -> dict[str, str]:
        """As JSON data."""
        return {"type": self.type, "message": self.message, "traceback": self.traceback}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Failure:
        """What `to_json` gave."""
        return cls(str(data["type"]), str(data["message"]), str(data["traceback"]))

    @classmethod
    def from_exception(cls, error: BaseException) -> Failure:
        """Describe an exception that the user's code raised, or a fault of theirs that flowc found."""
        text = trimmed_traceback(error)
        if isinstance(error, FlowcError) and not _passed_user_code(error):
            text = ""  # the message says it all, and what it was raised from is flowc's own business
        try:
            message = str(error)
        except Exception:
            message = "(its message cannot be shown: __str__ fails)"
        return cls(type(error).__qualname__, message, text)


def failure_of_end(status: int, known: str = " (the system does that when memory runs out)") -> Failure:
    """Why an attempt came to nothing whose process did not say so itself.

    Args:
        status: The exit code, or minus the signal that killed the process.
        known: What is known of why, if that signal is SIGKILL.
    """
    if status >= 0:
        return Failure("ExitError", f"ended its process inside the step, with exit code {status}, as os._exit does")
    import signal

    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return Failure("KilledError", f"was killed by {name}{known if name == 'SIGKILL' else ''}")


def failure_of_timeout(seconds: float) -> Failure:
    """That an attempt took longer than it may."""
    return Failure("TimeoutError", f"took longer than its @timeout of {seconds:g} s, and was killed")


def trimmed_traceback(error: BaseException) -> str:
    """The traceback of an exception and of those it came from, without flowc's frames."""
    from traceback import TracebackException

    described = TracebackException.from_exception(error)
    _trim(described, set())
    text = "".join(described.format())
    if not described.stack:  # such as a syntax error in the flow's own file: no frame of the user's ran
        text = text.replace("Traceback (most recent call last):\n", "")
    return text


def _trim(described: TracebackException, seen: set[int]) -> None:
    if id(described) in seen:
        return
    seen.add(id(described))
    described.stack[:] = [frame for frame in described.stack if not frame.filename.startswith(_OURS)]
    for other in (described.__cause__, described.__context__, *(getattr(described, "exceptions", None) or ())):
        if other is not None:
            _trim(other, seen)


def _passed_user_code(error: BaseException) -> bool:
    frame = error.__traceback__
    while frame is not None:
        if not frame.tb_frame.f_code.co_filename.startswith(_OURS):
            return True
        frame = frame.tb_next
    return False
