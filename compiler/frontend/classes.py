"""Classes and what they derive from: from the syntax of a flow's class to its `ClassModel`.

    class Train(Shared, Mixin):        →   lineage Train, Shared, Mixin; members of all three, Train's before Shared's

Bases are read from the same file and from first-party modules. What the standard library has (`abc.ABC`, `typing.Generic[T]`)
brings no steps; of any other base that cannot be read, nobody can say what it brings, and that is a fault.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import file as file_rules
from ..diagnostics.rules import flow as rules
from .body import read_body, span_of
from .context import Context, did_you_mean
from .face import API_NAMES
from .fixing import import_name, rename_uses, the_near_one
from .members import ClassModel, ClassRecord, Member
from .module import names_in
from .mro import Conflict, linearize
from .program import Api, External, Found, Meaning, Missing
from .syntax import callee

_MEMBERLESS = {
    *(("abc", name) for name in ("ABC",)),
    *((module, name) for module in ("typing", "typing_extensions") for name in ("Generic", "Protocol", "NamedTuple", "Any")),
}
"""Classes that bring no members that a flow could miss."""


@dataclass(frozen=True, slots=True)
class Library:
    """A class that is not read: `FlowSpec`, or one of the standard library.

    Attributes:
        open: It has members that flowc does not know.
    """

    name: str
    open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """A base that should be read, and cannot be.

    Attributes:
        meaning: What the program knows of its name.
        node: The expression that names it.
    """

    meaning: Meaning
    node: ast.expr


FLOW = Library("FlowSpec")
_GENERIC = Library("Generic")

Base: TypeAlias = Library | Unread | ast.ClassDef


class ClassReader:
    """Reads classes, each once.

    Attributes:
        contexts: The file that each class met so far stands in.
    """

    def __init__(self) -> None:
        self.contexts: dict[ast.ClassDef, Context] = {}
        self._bases: dict[ast.ClassDef, tuple[tuple[Base, ast.expr], ...]] = {}
        self._flows: dict[ast.ClassDef, bool] = {}

    def bases(self, context: Context, node: ast.ClassDef) -> tuple[tuple[Base, ast.expr], ...]:
        """What a class derives from, each with the expression that says so."""
        if node not in self._bases:
            self.contexts[node] = context
            adopt(context, node.bases)
            self._bases[node] = tuple((self._base(context, node, base), base) for base in node.bases)
        return self._bases[node]

    def is_flow(self, context: Context, node: ast.ClassDef) -> bool:
        """Whether a class derives from `FlowSpec`."""
        if node not in self._flows:
            self._learn(context, node)
        return self._flows[node]

    def _learn(self, context: Context, node: ast.ClassDef) -> None:
        """Find out which of a class and all that it derives from are flows; from the bases up, so that each is looked at once."""
        derived: dict[ast.ClassDef, list[ast.ClassDef]] = {}
        pending: list[ast.ClassDef] = []
        for one, bases in self.walk(context, node, known=self._flows):
            for base, _ in bases:
                if base == FLOW or (isinstance(base, ast.ClassDef) and self._flows.get(base)):
                    pending.append(one)
                elif isinstance(base, ast.ClassDef):
                    derived.setdefault(base, []).append(one)
            derived.setdefault(one, [])
        flows: set[ast.ClassDef] = set()
        while pending:
            one = pending.pop()
            if one not in flows:
                flows.add(one)
                pending.extend(derived[one])
        self._flows.update({one: one in flows for one in derived if one not in self._flows})

    def walk(
        self, context: Context, node: ast.ClassDef, known: Collection[ast.ClassDef] = ()
    ) -> Iterator[tuple[ast.ClassDef, tuple[tuple[Base, ast.expr], ...]]]:
        """A class and all that it derives from and that can be read, each with its bases; without classes that are known."""
        pending, seen = [node], {node}
        self.contexts.setdefault(node, context)
        while pending:
            one = pending.pop()
            bases = self.bases(self.contexts[one], one)
            yield one, bases
            for base, _ in bases:
                if isinstance(base, ast.ClassDef) and base not in seen and base not in known:
                    seen.add(base)
                    pending.append(base)

    def _base(self, context: Context, node: ast.ClassDef, base: ast.expr) -> Base:
        while isinstance(base, ast.Subscript):  # Generic[T]
            base = base.value
        if isinstance(base, ast.Starred):
            return Unread(None, base)
        found = context.program.meaning(context, base, before=node.lineno)
        match found:
            case Api(name="FlowSpec"):
                return FLOW
            case Found(context=owner, value=ast.ClassDef() as value):
                self.contexts.setdefault(value, owner)
                return value
            case External(module=module, name=name) if (module, name) in _MEMBERLESS:
                return _GENERIC if name in ("Generic", "Protocol") else Library(f"{module}.{name}")
            case External(module=module, name=name) if module.partition(".")[0] in sys.stdlib_module_names:
                return Library(f"{module}.{name}", open=True)
            case Missing(context=owner, name=name) if owner is not None and isinstance(getattr(builtins, name, None), type):
                return Library(name, open=name != "object")
            case _:
                return Unread(found, base)

    def model(self, context: Context, node: ast.ClassDef) -> ClassModel:
        """A flow's class with all that it inherits; reports what is wrong with its bases and its members."""
        graph: dict[Base, tuple[Base, ...]] = {}
        is_open = unread = False
        classes = dict(self.walk(context, node))
        back = self._backward(node, classes)
        for one, bases in classes.items():
            owner = self.contexts[one]
            kept: dict[Base, ast.expr] = {}
            for base, written in bases:
                if isinstance(base, Unread):
                    unread = True
                    self.report_unread(owner, one, base)
                elif base in kept:
                    self._report_order(owner, f"`{one.name}` derives from `{ast.unparse(written)}` twice", written)
                elif (one, base) in back:
                    self._report_order(owner, f"`{one.name}` derives from itself", written)
                elif base != _GENERIC and base != Library("object"):
                    kept[base] = written
                is_open |= isinstance(base, Library) and base.open
            is_open |= any(_hides(owner, keyword.value) for keyword in one.keywords if keyword.arg in (None, "metaclass"))
            is_open |= any(_hides(owner, decorator) for decorator in one.decorator_list)
            graph[one] = tuple(kept)
            graph.update({base: () for base in kept if isinstance(base, Library)})
        try:
            order = linearize(node, graph)
        except Conflict as conflict:
            self._report_conflict(conflict)
            order, unread = (node,), True
        lineage = tuple(self._record(self.contexts[one], one) for one in order if isinstance(one, ast.ClassDef))
        members: dict[str, Member] = {}
        for record in reversed(lineage):
            members |= record.members
        _check_overrides(lineage, members)
        positions = {record.node: position for position, record in enumerate(lineage)}
        return ClassModel(node.name, context, node, lineage, members, is_open or unread, unread, positions)

    def _record(self, context: Context, node: ast.ClassDef) -> ClassRecord:
        # A decorator may come from the class body itself.
        adopt(context, _places(node), frozenset(name for name, _ in names_in(node.body)))
        members = read_body(context, node)
        inside = context.inside({name: member.value for name, member in members.items()})
        return ClassRecord(node.name, context, inside, node, members)

    def _backward(
        self, root: ast.ClassDef, classes: dict[ast.ClassDef, tuple[tuple[Base, ast.expr], ...]]
    ) -> set[tuple[ast.ClassDef, Base]]:
        """The bases that lead back to a class which derives from them: files that import each other may say so."""
        found: set[tuple[ast.ClassDef, Base]] = set()
        path: dict[ast.ClassDef, Iterator[tuple[Base, ast.expr]]] = {root: iter(classes[root])}
        done: set[ast.ClassDef] = set()
        while path:
            one, bases = next(reversed(path.items()))
            for base, _ in bases:
                if not isinstance(base, ast.ClassDef) or base in done:
                    continue
                if base in path:
                    found.add((one, base))
                else:
                    path[base] = iter(classes[base])
                    break
            else:
                done.add(one)
                del path[one]
        return found

    def _report_order(self, context: Context, message: str, at: ast.expr) -> None:
        context.fault(rules.BASES_CONFLICT, message, at, "here", help="take it away")

    def _report_conflict(self, conflict: Conflict[Base]) -> None:
        owner = conflict.owner
        assert isinstance(owner, ast.ClassDef), "what has no bases has no conflict"
        context = self.contexts[owner]
        names = [one.name for one in conflict.heads if isinstance(one, ast.ClassDef | Library)]
        context.report.add(
            rules.BASES_CONFLICT,
            f"the bases of `{owner.name}` cannot be put in one order: {' and '.join(f'`{name}`' for name in names)} conflict",
            context.source.name_span(owner),
            "Python refuses this class",
            help="name a class before those that it derives from" + (", `FlowSpec` last" if "FlowSpec" in names else ""),
        )

    def report_unread(self, context: Context, node: ast.ClassDef, base: Unread) -> None:
        """Say of one base why it was not read."""
        match base.meaning:
            case Missing(context=None):
                pass  # the file does not parse, which is reported
            case Missing(context=owner, name=name) if owner is not None:
                guess = did_you_mean(name, [one for one in owner.module.bindings if one != node.name])
                where = "the file" if owner.source is context.source else f"`{owner.source.path}`"
                help = f"did you mean `{guess}`?" if guess else f"define it, or import it before `class {node.name}`"
                context.fault(
                    file_rules.NAME_NOT_FOUND, f"{where} has no `{name}`, which `{node.name}` derives from", base.node, help=help
                )
            case External(module=module, name=name):
                package, plain = context.program.candidates(module)
                label = "leads out of the package" if module.startswith(".") else f"neither `{plain}` nor `{package}` is there"
                context.fault(
                    rules.UNREAD_BASE,
                    f"`{node.name}` derives from `{name}` of `{module}`, which cannot be read",
                    base.node,
                    label,
                    help="put the module beside the flow, or write what is needed of it in the flow itself",
                )
            case _:
                context.fault(
                    rules.UNREAD_BASE,
                    f"`{node.name}` has a base class that is known only when the flow runs",
                    base.node,
                    "not the name of a class",
                    help="name a class that is written with `class`, in this file or in a module beside it",
                )


