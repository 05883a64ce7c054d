"""`Parameter(…)` and `IncludeFile(…)` in a flow's class: from an assignment to a `Parameter` of the IR.

alpha = Parameter("alpha", default=0.5, help="…")      →   alpha: float = 0.5
"""

from __future__ import annotations

import ast
import builtins
import json
from typing import Final

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Parameter, Table
from .constants import NotConstant
from .context import Context, did_you_mean
from .declaration import Declaration, read_declaration
from .includes import read_include

_TYPES: Final = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "json": (str, Table, tuple, int, float, bool),
}
_WORDS: Final = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def read_parameter(context: Context, attribute: str, value: ast.expr) -> Parameter | None:
    """The parameter that an assignment of the class makes, or None where it makes none or a faulty one."""
    kind = context.api_name(value.func) if isinstance(value, ast.Call) else None
    if not isinstance(value, ast.Call) or kind not in ("Parameter", "IncludeFile"):
        return None
    read = read_declaration(context, attribute, value, kind)
    if read is None:
        return None
    declaration, name = read
    return read_include(declaration, name) if kind == "IncludeFile" else _read(declaration, name)


def _read(declaration: Declaration, name: str) -> Parameter | None:
    context, arguments = declaration.context, declaration.arguments
    default = _default(declaration)
    if default is None:
        return None
    value, deferred = default
    type_name = _type(context, arguments.get("type"), value)
    if type_name is None:
        return None
    separator = _separator(declaration, type_name)
    if declaration.typed("is_flag", bool, "True or False") and type_name != "bool":
        message = f"a flag is True or False, and `{declaration.attribute}` is of type `{type_name}`"
        declaration.fault("is_flag", message, help="take it away, or make it a flag with `type=bool`")
    if value is not None:
        fitting = _fitting(value, type_name)
        if fitting is None:
            _report_misfit(declaration, name, value, type_name)
            return None
        value = fitting[0]
    show_default = declaration.typed("show_default", bool, "True or False")
    return Parameter(
        attribute=declaration.attribute,
        name=name,
        type=type_name,
        default=value,
        deferred=deferred,
        required=declaration.required(),
        help=declaration.typed("help", str, "a string"),
        show_default=show_default is not False,
        separator=separator,
        span=context.source.span(declaration.call),
    )


def _default(declaration: Declaration) -> tuple[Constant, bool] | None:
    """The default and whether it is deferred: what is no constant is worked out when the flow runs, a function too.

    None where neither can be, which is reported.
    """
    node = declaration.arguments.get("default")
    if node is None:
        return None, False
    context = declaration.context
    try:
        return context.constant(node), False
    except NotConstant as reason:
        if reason.told:
            return None
        if reason.rule is not rules.NOT_CONSTANT:
            context.not_constant("", reason)
            return None
        if isinstance(node, ast.Name) and context.is_builtin(node.id) and not hasattr(builtins, node.id):
            guess = did_you_mean(node.id, context.module.bindings)
            help = f"did you mean `{guess}`?" if guess else "write a value, or the name of a function of this file"
            context.fault(rules.NOT_CONSTANT, f"the file has no `{node.id}`", node, "nothing binds this name", help=help)
            return None
        return None, True


def _type(context: Context, node: ast.expr | None, default: Constant) -> str | None:
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
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
    if isinstance(node, ast.Name) and node.id in ("str", "int", "float", "bool") and context.is_builtin(node.id):
        return node.id
    context.fault(
        rules.BAD_PARAMETER,
        "the type of a `Parameter` is not one that can be given on a command line",
        node,
        help="use `str`, `int`, `float`, `bool` or `JSONType`",
    )
    return None


def _separator(declaration: Declaration, type_name: str) -> str | None:
    separator = declaration.typed("separator", str, "a string")
    if separator is None:
        return None
    if not separator:
        declaration.fault("separator", "the separator is empty", help='write what stands between two items: `separator=","`')
        return None
    if type_name != "str":
        message = f"only text can be split, and `{declaration.attribute}` is of type `{type_name}`"
        declaration.fault("separator", message, help="take it away, or use `type=JSONType` for a list")
        return None
    return separator


def _fitting(value: Constant, type_name: str) -> tuple[Constant] | None:
    """The default as a value of its type, or None. A text is read as on the command line, as Metaflow does."""
    match type_name, value:
        case "json", str():
            return (value,) if _json_error(value) is None else None
        case "int" | "float", str():
            try:
                return (int(value) if type_name == "int" else float(value),)
            except ValueError:
                return None
        case "bool", str():
            return (_WORDS[value.strip().lower()],) if value.strip().lower() in _WORDS else None
        case "int" | "float", bool():
            return None
        case "float", int():
            return (float(value),)
    return (value,) if isinstance(value, _TYPES[type_name]) else None


def _report_misfit(declaration: Declaration, name: str, value: Constant, type_name: str) -> None:
    if type_name == "json" and isinstance(value, str):
        declaration.fault(
            "default",
            f"the default of `{name}` is no JSON: {_json_error(value)}",
            "not JSON",
            help="a text is read as JSON: write the value itself (`{…}`, `[…]`), or a text in JSON's quotes ('\"text\"')",
        )
        return
    article = {"int": "a whole number", "float": "a number", "bool": "True or False", "str": "a string"}[type_name]
    declaration.fault("default", f"the default of `{name}` is not of type `{type_name}`", f"not {article}")


def _json_error(text: str) -> str | None:
    try:
        json.loads(text)
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"
    return None
