"""What all readers of one file share: its text, the meaning of its names, and the report."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..diagnostics.model import Fix, Report, Rule
from ..diagnostics.rules import decorators as rules
from ..files import Files
from ..ir.nodes import Constant
from ..similar import did_you_mean as did_you_mean
from ..source import Source
from . import constants
from .config_values import Configs
from .module import Import, Module

if TYPE_CHECKING:
    from .contents import Contents
    from .program import Program

GUESSES: Final = 50_000
"""How many pairs of names a file's guesses may compare, about."""


@dataclass(frozen=True, slots=True)
class Context:
    """One file being read.

    Attributes:
        program: All files, which knows what is imported from others.
        name: The module's absolute name.
        is_package: The file is the `__init__.py` of a package.
        hiding: Names of the class body around, which hide those of the module: each with the expression that it is bound to,
            or None where that is not one expression.
        editable: It is a file, and no text of the command line: fixes may change it.
    """

    source: Source
    module: Module
    files: Files
    report: Report
    program: Program
    name: str
    is_package: bool = False
    hiding: Mapping[str, ast.expr | None] = field(default_factory=dict)
    editable: bool = True

    @property
    def is_program(self) -> bool:
        """Whether it is the flow's own file, which runs as a program."""
        return self.source is self.program.main.source

    @property
    def configs(self) -> Configs:
        """The flow's configs, once they are read."""
        return self.program.configs

    def inside(self, names: Mapping[str, ast.expr | None]) -> Context:
        """The same file, within a class body that binds these names."""
        return replace(self, hiding=names)

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
        fix = fix if self.editable else None
        self.report.add(rule, message, self.source.span(node), label, also=places, help=help, fix=fix)

    def api_name(self, node: ast.expr) -> str | None:
        """The name in flowc's API of what an expression names, through whatever files it was imported; None for all else."""
        if (name := self.module.api_name(node)) is not None:
            return name
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in self.module.api_modules:
            return None
        places = self.module.bindings.get(root.id)
        if places is None and not self.module.stars:
            return None
        if places and not any(isinstance(one.value, Import | ast.Name | ast.Attribute) for one in places):
            return None
        return self.program.api_name(self, node)

    def constant(self, node: ast.expr) -> Constant:
        """The value of a constant expression; raises `constants.NotConstant`."""
        return constants.evaluate(node, self)

    def lookup(self, node: ast.Name | ast.Attribute) -> tuple[ast.expr, constants.Scope] | None:
        """What a name is bound to, as `constants.Scope` asks."""
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.hiding:
            if isinstance(node, ast.Attribute):
                return None
            bound = self.hiding[root.id]
            if bound is None:
                raise constants.NotConstant(node, f"`{root.id}` is assigned more than once")
            return bound, self
        return self.program.constant(self, node)

    def is_builtin(self, name: str) -> bool:
        """Whether nothing in the file can have given this name of Python's own another meaning."""
        return name not in self.hiding and name not in self.module.bindings and not self.module.stars

    def not_constant(self, what: str, reason: constants.NotConstant, help: str = "") -> None:
        """Report that an expression is no constant, unless it is so because of what is reported already."""
        if reason.told:
            return
        plain = reason.rule is rules.NOT_CONSTANT
        message = f"{what} is not a constant: {reason.reason}" if plain else reason.reason
        self.fault(reason.rule, message, reason.node, "not constant" if plain else "", help=reason.help or help)

    def contents(self, node: ast.stmt) -> Contents:
        """What stands in a method, or in another statement of a class body."""
        return self.program.contents(node)

    def guess(self, name: str, known: Collection[str]) -> str | None:
        """The known name that was likely meant, as long as guesses do not cost more than they help.

        A guess looks at all names. Where a file has thousands of them, and as many faults, only the first faults have guesses.
        """
        return did_you_mean(name, known) if len(self.report.diagnostics) * len(known) <= GUESSES else None
