"""flowc, an ahead-of-time compiler for Python flows: the names that a flow's file imports.

    from flowc import FlowSpec, Parameter, step

Names are imported when they are first asked for, so that `import flowc` costs next to nothing. `from metaflow import …` means the
same names in a run of flowc.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers go by the name; `typing` itself takes longer to import than all of this file
if TYPE_CHECKING:
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

__version__ = "0.1.0"

__all__ = [
    "Config",
    "ConfigValue",
    "FlowSpec",
    "IncludeFile",
    "Inputs",
    "JSONType",
    "Parameter",
    "batch",
    "card",
    "catch",
    "conda",
    "conda_base",
    "config_expr",
    "current",
    "environment",
    "exit_hook",
    "kubernetes",
    "parallel_imap_unordered",
    "parallel_map",
    "project",
    "pypi",
    "pypi_base",
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
    "Config": "config",
    "ConfigValue": "config",
    "FlowSpec": "flowspec",
    "IncludeFile": "include",
    "Inputs": "inputs",
    "JSONType": "parameter",
    "Parameter": "parameter",
    "config_expr": "config",
    "current": "current",
    "parallel_imap_unordered": "parallel",
    "parallel_map": "parallel",
}
"""Where names are that are no decorators."""


def __getattr__(name: str) -> object:
    if name in __all__:
        from importlib import import_module

        module = import_module(f".runtime.language.{_MODULES.get(name, 'decorators')}", __name__)
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
