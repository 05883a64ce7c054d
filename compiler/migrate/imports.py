"""Imports of a Python file, in libcst's tree, which keeps every blank and comment.

    from metaflow import (          ▶   from flowc import (
        FlowSpec,  # the base               FlowSpec,  # the base
        S3,  # the store                    step,
        step,                           )
    )                                   from metaflow import S3  # the store

Names that flowc lacks keep an import of Metaflow's own. An import in the `except ImportError:` of a `try` that imports Metaflow
or flowc stays: it is for where the other one is not to be had.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import libcst as cst
from libcst import metadata

from ..frontend.metaflows import ELSEWHERE, MODULE, OURS, is_within
from .change import New, Plan, Statement, dotted, is_of_either
from .modules import plan_modules

IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
IMPORTERS = frozenset({"import_module", "__import__", "find_spec", "importorskip", "patch", "setattr", "setitem"})
"""Functions that take a module's name, or what is in it, as text."""


def plan_imports(wrapper: metadata.MetadataWrapper, names: Set[str]) -> Plan:
    """Decide what becomes of each import.

    Args:
        wrapper: The file.
        names: What can be imported from flowc.
    """
    plan = Plan()
    found = _Finder()
    wrapper.module.visit(found)
    for statement in found.from_imports:
        if id(statement) not in found.fallbacks:
            _plan_from(statement, names, plan)
    modules = [node for node in found.imports if id(node) not in found.fallbacks]
    for one in modules:
        for alias in one.names:
            if (module := dotted(alias.name)) != MODULE and is_within(module):
                plan.leave(alias, module)
    if any(dotted(alias.name) == MODULE for one in modules for alias in one.names):
        plan_modules(wrapper, modules, found.attributes, names, plan)
    plan.left += [
        (node, f"`{text}` is imported by its name as text", "flowc does not see such imports") for node, text in found.texts
    ]
    return plan


class _Finder(cst.CSTVisitor):
    """Collects imports of Metaflow, what they may be the fallback of, and other names of it."""

    def __init__(self) -> None:
        self.imports: list[cst.Import] = []
        self.from_imports: list[cst.ImportFrom] = []
        self.fallbacks: set[int] = set()
        self.attributes: dict[int, cst.Attribute] = {}
        self.texts: list[tuple[cst.CSTNode, str]] = []

    def visit_Import(self, node: cst.Import) -> None:
        if any(is_within(dotted(alias.name)) for alias in node.names):
            self.imports.append(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if not node.relative and node.module is not None and is_within(dotted(node.module)):
            self.from_imports.append(node)

    def visit_Try(self, node: cst.Try) -> None:
        if any(is_of_either(one) for one in _imports_in(node.body)):
            for handler in node.handlers:
                if _catches_import_errors(handler):
                    self.fallbacks |= {id(one) for one in _imports_in(handler.body)}

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if isinstance(node.value, cst.Name):
            self.attributes[id(node.value)] = node

    def visit_Call(self, node: cst.Call) -> None:
        if dotted(node.func).rpartition(".")[2] in IMPORTERS and node.args:
            self._text(node.args[0].value)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        if dotted(node.value) == "sys.modules" and isinstance(inner := node.slice[0].slice, cst.Index):
            self._text(inner.value)

    def _text(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.SimpleString) and isinstance(text := node.evaluated_value, str) and is_within(text):
            self.texts.append((node, text))


def _imports_in(body: cst.BaseSuite) -> list[Statement]:
    """The imports that stand in a block itself, or in a block within."""
    found: list[Statement] = []
    todo: list[cst.CSTNode] = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, Statement):
            found.append(node)
        elif isinstance(node, cst.BaseSuite | cst.SimpleStatementLine | cst.BaseCompoundStatement | cst.ExceptHandler | cst.Else):
            todo += node.children
    return found


