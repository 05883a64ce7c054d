"""Where runs are kept: objects named by keys such as `Flow/7/start/-/manifest.json`.

`Store` is all that the rest of the runtime asks of a place; `LocalStore` keeps objects as plain files in a directory. An
object is written aside, in the directory where it will be, and then renamed or linked into place, so that nobody ever sees
half of one. Nothing is synced to the disk: a machine that loses its power may lose the last seconds of a run.
"""

# File names are plain text here: a Path for each costs more than some of the calls do.
# ruff: noqa: PTH100, PTH102, PTH103, PTH108, PTH112, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Protocol

from .errors import StoreError

DEFAULT_ROOT = ".flowc"
_ASIDE = ".tmp-"


class Upload(Protocol):
    """An object on its way, whose key may be known only when all of it is written."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Add to it."""

    def commit(self, key: str) -> None:
        """Publish it, in place of an object of the same key."""

    def discard(self) -> None:
        """Leave no trace of it. Does nothing after a `commit`."""


class Store(Protocol):
    """A place for objects. All methods raise `StoreError`, which names the object, when the place fails them."""

    def get(self, key: str) -> bytes | None:
        """The whole of an object, or None if there is none."""
        ...

    def open(self, key: str) -> BinaryIO:
        """An object to read from; a missing one is a `StoreError`."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of one of the same key."""
        ...

    def put_new(self, key: str, data: bytes) -> bool:
        """Write an object if there is none of that key, in one atomic step; False if there is one."""
        ...

    def create(self, near: str) -> Upload:
        """Begin an object that will get a key under the prefix `near`."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """All keys that start with a text, in no order."""
        ...

    def claim_run(self, flow: str) -> str:
        """A new run's id, that nobody else gets."""
        ...


def open_store(place: str | os.PathLike[str] | None = None) -> Store:
    """The store that `--datastore` or `FLOWC_DATASTORE` names: a directory, by default `.flowc` in the current one.

    Raises:
        StoreError: It names an object store, which this version cannot use.
    """
    place = os.fspath(place or DEFAULT_ROOT)
    scheme, separator, rest = place.partition("://")
    if separator and scheme == "file":
        return LocalStore(rest)
    if separator:
        raise StoreError(f"the datastore {place} is an object store; this version of flowc keeps runs in a local directory only")
    return LocalStore(place)


class LocalStore:
    """Objects as files below a directory, which is made when it is first written to.

    Attributes:
        root: The directory, absolute.
    """

    def __init__(self, root: str | os.PathLike[str] = DEFAULT_ROOT) -> None:
        try:
            self.root = os.path.abspath(root)
        except OSError:
            raise StoreError(f"the datastore {os.fspath(root)} cannot be found, since the current folder is gone") from None

    def __str__(self) -> str:
        return self.root

    def get(self, key: str) -> bytes | None:
        """Read the file."""
        try:
            with open(self._file(key), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _fault("read", key, error) from error

    def open(self, key: str) -> BinaryIO:
        """Open the file, unbuffered."""
        try:
            return open(self._file(key), "rb", buffering=0)
        except FileNotFoundError:
            raise StoreError(f"the datastore {self.root} has lost the object {key}") from None
        except OSError as error:
            raise _fault("read", key, error) from error

    def put(self, key: str, data: bytes) -> None:
        """Write aside, then rename."""
        upload = self.create(key.rpartition("/")[0])
        try:
            upload.write(data)
            upload.commit(key)
        finally:
            upload.discard()

    def put_new(self, key: str, data: bytes) -> bool:
        """Write aside, then link, which fails where there is a file."""
        upload = self.create(key.rpartition("/")[0])
        try:
            upload.write(data)
            return upload.commit_new(key)
        finally:
            upload.discard()

    def create(self, near: str) -> LocalUpload:
        """Begin a file in the directory `near`."""
        return LocalUpload(self, near)

    def list(self, prefix: str) -> Iterator[str]:
        """Walk the directories."""
        folder, _, beginning = prefix.rpartition("/")
        try:
            names = [name for name in os.listdir(self._file(folder)) if name.startswith(beginning)]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _fault("list", folder, error) from error
        for name in names:
            if name.startswith(_ASIDE):
                continue
            key = f"{folder}/{name}" if folder else name
            if os.path.isdir(self._file(key)):
                yield from self.list(key + "/")
            else:
                yield key

    def claim_run(self, flow: str) -> str:
        """Make the directory of the next number: it is made once."""
        folder = self._file(flow)
        try:
            os.makedirs(folder, exist_ok=True)
            run = max((int(name) for name in os.listdir(folder) if name.isascii() and name.isdigit()), default=0)
            while True:
                run += 1
                with suppress(FileExistsError):
                    os.mkdir(os.path.join(folder, str(run)))  # atomic: the one who makes it has the id
                    return str(run)
        except OSError as error:
            raise _fault("write", flow, error) from error

    def _file(self, key: str) -> str:
        return os.path.join(self.root, key)


class LocalUpload:
    """A file written aside."""

    def __init__(self, store: LocalStore, near: str) -> None:
        self._store = store
        self._key = near
        # The name is random: other machines may write to the same directory, so a process id would not do.
        self._aside = os.path.join(store.root, near, _ASIDE + os.urandom(8).hex())
        with _explained("write", near):
            try:
                self._file = open(self._aside, "xb")  # noqa: SIM115  # open until `commit` or `discard`
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self._aside), exist_ok=True)
                self._file = open(self._aside, "xb")  # noqa: SIM115

    def write(self, data: bytes | memoryview, /) -> None:
        """Add to the file."""
        try:
            self._file.write(data)
        except OSError as error:
            raise _fault("write", self._key, error) from error

    def commit(self, key: str) -> None:
        """Rename it into place."""
        self._publish(key, os.replace)

    def commit_new(self, key: str) -> bool:
        """Publish it unless there is an object of that key; whether it was published."""
        try:
            self._publish(key, os.link)
        except FileExistsError:
            return False
        return True

    def discard(self) -> None:
        """Remove the file written aside."""
        with suppress(OSError):  # what was not flushed may not fit on the disk either
            self._file.close()
        with suppress(OSError):
            os.unlink(self._aside)

    def _publish(self, key: str, move: Callable[[str, str], None]) -> None:
        with _explained("write", key):
            self._file.close()
            try:
                move(self._aside, os.path.join(self._store.root, key))
            except FileNotFoundError:
                os.makedirs(os.path.dirname(os.path.join(self._store.root, key)), exist_ok=True)
                move(self._aside, os.path.join(self._store.root, key))


class _explained:
    """Turns errors of the operating system into `StoreError`s, all but `FileExistsError`."""

    def __init__(self, verb: str, key: str) -> None:
        self._verb, self._key = verb, key

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, FileExistsError):
            raise _fault(self._verb, self._key, error) from error


def _fault(verb: str, key: str, error: OSError) -> StoreError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            reason = "the disk is full"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            reason = f"no permission ({error.strerror})"
        case _:
            reason = error.strerror or str(error)
    place = f" ({error.filename})" if error.filename else ""
    return StoreError(f"the datastore cannot {verb} {key}: {reason}{place}")
