"""Whether every path through a step ends in exactly one `self.next`.

The step's statements are walked as a control flow graph in the large: at each point the walk holds the set of *states* that
a path may be in there, which is `None` (no `self.next` yet) or the call that it went through.

    if a:  self.next(self.x)     {None} → {x}
    else:  return                {None} → reported: this path ends without a `self.next`
    print()                      {x}    → reported: something follows `self.next`

`raise` and calls that end the process (`sys.exit()`) end a path too. In a loop, `self.next` is reported by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ..diagnostics.rules import transitions as rules
from .body import Method, is_step
from .context import Context, did_you_mean
from .fixing import rename

_State = ast.Call | None

FEW: Final = 16
"""How many states a point is held to be in at most, or a step of a thousand ways on would take a thousand times as long."""

_HARMLESS = (ast.Pass, ast.Return, ast.Raise, ast.Break, ast.Continue, ast.If, ast.Match, ast.Try, ast.TryStar, ast.With)
"""What may follow `self.next`, or is looked into."""

_EXITS = {("sys", "exit"), ("os", "_exit"), ("os", "abort"), (None, "exit"), (None, "quit")}


@dataclass(slots=True)
class PathReader:
    """Walks one step.

    Attributes:
        step: The step's name.
        me: The name of its first argument, `self`.
        end: The step that ends the flow, or None where there is none.
        may_end: The step may have no `self.next` at all, though it is not the end, since why not is reported elsewhere.
        calls: All `self.next` calls found where they may stand.
        looped: Those in loops, which are reported as that.
        broken: A call was found where its meaning is unclear, or a path without one: the step's ways on are not all known.
        orderly: Every `self.next` is a statement of the step's own: none needs to be looked for in expressions.
    """

    context: Context
    step: str
    me: str
    end: str | None
    may_end: bool
    calls: list[ast.Call] = field(default_factory=list)
    looped: list[ast.Call] = field(default_factory=list)
    broken: bool = False
    ends: list[ast.stmt] = field(default_factory=list)
    loops: int = 0
    told: set[ast.Call] = field(default_factory=set)
    orderly: bool = False

    def read(self, function: ast.FunctionDef) -> None:
        """Find the calls, and report each path that does not end in exactly one."""
        contents = self.context.contents(function)
        self.orderly = not contents.stray and not contents.scopes
        left = self._block(function.body, {None})
        if self.broken or self.step == self.end or (self.may_end and not self.calls):
            return
        if not self.calls:
            self.broken = True
            span = self.context.source.name_span(function)
            meant = self._near_misses(function)
            slip = meant[0].func if len(meant) == 1 else None
            self.context.report.add(
                rules.MISSING_NEXT,
                f"step `{self.step}` does not say which step comes next",
                span,
                "no `self.next` in this step",
                also=[(self.context.source.span(call), "was this meant?") for call in meant],
                help=self._meant(meant) or f"end it with `self.next(self.a)`; only `{self.end or 'end'}` has none",
                fix=rename(self.context, slip, "next") if isinstance(slip, ast.Attribute) and self._is_me(slip.value) else None,
            )
            return
        if None in left:
            self.ends.append(_last(function))
        if self.ends:
            self.broken = True
            first, *others = self.ends
            self.context.fault(
                rules.MISSING_NEXT,
                f"a path through step `{self.step}` ends without `self.next`",
                first,
                "a path ends here",
                also=[*((other, "and another here") for other in others), (self.calls[0], "while this path goes on")],
                help="let every path end in one `self.next`, or in `raise`",
            )

    def _meant(self, calls: list[ast.Call]) -> str:
        """What to write where one call looks as if it was meant; "" where none or several do."""
        if len(calls) != 1 or not calls[0].args:
            return ""
        first, last = calls[0].args[0], [*calls[0].args, *(one.value for one in calls[0].keywords)][-1]
        whole = self.context.source.span(first)
        until = self.context.source.span(last)
        if whole.line != until.end_line:
            return ""
        text = self.context.source.text_of(replace(whole, end_line=until.end_line, end_column=until.end_column))
        return f"if so, write `{self.me}.next({text})`; else end the step with a `{self.me}.next`"

    def _near_misses(self, function: ast.FunctionDef) -> list[ast.Call]:
        """Calls that look as if they were meant for `self.next`: `self.nxt(self.a)`, `next(self.a)`, `super().next(self.a)`."""
        found: list[ast.Call] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and any(isinstance(one, ast.Attribute) and self._is_me(one.value) for one in node.args):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if did_you_mean(name.lower(), ["next"]):
                    found.append(node)
        return found

    def _block(self, body: list[ast.stmt], states: set[_State]) -> set[_State]:
        for statement in body:
            states = self._statement(statement, states)
            if len(states) > FEW:
                states = self._fewer(states)
        return states

    def _fewer(self, states: set[_State]) -> set[_State]:
        """The first call, and some of which nothing is said yet: what follows hundreds of calls is said of a few of them."""
        first, *others = _calls(states)
        return {first, *[call for call in others if call not in self.told][: FEW // 2], *({None} & states)}

    def _statement(self, statement: ast.stmt, states: set[_State]) -> set[_State]:
        if call := self.next_call(statement):
            return self._next(statement, call, states)
        if not isinstance(statement, _HARMLESS):
            self._late(statement, states)
        match statement:
            case ast.If():
                return self._if(statement, states)
            case ast.Match():
                self._expression(statement.subject)
                left = set[_State]() if any(_irrefutable(case) for case in statement.cases) else set(states)
                for case in statement.cases:
                    if case.guard:
                        self._expression(case.guard)
                    left |= self._block(case.body, states)
                return left
            case ast.With():
                for item in statement.items:
                    self._expression(item.context_expr)
                return self._block(statement.body, states)
            case ast.Try() | ast.TryStar():
                left = self._block(statement.orelse, self._block(statement.body, states))
                for handler in statement.handlers:
                    left |= self._block(handler.body, states)
                return self._finally(statement.finalbody, left)
            case ast.For() | ast.While():
                return self._loop(statement, states)
            case ast.Return(value=value):
                if value is not None:
                    self._expression(value)
                if None in states:
                    self.ends.append(statement)
                return set()
            case ast.Raise():
                self._expression(statement)
                return set()
            case _:
                self._expression(statement)
                return set() if ends_process(statement) else states

    def _if(self, statement: ast.If, states: set[_State]) -> set[_State]:
        """All arms of an `if`; `elif` by a loop, for there may be hundreds."""
        left: set[_State] = set()
        while True:
            self._expression(statement.test)
            left |= self._block(statement.body, states)
            match statement.orelse:
                case [ast.If() as statement]:
                    continue
                case _:
                    return left | self._block(statement.orelse, states)

    def _next(self, statement: ast.stmt, call: ast.Call, states: set[_State]) -> set[_State]:
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            self._expression(argument)
        if self.loops:
            self.broken = True
            self.context.fault(
                rules.NEXT_IN_LOOP,
                f"step `{self.step}` calls `self.next` in a loop",
                call,
                "may run any number of times",
                help='to run a step for each item: `self.next(self.a, foreach="items")`',
            )
        else:
            earlier = next(iter(_calls(states)), None)
            if earlier is not None and earlier not in self.told:
                self.told.add(earlier)
                self.context.fault(
                    rules.SECOND_NEXT,
                    f"a path through step `{self.step}` reaches a second `self.next`",
                    call,
                    "the second",
                    also=[(earlier, "the first")],
                    help="put the second into an `else`, or write `return` after the first"
                    if earlier.col_offset > call.col_offset
                    else "name all steps of a split in one call: `self.next(self.a, self.b)`",
                )
        (self.looped if self.loops else self.calls).append(call)
        return set() if isinstance(statement, ast.Return) else {call}

    def _late(self, statement: ast.stmt, states: set[_State]) -> None:
        """Report a statement that runs after `self.next`; a step in there is reported as that."""
        if isinstance(statement, Method) and is_step(self.context, statement):
            return
        for call in [call for call in _calls(states) if call not in self.told]:
            self.told.add(call)
            self.context.fault(
                rules.NEXT_NOT_LAST,
                f"in step `{self.step}` something follows `self.next`",
                statement,
                "runs after `self.next`",
                also=[(call, "`self.next` stands here")],
                help="move it before `self.next`",
            )

    def _loop(self, statement: ast.For | ast.While, states: set[_State]) -> set[_State]:
        self._expression(statement.iter if isinstance(statement, ast.For) else statement.test)
        self.loops += 1
        self._block(statement.body, {None} if None in states else set())
        self.loops -= 1
        endless = isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        if endless and not _breaks(statement.body):
            return set()
        return self._block(statement.orelse, states) | (states if _breaks(statement.body) else set())

    def _finally(self, body: list[ast.stmt], states: set[_State]) -> set[_State]:
        """A `finally` may clean up after `self.next`, but not go on a second time."""
        if not body:
            return states
        after = self._block(body, {None})
        if after == {None}:
            return states
        calls = _calls(after)
        if calls and _calls(states):
            self._next(body[-1], calls[0], states)
            (self.looped if self.loops else self.calls).pop()
        return after

    def next_call(self, statement: ast.stmt) -> ast.Call | None:
        """The call, where a statement is `self.next(…)` or `return self.next(…)`."""
        match statement:
            case ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call) if self._is_next(call.func):
                return call
            case _:
                return None

    def _is_next(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "next" and self._is_me(node.value)

    def _is_me(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.me

    def _expression(self, node: ast.AST) -> None:
        """Report every `self.next` inside something where it may not stand."""
        if self.orderly:
            return
        inside: list[tuple[ast.AST, str]] = [(node, "")]
        while inside:
            part, where = inside.pop()
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                where = "function"
            elif isinstance(part, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                where = where or "loop"
            if isinstance(part, ast.Attribute) and self._is_next(part):
                self._misplaced(part, where or ("loop" if self.loops else ""))
            inside.extend((child, where) for child in seen_inside(part, self.me))

    def _misplaced(self, node: ast.Attribute, where: str) -> None:
        self.broken = True
        match where:
            case "function":
                rule, message, help = rules.NEXT_IN_FUNCTION, "in a nested function", "call it in the step's own body"
            case "loop":
                rule, message, help = (
                    rules.NEXT_IN_LOOP,
                    "in a loop",
                    'to run a step for each item: `self.next(self.a, foreach="items")`',
                )
            case _:
                rule, message, help = (
                    rules.NEXT_INDIRECT,
                    "other than by calling it",
                    "write the call as a statement: `self.next(self.a)`",
                )
        self.context.fault(rule, f"step `{self.step}` uses `self.next` {message}", node, help=help)


def seen_inside(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """The parts of a node in which a name still means the same: not the body of a function that has an argument of this name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        if any(argument is not None and argument.arg == name for argument in arguments):
            yield given
            yield from () if isinstance(node, ast.Lambda) else node.decorator_list
            return
    yield from ast.iter_child_nodes(node)


def _calls(states: set[_State]) -> list[ast.Call]:
    """The calls among states, in the order written, so that what is said does not depend on where objects lie in memory."""
    return sorted((state for state in states if state is not None), key=lambda call: (call.lineno, call.col_offset))


def _irrefutable(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a `break` of this loop stands in its body."""
    pending: list[ast.AST] = list(body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Break):
            return True
        if not isinstance(part, ast.For | ast.While | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(part))
    return False


def ends_process(statement: ast.stmt) -> bool:
    """Whether a statement ends the process, as `sys.exit()` does."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name))):
            return (module, name) in _EXITS
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return (None, name) in _EXITS
        case _:
            return False


def _last(function: ast.FunctionDef) -> ast.stmt:
    """The last statement at the step's own level: where a path falls off its end."""
    return function.body[-1]
