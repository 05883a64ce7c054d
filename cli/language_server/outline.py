"""Every mention of a name of a flow's: from a `Definition` to an `Outline`.

    @step
    def start(self):                                    defines the step `start`
        self.items = load(self.size)                    writes `items`, reads `size`
        self.next(self.work, foreach="items")           reads `work` and `items`

What `self` is in a method is its first argument, whatever that is called. A method that a step calls counts for that step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from ...compiler.frontend.body import Method, span_of
from ...compiler.frontend.definition import Definition
from ...compiler.frontend.members import ClassRecord, Member
from ...compiler.frontend.syntax import positional
from ...compiler.source import Source, Span
from .positions import touches

_NAMING = {"next": ("foreach", "condition"), "merge_artifacts": ("include", "exclude")}
"""Methods of a flow which are told names of artifacts, and as what."""


class Role(Enum):
    """What is done with a name."""

    DEFINE = "define"
    READ = "read"
    WRITE = "write"
    UPDATE = "update"

    @property
    def reads(self) -> bool:
        """Whether the value from before is used."""
        return self in (Role.READ, Role.UPDATE)

    @property
    def writes(self) -> bool:
        """Whether there is a new value then."""
        return self in (Role.WRITE, Role.UPDATE)


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention of a name.

    Attributes:
        name: The name, without `self.`.
        span: Its place.
        role: What is done with it.
        method: The method whose code it stands in; "" for the class's own.
    """

    name: str
    span: Span
    role: Role
    method: str


@dataclass(frozen=True)
class Outline:
    """A flow's names.

    Attributes:
        definition: The flow.
        mentions: By place, for each file.
    """

    definition: Definition
    mentions: tuple[Mention, ...]

    @cached_property
    def paths(self) -> frozenset[str]:
        """The files that it is written in."""
        return frozenset(one.context.source.path for one in self.definition.model.lineage)

    @cached_property
    def by_name(self) -> dict[str, list[Mention]]:
        """The mentions of each name."""
        found: dict[str, list[Mention]] = {}
        for one in self.mentions:
            found.setdefault(one.name, []).append(one)
        return found

    @cached_property
    def _by_line(self) -> dict[tuple[str, int], list[Mention]]:
        found: dict[tuple[str, int], list[Mention]] = {}
        for one in self.mentions:
            found.setdefault((one.span.path, one.span.line), []).append(one)
        return found

    @cached_property
    def _callers(self) -> dict[str, set[str]]:
        """The steps in whose course each method's code runs."""
        model = self.definition.model
        calls: dict[str, set[str]] = {}
        for one in self.mentions:
            member = model.find(one.name)
            if one.role is Role.READ and member is not None and member.kind in ("method", "property"):
                calls.setdefault(one.method, set()).add(one.name)
        found: dict[str, set[str]] = {}
        for step in self.definition.steps:
            pending, seen = [step], {step}
            while pending:
                name = pending.pop()
                found.setdefault(name, set()).add(step)
                fresh = calls.get(name, set()) - seen
                seen |= fresh
                pending.extend(fresh)
        return found

    def at(self, path: str, line: int, column: int) -> Mention | None:
        """The mention at a place, if there is one."""
        return next((one for one in self._by_line.get((path, line), ()) if touches(one.span, line, column)), None)

    def member(self, name: str) -> Member | None:
        """What the class defines under a name; None for an artifact."""
        return self.definition.model.find(name)

    def definitions(self, name: str) -> list[Mention]:
        """Where a name gets its meaning: where the class defines it, or else wherever it is assigned."""
        found = [one for one in self.by_name.get(name, ()) if one.role is Role.DEFINE]
        member = self.member(name)
        if member is not None and member.context.source.path in self.paths:
            place = _defined_at(member)
            found = [one for one in found if one.span == place] or found
        return found or [one for one in self.by_name.get(name, ()) if one.role.writes]

    def steps_of(self, mention: Mention) -> list[str]:
        """The steps in whose course the code of a mention runs, in the order written."""
        running = self._callers.get(mention.method, set())
        return [step for step in self.definition.steps if step in running]


