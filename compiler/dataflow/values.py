"""What is evident of a value from the expression that makes it: whether it is a sequence, a constant, something that cannot be
pickled, or computed from the item of a foreach.

    {1, 2}                →  a set, without an order
    threading.Lock()      →  a lock, which cannot be pickled
    self.input * 2        →  differs from task to task

Only what is certain is said: a name is followed only where the function assigns it once.
"""

from __future__ import annotations

import ast
from typing import Final

from ..frontend.constants import NotConstant
from ..frontend.context import Context
from ..frontend.members import Member
from ..frontend.module import Binding, Import
from ..ir.artifacts import Value
from ..ir.nodes import Table

UNKNOWN: Final = Value()

_UNPICKLABLE: Final = {
    "open": "an open file",
    "io.open": "an open file",
    "gzip.open": "an open file",
    "bz2.open": "an open file",
    "lzma.open": "an open file",
    "tempfile.TemporaryFile": "an open file",
    "tempfile.NamedTemporaryFile": "an open file",
    "threading.Lock": "a lock",
    "threading.RLock": "a lock",
    "threading.Condition": "a lock",
    "threading.Event": "an event of threads",
    "threading.Semaphore": "a lock",
    "threading.Thread": "a thread",
    "threading.local": "data of a thread",
    "multiprocessing.Pool": "a pool of processes",
    "multiprocessing.Lock": "a lock",
    "concurrent.futures.ThreadPoolExecutor": "a pool of threads",
    "concurrent.futures.ProcessPoolExecutor": "a pool of processes",
    "socket.socket": "a socket",
    "sqlite3.connect": "a database connection",
    "subprocess.Popen": "a process",
    "queue.Queue": "a queue of threads",
    "asyncio.Lock": "a lock",
}
"""Functions whose results `pickle` refuses, by the full name that the file imports them under."""

_CALLS: Final = {
    "set": Value(what="a set", indexed=False),
    "frozenset": Value(what="a set", indexed=False),
    "dict": Value(what="a dictionary", indexed=False),
    "map": Value(what="an iterator", indexed=False),
    "filter": Value(what="an iterator", indexed=False),
    "zip": Value(what="an iterator", indexed=False),
    "enumerate": Value(what="an iterator", indexed=False),
    "reversed": Value(what="an iterator", indexed=False),
    "iter": Value(what="an iterator", indexed=False),
    "int": Value(what="a number", indexed=False),
    "float": Value(what="a number", indexed=False),
    "len": Value(what="a number", indexed=False),
    "bool": Value(what="True or False", indexed=False),
    "list": Value(what="a list", indexed=True),
    "tuple": Value(what="a tuple", indexed=True),
    "sorted": Value(what="a list", indexed=True),
    "range": Value(what="a range", indexed=True),
    "str": Value(what="a text", indexed=True),
}
"""What built-in functions return."""

_ITEM: Final = ("input", "index")


class Values:
    """Looks at the values of one function.

    Attributes:
        context: The file that it stands in.
        function: The function, whose local names are followed.
        me: What it calls `self`.
    """

    def __init__(self, context: Context, function: ast.FunctionDef | ast.AsyncFunctionDef, me: str | None) -> None:
        self.context = context
        self.function = function
        self.me = me
        self._locals: dict[str, list[ast.AST]] | None = None
        self._imports: dict[str, str] | None = None

    def infer(self, node: ast.expr | None, *, texts: bool = False) -> Value:
        """What is evident of an expression's value."""
        if node is None:
            return UNKNOWN
        found = self._infer(node, 0)
        varies = self._varies(node, 0)
        if texts or varies:
            found = Value(
                what=found.what,
                constant=found.constant,
                indexed=found.indexed,
                pickled=found.pickled,
                varies=varies,
                text=self.context.source.text_of(self.context.source.span(node)) if texts else "",
            )
        return found

    def of_member(self, member: Member) -> Value:
        """What is evident of a constant or a parameter of the class."""
        if member.kind != "parameter" or not isinstance(member.value, ast.Call):
            return Values(member.context, self.function, None).infer(member.value) if member.kind == "constant" else UNKNOWN
        given = {keyword.arg: keyword.value for keyword in member.value.keywords}
        kind = given.get("type")
        if isinstance(kind, ast.Name):
            return _CALLS.get(kind.id, UNKNOWN) if kind.id in ("int", "float", "bool") else UNKNOWN
        default = given.get("default")
        found = self._infer(default, 0) if kind is None and isinstance(default, ast.Constant) else UNKNOWN
        return found if found.what in ("a number", "True", "False") and "separator" not in given else UNKNOWN

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
            case ast.List() | ast.ListComp():
                return Value(what="a list", indexed=True)
            case ast.Tuple():
                return Value(what="a tuple", indexed=True)
            case ast.Set() | ast.SetComp():
                return Value(what="a set", indexed=False)
            case ast.Dict() | ast.DictComp():
                return Value(what="a dictionary", indexed=False)
            case ast.GeneratorExp():
                return Value(what="a generator", indexed=False, pickled=False)
            case ast.Lambda():
                return Value(what="a lambda", indexed=False, pickled=False)
            case ast.JoinedStr():
                return Value(what="a text", indexed=True)
            case ast.Compare(ops=[ast.In() | ast.NotIn() | ast.Is() | ast.IsNot()]) | ast.UnaryOp(op=ast.Not()):
                return Value(what="True or False", indexed=False)
            case ast.Call():
                return self._call(node)
            case ast.Name(id=name) if depth < 5:
                return self._name(name, depth)
            case _:
                return UNKNOWN

    def _call(self, node: ast.Call) -> Value:
        full = self._full_name(node.func)
        if full in _UNPICKLABLE:
            return Value(what=_UNPICKLABLE[full], indexed=False, pickled=False)
        if isinstance(node.func, ast.Name) and full == node.func.id:
            return _CALLS.get(node.func.id, UNKNOWN)
        return UNKNOWN

    def _name(self, name: str, depth: int) -> Value:
        bound = self.locals().get(name)
        if bound is None:
            try:
                value = self.context.constant(ast.Name(id=name, ctx=ast.Load(), lineno=1, col_offset=0))
            except NotConstant:
                return UNKNOWN
            return _of_constant(value)
        match bound:
            case [ast.expr() as only]:
                return self._infer(only, depth + 1)
            case [ast.FunctionDef() | ast.AsyncFunctionDef()]:
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
                    case _:
                        pass
        if name not in self._imports:
            match self.context.module.bindings.get(name):
                case [Binding(value=Import(module=module, level=0, name=taken))]:
                    return f"{module}.{taken}" if taken else module
                case _:
                    return None
        return self._imports[name]

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
