"""Imports that fail when the file runs, found before it does: names that flowc does not have, relative imports in a program.

An import that the file is prepared to see fail (`try: … except ImportError:`) is left alone, and so is one for type checkers.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from enum import IntEnum

from ..diagnostics.rules import file as rules
from .absent import LEAVE_OUT, note_imports
from .context import Context, did_you_mean
from .face import API_MODULES, API_NAMES, NOT_YET, ROOMS, SUBMODULES, is_flowcs, names_below
from .fixing import rename_import, the_near_one
from .metaflows import ELSEWHERE, instead


class Shelter(IntEnum):
    """What stands around an import: nothing; a `try`, a `with` or a class that may want it to fail; what provides for that."""

    NONE = 0
    SOME = 1
    GUARDED = 2


_CATCHES = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def check_imports(context: Context) -> None:
    """Report the imports of names that flowc does not have, wherever in the file they stand."""
    absent: list[tuple[ast.alias, bool]] = []
    for statement, shelter in _imports(context.module.tree):
        if shelter is Shelter.GUARDED:
            continue
        match statement:
            case ast.Import(names=names):
                for alias in names:
                    if is_flowcs(alias.name) and not _has_module(alias.name):
                        _no_module(context, alias, alias.name)
            case ast.ImportFrom(module=module, names=names, level=0) if module in API_MODULES:
                for alias in names:
                    if alias.name in NOT_YET:
                        absent.append((alias, shelter is Shelter.NONE))
                    elif alias.name not in API_NAMES and alias.name != "*" and not _has_module(f"{module}.{alias.name}"):
                        _no_name(context, alias, str(module))
            case ast.ImportFrom(module=str(module), level=0) if is_flowcs(module):
                if (members := names_below(module)) is not None:
                    for alias in statement.names:
                        if alias.name not in members and alias.name != "*" and not _has_module(f"{module}.{alias.name}"):
                            _no_member(context, alias, module)
                elif not _has_module(module):
                    _no_module(context, statement, module, [alias.name for alias in statement.names])
                    for alias in statement.names:
                        if alias.name in API_NAMES:
                            _adopt(context, alias, alias.name)
    note_imports(context, absent)


def check_relative(context: Context) -> None:
    """Report the relative imports of a flow's own file. Those from its folder are read as what they mean."""
    for statement, shelter in _imports(context.module.tree):
        if isinstance(statement, ast.ImportFrom) and statement.level and shelter is not Shelter.GUARDED:
            _relative(context, statement)


def _has_module(name: str) -> bool:
    top, _, inner = name.partition(".")
    return not inner or (inner.partition(".")[0] in ROOMS if top == "flowc" else inner in SUBMODULES)


def _no_name(context: Context, alias: ast.alias, module: str) -> None:
    name = alias.name
    if (name.startswith("__") and name.endswith("__")) or (module == "flowc" and name in ROOMS):
        return
    guess = did_you_mean(name, API_NAMES)
    help = f"did you mean `{guess}`?" if guess else LEAVE_OUT
    fix = rename_import(context, name, guess) if guess and the_near_one(name, API_NAMES) else None
    context.report.add(
        rules.NO_SUCH_NAME, f"flowc has no `{name}`", context.source.span(alias), "no such name", help=help, fix=fix
    )
    if guess:
        _adopt(context, alias, guess)


def _no_member(context: Context, alias: ast.alias, module: str) -> None:
    """Report a name that a module below `metaflow` does not have."""
    full = f"{module.partition('.')[2]}.{alias.name}"
    context.report.add(
        rules.NO_SUCH_NAME,
        f"flowc does not have Metaflow's `{full}` yet",
        context.source.span(alias),
        "not there yet",
        help=instead(alias.name) or LEAVE_OUT,
    )


def _adopt(context: Context, alias: ast.alias, name: str) -> None:
    """Read a faulty import as what it means, so that it is reported once."""
    context.module.api.setdefault(alias.asname or alias.name, name)


