"""Whether a finished object is one that Argo takes: names, references, limits. Documents of flowc's own always are; those with an
overlay may not be.

In: an object as data. Out: a `Fault` for each thing that is wrong, with its path in the object.

Types of values are left to the cluster, which refuses what does not fit; names of fields that Argo 3.5 to 4.1 do not have are
doubted only, since a later one may have them.
"""

from __future__ import annotations

import ast
import graphlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ...compiler import limits
from ...compiler.frontend.kube_kinds import why_no_key, why_no_value
from ...compiler.similar import did_you_mean
from . import fields
from .inside import mapping, mappings

Path: TypeAlias = tuple[str, ...]
Node: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an object.

    Attributes:
        path: Keys and names that lead to it.
        message: A sentence.
        help: What there is instead, or "".
        certain: Whether Argo surely refuses it.
    """

    path: Path
    message: str
    help: str = ""
    certain: bool = True


_NAME: Final = re.compile(rf"[a-zA-Z0-9][-a-zA-Z0-9]{{0,{limits.ARGO_TASK_NAME - 1}}}", re.ASCII)
_PARAMETER: Final = re.compile(r"[-a-zA-Z0-9_]+", re.ASCII)
_OPERAND: Final = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*)(?:\.([A-Z][a-zA-Z]+))?", re.ASCII)
_RESULTS: Final = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
_TAG: Final = re.compile(r"{{(.*?)}}", re.DOTALL)


def check(manifest: Node) -> list[Fault]:
    """What is wrong with an object; nothing, where it is sound."""
    return list(_check(manifest))


def unused(spec: Node) -> set[str]:
    """The names of a workflow's templates that nothing in it runs."""
    templates = {str(one.get("name")): one for one in mappings(spec, "templates")}
    ahead = [spec.get("entrypoint"), spec.get("onExit"), *_called(mapping(spec.get("hooks")))]
    reached: set[str] = set()
    while ahead:
        name = ahead.pop()
        if isinstance(name, str) and name in templates and name not in reached:
            reached.add(name)
            ahead += _called(templates[name])
    return set(templates) - reached


def _called(value: Any) -> Iterator[Any]:
    """What stands in fields that are called `template` or `onExit`, at any depth."""
    for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ():
        if key in ("template", "onExit"):
            yield inner
        yield from _called(inner)


def _check(manifest: Node) -> Iterator[Fault]:
    yield from _metadata(("metadata",), mapping(manifest.get("metadata")))
    if manifest.get("kind") == "WorkflowTemplate":
        yield from _workflow(("spec",), mapping(manifest.get("spec")))


def _metadata(path: Path, metadata: Node) -> Iterator[Fault]:
    for key, value in mapping(metadata.get("labels")).items():
        why = why_no_key(str(key)) or (why_no_value(str(key), value) if isinstance(value, str) else f"`{key}` is no text")
        if why and "{{" not in str(value):
            yield Fault((*path, "labels", str(key)), f"a label is none that Kubernetes takes: {why}")
    noted = 0
    for key, value in mapping(metadata.get("annotations")).items():
        why = why_no_key(str(key).lower()) or ("" if isinstance(value, str) else f"`{key}` is no text")
        noted += len(f"{key}{value}".encode())
        if why:
            yield Fault((*path, "annotations", str(key)), f"an annotation is none that Kubernetes takes: {why}")
    if noted > limits.ARGO_ANNOTATIONS.most:
        most = limits.ARGO_ANNOTATIONS.most
        yield Fault((*path, "annotations"), f"there are {noted:,} of at most {most:,} bytes of annotations")


def _workflow(path: Path, spec: Node) -> Iterator[Fault]:
    yield from _fields(path, spec, fields.SPEC, "a workflow")
    listed = mappings(spec, "templates")
    templates = {str(one.get("name")): one for one in listed}
    yield from _names((*path, "templates"), listed, limits.ARGO_TEMPLATES.most, "template")
    workflow = {str(one.get("name")) for one in mappings(spec, "arguments", "parameters")}
    yield from _parameters((*path, "arguments"), spec.get("arguments"))
    for key in ("entrypoint", "onExit"):
        if key in spec:
            yield from _call((*path, key), {"template": spec[key], "arguments": spec.get("arguments")}, templates, exact=False)
    for name, hook in mapping(spec.get("hooks")).items():
        yield from _call((*path, "hooks", str(name)), mapping(hook), templates)
    for key in ("podMetadata", "workflowMetadata"):
        yield from _metadata((*path, key), mapping(spec.get(key)))
    yield from _patch((*path, "podSpecPatch"), spec.get("podSpecPatch"))
    yield from _account((*path, "serviceAccountName"), spec.get("serviceAccountName"))
    yield from _fields((*path, "templateDefaults"), mapping(spec.get("templateDefaults")), fields.TEMPLATE, "a template")
    shared = {str(one.get("name")) for one in mappings(spec, "volumes")}
    shared |= {str(mapping(one.get("metadata")).get("name")) for one in mappings(spec, "volumeClaimTemplates")}
    shared |= {str(one.get("name")) for one in mappings(spec, "templateDefaults", "volumes")}
    for template in listed:
        yield from _template((*path, "templates", str(template.get("name"))), template, templates, workflow, shared)


