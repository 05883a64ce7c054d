"""Where the objects of `S3` are: a bucket, or a directory of plain files where the datastore is one.

A place knows keys. What is put with an object besides its bytes (its type, the user's metadata) is kept with it in a bucket, and
in a directory in a hidden file beside it, where there is any.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import StoreError
from ..language.exceptions import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
)
from ..store.clients import connect, s3_endpoint, s3_region
from ..store.credentials import read_profile
from ..store.urls import parse_place

USER_ATTRIBUTES = "metaflow-user-attributes"
"""Under which the user's metadata stands in an object's, as JSON: so that Metaflow and flowc can read each other's objects."""
_PART = 16 << 20
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Info:
    """What a place says of an object."""

    size: int
    modified: int
    content_type: str | None = None
    metadata: dict[str, str] | None = None


class Place(Protocol):
    """Objects by keys. A missing one is a MetaflowS3NotFound, whatever else goes wrong another of its relatives."""

    def head(self, key: str) -> Info:
        """What there is to know."""
        ...

    def get(self, key: str, file: str, offset: int | None, length: int | None) -> tuple[Info, int, int]:
        """Copy an object, or a part of it, to a file; with where the part begins and its length."""
        ...

    def put(self, key: str, source: Any, content_type: str | None, metadata: dict[str, str] | None, *, overwrite: bool) -> bool:
        """Write an object from bytes or an open file; False if there is one, and it stays."""
        ...

    def list(self, prefix: str, *, recursive: bool) -> Iterator[tuple[str, int | None, int | None]]:
        """Keys below a prefix that ends with "/" or is empty, with size and time of change; both None for a folder."""
        ...


def part_of(size: int, offset: int | None, length: int | None, url: str) -> tuple[int, int]:
    """Where a part begins and how long it is."""
    if length is not None and length < 0:
        first = max(0, size + length)
        return first, size - first
    first = offset or 0
    if first >= size and (first or length):
        raise MetaflowS3InvalidRange(f"{url} has {size} bytes, and none from byte {first} on")
    return first, size - first if length is None else min(length, size - first)


class Bucket:
    """A bucket, or a container of Azure's or Google's, through obstore.

    Args:
        root: Its URL without a path: `s3://name`.
        config: More settings of obstore's for it.
    """

    def __init__(self, root: str, config: dict[str, Any]) -> None:
        try:
            import obstore
        except ImportError:
            raise MetaflowS3Exception("S3 needs the package obstore, which is not installed here") from None
        from ..store.forks import renew_in_children

        renew_in_children()
        self._root = root
        self._obstore = obstore
        with self._explained(""):
            self._store = _open(root, config)

    def head(self, key: str) -> Info:
        """A HEAD request."""
        with self._explained(key):
            return _info(self._obstore.get(self._store, key, options={"head": True}))

    def get(self, key: str, file: str, offset: int | None, length: int | None) -> tuple[Info, int, int]:
        """One request for a small object, several at once for the parts of a large one."""
        with self._explained(key):
            ranged = offset is not None or length is not None
            found = self._obstore.get(self._store, key, options={"head": True} if ranged else None)
            info = _info(found)
            first, count = part_of(info.size, offset, length, f"{self._root}/{key}")
            with Path(file).open("wb") as out:
                if not ranged and count <= 2 * _PART:
                    for chunk in found.stream():
                        out.write(memoryview(chunk))
                    return info, first, count
                out.truncate(count)
                descriptor = out.fileno()

                def copy(start: int) -> None:
                    data = self._obstore.get_range(self._store, key, start=first + start, length=min(_PART, count - start))
                    os.pwrite(descriptor, memoryview(data), start)

                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    for _ in pool.map(copy, range(0, count, _PART)):
                        pass
            return info, first, count

    def put(self, key: str, source: Any, content_type: str | None, metadata: dict[str, str] | None, *, overwrite: bool) -> bool:
        """One request for a small object; a large one in parts, several at once."""
        attributes = {}
        if content_type:
            attributes["Content-Type"] = content_type
        if metadata:
            attributes[USER_ATTRIBUTES] = json.dumps(metadata)
        with self._explained(key):
            if not overwrite:
                try:
                    self._obstore.head(self._store, key)
                except FileNotFoundError:
                    pass
                else:
                    return False
            self._obstore.put(self._store, key, source, attributes=attributes or None)
        return True

    def list(self, prefix: str, *, recursive: bool) -> Iterator[tuple[str, int | None, int | None]]:
        """Requests of 1,000 keys each."""
        with self._explained(prefix):
            if recursive:
                for chunk in self._obstore.list(self._store, prefix or None, chunk_size=1000):
                    yield from ((one["path"], one["size"], int(one["last_modified"].timestamp())) for one in chunk)
                return
            found = self._obstore.list_with_delimiter(self._store, prefix or None)
            yield from ((f"{folder}/", None, None) for folder in found["common_prefixes"])
            yield from ((one["path"], one["size"], int(one["last_modified"].timestamp())) for one in found["objects"])

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        url = f"{self._root}/{key}" if key else self._root
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise MetaflowS3URLException(f"there is no bucket {self._root}") from None
            raise MetaflowS3NotFound(url) from None
        except (PermissionDeniedError, UnauthenticatedError):
            raise MetaflowS3AccessDenied(url) from None
        except BaseError as error:
            raise MetaflowS3Exception(f"{url}: {str(error).splitlines()[0]}") from None
        except StoreError as error:
            raise MetaflowS3Exception(str(error)) from None
        except OSError as error:
            raise _disk_fault(error) from None


