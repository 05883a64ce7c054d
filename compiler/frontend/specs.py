"""One text of `--with` as the syntax of a decorator, so that it is read as those in a file are.

    batch:cpu=4,image=python:3.12,host_volumes=["/a", "/b"]   →   @batch(cpu=4, image="python:3.12", host_volumes=["/a", "/b"])

A value is JSON where it is such, else text, as in Metaflow. It ends where a comma is followed by a name and `=`, though never
within a list, a dictionary or a string. What could be JSON is text where only text fits, so that `python=3.10` is no number; and
`True` is what it is in a file.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from .decorator_table import STEP_DECORATORS
from .kinds import Kind

Node = TypeVar("Node", bound="ast.expr | ast.keyword")

HOW: Final = "write a decorator's name, or `NAME:ARGUMENT=VALUE,…` as in `batch:cpu=4,memory=10000`"

_ARGUMENT: Final = re.compile(r"\s*([\w-]+)\s*=\s*")
_NEXT: Final = re.compile(r",(?=\s*[\w-]+\s*=)")
_ENCLOSED: Final = ("{", "[", '"')
"""How JSON begins that may hold commas."""
_WORDS: Final[Mapping[str, bool | None]] = {"True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why a text is no decorator.

    Attributes:
        start: Where in it the mistake begins, from 0.
        end: The character after it.
        message: What is wrong.
        help: What to write instead.
    """

    start: int
    end: int
    message: str
    help: str = HOW


def read_spec(text: str, line: int) -> ast.Name | ast.Call | Malformed:
    """The decorator that a text says. The places of its parts are those of a file that has it on this line."""
    try:
        text.encode()
        return _Spec(text, line).read()
    except UnicodeEncodeError:
        return Malformed(0, len(text), "the text is not UTF-8", help="")
    except RecursionError:
        return Malformed(0, len(text), "the text is nested too deeply", help="")
    except _Mistake as mistake:
        return mistake.malformed


class _Mistake(Exception):
    def __init__(self, malformed: Malformed) -> None:
        super().__init__(malformed.message)
        self.malformed = malformed


@dataclass(frozen=True, slots=True)
class _Spec:
    text: str
    line: int

    def read(self) -> ast.Name | ast.Call:
        """The decorator.

        Raises:
            _Mistake: There is none to be read.
        """
        head, colon, _ = self.text.partition(":")
        start, end = self._strip(0, len(head))
        if not (name := self.text[start:end]).isidentifier():
            self._refuse_name(start, end, bool(colon))
        called = self._at(ast.Name(name, ast.Load()), start, end)
        keywords = list(self._arguments(name, len(head) + 1)) if colon else []
        if not keywords:
            return called
        return self._at(ast.Call(called, [], keywords), start, self._strip(0, len(self.text))[1])

    def _refuse_name(self, start: int, end: int, colon: bool) -> None:
        text = self.text[start:end]
        if not text:
            raise _Mistake(Malformed(start, max(end, start + 1), "no decorator is named"))
        bare, call = text.lstrip("@"), re.fullmatch(r"@?(\w+)\((.*)\)", self.text.strip())
        if bare.isidentifier():
            help = f"write it without `@`: `{bare}`"
        elif call:
            help = f"write `{call[1]}:{call[2]}`" if call[2] else f"write `{call[1]}`"
        elif not colon and all(one.strip().isidentifier() for one in text.split(",")):
            help = f"give the option once for each: {', '.join(f'`{one.strip()}`' for one in text.split(','))}"
        else:
            help = HOW
        raise _Mistake(Malformed(start, end, f"`{text}` is no name of a decorator", help))

    def _arguments(self, name: str, position: int) -> Iterator[ast.keyword]:
        takes = STEP_DECORATORS.get(name, {})
        while self.text[position:].strip():
            found = _ARGUMENT.match(self.text, position)
            if found is None:
                start, end = self._strip(position, len(self.text))
                text = self.text[start:end]
                if text.isidentifier():
                    raise _Mistake(Malformed(start, end, f"`{text}` of `@{name}` has no value", f"write `{text}=…`"))
                help = f"write `{next(iter(takes))}=…`" if takes else HOW
                raise _Mistake(Malformed(start, end, f"`@{name}` takes its arguments by name", help))
            argument = found[1]
            value, start, end = self._value(name, argument, takes.get(argument), found.end())
            node = self._literal(value, start, end)
            yield self._at(ast.keyword(argument, node), found.start(1), end)
            position = _after_comma(self.text, end)

    def _value(self, name: str, argument: str, kind: Kind | None, position: int) -> tuple[Any, int, int]:
        """What stands after `=`, with its range."""
        if self.text.startswith(_ENCLOSED, position):
            try:
                value, end = _JSON.raw_decode(self.text, position)
            except ValueError:
                pass
            else:
                if re.match(r"\s*(,|$)", self.text[end:]):
                    return value, position, end
        comma = _NEXT.search(self.text, position)
        start, end = self._strip(position, comma.start() if comma else len(self.text))
        text = self.text[start:end]
        if comma is None and text.endswith(","):  # as it may end a call's arguments
            start, end = self._strip(start, end - 1)
            text = self.text[start:end]
        try:
            found: tuple[Any, ...] = (_JSON.decode(text.replace('\\"', '"')),)
        except ValueError as error:
            if text.startswith(_ENCLOSED):
                self._refuse_json(name, argument, start, end, error)
            found = (_WORDS[text],) if text in _WORDS else ()
        return _fitting((*found, text), kind), start, end

    def _refuse_json(self, name: str, argument: str, start: int, end: int, error: ValueError) -> None:
        at, what = start, ""
        if isinstance(error, json.JSONDecodeError):
            at, what = min(start + error.pos, end - 1), f": {error.msg[0].lower()}{error.msg[1:]}"
        help = "in JSON strings stand between double quotes; around all of it put single ones, for the shell"
        raise _Mistake(Malformed(at, at + 1, f"`{argument}` of `@{name}` begins as JSON does, and is none{what}", help))

    def _literal(self, value: Any, start: int, end: int) -> ast.expr:
        """A value as an expression, all of which stands where the text of the value does."""
        node: ast.expr
        if isinstance(value, dict):
            keys: list[ast.expr | None] = [self._literal(key, start, end) for key in value]
            node = ast.Dict(keys, [self._literal(one, start, end) for one in value.values()])
        elif isinstance(value, list):
            node = ast.List([self._literal(one, start, end) for one in value], ast.Load())
        else:
            node = ast.Constant(value)
        return self._at(node, start, end)

    def _strip(self, start: int, end: int) -> tuple[int, int]:
        """The range without the blanks at both ends."""
        text = self.text[start:end]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip()) if text.strip() else end

    def _at(self, node: Node, start: int, end: int) -> Node:
        """The node with its place, in bytes as `ast` has it."""
        node.lineno = node.end_lineno = self.line
        places = (start, end) if self.text.isascii() else (len(self.text[:one].encode()) for one in (start, end))
        node.col_offset, node.end_col_offset = places
        return node


def _after_comma(text: str, position: int) -> int:
    found = re.compile(r"\s*,").match(text, position)
    return found.end() if found else len(text)


def _fitting(values: tuple[Any, ...], kind: Kind | None) -> Any:
    """The first reading of a value that an argument takes; the first of all where it takes none."""
    if kind is None or isinstance(values[0], dict | list):
        return values[0]
    return next((one for one in values if _fits(kind, one)), values[0])


def _fits(kind: Kind, value: bool | int | float | str | None) -> bool:
    return kind.optional if value is None else kind.fits(value)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


_JSON: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
