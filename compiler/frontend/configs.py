"""`Config(…)` in a flow's class: from an assignment to its value, which comes from a file or the command line.

    config = Config("config", default="config.json")       →   config = {"memory": 4096}, from config.json

Runs before decorators and parameters are read, since their arguments may use what is found here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from ..diagnostics.model import Rule
from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Config, Constant, Table
from .config_values import Configs, ConfigValue
from .constants import NotConstant
from .context import Context
from .declaration import Declaration, read_declaration
from .functions import List, plain_value
from .includes import read_beside, report_missing
from .program import External

MAX_CONTENT: Final = 1024 * 1024
"""Bytes of a config's file."""
MAX_DEPTH: Final = 100
"""How deep its tables and lists may nest."""
_COMMAND_LINE: Final = "the value on the command line"
_DEFAULT_VALUE: Final = "the default value"
_NO_PATHS: Final = (_COMMAND_LINE, _DEFAULT_VALUE)
_JSON: Final = frozenset(["json.loads"])
_JSON_WANTED: Final = {
    ".toml": "TOML wants `parser=tomllib.loads`",
    **dict.fromkeys((".yaml", ".yml"), "flowc reads no YAML: save it as JSON, or give the value: `--config-value NAME JSON`"),
}
"""What to say of a file that was read as JSON, by what its name ends in."""
_TOML: Final = frozenset(["tomllib.loads", "tomli.loads", "toml.loads"])


class _Unreadable(Exception):
    """The text cannot be read; the message ends a sentence about where it is from."""


def read_configs(context: Context, calls: Iterable[tuple[Context, str, ast.expr]]) -> tuple[Configs, tuple[Config, ...]]:
    """The configs of a flow.

    Args:
        context: The flow's file, with what the command line gives.
        calls: Assignments of the class whose value may be a call of `Config`: where each stands, its name, its value.

    Returns:
        What expressions may use, and the IR's nodes.
    """
    values: dict[int, ConfigValue] = {}
    by_name: dict[str, ConfigValue] = {}
    nodes: list[Config] = []
    for where, attribute, call in calls:
        if not isinstance(call, ast.Call) or where.api_name(call.func) != "Config":
            continue
        value, node = _read(where, context.configs, attribute, call)
        values[id(call)] = value
        if node is not None:
            nodes.append(node)
            by_name.setdefault(value.name, value)
    return replace(context.configs, by_call=values, by_name=by_name), tuple(nodes)


def _read(context: Context, configs: Configs, attribute: str, call: ast.Call) -> tuple[ConfigValue, Config | None]:
    unknown = ConfigValue(name=attribute, attribute=attribute, value=None, known=False, plain=False, origin="")
    read = read_declaration(context, attribute, call, "Config")
    if read is None:
        return unknown, None
    declaration, name = read
    plain = bool(declaration.typed("plain", bool, "True or False"))
    declaration.typed("show_default", bool, "True or False")
    help = declaration.typed("help", str, "a string")
    required = declaration.required()
    found = _value(declaration, name, configs, plain, required)
    value = ConfigValue(
        name=name,
        attribute=attribute,
        value=None if found is None else found[0],
        known=found is not None,
        plain=plain,
        origin="" if found is None else found[1],
    )
    node = Config(
        attribute=attribute,
        name=name,
        value=plain_value(value.value),
        plain=plain,
        origin=value.origin,
        help=help,
        span=context.source.span(call),
    )
    return value, node


def _value(declaration: Declaration, name: str, configs: Configs, plain: bool, required: bool) -> tuple[Constant, str] | None:
    """The config's value and where it is from; None where it has none that could be read, which is reported."""
    context, arguments = declaration.context, declaration.arguments
    place = arguments.get("name", declaration.call)
    if name in configs.given.values:
        text = configs.given.values[name]
        if plain and not declaration.given("parser"):
            return text, _COMMAND_LINE
        return _parsed(context, text, _COMMAND_LINE, "json.loads", place, plain)
    if name in configs.given.files:
        path = configs.given.files[name]
        data = context.files.read(path)
        if data is None:
            message = f"the file that `--config {name}` names, `{path}`, does not exist"
            context.fault(rules.FILE_NOT_FOUND, message, place, "the config", help="its path starts in the current folder")
            return None
        return _decoded(declaration, data, path, place, plain)
    if declaration.given("default") and declaration.given("default_value"):
        help = "keep the file, or the value"
        declaration.fault("default_value", f"`{name}` has a default file and a default value", "which of the two?", help=help)
        return None
    if declaration.given("default"):
        return _default_file(declaration, name, plain)
    if declaration.given("default_value"):
        return _default_value(declaration, name, plain)
    if required:
        message = f"`{name}` is required, and nothing is given for it"
        help = f"add `--config {name} PATH` or `--config-value {name} JSON`, or write a default"
        context.fault(rules.CONFIG_NOT_GIVEN, message, declaration.call, help=help)
        return None
    return None, ""


