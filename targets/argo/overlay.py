"""`--overlay`: a person's own words, merged onto what a flow becomes, as Kubernetes' strategic merge does it.

    kind: WorkflowTemplate               ┐ a document for each kind, or with `metadata.name` for one object
    spec:                                ┘
      podSpecPatch: '{"hostNetwork": …}'   what is a mapping on both sides is merged
      templates:
      - name: task                         lists of things with names are merged by name
        container:
          env:
          - {name: OWN, value: "1"}
      parallelism: null                    null takes away

What comes out is looked at again (`checks`), and has still to be what flowc needs of it (`held`). Each fault is reported at the
place in the overlay that brought it about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from ...compiler.diagnostics.model import Report
from ...compiler.diagnostics.rules import targets as rules
from ...compiler.similar import did_you_mean
from ...compiler.source import Source, Span
from ..options import Overlay
from .checks import check, unused
from .held import altered, held
from .overlay_text import NotRead, Value, read_documents

KINDS: Final = (
    *("WorkflowTemplate", "CronWorkflow", "EventSource", "Sensor"),
    *("ServiceAccount", "Role", "RoleBinding"),
)
"""What a deployment is made of."""

_BY: Final = {"volumeMounts": "mountPath", "volumeDevices": "devicePath", "ports": "containerPort"}
"""Lists whose items Kubernetes tells apart by something else than their names."""
_PATCH: Final = "$patch"
_Manifest = Mapping[str, Any]


def apply_overlay(manifests: Sequence[dict[str, Any]], overlay: Overlay | None, report: Report) -> list[dict[str, Any]]:
    """The objects with an overlay merged onto them, in their order; as they were, where it has a fault.

    Args:
        manifests: Objects of a deployment; they are not changed.
        overlay: The file, or None.
        report: Takes the faults.
    """
    if overlay is None:
        return list(manifests)
    faults, made = Report(), list(manifests)
    try:
        documents = read_documents(Source(overlay.path, overlay.text))
        made = [_patched(one, documents, faults) for one in manifests]
        for document in documents:
            _check_document(document, manifests, faults)
    except NotRead as error:
        faults.add(rules.BAD_OVERLAY, error.message, error.span, help=error.help)
    report.diagnostics += faults.diagnostics
    return list(manifests) if faults.failed else made


def _check_document(document: Value, manifests: Sequence[_Manifest], report: Report) -> None:
    """Whether it says what it is for, and there is such an object."""
    kind, name = _selector(document)
    if kind not in KINDS:
        message = f"flowc makes no object of the kind `{kind}`"
        raise NotRead(message, document.content["kind"].span, f"it makes {', '.join(KINDS)}")
    if any(_is_for(document, one) for one in manifests):
        return
    there = [one["metadata"]["name"] for one in manifests if one["kind"] == kind]
    what = f"`{kind}`" if name is None else f"`{kind}` called `{name}`"
    place = document.content["kind"] if name is None else document.content["metadata"].content["name"]
    help = f"there is `{'`, `'.join(there)}`" if there else ""
    message = f"this flow has no {what}, so that a document of the overlay has no effect"
    report.add(rules.IDLE_OVERLAY, message, place.span, help=help)


def _selector(document: Value) -> tuple[str, str | None]:
    content = document.content
    if not isinstance(content, dict) or "kind" not in content:
        raise NotRead("a document of the overlay does not say for what it is", document.span, "write `kind: WorkflowTemplate`")
    kind, metadata = content["kind"], content.get("metadata")
    if metadata is not None and metadata.content is None:
        raise NotRead("`metadata` cannot be taken away", metadata.span)
    if metadata is not None and not isinstance(metadata.content, dict):
        raise NotRead("`metadata` is no mapping", metadata.span)
    name = metadata.content.get("name") if metadata is not None else None
    if name is not None and not isinstance(name.content, str):
        raise NotRead("`metadata.name` is no text", name.span)
    if not isinstance(kind.content, str):
        raise NotRead("`kind` is no text", kind.span)
    return kind.content, None if name is None else name.content


def _is_for(document: Value, manifest: _Manifest) -> bool:
    kind, name = _selector(document)
    return bool(manifest["kind"] == kind and name in (None, manifest["metadata"]["name"]))


def _patched(manifest: dict[str, Any], documents: Sequence[Value], report: Report) -> dict[str, Any]:
    """One object with all documents that are for it, checked."""
    own = [one for one in documents if _is_for(one, manifest)]
    if not own:
        return manifest
    merged = deepcopy(manifest)
    for document in own:
        _merge(merged, document, (), report)
    if report.failed:
        return manifest
    _drop_idle(merged, manifest, own, report)
    spans: set[Span] = set()
    paths: set[tuple[str, ...]] = set()
    for path in altered(held(manifest), held(merged)):
        span = _place(own, path)
        # One word of the overlay may change many fields, and what is told of a field is told of all that is in it.
        if span not in spans and not any(path[:end] in paths for end in range(1, len(path))):
            spans.add(span)
            paths.add(path)
            what = f"`{_dotted(path)}` of the {manifest['kind']} `{manifest['metadata']['name']}`"
            message = f"the overlay changes {what}, which flowc needs as it is"
            report.add(rules.BAD_OVERLAY, message, span, help="take it out of the overlay")
    if not report.failed:
        for fault in check(merged):
            rule = rules.BAD_OVERLAY if fault.certain else rules.IDLE_OVERLAY
            report.add(rule, f"with the overlay, {fault.message}", _place(own, fault.path), help=fault.help)
    return merged


def _drop_idle(merged: dict[str, Any], before: _Manifest, documents: Sequence[Value], report: Report) -> None:
    """Leave out templates that nothing runs: the overlay means those of another flow, or has a name wrong."""
    spec = merged.get("spec")
    if before["kind"] != "WorkflowTemplate" or not isinstance(spec, dict) or not isinstance(spec.get("templates"), list):
        return
    known = {one["name"] for one in before["spec"]["templates"]}
    idle = unused(spec) - known
    for name in sorted(idle):
        guess = did_you_mean(name, known)
        report.add(
            rules.IDLE_OVERLAY,
            f"this flow has no template `{name}`, so that what the overlay says of it has no effect",
            _place(documents, ("spec", "templates", name)),
            help=f"did you mean `{guess}`?" if guess else "there is " + ", ".join(f"`{one}`" for one in sorted(known)),
        )
    spec["templates"] = [one for one in spec["templates"] if not isinstance(one, dict) or str(one.get("name")) not in idle]


# Merging


def _merge(target: dict[str, Any], patch: Value, path: tuple[str, ...], report: Report) -> None:
    """Merge a mapping of the overlay onto one of an object."""
    for key, value in patch.content.items():
        here = (*path, key)
        old = target.get(key)
        if key == _PATCH:
            raise NotRead("`$patch` deletes an item of a list that has a name, and nothing else", value.span)
        if value.content is None:
            target.pop(key, None)
        elif old is None:
            target[key] = _fresh(value)
        elif isinstance(old, dict) and isinstance(value.content, dict):
            _merge(old, value, here, report)
        elif isinstance(old, list) and isinstance(value.content, list):
            target[key] = _merge_lists(old, value, here, report)
        elif isinstance(old, dict | list) or isinstance(value.content, dict | list):
            was = "a mapping" if isinstance(old, dict) else "a list" if isinstance(old, list) else "a plain value"
            raise NotRead(f"`{_dotted(here)}` is {was}, and the overlay has something else there", value.span)
        else:
            target[key] = value.content


def _merge_lists(old: list[Any], patch: Value, path: tuple[str, ...], report: Report) -> list[Any]:
    """Merge by names where all items have one; else the overlay's list is the new one."""
    by = _BY.get(path[-1], "name")
    if not old or not all(isinstance(one, dict) and by in one for one in old):
        return [_fresh(one) for one in patch.content]
    for one in patch.content:
        if not isinstance(one.content, dict) or by not in one.content:
            raise NotRead(f"an item of `{_dotted(path)}` has no `{by}`, by which it would be merged", one.span)
    found = {one[by]: one for one in old}
    for one in patch.content:
        name = one.content[by].content
        if not isinstance(name, str | int):
            raise NotRead(f"`{by}` is no name", one.content[by].span)
        if _PATCH in one.content:
            if one.content[_PATCH].content != "delete":
                raise NotRead("`$patch` is `delete`, or is left out", one.content[_PATCH].span)
            found.pop(name, None)
        elif name in found:
            _merge(found[name], one, (*path, str(name)), report)
        else:
            found[name] = _fresh(one)
    return list(found.values())


