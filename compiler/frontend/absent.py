"""Imports of names of Metaflow's that flowc does not have, and whether anything uses them.

    from metaflow import FlowMutator, FlowSpec, step      →   nothing to say, as long as no line of the file says `FlowMutator`

Generated code, and files copied from one another, import more than they use. Such an import need not fail: the plan lists
the name, and a run puts something in its place that fails when it is used (`runtime/language/absent.py`). Within a `try` or a
`with` nothing is put there, since the file may well want the import to fail.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..diagnostics.rules import file as rules
from ..diagnostics.rules.transitions import NO_PARALLEL
from ..source import Span
from .context import Context
from .face import API_MODULES, GANGS
from .metaflows import instead

if TYPE_CHECKING:
    from .program import Program


LEAVE_OUT: Final = "leave it out; or import it in a `try`, and do without it where that fails"


@dataclass(frozen=True, slots=True)
class Absence:
    """A name that flowc does not have, which a file imports.

    Attributes:
        place: The name in the import statement.
        local: What it is called in the file.
        use: The first place that uses it, or None.
    """

    context: Context
    place: ast.expr | ast.alias
    name: str
    local: str
    use: Span | None = None


def note_imports(context: Context, imported: Sequence[tuple[ast.alias, bool]]) -> None:
    """Report what is imported and used; remember the rest, for `settle`.

    Args:
        imported: Names that flowc does not have, and for each whether it may go unused.
    """
    uses = _uses(context, {alias.asname or alias.name for alias, _ in imported})
    for alias, harmless in imported:
        local = alias.asname or alias.name
        found = Absence(context, alias, alias.name, local, uses.get(local))
        if (harmless and found.use is None) or alias.name in GANGS:
            context.program.absent.append(found)
        else:
            _report(found)


def note_decorator(context: Context, node: ast.expr, name: str) -> None:
    """Report the use of a name as in `@metaflow.parallel`, of which no import speaks."""
    found = Absence(context, node, name, "", context.source.span(node))
    if name in GANGS:
        context.program.absent.append(found)
    else:
        _report(found)


def has_gang(context: Context) -> bool:
    """Whether a file uses `@parallel` or the like."""
    return any(one.name in GANGS and one.use and one.context.source is context.source for one in context.program.absent)


def settle(program: Program) -> tuple[str, ...]:
    """The names that are imported and never used; reports those that another file uses. To be called when all has been read."""
    found = program.absent
    if not found:
        return ()
    # What `num_parallel` is told covers the decorator that goes with it.
    told = any(one.rule is NO_PARALLEL for one in program.report.diagnostics)
    elsewhere = _uses_elsewhere(program, found)
    names = set()
    for one in found:
        use = one.use or elsewhere.get((one.context.name, one.local))
        if use is None:
            names.add(one.name)
        elif not (told and one.name in GANGS):
            _report(one, use)
    return tuple(sorted(names))


def _report(one: Absence, use: Span | None = None) -> None:
    span, use = one.context.source.span(one.place), use or one.use
    one.context.report.add(
        rules.NO_SUCH_NAME,
        f"flowc does not have Metaflow's `{one.name}` yet",
        span,
        "not there yet",
        also=[(use, "used here")] if use is not None and use != span else (),
        help=instead(one.name) or LEAVE_OUT,
    )


def _uses(context: Context, names: Collection[str]) -> dict[str, Span]:
    """The first place in a file that uses each of some names."""
    if not names:
        return {}
    named = (node for node in ast.walk(context.module.tree) if isinstance(node, ast.Name) and node.id in names)
    loads = [node for node in named if isinstance(node.ctx, ast.Load)]
    uses = [(node.lineno, node.col_offset, node.id, context.source.span(node)) for node in loads]
    uses += [(one.lineno, one.col_offset, str(one.value), context.source.span(one)) for one in _exported(context)]
    found: dict[str, Span] = {}
    for _, _, name, span in sorted(uses, key=lambda use: use[:2]):
        found.setdefault(name, span)
    return found


def _exported(context: Context) -> Iterator[ast.Constant]:
    """The texts in a literal `__all__`."""
    for binding in context.module.bindings.get("__all__", ()):
        if isinstance(binding.value, ast.List | ast.Tuple):
            yield from (one for one in binding.value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _uses_elsewhere(program: Program, found: Sequence[Absence]) -> dict[tuple[str, str], Span]:
    """Where a file takes such a name from another file that imports it, by that file's module and the name there."""
    owners: dict[str, set[str]] = {}
    for one in found:
        if one.local in one.context.module.bindings:
            owners.setdefault(one.local, set()).add(one.context.name)
    uses: dict[tuple[str, str], Span] = {}
    contexts = program.contexts() if owners else ()
    for context in contexts if len(contexts) > 1 else ():
        for node in ast.walk(context.module.tree):
            match node:
                case ast.ImportFrom(module=module, names=names, level=level):
                    owner = program.absolute(context, module or "", level)
                    for alias in names:
                        if owner is not None and owner in owners.get(alias.name, ()):
                            uses.setdefault((owner, alias.name), context.source.span(alias))
                case ast.Attribute(attr=name, ctx=ast.Load()) | ast.Name(id=name, ctx=ast.Load()) if name in owners:
                    for owner in owners[name] - {context.name} if _leads_to_flowc(program, context, node) else ():
                        uses.setdefault((owner, name), context.source.span(node))
                case _:
                    pass
    return uses


def _leads_to_flowc(program: Program, context: Context, node: ast.Attribute | ast.Name) -> bool:
    """Whether a name is one of flowc's in the end, which flowc does not have."""
    from .program import External

    meaning = program.bound(context, node)
    return isinstance(meaning, External) and meaning.module in API_MODULES
