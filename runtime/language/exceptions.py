"""What `metaflow.exception` holds: the exceptions that Metaflow's programs raise and catch."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ArtifactError


class MetaflowException(Exception):
    """The base of them. Its message is `.message` too."""

    headline = "Flow failed"

    def __init__(self, msg: object = "", lineno: int | None = None, source_file: str | None = None) -> None:
        super().__init__(msg)
        self.message = msg
        self.line_no = lineno
        self.source_file = source_file

    def __str__(self) -> str:
        return str(self.message)


class MetaflowNotFound(MetaflowException):
    """There is no such flow, run, step or task."""

    headline = "Object not found"


class MetaflowNamespaceMismatch(MetaflowException):
    """It is there, in another namespace."""

    headline = "Object not in the current namespace"


class MetaflowInvalidPathspec(MetaflowException):
    """A pathspec is none."""

    headline = "Invalid pathspec"


class MetaflowInternalError(MetaflowException):
    """What should not happen."""

    headline = "Internal error"


class MetaflowTaggingError(MetaflowException):
    """Tags cannot be set."""

    headline = "Tagging error"


class MetaflowUnknownUser(MetaflowException):
    """Nobody knows who runs this."""

    headline = "Unknown user"


class MetaflowDataMissing(MetaflowException):
    """Data that should be there is not."""

    headline = "Data missing"


class CommandException(MetaflowException):
    """A command line makes no sense."""

    headline = "Invalid command"


class ExternalCommandFailed(MetaflowException):
    """Another program failed."""

    headline = "External command failed"


class MetaflowS3Exception(MetaflowException):
    """S3 failed."""

    headline = "S3 access failed"


class MetaflowS3NotFound(MetaflowException):
    """There is no such object."""

    headline = "S3 object not found"


class MetaflowS3AccessDenied(MetaflowException):
    """The credentials do not allow it."""

    headline = "S3 access denied"


class MetaflowS3URLException(MetaflowException):
    """An address is none."""

    headline = "Invalid address"


class MetaflowS3InvalidObject(MetaflowException):
    """What is to be put is neither text nor bytes nor a file."""

    headline = "Not a string-like object"


class MetaflowS3InvalidRange(MetaflowException):
    """A range lies outside of the object."""

    headline = "S3 invalid range"


class MetaflowS3InsufficientDiskSpace(MetaflowException):
    """What is got does not fit on the disk."""

    headline = "Insufficient disk space"


class MergeException(ArtifactError, MetaflowException):
    """`merge_artifacts` cannot do what it is asked to."""


class UnhandledInMergeArtifactsException(MergeException):
    """Artifacts differ between the inputs: `artifact_names`."""

    headline = "Unhandled artifacts in merge"

    def __init__(self, msg: object = "", unhandled: Iterable[str] = ()) -> None:
        super().__init__(msg)
        self.artifact_names = list(unhandled)


class MissingInMergeArtifactsException(MergeException):
    """No input has what is to be included: `artifact_names`."""

    headline = "Missing artifacts in merge"

    def __init__(self, msg: object = "", unhandled: Iterable[str] = ()) -> None:
        super().__init__(msg)
        self.artifact_names = list(unhandled)