def _fresh(value: Value) -> Any:
    """What the overlay adds: without the nulls that would have taken something away."""
    match value.content:
        case dict():
            if _PATCH in value.content:
                raise NotRead("there is nothing that `$patch` could delete", value.content[_PATCH].span)
            return {key: _fresh(one) for key, one in value.content.items() if one.content is not None}
        case list():
            return [_fresh(one) for one in value.content]
    return value.content


# Places


def _place(documents: Sequence[Value], path: Sequence[str]) -> Span:
    """The place in the overlay that is nearest to a path in the object; of several documents, the last that is."""
    found = [max(_along(document, path), key=lambda one: one[0]) for document in documents]
    return max(reversed(found), key=lambda one: one[0])[1]


def _along(value: Value, path: Sequence[str]) -> Iterator[tuple[int, Span]]:
    yield 0, value.span
    for depth, key in enumerate(path, 1):
        inner: Value | None = None
        if isinstance(value.content, dict):
            inner = value.content.get(key)
        elif isinstance(value.content, list):
            by = _BY.get(path[depth - 2], "name")
            for number, one in enumerate(value.content):
                name = one.content.get(by) if isinstance(one.content, dict) else None
                if str(number if name is None else name.content) == key:
                    inner = one
        if inner is None:
            return
        value = inner
        yield depth, value.span


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)