def doc_line(member: Member) -> list[str]:
    """The first line of a method's docstring, if it has one."""
    doc = ast.get_docstring(member.node) if isinstance(member.node, Method) else None
    return doc.strip().splitlines()[:1] if doc else []


def outline_of(definition: Definition) -> Outline:
    """Find every mention of a flow's names, in all the classes that it is made of."""
    found = {one.span: one for record in definition.model.lineage for one in _mentions(record)}
    return Outline(definition, tuple(sorted(found.values(), key=lambda one: (one.span.path, one.span.line, one.span.column))))


def _mentions(record: ClassRecord) -> Iterator[Mention]:
    source = record.context.source
    for member in record.members.values():
        yield Mention(member.name, _defined_at(member), Role.DEFINE, "")
    for statement in record.node.body:
        if isinstance(statement, Method):
            yield from _in_method(source, statement)


def _defined_at(member: Member) -> Span:
    """The name in what defines it."""
    source = member.context.source
    if isinstance(member.node, Method | ast.ClassDef):
        return source.name_span(member.node)
    span = span_of(member.context, member.node)
    here = source.lines[span.line - 1].startswith(member.name, span.column - 1)
    if here and isinstance(member.node, ast.Assign | ast.AnnAssign):
        return source.at(span.line, span.column, len(member.name))
    return span


def _in_method(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Mention]:
    arguments = [one.arg for one in positional(function)]
    me = arguments[0] if arguments else ""
    inputs = arguments[1] if len(arguments) > 1 else ""
    for decorator in function.decorator_list:
        yield from _in_decorator(source, decorator, function.name)
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    tasks = {inputs, *_tasks(nodes, inputs)} if inputs else set()
    augmented = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == me:
                role = Role.UPDATE if id(node) in augmented else Role.WRITE if isinstance(node.ctx, ast.Store) else Role.READ
                yield Mention(attribute, _last_part(source, node), role, function.name)
            case ast.Attribute(value=value, attr=attribute) if tasks and _is_task(value, inputs, tasks):
                yield Mention(attribute, _last_part(source, node), Role.READ, function.name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), keywords=keywords) if (
                name == me and method in _NAMING
            ):
                for keyword in keywords:
                    if keyword.arg in _NAMING[method]:
                        yield from _named(source, keyword.value, Role.READ, function.name)


def _tasks(nodes: Iterable[ast.AST], inputs: str) -> Iterator[str]:
    """The names that stand for one task of a join's inputs after another."""
    for node in nodes:
        match node:
            case ast.comprehension(target=ast.Name(id=name), iter=ast.Name(id=over)) if over == inputs:
                yield name
            case ast.For(target=ast.Name(id=name), iter=ast.Name(id=over)) if over == inputs:
                yield name


def _is_task(value: ast.expr, inputs: str, tasks: set[str]) -> bool:
    """Whether an expression is a join's inputs, of which an attribute is a step; or one of them, of which it is an artifact."""
    match value:
        case ast.Name(id=name):
            return name in tasks
        case ast.Subscript(value=ast.Name(id=name)) | ast.Attribute(value=ast.Name(id=name)):
            return name == inputs
        case _:
            return False


def _in_decorator(source: Source, decorator: ast.expr, method: str) -> Iterator[Mention]:
    """`@catch(var="failure")` assigns an artifact."""
    match decorator:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=keywords) if name == "catch":
            for keyword in keywords:
                if keyword.arg == "var":
                    yield from _named(source, keyword.value, Role.WRITE, method)


def _named(source: Source, node: ast.expr, role: Role, method: str) -> Iterator[Mention]:
    """Names in plain strings, alone or in a list."""
    for one in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.isidentifier():
            span = source.span(one)
            start = source.lines[span.line - 1].find(one.value, span.column - 1)
            if span.line == span.end_line and 0 <= start < span.end_column:
                yield Mention(one.value, source.at(span.line, start + 1, len(one.value)), role, method)


def _last_part(source: Source, node: ast.Attribute) -> Span:
    """The place of `name` in `self.name`."""
    span = source.span(node)
    return source.at(span.end_line, span.end_column - len(node.attr), len(node.attr))
