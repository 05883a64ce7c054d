"""How a decorator of flowc's is read: from the expressions above a step or a class to `Decorator`s of the IR.

    @resources(memory=4 * GB)          →   resources(memory=4096)

`decorator_table` says which there are.
A decorator that is not flowc's (a user's own, from any module) is left in place for run time and does not appear in the IR.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from ..diagnostics.rules import decorators as rules
from ..diagnostics.rules.targets import NOT_EMITTED
from ..ir.nodes import Constant, Decorator, Table
from .absent import note_decorator
from .constants import NotConstant
from .context import Context, did_you_mean
from .decorator_table import FLOW_DECORATORS, REPEATABLE, STEP_DECORATORS, UNEMITTED, contradiction
from .face import NOT_YET
from .fixing import name_argument, rename, the_near_one
from .kinds import Kind
from .syntax import callee, is_import_path


def read_decorators(context: Context, nodes: list[ast.expr], *, on_step: bool, owner: str) -> tuple[Decorator, ...]:
    """Read what stands above a step or a flow, in the order written; `@step` itself is left out."""
    found: dict[str, tuple[Decorator, ast.expr]] = {}
    listed: list[Decorator] = []
    for node in nodes:
        name = context.api_name(callee(node))
        if name is None or name == "step":
            continue
        decorator = read_decorator(context, node, name, on_step=on_step, owner=f"`{owner}`")
        if decorator is None:
            continue
        if name in found and name not in REPEATABLE:
            context.fault(
                rules.DUPLICATE_DECORATOR,
                f"`@{name}` stands twice on `{owner}`",
                node,
                "again",
                also=[(found[name][1], "first here")],
            )
            continue
        found[name] = (decorator, node)
        listed.append(decorator)
    return tuple(listed)


def read_decorator(context: Context, node: ast.expr, name: str, *, on_step: bool, owner: str) -> Decorator | None:
    """One decorator by its name in flowc; None where there is something wrong with it, which is reported.

    Args:
        owner: What it stands on, in words.
    """
    if not is_known(context, node, name, on_step=on_step, owner=owner):
        return None
    takes = (STEP_DECORATORS if on_step else FLOW_DECORATORS)[name]
    arguments, understood = _arguments(context, name, takes, node) if isinstance(node, ast.Call) else ({}, True)
    keywords = node.keywords if isinstance(node, ast.Call) else []
    fault = contradiction(name, arguments) if understood else None
    if fault is not None:
        argument, message, help = fault
        place_at: ast.expr | ast.keyword = next((one for one in keywords if argument and one.arg == argument), node)
        context.fault(rules.BAD_ARGUMENT, message, place_at, help=help)
        return None
    places = tuple((one.arg, context.source.span(one)) for one in keywords if one.arg is not None)
    return Decorator(name=name, arguments=tuple(arguments.items()), span=context.source.span(node), places=places)


def is_known(context: Context, node: ast.expr, name: str, *, on_step: bool, owner: str) -> bool:
    """Whether there is a decorator of this name for steps, or for flows; reports that there is not."""
    here, elsewhere = (STEP_DECORATORS, FLOW_DECORATORS) if on_step else (FLOW_DECORATORS, STEP_DECORATORS)
    if name in here:
        return True
    if name in elsewhere:
        place = "a flow's class" if on_step else "a step"
        context.fault(rules.WRONG_PLACE, f"`@{name}` belongs on {place}, not on {owner}", node)
    elif name in NOT_YET:
        note_decorator(context, node, name)
    else:
        guess = did_you_mean(name, here)
        written = callee(node)
        fix = rename(context, written, the_near_one(name, here)) if isinstance(written, ast.Attribute) else None
        known = ", ".join(f"`@{one}`" for one in sorted(here))
        help = f"did you mean `@{guess}`?" if guess else f"there are {known}"
        context.fault(rules.UNKNOWN_DECORATOR, f"flowc has no decorator `@{name}`", node, "unknown", help=help, fix=fix)
    return False


def _arguments(context: Context, name: str, takes: Mapping[str, Kind], call: ast.Call) -> tuple[dict[str, Constant], bool]:
    """The arguments that are good, and whether all are."""
    found: dict[str, Constant] = {}
    if call.args:
        first, names = call.args[0], list(takes)
        if isinstance(first, ast.Starred):
            context.fault(rules.BAD_ARGUMENT, f"`*` hides the arguments of `@{name}`", first, help="write each argument out")
        else:
            words = ", ".join(f"{one}=…" for one in names[: len(call.args)])
            message, fix = f"`@{name}` takes its arguments by name", name_argument(context, name, call)
            context.fault(rules.BAD_ARGUMENT, message, first, help=f"write `{words}`", fix=fix)
    complete = not call.args
    for keyword in call.keywords:
        if keyword.arg is None:
            complete = _unpack(context, name, takes, keyword, found) and complete
        elif keyword.arg in found:
            context.fault(rules.BAD_ARGUMENT, f"`{keyword.arg}` of `@{name}` is given twice", keyword, "again")
            complete = False
        elif keyword.arg not in takes:
            _report_unknown(context, name, takes, keyword.arg, keyword)
            complete = False
        elif (value := _argument(context, name, keyword.arg, takes[keyword.arg], keyword.value)) is not None:
            found[keyword.arg] = value[0]
        else:
            complete = False
    return found, complete


def _unpack(context: Context, name: str, takes: Mapping[str, Kind], keyword: ast.keyword, found: dict[str, Constant]) -> bool:
    """Read `**table` where the table is a constant, as a part of a `Config` is; whether all of it is good."""
    help = "write each argument out, or unpack a constant"
    try:
        table = context.constant(keyword.value)
    except NotConstant as reason:
        _not_constant(context, name, f"what `**` unpacks in `@{name}`", reason, help)
        return False
    if not isinstance(table, Table):
        context.fault(rules.BAD_ARGUMENT, f"what `**` unpacks in `@{name}` is no dictionary", keyword, help=help)
        return False
    complete = True
    for key, value in table.items:
        if key not in takes:
            _report_unknown(context, name, takes, str(key), keyword)
            complete = False
        elif key in found:
            context.fault(rules.BAD_ARGUMENT, f"`{key}` of `@{name}` is given twice", keyword, "again")
            complete = False
        elif (good := _checked(context, name, str(key), takes[str(key)], value, keyword.value)) is not None:
            found[str(key)] = good[0]
        else:
            complete = False
    return complete


def _report_unknown(context: Context, name: str, takes: Mapping[str, Kind], given: str, keyword: ast.keyword) -> None:
    guess = did_you_mean(given, takes)
    help = f"did you mean `{guess}`?" if guess else "it takes " + ", ".join(f"`{one}`" for one in takes)
    fix = rename(context, keyword, the_near_one(given, takes)) if keyword.arg else None
    context.fault(rules.BAD_ARGUMENT, f"`@{name}` has no argument `{given}`", keyword, help=help, fix=fix)


def _argument(context: Context, name: str, argument: str, kind: Kind, node: ast.expr) -> tuple[Constant] | None:
    """The argument's value in a tuple of one, since None is a value too."""
    if kind.special == "functions":
        return _functions(context, name, argument, node)
    try:
        value = context.constant(node)
    except NotConstant as reason:
        help = _constant_help(context, argument, kind, node)
        _not_constant(context, name, f"`{argument}` of `@{name}`", reason, help)
        return None
    return _checked(context, name, argument, kind, value, node)


