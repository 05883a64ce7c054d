"""Makes `from metaflow import FlowSpec, step` mean flowc's.

In a run of flowc it always does, whether metaflow is installed or not: a laptop where it is and a container where it is not
must run the same flow.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType

_NAME = "metaflow"


def answer_for_metaflow() -> None:
    """From now on, `import metaflow` gives flowc's face. To be called before a user's module is imported."""
    if isinstance(sys.modules.get(_NAME), _Face):
        return
    for name in [name for name in sys.modules if name == _NAME or name.startswith(_NAME + ".")]:
        del sys.modules[name]
    sys.modules[_NAME] = _Face(_NAME)
    sys.meta_path.insert(0, _NoSubmodules())


class _Face(ModuleType):
    """A module that hands all names on to flowc's face."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Metaflow's language, as flowc speaks it.")
        self._face = importlib.import_module("...", __package__)
        self.__all__ = list(self._face.__all__)
        self.__path__ = []  # it has submodules, says this, so that the finder below is asked about them

    def __getattr__(self, name: str) -> object:
        return getattr(self._face, name)


class _NoSubmodules(MetaPathFinder):
    """Says clearly that flowc has no `metaflow.cards` and the like."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.startswith(_NAME + "."):
            raise ModuleNotFoundError(f"flowc does not have `{name}` yet: it answers for `metaflow` itself only", name=name)
