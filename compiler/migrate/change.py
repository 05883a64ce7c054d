"""What is to be done to imports, as data, and doing it."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from ..frontend.metaflows import OURS, is_within, what_to_do

Statement = cst.Import | cst.ImportFrom


@dataclass(frozen=True, slots=True)
class New:
    """A statement that comes in place of another, with the comment that goes along."""

    statement: Statement
    comment: cst.Comment | None = None


@dataclass(slots=True)
class Plan:
    """What is to be done in a tree.

    Attributes:
        replaced: By the id of a statement: what comes in its place.
        renamed: Ids of the names `metaflow` that become `flowc`.
        left: Nodes that stay, with the message and what to do.
    """

    replaced: dict[int, list[New]] = field(default_factory=dict)
    renamed: set[int] = field(default_factory=set)
    left: list[tuple[cst.CSTNode, str, str]] = field(default_factory=list)

    def leave(self, node: cst.CSTNode, name: str) -> None:
        """Leave a name that flowc lacks."""
        self.left.append((node, f"flowc has no `{name}`", what_to_do(name)))


def dotted(node: cst.BaseExpression | None) -> str:
    """`a.b.c` of a name or an attribute, else an empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join([node.value, *reversed(parts)]) if isinstance(node, cst.Name) else ""


def is_of_either(statement: Statement) -> bool:
    """Whether a statement imports Metaflow, flowc, or what is in them."""
    modules: list[str] = []
    if isinstance(statement, cst.Import):
        modules = [dotted(alias.name) for alias in statement.names]
    elif not statement.relative:
        modules = [dotted(statement.module)]
    return any(is_within(one) or one == OURS for one in modules)


def change_imports(module: cst.Module, plan: Plan) -> cst.Module:
    """The tree with the plan carried out."""
    changed = module.visit(_Change(plan))
    assert isinstance(changed, cst.Module), "a module stays one"
    return changed


class _Change(cst.CSTTransformer):
    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return updated_node.with_changes(value=OURS) if id(original_node) in self.plan.renamed else updated_node

    def leave_Import(
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement]:
        return self._in_place(original_node, updated_node)

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement]:
        return self._in_place(original_node, updated_node)

    def _in_place(
        self, original: Statement, updated: Statement
    ) -> cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement]:
        new = self.plan.replaced.get(id(original))
        if new is None:
            return updated
        statements = [one.statement for one in new]
        if len(statements) > 1:
            statements[0] = statements[0].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        statements[-1] = statements[-1].with_changes(semicolon=updated.semicolon)
        return cst.FlattenSentinel(statements) if len(statements) > 1 else statements[0]

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        if len(original_node.body) != 1 or len(updated_node.body) < 2:
            return updated_node
        newline = original_node.trailing_whitespace.newline
        lines = [updated_node.with_changes(body=updated_node.body[:1])]
        for one in self.plan.replaced[id(original_node.body[0])][1:]:
            trailing = cst.TrailingWhitespace(cst.SimpleWhitespace("  " if one.comment else ""), one.comment, newline)
            lines.append(
                cst.SimpleStatementLine(
                    [one.statement.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)], trailing_whitespace=trailing
                )
            )
        return cst.FlattenSentinel(lines)
