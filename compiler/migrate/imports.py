"""Imports of a Python file, in libcst's tree, which keeps every blank and comment.

    from metaflow import (          ▶   from flowc import (
        FlowSpec,  # the base               FlowSpec,  # the base
        S3,  # the store                    step,
        step,                           )
    )                                   from metaflow import S3  # the store

`import metaflow` becomes `import flowc`, and `metaflow.step` becomes `flowc.step`, where it is that import that the name comes from
(libcst's scopes tell). Names that flowc lacks keep an import of Metaflow's own. An import in the `except ImportError:` of a `try`
that imports Metaflow or flowc stays: it is for where the other one is not to be had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import libcst as cst
from libcst import metadata

from .names import ELSEWHERE, MODULE, OURS, is_within, what_to_do

Statement = cst.Import | cst.ImportFrom
IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
IMPORTERS = frozenset({"import_module", "__import__", "find_spec", "importorskip", "patch", "setattr", "setitem"})
"""Functions that take a module's name, or what is in it, as text."""


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
    modules = [one for one in found.imports if id(one) not in found.fallbacks]
    for statement in modules:
        for alias in statement.names:
            if (module := _dotted(alias.name)) != MODULE and is_within(module):
                plan.leave(alias, module)
    if any(_dotted(alias.name) == MODULE for statement in modules for alias in statement.names):
        _plan_modules(wrapper, modules, found.attributes, names, plan)
    plan.left += [
        (node, f"`{text}` is imported by its name as text", "flowc does not see such imports") for node, text in found.texts
    ]
    return plan


def change_imports(module: cst.Module, plan: Plan) -> cst.Module:
    """The tree with the plan carried out."""
    changed = module.visit(_Change(plan))
    assert isinstance(changed, cst.Module), "a module stays one"
    return changed


