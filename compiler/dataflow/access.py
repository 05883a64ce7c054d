"""What code does to `self` and to a join's inputs, at one point of a walk: reads, assignments, deletions, calls of methods."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..diagnostics.rules import artifacts as rules
from ..frontend.body import RESERVED, span_of
from ..frontend.members import Member
from ..ir.artifacts import Read, Take, Value, Write
from ..source import Span
from .effects import Analysis, Effects
from .inputs import Part, Tokens
from .state import ENTRY, GONE, NOWHERE, Sources, State
from .values import UNKNOWN, Values

if TYPE_CHECKING:
    from ..frontend.context import Context

BACK_DOORS: Final = frozenset(["__dict__", "__setattr__", "__delattr__", "__getattr__", "__getattribute__", "__setstate__"])
"""By what is read of `self` under these names, code may do anything to it."""
ITEM: Final = frozenset(["input", "index", "foreach_stack"])


class Access:
    """The point that the walk through one function has come to, and what was found on the way.

    Attributes:
        analysis: What the walks of one flow share.
        context: The file that the function stands in.
        owner: The class that it stands in.
        me: The name of its `self`, or None where it has none.
        state: The point of the code that the walk has come to.
        effects: What was found.
        tokens: Which local names stand for a join's inputs.
        joins: The function takes such inputs.
        values: What is evident of values.
        events: Every assignment in the order walked, as a name and its source.
        guards: How many `try` around this point catch AttributeError.
        tries: How many catch anything.
        tested: Names that the code asks for by `hasattr` and the like.
        asked: Names that it finds out about in any way, where it may go on without them.
        plain: The plain variables that it assigns, each with the first place.
        later: Reads in code that may run at any time.
        finishing: Ways that have ended, and that a `finally` is being walked for.
    """

    def __init__(
        self,
        analysis: Analysis,
        context: Context,
        owner: ast.ClassDef,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        me: str | None,
        inputs: str | None,
    ) -> None:
        self.analysis = analysis
        self.context = context
        self.owner = owner
        self.me = me
        self.state = State()
        self.effects = Effects()
        self.tokens = Tokens(inputs)
        self.joins = inputs is not None
        self.values = Values(context, function, me, self._kept)
        self.events: list[tuple[str, int]] = []
        self.guards = 0
        self.tries = 0
        self.tested: set[str] = set()
        self.asked: set[str] = set()
        self.plain: dict[str, ast.expr] = {}
        self.later: list[tuple[str, ast.expr]] = []
        self.finishing: list[dict[str, Sources]] = []
        self.state.open = analysis.open

    def _kept(self, name: str) -> Value:
        """What is evident of an artifact's value at this point: only where one assignment of the step can have made it."""
        if self.analysis.model.find(name) is None:
            match tuple(self.state.sources(self.mangled(name))):
                case (source,) if source >= 0:
                    return self.analysis.writes[source].value
        return UNKNOWN

    def load(self, node: ast.expr, name: str, sure: bool) -> None:
        """`self.name` is read."""
        if name in RESERVED:
            self.effects.item = self.effects.item or name in ITEM
            return
        if name in BACK_DOORS:
            self.escape()
            return
        member = self.analysis.model.find(name)
        if member is None:
            if not name.startswith("__"):
                self.use(name, self.context.source.span(node), sure)
        elif member.kind == "property":
            self.call_method(member, node, sure)
        elif member.kind in ("method", "step"):
            self.method_later(member)

    def use(self, name: str, span: Span, sure: bool, use: str = "read", *, claimed: bool = True) -> None:
        """An artifact's value is used."""
        state = self.state
        self.effects.used.add(name)
        if use not in ("foreach", "condition"):
            self.effects.touched.add(name)
        if not state.live:
            return
        if self.guards or not claimed:
            self.asked.add(name)
        unknown = state.open or self.effects.open or name in self.effects.loose
        claimed = claimed and not (self.guards or unknown or name in self.tested)
        sources = state.sources(name)
        if ENTRY in sources:
            merges = tuple(sorted(state.merges))
            read = Read(name=name, use=use, sure=sure and state.sure, claimed=claimed, merges=merges, span=span)
            self.effects.expose(read)
        elif sources == NOWHERE and claimed:
            self.context.report.add(
                rules.NEVER_SET, f"artifact `{name}` was deleted before it is used", span, "no value", help="delete it later"
            )

    def take(self, name: str, part: Part, node: ast.expr, sure: bool, claimed: bool = True, unpacked: int = 0) -> None:
        """An artifact of one of a join's inputs is read; "" for an input that is only named."""
        if not self.state.live or self.analysis.model.find(name) is not None or name in RESERVED:
            return
        take = Take(
            name=name,
            branch=part.branch,
            every=part.every,
            sure=sure and self.state.sure,
            claimed=claimed
            and not (self.guards or (isinstance(part.branch, int) and self.tries) or f"inputs.{name}" in self.tested),
            unpacked=unpacked,
            span=self.context.source.span(node),
        )
        self.effects.takes.setdefault(take, take)

    def method_later(self, member: Member) -> None:
        """A method that is handed on."""
        from .methods import effects_of

        found = effects_of(self.analysis, member)
        if found is None:
            return
        for read in found.reads.values():
            if ENTRY in self.state.sources(read.name):
                self.effects.expose(replace(read, sure=False, claimed=False))
        for snapshot in found.ends:
            self.effects.loose |= snapshot.sets.keys()
            self.effects.open = self.effects.open or snapshot.open
        self._take_over(found)

    def call_method(self, member: Member, node: ast.AST, sure: bool) -> None:
        """Apply what a method does where it is called."""
        from .methods import effects_of  # it walks the method with this walker

        found = effects_of(self.analysis, member)
        if found is None or not self.state.live:
            return
        end = found.end()
        if not self.analysis.affords(len(found.reads) + (len(end.sets) if end else 0)):
            self.escape(later=True)
            return
        state, call = self.state, self.context.source.span(node) if isinstance(node, ast.expr | ast.stmt) else None
        for read in found.reads.values():
            if ENTRY in state.sources(read.name):
                # What a method reads in some cases only may be a case that this call rules out.
                claimed = read.claimed and read.sure and not (self.guards or state.open or read.name in self.tested)
                merges = tuple(sorted({*read.merges, *state.merges}))
                sure_here = read.sure and sure and state.sure
                self.effects.expose(replace(read, sure=sure_here, claimed=claimed, merges=merges, via=call))
        if end is not None:
            for name, sources in end.sets.items():
                before = state.sources(name)
                after = (sources - {ENTRY}) | before if ENTRY in sources or not sure else sources
                self._set(name, after)
                self.events.extend((name, source) for source in sources if source >= 0)
            state.open = state.open or end.open
            state.merges |= end.merges
            state.merged |= end.merged if sure else frozenset()
        self._take_over(found)

    def _take_over(self, found: Effects) -> None:
        self.effects.used |= found.used
        self.effects.touched |= found.touched
        self.effects.supposed |= found.supposed
        self.effects.loose |= found.loose
        self.effects.open = self.effects.open or found.open
        self.effects.closed = self.effects.closed and found.closed
        self.effects.takes_known = self.effects.takes_known and found.takes_known
        self.effects.item = self.effects.item or found.item

    def escape(self, *, later: bool = False) -> None:
        """`self` is handed to code that is not followed: it may read and assign anything, from here on or at any time."""
        self.effects.closed = False
        if later:
            self.effects.open = True
        self.state.open = True

    def assign(self, name: str, node: ast.AST, value: Value, sure: bool = True) -> None:
        """`self.name = value`."""
        span = self.context.source.span(node) if isinstance(node, ast.expr | ast.stmt) else self.context.source.at(1, 1)
        member = self.analysis.model.find(name)
        if member is not None:
            self._assign_member(member, span, node, sure)
            return
        if name in ITEM and not self.guards and self.state.live:
            self.context.report.add(
                rules.ASSIGNED_CONSTANT,
                f"`self.{name}` is flowc's own and cannot be assigned",
                span,
                "tells the item of a foreach",
                help="give the artifact a name of its own",
            )
        if name in RESERVED or name.startswith("__") or not self.state.live:
            return
        source = len(self.analysis.writes)
        self.analysis.writes.append(Write(name=name, value=value, span=span))
        self.events.append((name, source))
        self._set(name, frozenset([source]) if sure else self.state.sources(name) | {source})

    def delete(self, name: str, node: ast.expr, sure: bool = True) -> None:
        """`del self.name`."""
        span = self.context.source.span(node)
        member = self.analysis.model.find(name)
        if member is not None:
            self._assign_member(member, span, node, sure, "deleted")
            return
        if name in RESERVED or name.startswith("__"):
            return
        self.use(name, span, sure, "delete")
        self.events.append((name, GONE))
        self._set(name, NOWHERE if sure else self.state.sources(name) | {GONE})

    def _set(self, name: str, sources: Sources) -> None:
        self.state.changed[name] = sources
        if self.finishing and not self.analysis.affords(len(self.finishing)):
            self.effects.open = True
            return
        for ended in self.finishing:
            ended[name] = sources

    def _assign_member(self, member: Member, span: Span, node: ast.AST, sure: bool, done: str = "assigned") -> None:
        """A name of the class cannot be an artifact, unless a property takes it."""
        from .methods import setter_of

        if member.kind == "property":
            setter = setter_of(self.analysis, member)
            if setter is not None:
                self.call_method(setter, node, sure)
                return
        computed = isinstance(member.value, ast.Call)  # perhaps an object that takes it
        if member.kind == "constant" and (computed or member.name.startswith("_")):
            return
        if self.guards or member.kind in ("property", "other"):
            return
        kind = "config" if _is_config(member) else member.kind
        what, why = {
            "parameter": ("a parameter", "a run keeps its parameters from start to end"),
            "config": ("a config", "a run keeps its configs from start to end"),
            "constant": ("a constant of the class", "the class is the same in all tasks"),
            "method": ("a method", "methods belong to the class"),
            "step": ("a step", "steps belong to the class"),
        }[kind]
        help = "give the artifact a name of its own"
        self.context.report.add(
            rules.ASSIGNED_CONSTANT,
            f"`self.{member.name}` is {what} and cannot be {done}",
            span,
            why,
            also=[(head_of(member), "defined here")],
            help=f"set it in a step instead of in the class, or {help}" if kind == "constant" else help,
        )

    def mangled(self, name: str) -> str:
        """The attribute's name as Python has it: `__x` in a class `A` is `_A__x`."""
        if name.startswith("__") and not name.endswith("__"):
            return f"_{self.owner.name.lstrip('_')}{name}"
        return name

    def is_me(self, node: object) -> bool:
        """Whether an expression is `self`."""
        return isinstance(node, ast.Name) and node.id == self.me


def _is_config(member: Member) -> bool:
    call = member.value.func if isinstance(member.value, ast.Call) else None
    return call is not None and member.kind == "parameter" and member.context.api_name(call) == "Config"


def head_of(member: Member) -> Span:
    """Where a member is defined: its name, where it is a `def`."""
    return span_of(member.context, member.node)
