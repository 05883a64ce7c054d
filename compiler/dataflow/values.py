"""What is evident of a value from the expression that makes it: whether it is a sequence, a constant, something that cannot be
pickled, or computed from the item of a foreach.

    {1, 2}                →  a set, without an order
    threading.Lock()      →  a lock, which cannot be pickled
    self.input * 2        →  differs from task to task

Only what is certain is said: a name is followed only where the function assigns it once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..frontend.constants import NotConstant
from ..frontend.context import Context
from ..frontend.members import Member
from ..frontend.module import Binding, Import
from ..ir.artifacts import Value
from ..ir.nodes import Table
from .results import CALLS, IN_PLACE, PROCEDURES, UNPICKLABLE

UNKNOWN: Final = Value()

_ITEM: Final = ("input", "index")


class Values:
    """Looks at the values of one function.

    Attributes:
        context: The file that it stands in.
        function: The function, whose local names are followed.
        me: What it calls `self`.
    """

    def __init__(
        self,
        context: Context,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        me: str | None,
        kept: Callable[[str], Value] = lambda name: UNKNOWN,
    ) -> None:
        self.context = context
        self.function = function
        self.me = me
        self.kept = kept
        self._locals: dict[str, list[ast.AST]] | None = None
        self._imports: dict[str, str] | None = None
        self._imported: set[str] = set()
        self._taken: set[str] = set()

    def infer(self, node: ast.expr | None, *, texts: bool = False) -> Value:
        """What is evident of an expression's value."""
        if node is None:
            return UNKNOWN
        found = self._infer(node, 0)
        varies, length = self._varies(node, 0), self._length(node, 0)
        if texts or varies or length != found.length:
            text = self.context.source.text_of(self.context.source.span(node)) if texts else ""
            found = replace(found, varies=varies, text=text, length=length)
        return found

    def of_constant(self, member: Member) -> Value:
        """What is evident of a constant of the class."""
        return Values(member.context, self.function, None).infer(member.value)

    def names(self, node: ast.expr | None) -> tuple[str, ...] | None:
        """A constant list of names; empty where there is none, None where it is not constant."""
        if node is None:
            return ()
        try:
            value = self.context.constant(node)
        except NotConstant:
            return None
        if value is None:
            return ()
        names = (value,) if isinstance(value, str) else value
        if isinstance(names, tuple) and all(isinstance(one, str) for one in names):
            return tuple(str(one) for one in names)
        return None

    def _infer(self, node: ast.expr, depth: int) -> Value:
        match node:
            case ast.Constant(value=value):
                return _of_constant(value)
            case ast.List(elts=parts):
                return self._display(Value(what="a list", indexed=True), parts, depth)
            case ast.Tuple(elts=parts):
                return self._display(Value(what="a tuple", indexed=True), parts, depth)
            case ast.Dict(values=parts):
                return self._display(Value(what="a dictionary", indexed=False), parts, depth)
            case ast.ListComp():
                return Value(what="a list", indexed=True)
            case ast.Set() | ast.SetComp():
                return Value(what="a set", indexed=False)
            case ast.DictComp():
                return Value(what="a dictionary", indexed=False)
            case ast.GeneratorExp():
                return Value(what="a generator", indexed=False, pickled=False)
            case ast.Lambda():
                return Value(what="a lambda", indexed=False, pickled=False)
            case ast.JoinedStr():
                return Value(what="a text", indexed=True)
            case ast.Compare(ops=[ast.In() | ast.NotIn() | ast.Is() | ast.IsNot()]) | ast.UnaryOp(op=ast.Not()):
                return Value(what="True or False", indexed=False)
            case ast.Compare():
                return Value(what="the result of a comparison")
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me and depth < 2:
                return self.kept(name)  # as it is now; a local name may have been given another value before
            case ast.Attribute() if self._full_name(node) == "os.environ":
                return Value(what="the variables of this process", indexed=False, pickled=False)
            case ast.Call():
                return self._call(node, depth)
            case ast.Name(id=name) if depth < 5:
                return self._name(name, depth)
            case _:
                return UNKNOWN

    def _display(self, value: Value, parts: list[ast.expr], depth: int) -> Value:
        """A list, tuple or dictionary as it is written, which cannot be pickled where something in it cannot."""
        if depth < 2 and len(parts) <= 50:
            for part in parts:
                inner = self._infer(part, depth + 1)
                if not inner.pickled:
                    return Value(what=f"{value.what} with {inner.what}", indexed=value.indexed, pickled=False)
        return value

    def _call(self, node: ast.Call, depth: int) -> Value:
        full = self._full_name(node.func)
        if full in UNPICKLABLE:
            return Value(what=UNPICKLABLE[full], indexed=False, pickled=False)
        if full in PROCEDURES:
            return _of_constant(None)
        if full == "collections.defaultdict" and node.args:
            factory = self._infer(node.args[0], depth + 1)
            what = f"a defaultdict with {factory.what}"
            return UNKNOWN if factory.pickled else Value(what=what, indexed=False, pickled=False)
        match node.func:
            case ast.Name(id=name) if full == name:
                return CALLS.get(name, UNKNOWN)
            case ast.Name(id=name):
                match self.locals().get(name):
                    case [ast.ClassDef(bases=[], keywords=[], decorator_list=[]) as inner] if not _reduces(inner):
                        if not self._global(name):
                            return Value(what="an object of a class defined in the step", pickled=False)
            case ast.Attribute(value=receiver, attr=method) if depth < 5:
                what = self._infer(receiver, depth + 1).what
                if method in IN_PLACE.get(what, ()):
                    return _of_constant(None)
                if what == "a dictionary" and method in ("keys", "values", "items") and not node.args:
                    return Value(what="a view of a dictionary", indexed=False, pickled=False)
        return UNKNOWN

    def _name(self, name: str, depth: int) -> Value:
        bound = self.locals().get(name)
        if bound is None and self._is_module(name):
            return Value(what="a module", indexed=False, pickled=False)
        if bound is None:
            try:
                value = self.context.constant(ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0))
            except NotConstant:
                return UNKNOWN
            return _of_constant(value)
        match bound:
            case [ast.expr() as only]:
                return self._infer(only, depth + 2)
            case [ast.FunctionDef() | ast.AsyncFunctionDef()] if not self._global(name):
                return Value(what="a function defined in the step", indexed=False, pickled=False)
            case _:
                return UNKNOWN

    def _full_name(self, node: ast.expr) -> str | None:
        """`threading.Lock` for `Lock` after `from threading import Lock`; a built-in's own name; None for anything else."""
        match node:
            case ast.Name(id=name) if name not in self.locals():
                imported = self._import(name)
                return imported or (None if name in self.context.module.bindings else name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self._full_name(value)
                return f"{owner}.{attribute}" if owner else None
            case _:
                return None

    def _import(self, name: str) -> str | None:
        """What an import binds a name to, by its full name: one of the function, else one of the module."""
        if self._imports is None:
            self._imports = {}
            for part in ast.walk(self.function):
                match part:
                    case ast.Import(names=names):
                        for one in names:
                            self._imports[one.asname or one.name.partition(".")[0]] = (
                                one.name if one.asname else one.name.partition(".")[0]
                            )
                    case ast.ImportFrom(module=str(module), names=names, level=0):
                        self._imports |= {one.asname or one.name: f"{module}.{one.name}" for one in names}
                        self._taken |= {one.asname or one.name for one in names}
                    case _:
                        pass
            self._imported |= self._imports.keys()
        if name not in self._imports:
            match self.context.module.bindings.get(name):
                case [Binding(value=Import(module=module, level=0, name=taken))]:
                    return f"{module}.{taken}" if taken else module
                case _:
                    return None
        return self._imports[name]

    def _is_module(self, name: str) -> bool:
        """Whether `import …` binds a name, of the function or of the file."""
        if self._import(name) is None:
            return False
        if name in self._imported:
            return name not in self._taken
        match self.context.module.bindings.get(name):
            case [Binding(value=Import(level=0, name=taken))]:
                return not taken
            case _:
                return False

    def _global(self, name: str) -> bool:
        """Whether a name of the function is one of the file's."""
        return any(name in part.names for part in ast.walk(self.function) if isinstance(part, ast.Global))

    def locals(self) -> dict[str, list[ast.AST]]:
        """What the function binds, each name with all that it is bound to; the node itself where that is no expression."""
        if self._locals is None:
            found: dict[str, list[ast.AST]] = {}
            spoken_for: set[int] = set()
            for part in ast.walk(self.function):
                match part:
                    case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                        spoken_for.add(id(target))
                        found.setdefault(name, []).append(value)
                    case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.expr() as value):
                        spoken_for.add(id(target))
                        found.setdefault(name, []).append(value)
                    case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                        if part is not self.function:
                            found.setdefault(name, []).append(part)
                    case ast.arg(arg=name):
                        found.setdefault(name, []).append(part)
                    case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if id(part) not in spoken_for:
                        found.setdefault(name, []).append(part.ctx)
                    case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                        found.setdefault(name, []).append(part)
                    case _:
                        pass
            self._locals = found
        return self._locals

    def _length(self, node: ast.expr, depth: int) -> int | None:
        """How many items a value that is made here has. A name stands for a value that may have been changed meanwhile."""
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return None if any(isinstance(one, ast.Starred) for one in parts) else len(parts)
            case ast.ListComp(generators=[ast.comprehension(iter=each, ifs=[], is_async=0)]) if depth < 5:
                return self._length(each, depth + 1)
            case ast.Call(func=ast.Name(id="list" | "tuple" as name), args=[only], keywords=[]) if depth < 5:
                return self._length(only, depth + 1) if self._full_name(node.func) == name else None
            case ast.Call(func=ast.Name(id="range"), args=[_] | [_, _] | [_, _, _], keywords=[]):
                names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                if self._full_name(node.func) != "range" or not names.isdisjoint(self.locals()):
                    return None
                try:
                    numbers = [self.context.constant(one) for one in node.args]
                    return len(range(*numbers))  # type: ignore[arg-type]  # what they are not, `range` says
                except (NotConstant, TypeError, ValueError, OverflowError):
                    return None
            case _:
                return None

    def _varies(self, node: ast.expr, depth: int) -> bool:
        """Whether a value is computed from the item or the index of the foreach, and is not just a yes or no about it."""
        match node:
            case ast.Constant() | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.Lambda():
                return False
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                return name in _ITEM
            case ast.Name(id=name):
                match self.locals().get(name) if depth < 5 else None:
                    case [ast.expr() as bound]:
                        return self._varies(bound, depth + 1)
                    case _:
                        return False
            case ast.Call(func=ast.Name(id="len" | "bool" | "type" | "isinstance")):
                return False
            case ast.BinOp():
                stack: list[ast.expr] = [node]
                while stack:
                    match stack.pop():
                        case ast.BinOp(left=left, right=right):
                            stack += [right, left]
                        case other:
                            if self._varies(other, depth):
                                return True
                return False
            case ast.Call(func=function, args=args, keywords=keywords):
                parts = [*args, *(one.value for one in keywords)]
                parts += [function.value] if isinstance(function, ast.Attribute) else []
                return depth < 20 and any(self._varies(part, depth + 1) for part in parts)
            case (
                ast.JoinedStr()
                | ast.FormattedValue()
                | ast.Subscript()
                | ast.Attribute()
                | ast.Tuple()
                | ast.List()
                | ast.Dict()
                | ast.Starred()
            ):
                parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
                return depth < 20 and any(self._varies(part, depth + 1) for part in parts)
            case _:
                return False


def _reduces(node: ast.ClassDef) -> bool:
    """Whether a class says itself how it is pickled."""
    return any(isinstance(one, ast.FunctionDef) and one.name in ("__reduce__", "__reduce_ex__", "__new__") for one in node.body)


def _of_constant(value: object) -> Value:
    match value:
        case None:
            return Value(what="None", constant=(None,), indexed=False)
        case bool():
            return Value(what=str(value), constant=(value,), indexed=False)
        case int() | float():
            return Value(what="a number", constant=(value,), indexed=False)
        case complex():
            return Value(what="a number", indexed=False)
        case str():
            return Value(what="a text", constant=(value,), indexed=True)
        case bytes():
            return Value(what="bytes", indexed=True)
        case tuple():
            return Value(what="a list", indexed=True)
        case Table():
            return Value(what="a dictionary", indexed=False)
        case _:
            return UNKNOWN
