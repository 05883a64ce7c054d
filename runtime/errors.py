"""Faults that are not flowc's own: each message is a whole sentence for the person who runs the flow.

Whoever catches a `FlowcError` prints its message and no traceback. Any other exception that leaves flowc's code, outside of the
user's steps, is a bug of flowc's.
"""

from __future__ import annotations


class FlowcError(Exception):
    """The base of all faults that a message can explain."""


class PlanError(FlowcError):
    """`plan.json` is missing, damaged, or of a version that this runtime does not read."""


class LoadError(FlowcError):
    """The user's module cannot be imported, or does not hold the flow.

    Attributes:
        traceback: The traceback with the user's frames only, or "".
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class ParameterError(FlowcError):
    """A parameter's value is missing, unknown, or not of its type."""


class StoreError(FlowcError):
    """The datastore cannot read or write an object, or holds a damaged one."""


class RecordError(StoreError):
    """A record in the store is damaged, or of a version that this flowc does not read."""


class OutputError(FlowcError):
    """What a run prints cannot be written: a full disk, or nobody reads it."""


class SecretError(FlowcError):
    """A secret cannot be fetched, or become an environment variable. No message holds its value."""


class ArtifactError(FlowcError):
    """An artifact cannot be pickled, unpickled or merged."""


class TransitionError(FlowcError):
    """`self.next` says something that the compiled plan does not allow, or was not called."""


class TaskError(FlowcError):
    """A task cannot run as it was asked to: a path that does not fit, predecessors that are not there, bad settings."""
