"""The class `S3`, with Metaflow's methods and meanings.

`S3(run=self)` keeps objects with the run, in its datastore, whatever that is: a bucket of any cloud, or a directory, where they
are plain files. `S3(s3root="s3://bucket/prefix")` takes keys below a prefix, and `S3()` whole addresses.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from ..contract import run_key
from ..language.current import current
from ..language.exceptions import MetaflowS3InvalidObject, MetaflowS3NotFound, MetaflowS3URLException
from .objects import RangeInfo, S3GetObject, S3Object, S3PutObject
from .places import Bucket, Folder, Info, Place

T = TypeVar("T")
R = TypeVar("R")

RUN_FOLDER = "s3-data"
"""Below the keys of a run, what `S3(run=…)` keeps. No step can be called so."""
_AT_ONCE = 32


class S3:
    """A client for objects. Used in a `with`, it takes the local copies away at the end; else `close` does.

    with S3(run=self) as s3:
        url = s3.put("report", "text")
        print(s3.get("report").text)

    Args:
        tmproot: Where local copies are kept, by default the system's directory for temporary files.
        bucket: With `run`, a bucket to use in place of the datastore.
        prefix: With `bucket`, the prefix there.
        run: `self` in a step, or a Run of the client.
        s3root: The prefix of all keys.
        encryption: How the server encrypts what is put: `AES256`, `aws:kms`.
        role: An IAM role to assume.
        client_params: Settings of boto3's clients, of which `endpoint_url` and `region_name` have a meaning here.
    """

    def __init__(
        self,
        tmproot: str | None = None,
        bucket: str | None = None,
        prefix: str | None = None,
        run: Any = None,
        s3root: str | None = None,
        encryption: str | None = None,
        *,
        role: str | None = None,
        client_params: dict[str, Any] | None = None,
    ) -> None:
        self._config: dict[str, Any] = {}
        if encryption:
            self._config["aws_server_side_encryption"] = encryption
        for theirs, ours in (("endpoint_url", "endpoint"), ("region_name", "region")):
            if client_params and client_params.get(theirs):
                self._config[ours] = client_params[theirs]
        if role:
            self._config |= _assume(role)
        self._root: str | None = None
        if run is not None:
            self._root = _root_of(run, bucket, prefix)
        elif s3root is not None:
            if not s3root.startswith("s3://"):
                raise MetaflowS3URLException(f"s3root is {s3root!r}, and must be an address that begins with s3://")
            self._root = s3root.rstrip("/")
        self._places: dict[str, Place] = {}
        self._folder: str | None = tempfile.mkdtemp(prefix="metaflow.s3.", dir=tmproot)
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take all local copies away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def get(self, key: str | S3GetObject | None = None, return_missing: bool = False, return_info: bool = True) -> S3Object:
        """Copy an object, or a part of it, to this machine.

        Args:
            return_missing: For an object that is not there, return one with `exists == False`.
        """
        return self._get(key, return_missing, return_info, self._new_file())

    def get_many(
        self, keys: Iterable[str | S3GetObject], return_missing: bool = False, return_info: bool = True
    ) -> list[S3Object]:
        """The same for many, at once."""
        jobs = [(key, self._new_file()) for key in keys]
        return _at_once(lambda job: self._get(job[0], return_missing, return_info, job[1]), jobs)

    def get_recursive(self, keys: Iterable[str], return_info: bool = False) -> list[S3Object]:
        """All objects below prefixes."""
        found = [one for key in keys for one in self._list(key, recursive=True)]
        jobs = [(one, self._new_file()) for one in found]
        return _at_once(lambda job: self._fetch(job[0], None, None, return_info, job[1]), jobs)

    def get_all(self, return_info: bool = False) -> list[S3Object]:
        """All objects below the client's prefix."""
        if self._root is None:
            raise MetaflowS3URLException("get_all needs S3(run=…) or S3(s3root=…)")
        return self.get_recursive([""], return_info)

    def info(self, key: str | None = None, return_missing: bool = False) -> S3Object:
        """What is known of an object."""
        url, name = self._address(key)
        place, where = self._place(url)
        try:
            return self._described(url, name, place.head(where))
        except MetaflowS3NotFound:
            if return_missing:
                return S3Object(key=name, url=url, prefix=self._root)
            raise

    def info_many(self, keys: Iterable[str], return_missing: bool = False) -> list[S3Object]:
        """The same for many, at once."""
        return _at_once(lambda key: self.info(key, return_missing), list(keys))

    def list_paths(self, keys: Iterable[str] | None = None) -> list[S3Object]:
        """The next level below prefixes: objects, and folders with `exists == False`."""
        return [one for found in _at_once(lambda key: self._list(key, recursive=False), _or_root(keys)) for one in found]

    def list_recursive(self, keys: Iterable[str] | None = None) -> list[S3Object]:
        """All objects below prefixes."""
        return [one for found in _at_once(lambda key: self._list(key, recursive=True), _or_root(keys)) for one in found]

    def put(
        self,
        key: str | S3PutObject,
        obj: Any,
        overwrite: bool = True,
        content_type: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> str:
        """Write an object of text, bytes or an open file; its address."""
        url, _ = self._address(key)
        place, where = self._place(url)
        place.put(where, _content(url, obj), content_type, metadata, overwrite=overwrite)
        return url

    def put_many(self, key_objs: Iterable[tuple[str, Any] | S3PutObject], overwrite: bool = True) -> list[tuple[str, str]]:
        """Write many, at once; the keys and addresses of those that were written."""

        def one(given: Any) -> tuple[str, str] | None:
            url, _ = self._address(given[0])
            return self._put(given, url, _content(url, given[1]), overwrite)

        return [done for done in _at_once(one, list(key_objs)) if done is not None]

    def put_files(self, key_paths: Iterable[tuple[str, str] | S3PutObject], overwrite: bool = True) -> list[tuple[str, str]]:
        """Write many files, at once; the keys and addresses of those that were written."""

        def one(given: Any) -> tuple[str, str] | None:
            path = Path(str(given.path if isinstance(given, S3PutObject) else given[1]))
            if not path.is_file():
                raise MetaflowS3NotFound(f"there is no file {path}")
            with path.open("rb") as file:
                return self._put(given, self._address(given[0])[0], file, overwrite)

        return [done for done in _at_once(one, list(key_paths)) if done is not None]

    def _put(self, given: Any, url: str, source: Any, overwrite: bool) -> tuple[str, str] | None:
        place, where = self._place(url)
        kind, metadata = (given.content_type, given.metadata) if isinstance(given, S3PutObject) else (None, None)
        return (given[0], url) if place.put(where, source, kind, metadata, overwrite=overwrite) else None

    def _get(self, key: str | S3GetObject | None, return_missing: bool, return_info: bool, file: str) -> S3Object:
        url, name = self._address(key)
        offset, length = (key.offset, key.length) if isinstance(key, S3GetObject) else (None, None)
        missing = S3Object(key=name, url=url, prefix=self._root)
        try:
            return self._fetch(missing, offset, length, return_info, file)
        except MetaflowS3NotFound:
            if return_missing:
                return missing
            raise

    def _fetch(self, wanted: S3Object, offset: int | None, length: int | None, return_info: bool, file: str) -> S3Object:
        place, where = self._place(wanted.url)
        info, first, count = place.get(where, file, offset, length)
        if not return_info:
            return S3Object(key=wanted.key, url=wanted.url, prefix=self._root, path=file, size=count)
        part = RangeInfo(info.size, first, count)
        return self._described(wanted.url, wanted.key, info, file, count, part)

    def _described(
        self, url: str, key: str, info: Info, file: str | None = None, size: int | None = None, part: RangeInfo | None = None
    ) -> S3Object:
        return S3Object(
            key=key,
            url=url,
            prefix=self._root,
            path=file,
            size=info.size if size is None else size,
            content_type=info.content_type,
            metadata=info.metadata,
            last_modified=info.modified,
            range_info=part,
        )

    def _list(self, key: str | None, *, recursive: bool) -> list[S3Object]:
        url, _ = self._address(key)
        place, where = self._place(url)
        root = url.removesuffix(where)
        prefix = where.rstrip("/") + "/" if where.strip("/") else ""
        found = [
            S3Object(key=self._below(root + one), url=root + one, prefix=self._root, size=size, last_modified=time)
            for one, size, time in place.list(prefix, recursive=recursive)
        ]
        return sorted(found, key=lambda one: one.url)

    def _address(self, key: Any) -> tuple[str, str]:
        """An object's URL, and how it is called for the user."""
        name = getattr(key, "key", key)
        if isinstance(name, bytes):
            name = name.decode()
        if self._root is None:
            scheme, separator, rest = (name or "").partition("://")
            if not separator or not scheme or "/" not in rest:
                ways = "S3(run=self)" if current.is_running_flow else "S3(run=…) or S3(s3root=…)"
                raise MetaflowS3URLException(f"{name!r} is no whole address such as s3://bucket/key: give one, or use {ways}")
            return name, name
        if not name:
            return self._root, self._root
        if "://" in name:
            raise MetaflowS3URLException(f"{name} is a whole address: give a key below {self._root}, or use S3()")
        name = name.lstrip("/")
        return f"{self._root}/{name}", name

    def _below(self, url: str) -> str:
        return url if self._root is None else url.removeprefix(self._root + "/").rstrip("/")

    def _place(self, url: str) -> tuple[Place, str]:
        """The place of a URL, made once, and the key there."""
        scheme, _, rest = url.partition("://")
        bucket, _, key = rest.partition("/")  # a file has none: `file:///folder/name`
        root = f"{scheme}://{bucket}"
        if root not in self._places:
            self._places[root] = Folder("/") if scheme == "file" else Bucket(root, dict(self._config))
        return self._places[root], key

    def _new_file(self) -> str:
        if self._folder is None:
            raise MetaflowS3URLException("this S3 client is closed")
        self._files += 1
        return f"{self._folder}/{self._files}"


def _at_once(function: Callable[[T], R], given: list[T]) -> list[R]:
    if len(given) < 2:
        return [function(one) for one in given]
    with ThreadPoolExecutor(min(_AT_ONCE, len(given))) as pool:
        return list(pool.map(function, given))


def _or_root(keys: Iterable[str] | None) -> list[str | None]:
    return [None] if keys is None else list(keys)


def _content(url: str, obj: Any) -> Any:
    """What is to be put, as bytes or an open file."""
    if isinstance(obj, str):
        return obj.encode()
    if isinstance(obj, bytes | bytearray | memoryview):
        return bytes(obj)
    if isinstance(obj, io.RawIOBase | io.BufferedIOBase) and obj.readable() and obj.seekable():
        obj.seek(0)
        return obj
    raise MetaflowS3InvalidObject(f"what is put to {url} is a {type(obj).__name__}, and must be text, bytes or a readable file")


def _root_of(run: Any, bucket: str | None, prefix: str | None) -> str:
    """The prefix of a run's objects."""
    binding = getattr(run, "_flowc", None)
    if binding is not None:
        flow, name, place = binding.plan.flow, binding.task.run, binding._store.url
    elif hasattr(run, "parent") and hasattr(run, "id"):
        from ..store import open_store

        flow, name = run.parent.id, run.id
        place = getattr(run, "datastore", None) or open_store().url
    else:
        raise MetaflowS3URLException("S3(run=…) takes `self` in a step, or a Run")
    if bucket or prefix:
        _, _, rest = place.partition("://")
        parts = (bucket or rest.partition("/")[0], (prefix or "").strip("/"), flow, name)
        return "s3://" + "/".join(part for part in parts if part)
    root = place.rstrip("/") if "://" in place else f"file://{place}"
    return f"{root}/{run_key(flow, name)}/{RUN_FOLDER}"


def _assume(role: str) -> dict[str, Any]:
    import boto3

    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="flowc-s3")["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }
