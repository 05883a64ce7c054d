"""The values of a flow's `Config`s while its other expressions are read.

`configs` finds them out, once for a flow; `constants` looks them up where an expression says `config.a.b` or
`config_expr("config.a.b")`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..given import NOTHING, Given
from ..ir.nodes import Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigValue:
    """One config, as far as expressions are concerned.

    Attributes:
        name: Its name on the command line, which is also what `config_expr` calls it.
        attribute: Its name in the class.
        value: What it holds; None also where `known` is false.
        known: It could be read. What could not is reported once, and not again wherever the config is used.
        plain: It is a plain dictionary or whatever else, whose keys are no attributes.
        origin: Where the value is from, for messages: `config.json`, `the default value`.
    """

    name: str
    attribute: str
    value: Constant
    known: bool
    plain: bool
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configs:
    """The configs of a flow.

    Attributes:
        folder: The folder of the flow's file as it was given, with a separator at its end, "" for the current one: where default
            paths start.
        given: What the command line says.
        by_call: By the identity of the call `Config(…)` in the syntax tree, which is what a name in scope is bound to.
        by_name: By the name on the command line.
    """

    folder: str = ""
    given: Given = NOTHING
    by_call: Mapping[int, ConfigValue] = field(default_factory=dict)
    by_name: Mapping[str, ConfigValue] = field(default_factory=dict)

    def called(self, node: ast.expr) -> ConfigValue | None:
        """The config that a call of `Config` makes."""
        return self.by_call.get(id(node))


NO_CONFIGS: Final = Configs()


def paths_of(folder: str, path: str) -> Iterable[str]:
    """Where a default path may lead: from the flow's folder, and else from the current one, as Metaflow has it.

    A flow that is compiled from another folder means the same files; one that counts on being started in the root of its
    project still finds them.
    """
    if not folder or path.startswith(("/", "~")):
        return (path,)
    return (folder + path, path)