class _Finder(cst.CSTVisitor):
    """Collects imports of Metaflow, what they may be the fallback of, and other names of it."""

    def __init__(self) -> None:
        self.imports: list[cst.Import] = []
        self.from_imports: list[cst.ImportFrom] = []
        self.fallbacks: set[int] = set()
        self.attributes: dict[int, cst.Attribute] = {}
        self.texts: list[tuple[cst.CSTNode, str]] = []

    def visit_Import(self, node: cst.Import) -> None:
        if any(is_within(_dotted(alias.name)) for alias in node.names):
            self.imports.append(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if not node.relative and node.module is not None and is_within(_dotted(node.module)):
            self.from_imports.append(node)

    def visit_Try(self, node: cst.Try) -> None:
        if any(_is_of_either(one) for one in _imports_in(node.body)):
            for handler in node.handlers:
                if _catches_import_errors(handler):
                    self.fallbacks |= {id(one) for one in _imports_in(handler.body)}

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if isinstance(node.value, cst.Name):
            self.attributes[id(node.value)] = node

    def visit_Call(self, node: cst.Call) -> None:
        if _dotted(node.func).rpartition(".")[2] in IMPORTERS and node.args:
            self._text(node.args[0].value)

    def visit_Subscript(self, node: cst.Subscript) -> None:
        if _dotted(node.value) == "sys.modules" and isinstance(inner := node.slice[0].slice, cst.Index):
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


def _is_of_either(statement: Statement) -> bool:
    modules: list[str] = []
    if isinstance(statement, cst.Import):
        modules = [_dotted(alias.name) for alias in statement.names]
    elif not statement.relative:
        modules = [_dotted(statement.module)]
    return any(is_within(one) or one == OURS for one in modules)


def _catches_import_errors(handler: cst.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = [one.value for one in handler.type.elements] if isinstance(handler.type, cst.Tuple) else [handler.type]
    return any(_dotted(one) in IMPORT_ERRORS for one in types)


def _dotted(node: cst.BaseExpression | None) -> str:
    """`a.b.c` of a name or an attribute, else an empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join([node.value, *reversed(parts)]) if isinstance(node, cst.Name) else ""


def _plan_from(statement: cst.ImportFrom, names: Set[str], plan: Plan) -> None:
    assert statement.module is not None, "the finder takes no other"
    module = _dotted(statement.module)
    if isinstance(statement.names, cst.ImportStar):
        plan.left.append((statement, f"`from {module} import *` does not say which names are meant", "import them by name"))
        return
    ours = names if module == MODULE else names & ELSEWHERE.get(module, frozenset())
    known = [_dotted(alias.name) in ours for alias in statement.names]
    for alias, one in zip(statement.names, known, strict=True):
        if not one:
            name = _dotted(alias.name)
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


def _plan_modules(
    wrapper: metadata.MetadataWrapper,
    statements: Sequence[cst.Import],
    attributes: Mapping[int, cst.Attribute],
    names: Set[str],
    plan: Plan,
) -> None:
    """Decide about `import metaflow` and `import metaflow as …`, one scope and name at a time."""
    scopes = {scope for scope in wrapper.resolve(metadata.ScopeProvider).values() if scope is not None}
    everywhere = [one for scope in scopes for one in scope.assignments if one.scope is scope]
    # Whether something else is called `flowc`, and whether an import of a submodule binds `metaflow` all the same.
    taken = any(one.name == OURS and not _is_import_of_either(one) for one in everywhere)
    bound = any(one.name.startswith(f"{MODULE}.") for one in everywhere)
    here = {id(one) for one in statements}
    groups: dict[tuple[int, str], list[metadata.BaseAssignment]] = {}
    for one in everywhere:
        groups.setdefault((id(one.scope), one.name), []).append(one)
    modes: dict[int, str] = {}
    for (_, name), assignments in groups.items():
        ours = [(one, aliases) for one in assignments if (aliases := _aliases_of(one, name, here))]
        if ours:
            # `metaflow.cards` as a whole is what an `import metaflow.cards` answers for.
            nodes = [use.node for one, _ in ours for use in one.references if not isinstance(use.node, cst.Attribute)]
            uses = list({id(node): node for node in nodes}.values())
            plain = [attributes.get(id(use)) for use in uses]
            mode = _decide(name, len(ours) < len(assignments), uses, plain, names, taken, bound, plan)
            for alias in (alias for _, aliases in ours for alias in aliases):
                modes[id(alias)] = mode
                if mode == "leave":
                    help = "import the names that it uses from flowc"
                    plan.left.append((alias, f"`{name}` is used in more ways than flowc can answer for", help))
    for statement in statements:
        if any(modes.get(id(alias)) in {"swap", "rename", "keep name", "both"} for alias in statement.names):
            plan.replaced[id(statement)] = _new_imports(statement, modes)


def _aliases_of(one: metadata.BaseAssignment, name: str, statements: Set[int]) -> list[cst.ImportAlias]:
    """The parts `metaflow` or `metaflow as name` of the import that binds a name."""
    if not isinstance(one, metadata.Assignment) or not isinstance(one.node, cst.Import) or id(one.node) not in statements:
        return []
    return [alias for alias in one.node.names if _dotted(alias.name) == MODULE and (alias.evaluated_alias or MODULE) == name]


def _is_import_of_either(one: metadata.BaseAssignment) -> bool:
    return isinstance(one, metadata.Assignment) and isinstance(one.node, Statement) and _is_of_either(one.node)


def _decide(
    name: str,
    others: bool,
    uses: Sequence[cst.CSTNode],
    attributes: Sequence[cst.Attribute | None],
    names: Set[str],
    taken: bool,
    bound: bool,
    plan: Plan,
) -> str:
    """What to do about an import, from how its name is used; notes what is renamed and what is left.

    Args:
        name: The local name.
        others: It is bound in another way too, as in `except ImportError: metaflow = None`.
        uses: Where the name is used.
        attributes: Beside each, the attribute that is asked for, if it is.
        names: What flowc has.
        taken: Something else is called `flowc`.
        bound: Something else imports `metaflow` under its own name.
        plan: Where to note it.

    Returns:
        `swap` the module, `rename` its uses, `keep name` with an alias, `both` modules, or `leave` it, or let it `stay` for what
        is noted at its uses.
    """
    known = [use for use, one in zip(uses, attributes, strict=True) if one is not None and one.attr.value in names]
    unknown = [one for one in attributes if one is not None and one.attr.value not in names]
    bare = others or len(known) + len(unknown) < len(uses)
    if not unknown:
        if name != MODULE:
            return "swap"
        if bare or taken:
            return "leave" if bound else "keep name"
        plan.renamed |= {id(use) for use in known}
        return "rename"
    for attribute in unknown:
        plan.leave(attribute, attribute.attr.value)
    if not known:
        return "stay"
    if bare or taken:
        return "leave"
    plan.renamed |= {id(use) for use in known}
    return "both"


def _new_imports(statement: cst.Import, modes: dict[int, str]) -> list[New]:
    ours = cst.Name(OURS)
    names: list[cst.ImportAlias] = []
    for alias in statement.names:
        match modes.get(id(alias)):
            case "swap" | "rename":
                names.append(alias.with_changes(name=ours))
            case "keep name":
                names.append(alias.with_changes(name=ours, asname=cst.AsName(cst.Name(MODULE))))
            case "both" if len(statement.names) == 1:
                return [New(cst.Import([cst.ImportAlias(ours)])), New(statement)]
            case "both":
                names += [cst.ImportAlias(ours, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))), alias]
            case _:
                names.append(alias)
    return [New(statement.with_changes(names=names))]


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
