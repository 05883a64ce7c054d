"""What a run here says of steps that ask for more than this machine has: to it `@resources` is a suggestion.

Once a run, for the step that asks for most beside what there is. What cannot be found out of a machine is taken to be enough.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..runtime.plan import Plan

REMEDY: Final = "it runs all the same; `--with batch` or `--with kubernetes` sends it where there is more"

_MEGABYTE: Final = 1_000_000
"""The smaller of the two: in doubt there is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine has; None where that is not known.

    Attributes:
        memory: Megabytes.
        gpu: How many devices may be a GPU.
    """

    cpu: int | None
    memory: int | None
    gpu: int | None


def this_machine() -> Machine:
    """What the machine has that flowc runs on."""
    return Machine(cpu=os.cpu_count(), memory=_memory(), gpu=_gpus())


def lacking(plan: Plan, here: Collection[str], machine: Machine) -> str | None:
    """The sentence about the step that asks for most beyond a machine; None where no step does.

    Args:
        here: The steps that run on it.
    """
    short = {name: _short(step.decorator("resources") or {}, machine) for name, step in plan.steps.items() if name in here}
    wanting = [name for name, found in short.items() if found]
    if not wanting:
        return None
    most = max(wanting, key=lambda name: max(asked / has if has else float("inf") for asked, has in short[name].values()))
    asked = _listed([_amount(what, asked) for what, (asked, _) in short[most].items()])
    has = _listed([_amount(what, has) for what, (_, has) in short[most].items()])
    return f"`{most}` asks for {asked}, and this machine has {has}: {REMEDY}"


def _short(wishes: Mapping[str, object], machine: Machine) -> dict[str, tuple[float, int]]:
    """What is asked for and what there is, of each quantity of which there is too little."""
    found: dict[str, tuple[float, int]] = {}
    for what, has in (("cpu", machine.cpu), ("memory", machine.memory), ("gpu", machine.gpu)):
        asked = wishes.get(what)
        # The compiler lets through numbers, and texts that say one.
        if has is not None and isinstance(asked, int | float | str) and float(asked) > has:
            found[what] = float(asked), has
    return found


def _amount(what: str, number: float) -> str:
    if what == "memory":
        return f"{number:,.0f} MB of memory"
    return f"{number:,g} {what.upper()}{'s' * (number != 1)}" if number else f"no {what.upper()}"


def _listed(amounts: list[str]) -> str:
    *most, last = amounts
    return f"{', '.join(most)} and {last}" if most else last


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    except (AttributeError, OSError, ValueError):  # a system that does not have it, or does not say
        return None


def _gpus() -> int | None:
    """NVIDIA's devices, else whatever draws or computes: that may be a GPU which the step can use."""
    if sys.platform != "linux" or Path("/dev/dxg").exists():  # the latter is what Windows lends to its Linux
        return None
    try:
        names = [one.name for one in Path("/dev").iterdir()]
    except OSError:
        return None
    return sum(bool(re.fullmatch(r"nvidia\d+", one)) for one in names) or len(list(Path("/dev/dri").glob("renderD*")))
