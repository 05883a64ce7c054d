"""What all readers of one file share: its text, the meaning of its names, and the report."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from ..diagnostics.model import Report, Rule
from ..diagnostics.rules import decorators as rules
from ..files import Files
from ..ir.nodes import Constant
from ..source import Source
from . import constants
from .config_values import NO_CONFIGS, Configs
from .module import Module
from .similar import did_you_mean as did_you_mean


@dataclass(frozen=True, slots=True)
class Context:
    """One file being read."""

    source: Source
    module: Module
    files: Files
    report: Report
    configs: Configs = NO_CONFIGS

    def fault(
        self,
        rule: Rule,
        message: str,
        node: ast.expr | ast.stmt | ast.arg | ast.keyword,
        label: str = "",
        *,
        also: Iterable[tuple[ast.expr | ast.stmt | ast.arg | ast.keyword, str]] = (),
        help: str = "",
    ) -> None:
        """Report a fault at a syntax node."""
        places = [(self.source.span(other), text) for other, text in also]
        self.report.add(rule, message, self.source.span(node), label, also=places, help=help)

    def constant(self, node: ast.expr) -> Constant:
        """The value of a constant expression; raises `constants.NotConstant`."""
        return constants.evaluate(node, self)

    def lookup(self, node: ast.Name | ast.Attribute) -> tuple[ast.expr, constants.Scope] | None:
        """What a name is bound to, as `constants.Scope` asks."""
        if isinstance(node, ast.Attribute):
            return None
        if node.id not in self.module.constants:
            raise constants.NotConstant(node, f"`{node.id}` is not a constant of this module")
        bound = self.module.constants[node.id]
        if bound is None:
            raise constants.NotConstant(node, f"`{node.id}` is assigned more than once")
        return bound, self

    def api_name(self, node: ast.expr) -> str | None:
        """The name in flowc's API of what an expression names; None for all else."""
        return self.module.api_name(node)

    def is_builtin(self, name: str) -> bool:
        """Whether nothing in the file can have given this name of Python's own another meaning."""
        return name not in self.module.bound and name not in self.module.constants and not self.module.open

    def not_constant(self, what: str, reason: constants.NotConstant, help: str = "") -> None:
        """Report that an expression is no constant, unless it is so because of what is reported already."""
        if reason.told:
            return
        plain = reason.rule is rules.NOT_CONSTANT
        message = f"{what} is not a constant: {reason.reason}" if plain else reason.reason
        self.fault(reason.rule, message, reason.node, "not constant" if plain else "", help=reason.help or help)
