"""What one `self.next(…)` says: from a call to an `Arm`.

    self.next(self.a)                                      →   Goto(a)
    self.next(self.a, self.b)                              →   Split(a, b)
    self.next(self.a, foreach="items")                     →   Fanout(a, items)
    self.next({"x": self.a, "y": self.b}, condition="k")   →   Switch(k, x: a, y: b)

Any other form is a fault; nothing is guessed. A misspelt step with one likely meaning is reported and then read as that meaning,
so that one slip of the pen does not make half of the flow unreachable.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass

from ..diagnostics.model import Fix
from ..diagnostics.rules import transitions as rules
from ..ir.nodes import Arm, Constant, Fanout, Goto, Split, Switch
from ..limits import LOOP_TURNS
from . import fixing
from .absent import has_gang
from .constants import NotConstant
from .context import Context, did_you_mean
from .ends import Ends
from .members import ClassModel

_KEYWORDS = ("foreach", "condition", "max_iterations")
_FORMS = '`self.next(self.a)`, `self.next(self.a, self.b)`, `self.next(self.a, foreach="items")` or ' + (
    '`self.next({"x": self.a, …}, condition="kind")`'
)


@dataclass(frozen=True, slots=True)
class Transition:
    """What a `self.next` says, as far as it could be understood.

    Attributes:
        arm: None where it was not understood.
        max_iterations: The bound it sets on the loop it closes.
    """

    arm: Arm | None
    max_iterations: int | None = None


class TransitionReader:
    """Reads the `self.next` calls of one step.

    Args:
        context: The file that the step stands in.
        model: The flow's class.
        ends: Where the flow starts and ends.
        me: What the step calls `self`.
        steps: The names of all steps.
        methods: The names of other methods.
        mistaken: Methods that a `self.next` takes for steps are put in here.
    """

    def __init__(
        self,
        context: Context,
        model: ClassModel,
        ends: Ends,
        me: str,
        steps: frozenset[str],
        methods: frozenset[str],
        mistaken: set[str],
    ) -> None:
        self.context = context
        self.flow = model.name
        self.unread = model.unread
        self.ends = ends
        self.me = me
        self.steps = steps
        self.methods = methods
        self.mistaken = mistaken

    def read(self, call: ast.Call) -> Transition:
        """Understand one call, or report why not."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
        for keyword in call.keywords:
            if keyword.arg == "num_parallel":
                self._fault_parallel(keyword)
                return Transition(None)
            if keyword.arg not in _KEYWORDS:
                what = "`**` hides what it says" if keyword.arg is None else f"it takes no `{keyword.arg}`"
                guess = did_you_mean(keyword.arg or "", _KEYWORDS)
                help = f"did you mean `{guess}`?" if guess else f"write {_FORMS}"
                fix = fixing.rename(self.context, keyword, fixing.the_near_one(keyword.arg or "", _KEYWORDS))
                return self._malformed(keyword, f"`self.next` cannot be understood: {what}", help=help, fix=fix)
        bound = self._bound(keywords.get("max_iterations"))
        if not call.args:
            return self._malformed(call, "`self.next` names no step", help=f"write {_FORMS}")
        first, *_ = call.args
        if isinstance(first, ast.Dict) or "condition" in keywords:
            return Transition(self._switch(call, first, keywords), bound)
        targets = [self._target(argument) for argument in call.args]
        if any(target is None for target in targets):
            return Transition(None, bound)
        name, *others = names = tuple(target for target in targets if target is not None)
        span = self.context.source.span(call)
        if "foreach" in keywords:
            variable = self._artifact(keywords["foreach"], "foreach")
            if others:
                return self._malformed(
                    call.args[1], "a foreach leads to one step, and this one names several", help="split in a step of its own"
                )
            return Transition(None if variable is None else Fanout(target=name, variable=variable, span=span), bound)
        for position, again in enumerate(names):
            if again in names[:position]:
                self.context.fault(
                    rules.DUPLICATE_TARGET,
                    f"step `{again}` stands twice in one split",
                    call.args[position],
                    "again here",
                    also=[(call.args[names.index(again)], "first here")],
                    help='to run a step several times use foreach: `self.next(self.a, foreach="items")`',
                )
                return Transition(None, bound)
        return Transition(Split(targets=names, span=span) if others else Goto(target=name, span=span), bound)

    def _target(self, node: ast.expr, *, in_switch: bool = False) -> str | None:
        match node:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                return self._known(node, name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=me), attr=name)) if me == self.me and name in self.steps:
                self._malformed(
                    node,
                    f"step `{name}` is called here",
                    "a call",
                    help=f"name it without calling it: `{self.me}.{name}`",
                    fix=fixing.write(self.context, node, f"{self.me}.{name}"),
                )
            case ast.Constant(value=str(name)):
                step = name if name in self.steps else self.context.guess(name, self.steps)
                help = (
                    f"write `{self.me}.{step}`"
                    if step
                    else f'to run a step for each item of `{self.me}.{name}`: `foreach="{name}"`'
                )
                meant = name if name in self.steps else fixing.the_near_one(name, self.steps)
                fix = fixing.write(self.context, node, f"{self.me}.{meant}") if meant else None
                self._malformed(node, "a step is named by a string", "a string", help=help, fix=fix)
            case ast.IfExp():
                help = "put the calls into the arms of an `if` statement, or use a switch"
                self._malformed(node, "the step is chosen inside of `self.next`", "a choice", help=help)
            case ast.Name(id=name) if name in self.steps:
                fix = fixing.write(self.context, node, f"{self.me}.{name}")
                self._malformed(node, f"`{name}` is not read from `{self.me}`", help=f"write `{self.me}.{name}`", fix=fix)
            case ast.Starred():
                self._malformed(
                    node, "the steps are known only when the flow runs", "unpacked here", help="name each step: `self.a, self.b`"
                )
            case ast.List() | ast.Tuple() if in_switch:
                help = "lead to one step, and split there"
                self._malformed(node, "a case of a switch leads to one step, and this one to several", "several steps", help=help)
            case ast.List() | ast.Tuple():
                self._malformed(
                    node,
                    "the steps stand in a list",
                    help="name them one after the other: `self.next(self.a, self.b)`",
                    fix=fixing.unpack(self.context, node),
                )
            case _:
                self._malformed(node, f"this does not name a step of `{self.flow}`", "not a step", help=f"write {_FORMS}")
        return None

    def _known(self, node: ast.Attribute, name: str) -> str | None:
        if name in self.steps:
            return name
        if name == "end" and self.ends.end is None:
            self.mistaken.add(name)
            return None  # a flow without `end` is reported once, for the flow
        if name in self.ends.unclear:
            return None  # a step that stands in a wrong place, which is reported
        guess = self.context.guess(name, self.steps)
        fix = fixing.rename(self.context, node, fixing.the_near_one(name, self.steps) if guess is not None else None)
        if self.unread and name not in self.methods and guess is None:
            return None  # it may well be a step of the base that could not be read, which is reported
        if name in self.methods:
            self.mistaken.add(name)
            message, help = f"`{name}` is a method, not a step", f"put `@step` above `def {name}`"
            guess = None
            fix = fixing.mark_method(self.context, self.flow, name)
        else:
            message = f"`{self.flow}` has no step `{name}`"
            help = f"did you mean `{guess}`?" if guess else f"its steps are {_some(self.steps)}"
        self.context.fault(rules.UNKNOWN_STEP, message, node, "no such step", help=help, fix=fix)
        return guess

    def _switch(self, call: ast.Call, first: ast.expr, keywords: dict[str, ast.expr]) -> Switch | None:
        if "condition" not in keywords:
            self._malformed(
                call, "a switch does not say which artifact decides", help='add `condition="kind"`, the name of an artifact'
            )
            return None
        if not isinstance(first, ast.Dict):
            self._malformed(
                first,
                "`condition` needs a dictionary of values and steps",
                help='write `self.next({"x": self.a, "y": self.b}, condition="kind")`',
            )
            return None
        if "foreach" in keywords:
            self._malformed(
                keywords["foreach"],
                "`self.next` has both `foreach` and `condition`",
                help="choose in one step and fan out in the next",
            )
            return None
        if len(call.args) > 1:
            self._malformed(
                call.args[1], "a switch has one dictionary and nothing else", help="put all cases into the dictionary"
            )
            return None
        variable = self._artifact(keywords["condition"], "condition")
        if not first.keys:
            self._malformed(first, "the switch has no case", "empty")
            return None
        cases: dict[Constant, tuple[str, ast.expr]] = {}
        understood = variable is not None
        for key, value in zip(first.keys, first.values, strict=True):
            target = self._target(value, in_switch=True)
            constant = self._case(key, value)
            if target is None or constant is None:
                understood = False
                continue
            if constant[0] in cases and key is not None:
                earlier = cases[constant[0]][1]
                self.context.fault(
                    rules.DUPLICATE_TARGET,
                    f"value {constant[0]!r} stands twice in one switch",
                    key,
                    "again here",
                    also=[(earlier, "first here")],
                )
                understood = False
                continue
            cases[constant[0]] = (target, key or value)
        if not understood or variable is None:
            return None
        pairs = tuple((case, target) for case, (target, _) in cases.items())
        return Switch(variable=variable, cases=pairs, span=self.context.source.span(call))

    def _case(self, key: ast.expr | None, value: ast.expr) -> tuple[Constant] | None:
        """A case's value in a tuple of one, since None is a value too."""
        if key is None:
            self._malformed(value, "`**` hides the cases of a switch", help="write each case out")
            return None
        try:
            constant = self.context.constant(key)
        except NotConstant as reason:
            self._malformed(
                key, f"a value of the switch is not a constant: {reason}", help="write the value itself, such as a string"
            )
            return None
        if not isinstance(constant, str | int | float | bool | None):
            self._malformed(key, "a value of the switch must be a string, a number, True, False or None")
            return None
        return (constant,)

    def _artifact(self, node: ast.expr, keyword: str) -> str | None:
        match node:
            case ast.Attribute(value=ast.Name(id=me), attr=name) if me == self.me:
                self._malformed(
                    node,
                    f"`{keyword}` takes the name of an artifact, not its value",
                    help=f'write `{keyword}="{name}"`',
                    fix=fixing.write(self.context, node, f'"{name}"'),
                )
                return None
        example = "items" if keyword == "foreach" else "kind"
        try:
            value = self.context.constant(node)
        except NotConstant:
            help = f'assign it before, `self.{example} = …`, and write its name: `{keyword}="{example}"`'
            self._malformed(node, f"`{keyword}` is not a constant", help=help)
            return None
        bare = value.removeprefix(f"{self.me}.") if isinstance(value, str) else ""
        if not isinstance(value, str) or not value.isidentifier():
            meant = bare.isidentifier() and isinstance(node, ast.Constant)
            self._malformed(
                node,
                f"`{keyword}` takes the name of an artifact as a string",
                help=f'write `{keyword}="{bare}"`' if meant else f'such as `{keyword}="{example}"`',
                fix=fixing.write(self.context, node, f'"{bare}"') if meant else None,
            )
            return None
        return value

    def _bound(self, node: ast.expr | None) -> int | None:
        if node is None:
            return None
        try:
            value = self.context.constant(node)
        except NotConstant:
            value = None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LOOP_TURNS:
            self.context.fault(
                rules.BAD_BOUND,
                f"`max_iterations` is not a whole number from 1 to {LOOP_TURNS}",
                node,
                help=f"write `max_iterations={LOOP_TURNS}` for the most that every platform allows",
            )
            return None
        return value

    def _fault_parallel(self, keyword: ast.keyword) -> None:
        gang = ", and take `@parallel` away" if has_gang(self.context) else ""
        self.context.fault(
            rules.NO_PARALLEL,
            "`num_parallel` is not supported by any target of this version",
            keyword,
            help=f'for independent tasks use foreach: `self.next(self.a, foreach="shards")`{gang}',
        )

    def _malformed(
        self, node: ast.expr | ast.keyword, message: str, label: str = "", *, help: str = "", fix: Fix | None = None
    ) -> Transition:
        self.context.fault(rules.MALFORMED_NEXT, message, node, label, help=help, fix=fix)
        return Transition(None)


@functools.lru_cache(maxsize=1)
def _some(steps: frozenset[str]) -> str:
    """The first few steps of a flow; once for all that ask."""
    return ", ".join(f"`{one}`" for one in sorted(steps)[:12])