def _default_file(declaration: Declaration, name: str, plain: bool) -> tuple[Constant, str] | None:
    context, node = declaration.context, declaration.arguments["default"]
    try:
        path = context.constant(node)
    except NotConstant as reason:
        help = "write the file's path, which starts in the folder of the flow's file; flowc runs no function while it compiles"
        context.not_constant("`default` of a `Config`", reason, help)
        return None
    if not isinstance(path, str) or not path:
        help = 'write `default="config.json"`, or the value itself as `default_value={…}`'
        declaration.fault("default", f"the default of `{name}` is not the path of a file", help=help)
        return None
    found = read_beside(context, path)
    if found is None:
        report_missing(context, name, path, node, f"write the file, or name one: `--config {name} PATH`")
        return None
    return _decoded(declaration, found[1], found[0], node, plain)


def _default_value(declaration: Declaration, name: str, plain: bool) -> tuple[Constant, str] | None:
    context, node = declaration.context, declaration.arguments["default_value"]
    try:
        value = context.constant(node)
    except NotConstant as reason:
        help = "write a value; flowc runs no function while it compiles"
        context.not_constant("`default_value` of a `Config`", reason, help)
        return None
    origin = _DEFAULT_VALUE
    if isinstance(value, str):
        parser = _parser(declaration)
        return (value, origin) if plain and not parser else _parsed(context, value, origin, parser or "json.loads", node, plain)
    if not isinstance(value, Table) and not plain:
        help = "write a dictionary, or JSON text"
        declaration.fault("default_value", f"the default value of `{name}` is no dictionary", help=help)
        return None
    return _listed(value), origin


def _decoded(declaration: Declaration, data: bytes, path: str, node: ast.expr, plain: bool) -> tuple[Constant, str] | None:
    context = declaration.context
    if len(data) > MAX_CONTENT:
        _report(context, node, f"`{path}` is larger than the 1 MiB that a config may have")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _report(context, node, f"`{path}` is not text in UTF-8", "save it as UTF-8")
        return None
    parser = _parser(declaration)
    if plain and not parser:
        return text, path
    return _parsed(context, text, path, parser or "json.loads", node, plain)


def _parsed(context: Context, text: str, origin: str, parser: str, node: ast.expr, plain: bool) -> tuple[Constant, str] | None:
    if parser not in _JSON | _TOML:
        help = "give the parsed value as JSON: `--config-value NAME JSON`; or use JSON, or TOML with `parser=tomllib.loads`"
        subject = origin if origin in _NO_PATHS else f"`{origin}`"
        _report(context, node, f"{subject} cannot be read without running its parser, `{parser}`", help)
        return None
    try:
        value = _toml(text) if parser in _TOML else _json(text)
        constant = _constant(value)
        if not plain and not isinstance(constant, Table):
            raise _Unreadable("holds no table of keys and values, but " + ("a list" if isinstance(value, list) else "one value"))
    except _Unreadable as error:
        help = "" if parser in _TOML else _JSON_WANTED.get(PurePosixPath(origin).suffix.lower(), "")
        _report(context, node, f"{origin if origin in _NO_PATHS else f'`{origin}`'} {error}", help)
        return None
    return constant, origin


def _report(context: Context, node: ast.expr, message: str, help: str = "", rule: Rule = rules.CONFIG_UNREADABLE) -> None:
    context.fault(rule, message, node, help=help)


def _json(text: str) -> object:
    def refuse(word: str) -> object:
        raise _Unreadable(f"holds {word}, which is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise _Unreadable(f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _Unreadable("is nested too deeply") from None
    except ValueError as error:  # a number of too many digits
        raise _Unreadable(f"cannot be read: {error}") from None


def _toml(text: str) -> object:
    import tomllib  # only ever needed for such a config

    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise _Unreadable(f"is no TOML: {error}") from None
    except (RecursionError, ValueError):
        raise _Unreadable("is no TOML that can be read") from None


def _constant(value: object, depth: int = 0, key: str = "") -> Constant:
    """A decoded document as a constant; lists stay lists, so that they can be added to."""
    where = f" at `{key}`" if key else ""
    if depth > MAX_DEPTH:
        raise _Unreadable("is nested too deeply")
    match value:
        case dict():
            return Table(
                tuple(
                    (_text(name, where), _constant(one, depth + 1, f"{key}.{name}" if key else str(name)))
                    for name, one in value.items()
                )
            )
        case list():
            return List(_constant(one, depth + 1, f"{key}[{position}]") for position, one in enumerate(value))
        case str():
            return _text(value, where)
        case bool() | int() | None:
            return value
        case float():
            if value - value != 0:
                raise _Unreadable(f"holds infinity or NaN{where}, which JSON has no word for")
            return value
        case _:
            raise _Unreadable(f"holds a {type(value).__name__}{where}, which JSON has no word for: write it as text")


def _text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Unreadable(f"holds half of a surrogate pair{where}") from None
    return text


def _listed(value: Constant) -> Constant:
    match value:
        case tuple():
            return List(_listed(one) for one in value)
        case Table():
            return Table(tuple((key, _listed(one)) for key, one in value.items))
        case _:
            return value


def _parser(declaration: Declaration) -> str:
    """The parser as `module.function`; "" where there is none."""
    node = declaration.arguments.get("parser")
    if node is None or not declaration.given("parser"):
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    match declaration.context.program.meaning(declaration.context, node):
        case External(module=module, name=name):
            return f"{module}.{name}"
        case _:
            return ast.unparse(node)[:60]
