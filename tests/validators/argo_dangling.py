"""Our own look at a WorkflowTemplate's names: everything that is named is there, is asked for, and fits.

In: a parsed document. Out: one sentence for each fault, all at once, e.g.
`templates.main.tasks.join: depends on 'bdoy', which is no task here`.

Each template is looked at for itself. What a `{{tag}}` or an expression may name depends on where it stands (`_Place`): inputs of
its own template, parameters of the workflow, and tasks — in a task those it waits for, in a DAG's outputs all of them.
Kinds of template that flowc never writes (`steps`, a task's `inline`) are reported, for they are not looked into.
"""

import ast
import graphlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

# workflow_types.go of v4: patterns and MaxItems of the full CRDs.
MOST_TEMPLATES = 200
MOST_TASKS = 200
MOST_INPUTS = 500
_CALLED = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")
_PARAMETER = re.compile(r"[-a-zA-Z0-9_]+")
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_OBJECT_LENGTH = {"WorkflowTemplate": 63, "Workflow": 63, "CronWorkflow": 52}

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_EXPRESSIONS = frozenset({"expression", "fromExpression"})
_OPERAND = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*)(?:\.([A-Z][a-zA-Z]+))?")
_RESULTS = frozenset({"Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed"})
# Words of the language that evaluates `depends` (expr). Argo's validator takes a task that is called so, but the task that
# depends on it ends in Error when the workflow runs (tried on v3.7.18's controller).
_RESERVED = frozenset(
    {"let", "matches", "contains", "startsWith", "endsWith", "nil", "true", "false", "not", "in", "and", "or", "if", "else"}
)
_PATH = re.compile(
    r"""(?<![\w.'"\]])(?:tasks|steps|inputs|workflow|item)(?:\s*\??\.\s*\w+|\s*(?:\?\.)?\s*\[\s*(?:'[^']*'|"[^"]*")\s*\])+"""
)
_STEP_OF_PATH = re.compile(r"""\w+|'[^']*'|"[^"]*\"""")

