"""Which class of a file is the flow: from a `Context` to a class's statement, or to a fault that says why there is none.

class Shared(FlowSpec): …
class Train(Shared): …             →   Train: of flows that derive from each other, the last
"""

from __future__ import annotations

import ast

from ..diagnostics.rules import file as rules
from .body import Method, is_step
from .classes import ClassReader, Unread
from .context import Context, did_you_mean
from .program import Found, Missing
from .syntax import last_name


def find_flow(context: Context, classes: ClassReader, class_name: str | None) -> ast.ClassDef | None:
    """The flow's class, or the one named; None where there is none, which is reported.

    Of flows that derive from each other the last one is meant; of several, the one that `if __name__ == "__main__":` calls.
    """
    flows = _flows(context, classes)
    if class_name is not None and class_name not in flows:
        guess = did_you_mean(class_name, flows)
        known = ", ".join(f"`{name}`" for name in flows) or "none"
        help = f"did you mean `{guess}`?" if guess else f"its flows: {known}"
        context.report.add(rules.NO_SUCH_FLOW, f"the file has no flow `{class_name}`", context.source.at(1, 1), help=help)
        return None
    if class_name is not None:
        return flows[class_name]
    if not flows:
        _no_flow(context, classes)
        return None
    last = _last(context, classes, flows)
    if len(last) > 1:
        called = {call.func.id for call in _called(context) if isinstance(call.func, ast.Name)}
        last = [node for node in last if node.name in called] if sum(node.name in called for node in last) == 1 else last
    first, *others = last
    if others:
        context.report.add(
            rules.SEVERAL_FLOWS,
            f"the file has {len(last)} flows",
            context.source.name_span(others[0]),
            "another flow",
            also=[(context.source.name_span(first), "one flow")],
            help=f"name the one you mean: `{context.source.path}:{first.name}`",
        )
        return None
    return first


def flows_of(context: Context, classes: ClassReader) -> list[ast.ClassDef]:
    """All flows of a file; of those that derive from each other, the last."""
    return _last(context, classes, _flows(context, classes))


def _flows(context: Context, classes: ClassReader) -> dict[str, ast.ClassDef]:
    return {name: node for name, node in context.module.classes.items() if classes.is_flow(context, node)}


def _last(context: Context, classes: ClassReader, flows: dict[str, ast.ClassDef]) -> list[ast.ClassDef]:
    bases = {base for node in flows.values() for base, _ in classes.bases(context, node)}
    return [node for node in flows.values() if node not in bases] or list(flows.values())


def _called(context: Context) -> list[ast.Call]:
    """What the file calls where it runs as a program."""
    calls: list[ast.Call] = []
    for statement in context.module.tree.body:
        match statement:
            case ast.If(test=ast.Compare(left=left, comparators=[right])) if any(
                isinstance(one, ast.Name) and one.id == "__name__" for one in (left, right)
            ):
                calls += [node for inner in statement.body for node in ast.walk(inner) if isinstance(node, ast.Call)]
    return calls


def _no_flow(context: Context, classes: ClassReader) -> None:
    """Say so where a class looks as if it were meant to be one."""
    help = "write `class Name(FlowSpec):` with `FlowSpec` from `flowc`"
    for node in ast.walk(context.module.tree):
        if isinstance(node, ast.ClassDef) and any(last_name(base) == "FlowSpec" for base in node.bases):
            if context.module.classes.get(node.name) is node:
                label, help = "its `FlowSpec` is not flowc's", "import it: `from flowc import FlowSpec, step`"
            else:
                label, help = "not at the top level of the file", "move it out of what it stands in"
            context.report.add(rules.NO_FLOW, "the file has no flow", context.source.name_span(node), label, help=help)
            return
    if _would_be_flow(context, classes):
        return
    for call in _called(context):
        found = context.program.meaning(context, call.func)
        if isinstance(found, Found) and isinstance(found.value, ast.ClassDef) and classes.is_flow(found.context, found.value):
            path = found.context.source.path
            help = f"compile that file: `{path}`; or derive a class from `{found.name}` here"
            context.fault(rules.NO_FLOW, "the file has no flow of its own", call, f"this one is written in `{path}`", help=help)
            return
    for node in context.module.classes.values():
        if any(isinstance(part, Method) and is_step(context, part) for part in node.body):
            label, help = "has steps, but is no `FlowSpec`", f"write `class {node.name}(FlowSpec):` with `FlowSpec` from `flowc`"
            context.report.add(rules.NO_FLOW, "the file has no flow", context.source.name_span(node), label, help=help)
            return
    if context.source.text.lstrip()[:1] == "{" and '"cells"' in context.source.text:
        help = "this is a notebook: export it as a script (`jupyter nbconvert --to script`)"
    context.report.add(rules.NO_FLOW, "the file has no flow", context.source.at(1, 1), help=help)


def _would_be_flow(context: Context, classes: ClassReader) -> bool:
    """Report what a class derives from that could not be read, where it would be a flow by that; whether there is one."""
    called = {call.func.id for call in _called(context) if isinstance(call.func, ast.Name)}
    for name, node in context.module.classes.items():
        walked = dict(classes.walk(context, node))
        unread = [(one, base) for one, bases in walked.items() for base, _ in bases if isinstance(base, Unread)]
        has_steps = any(isinstance(part, Method) and is_step(classes.contexts[one], part) for one in walked for part in one.body)
        if unread and (has_steps or name in called or any(_is_missing(context, base) for _, base in unread)):
            for one, base in unread:
                classes.report_unread(classes.contexts[one], one, base)
            return True
    return False


def _is_missing(context: Context, base: Unread) -> bool:
    """Whether a base is missing in another file that was read."""
    return isinstance(base.meaning, Missing) and (
        base.meaning.context is None or base.meaning.context.source is not context.source
    )
