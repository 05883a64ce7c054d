"""What `S3` gives and takes, with Metaflow's names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class S3GetObject(NamedTuple):
    """A part of an object: `length` bytes from `offset`; None for all that follow, and -n for the last n."""

    key: str
    offset: int | None = None
    length: int | None = None


class S3PutObject(NamedTuple):
    """An object to put: a value for `put_many`, a path for `put_files`."""

    key: str
    value: Any = None
    path: str | None = None
    content_type: str | None = None
    encryption: str | None = None
    metadata: dict[str, str] | None = None


class RangeInfo(NamedTuple):
    """Which part of an object was got."""

    total_size: int
    request_offset: int = 0
    request_length: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Object:
    """An object or a prefix, with a local copy where it was got.

    Attributes:
        key: As it was asked for, or below the prefix of the client.
        url: Where it is.
        prefix: The prefix of the client, or None.
        path: The local copy, which goes when the client is closed.
        size: Bytes; None where there is no object.
        content_type: As it was put with.
        metadata: As it was put with.
        last_modified: Seconds since 1970.
        encryption: None; the servers do not say.
        range_info: Which part of it was got.
    """

    key: str
    url: str
    prefix: str | None
    path: str | None = None
    size: int | None = None
    content_type: str | None = None
    metadata: dict[str, str] | None = None
    last_modified: int | None = None
    encryption: str | None = None
    range_info: RangeInfo | None = None

    @property
    def exists(self) -> bool:
        """Whether there is such an object."""
        return self.size is not None

    @property
    def downloaded(self) -> bool:
        """Whether there is a local copy."""
        return self.path is not None

    @property
    def has_info(self) -> bool:
        """Whether more is known than its size."""
        return self.content_type is not None or self.metadata is not None or self.range_info is not None

    @property
    def blob(self) -> bytes | None:
        """The local copy's bytes."""
        return None if self.path is None else Path(self.path).read_bytes()

    @property
    def text(self) -> str | None:
        """The local copy's text, in UTF-8."""
        blob = self.blob
        return None if blob is None else blob.decode("utf-8", "replace")

    def __str__(self) -> str:
        if self.size is None:
            return f"<S3Object {self.url} (object does not exist)>"
        return f"<S3Object {self.url} ({self.size} bytes, {'local' if self.path else 'in S3'})>"

    __repr__ = __str__
