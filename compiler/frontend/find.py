"""Which class of a file is the flow, and names of flowc's that the file forgot to import."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from ..diagnostics.rules import decorators as decorator_rules
from ..diagnostics.rules import file as rules
from .context import Context, did_you_mean
from .fixing import import_name, rename_decorator, rename_uses, the_near_one
from .module import API_NAMES


def find_flow(context: Context, class_name: str | None) -> ast.ClassDef | None:
    """The flow's class, or the one named; None where there is none, which is reported."""
    for node in context.module.classes.values():
        _adopt(context, node.bases)
    flows = {name: node for name, node in context.module.classes.items() if _is_flow(context, node)}
    if class_name is not None and class_name not in flows:
        guess = did_you_mean(class_name, flows)
        known = ", ".join(f"`{name}`" for name in flows) or "none"
        help = f"did you mean `{guess}`?" if guess else f"its flows: {known}"
        context.report.add(rules.NO_SUCH_FLOW, f"the file has no flow `{class_name}`", context.source.at(1, 1), help=help)
        return None
    if not flows:
        _no_flow(context)
        return None
    first, *others = flows.values()
    if class_name is not None:
        first, others = flows[class_name], []
    if others:
        context.report.add(
            rules.SEVERAL_FLOWS,
            f"the file has {len(flows)} flows",
            context.source.name_span(others[0]),
            "another flow",
            also=[(context.source.name_span(first), "one flow")],
            help=f"name the one you mean: `{context.source.path}:{first.name}`",
        )
        return None
    _adopt(context, _places(first), frozenset(_own_names(first)))
    return first


def _is_flow(context: Context, node: ast.ClassDef) -> bool:
    return any(context.module.api_name(base) == "FlowSpec" for base in node.bases)


def _no_flow(context: Context) -> None:
    """Say so where a class looks as if it were meant to be one."""
    help = "write `class Name(FlowSpec):` with `FlowSpec` from `flowc`"
    for node in ast.walk(context.module.tree):
        if isinstance(node, ast.ClassDef) and any(_last_name(base) == "FlowSpec" for base in node.bases):
            if context.module.classes.get(node.name) is node:
                label, help = "its `FlowSpec` is not flowc's", "import it: `from flowc import FlowSpec, step`"
            else:
                label, help = "not at the top level of the file", "move it out of what it stands in"
            context.report.add(rules.NO_FLOW, "the file has no flow", context.source.name_span(node), label, help=help)
            return
    if context.source.text.lstrip()[:1] == "{" and '"cells"' in context.source.text:
        help = "this is a notebook: export it as a script (`jupyter nbconvert --to script`)"
    context.report.add(rules.NO_FLOW, "the file has no flow", context.source.at(1, 1), help=help)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _places(node: ast.ClassDef) -> Iterator[ast.expr]:
    """Where a flow uses flowc's names: above it, above its methods, and for its parameters."""
    yield from node.decorator_list
    for statement in node.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from statement.decorator_list
            case ast.Assign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
                yield call


def _adopt(context: Context, nodes: Iterator[ast.expr] | list[ast.expr], own: frozenset[str] = frozenset()) -> None:
    """Report each name that is used and not imported, once, and read it as if it had been."""
    for node in nodes:
        callee = node.func if isinstance(node, ast.Call) else node
        name = context.module.forgotten(callee)
        if name is None and isinstance(callee, ast.Name) and callee.id not in own:
            _adopt_misspelt(context, callee)
        if name is not None and name not in context.module.api:
            fix = import_name(context, name)
            context.module.api[name] = name
            help = f"write `from flowc import {name}`"
            message = f"`{name}` is not imported"
            context.fault(decorator_rules.NOT_IMPORTED, message, callee, "nothing binds this name", help=help, fix=fix)


def _own_names(node: ast.ClassDef) -> Iterator[str]:
    """What a class body binds, for a decorator may come from there."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))


def _adopt_misspelt(context: Context, node: ast.Name) -> None:
    """Report a name that looks like one of flowc's where nothing binds it, or a misspelt `@step` that is; read it as that.

    Without `@step` a method is no step, and every `self.next` that leads to it would be reported instead.
    """
    name, module = node.id, context.module
    meant = module.api.get(name)
    if meant is not None and meant not in API_NAMES and the_near_one(meant, API_NAMES) == "step":
        fix = rename_decorator(context, node, meant, "step")
        module.api[name] = "step"
        message = f"flowc has no decorator `@{meant}`"
        context.fault(decorator_rules.UNKNOWN_DECORATOR, message, node, "unknown", help="did you mean `@step`?", fix=fix)
    if name in module.bound or name in module.api or module.open or hasattr(builtins, name):
        return
    guess = the_near_one(name, API_NAMES)
    if guess is not None:
        fix = rename_uses(context, name, guess)
        module.api[name] = guess
        help = f"did you mean `{guess}`?"
        context.fault(decorator_rules.NOT_IMPORTED, f"nothing in the file binds `{name}`", node, "unknown", help=help, fix=fix)
