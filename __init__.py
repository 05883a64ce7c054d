"""flowc, an ahead-of-time compiler for Python flows: the names that a flow's file imports.

    from flowc import FlowSpec, Parameter, step

Names are imported when they are first asked for, so that `import flowc` costs next to nothing. `from metaflow import …` means the
same names in a run of flowc.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers go by the name; `typing` itself takes longer to import than all of this file
if TYPE_CHECKING:
    from .runtime.artifacts.serializers import register_serializer
    from .runtime.client.artifact import DataArtifact
    from .runtime.client.flow import Flow, Metaflow
    from .runtime.client.namespaces import default_namespace, get_namespace, namespace
    from .runtime.client.places import default_metadata, get_metadata, metadata
    from .runtime.client.run import Run
    from .runtime.client.step import Step
    from .runtime.client.task import Task
    from .runtime.language.aws import get_aws_client
    from .runtime.language.config import Config, ConfigValue, config_expr
    from .runtime.language.current import current
    from .runtime.language.decorators import (
        batch,
        card,
        catch,
        conda,
        conda_base,
        environment,
        exit_hook,
        foreach,
        kubernetes,
        project,
        pypi,
        pypi_base,
        resources,
        retry,
        schedule,
        secrets,
        step,
        timeout,
        trigger,
        trigger_on_finish,
    )
    from .runtime.language.flowspec import FlowSpec
    from .runtime.language.include import IncludeFile
    from .runtime.language.inputs import Inputs
    from .runtime.language.parallel import parallel_imap_unordered, parallel_map
    from .runtime.language.parameter import JSONType, Parameter
    from .runtime.language.profile import profile
    from .runtime.s3.client import S3

__version__ = "0.1.0"

__all__ = [
    "S3",
    "Config",
    "ConfigValue",
    "DataArtifact",
    "Flow",
    "FlowSpec",
    "IncludeFile",
    "Inputs",
    "JSONType",
    "Metaflow",
    "Parameter",
    "Run",
    "Step",
    "Task",
    "batch",
    "card",
    "catch",
    "conda",
    "conda_base",
    "config_expr",
    "current",
    "default_metadata",
    "default_namespace",
    "environment",
    "exit_hook",
    "foreach",
    "get_aws_client",
    "get_metadata",
    "get_namespace",
    "kubernetes",
    "metadata",
    "namespace",
    "parallel_imap_unordered",
    "parallel_map",
    "profile",
    "project",
    "pypi",
    "pypi_base",
    "register_serializer",
    "resources",
    "retry",
    "schedule",
    "secrets",
    "step",
    "timeout",
    "trigger",
    "trigger_on_finish",
]

_MODULES = {
    "Config": "language.config",
    "ConfigValue": "language.config",
    "DataArtifact": "client.artifact",
    "Flow": "client.flow",
    "FlowSpec": "language.flowspec",
    "IncludeFile": "language.include",
    "Inputs": "language.inputs",
    "JSONType": "language.parameter",
    "Metaflow": "client.flow",
    "Parameter": "language.parameter",
    "Run": "client.run",
    "S3": "s3.client",
    "Step": "client.step",
    "Task": "client.task",
    "config_expr": "language.config",
    "current": "language.current",
    "default_metadata": "client.places",
    "default_namespace": "client.namespaces",
    "get_aws_client": "language.aws",
    "get_metadata": "client.places",
    "get_namespace": "client.namespaces",
    "metadata": "client.places",
    "namespace": "client.namespaces",
    "parallel_imap_unordered": "language.parallel",
    "parallel_map": "language.parallel",
    "profile": "language.profile",
    "register_serializer": "artifacts.serializers",
}
"""Where names are that are no decorators."""


def __getattr__(name: str) -> object:
    if name in __all__:
        from importlib import import_module

        module = import_module(f".runtime.{_MODULES.get(name, 'language.decorators')}", __name__)
        value: object = getattr(module, name)
        globals()[name] = value
        return value
    if not name.startswith("__"):
        from .runtime.language.absent import NOT_YET, answer

        if name in NOT_YET:
            return answer(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
