"""Fixes for faults that are found where the text is no longer at hand, or that want a look at the whole flow.

The graph's checks know the places of steps, not their text. Here each of their diagnostics meets the method it is about again:

    FC405 at `join` in `def join(self):`   →   the same, with a fix that inserts `, inputs` after `self`
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..diagnostics.model import Diagnostic, Edit, Fix, Rule
from ..diagnostics.rules import flow as flow_rules
from ..diagnostics.rules import graph as graph_rules
from ..diagnostics.rules import transitions as transition_rules
from ..source import Source, Span
from .fixing import indent_of, mark_step
from .module import Module, read_module
from .syntax import callee, own_nodes, self_of


def add_remedies(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> tuple[Diagnostic, ...]:
    """The diagnostics, with a fix where this module knows one. Costs nothing where no fault is of such a kind."""
    pages: dict[str, _Page] = {}
    found: list[Diagnostic] = []
    understood = not any(one.rule.code.startswith("FC3") and one.rule is not transition_rules.MISSING_NEXT for one in diagnostics)
    for one in diagnostics:
        path = one.primary.span.path
        if one.fix is None and one.rule in _REMEDIES and path in sources:
            page = pages.get(path) or pages.setdefault(path, _Page.read(sources[path], understood))
            place = page.methods.get(one.primary.span.line)
            fix = _REMEDIES[one.rule](page, one, place) if place is not None else None
            help = one.help
            if fix is not None and one.rule is transition_rules.MISSING_NEXT:
                help = help.replace("`self.next(self.a)`", fix.title.removeprefix("Go on with "))
            found.append(replace(one, fix=fix, help=help))
        else:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """A method, and the class that it stands in."""

    function: ast.FunctionDef
    owner: ast.ClassDef

    @property
    def me(self) -> str:
        """What it calls `self`."""
        return self_of(self.function)


@dataclass(frozen=True, slots=True)
class _Page:
    """A file once more.

    Attributes:
        methods: The methods of its classes, by each line of theirs.
        understood: Every `self.next` of the flow is there or missing as a whole; none of them is faulty.
        graphs: What was read of its classes so far,
        blocks: and of its methods: where expressions stand that are statements, by their places.
    """

    source: Source
    module: Module
    methods: dict[int, _Place]
    understood: bool
    graphs: dict[ast.ClassDef, _Graph] = field(default_factory=dict)
    blocks: dict[ast.FunctionDef, dict[Span, tuple[list[ast.stmt], int]]] = field(default_factory=dict)

    @classmethod
    def read(cls, source: Source, understood: bool) -> _Page:
        module = read_module(ast.parse(source.text, source.path))
        methods: dict[int, _Place] = {}
        for owner in module.classes.values():
            for function in owner.body:
                if isinstance(function, ast.FunctionDef):
                    lines = range(function.lineno, (function.end_lineno or function.lineno) + 1)
                    methods.update(dict.fromkeys(lines, _Place(function, owner)))
        return cls(source, module, methods, understood)

    def at_name(self, one: Diagnostic, place: _Place) -> bool:
        """Whether a diagnostic is about the name of a method."""
        return self.source.name_span(place.function) == one.primary.span

    def graph(self, owner: ast.ClassDef) -> _Graph:
        """The steps of a class."""
        if owner not in self.graphs:
            self.graphs[owner] = _Graph.read(self.module, owner)
        return self.graphs[owner]

    def in_blocks(self, function: ast.FunctionDef) -> dict[Span, tuple[list[ast.stmt], int]]:
        """The block and the position in it of each expression that is a statement of a method."""
        if function not in self.blocks:
            self.blocks[function] = {
                self.source.span(statement.value): (block, index)
                for block in _blocks(function)
                for index, statement in enumerate(block)
                if isinstance(statement, ast.Expr)
            }
        return self.blocks[function]


_Remedy = Callable[[_Page, Diagnostic, _Place], Fix | None]


def _mark(page: _Page, one: Diagnostic, place: _Place) -> Fix | None:
    """`start` or `end` is a method without `@step`."""
    return mark_step(page.source, page.module, place.function) if page.at_name(one, place) else None


def _take_inputs(page: _Page, one: Diagnostic, place: _Place) -> Fix | None:
    """A step that joins takes `self` only. Where the flow ends there, a join before it may have been forgotten."""
    given = place.function.args
    plain = not any((given.posonlyargs, given.vararg, given.kwonlyargs, given.kwarg, given.defaults))
    if not page.at_name(one, place) or not plain or len(given.args) != 1 or _names(place.function, "inputs"):
        return None
    if place.function.name == page.graph(place.owner).end:
        return None
    span = page.source.span(given.args[0])
    return Fix("Take `inputs`", (Edit(page.source.at(span.end_line, span.end_column, 0), ", inputs"),))


def _drop_inputs(page: _Page, one: Diagnostic, place: _Place) -> Fix | None:
    """A step that joins nothing takes `inputs`; where it reads them, something else was meant."""
    given = place.function.args
    plain = not any((given.posonlyargs, given.vararg, given.kwonlyargs, given.kwarg, given.defaults))
    if not page.at_name(one, place) or not plain or len(given.args) != 2 or _names(place.function, given.args[1].arg):
        return None
    first, second = map(page.source.span, given.args)
    span = Span(
        path=first.path, line=first.end_line, column=first.end_column, end_line=second.end_line, end_column=second.end_column
    )
    if "#" in page.source.text_of(span):
        return None
    return Fix(f"Take `{given.args[1].arg}` away", (Edit(span, ""),))


def _move_last(page: _Page, one: Diagnostic, place: _Place) -> Fix | None:
    """Statements of the same block follow `self.next`: move it behind them, with the comment on its line."""
    source = page.source
    found = page.in_blocks(place.function).get(one.secondary[0].span) if one.secondary else None
    if found is None:
        return None
    block, index = found
    statement, after = block[index], block[index + 1 :]
    leaving = (ast.Return, ast.Raise, ast.Break, ast.Continue)
    after = after[: next((i for i, other in enumerate(after) if isinstance(other, leaving)), len(after))]
    if not after or any(_leaves(other) or _calls_next(other, place.me) for other in after):
        return None
    whole, last = source.span(statement), source.span(after[-1])
    if not (_alone(source, statement) and _ends_line(source, last) and after[0].lineno > whole.end_line):
        return None
    end = len(source.lines[last.end_line - 1]) + 1
    lines = Span(path=whole.path, line=whole.line, column=1, end_line=whole.end_line + 1, end_column=1)
    text = source.text_of(lines).removesuffix("\n")
    return Fix("Move `self.next` to the end", (Edit(lines, ""), Edit(source.at(last.end_line, end, 0), f"\n{text}")))


def _add_next(page: _Page, one: Diagnostic, place: _Place) -> Fix | None:
    """A step without `self.next`, where just one step can be what follows it; see `_successor`."""
    source, function = page.source, place.function
    if not page.at_name(one, place) or one.secondary or _leaves(function):
        return None
    successor = _successor(page, place) if page.understood else None
    last = function.body[-1]
    indent = indent_of(source, function.body[0])
    if successor is None:
        return None
    call = f"{place.me}.next({place.me}.{successor})"
    title = f"Go on with `{call}`"
    if isinstance(last, ast.Pass):
        return Fix(title, (Edit(source.span(last), call),))
    if indent is None or indent.strip() or not _ends_line(source, source.span(last)):
        return None
    end = last.end_lineno or last.lineno
    return Fix(title, (Edit(source.at(end, len(source.lines[end - 1]) + 1, 0), f"\n{indent}{call}"),))


def _successor(page: _Page, place: _Place) -> str | None:
    """The one step that can follow a step without `self.next`. There is one in three cases, of a flow without other base classes:

    - no other step lacks its `self.next`, and just one step is led to by none;
    - the step is a branch of a split, all of whose other branches lead to one and the same step;
    - the flow is a line, and the next step in the source is led to by none.
    """
    graph = page.graph(place.owner)
    name = place.function.name
    if any(page.module.api_name(base) != "FlowSpec" for base in place.owner.bases) or name not in graph.following:
        return None
    others = [one for one in graph.lonely[:2] if one != name]
    if graph.lacking == [name] and len(graph.lonely) == len(others) == 1:
        return others[0]
    if name in graph.meeting:
        return graph.meeting[name]
    following = graph.following[name]
    return following if graph.line and following in graph.lonely else None


@dataclass(frozen=True, slots=True)
class _Graph:
    """A class's steps as their text says: which of them each `self.next` names, whatever its form.

    Attributes:
        end: Where the flow ends, by name or by mark.
        lonely: Steps but the one where it starts that none leads to.
        lacking: Steps but that end without a `self.next`.
        meeting: For a branch of a split that alone leads nowhere, where all others lead.
        line: No step leads to several or is led to by several, and none joins.
        following: The step after each in the source.
    """

    end: str
    lonely: list[str]
    lacking: list[str]
    meeting: dict[str, str]
    line: bool
    following: dict[str, str | None]

    @classmethod
    def read(cls, module: Module, owner: ast.ClassDef) -> _Graph:
        steps = {one.name: one for one in owner.body if isinstance(one, ast.FunctionDef) and _is_step(module, one)}
        calls = {name: list(_next_calls(function)) for name, function in steps.items()}
        ways = {name: [target for call in made for target in _targets(call) if target in steps] for name, made in calls.items()}
        led_to = Counter(target for targets in ways.values() for target in targets)
        meeting: dict[str, str] = {}
        for branches in (_targets(call) for made in calls.values() for call in made if not call.keywords):
            open_ends = [name for name in branches if len(ways.get(name, ())) != 1]
            met = {way for name in branches for way in ways.get(name, ())}
            if len(branches) > 1 and len(open_ends) == len(met) == 1:
                meeting[open_ends[0]] = met.pop()
        order = list(steps)
        start, end = (next((name for name in order if _is_marked(module, steps[name], mark)), mark) for mark in ("start", "end"))
        return cls(
            end=end,
            lonely=[name for name in steps if not led_to[name] and name != start],
            lacking=[name for name in steps if not calls[name] and name != end],
            meeting=meeting,
            line=all(len(targets) <= 1 for targets in ways.values())
            and all(count == 1 for count in led_to.values())
            and all(len(one.args.args) < 2 for one in steps.values()),
            following=dict(zip(order, [*order[1:], None], strict=True)),
        )


_REMEDIES: dict[Rule, _Remedy] = {
    flow_rules.NO_START: _mark,
    flow_rules.NO_END: _mark,
    flow_rules.START_JOINS: _drop_inputs,
    transition_rules.MISSING_NEXT: _add_next,
    transition_rules.NEXT_NOT_LAST: _move_last,
    graph_rules.JOIN_WITHOUT_SPLIT: _drop_inputs,
    graph_rules.JOIN_WITHOUT_INPUTS: _take_inputs,
}


def _is_step(module: Module, function: ast.FunctionDef) -> bool:
    # A name that the file forgot to import is reported as that, and means what it says.
    return any((module.api_name(one) or module.forgotten(one)) == "step" for one in map(callee, function.decorator_list))


def _is_marked(module: Module, function: ast.FunctionDef, mark: str) -> bool:
    """Whether `@step(start=True)`, or the like with `end`, stands above a step. What it is marked with need not be literal."""
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call) and module.api_name(one.func) == "step"]
    marks = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == mark]
    return any(not (isinstance(one, ast.Constant) and one.value is False) for one in marks)


def _next_calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "next":
            yield node


def _targets(call: ast.Call) -> list[str]:
    values = [value for one in call.args for value in (one.values if isinstance(one, ast.Dict) else [one])]
    return list(dict.fromkeys(one.attr for one in values if isinstance(one, ast.Attribute)))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a function, those of functions in it left out."""
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        for name in ("body", "orelse", "finalbody"):
            block = getattr(part, name, None)
            if isinstance(block, list):
                yield block
                pending += [one for one in block if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
        pending += [*getattr(part, "handlers", ()), *getattr(part, "cases", ())]


def _leaves(node: ast.AST) -> bool:
    """Whether a `return` stands in a statement: a path that what stands after it does not see."""
    body: Sequence[ast.AST] = node.body if isinstance(node, ast.FunctionDef) else [node]
    return any(isinstance(one, ast.Return) for one in own_nodes(body))


def _calls_next(node: ast.AST, me: str) -> bool:
    parts = (one for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr == "next")
    return any(isinstance(one.value, ast.Name) and one.value.id == me for one in parts)


def _names(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(function))


def _alone(source: Source, statement: ast.stmt) -> bool:
    """Whether a statement has its lines for itself, but for a comment."""
    before = indent_of(source, statement)
    return before is not None and not before.strip() and _ends_line(source, source.span(statement))


def _ends_line(source: Source, span: Span) -> bool:
    """Whether nothing follows on the line but a comment."""
    rest = source.lines[span.end_line - 1][span.end_column - 1 :].strip()
    return not rest or rest.startswith("#")
