"""Decorators of flowc: which there are, what they take, and how one is read.

A decorator that is not flowc's (a user's own, from any module) is left in place for run time and does not appear in the IR.
"""

from __future__ import annotations

import ast
import math
from typing import Final

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Decorator, Table
from .constants import NotConstant
from .context import Context, did_you_mean
from .fixing import name_argument, rename, the_near_one


def _takes(**by_kind: str) -> dict[str, str]:
    """The arguments of a decorator, each with its kind, from the names of each kind."""
    return {name: kind for kind, names in by_kind.items() for name in names.split()}


STEP_DECORATORS: Final[dict[str, dict[str, str]]] = {
    "resources": _takes(size="cpu memory", number="gpu disk shared_memory"),
    "batch": _takes(
        size="cpu memory",
        number="gpu shared_memory max_swap swappiness inferentia trainium efa ephemeral_storage tmpfs_size",
        text="image queue iam_role execution_role log_driver tmpfs_path",
        bool="use_tmpfs tmpfs_tempdir",
        list="log_options",
        table="aws_batch_tags",
        any="host_volumes efs_volumes",
    ),
    "kubernetes": _takes(
        size="cpu memory",
        number="gpu disk shared_memory tmpfs_size port hostname_resolution_timeout",
        text="image image_pull_policy service_account namespace gpu_vendor qos compute_pool tmpfs_path",
        bool="use_tmpfs tmpfs_tempdir",
        list="image_pull_secrets tolerations",
        table="labels annotations persistent_volume_claims extended_resources security_context",
        any="secrets node_selector",
    ),
    "retry": _takes(count="times", number="minutes_between_retries"),
    "timeout": _takes(number="seconds minutes hours"),
    "catch": _takes(text="var", bool="print_exception"),
    "environment": _takes(variables="vars"),
    "secrets": _takes(list="sources", text="role", bool="allow_override"),
    "pypi": _takes(table="packages", text="python", bool="disabled"),
    "conda": _takes(table="packages libraries", text="python", bool="disabled"),
    "card": _takes(text="type id", table="options", number="timeout refresh_interval", bool="save_errors customize"),
}
"""Decorators of steps, each with its arguments and their kinds."""

FLOW_DECORATORS: Final[dict[str, dict[str, str]]] = {
    "schedule": _takes(bool="hourly daily weekly", text="cron timezone"),
    "project": _takes(text="name branch", bool="production"),
    "trigger": _takes(any="event", list="events", table="options"),
    "trigger_on_finish": _takes(any="flow", list="flows", table="options"),
    "exit_hook": _takes(functions="on_success on_error", table="options"),
    "pypi_base": _takes(table="packages", text="python", bool="disabled"),
    "conda_base": _takes(table="packages libraries", text="python", bool="disabled"),
}
"""Decorators of flows, likewise."""

_REPEATABLE = {"card"}

MAX_RETRIES: Final = 100
"""More attempts than this are a mistake; every one of them is a container."""

_NUMBERS = ("number", "size", "count")

_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "number": ((int, float, str), "a number from 0"),
    "size": ((int, float, str), "a number above 0"),
    "count": ((int, float, str), f"a whole number from 0 to {MAX_RETRIES}"),
    "text": ((str,), "a string"),
    "bool": ((bool,), "True or False"),
    "list": ((tuple,), "a list"),
    "table": ((Table,), "a dictionary"),
    "variables": ((Table,), "a dictionary of names and values"),
    "any": ((object,), "a constant"),
}


def read_decorators(context: Context, nodes: list[ast.expr], *, on_step: bool, owner: str) -> tuple[Decorator, ...]:
    """Read what stands above a step or a flow, in the order written; `@step` itself is left out."""
    found: dict[str, tuple[Decorator, ast.expr]] = {}
    listed: list[Decorator] = []
    for node in nodes:
        call = node.func if isinstance(node, ast.Call) else node
        name = context.api_name(call)
        if name is None or name == "step":
            continue
        decorator = _read(context, node, name, on_step=on_step, owner=owner)
        if decorator is None:
            continue
        if name in found and name not in _REPEATABLE:
            context.fault(
                rules.DUPLICATE_DECORATOR,
                f"`@{name}` stands twice on `{owner}`",
                node,
                "again",
                also=[(found[name][1], "first here")],
            )
            continue
        found[name] = (decorator, node)
        listed.append(decorator)
    return tuple(listed)


