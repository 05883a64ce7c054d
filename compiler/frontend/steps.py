"""One step: from a method under `@step` to a `Step` of the IR."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..dataflow.effects import Analysis
from ..dataflow.facts import read_artifacts
from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import flow as flow_rules
from ..diagnostics.rules import transitions as transition_rules
from ..ir.artifacts import NO_ARTIFACTS, Artifacts
from ..ir.nodes import Arm, Decorator, Fanout, Step
from .alterations import Alterations
from .body import RESERVED
from .context import Context
from .decorator_table import STEP_DECORATORS
from .decorators import read_decorators
from .ends import Ends, goes_on
from .fingerprint import fingerprint
from .fixing import take_self
from .members import ClassModel, Member
from .paths import PathReader, seen_inside
from .supers import check_super
from .syntax import is_under, own_nodes, positional, self_of
from .transitions import TransitionReader

_YIELDS = (ast.Yield, ast.YieldFrom)


@dataclass(frozen=True, slots=True)
class StepReader:
    """Reads the steps of one flow.

    Attributes:
        model: The flow's class.
        ends: Where the flow starts and ends.
        steps: The names of all its steps.
        methods: The names of its other methods.
        analysis: What the data-flow analysis of its steps shares.
        alterations: What the command line changes in the decorators of its steps.
        going: Those of the methods that call `self.next`, which is reported there.
        mistaken: Methods that some `self.next` takes for steps, which is reported there.
    """

    model: ClassModel
    ends: Ends
    steps: frozenset[str]
    methods: frozenset[str]
    analysis: Analysis
    alterations: Alterations
    going: frozenset[str] = frozenset()
    mistaken: set[str] = field(default_factory=set)

    def read(self, member: Member, function: ast.FunctionDef) -> tuple[Step, bool]:
        """The step, and whether every way on from it was understood."""
        context = member.context
        me, joins, callable_ = self._arguments(context, function)
        borrows = check_super(self.model, member)
        delegates = self._delegates(function, me)
        may_end = borrows or delegates or self.ends.end is None or function.name in self.ends.unclear
        paths = PathReader(context, function.name, me, end=self.ends.end, may_end=may_end)
        paths.read(function)
        arms, calls, bound, complete = self._arms(context, function, me, paths)
        record = self.model.record(member.owner)
        written = read_decorators(
            context if record is None else record.inside, function.decorator_list, on_step=True, owner=function.name
        )
        decorators = self.alterations.applied(written)
        self._check_catch(context, decorators)
        step = Step(
            name=function.name,
            joins=joins,
            arms=arms,
            decorators=decorators,
            max_iterations=bound,
            artifacts=self._artifacts(member, arms, calls) if complete and callable_ and not paths.broken else NO_ARTIFACTS,
            code=fingerprint(function),
            span=context.source.name_span(function),
        )
        return step, complete and callable_ and not paths.broken and not borrows and not (delegates and not paths.calls)

    def _artifacts(self, member: Member, arms: tuple[Arm, ...], calls: list[tuple[Arm, ast.Call]]) -> Artifacts:
        return read_artifacts(self.analysis, member, [[call for one, call in calls if one == arm] for arm in arms])

    def _arms(
        self, context: Context, function: ast.FunctionDef, me: str, paths: PathReader
    ) -> tuple[tuple[Arm, ...], list[tuple[Arm, ast.Call]], int | None, bool]:
        reader = TransitionReader(context, self.model, self.ends, me, self.steps, self.methods, self.mistaken)
        if (end := self.ends.end) == function.name:
            for call in paths.calls:
                context.fault(
                    flow_rules.END_GOES_ON,
                    f"`{end}` has a `self.next`",
                    call,
                    f"nothing comes after `{end}`",
                    help="delete it, or rename the step",
                )
            return (), [], None, not paths.calls
        read = [reader.read(call) for call in paths.calls]
        self._check_fanouts(context, [one.arm for one in read if isinstance(one.arm, Fanout)])
        arms = tuple(dict.fromkeys(one.arm for one in read if one.arm is not None))
        bounds = [one.max_iterations for one in read if one.max_iterations is not None]
        calls = [(one.arm, call) for one, call in zip(read, paths.calls, strict=True) if one.arm is not None]
        return arms, calls, min(bounds, default=None), all(one.arm is not None for one in read)

    def _delegates(self, function: ast.FunctionDef, me: str) -> bool:
        """Whether a step leaves its `self.next` to a method."""
        calls = (part.func for part in ast.walk(function) if isinstance(part, ast.Call)) if self.going else ()
        return any(
            isinstance(one, ast.Attribute) and one.attr in self.going and isinstance(one.value, ast.Name) and one.value.id == me
            for one in calls
        )

    def _check_catch(self, context: Context, decorators: tuple[Decorator, ...]) -> None:
        for decorator in decorators:
            variable = dict(decorator.arguments).get("var") if decorator.name == "catch" else None
            if variable is None:
                continue
            if variable in self.model.members or variable in RESERVED:
                what = "is the name of something else in the flow"
            elif not str(variable).isidentifier() or str(variable).startswith("_flowc"):
                what = "is no name of an artifact"
            else:
                continue
            context.report.add(
                decorator_rules.BAD_ARGUMENT,
                f"`var` of `@catch` {what}: {variable!r}",
                decorator.span,
                help='name an artifact of its own, such as `var="failure"`',
            )

    def _check_fanouts(self, context: Context, fanouts: list[Fanout]) -> None:
        """A step that one place reaches by two foreach would not know which of the two artifacts its input is of."""
        first: dict[str, Fanout] = {}
        for arm in fanouts:
            earlier = first.setdefault(arm.target, arm)
            if earlier.variable != arm.variable:
                context.report.add(
                    transition_rules.DUPLICATE_TARGET,
                    f"`{arm.target}` is run for each of `self.{earlier.variable}` here and of `self.{arm.variable}` there",
                    arm.span,
                    "another foreach over the same step",
                    also=[(earlier.span, "one foreach")],
                    help="give both the same artifact: assign it in each case, and name it in both",
                )

    def _arguments(self, context: Context, function: ast.FunctionDef) -> tuple[str, bool, bool]:
        """The name of `self`, whether the step takes `inputs`, and whether it takes nothing else."""
        given = function.args
        names = [*given.posonlyargs, *given.args]
        others = [given.vararg, *given.kwonlyargs, given.kwarg]
        span = context.source.name_span(function)
        extra = [argument for argument in (*names[2:], *others) if argument is not None]
        if len(names) == 2 and given.defaults and not names[1].arg.startswith("input"):
            extra, names = [names[1]], names[:1]
        if not names:
            context.report.add(
                flow_rules.STEP_ARGUMENTS,
                f"step `{function.name}` does not take `self`",
                span,
                help=f"write `def {function.name}(self):`",
                fix=take_self(context, function),
            )
        elif extra:
            context.fault(
                flow_rules.STEP_ARGUMENTS,
                f"step `{function.name}` takes more than `self` and `inputs`",
                extra[0],
                "nothing can be passed here",
                help="read what the step needs from `self`",
            )
        return (names[0].arg if names else "self"), len(names) > 1, bool(names) and not extra


def check_method(context: Context, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Report `self.next` in a method that is no step, and an `__init__` that does something."""
    if function.name == "__init__" and not all(_does_nothing(statement) for statement in function.body):
        context.report.add(
            decorator_rules.INIT_NOT_CALLED,
            "the flow's `__init__` is not called in a run: what it sets is lost",
            context.source.name_span(function),
            help="set artifacts in the first step, and constants in the class",
        )
    for decorator in function.decorator_list:
        name = context.api_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name in STEP_DECORATORS and not goes_on(context, function):
            context.fault(
                decorator_rules.WRONG_PLACE,
                f"`@{name}` belongs on a step, and `{function.name}` is none",
                decorator,
                help=f"put `@step` above `def {function.name}`, or take `@{name}` away",
            )
    if positional(function) and not is_under(function, "staticmethod") and context.contents(function).nexts:
        me = self_of(function)
        pending: list[ast.AST] = list(reversed(function.body))
        while pending:
            node = pending.pop()
            pending.extend(reversed(list(seen_inside(node, me))))
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="next")) if name == me:
                    context.fault(
                        transition_rules.NEXT_IN_FUNCTION,
                        f"`{function.name}` is not a step, but calls `{me}.next`",
                        node,
                        help=f"put `@step` above `def {function.name}`, or call `{me}.next` in the step itself",
                    )


def _does_nothing(statement: ast.stmt) -> bool:
    """A docstring, `pass`, or a call of the base class's `__init__`."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"))):
            return True
        case _:
            return False


def plain(context: Context, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method under `@step` can be a step at all; reports why not."""
    what = ""
    if isinstance(function, ast.AsyncFunctionDef):
        what = "is `async`"
    elif is_under(function, "staticmethod", "classmethod", "property"):
        what = "is a static method, a class method or a property"
    elif context.contents(function).yields and any(
        isinstance(one, ast.Yield | ast.YieldFrom) for one in own_nodes(function.body)
    ):
        what = "is a generator"
    if what:
        span = context.source.name_span(function)
        context.report.add(
            flow_rules.STEP_NOT_PLAIN,
            f"step `{function.name}` {what}",
            span,
            help="make it a plain method; what it computes goes into `self`",
        )
    return not what
