"""The languages of expressions that Argo has, as far as documents use them: that of `depends`, `{{=…}}` and
`valueFrom.expression` (expr-lang), and that of `when` (govaluate), where a bare word is a string.

    evaluate("tasks['a'].status == 'Succeeded' ? 1 : 2", lookup)

What is not needed for the value is not looked at, as in `&&` and `? :`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)
    |(?P<sign>\?\?|&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]]))""",
    re.VERBOSE,
)
_POWER = {"??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "<": 5, ">": 5, "<=": 5, ">=": 5, "+": 6, "-": 6, "*": 7, "/": 7, "%": 7}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "asInt": lambda value: int(value),
    "asFloat": lambda value: float(value),
    "int": lambda value: int(value),
    "float": lambda value: float(value),
    "string": lambda value: _text(value),
    "toJson": lambda value: json.dumps(value, separators=(",", ":")),
    "len": lambda value: len(value),
}


class Unresolved(Exception):
    """A name stands for nothing."""


class Wrong(Exception):
    """An expression that cannot be read, or has no value."""


def evaluate(text: str, scope: Mapping[str, Any], *, words: bool = False) -> Any:
    """The value of an expression.

    Args:
        text: The expression.
        scope: Values by dotted names: `tasks.a.status`.
        words: Whether bare words are strings.

    Raises:
        Unresolved: A name is needed that is not in the scope.
        Wrong: It is no expression.
    """
    parser = _Parser(text, scope, words=words)
    value = parser.ternary(live=True)
    if parser.at < len(parser.tokens):
        raise Wrong(f"unexpected {parser.tokens[parser.at][1]} in {text}")
    return value


class _Parser:
    def __init__(self, text: str, scope: Mapping[str, Any], *, words: bool) -> None:
        self.text = text
        self.scope = scope
        self.words = words
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise Wrong(f"unexpected {text[place:].strip()[:1]} in {text}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            place = found.end()

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] in ("sign", "name") else ""

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise Wrong(f"{sign} is missing in {self.text}")
        self.at += 1

    def ternary(self, *, live: bool) -> Any:
        test = self.binary(0, live=live)
        if self.peek() != "?":
            return test
        self.take("?")
        value = self.ternary(live=live and test is True)
        self.take(":")
        other = self.ternary(live=live and test is not True)
        return value if test is True else other

    def binary(self, power: int, *, live: bool) -> Any:
        left = self.unary(live=live)
        while (sign := {"and": "&&", "or": "||"}.get(self.peek(), self.peek())) and _POWER.get(sign, 0) > power:
            self.at += 1
            needed = live and not (sign == "&&" and left is False) and not (sign == "||" and left is True)
            right = self.binary(_POWER[sign], live=needed)
            if live:
                left = _calculated(sign, left, right, self.text) if needed else left
        return left

    def unary(self, *, live: bool) -> Any:
        if self.peek() in ("!", "not"):
            self.at += 1
            value = self.unary(live=live)
            if live and not isinstance(value, bool):
                raise Wrong(f"invalid operation: ! of {value!r} in {self.text}")
            return not value
        if self.peek() == "-":
            self.at += 1
            value = self.unary(live=live)
            return -value if live else None
        return self.primary(live=live)

    def primary(self, *, live: bool) -> Any:
        if self.at >= len(self.tokens):
            raise Wrong(f"unexpected end of {self.text}")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return float(token) if "." in token else int(token)
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token == "(":
            value = self.ternary(live=live)
            self.take(")")
            return value
        if kind != "name":
            raise Wrong(f"unexpected {token} in {self.text}")
        if token in ("true", "false", "nil"):
            return {"true": True, "false": False, "nil": None}[token]
        return self.named(token, live=live)

    def named(self, name: str, *, live: bool) -> Any:
        within = ""
        while self.peek() in (".", "[", "("):
            sign = self.peek()
            self.at += 1
            if sign == "(":
                given = []
                while self.peek() != ")":
                    given.append(self.ternary(live=live))
                    if self.peek() == ",":
                        self.at += 1
                self.take(")")
                if name not in _FUNCTIONS:
                    raise Wrong(f"unknown function {name} in {self.text}")
                try:
                    return _FUNCTIONS[name](*given) if live else None
                except (TypeError, ValueError) as error:
                    raise Wrong(f"{name}: {error} in {self.text}") from None
            if sign == ".":
                name += f".{self.tokens[self.at][1]}"
                self.at += 1
            else:
                within, name = name, f"{name}.{self.ternary(live=live)}"
                self.take("]")
        if not live:
            return None
        if name in self.scope:
            return self.scope[name]
        if within in self.scope:  # a map, which has not got it
            return None
        if self.words:
            return name
        raise Unresolved(name)


def _calculated(sign: str, left: Any, right: Any, text: str) -> Any:
    match sign:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "??":
            return right if left is None else left
        case "&&" | "||":
            if not isinstance(left, bool) or not isinstance(right, bool):
                raise Wrong(f"invalid operation: {sign} of {left!r} and {right!r} in {text}")
            return (left and right) if sign == "&&" else (left or right)
    try:
        return {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "/": lambda: left / right,
            "%": lambda: left % right,
            "<": lambda: left < right,
            ">": lambda: left > right,
            "<=": lambda: left <= right,
            ">=": lambda: left >= right,
        }[sign]()
    except (TypeError, ZeroDivisionError) as error:
        raise Wrong(f"{error} in {text}") from None


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | dict | list) or value is None else str(value)