def _read(context: Context, node: ast.expr, name: str, *, on_step: bool, owner: str) -> Decorator | None:
    here, elsewhere = (STEP_DECORATORS, FLOW_DECORATORS) if on_step else (FLOW_DECORATORS, STEP_DECORATORS)
    if name in elsewhere:
        place = "a flow's class" if on_step else "a step"
        context.fault(rules.WRONG_PLACE, f"`@{name}` belongs on {place}, not on `{owner}`", node)
        return None
    if name not in here:
        guess = did_you_mean(name, here)
        callee = node.func if isinstance(node, ast.Call) else node
        fix = rename(context, callee, the_near_one(name, here)) if isinstance(callee, ast.Attribute) else None
        known = ", ".join(f"`@{one}`" for one in sorted(here))
        help = f"did you mean `@{guess}`?" if guess else f"there are {known}"
        context.fault(rules.UNKNOWN_DECORATOR, f"flowc has no decorator `@{name}`", node, "unknown", help=help, fix=fix)
        return None
    arguments: list[tuple[str, Constant]] = []
    if isinstance(node, ast.Call):
        takes = here[name]
        for position in node.args:
            context.fault(
                rules.BAD_ARGUMENT,
                f"`@{name}` takes its arguments by name",
                position,
                help=f"write `{next(iter(takes))}=…`",
                fix=name_argument(context, name, node),
            )
        for keyword in node.keywords:
            if (value := _argument(context, name, takes, keyword)) is not None:
                arguments.append((str(keyword.arg), value[0]))
    decorator = Decorator(name=name, arguments=tuple(arguments), span=context.source.span(node))
    understood = not isinstance(node, ast.Call) or (len(arguments) == len(node.keywords) and not node.args)
    if (
        name == "timeout"
        and understood
        and not any(float(value) for _, value in arguments if isinstance(value, int | float | str))
    ):
        context.fault(rules.BAD_ARGUMENT, "`@timeout` names no time", node, help="write `@timeout(hours=1)`, or take it away")
        return None
    return decorator


def _argument(context: Context, name: str, takes: dict[str, str], keyword: ast.keyword) -> tuple[Constant] | None:
    """The argument's value in a tuple of one, since None is a value too."""
    if keyword.arg is None:
        context.fault(rules.NOT_CONSTANT, f"`**` hides the arguments of `@{name}`", keyword, help="write each argument out")
        return None
    if keyword.arg not in takes:
        guess = did_you_mean(keyword.arg, takes)
        help = f"did you mean `{guess}`?" if guess else "it takes " + ", ".join(f"`{one}`" for one in takes)
        fix = rename(context, keyword, the_near_one(keyword.arg, takes))
        context.fault(rules.BAD_ARGUMENT, f"`@{name}` has no argument `{keyword.arg}`", keyword, help=help, fix=fix)
        return None
    kind = takes[keyword.arg]
    if kind == "functions":
        return _functions(context, name, keyword)
    try:
        value = context.constant(keyword.value)
    except NotConstant as reason:
        context.fault(
            rules.NOT_CONSTANT,
            f"`{keyword.arg}` of `@{name}` is not a constant: {reason}",
            reason.node,
            "not constant",
            help="write a literal, or the name of a constant of this module",
        )
        return None
    types, words = _KINDS[kind]
    fits = isinstance(value, types) and (kind not in _NUMBERS or _is_number(value, kind))
    if value is not None and not fits:
        context.fault(rules.BAD_ARGUMENT, f"`{keyword.arg}` of `@{name}` takes {words}", keyword.value)
        return None
    return (_variables(context, value, keyword) if kind == "variables" and isinstance(value, Table) else value,)


def _variables(context: Context, table: Table, keyword: ast.keyword) -> Table:
    """Variables of a process, their values as text; faulty ones are reported and left out."""
    found: list[tuple[Constant, Constant]] = []
    for name, value in table.items:
        if not isinstance(name, str) or not name or "=" in name or "\0" in name or name.startswith("FLOWC_"):
            problem = f"{name!r} cannot be the name of an environment variable"
        elif isinstance(value, tuple | Table) or value is None or "\0" in str(value):
            problem = f"the value of `{name}` is no text"
        else:
            found.append((name, str(value)))
            continue
        help = "names that begin with `FLOWC_` are flowc's own; values are strings, numbers or booleans"
        context.fault(rules.BAD_ARGUMENT, problem, keyword.value, help=help)
    return Table(tuple(found))


def _functions(context: Context, name: str, keyword: ast.keyword) -> tuple[Constant] | None:
    """A list of functions of the module, kept as their names."""
    elements = keyword.value.elts if isinstance(keyword.value, ast.List | ast.Tuple) else [keyword.value]
    names = [element.id for element in elements if isinstance(element, ast.Name)]
    if len(names) != len(elements):
        context.fault(rules.BAD_ARGUMENT, f"`{keyword.arg}` of `@{name}` takes functions of this module", keyword.value)
        return None
    return (tuple(names),)


def _is_number(value: Constant, kind: str) -> bool:
    """A number of a kind, or a string that says one, as Metaflow allows: `memory="4000"`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    if not math.isfinite(number) or number < 0:
        return False
    return not (kind == "size" and number == 0) and not (kind == "count" and (number % 1 or number > MAX_RETRIES))