def _template(
    path: Path, template: Node, templates: Mapping[str, Node], workflow: Collection[str], shared: Collection[str]
) -> Iterator[Fault]:
    yield from _fields(path, template, fields.TEMPLATE, "a template")
    kinds = [one for one in fields.TYPES if one in template]
    if len(kinds) != 1:
        several = " and ".join(f"`{one}`" for one in kinds)
        yield Fault(path, f"a template is {several}" if kinds else "a template has nothing to run")
    yield from _metadata((*path, "metadata"), mapping(template.get("metadata")))
    yield from _patch((*path, "podSpecPatch"), template.get("podSpecPatch"))
    yield from _account((*path, "serviceAccountName"), template.get("serviceAccountName"))
    for side in ("inputs", "outputs"):
        yield from _parameters((*path, side), template.get(side))
    tasks = mappings(template, "dag", "tasks")
    yield from _dag((*path, "dag", "tasks"), tasks, templates)
    for key, value in mapping(template.get("nodeSelector")).items():
        if not isinstance(value, str):
            yield Fault((*path, "nodeSelector", str(key)), f"the label `{key}` of nodes is no text", "write it in quotes")
    container = mapping(template.get("container"))
    yield from _fields((*path, "container"), container, fields.CONTAINER, "a container")
    volumes = {str(one.get("name")) for one in mappings(template, "volumes")}
    yield from _container((*path, "container"), container, {*shared, *volumes})
    inputs = {str(one.get("name")) for one in mappings(template, "inputs", "parameters")}
    yield from _tags(path, template, inputs, workflow, {str(one.get("name")) for one in tasks} if "dag" in template else None)


def _container(path: Path, container: Node, volumes: Collection[str]) -> Iterator[Fault]:
    for name, times in Counter(str(one.get("name")) for one in mappings(container, "env")).items():
        if times > 1:
            yield Fault((*path, "env", name), f"the variable `{name}` is there {times} times")
    for one in mappings(container, "env"):
        here = (*path, "env", str(one.get("name")))
        if not isinstance(one.get("value", ""), str):
            yield Fault((*here, "value"), f"the value of the variable `{one.get('name')}` is no text", "write it in quotes")
        if "value" in one and "valueFrom" in one:
            yield Fault((*here, "valueFrom"), f"the variable `{one.get('name')}` has two values", "write `value: null` beside it")
    for one in mappings(container, "volumeMounts"):
        name = str(one.get("name"))
        if name not in volumes:
            help = f"there is {_listed(sorted(volumes))}" if volumes else "write it into `volumes`"
            here = (*path, "volumeMounts", str(one.get("mountPath")))
            yield Fault(here, f"a container mounts `{name}`, which is no volume", help)


def _dag(path: Path, tasks: Sequence[Node], templates: Mapping[str, Node]) -> Iterator[Fault]:
    yield from _names(path, tasks, limits.ARGO_DAG_TASKS.most, "task")
    known = {str(one.get("name")) for one in tasks}
    waits: dict[str, set[str]] = {}
    for task in tasks:
        name = str(task.get("name"))
        here = (*path, name)
        yield from _fields(here, task, fields.TASK, "a task")
        yield from _call(here, task, templates)
        for hook, call in mapping(task.get("hooks")).items():
            yield from _call((*here, "hooks", str(hook)), mapping(call), templates)
        operands, faults = _depends(here, task, known)
        waits[name] = operands & known
        yield from faults
    try:
        graphlib.TopologicalSorter(waits).prepare()
    except graphlib.CycleError as error:
        circle = [str(one) for one in error.args[1]]
        yield Fault((*path, circle[0]), f"tasks wait for one another: {' → '.join(f'`{one}`' for one in circle)}")


