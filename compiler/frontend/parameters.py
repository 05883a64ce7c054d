"""`Parameter(…)` in a flow's class: from an assignment to a `Parameter` of the IR.

alpha = Parameter("alpha", default=0.5, help="…")      →   alpha: float = 0.5
"""

from __future__ import annotations

import ast
import json
import re
from typing import Final, TypeVar

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Parameter, Table
from .constants import NotConstant
from .context import Context, did_you_mean
from .fixing import rename, the_near_one

_T = TypeVar("_T", str, bool)

_TYPES: Final = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "json": (str, Table, tuple, int, float, bool),
}
_ARGUMENTS: Final = ("name", "default", "type", "help", "required", "show_default", "separator")
RUN_OPTIONS: Final = frozenset(["help", "format", "color", "datastore", "max-workers", "max-num-splits"])
"""Options of `flowc run` itself."""
_NOT_YET: Final = {"IncludeFile", "Config"}


def read_parameter(context: Context, attribute: str, value: ast.expr) -> Parameter | None:
    """The parameter that an assignment of the class makes, or None where it makes none or a faulty one."""
    if not isinstance(value, ast.Call):
        return None
    name = context.api_name(value.func)
    if name in _NOT_YET:
        context.fault(
            rules.NOT_YET_READ,
            f"`{name}` is not supported by this version",
            value,
            help="use a `Parameter`, or read the file in a step",
        )
        return None
    if name != "Parameter":
        return None
    arguments = _arguments(context, value)
    if arguments is None:
        return None
    if "name" not in arguments:
        context.fault(rules.BAD_PARAMETER, "the `Parameter` has no name", value, help=f'write `Parameter("{attribute}", …)`')
        return None
    option = _constant(context, arguments["name"], attribute, "name")
    if isinstance(option, str) and option.replace("_", "-").lower() in RUN_OPTIONS:
        help = "rename it on the command line: the attribute may keep its name"
        context.fault(rules.BAD_PARAMETER, f"`--{option}` is an option of `flowc run` itself", arguments["name"], help=help)
        return None
    if not isinstance(option, str) or not re.fullmatch(r"[A-Za-z_][\w-]*", option, re.ASCII):
        context.fault(
            rules.BAD_PARAMETER,
            "the name of a `Parameter` is a string of letters, digits, `_` and `-`",
            arguments["name"],
            help=f'write `Parameter("{attribute}", …)`',
        )
        return None
    default, deferred = _default(context, arguments.get("default"))
    type_name = _type(context, arguments.get("type"), default)
    if type_name is None:
        return None
    if default is not None and not _fits(default, type_name):
        context.fault(
            rules.BAD_PARAMETER,
            f"the default of `{option}` is not of type `{type_name}`",
            arguments["default"],
            f"not {_article(type_name)}",
        )
        return None
    help_text = _typed(context, arguments, "help", str, "a string")
    required = _typed(context, arguments, "required", bool, "True or False")
    _typed(context, arguments, "separator", str, "a string")
    return Parameter(
        attribute=attribute,
        name=option,
        type=type_name,
        default=float(default) if type_name == "float" and isinstance(default, int) else default,
        deferred=deferred,
        required=bool(required),
        help=help_text,
        span=context.source.span(value),
    )


def _arguments(context: Context, call: ast.Call) -> dict[str, ast.expr] | None:
    found: dict[str, ast.expr] = dict(zip(_ARGUMENTS, call.args[:1], strict=False))
    for extra in call.args[1:]:
        context.fault(
            rules.BAD_PARAMETER, "`Parameter` takes its arguments by name, all but the first", extra, help="write `default=…`"
        )
        return None
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in _ARGUMENTS:
            guess = did_you_mean(keyword.arg or "", _ARGUMENTS)
            help = f"did you mean `{guess}`?" if guess else "it takes " + ", ".join(f"`{one}`" for one in _ARGUMENTS)
            what = f"has no argument `{keyword.arg}`" if keyword.arg else "cannot be read with `**`"
            fix = rename(context, keyword, the_near_one(keyword.arg or "", _ARGUMENTS))
            context.fault(rules.BAD_PARAMETER, f"`Parameter` {what}", keyword, help=help, fix=fix)
            return None
        found[keyword.arg] = keyword.value
    return found


def _constant(context: Context, node: ast.expr | None, otherwise: Constant, what: str) -> Constant:
    if node is None:
        return otherwise
    try:
        return context.constant(node)
    except NotConstant as reason:
        context.fault(rules.NOT_CONSTANT, f"`{what}` of a `Parameter` is not a constant: {reason}", reason.node, "not constant")
        return otherwise


def _typed(context: Context, arguments: dict[str, ast.expr], name: str, kind: type[_T], words: str) -> _T | None:
    """An argument that must be a constant of one type; None where it is not given."""
    value = _constant(context, arguments.get(name), None, name)
    if value is not None and not isinstance(value, kind):
        context.fault(rules.BAD_PARAMETER, f"`{name}` of a `Parameter` takes {words}", arguments[name])
        return None
    return value


def _default(context: Context, node: ast.expr | None) -> tuple[Constant, bool]:
    """The default and whether it is deferred: what is no constant is worked out when the flow runs, a function too."""
    if node is None:
        return None, False
    try:
        return context.constant(node), False
    except NotConstant:
        return None, True


def _type(context: Context, node: ast.expr | None, default: Constant) -> str | None:
    if node is None:
        match default:
            case bool():
                return "bool"
            case int():
                return "int"
            case float():
                return "float"
            case Table() | tuple():
                return "json"
            case _:
                return "str"
    if context.api_name(node) == "JSONType":
        return "json"
    if isinstance(node, ast.Name) and node.id in ("str", "int", "float", "bool"):
        return node.id
    context.fault(
        rules.BAD_PARAMETER,
        "the type of a `Parameter` is not one that can be given on a command line",
        node,
        help="use `str`, `int`, `float`, `bool` or `JSONType`",
    )
    return None


def _fits(value: Constant, type_name: str) -> bool:
    if type_name == "json" and isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return False
    if isinstance(value, bool):
        return type_name in ("bool", "json")
    return isinstance(value, _TYPES[type_name])


def _article(type_name: str) -> str:
    return {"int": "a whole number", "float": "a number", "bool": "True or False", "str": "a string"}.get(type_name, "JSON")
