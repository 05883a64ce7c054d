"""Constant expressions: what the compiler can work out without running anything.

Literals, containers, names of constants, arithmetic, string formatting by f-string, conditional expressions,
comparisons, parts of containers (`SIZES["small"]`), a few of Python's own functions (`functions`), and values of `Config`s.

    MB = 1024
    @resources(memory=60 * MB)      →   memory = 61440

What a name is bound to, a `Scope` says: it may be an expression in another file, which is then evaluated in that file's scope.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Mapping

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Table
from ..similar import did_you_mean
from .config_values import ConfigValue
from .functions import BUILTINS, METHODS, List, plain_value, size_of
from .operators import BINARY, COMPARE, CONVERSIONS, LATE, MAX_SIZE, UNARY, apply, binary, run
from .scope import NotConstant, Scope

__all__ = ["NotConstant", "Scope", "evaluate"]


MAX_DEPTH = 100
"""How deep an expression may nest."""


def evaluate(node: ast.expr, scope: Scope) -> Constant:
    """The value of a constant expression that stands in a scope.

    Raises:
        NotConstant: It is not one.
    """
    return plain_value(_Evaluator(scope).value(node))


class _Evaluator:
    """Evaluates one expression.

    Attributes:
        scope: Where it stands; another one while what a name is bound to is evaluated.
        locals: The configs, while the text of a `config_expr` is evaluated: there they go by the names of the command line.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.locals: Mapping[str, ConfigValue] = {}
        self.known: dict[ast.expr, Constant] = {}
        self.depth = 0

    def value(self, node: ast.expr) -> Constant:
        """The value of an expression, if it is one that can be handed on."""
        found = self._part(node)
        if size_of(found) > MAX_SIZE:
            raise NotConstant(node, "its value is too large")
        if isinstance(found, float) and not math.isfinite(found):
            raise NotConstant(node, "infinity and NaN cannot be written as JSON")
        if isinstance(found, str) and not _encodable(found):
            raise NotConstant(node, "half of a surrogate pair cannot be written as UTF-8")
        return found

    def _part(self, node: ast.expr) -> Constant:
        """The value of an expression of which only a part may be used, as of a large config."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotConstant(node, "it is nested too deeply, or a name that it uses is defined by itself")
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: ast.expr) -> Constant:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | None):
                return node.value  # type: ignore[return-value]  # narrowed by the pattern, which mypy does not follow
            case ast.Name(id=name) if name in self.locals:
                return self._config(node, self.locals[name])
            case ast.Name() | ast.Attribute() if (bound := self._lookup(node)) is not None:
                return self._bound_value(node, *bound)
            case ast.List(elts=elements):
                return List(self._elements(elements))
            case ast.Tuple(elts=elements):
                return tuple(self._elements(elements))
            case ast.Dict():
                return self._dict(node)
            case ast.UnaryOp():
                return apply(node, UNARY[type(node.op)], self._scalar(node.operand))
            case ast.BinOp() if type(node.op) in BINARY:
                return binary(node, self.value(node.left), self.value(node.right))
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._bool(node)
            case ast.IfExp():
                return self.value(node.body if self._scalar(node.test) else node.orelse)
            case ast.JoinedStr():
                return "".join(self._piece(piece) for piece in node.values)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise NotConstant(node, LATE)

    def _scalar(self, node: ast.expr) -> bool | int | float | str | None:
        """A value to compute with. Whether a list or a dictionary is true, or how it is formatted, is left to Python."""
        value = self.value(node)
        if isinstance(value, tuple | Table):
            raise NotConstant(node, "a list or a dictionary is computed with")
        return value

    def _elements(self, nodes: list[ast.expr]) -> list[Constant]:
        found: list[Constant] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                unpacked = self.value(node.value)
                if not isinstance(unpacked, tuple):
                    raise NotConstant(node, "only a list or a tuple can be unpacked here")
                found.extend(unpacked)
            else:
                found.append(self.value(node))
        return found

    def _lookup(self, node: ast.Name | ast.Attribute) -> tuple[ast.expr, Scope] | None:
        try:
            return self.scope.lookup(node)
        except NotConstant as reason:
            if isinstance(node, ast.Name) and not reason.help:
                late = next((one for one in self.scope.configs.by_name.values() if one.attribute == node.id), None)
                guess = did_you_mean(node.id, self.locals)
                if late is not None and not self.locals:
                    reason.help = f'write `config_expr("{late.name}")`: `{node.id}` is a name only within the class'
                elif guess:
                    reason.help = f"did you mean `{guess}`?"
            raise

    def _bound_value(self, node: ast.expr, bound: ast.expr, scope: Scope) -> Constant:
        """The value of what a name is bound to, worked out where it stands."""
        if bound in self.known:
            return self.known[bound]
        here, self.scope = self.scope, scope
        configs, self.locals = self.locals, {}
        try:
            self.known[bound] = self._part(bound)
        except NotConstant as error:
            if scope.source is here.source and not configs:
                raise
            # A place in another file cannot be marked in this one: it is named instead.
            raise error.seen_from(node, f" ({scope.source.span(error.node)})") from None
        finally:
            self.scope, self.locals = here, configs
        return self.known[bound]

    def _config(self, node: ast.expr, config: ConfigValue) -> Constant:
        if not config.known:
            raise NotConstant(node, "the config could not be read", told=True)
        return config.value

    def _dict(self, node: ast.Dict) -> Table:
        items: list[tuple[Constant, Constant]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                items.extend(self._unpacked(value).items)
            else:
                items.append((self.value(key), self.value(value)))
        return Table(tuple(dict(items).items()))

    def _unpacked(self, node: ast.expr) -> Table:
        unpacked = self.value(node)
        if not isinstance(unpacked, Table):
            raise NotConstant(node, "only a dictionary can be unpacked here")
        return unpacked

    def _compare(self, node: ast.Compare) -> bool:
        left = self._scalar(node.left)
        for op, other in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                container = self.value(other)
                if isinstance(container, tuple | Table):
                    among = container if isinstance(container, tuple) else tuple(key for key, _ in container.items)
                    held = any(left == one for one in among)
                elif isinstance(container, str):
                    held = bool(apply(node, operator.contains, container, left))
                else:
                    raise NotConstant(other, "it holds nothing")
                if held is isinstance(op, ast.NotIn):
                    return False
                if other is not node.comparators[-1]:
                    raise NotConstant(other, "compare in two steps")
                continue
            right = self._scalar(other)
            if isinstance(op, ast.Is | ast.IsNot):
                if left is not None and right is not None:
                    raise NotConstant(node, "write `==` instead of `is`")
                holds = (left is right) is isinstance(op, ast.Is)
            else:
                holds = bool(apply(node, COMPARE[type(op)], left, right))
            if not holds:
                return False
            left = right
        return True

    def _bool(self, node: ast.BoolOp) -> Constant:
        found: Constant = None
        for operand in node.values:
            found = self._scalar(operand)
            if bool(found) is isinstance(node.op, ast.Or):
                break
        return found

    def _piece(self, piece: ast.expr) -> str:
        match piece:
            case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
                found: object = self._scalar(value)
                if conversion != -1:
                    found = CONVERSIONS[chr(conversion)](found)
                layout = "".join(self._piece(part) for part in spec.values) if isinstance(spec, ast.JoinedStr) else ""
                if sum(int(width) for width in "".join(c if c.isdigit() else " " for c in layout).split()) > MAX_SIZE:
                    raise NotConstant(piece, "its value is too large")
                return str(apply(piece, format, found, layout))
            case _:
                return str(self.value(piece))

    def _subscript(self, node: ast.Subscript) -> Constant:
        whole = self._part(node.value)
        if isinstance(whole, Table):
            return self._item(node, whole, self._scalar(node.slice))
        if not isinstance(whole, tuple | str):
            raise NotConstant(node, "it cannot be indexed")
        if isinstance(node.slice, ast.Slice):
            ends = (node.slice.lower, node.slice.upper, node.slice.step)
            part = apply(node, operator.getitem, whole, slice(*(self._scalar(end) if end else None for end in ends)))
            return List(part) if isinstance(whole, List) and isinstance(part, tuple) else part
        return apply(node, operator.getitem, whole, self._scalar(node.slice))

    def _attribute(self, node: ast.Attribute) -> Constant:
        config = self._config_of(node.value)
        if config is None or config.plain:
            if isinstance(node.value, ast.Name):
                self._part(node.value)  # what is wrong with the name says more
            raise NotConstant(node, LATE)
        whole = self._part(node.value)
        if not isinstance(whole, Table):
            raise NotConstant(node, f"`{ast.unparse(node.value)}` is {_article(whole)}, which has no `{node.attr}`")
        return self._item(node, whole, node.attr)

    def _item(self, node: ast.Attribute | ast.Subscript, whole: Table, key: Constant) -> Constant:
        for known, value in whole.items:
            if known == key:
                return value
        config = self._config_of(node.value)
        if config is None:
            raise NotConstant(node, f"the dictionary has no key {key!r}")
        names = [str(known) for known, _ in whole.items]
        guess = did_you_mean(str(key), names)
        shown = ", ".join(f"`{one}`" for one in names[:8]) + (", …" if len(names) > 8 else "")
        raise NotConstant(
            node,
            f"`{ast.unparse(node.value)}` has no key `{key}` in {config.origin}",
            rule=rules.NO_SUCH_KEY,
            help=f"did you mean `{guess}`?" if guess else f"it has {shown}" if names else "it is empty",
        )

    def _config_of(self, node: ast.expr) -> ConfigValue | None:
        """The config that an expression is a part of, if it is one of any."""
        scope, configs = self.scope, self.locals
        for _ in range(MAX_DEPTH):
            if isinstance(node, ast.Name) and node.id in configs:
                return configs[node.id]
            if isinstance(node, ast.Name | ast.Attribute):
                try:
                    bound = scope.lookup(node)
                except NotConstant:
                    return None
                if bound is not None:
                    (node, scope), configs = bound, {}
                    continue
            match node:
                case ast.Attribute(value=value) | ast.Subscript(value=value):
                    node = value
                case ast.Call() if (config := scope.configs.called(node)) is not None:
                    return config
                case ast.Call(func=function) if scope.api_name(function) == "config_expr":
                    try:
                        node, configs = self._expression(node), scope.configs.by_name
                    except NotConstant:
                        return None
                case ast.Call(func=ast.Attribute(value=value, attr="get" | "to_dict")):
                    node = value
                case _:
                    return None
        return None

    def _call(self, node: ast.Call) -> Constant:
        if (config := self.scope.configs.called(node)) is not None:
            return self._config(node, config)
        if self.scope.api_name(node.func) == "config_expr":
            inner = self._expression(node)
            configs, self.locals = self.locals, self.scope.configs.by_name
            try:
                return self._part(inner)
            except NotConstant as reason:  # its place is one in the text
                raise reason.seen_from(node) from None
            finally:
                self.locals = configs
        match node.func:
            case ast.Name(id=name) if name in BUILTINS and self.scope.is_builtin(name):
                return self._builtin(node, name)
            case ast.Attribute(attr="get" | "to_dict" as name, value=whole_node) if name == "get" or self._config_of(whole_node):
                whole = self._part(whole_node)
                if isinstance(whole, Table) and not node.keywords and len(node.args) in ((1, 2) if name == "get" else (0,)):
                    return whole if name == "to_dict" else self._get(node, whole)
            case ast.Attribute(attr=name, value=whole_node) if name in METHODS and not node.keywords:
                text = self.value(whole_node)
                if isinstance(text, str):
                    return run(node, METHODS[name], text, *self._elements(node.args))
            case _:
                pass
        raise NotConstant(node, LATE)

    def _get(self, node: ast.Call, whole: Table) -> Constant:
        key = self._scalar(node.args[0])
        for known, value in whole.items:
            if known == key:
                return value
        return self.value(node.args[1]) if len(node.args) == 2 else None

    def _builtin(self, node: ast.Call, name: str) -> Constant:
        positional = self._elements(node.args)
        named: list[tuple[Constant, Constant]] = []
        for keyword in node.keywords:
            if keyword.arg is None:
                named.extend(self._unpacked(keyword.value).items)
            else:
                named.append((keyword.arg, self.value(keyword.value)))
        if name == "dict":
            first = positional[0] if positional else Table(())
            if not isinstance(first, Table) or len(positional) > 1:
                raise NotConstant(node, "only a dictionary can be unpacked here")
            return Table(tuple(dict((*first.items, *named)).items()))
        if named:
            raise NotConstant(node, LATE)
        return run(node, BUILTINS[name], *positional)

    def _expression(self, node: ast.Call) -> ast.expr:
        """What a `config_expr("…")` says."""
        texts = [*node.args, *(one.value for one in node.keywords if one.arg == "expr")]
        if len(texts) != 1 or len(node.args) + len(node.keywords) != 1:
            raise NotConstant(node, "`config_expr` takes one text")
        text = self.value(texts[0])
        if not isinstance(text, str):
            raise NotConstant(texts[0], "`config_expr` takes one text")
        try:
            return ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise NotConstant(texts[0], "the text is not an expression of Python's") from None


def _article(value: Constant) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case tuple():
            return "a list"
        case _:
            return "None"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
