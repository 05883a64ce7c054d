"""`task.data`: artifacts as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .faults import near

if TYPE_CHECKING:
    from .artifact import DataArtifact


class MetaflowData:
    """The artifacts of a task: `task.data.model`, `"model" in task.data`. Each is loaded once, when it is first asked for."""

    def __init__(self, pathspec: str, artifacts: Mapping[str, DataArtifact]) -> None:
        self._pathspec = pathspec
        self._artifacts = artifacts

    def __getattr__(self, name: str) -> Any:
        artifacts: Mapping[str, DataArtifact] = self.__dict__.get("_artifacts", {})
        if name not in artifacts:
            raise AttributeError(
                f"the task {self.__dict__.get('_pathspec')} has no artifact {name}{near(name, artifacts, many=10)}"
            )
        value = artifacts[name].data
        self.__dict__[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._artifacts

    def __dir__(self) -> list[str]:
        return [*self._artifacts, *super().__dir__()]

    def __repr__(self) -> str:
        return f"<MetaflowData: {', '.join(self._artifacts)}>"