def _constant_help(context: Context, argument: str, kind: Kind, node: ast.expr) -> str:
    """What to write instead of what is no constant."""
    if not context.editable:
        return ""
    root = node
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    match node, root:
        case ast.Name(id=name), _ if context.is_builtin(name) and kind.fits(name):
            return f'write it in quotes, `{argument}="{name}"`, or define `{name}` above'
        case _, ast.Name(id="self") if root is not node:
            text = context.source.text_of(context.source.span(node)).removeprefix("self.")
            return f"a class's body has no `self`: write `{text}`, where that is a config or a constant"
        case _:
            return "write a literal, or the name of a constant of this module"


def _not_constant(context: Context, name: str, what: str, reason: NotConstant, help: str) -> None:
    """Report what is no constant; where no target needs it, the flow compiles without."""
    if name in UNEMITTED and reason.rule is rules.NOT_CONSTANT and not reason.told:
        message = f"{what} is not a constant, and is left out: {reason.reason}"
        context.fault(NOT_EMITTED, message, reason.node, "not constant", help=reason.help or help)
    else:
        context.not_constant(what, reason, help)


def _checked(context: Context, name: str, argument: str, kind: Kind, value: Constant, node: ast.expr) -> tuple[Constant] | None:
    if value is None and kind.optional:
        return (None,)
    if value is None or not kind.fits(value):
        message = f"`{argument}` of `@{name}` takes {kind.words}"
        context.fault(rules.BAD_ARGUMENT, message, node, kind.why(value), help=_in_megabytes(argument, value))
        return None
    return (_variables(context, value, node) if kind.special == "variables" and isinstance(value, Table) else value,)


def _in_megabytes(argument: str, value: Constant) -> str:
    """What to write for an amount with a unit, `"4GB"`; "" where that is not the fault."""
    units = {"m": 1, "mb": 1, "mi": 1, "mib": 1, "g": 1000, "gb": 1000, "gi": 1024, "gib": 1024}
    text = str(value).strip().lower()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz").strip()
    unit = units.get(text[len(number) :].strip())
    if argument not in ("memory", "disk", "shared_memory") or unit is None or not number.isdecimal():
        return ""
    return f"it counts megabytes: `{argument}={int(number) * unit}`"


def _variables(context: Context, table: Table, node: ast.expr) -> Table:
    """Variables of a process, their values as text; faulty ones are reported and left out."""
    found: list[tuple[Constant, Constant]] = []
    for name, value in table.items:
        if not isinstance(name, str) or not name or "=" in name or "\0" in name or name.startswith("FLOWC_"):
            problem = f"{name!r} cannot be the name of an environment variable"
        elif isinstance(value, tuple | Table) or value is None or "\0" in str(value):
            problem = f"the value of `{name}` is no text"
        else:
            found.append((name, str(value)))
            continue
        help = "names that begin with `FLOWC_` are flowc's own; values are strings, numbers or booleans"
        context.fault(rules.BAD_ARGUMENT, problem, node, help=help)
    return Table(tuple(found))


def _functions(context: Context, name: str, argument: str, node: ast.expr) -> tuple[Constant] | None:
    """A list of functions of the module, by their names or as texts, kept as names; or of others, by the path of an import."""
    names: list[str] = []
    for element in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
        match element:
            case ast.Constant(value=None) if element is node:
                continue
            case ast.Name(id=function) | ast.Constant(value=str(function)):
                names.append(function)
            case _:
                help = f"define a function in this file, and write `{argument}=[its_name]`"
                context.fault(rules.BAD_ARGUMENT, f"`{argument}` of `@{name}` takes functions of this file", element, help=help)
                return None
        if isinstance(element, ast.Constant) and is_import_path(names[-1]):
            continue
        if context.is_builtin(names[-1]):
            guess = did_you_mean(names[-1], context.module.bindings)
            help = f"did you mean `{guess}`?" if guess else "define it in this file, or import it"
            context.fault(rules.BAD_ARGUMENT, f"the file has no function `{names[-1]}`", element, help=help)
            return None
    return (tuple(names),)
