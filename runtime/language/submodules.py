"""What `metaflow.exception`, `metaflow.cards` and the like are in a run of flowc: the names that programs import from there."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

_FACE: Final = ""
_COMPONENT: Final = "card:Component"

_S3: Final = {
    "S3": _FACE,
    **dict.fromkeys(("RangeInfo", "S3GetObject", "S3Object", "S3PutObject"), "..s3.objects"),
    **dict.fromkeys(
        (
            *("MetaflowS3AccessDenied", "MetaflowS3Exception", "MetaflowS3InsufficientDiskSpace", "MetaflowS3InvalidObject"),
            *("MetaflowS3InvalidRange", "MetaflowS3NotFound", "MetaflowS3URLException"),
        ),
        ".exceptions",
    ),
}

SUBMODULES: Final[Mapping[str, Mapping[str, str]]] = {
    "cards": dict.fromkeys(
        (
            *("Artifact", "Error", "EventsTimeline", "Image", "JSONViewer", "Markdown", "MetaflowCard", "MetaflowCardComponent"),
            *("ProgressBar", "PythonCode", "Table", "ValueBox", "VegaChart", "YAMLViewer"),
        ),
        _COMPONENT,
    ),
    "client": dict.fromkeys(
        ("DataArtifact", "Flow", "Metaflow", "Run", "Step", "Task", "namespace", "get_namespace", "metadata"), _FACE
    ),
    "exception": dict.fromkeys(
        (
            *("CommandException", "ExternalCommandFailed", "MetaflowDataMissing", "MetaflowException", "MetaflowInternalError"),
            *("MetaflowInvalidPathspec", "MetaflowNamespaceMismatch", "MetaflowNotFound", "MetaflowTaggingError"),
            *("MetaflowUnknownUser", "MissingInMergeArtifactsException", "UnhandledInMergeArtifactsException"),
        ),
        ".exceptions",
    ),
    **dict.fromkeys(("datatools", "datatools.s3", "plugins.datatools", "plugins.datatools.s3", "plugins.datatools.s3.s3"), _S3),
    "flowspec": {"FlowSpec": _FACE},
    "includefile": {"IncludeFile": _FACE},
    "metaflow_current": {"current": _FACE},
    "multicore_utils": {"parallel_imap_unordered": _FACE, "parallel_map": _FACE},
    "parameters": {"JSONType": _FACE, "Parameter": _FACE},
    "plugins": {},
    "plugins.aws": {},
    "plugins.aws.aws_client": {"get_aws_client": _FACE},
    "user_configs": {},
    "user_configs.config_parameters": {"Config": _FACE, "ConfigValue": _FACE, "config_expr": _FACE},
}
"""By module, its names, and where each is: in flowc's face, in a module of this package, or a class that stands for it. The
compiler's list is in `compiler/frontend/face.py`."""


class Submodule(ModuleType):
    """A module below `metaflow`."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "A module of Metaflow's, as far as flowc has it.")
        self._names = SUBMODULES[name.partition(".")[2]]
        self.__all__ = sorted(self._names)
        self.__path__ = []  # it may have submodules

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        place = self._names.get(name)
        if place is None:
            raise ImportError(
                f"flowc does not have Metaflow's `{self.__name__.partition('.')[2]}.{name}` yet", name=self.__name__
            )
        value: Any
        if place == _COMPONENT:
            from .card import Component

            value = type(name, (Component,), {"__doc__": Component.__doc__, "__module__": self.__name__})
        else:
            value = getattr(importlib.import_module(place or "...", __package__), name)
        setattr(self, name, value)
        return value
