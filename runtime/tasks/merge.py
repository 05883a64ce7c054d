"""`merge_artifacts`, and what is said of an artifact that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..language.exceptions import MergeException, MissingInMergeArtifactsException, UnhandledInMergeArtifactsException
from .sameness import are_equal

if TYPE_CHECKING:
    from ..language.flowspec import FlowSpec
    from ..records.manifest import Entry
    from .binding import Binding


@dataclass(slots=True)
class _Found:
    """One artifact of the inputs.

    Attributes:
        first: The input that has it first, and no other is held here but `other`.
        other: The first input that has another value.
        differing: How many do.
    """

    entry: Entry
    first: Binding
    other: Binding | None = None
    differing: int = 0


def merge(flow: FlowSpec, binding: Binding, inputs: Any, *, exclude: Iterable[str], include: Iterable[str]) -> None:
    """Hand the inputs' common artifacts on, by reference: none is loaded. `FlowSpec.merge_artifacts` says the rest.

    Inputs are taken one by one: of thousands, few are in memory at a time.
    """
    wanted, unwanted = _names(include), _names(exclude)
    step = binding.step.name
    if wanted and unwanted:
        raise MergeException(f"`exclude` and `include` are mutually exclusive in merge_artifacts; step `{step}` gives both")
    if not binding.step.joins:
        raise MergeException(f"step `{step}` calls merge_artifacts, which only a join can: it takes `inputs`")
    found: dict[str, _Found] = {}
    skipped: dict[str, bool] = {}
    for source in _bindings(step, inputs):
        for name, entry in source.entries.items():
            if name not in skipped:
                left_out = name not in wanted if wanted else name in unwanted
                skipped[name] = left_out or name.startswith("_") or name in vars(flow) or hasattr(type(flow), name)
            if skipped[name]:
                continue
            one = found.get(name)
            if one is None:
                found[name] = _Found(entry, source)
            elif one.entry != entry:
                one.other = one.other or source
                one.differing += 1
    conflicts = {name: one for name, one in sorted(found.items()) if one.other is not None}
    if conflicts:
        told = ", nor ".join(f"`{name}`: {_told(name, one)}" for name, one in conflicts.items())
        what = "it" if len(conflicts) == 1 else "them"
        raise UnhandledInMergeArtifactsException(
            f"step `{step}` cannot merge {told}. Set {what} before merge_artifacts, or exclude {what}.", list(conflicts)
        )
    missing = sorted(name for name in wanted if name not in found and not hasattr(flow, name))
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise MissingInMergeArtifactsException(f"step `{step}` cannot merge {names}: no input has it", missing)
    binding.entries.update({name: one.entry for name, one in found.items()})


def _told(name: str, one: _Found) -> str:
    """Which inputs differ in an artifact; and a word where a person who looks at the values would see no difference."""
    assert one.other is not None
    more = one.differing - 1
    told = f"it differs between `{one.first.task}` and `{one.other.task}`"
    if more:
        told = f"{told}, and {more:,} more {'differs' if more == 1 else 'differ'} from `{one.first.task}`"
    if are_equal(one.first, one.other, name):
        told += " (these two are equal by ==, but not once pickled, as sets or parts that were shared may be)"
    return told


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


def _bindings(step: str, inputs: Any) -> Iterator[Binding]:
    """What the joined tasks hold, one by one."""
    from ..language.inputs import Inputs
    from .binding import Binding

    if isinstance(inputs, Inputs):
        yield from inputs._bindings()
        return
    kind = "one task" if isinstance(getattr(inputs, "_flowc", None), Binding) else f"a {type(inputs).__name__}"
    for task in inputs if hasattr(type(inputs), "__iter__") else [None]:
        one = getattr(task, "_flowc", None)
        if not isinstance(one, Binding):
            raise MergeException(f"step `{step}` calls merge_artifacts with {kind}: it takes `inputs`, as the join gets them")
        yield one


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset((given,) if isinstance(given, str) else given or ())
