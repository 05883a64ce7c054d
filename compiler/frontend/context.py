"""What all readers of one file share: its text, the meaning of its names, and the report."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from ..diagnostics.model import Fix, Report, Rule
from ..files import Files
from ..ir.nodes import Constant
from ..similar import did_you_mean as did_you_mean
from ..source import Source
from . import constants
from .module import Module


@dataclass(frozen=True, slots=True)
class Context:
    """One file being read."""

    source: Source
    module: Module
    files: Files
    report: Report

    def fault(
        self,
        rule: Rule,
        message: str,
        node: ast.expr | ast.stmt | ast.arg | ast.keyword,
        label: str = "",
        *,
        also: Iterable[tuple[ast.expr | ast.stmt | ast.arg | ast.keyword, str]] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        """Report a fault at a syntax node."""
        places = [(self.source.span(other), text) for other, text in also]
        self.report.add(rule, message, self.source.span(node), label, also=places, help=help, fix=fix)

    def constant(self, node: ast.expr) -> Constant:
        """The value of a constant expression; raises `constants.NotConstant`."""
        return constants.evaluate(node, self.module.constants)