def _hides(context: Context, node: ast.expr) -> bool:
    """Whether a decorator or metaclass is one that may add members."""
    named = callee(node)
    if context.api_name(named) is not None:
        return False
    found = context.program.meaning(context, named)
    return not (isinstance(found, External) and (found.module, found.name) == ("abc", "ABCMeta"))


def _check_overrides(lineage: tuple[ClassRecord, ...], members: dict[str, Member]) -> None:
    """A step of a base that is something else in the flow would silently be lost. The graph is read as if it were not."""
    told: set[str] = set()
    for record in lineage:
        for name, member in record.members.items():
            winner = members[name]
            if member.kind != "step" or winner.kind == "step" or winner.owner is record.node or name in told:
                continue
            told.add(name)
            members[name] = member
            is_method = winner.kind == "method"
            winner.context.report.add(
                rules.STEP_HIDDEN,
                f"`{name}` is a step of `{record.name}`, and `{winner.owner.name}` makes it something else",
                span_of(winner.context, winner.node),
                "no step",
                also=[(span_of(record.context, member.node), "a step here")],
                help=f"put `@step` above `def {name}`" if is_method else "rename one of them",
            )


def _places(node: ast.ClassDef) -> Iterator[ast.expr]:
    """Where a flow uses flowc's names: above it, above its methods, and for its parameters."""
    yield from node.decorator_list
    for statement in node.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from statement.decorator_list
            case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
                yield call


