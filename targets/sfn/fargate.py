"""The sizes of Fargate: which amounts of memory go with how many virtual CPUs.

    1 CPU, 4,000 MB   →   1 CPU, 4,096 MB        4 CPUs, 4,000 MB   →   4 CPUs, 8,192 MB        1 CPU, 16,000 MB   →   none

https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..settings import number_text

GIB: Final = 1024

SIZES: Final[dict[float, tuple[int, ...]]] = {
    0.25: (512, 1 * GIB, 2 * GIB),
    0.5: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
    32: (60 * GIB, 120 * GIB, 244 * GIB),
}
"""Megabytes, by virtual CPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Virtual CPUs and megabytes."""

    cpu: float
    memory: int

    def __str__(self) -> str:
        return f"{number_text(self.cpu)} CPU{'' if self.cpu == 1 else 's'} and {self.memory:,} MB"


def fitting_size(cpu: float, memory: int, *, cpu_given: bool) -> Size | None:
    """The smallest size with so much of both, or None.

    Args:
        cpu: Virtual CPUs.
        memory: Megabytes.
        cpu_given: The step asks for so many CPUs: only the next larger number is meant. Otherwise any may go with the memory.
    """
    for number, amounts in SIZES.items():
        if number < cpu:
            continue
        fitting = [one for one in amounts if one >= memory]
        if fitting:
            return Size(cpu=number, memory=fitting[0])
        if cpu_given:
            break
    return None


def remedy(cpu: float, memory: int) -> str:
    """What to ask for instead of what no size has: more CPUs for the memory, or less memory for the CPUs."""
    ways = []
    more = fitting_size(cpu, memory, cpu_given=False)
    if more is not None:
        ways.append(f"`cpu={number_text(more.cpu)}` for so much memory")
    number = next((one for one in SIZES if one >= cpu), None)
    if number is not None:
        ways.append(f"`memory={SIZES[number][-1]}` or less")
    return ", or ".join(ways) or f"the largest size has {Size(cpu=32, memory=SIZES[32][-1])}"
