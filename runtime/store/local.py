"""Objects as plain files in a directory.

An object is written aside, in the directory where it will be, and then renamed or linked into place, so that nobody ever sees
half of one. Nothing is synced to the disk: a machine that loses its power may lose the last seconds of a run.
"""

# File names are plain text here: a Path for each costs more than some of the calls do.
# ruff: noqa: PTH100, PTH103, PTH104, PTH108, PTH112, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

from ..errors import StoreError

DEFAULT_ROOT = ".flowc"
_ASIDE = ".tmp-"
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)


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

    @property
    def url(self) -> str:
        """The directory."""
        return self.root

    def prepare(self) -> None:
        """Nothing to do."""

    def get(self, key: str, start: int = 0) -> bytes | None:
        """Read the file."""
        try:
            with open(self._file(key), "rb") as file:
                if start:
                    file.seek(start)
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

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes | None]:
        """Read the files, one by one: they are at hand."""
        return map(self.get, keys)

    def read_into(self, key: str, buffer: memoryview, offset: int = 0) -> None:
        """Read the file from there."""
        with self.open(key) as file, _explained("read", key):
            file.seek(offset)
            done = 0
            while done < len(buffer):
                count: int = file.readinto(buffer[done:])  # type: ignore[attr-defined]  # BinaryIO lacks it; all binary files have it
                if not count:
                    raise StoreError(f"the object {key} is damaged: it ends after {offset + done} bytes")
                done += count

    def file(self, key: str) -> str:
        """The file's path."""
        return self._file(key)

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

    def copy(self, source: str, target: str) -> None:
        """Link the file, or copy it where the file system has no links."""
        import shutil

        upload = self.create(target.rpartition("/")[0])
        try:
            with _explained("write", target):
                os.unlink(upload.aside)
                try:
                    os.link(self._file(source), upload.aside)
                except FileNotFoundError:
                    raise StoreError(f"the datastore {self.root} has lost the object {source}") from None
                except OSError:
                    shutil.copyfile(self._file(source), upload.aside)
            upload.commit(target)
        finally:
            upload.discard()

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

    def folders(self, prefix: str) -> Iterator[str]:
        """List the directory."""
        folder = prefix.removesuffix("/")
        try:
            with os.scandir(self._file(folder)) as found:
                yield from [entry.name for entry in found if entry.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _fault("list", folder, error) from error

    def _file(self, key: str) -> str:
        return os.path.join(self.root, key)


class LocalUpload:
    """A file written aside."""

    def __init__(self, store: LocalStore, near: str) -> None:
        self._store = store
        self._key = near
        # The name is random: other machines may write to the same directory, so a process id would not do.
        self.aside = os.path.join(store.root, near, _ASIDE + os.urandom(8).hex())
        with _explained("write", near):
            try:
                self._file = open(self.aside, "xb")  # noqa: SIM115  # open until `commit` or `discard`
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self.aside), exist_ok=True)
                self._file = open(self.aside, "xb")  # noqa: SIM115

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
            self._publish(key, _link)
        except FileExistsError:
            return False
        return True

    def discard(self) -> None:
        """Remove the file written aside."""
        with suppress(OSError):  # what was not flushed may not fit on the disk either
            self._file.close()
        with suppress(OSError):
            os.unlink(self.aside)

    def _publish(self, key: str, move: Callable[[str, str], None]) -> None:
        with _explained("write", key):
            self._file.close()
            try:
                move(self.aside, os.path.join(self._store.root, key))
            except FileNotFoundError:
                os.makedirs(os.path.dirname(os.path.join(self._store.root, key)), exist_ok=True)
                move(self.aside, os.path.join(self._store.root, key))


def _link(aside: str, path: str) -> None:
    """Give a file a second name, which nothing has. Where the file system knows no second names, as exFAT and many network ones,
    move it there under a lock, which the system takes back from whoever dies."""
    try:
        os.link(aside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            import fcntl
        except ImportError:  # Windows, where this is not what the error says
            raise error from None
        with open(os.path.join(os.path.dirname(path), _ASIDE + "lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
            os.rename(aside, path)


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
        case errno.ENOTDIR:
            reason = "a part of this path is a file where there should be a folder"
        case _:
            reason = error.strerror or str(error)
    place = f" ({error.filename})" if error.filename else ""
    return StoreError(f"the datastore cannot {verb} {key}: {reason}{place}")
