"""Walks the statements of a function in the order in which they run, with one state for each of the paths."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..diagnostics.rules import artifacts as rules
from ..frontend.paths import ends_process
from ..frontend.syntax import last_name
from .access import head_of
from .assignments import AssignmentWalker
from .effects import Snapshot
from .state import ENTRY, State

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATCHES_ATTRIBUTE_ERROR = frozenset(["AttributeError", "Exception", "BaseException"])

_SUPPRESSORS = frozenset(["suppress", "raises", "assertRaises"])
"""Of `contextlib`, pytest and unittest: what is raised inside goes no further."""


class StatementWalker(AssignmentWalker):
    """Walks the body of one function; `effects` then holds what it does."""

    def walk(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Walk all of it."""
        self.breaks: list[list[State]] = []
        self.continues: list[list[State]] = []
        self.loop_starts: list[State] = []
        self.block(function.body)
        if self.state.live:
            self._return()
        # What is set where it was found missing is there on every path, whichever way that was found out.
        self.effects.loose |= self.asked & {name for name, source in self.events if source >= 0}
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
                self.visit_value(value, targets)
                for target in targets:
                    self.target(target, value)
                if len(targets) > 1:  # one value with several names, by any of which it may be changed
                    self.effects.touched |= {self.mangled(one.attr) for one in targets if isinstance(one, ast.Attribute)}
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self.visit_value(value, [target])
                    self.target(target, value)
            case ast.AugAssign(target=target, value=value):
                self.augmented(target, value)
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
                    self.remove(target)
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
        elif member.kind in ("method", "step"):
            does = "goes through each of" if use == "foreach" else "decides by"
            self.context.fault(
                rules.NOT_A_SEQUENCE if use == "foreach" else rules.CASE_NOT_COVERED,
                f"`self.next` {does} `self.{name}`, which is a {member.kind}",
                node,
                "names an artifact",
                help=f'assign what it returns, and name that: `self.found = self.{name}()`, `{use}="found"`'
                if member.kind == "method"
                else f'name an artifact: `{use}="items"`',
            )
        elif member.kind == "constant" and use == "foreach":
            value = self.values.of_constant(member)
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
        snapshot = Snapshot.of(self.state, self.analysis)
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
            known = self.analysis.affords(len(state.changed))
            flat.changed = {**state.changed, **flat.changed} if known else {}
            flat.open = not known
            state = state.parent
        flat.open, flat.merges, flat.merged = flat.open or self.state.open, self.state.merges, self.state.merged
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
        self.effects.supposed |= {name for name, _ in self.events[first:]}
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
            outer = len(self.finishing)
            self.finishing += [one.sets for one in self.effects.ended[known:]]
            self.block(node.finalbody)
            del self.finishing[outer:]
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
