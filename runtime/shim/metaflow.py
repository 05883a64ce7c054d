"""`metaflow` for a machine without Metaflow: flowc's names, so that `python flow.py run` works there.

Installed beside flowc as a top-level module. A real `metaflow` package in the same place wins over it, as packages do over
modules.
"""

import flowc
from flowc import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]  # the point of this module


def __getattr__(name: str) -> object:
    return getattr(flowc, name)  # flowc's message for a name that it does not have yet