def adopt(context: Context, nodes: Iterable[ast.expr], own: Container[str] = ()) -> None:
    """Report each name that is used and not imported, once, and read it as if it had been; not `own`, the class's."""
    for node in nodes:
        used = callee(node)
        name = context.module.forgotten(used)
        if name is None and isinstance(used, ast.Name) and used.id not in own:
            _adopt_misspelt(context, used)
        if name is not None and name not in context.module.api:
            fix = import_name(context, name)
            context.module.api[name] = name
            help = f"write `from flowc import {name}`"
            message = f"`{name}` is not imported"
            context.fault(decorator_rules.NOT_IMPORTED, message, used, "nothing binds this name", help=help, fix=fix)


def _adopt_misspelt(context: Context, node: ast.Name) -> None:
    """Report a name that looks like one of flowc's where nothing binds it, and read it as that.

    Without `@step` a method is no step, and every `self.next` that leads to it would be reported instead.
    """
    name, module = node.id, context.module
    if name in module.bindings or name in module.api or module.stars or hasattr(builtins, name):
        return
    guess = the_near_one(name, API_NAMES)
    if guess is not None:
        fix = rename_uses(context, name, guess)
        module.api[name] = guess
        help = f"did you mean `{guess}`?"
        context.fault(decorator_rules.NOT_IMPORTED, f"nothing in the file binds `{name}`", node, "unknown", help=help, fix=fix)
