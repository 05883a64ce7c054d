"""How `flowc check` grows with the flow: CPU seconds for a size, for twice and for four times that, less what a process takes for
nothing, and how many times as much the last is for each byte: 1.0 is linear."""

from __future__ import annotations

import sys
from pathlib import Path

import sizes

from bench.measuring import line, measure
from bench.rival import Metaflow


def bench(folder: Path, _metaflow: Metaflow | None) -> None:
    """How the cost of `flowc check` grows with the size of a flow."""
    flowc = [sys.executable, "-m", "flowc", "check", "sized.py"]
    (folder / "sized.py").write_text(sizes.line(2), encoding="utf-8")
    nothing = measure(flowc, folder)
    assert nothing is not None
    print(f"{'flowc check, CPU seconds':<34} {'1':>8} {'2':>8} {'4':>8}  growth")
    for table in (sizes.SOUND, sizes.FAULTY):
        for what, (make, counts) in table.items():
            costs, lengths = [], []
            for count in counts:
                text = make(count)
                (folder / "sized.py").write_text(text, encoding="utf-8")
                cost = measure(flowc, folder, times=3, code=int(table is sizes.FAULTY))
                assert cost is not None, f"{what}: flowc check has failed"
                costs.append(max(cost.cpu - nothing.cpu, 0.001))
                lengths.append(len(text))
            growth = (costs[-1] / lengths[-1]) / (costs[0] / lengths[0])
            name = f"{counts[-1]:,} {what}"
            print(f"{name:<34} {' '.join(f'{cost:8.3f}' for cost in costs)}  {growth:6.2f}", flush=True)
    (folder / "sized.py").write_text(sizes.line(500), encoding="utf-8")
    line("check 500 steps, whole process", measure(flowc, folder))
