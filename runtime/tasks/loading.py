"""Imports the file that a flow is written in, and finds the flow's class there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..children import leave_if_forked
from ..errors import LoadError
from ..failure import trimmed_traceback
from ..language.absent import stand_in_for
from ..language.config import provided
from ..language.flowspec import FlowSpec
from ..language.metaflow import answer_for_metaflow
from ..plan import ConfigSpec


class ProcessEnded(BaseException):
    """The user's module asked for the end of the process, past all handlers.

    Attributes:
        code: The exit code that it asked for.
    """

    def __init__(self, code: object) -> None:
        super().__init__(f"os._exit({code!r})")
        self.code = code


def load_flow_class(
    flow_file: Path, class_name: str, configs: Sequence[ConfigSpec] = (), absent: Sequence[str] = ()
) -> type[FlowSpec]:
    """Import a flow's file as a module of its own name, and return the flow's class.

    The file's folder becomes the first on `sys.path`, as when Python runs the file. The module is registered, so that
    pickles find the classes in it. `if __name__ == "__main__"` does not fire.

    Args:
        configs: What the compiler found, so that the module's `Config`s have their values while it is imported.
        absent: What the module may import though flowc does not have it, since nothing uses it.

    Raises:
        LoadError: The import fails, with the user's traceback; or there is no such class, or it is no flow.
    """
    import importlib.util

    try:
        path = flow_file.absolute()
    except OSError:
        raise LoadError(f"{flow_file} cannot be found, since the current folder is gone: change to one that exists") from None
    file, folder = str(path), str(path.parent)
    name = path.stem.replace(".", "_")
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) != file:
        raise LoadError(f"{file} has the name of the module `{name}`, which is already imported: give the file another name")
    answer_for_metaflow()
    stand_in_for(absent)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    pid = os.getpid()
    try:
        with _exits_are_faults(), provided(configs):
            spec.loader.exec_module(module)
        leave_if_forked(pid)
    except (Exception, SystemExit, ProcessEnded) as error:
        leave_if_forked(pid, error)
        sys.modules.pop(name, None)
        if isinstance(error, ProcessEnded):
            message = f"the process ended while importing {file}, with exit code {error.code}"
            raise LoadError(message, trimmed_traceback(error)) from error
        if isinstance(error, FileNotFoundError) and error.filename == file:
            raise LoadError(f"there is no file {file}") from None
        if isinstance(error, LoadError):  # of a part of flowc that the module uses wrongly: its message is for the user
            raise LoadError(f"the import of {file} failed: {error}", trimmed_traceback(error)) from error
        raise LoadError(f"the import of {file} failed: {type(error).__name__}: {error}", trimmed_traceback(error)) from error
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, FlowSpec)):
        raise LoadError(f"{file} has no class `{class_name}` that derives from flowc's FlowSpec")
    return found


@contextmanager
def _exits_are_faults() -> Iterator[None]:
    """Let `os._exit` raise meanwhile: the import runs in the process that answers for the run, which would end as if
    all was well.

    Only in this process: the children of a module that forks end by `os._exit`, and should.
    """
    really_exit, pid, importing = os._exit, os.getpid(), True

    def _exit(status: int) -> None:
        if importing and os.getpid() == pid:
            raise ProcessEnded(status)
        really_exit(status)  # also of a module that kept the name: `from os import _exit`

    os._exit = _exit  # type: ignore[assignment]  # it never returns; neither does this
    try:
        yield
    finally:
        importing = False
        os._exit = really_exit