def _no_module(context: Context, node: ast.alias | ast.ImportFrom, module: str, names: Collection[str] = ()) -> None:
    top = module.partition(".")[0]
    known = API_NAMES & ELSEWHERE.get(module, API_NAMES)
    ours = [name for name in names if name in known]
    dead_ends = [words for name in names if name not in known and (words := instead(f"{module}.{name}"))]
    help = f"import from `{top}` itself, as in `from {top} import {', '.join(ours) or 'FlowSpec, step'}`"
    if top == "metaflow" and not ours:
        help = dead_ends[0] if dead_ends else instead(module) or LEAVE_OUT
    context.report.add(
        rules.NO_SUCH_NAME,
        f"flowc does not have `{module}`" + (" yet" if top == "metaflow" else ""),
        context.source.span(node),
        "no such module",
        help=help,
    )


def _relative(context: Context, statement: ast.ImportFrom) -> None:
    dots, module = "." * statement.level, statement.module or ""
    names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in statement.names)
    written = f"from {module} import {names}" if module else f"import {names}"
    context.report.add(
        rules.RELATIVE_IMPORT,
        f"a flow's own file is run as a program, where `from {dots}{module} import …` fails",
        context.source.span(statement),
        "relative import",
        help=f"write `{written}`: the flow's folder is the first that Python looks in"
        if statement.level == 1
        else "import it by its absolute name, from the flow's folder or below",
    )


def _imports(tree: ast.Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, Shelter]]:
    """All import statements, and for each what stands around it."""
    # With each statement whether it is within a `try` or a `with`, however far out, even around a function.
    pending: list[tuple[ast.stmt, Shelter, bool]] = [(statement, Shelter.NONE, False) for statement in reversed(tree.body)]
    while pending:
        statement, shelter, held = pending.pop()
        some = max(shelter, Shelter.SOME)
        match statement:
            case ast.Import() | ast.ImportFrom():
                yield statement, shelter
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                pending.extend((one, Shelter.SOME if held else Shelter.NONE, held) for one in reversed(body))
            case ast.ClassDef(body=body):
                pending.extend((one, some, held) for one in reversed(body))
            case ast.Try(body=body) | ast.TryStar(body=body):
                caught = Shelter.GUARDED if any(_catches(handler.type) for handler in statement.handlers) else some
                others = [
                    *(one for handler in statement.handlers for one in handler.body),
                    *statement.orelse,
                    *statement.finalbody,
                ]
                pending.extend((one, some, True) for one in reversed(others))
                pending.extend((one, caught, True) for one in reversed(body))
            case ast.If(test=test, body=body, orelse=orelse):
                pending.extend((one, shelter, held) for one in reversed(orelse))
                checked = Shelter.GUARDED if _for_type_checkers(test) else shelter
                pending.extend((one, checked, held) for one in reversed(body))
            case ast.With(body=body) | ast.AsyncWith(body=body):
                caught = Shelter.GUARDED if any(_suppresses(item.context_expr) for item in statement.items) else some
                pending.extend((one, caught, True) for one in reversed(body))
            case ast.Match(cases=cases):
                pending.extend((one, shelter, held) for case in reversed(cases) for one in reversed(case.body))
            case ast.For(body=body, orelse=orelse) | ast.AsyncFor(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse):
                pending.extend((one, shelter, held) for one in reversed([*body, *orelse]))
            case _:
                pass


def _catches(node: ast.expr | None) -> bool:
    """Whether a handler catches a failed import."""
    if node is None:
        return True
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(one, ast.Name) and one.id in _CATCHES for one in parts)


def _suppresses(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=args):
            return any(_catches(one) for one in args)
        case _:
            return False


def _for_type_checkers(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False


def modules_named(tree: ast.Module) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Every import of a file: its line, its dots, the module, and the names taken from it, which may be modules too."""
    for statement, _ in _imports(tree):
        if isinstance(statement, ast.Import):
            yield from ((statement.lineno, 0, alias.name, ()) for alias in statement.names)
        else:
            yield statement.lineno, statement.level, statement.module or "", tuple(alias.name for alias in statement.names)
