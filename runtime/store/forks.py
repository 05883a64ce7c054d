"""Object stores in processes that are forked from one which has used them, as those of `parallel_map` are.

obstore's threads are not copied by a fork, and whatever asks for them in the child waits forever, a new client too: the threads
belong to the library, which a process loads once. So such a child loads it once more, from a copy of its file, which has threads
of its own. That takes some 20 ms, and only in a child that uses a store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from types import ModuleType

_NAME = "obstore"
_LIBRARY = "obstore._obstore"
_used = False
_old: list[ModuleType] = []
"""The parent's modules. They stay: what they do at their end would ask for threads that are not there."""


def renew_in_children() -> None:
    """From now on, a child that this process forks loads obstore anew when it imports it.

    To be called before a client is used. Clients must be made in the process that uses them, by names imported there.
    """
    global _used
    if not _used:
        _used = True
        os.register_at_fork(after_in_child=_forget)


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == _NAME]:
        _old.append(sys.modules.pop(name))
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds the library where it is, and has it loaded from a copy."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target) if name == _LIBRARY else None
        if found is None or found.origin is None:
            return None
        return spec_from_file_location(name, found.origin, loader=_Loader(name, found.origin))


class _Loader(ExtensionFileLoader):
    """Loads a copy, which need not stay: the system keeps what is loaded."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        with _copied(self.path) as path:
            spec.origin = path
            try:
                return super().create_module(spec)
            finally:
                spec.origin = self.path


@contextmanager
def _copied(library: str) -> Iterator[str]:
    """The path of a copy: in memory, for a container may have no folder that it may write to and load from; else in a file."""
    import shutil

    try:
        handle = os.memfd_create(_NAME)
        path = f"/proc/{os.getpid()}/fd/{handle}"  # with the process's id: its parent may have loaded one of the same number
    except (AttributeError, OSError):
        import tempfile

        try:
            handle, path = tempfile.mkstemp(prefix="flowc-", suffix=".so")
        except OSError as error:
            raise ImportError(f"a copy of it can be written nowhere: {error.strerror}") from error
    try:
        with open(library, "rb") as source, open(handle, "wb", closefd=False) as target:  # noqa: PTH123
            shutil.copyfileobj(source, target, 1 << 20)
        yield path
    finally:
        os.close(handle)
        if not path.startswith("/proc/"):
            os.unlink(path)  # noqa: PTH108  # this module must cost little to import
