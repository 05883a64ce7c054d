"""What names in a constant expression mean, and why an expression is none."""

from __future__ import annotations

import ast
from typing import Protocol

from ..diagnostics.model import Rule
from ..diagnostics.rules import decorators as rules
from ..source import Source
from .config_values import Configs


class NotConstant(Exception):
    """The expression cannot be worked out.

    Attributes:
        node: The part at fault.
        reason: Why, as the end of a sentence.
        rule: What is wrong where that is more than that it is no constant; the reason then is the whole message.
        help: What to write instead, where this is known here.
        told: It is a consequence of something that is reported elsewhere.
    """

    def __init__(
        self, node: ast.expr, reason: str, *, rule: Rule = rules.NOT_CONSTANT, help: str = "", told: bool = False
    ) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason
        self.rule = rule
        self.help = help
        self.told = told

    def seen_from(self, node: ast.expr, place: str = "") -> NotConstant:
        """The same, told of another part: one that the reader can see."""
        return NotConstant(node, f"{self.reason}{place}", rule=self.rule, help=self.help, told=self.told)


class Scope(Protocol):
    """What names mean at one place of one file."""

    @property
    def source(self) -> Source:
        """The file."""
        ...

    @property
    def configs(self) -> Configs:
        """The configs of the flow."""
        ...

    def lookup(self, node: ast.Name | ast.Attribute) -> tuple[ast.expr, Scope] | None:
        """The expression that a name, or a name of a module (`settings.MB`), is bound to, with the scope that it stands in.

        None for an attribute of anything else than a module: that is an operation on a value.

        Raises:
            NotConstant: The name is not bound to one expression.
        """
        ...

    def api_name(self, node: ast.expr) -> str | None:
        """The name in flowc's API of what an expression names, or None."""
        ...

    def is_builtin(self, name: str) -> bool:
        """Whether nothing in the file can have given this name of Python's own another meaning."""
        ...
