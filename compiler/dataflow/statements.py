"""Walks the statements of a function in the order in which they run, with one state for each of the paths."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..diagnostics.rules import artifacts as rules
from ..frontend.paths import ends_process
from ..frontend.syntax import last_name
from ..ir.artifacts import Value
from .access import head_of
from .effects import Snapshot
from .expressions import ExpressionWalker
from .state import ENTRY, State
from .values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATCHES_ATTRIBUTE_ERROR = frozenset(["AttributeError", "Exception", "BaseException"])

_SUPPRESSORS = frozenset(["suppress", "raises", "assertRaises"])
"""Of `contextlib`, pytest and unittest: what is raised inside goes no further."""


class StatementWalker(ExpressionWalker):
    """Walks the body of one function; `effects` then holds what it does."""

    def walk(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Walk all of it."""
        self.breaks: list[list[State]] = []
        self.continues: list[list[State]] = []
        self.loop_starts: list[State] = []
        self.block(function.body)
        if self.state.live:
            self._return()
        # Code that may run at any time: what it reads may have been set by then, if the function sets it anywhere.
        assigned = {name for name, _ in self.events} | self.effects.loose
        self.state = State(sure=False)
        self.state.open = self.analysis.open
        for name, node in self.later:
            self.use(name, self.context.source.span(node), False, claimed=name not in assigned and not self.effects.open)

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Statements one after the other."""
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        match node:
            case ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call) if self._is_next(call):
                self._next(call)
                if isinstance(node, ast.Return):
                    self.state.live = False
            case ast.Expr(value=value):
                self.visit(value)
                if ends_process(node):
                    self.state.live = False
            case ast.Assign(targets=targets, value=value):
                self._visit_value(value, targets)
                for target in targets:
                    self.target(target, value)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._visit_value(value, [target])
                    self.target(target, value)
            case ast.AugAssign(target=target, value=value):
                self._augmented(target, value)
            case ast.Return(value=value):
                if value is not None:
                    self.visit(value)
                self._return()
            case ast.Raise(exc=exc, cause=cause):
                for part in (exc, cause):
                    if part is not None:
                        self.visit(part)
                self.state.live = False
            case ast.If():
                self._if(node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.While():
                self._while(node)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Match():
                self._match(node)
            case ast.Break():
                self._jump(self.breaks)
            case ast.Continue():
                self._jump(self.continues)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                for decorator in node.decorator_list:
                    self.visit(decorator)
                self.run_later(node)
            case ast.Assert(test=test, msg=msg):
                self.visit(test)
                if msg is not None:
                    self.visit(msg, False)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.visit(child)

    # Assignments

    def _visit_value(self, value: ast.expr, targets: list[ast.expr]) -> None:
        """A value that only gives an input, or all of them, another name is not read by that."""
        part = self.tokens.of(value)
        named = part is not None and isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
        if part is None or not named or not all(isinstance(one, ast.Name) or part.every for one in targets):
            self.visit(value)
        elif isinstance(value, ast.Attribute):
            self.take("", part, value, True)

    def target(self, node: ast.expr, value: ast.expr | None) -> None:
        """Something is assigned; `value` is None where it comes from a loop, a `with`, or is unpacked."""
        match node:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                found = self.values.infer(value, texts=self.analysis.texts) if value is not None else UNKNOWN
                self.assign(self.mangled(name), node, found)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self.tokens.bind(node, value)
                parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                if len(parts) == len(targets) and not any(isinstance(one, ast.Starred) for one in (*targets, *parts)):
                    for one, part in zip(targets, parts, strict=True):
                        self.target(one, part)
                    return
                for one in targets:
                    if not isinstance(one, ast.Name):
                        self.target(one, None)
            case ast.Starred(value=inner):
                self.target(inner, None)
            case ast.Name(id=name):
                self.tokens.bind(node, value)
                if name == self.me:
                    self.escape()
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.visit(child)

    def _augmented(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                self.load(target, self.mangled(name), True)
                self.visit(value)
                self.assign(self.mangled(name), target, Value(varies=self.values.infer(value).varies))
            case _:
                self.visit(value)
                self.target(target, None)

    def _delete(self, target: ast.expr) -> None:
        match target:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                self.delete(self.mangled(name), target)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for one in targets:
                    self._delete(one)
            case ast.Name(id=name):
                self.tokens.names.pop(name, None)
            case _:
                self.target(target, None)

    # Ways out

    def _is_next(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(value=ast.Name(id=me), attr="next"):
                return me == self.me
            case _:
                return False

    def _next(self, call: ast.Call) -> None:
        for argument in call.args:
            for part in (*argument.keys, *argument.values) if isinstance(argument, ast.Dict) else (argument,):
                # Steps are named here, not read; a name that is none is reported by who reads the graph.
                if part is not None and not (isinstance(part, ast.Attribute) and self.is_me(part.value)):
                    self.visit(part)
        for keyword in call.keywords:
            if keyword.arg in ("foreach", "condition"):
                name = self.values.names(keyword.value)
                if name is not None and len(name) == 1:
                    self._chosen_by(name[0], keyword.value, keyword.arg)
        if self.state.live:
            self.effects.leaves[(call.lineno, call.col_offset)] = self._ended()
            self.state.leave()

    def _chosen_by(self, name: str, node: ast.expr, use: str) -> None:
        member = self.analysis.model.find(name)
        if member is None:
            self.use(name, self.context.source.span(node), True, use)
        elif member.kind == "property":
            self.call_method(member, node, True)
        elif use == "foreach":
            value = self.values.of_member(member)
            if value.indexed is False:
                self.context.report.add(
                    rules.NOT_A_SEQUENCE,
                    f"a foreach goes through each of `self.{name}`, which is {value.what}",
                    self.context.source.span(node),
                    "needs a sequence",
                    also=[(head_of(member), "defined here")],
                    help=f"make it a list in the step, and name that: `self.items = list(…self.{name}…)`",
                )

    def _return(self) -> None:
        if self.state.live:
            self.effects.ends.append(self._ended())
            self.state.leave()

    def _ended(self) -> Snapshot:
        snapshot = Snapshot.of(self.state, self.tested)
        self.effects.ended.append(snapshot)
        return snapshot

    def _jump(self, waiting: list[list[State]]) -> None:
        if waiting and self.state.live:
            # A state of its own, so that what the loop's meet sees is this point.
            waiting[-1].append(self._flat())
        self.state.skip()

    def _flat(self) -> State:
        """This point as a state that hangs on the innermost loop's start."""
        state: State | None = self.state
        flat = State(self.loop_starts[-1], sure=False)
        while state is not None and state is not self.loop_starts[-1]:
            flat.changed = {**state.changed, **flat.changed}
            state = state.parent
        flat.open, flat.merges, flat.merged = self.state.open, self.state.merges, self.state.merged
        return flat

    # Paths

    @contextmanager
    def _arm(self, *, sure: bool) -> Iterator[State]:
        """Walk what stands in the `with` on a fork of this state."""
        before = self.state
        fork = State(before, sure=sure)
        fork.live = before.live
        self.state = fork
        try:
            yield fork
        finally:
            self.state = before

    def _if(self, node: ast.If) -> None:
        """All arms of an `if`; `elif` by a loop, for there may be hundreds."""
        arms: list[State] = []
        sure = True
        while True:
            self.visit(node.test, sure)
            sure = False
            with self._arm(sure=False) as arm:
                self.block(node.body)
            arms.append(arm)
            match node.orelse:
                case [ast.If() as node]:
                    continue
                case orelse:
                    with self._arm(sure=False) as arm:
                        self.block(orelse)
                    arms.append(arm)
                    break
        self.state.meet(arms)

    def _match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        arms: list[State] = []
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.expr):
                    self.visit(part, False)
            if case.guard is not None:
                self.visit(case.guard, False)
            with self._arm(sure=False) as arm:
                self.block(case.body)
            arms.append(arm)
            if case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                break
        else:
            with self._arm(sure=False) as arm:
                pass
            arms.append(arm)
        self.state.meet(arms)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        part = self.tokens.of_whole(node.iter)
        self._iterated(node.iter, True)
        self.target(node.target, None)
        self.tokens.bind_items(node.target, node.iter)
        # Of every input something is read; whatever else may have no items.
        self._turns(node.body, sure=part is not None)
        self._otherwise(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.visit(node.test)
        self._turns(node.body, sure=isinstance(node.test, ast.Constant) and bool(node.test.value))
        self._otherwise(node.orelse)

    def _turns(self, body: list[ast.stmt], *, sure: bool) -> None:
        """A loop's body, taken to run at least once, and as often as it takes until it has assigned what it may assign."""
        first = len(self.events)
        self.breaks.append([])
        self.continues.append([])
        with self._arm(sure=sure) as turn:
            self.loop_starts.append(turn.parent or turn)
            self.block(body)
            self.loop_starts.pop()
        before, skipped = self.state.sure, self.state.skipped
        ends = [turn, *self.breaks.pop(), *self.continues.pop()]
        if any(end.live for end in ends):
            self.state.meet(ends)
            self.state.sure = before and not any(end.left for end in ends)
            self.state.skipped = skipped
            for name in {name for name, source in self.events[first:] if source >= 0}:
                self.state.changed[name] = self.state.sources(name) - {ENTRY} or self.state.sources(name)
        else:
            # Every turn ends the step, or fails: what follows the loop runs where it had no turn.
            self.state.left = self.state.left or turn.left
            self.state.sure = before and not turn.left

    def _otherwise(self, body: list[ast.stmt]) -> None:
        if body:
            with self._arm(sure=False) as arm:
                self.block(body)
            with self._arm(sure=False) as none:
                pass
            self.state.meet([arm, none])

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        suppressed: list[str] | None = None
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.target(item.optional_vars, item.context_expr if _opens(item.context_expr) else None)
            match item.context_expr:
                case ast.Call(func=function, args=errors) if last_name(function) in _SUPPRESSORS:
                    suppressed = [*(suppressed or []), *map(last_name, errors)]
        if suppressed is None:
            self.block(node.body)
            return
        self._attempt(node.body, [], guarded=not _CATCHES_ATTRIBUTE_ERROR.isdisjoint(suppressed), handled=True)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        known = len(self.effects.ended)
        guarded = any(_catches_attribute_error(handler) for handler in node.handlers)
        self._attempt(node.body, node.handlers, guarded=guarded, handled=False, orelse=node.orelse)
        if node.finalbody:
            alive = self.state.live
            self.state.live = True
            self.finishing += [one.sets for one in self.effects.ended[known:]]
            self.block(node.finalbody)
            del self.finishing[len(self.finishing) - len(self.effects.ended[known:]) :]
            self.state.live = alive and self.state.live

    def _attempt(
        self,
        body: list[ast.stmt],
        handlers: list[ast.ExceptHandler],
        *,
        guarded: bool,
        handled: bool,
        orelse: list[ast.stmt] | None = None,
    ) -> None:
        """A body that may stop anywhere, and what is done about it."""
        first = len(self.events)
        self.guards += guarded
        self.tries += bool(handlers or handled)
        with self._arm(sure=not (handlers or handled)) as whole:
            self.block(body)
            self.guards -= guarded
            self.tries -= bool(handlers or handled)
            self.block(orelse or [])
        arms = [whole]
        stopped = self.events[first:]
        after: list[ast.ExceptHandler | None] = [*handlers] or ([None] if handled else [])
        for handler in after:
            with self._arm(sure=False) as arm:
                for name, source in stopped:
                    arm.changed[name] = arm.sources(name) | {source}
                arm.open = arm.open or whole.open
                arm.merges |= whole.merges
                if handler is not None:
                    if handler.type is not None:
                        self.visit(handler.type, False)
                    self.block(handler.body)
            arms.append(arm)
        self.state.meet(arms)


def _catches_attribute_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(last_name(one) in _CATCHES_ATTRIBUTE_ERROR for one in types)


def _opens(node: ast.expr) -> bool:
    """Whether what a `with` gives is what its expression makes, as with files."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
