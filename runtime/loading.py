"""Imports the file that a flow is written in, and finds the flow's class there."""

from __future__ import annotations

import sys
from pathlib import Path

from .errors import LoadError
from .failure import trimmed_traceback
from .flowspec import FlowSpec
from .metaflow import answer_for_metaflow


def load_flow_class(flow_file: Path, class_name: str) -> type[FlowSpec]:
    """Import a flow's file as a module of its own name, and return the flow's class.

    The file's folder becomes the first on `sys.path`, as when Python runs the file. The module is registered, so that
    pickles find the classes in it. `if __name__ == "__main__"` does not fire.

    Raises:
        LoadError: The import fails, with the user's traceback; or there is no such class, or it is no flow.
    """
    import importlib.util

    path = flow_file.absolute()
    file, folder = str(path), str(path.parent)
    name = path.stem.replace(".", "_")
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) != file:
        raise LoadError(f"{file} has the name of the module `{name}`, which is already imported: give the file another name")
    answer_for_metaflow()
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        if isinstance(error, FileNotFoundError) and error.filename == file:
            raise LoadError(f"there is no file {file}") from None
        raise LoadError(f"the import of {file} failed: {type(error).__name__}: {error}", trimmed_traceback(error)) from error
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, FlowSpec)):
        raise LoadError(f"{file} has no class `{class_name}` that derives from flowc's FlowSpec")
    return found
