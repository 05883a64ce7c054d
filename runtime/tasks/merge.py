"""`merge_artifacts`, and what is said of an artifact that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec
    from ..records.manifest import Entry
    from .binding import Binding


def merge(flow: FlowSpec, binding: Binding, inputs: Any, *, exclude: Iterable[str], include: Iterable[str]) -> None:
    """Hand the inputs' common artifacts on, by reference: none is loaded. `FlowSpec.merge_artifacts` says the rest."""
    wanted, unwanted = _names(include), _names(exclude)
    step = binding.step.name
    if not binding.step.joins:
        raise ArtifactError(f"step `{step}` calls merge_artifacts, which only a join can: it takes `inputs`")
    if wanted and unwanted:
        raise ArtifactError(f"step `{step}` calls merge_artifacts with include and exclude: give one of them")
    merged: dict[str, tuple[Entry, str]] = {}
    conflicts: dict[str, tuple[str, str]] = {}
    for source in _bindings(step, inputs):
        for name, entry in source.entries.items():
            left_out = name not in wanted if wanted else name in unwanted
            if left_out or name.startswith("_") or name in vars(flow) or hasattr(type(flow), name):
                continue
            first, origin = merged.setdefault(name, (entry, str(source.task)))
            if first != entry:
                conflicts.setdefault(name, (origin, str(source.task)))
    if conflicts:
        told = ", nor ".join(f"`{name}`: it differs between `{a}` and `{b}`" for name, (a, b) in sorted(conflicts.items()))
        what = "it" if len(conflicts) == 1 else "them"
        raise ArtifactError(f"step `{step}` cannot merge {told}. Set {what} before merge_artifacts, or exclude {what}.")
    missing = sorted(name for name in wanted if name not in merged and not hasattr(flow, name))
    if missing:
        raise ArtifactError(f"step `{step}` cannot merge {', '.join(f'`{name}`' for name in missing)}: no input has it")
    binding.entries.update({name: entry for name, (entry, _) in merged.items()})


def unset_message(flow: FlowSpec, binding: Binding, name: str) -> str:
    """Why an artifact cannot be read."""
    import difflib

    step = binding.step.name
    known = [other for other in {*vars(flow), *binding.entries} if not other.startswith("_")]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean `self.{close[0]}`?" if close else ""
    if binding.finished:
        return f"the task {binding.task} has no artifact `{name}`{hint.replace('self.', '')}"
    problem = "which neither it nor a step before it has set"
    if binding.step.joins and not close:
        hint = f": a join starts without artifacts; read inputs[0].{name}, or call self.merge_artifacts(inputs) first"
    elif not binding.step.joins and (join := binding.lost_at(name)):
        problem = f"which was set before the join `{join}`, and `{join}` did not hand it on"
        hint = f": call self.merge_artifacts(inputs) in `{join}`, or assign self.{name} there"
    return f"step `{step}` reads `self.{name}`, {problem}{hint}"


def _bindings(step: str, inputs: Any) -> list[Binding]:
    """What the joined tasks hold."""
    from .binding import Binding

    if hasattr(type(inputs), "__iter__"):
        found = [getattr(task, "_flowc", None) for task in inputs]
        bindings = [one for one in found if isinstance(one, Binding)]
        if len(bindings) == len(found):
            return bindings
    kind = "one task" if isinstance(getattr(inputs, "_flowc", None), Binding) else f"a {type(inputs).__name__}"
    raise ArtifactError(f"step `{step}` calls merge_artifacts with {kind}: it takes `inputs`, as the join gets them")


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset((given,) if isinstance(given, str) else given or ())