def _depends(path: Path, task: Node, known: Collection[str]) -> tuple[set[str], list[Fault]]:
    """The tasks that a task waits for, and what is wrong with the words it says so in."""
    name, text, listed = path[-1], task.get("depends") or "", task.get("dependencies") or []
    if not isinstance(text, str) or not isinstance(listed, list):
        return set(), [Fault(path, f"it cannot be read what the task `{name}` waits for")]
    faults = []
    if text and listed:
        faults.append(Fault((*path, "dependencies"), f"the task `{name}` has both `depends` and `dependencies`"))
    operands = {str(one) for one in listed}
    at = (*path, "depends" if text else "dependencies")
    for operand, result in _OPERAND.findall(text):
        operands.add(operand)
        if result and result not in _RESULTS:
            message = f"the task `{name}` waits for `{operand}.{result}`, which is no result of a task"
            faults.append(Fault(at, message, _guess(result, _RESULTS)))
    for operand in sorted(operands - set(known)):
        message = f"the task `{name}` waits for `{operand}`, which is no task of its DAG"
        faults.append(Fault(at, message, _guess(operand, known)))
    shape = _OPERAND.sub("x", text).replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    try:
        ast.parse(f"({shape or 'x'})", mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        faults.append(Fault(at, f"the `depends` of the task `{name}` is no expression"))
    return operands, faults


def _call(path: Path, call: Node, templates: Mapping[str, Node], *, exact: bool = True) -> Iterator[Fault]:
    """The template is there, and gets what it needs; not `exact` where it may be given more than it takes."""
    if "templateRef" in call or "inline" in call:
        return  # another object's, or looked at by Argo alone
    name = str(call.get("template"))
    callee = templates.get(name)
    if callee is None:
        at = (*path, "template") if exact else path
        yield Fault(at, f"`{path[-1]}` runs the template `{name}`, which there is not", _guess(name, templates))
        return
    given = {str(one.get("name")) for one in mappings(call, "arguments", "parameters")}
    takes = mappings(callee, "inputs", "parameters")
    for parameter in takes:
        named = str(parameter.get("name"))
        if named not in given and not {"value", "default", "valueFrom"} & parameter.keys():
            yield Fault((*path, "arguments"), f"`{path[-1]}` does not give `{named}`, which the template `{name}` needs")
    if exact:
        for named in sorted(given - {str(one.get("name")) for one in takes}):
            yield Fault((*path, "arguments"), f"`{path[-1]}` gives `{named}`, which the template `{name}` does not take")


def _tags(
    path: Path, value: Any, inputs: Collection[str], workflow: Collection[str], tasks: Collection[str] | None
) -> Iterator[Fault]:
    """What stands in `{{…}}` is there, as far as it is a plain name."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _tags((*path, str(key)), inner, inputs, workflow, tasks)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("name") if isinstance(inner, Mapping) else None
            yield from _tags((*path, str(number if name is None else name)), inner, inputs, workflow, tasks)
    elif isinstance(value, str) and "{{" in value:
        for tag in _TAG.findall(value):
            match tag.strip().split("."):
                case ["inputs", "parameters", name] if name not in inputs:
                    yield Fault(path, f"`{{{{{tag}}}}}` names no input of its template", _guess(name, inputs))
                case ["workflow", "parameters", name] if name not in workflow and name != "json":
                    yield Fault(path, f"`{{{{{tag}}}}}` names no parameter of the workflow", _guess(name, workflow))
                case ["tasks", name, *_] if tasks is not None and name not in {*tasks, "name"}:
                    yield Fault(path, f"`{{{{{tag}}}}}` names no task of its DAG", _guess(name, tasks))
        if "{{" in _TAG.sub("", value):
            yield Fault(path, "a text holds `{{` that nothing closes")


def _names(path: Path, listed: Sequence[Node], most: int, what: str) -> Iterator[Fault]:
    for name, times in Counter(_name(one) for one in listed).items():
        if not _NAME.fullmatch(name):
            words = f"up to {limits.ARGO_TASK_NAME} letters, digits and `-`"
            yield Fault((*path, name), f"`{name}` is no name of a {what}: {words}, with no `-` in front")
        if times > 1:
            yield Fault((*path, name), f"the {what} `{name}` is there {times} times")
    if len(listed) > most:
        yield Fault(path, f"there are {len(listed)} {what}s, and Argo takes {most}")


def _parameters(path: Path, holder: Any) -> Iterator[Fault]:
    listed = mappings(holder, "parameters")
    for name, times in Counter(_name(one) for one in listed).items():
        here = (*path, "parameters", name)
        if not _PARAMETER.fullmatch(name):
            yield Fault(here, f"`{name}` is no name of a parameter: letters, digits, `-` and `_`")
        if times > 1:
            yield Fault(here, f"the parameter `{name}` is there {times} times")
    if len(listed) > limits.ARGO_PARAMETERS.most:
        yield Fault((*path, "parameters"), f"there are {len(listed)} parameters, and Argo takes {limits.ARGO_PARAMETERS.most}")


def read_patch(text: Any) -> dict[str, Any] | None:
    """What a `podSpecPatch` says, or None where it is no text that holds a mapping."""
    import yaml

    try:
        found = yaml.safe_load(text) if isinstance(text, str) else None
        json.dumps(found)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _patch(path: Path, text: Any) -> Iterator[Fault]:
    if text is not None and read_patch(text) is None and "{{" not in str(text):
        yield Fault(path, "`podSpecPatch` is no text that holds a mapping", "write `podSpecPatch: '{\"hostNetwork\": true}'`")


def _account(path: Path, name: Any) -> Iterator[Fault]:
    if not isinstance(name, str | None):
        yield Fault(path, "the name of a service account is no text", "write it in quotes")


def _fields(path: Path, node: Node, known: Collection[str], what: str) -> Iterator[Fault]:
    for key in node:
        if key not in known:
            message = f"{what} has `{key}`, which Argo 3.5 to 4.1 do not know"
            yield Fault((*path, str(key)), message, _guess(str(key), known), certain=False)


def _guess(name: str, known: Collection[str]) -> str:
    guess = did_you_mean(name, known)
    return f"did you mean `{guess}`?" if guess else f"there is {_listed(sorted(known))}" if 0 < len(known) <= 8 else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)


def _name(one: Node) -> str:
    name = one.get("name")
    return name if isinstance(name, str) else repr(name)