def _catches_import_errors(handler: cst.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = [one.value for one in handler.type.elements] if isinstance(handler.type, cst.Tuple) else [handler.type]
    return any(dotted(one) in IMPORT_ERRORS for one in types)


def _plan_from(statement: cst.ImportFrom, names: Set[str], plan: Plan) -> None:
    assert statement.module is not None, "the finder takes no other"
    module = dotted(statement.module)
    if isinstance(statement.names, cst.ImportStar):
        plan.left.append((statement, f"`from {module} import *` does not say which names are meant", "import them by name"))
        return
    ours = names if module == MODULE else names & ELSEWHERE.get(module, frozenset())
    known = [dotted(alias.name) in ours for alias in statement.names]
    for alias, one in zip(statement.names, known, strict=True):
        if not one:
            name = dotted(alias.name)
            plan.leave(alias, name if module == MODULE else f"{module}.{name}")
    if not any(known):
        return
    kept, others = (statement, []) if all(known) else _split(statement, statement.names, known)
    plan.replaced[id(statement)] = [New(kept.with_changes(module=cst.Name(OURS))), *others]


def _split(
    statement: cst.ImportFrom, aliases: Sequence[cst.ImportAlias], known: Sequence[bool]
) -> tuple[cst.ImportFrom, list[New]]:
    """The import without the names that are not known, and the imports of these."""
    last = aliases[-1].comma
    ends_in_comma = isinstance(last, cst.Comma)
    gap: cst.BaseParenthesizableWhitespace | None = statement.lpar.whitespace_after if statement.lpar else None
    kept: list[tuple[cst.ImportAlias, cst.BaseParenthesizableWhitespace | None]] = []
    plain: list[cst.ImportAlias] = []
    commented: list[tuple[cst.ImportAlias, cst.Comment]] = []
    for number, (alias, one) in enumerate(zip(aliases, known, strict=True)):
        after: cst.BaseParenthesizableWhitespace | None
        if isinstance(alias.comma, cst.Comma):
            after = alias.comma.whitespace_after
        else:
            after = statement.rpar.whitespace_before if statement.rpar else None
        if one:
            kept.append((alias, gap))
            gap = after
            continue
        comment, gap = _merge(gap, after, is_first=not kept, is_last=number == len(aliases) - 1)
        bare = cst.ImportAlias(alias.name, alias.asname)
        if comment is None:
            plain.append(bare)
        else:
            commented.append((bare, comment))
    names = []
    for number, (alias, _) in enumerate(kept):
        if number < len(kept) - 1:
            following = kept[number + 1][1] or cst.SimpleWhitespace(" ")
            comma = alias.comma if isinstance(alias.comma, cst.Comma) else cst.Comma()
            names.append(alias.with_changes(comma=comma.with_changes(whitespace_after=following)))
        elif ends_in_comma and isinstance(last, cst.Comma):
            names.append(alias.with_changes(comma=last.with_changes(whitespace_after=gap or cst.SimpleWhitespace(""))))
        else:
            names.append(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    ours = statement.with_changes(names=names)
    if statement.lpar is not None and statement.rpar is not None:
        ours = ours.with_changes(lpar=statement.lpar.with_changes(whitespace_after=kept[0][1]))
        if not ends_in_comma:
            ours = ours.with_changes(rpar=statement.rpar.with_changes(whitespace_before=gap))
    theirs = [New(cst.ImportFrom(statement.module, plain))] if plain else []
    theirs += [New(cst.ImportFrom(statement.module, [alias]), comment) for alias, comment in commented]
    return ours, theirs


def _merge(
    before: cst.BaseParenthesizableWhitespace | None,
    after: cst.BaseParenthesizableWhitespace | None,
    *,
    is_first: bool,
    is_last: bool,
) -> tuple[cst.Comment | None, cst.BaseParenthesizableWhitespace | None]:
    """What stands between the neighbours of a name that goes, and the comment behind it, which goes along."""
    if isinstance(before, cst.ParenthesizedWhitespace) and isinstance(after, cst.ParenthesizedWhitespace):
        lines = [*before.empty_lines, *after.empty_lines]
        return after.first_line.comment, after.with_changes(first_line=before.first_line, empty_lines=lines)
    if isinstance(before, cst.ParenthesizedWhitespace):
        says = before.first_line.comment or any(line.comment for line in before.empty_lines)
        return None, after if is_last and not says else before
    if isinstance(after, cst.ParenthesizedWhitespace):
        return None, after
    return None, before if is_first and not is_last else after
