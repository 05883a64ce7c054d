"""What a process costs, and how that is printed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMES = 5


@dataclass(frozen=True)
class Cost:
    """What one process and its children used: seconds, KiB of memory at the most, bytes of output."""

    cpu: float
    wall: float
    peak: int
    out: int

    def __str__(self) -> str:
        return f"{self.cpu:8.3f} CPU s  {self.wall:8.3f} s  {self.peak / 1024:6.0f} MiB"


def measure(
    command: Sequence[str], folder: Path, times: int = TIMES, code: int = 0, environment: Mapping[str, str] | None = None
) -> Cost | None:
    """The cheapest of several runs, or None where one ends with another exit code."""
    best: Cost | None = None
    for _ in range(times):
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            began = time.monotonic()
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env={**os.environ, **(environment or {})})
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != code:
            return None
        peak = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
        cost = Cost(used.ru_utime + used.ru_stime, wall, peak, (folder / "out").stat().st_size)
        best = cost if best is None or cost.cpu < best.cpu else best
    return best


def line(what: str, cost: Cost | None, size: bool = False, note: str = "") -> None:
    """Print one figure."""
    told = "failed" if cost is None else str(cost) + (f"  {cost.out / 1000:8.1f} KB" if size else "")
    print(f"{what:<40} {told}{'  ' if note else ''}{note}", flush=True)


def beside(what: str, mine: Cost | None, others: Mapping[str, Cost | None], size: bool = False) -> None:
    """Print flowc's figure and those of others, by name, and how many times as much each of them takes."""
    line(f"{what}, flowc", mine, size)
    for name, its in others.items():
        ratio = f"{its.cpu / max(mine.cpu, 1e-3):6.1f} times flowc's CPU s" if mine and its else ""
        if mine and its and size:
            ratio += f", {its.peak / mine.peak:.1f} its memory, {its.out / mine.out:.1f} its output"
        line(f"{what}, {name}", its, size, ratio)