_OF_TASK = frozenset({"status", "id", "ip", "exitCode", "startedAt", "finishedAt", "hostNodeName"})
_OF_WORKFLOW = frozenset(
    {"name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "creationTimestamp", "scheduledTime", "priority"}
    | {"status", "failures", "duration", "labels", "annotations", "outputs"}
)
_ANYWHERE = frozenset({"retries", "lastRetry", "pod", "node", "outputs", "duration", "status", "exitCode", "resourcesDuration"})


def dangling(document: Node) -> list[str]:
    """What is wrong with a WorkflowTemplate's names and references; empty if nothing is."""
    kind, metadata = document.get("kind", ""), document.get("metadata") or {}
    spec = document.get("spec") or {}
    if kind == "CronWorkflow":
        spec = spec.get("workflowSpec") or {}
    found = [*_object_name(kind, metadata)]
    if "workflowTemplateRef" in spec and not spec.get("templates"):
        return found  # its templates are another document's
    templates = {template.get("name", ""): template for template in spec.get("templates") or []}
    found += _names("spec.templates", _CALLED, [t.get("name", "") for t in spec.get("templates") or []], MOST_TEMPLATES)
    found += _entry(spec, templates)
    found += _parameters("spec.arguments", _list(spec, "arguments", "parameters"))
    workflow = {parameter.get("name", "") for parameter in _list(spec, "arguments", "parameters")}
    rest = {key: value for key, value in spec.items() if key != "templates"}
    found += _references("spec", rest, _Place(workflow=workflow))
    for name, template in templates.items():
        found += _template(f"templates.{name}", template, templates, workflow)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a reference may name where it stands.

    Attributes:
        workflow: parameters of the workflow.
        inputs: parameters of the template around it.
        tasks: tasks, and the output parameters of each; None where those are not known (`templateRef`).
        items: whether `{{item}}` stands for something.
    """

    workflow: Collection[str]
    inputs: Collection[str] = ()
    tasks: Mapping[str, Collection[str] | None] | None = None
    items: bool = False


def _object_name(kind: str, metadata: Node) -> Iterator[str]:
    longest = _OBJECT_LENGTH.get(kind)
    if longest is None:
        yield f"kind {kind!r} is none of {', '.join(_OBJECT_LENGTH)}"
        return
    name = metadata.get("name") or metadata.get("generateName", "").rstrip("-")
    if not isinstance(name, str) or not _OBJECT.fullmatch(name):
        yield f"metadata.name: {name!r} is no name of an object"
    elif len(name) > longest:
        yield f"metadata.name: {name!r} has {len(name)} of at most {longest} characters"


def _names(where: str, pattern: re.Pattern[str], names: list[object], most: int | None = None) -> Iterator[str]:
    if most is not None and len(names) > most:
        yield f"{where}: {len(names)} of at most {most}"
    for name, times in Counter(names).items():
        if not isinstance(name, str) or not pattern.fullmatch(name):  # YAML reads a bare n as False
            yield f"{where}: {name!r} is no name that Argo takes"
        if times > 1:
            yield f"{where}: {name!r} is there {times} times"


def _parameters(where: str, parameters: list[Node], most: int | None = None) -> Iterator[str]:
    yield from _names(f"{where}.parameters", _PARAMETER, [one.get("name", "") for one in parameters], most)


def _entry(spec: Node, templates: Mapping[str, Node]) -> Iterator[str]:
    """The templates that the workflow starts with or ends with, and those that nothing leads to."""
    given = {"arguments": spec.get("arguments") or {}}
    starts = [("spec.entrypoint", {"template": spec.get("entrypoint"), **given})]
    if "onExit" in spec:
        starts.append(("spec.onExit", {"template": spec["onExit"], **given}))
    starts += [(f"spec.hooks.{name}", hook) for name, hook in (spec.get("hooks") or {}).items()]
    for where, call in starts:
        yield from _call(where, call, templates, exact=where.startswith("spec.hooks"))
    reached, ahead = set[str](), [call.get("template") for _, call in starts]
    while ahead:
        name = ahead.pop()
        if isinstance(name, str) and name in templates and name not in reached:
            reached.add(name)
            ahead += [call.get("template") for task in _list(templates[name], "dag", "tasks") for _, call in _calls("", task)]
    yield from (f"templates.{name}: is used by nothing" for name in templates if name not in reached)


def _template(where: str, template: Node, templates: Mapping[str, Node], workflow: Collection[str]) -> Iterator[str]:
    yield from _parameters(f"{where}.inputs", _list(template, "inputs", "parameters"), MOST_INPUTS)
    yield from _parameters(f"{where}.outputs", _list(template, "outputs", "parameters"))
    if "steps" in template:
        yield f"{where}: is a steps template, which is not looked into"
    inputs = _named(template, "inputs")
    tasks = _list(template, "dag", "tasks")
    outputs: dict[str, Collection[str] | None] = {}
    for task in tasks:
        callee = templates.get(str(task.get("template")))
        outputs[task.get("name", "")] = None if callee is None else _named(callee, "outputs")
    own = {key: value for key, value in template.items() if key != "dag"}
    yield from _references(where, own, _Place(workflow=workflow, inputs=inputs, tasks=outputs if tasks else None))
    yield from _names(f"{where}.tasks", _CALLED, [task.get("name", "") for task in tasks], MOST_TASKS)

    waits: dict[str, set[str]] = {}
    for task in tasks:
        operands, faults = _depends(f"{where}.tasks.{task.get('name')}", task, outputs)
        yield from faults
        waits[task.get("name", "")] = operands & outputs.keys()
    try:
        order = list(graphlib.TopologicalSorter(waits).static_order())
    except graphlib.CycleError as error:
        yield f"{where}: tasks wait for one another: {' -> '.join(error.args[1])}"
        order = []
    before: dict[str, set[str]] = {}
    for name in order:
        before[name] = waits[name].union(*(before[earlier] for earlier in waits[name]))

    for task in tasks:
        name = task.get("name", "")
        for at, call in _calls(f"{where}.tasks.{name}", task):
            yield from _call(at, call, templates)
        if not order:
            continue
        known = {earlier: outputs[earlier] for earlier in before[name]}
        items = not {"withItems", "withParam", "withSequence"}.isdisjoint(task)
        place = _Place(workflow=workflow, inputs=inputs, tasks=known, items=items)
        rest = {key: value for key, value in task.items() if key != "hooks"}
        yield from _references(f"{where}.tasks.{name}", rest, place, all_tasks=outputs)
        own_too = _Place(workflow=workflow, inputs=inputs, tasks={**known, name: outputs[name]}, items=items)
        yield from _references(f"{where}.tasks.{name}.hooks", task.get("hooks") or {}, own_too, all_tasks=outputs)


def _calls(where: str, task: Node) -> Iterator[tuple[str, Node]]:
    """What a task calls: its template, and those of its hooks."""
    yield where, task
    for name, hook in (task.get("hooks") or {}).items():
        yield f"{where}.hooks.{name}", hook


def _call(where: str, call: Node, templates: Mapping[str, Node], *, exact: bool = True) -> Iterator[str]:
    """The template is there, and takes and gets what it needs; not `exact` where more may be given than it asks for."""
    if "templateRef" in call:
        return  # another document's
    if "inline" in call:
        yield f"{where}: is an inline template, which is not looked into"
        return
    callee = templates.get(str(call.get("template")))
    if callee is None:
        yield f"{where}: template {call.get('template')!r} does not exist"
        return
    given = [one.get("name", "") for one in _list(call, "arguments", "parameters")]
    if exact:
        yield from _parameters(f"{where}.arguments", _list(call, "arguments", "parameters"))
        for name in sorted({*given} - {*_named(callee, "inputs")}):
            yield f"{where}: gives {name!r}, which template {callee['name']!r} does not take"
    for parameter in _list(callee, "inputs", "parameters"):
        if {"value", "default", "valueFrom"}.isdisjoint(parameter) and parameter.get("name") not in given:
            yield f"{where}: does not give {parameter.get('name')!r}, which template {callee['name']!r} needs"


def _depends(where: str, task: Node, tasks: Collection[str]) -> tuple[set[str], list[str]]:
    """The tasks that a task waits for, and what is wrong with the words it says so in."""
    text = task.get("depends") or ""
    operands = {*(task.get("dependencies") or [])}
    faults = []
    for name, result in _OPERAND.findall(text):
        operands.add(name)
        if result and result not in _RESULTS:
            faults.append(f"{where}: depends on {name}.{result}, and {result!r} is no result of a task")
    for name in sorted(operands):
        if name not in tasks:
            faults.append(f"{where}: depends on {name!r}, which is no task here")
        if name in _RESERVED:
            faults.append(f"{where}: depends on {name!r}, which is a word of the language that `depends` is written in")
    if operands and str(task.get("name", ""))[:1].isdigit():
        faults.append(f"{where}: starts with a digit and depends on something, which Argo refuses")
    try:
        shape = _OPERAND.sub("x", text).replace("&&", " and ").replace("||", " or ").replace("!", " not ")
        ast.parse(f"({shape or 'x'})", mode="eval")
    except SyntaxError:
        faults.append(f"{where}: depends cannot be read: {text!r}")
    return operands, faults


def _references(where: str, value: object, place: _Place, *, all_tasks: Collection[str] = (), key: str = "") -> Iterator[str]:
    """The faults of all references in a value, at any depth."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _references(f"{where}.{name}", part, place, all_tasks=all_tasks, key=str(name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _references(f"{where}[{index}]", part, place, all_tasks=all_tasks)
    elif isinstance(value, str):
        for path in _paths(value, expression=key in _EXPRESSIONS):
            if fault := _fault(path, place, all_tasks):
                yield f"{where}: {'.'.join(path)} {fault}"
        if "{{" in _TAG.sub("", value):
            yield f"{where}: has a {{{{ that nothing closes"


def _paths(text: str, *, expression: bool) -> Iterator[tuple[str, ...]]:
    """What a string refers to: `{{tasks.a.status}}` and `{{=tasks['a']?.status}}` alike as ("tasks", "a", "status")."""
    expressions = [text] if expression else []
    for tag in _TAG.findall(text):
        if tag.lstrip().startswith("="):
            expressions.append(tag.lstrip()[1:])
        else:
            yield tuple(tag.strip().split("."))
    for one in expressions:
        for found in _PATH.findall(one):
            yield tuple(step.strip("'\"") for step in _STEP_OF_PATH.findall(found))


def _fault(path: tuple[str, ...], place: _Place, all_tasks: Collection[str]) -> str | None:
    match path:
        case ("tasks" | "steps", "name"):
            return None
        case ("tasks", task, *rest):
            return _fault_of_task(task, rest, place, all_tasks)
        case ("inputs", "parameters", name):
            return None if name in place.inputs else "is no input of this template"
        case ("workflow", "parameters", name):
            return None if name == "json" or name in place.workflow else "is no parameter of the workflow"
        case ("inputs", "parameters") | ("inputs", "artifacts", *_) | ("workflow", "parameters"):
            return None
        case ("workflow", name, *_) if name in _OF_WORKFLOW:
            return None
        case ("item", *_):
            return None if place.items else "stands where nothing is repeated"
        case (name, *_) if name in _ANYWHERE:
            return None
    return "is nothing that Argo knows"


def _fault_of_task(task: str, rest: list[str], place: _Place, all_tasks: Collection[str]) -> str | None:
    if place.tasks is None or task not in place.tasks:
        return "names a task that this one does not wait for" if task in all_tasks else "names no task here"
    outputs = place.tasks[task]
    match rest:
        case ["outputs", "parameters", name]:
            return None if outputs is None or name in outputs else f"is no output of the template of {task!r}"
        case ["outputs", "result"] | ["outputs", "parameters"] | ["outputs", "artifacts", *_]:
            return None
        case [name] if name in _OF_TASK:
            return None
    return "is nothing that a task has"


def _list(node: Node, *keys: str) -> list[Node]:
    """A list of mappings somewhere inside, or the empty one."""
    value: Any = node
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _named(template: Node, side: str) -> set[str]:
    return {parameter.get("name", "") for parameter in _list(template, side, "parameters")}
