"""How many pods of a run there are at a time, and how many items of each foreach.

A run has 100 at a time, or as many as `--max-workers` says; so has each foreach whose step does not say otherwise. A step that
wants more by `@foreach(max_concurrency=…)` raises what the run may have, and then the others are kept where they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...compiler.ir.nodes import Flow, Foreach
from ...compiler.ir.walk import walk_stages
from ..settings import arguments_of

_USUAL: Final = 100
"""Pods of a run at a time where nobody says."""
_MOST: Final = 2**31 - 1
"""Larger numbers mean the same, and some readers of YAML do not take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """What runs at a time.

    Attributes:
        run: Pods of the whole run.
        foreach: By the name of its stage how many items of a foreach, where these are fewer.
    """

    run: int
    foreach: Mapping[str, int]


def concurrency_of(flow: Flow, max_workers: int | None) -> Concurrency:
    """What runs at a time in a flow, where `max_workers` is what the deployment decides."""
    steps = {step.name: step for step in flow.steps}
    usual = min(max_workers or _USUAL, _MOST)
    found: dict[str, int] = {}
    for stage in walk_stages(flow.body):
        if isinstance(stage, Foreach):
            said = arguments_of(steps[stage.split], "foreach").get("max_concurrency")
            found[stage.name] = usual if said is None else min(max(1, int(said)), _MOST)  # type: ignore[arg-type]
    run = max([usual, *found.values()])
    return Concurrency(run=run, foreach={name: most for name, most in found.items() if most < run})
