"""What flowc needs of its own objects as it made it: an overlay may change the rest, and add things of its own.

held(made), held(merged)  →  altered(…): the paths of what is not as it was
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from . import marks
from .fields import TYPES
from .inside import mapping, mappings

_OWN: Final = "flowc/"
_VARIABLES: Final = "FLOWC_"
_TASK: Final = (
    *("template", "arguments", "depends", "when", "withSequence"),
    *("templateRef", "inline", "dependencies", "continueOn", "withItems", "withParam"),
)
_THERE: Final = "there"
"""Stands at the path of a thing with a name, of which an overlay may add more."""
Path: TypeAlias = tuple[str, ...]


def held(manifest: Mapping[str, Any]) -> dict[Path, Any]:
    """By path, the fields that no overlay may add, change or take away."""
    return {path: value for path, value in _held(manifest) if value is not None}


def altered(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> list[Path]:
    """The paths at which something is not what it was, save within what is new."""
    new = {path for path, value in after.items() if value is _THERE and path not in before}
    gone = {path for path, value in before.items() if value is _THERE and path not in after}
    paths = [*before, *(path for path in after if path not in before)]
    return [
        path
        for path in paths
        if before.get(path) != after.get(path)
        and not any(path[:end] in new for end in range(1, len(path) + 1))
        and not any(path[:end] in gone for end in range(1, len(path)))
    ]


def _held(manifest: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    yield ("apiVersion",), manifest.get("apiVersion")
    yield ("kind",), manifest.get("kind")
    metadata = mapping(manifest.get("metadata"))
    for key in ("name", "namespace", "generateName"):
        yield ("metadata", key), metadata.get(key)
    yield from _marks(("metadata",), metadata)
    spec = mapping(manifest.get("spec"))
    yield from _references(("spec",), {key: value for key, value in spec.items() if key != "templates"})
    if manifest.get("kind") == "WorkflowTemplate":
        yield from _workflow(spec)


def _workflow(spec: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    yield ("spec", "entrypoint"), spec.get("entrypoint")
    yield from _marks(("spec", "workflowMetadata"), mapping(spec.get("workflowMetadata")))
    # Retries of the whole, or of DAGs, would run tasks again under the numbers of attempts that they have had.
    yield ("spec", "retryStrategy"), spec.get("retryStrategy")
    defaults = mapping(spec.get("templateDefaults"))
    yield ("spec", "templateDefaults", "retryStrategy"), defaults.get("retryStrategy")
    yield from _container(("spec", "templateDefaults", "container"), mapping(defaults.get("container")), ours=True)
    for parameter in mappings(spec, "arguments", "parameters"):
        yield ("spec", "arguments", "parameters", str(parameter.get("name"))), _THERE
    for name, hook in mapping(spec.get("hooks")).items():
        yield ("spec", "hooks", str(name)), _THERE
        for key in ("template", "templateRef", "arguments", "expression"):
            yield ("spec", "hooks", str(name), key), mapping(hook).get(key)
    yield ("spec", "onExit"), spec.get("onExit")
    for template in mappings(spec, "templates"):
        yield from _template(("spec", "templates", str(template.get("name"))), template)


def _template(path: Path, template: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    ours = _is_ours(template)
    yield path, _THERE
    for kind in TYPES:
        yield (*path, kind), kind in template or None
    for side in ("inputs", "outputs"):
        for parameter in mappings(template, side, "parameters"):
            here = (*path, side, "parameters", str(parameter.get("name")))
            yield here, _THERE
            for key, value in parameter.items():
                yield (*here, str(key)), value
    if ours:
        yield (*path, "retryStrategy"), "retryStrategy" in template or None
        yield (*path, "retryStrategy", "limit"), mapping(template.get("retryStrategy")).get("limit")
    for task in mappings(template, "dag", "tasks"):
        here = (*path, "dag", "tasks", str(task.get("name")))
        yield here, _THERE
        for key in _TASK:
            yield (*here, key), task.get(key)
    yield from _container((*path, "container"), mapping(template.get("container")), ours=ours)


def _container(path: Path, container: Mapping[str, Any], *, ours: bool) -> Iterator[tuple[Path, Any]]:
    if ours:
        for key in ("command", "args"):
            yield (*path, key), container.get(key)
    for variable in mappings(container, "env"):
        name = str(variable.get("name"))
        if name.startswith(_VARIABLES):
            yield (*path, "env", name), dict(variable)


def _is_ours(template: Mapping[str, Any]) -> bool:
    return any(str(one.get("name")).startswith(_VARIABLES) for one in mappings(template, "container", "env"))


def _marks(path: Path, metadata: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The labels and annotations that flowc finds its objects by, and reads."""
    for field in ("labels", "annotations"):
        for key, value in mapping(metadata.get(field)).items():
            if key == marks.MANAGED_BY or str(key).startswith(_OWN):
                yield (*path, field, str(key)), value


def _references(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """The WorkflowTemplate that an object starts, wherever it says so."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "workflowTemplateRef":
                yield (*path, str(key)), inner
            else:
                yield from _references((*path, str(key)), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("name") if isinstance(inner, Mapping) else None
            yield from _references((*path, str(number if name is None else name)), inner)
