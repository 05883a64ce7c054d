"""What all readers of one file share: its text, the meaning of its names, and the report."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from ..diagnostics.model import Report, Rule
from ..files import Files
from ..ir.nodes import Constant
from ..source import Source
from . import constants
from .module import Module

GUESSES: Final = 50_000
"""How many pairs of names a file's guesses may compare, about."""


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
    ) -> None:
        """Report a fault at a syntax node."""
        places = [(self.source.span(other), text) for other, text in also]
        self.report.add(rule, message, self.source.span(node), label, also=places, help=help)

    def constant(self, node: ast.expr) -> Constant:
        """The value of a constant expression; raises `constants.NotConstant`."""
        return constants.evaluate(node, self.module.constants)

    def guess(self, name: str, known: Collection[str]) -> str | None:
        """The known name that was likely meant, as long as guesses do not cost more than they help.

        A guess looks at all names. Where a file has thousands of them, and as many faults, only the first faults have guesses.
        """
        return did_you_mean(name, known) if len(self.report.diagnostics) * len(known) <= GUESSES else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, if any does."""
    from difflib import get_close_matches  # only ever needed for a message

    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
