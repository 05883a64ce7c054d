"""Decorators of flowc: which there are, what they take, and how one is read.

A decorator that is not flowc's (a user's own, from any module) is left in place for run time and does not appear in the IR.
"""

from __future__ import annotations

import ast
from typing import Final

from ..diagnostics.rules import decorators as rules
from ..ir.nodes import Constant, Decorator, Table
from .constants import NotConstant
from .context import Context, did_you_mean

_DISK = "use_tmpfs:bool tmpfs_tempdir:bool tmpfs_size:number tmpfs_path:text shared_memory:number"

STEP_DECORATORS: Final[dict[str, str]] = {
    "resources": "cpu:number gpu:number memory:number disk:number shared_memory:number",
    "batch": "cpu:number gpu:number memory:number image:text queue:text iam_role:text execution_role:text max_swap:number swappiness:number "
    f"inferentia:number trainium:number efa:number ephemeral_storage:number log_driver:text log_options:list host_volumes:any "
    f"efs_volumes:any aws_batch_tags:table {_DISK}",
    "kubernetes": "cpu:number gpu:number memory:number disk:number image:text image_pull_policy:text image_pull_secrets:list "
    "service_account:text namespace:text secrets:any node_selector:any labels:table annotations:table gpu_vendor:text tolerations:list "
    "persistent_volume_claims:table port:number compute_pool:text hostname_resolution_timeout:number qos:text extended_resources:table "
    f"security_context:table {_DISK}",
    "retry": "times:number minutes_between_retries:number",
    "timeout": "seconds:number minutes:number hours:number",
    "catch": "var:text print_exception:bool",
    "environment": "vars:table",
    "secrets": "sources:list role:text allow_override:bool",
    "pypi": "packages:table python:text disabled:bool",
    "conda": "packages:table libraries:table python:text disabled:bool",
    "card": "type:text id:text options:table timeout:number save_errors:bool customize:bool refresh_interval:number",
}
"""Decorators of steps, each with its arguments and their kinds."""

FLOW_DECORATORS: Final[dict[str, str]] = {
    "schedule": "hourly:bool daily:bool weekly:bool cron:text timezone:text",
    "project": "name:text branch:text production:bool",
    "trigger": "event:any events:list options:table",
    "trigger_on_finish": "flow:any flows:list options:table",
    "exit_hook": "on_success:functions on_error:functions options:table",
    "pypi_base": "packages:table python:text disabled:bool",
    "conda_base": "packages:table libraries:table python:text disabled:bool",
}
"""Decorators of flows, likewise."""

_REPEATABLE = {"card"}

_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "number": ((int, float, str), "a number"),
    "text": ((str,), "a string"),
    "bool": ((bool,), "True or False"),
    "list": ((tuple,), "a list"),
    "table": ((Table,), "a dictionary"),
    "any": ((object,), "a constant"),
}


def read_decorators(context: Context, nodes: list[ast.expr], *, on_step: bool, owner: str) -> tuple[Decorator, ...]:
    """Read what stands above a step or a flow, in the order written; `@step` itself is left out."""
    found: dict[str, tuple[Decorator, ast.expr]] = {}
    listed: list[Decorator] = []
    for node in nodes:
        call = node.func if isinstance(node, ast.Call) else node
        name = context.module.api_name(call)
        if name is None or name == "step":
            continue
        decorator = _read(context, node, name, on_step=on_step, owner=owner)
        if decorator is None:
            continue
        if name in found and name not in _REPEATABLE:
            context.fault(
                rules.DUPLICATE_DECORATOR, f"`@{name}` stands twice on `{owner}`", node, "again", also=[(found[name][1], "first here")]
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
        known = ", ".join(f"`@{one}`" for one in sorted(here))
        help = f"did you mean `@{guess}`?" if guess else f"there are {known}"
        context.fault(rules.UNKNOWN_DECORATOR, f"flowc has no decorator `@{name}`", node, "unknown", help=help)
        return None
    arguments: list[tuple[str, Constant]] = []
    if isinstance(node, ast.Call):
        takes = dict(argument.split(":") for argument in here[name].split())
        for position in node.args:
            context.fault(
                rules.BAD_ARGUMENT, f"`@{name}` takes its arguments by name", position, help=f"write `{next(iter(takes))}=…`"
            )
        for keyword in node.keywords:
            if (value := _argument(context, name, takes, keyword)) is not None:
                arguments.append((str(keyword.arg), value[0]))
    return Decorator(name=name, arguments=tuple(arguments), span=context.source.span(node))


def _argument(context: Context, name: str, takes: dict[str, str], keyword: ast.keyword) -> tuple[Constant] | None:
    """The argument's value in a tuple of one, since None is a value too."""
    if keyword.arg is None:
        context.fault(rules.NOT_CONSTANT, f"`**` hides the arguments of `@{name}`", keyword, help="write each argument out")
        return None
    if keyword.arg not in takes:
        guess = did_you_mean(keyword.arg, takes)
        help = f"did you mean `{guess}`?" if guess else "it takes " + ", ".join(f"`{one}`" for one in takes)
        context.fault(rules.BAD_ARGUMENT, f"`@{name}` has no argument `{keyword.arg}`", keyword, help=help)
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
    fits = isinstance(value, types) and not (kind == "number" and not _is_number(value))
    if value is not None and not fits:
        context.fault(rules.BAD_ARGUMENT, f"`{keyword.arg}` of `@{name}` takes {words}", keyword.value)
        return None
    return (value,)


def _functions(context: Context, name: str, keyword: ast.keyword) -> tuple[Constant] | None:
    """A list of functions of the module, kept as their names."""
    elements = keyword.value.elts if isinstance(keyword.value, ast.List | ast.Tuple) else [keyword.value]
    names = [element.id for element in elements if isinstance(element, ast.Name)]
    if len(names) != len(elements):
        context.fault(rules.BAD_ARGUMENT, f"`{keyword.arg}` of `@{name}` takes functions of this module", keyword.value)
        return None
    return (tuple(names),)


def _is_number(value: Constant) -> bool:
    """A number, or a string that says one, as Metaflow allows: `memory="4000"`."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)
