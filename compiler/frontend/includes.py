"""`IncludeFile(…)`: a parameter whose value is what a file holds.

notes = IncludeFile("notes", default="notes.txt")      →   notes: file of utf-8 = 'notes.txt', with the file's content

The content of the default goes into the plan, so that a container has it: there is no other way in which a file would come
along with a deployed flow. What is larger than `MAX_CONTENT` does not travel, and only a local run can read it.
"""

from __future__ import annotations

import ast
import codecs
from typing import Final

from ..diagnostics.model import Rule
from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Include, Parameter
from .config_values import paths_of
from .constants import NotConstant
from .context import Context
from .declaration import Declaration

MAX_CONTENT: Final = 1024 * 1024
"""Bytes of a default's file that the plan may hold."""
_NO_FILE_ENCODINGS: Final = frozenset(["idna", "punycode", "undefined"])
"""Encodings that are for something else, and slow on much text."""


def read_include(declaration: Declaration, name: str) -> Parameter | None:
    """The parameter of an `IncludeFile`, or None where it is faulty."""
    context = declaration.context
    is_text = declaration.typed("is_text", bool, "True or False")
    encoding = _encoding(declaration) if is_text is not False else None
    _check_parser(declaration)
    default: str | None = None
    deferred = False
    node = declaration.arguments.get("default")
    if node is not None:
        try:
            value = context.constant(node)
        except NotConstant as reason:
            if reason.told or reason.rule is not rules.NOT_CONSTANT:
                context.not_constant("", reason)
                return None
            value, deferred = None, True
        if value is not None and (not isinstance(value, str) or not value):
            declaration.fault("default", f"the default of `{name}` is not the path of a file", help='write `default="file.txt"`')
            return None
        default = value
    content = _content(context, name, default, encoding, node) if default is not None and node is not None else None
    show_default = declaration.typed("show_default", bool, "True or False")
    return Parameter(
        attribute=declaration.attribute,
        name=name,
        type="file",
        default=default,
        deferred=deferred,
        required=declaration.required(),
        help=declaration.typed("help", str, "a string"),
        show_default=show_default is not False,
        file=Include(encoding=encoding, content=content),
        span=context.source.span(declaration.call),
    )


def read_beside(context: Context, path: str) -> tuple[str, bytes] | None:
    """The first file that a default path leads to, with the path that it was found under."""
    for one in paths_of(context.configs.folder, path):
        data = context.files.read(one)
        if data is not None:
            return one, data
    return None


def report_missing(context: Context, name: str, path: str, node: ast.expr, help: str, rule: Rule = rules.FILE_NOT_FOUND) -> None:
    """Report that a default path leads nowhere."""
    where = f" (looked for from `{context.configs.folder}` and from the current folder)" if context.configs.folder else ""
    context.fault(rule, f"`{path}`, the file of `{name}`, does not exist{where}", node, "no such file", help=help)


def _encoding(declaration: Declaration) -> str:
    encoding = declaration.typed("encoding", str, "a string")
    if encoding is None:
        return "utf-8"
    try:
        known = codecs.lookup(encoding)
    except (LookupError, ValueError):
        known = None
    # CPython marks what turns text into bytes; others, such as `hex`, turn one into the same.
    if known is None or not getattr(known, "_is_text_encoding", True) or known.name in _NO_FILE_ENCODINGS:
        declaration.fault("encoding", f"Python knows no encoding of files `{encoding}`", help="leave it out for UTF-8")
        return "utf-8"
    return encoding


def _check_parser(declaration: Declaration) -> None:
    """The parser runs with the flow: anything may be one but a constant that names none."""
    node = declaration.arguments.get("parser")
    try:
        parser = declaration.context.constant(node) if node is not None else None
    except NotConstant:
        return
    if parser is not None and (not isinstance(parser, str) or "." not in parser.strip(".")):
        help = 'write the function, or where it is found: `parser="package.module.function"`'
        declaration.fault("parser", "the parser is no function", help=help)


def _content(context: Context, name: str, path: str, encoding: str | None, node: ast.expr) -> bytes | None:
    found = read_beside(context, path)
    if found is None:
        # A run that is given a file needs no default, and a file may be there by the time of the run.
        help = f"write the file, or leave the default out and give one with each run: `--{name} PATH`"
        report_missing(context, name, path, node, help, rules.DEFAULT_FILE_NOT_FOUND)
        return None
    _, data = found
    if len(data) > MAX_CONTENT:
        context.fault(
            rules.INCLUDE_TOO_LARGE,
            f"`{path}` is larger than the 1 MiB that travel with a deployed flow",
            node,
            f"{len(data) / MAX_CONTENT:.1f} MiB",
            help="a local run reads it; for others put it into the image or into object storage, and read it in a step",
        )
        return None
    if encoding is not None:
        try:
            data.decode(encoding)
        except (UnicodeError, LookupError) as error:
            help = "name its encoding with `encoding=…`, or take its bytes with `is_text=False`"
            message = f"`{path}` is not text in the encoding {encoding}"
            context.fault(rules.UNDECODABLE_INCLUDE, message, node, _where(error), help=help)
            return None
    return data


def _where(error: Exception) -> str:
    return f"byte {error.start + 1} is the first that is none" if isinstance(error, UnicodeDecodeError) else "not decodable"