class Folder:
    """A directory of plain files."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def head(self, key: str) -> Info:
        """Look at the file."""
        path = self._root / key
        if not path.is_file():
            raise MetaflowS3NotFound(f"file://{path}")
        said: dict[str, Any] = {}
        if (beside := self._beside(path)).is_file():
            said = json.loads(beside.read_bytes())
        status = path.stat()
        return Info(status.st_size, int(status.st_mtime), said.get("content_type"), said.get("metadata"))

    def get(self, key: str, file: str, offset: int | None, length: int | None) -> tuple[Info, int, int]:
        """Copy the file."""
        import shutil

        info, path = self.head(key), self._root / key
        first, count = part_of(info.size, offset, length, f"file://{path}")
        try:
            if count == info.size:
                shutil.copyfile(path, file)
            else:
                with path.open("rb") as source, Path(file).open("wb") as out:
                    source.seek(first)
                    while count > out.tell() and (data := source.read(min(_PART, count - out.tell()))):
                        out.write(data)
        except OSError as error:
            raise _disk_fault(error) from None
        return info, first, count

    def put(self, key: str, source: Any, content_type: str | None, metadata: dict[str, str] | None, *, overwrite: bool) -> bool:
        """Write aside, then rename."""
        import shutil

        path = self._root / key
        if not overwrite and path.exists():
            return False
        beside = self._beside(path)
        aside = path.with_name(f".tmp-{os.urandom(8).hex()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as out:
                if isinstance(source, bytes):
                    out.write(source)
                else:
                    shutil.copyfileobj(source, out)
            if content_type or metadata:
                beside.write_text(json.dumps({"content_type": content_type, "metadata": metadata}))
            else:
                beside.unlink(missing_ok=True)
            aside.replace(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _disk_fault(error) from None
        return True

    def list(self, prefix: str, *, recursive: bool) -> Iterator[tuple[str, int | None, int | None]]:
        """Walk the directory."""
        folder = self._root / prefix
        if not folder.is_dir():
            return
        for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
            if path.name.startswith((".tmp-", ".info-")):
                continue
            key = path.relative_to(self._root).as_posix()
            if path.is_dir():
                if not recursive:
                    yield f"{key}/", None, None
                continue
            status = path.stat()
            yield key, status.st_size, int(status.st_mtime)

    @staticmethod
    def _beside(path: Path) -> Path:
        return path.with_name(f".info-{path.name}")


def _open(root: str, config: dict[str, Any]) -> Any:
    """A client with the credentials of the datastore, or with those that were given."""
    place = parse_place(root)
    if not config:
        profile = read_profile(os.environ) if place.kind == "s3" else None
        region = s3_region(place, os.environ, profile) if place.kind == "s3" else None
        return connect(place, profile, region, patient=True)
    from obstore.store import S3Store

    endpoint = config.pop("endpoint", None) or s3_endpoint(os.environ, None)
    if endpoint:
        config |= {"endpoint": endpoint, "client_options": {"allow_http": endpoint.startswith("http://"), "timeout": "10min"}}
    config.setdefault("region", s3_region(place, os.environ, None))
    return S3Store(place.bucket, **config)


def _info(found: Any) -> Info:
    attributes = found.attributes
    text = attributes.get(USER_ATTRIBUTES)
    return Info(
        found.meta["size"],
        int(found.meta["last_modified"].timestamp()),
        attributes.get("Content-Type"),
        None if text is None else json.loads(text),
    )


def _disk_fault(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MetaflowS3InsufficientDiskSpace(str(error))
    return MetaflowS3Exception(str(error))
