"""Makes `from metaflow import FlowSpec, step` mean flowc's.

In a run of flowc it always does, whether metaflow is installed or not: a laptop where it is and a container where it is not
must run the same flow.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from .submodules import SUBMODULES, Submodule

_NAME = "metaflow"


def answer_for_metaflow() -> None:
    """From now on, `import metaflow` gives flowc's face. To be called before a user's module is imported."""
    if isinstance(sys.modules.get(_NAME), _Face):
        return
    for name in [name for name in sys.modules if name == _NAME or name.startswith(_NAME + ".")]:
        del sys.modules[name]
    sys.modules[_NAME] = _Face(_NAME)
    sys.meta_path.insert(0, _Submodules())


class _Face(ModuleType):
    """A module that hands all names on to flowc's face."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Metaflow's language, as flowc speaks it.")
        self._face = importlib.import_module("...", __package__)
        self.__all__ = list(self._face.__all__)
        self.__path__ = []  # it has submodules, says this, so that the finder below is asked about them

    def __getattr__(self, name: str) -> object:
        if name in SUBMODULES:
            return importlib.import_module(f"{_NAME}.{name}")
        return getattr(self._face, name)


class _Submodules:
    """Finds `metaflow.exception` and the like, and says clearly that flowc has no others."""

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        if not name.startswith(_NAME + "."):
            return None
        if name.partition(".")[2] in SUBMODULES:
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # a loader, without the base that costs an import
        raise ModuleNotFoundError(f"flowc does not have `{name}` yet", name=name)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Submodule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass
