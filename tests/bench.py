"""`make bench`: what flowc costs, as whole processes: CPU seconds, wall seconds, memory, and the size of what comes out.

Each figure is the best of several runs. The first table shows how `flowc check` grows with the flow: CPU seconds for a size, for
twice and for four times that, less what a process takes for nothing, and how many times as much the last is for each byte:
1.0 is linear. `METAFLOW_PYTHON=…` names a Python with Metaflow, which then does the same in the same
session; its compilers for Argo and Step Functions also want an S3 that they can reach (METAFLOW_DATASTORE_SYSROOT_S3 and
credentials), and are said to have failed without one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sizes

STEPS = (5, 100, 500)
WIDTH = 100
TIMES = 5


@dataclass(frozen=True)
class Cost:
    """What one process and its children used."""

    cpu: float
    wall: float
    peak: int
    out: int

    def __str__(self) -> str:
        return f"{self.cpu:7.3f} CPU s  {self.wall:7.3f} s  {self.peak / 1024:6.0f} MiB"


def measure(command: Sequence[str], folder: Path, times: int = TIMES, code: int = 0) -> Cost | None:
    """The cheapest of several runs, or None where one ends with another exit code."""
    best: Cost | None = None
    for _ in range(times):
        with (folder / "out").open("wb") as out:
            began = time.monotonic()
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != code:
            return None
        peak = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
        cost = Cost(used.ru_utime + used.ru_stime, wall, peak, (folder / "out").stat().st_size)
        best = cost if best is None or cost.cpu < best.cpu else best
    return best


def linear(steps: int, package: str = "flowc") -> str:
    """A flow of steps that stand one after the other."""
    names = ["start", *(f"step_{number}" for number in range(1, steps - 1)), "end"]
    text = f"from {package} import FlowSpec, step\n\n\nclass Linear(FlowSpec):\n"
    for name, target in zip(names, [*names[1:], None], strict=True):
        goes_on = f"self.next(self.{target})" if target else "pass"
        text += f"    @step\n    def {name}(self):\n        self.x = {name!r}\n        {goes_on}\n\n"
    return text + '\nif __name__ == "__main__":\n    Linear()\n'


def fanout(width: int, package: str = "flowc") -> str:
    """A flow with one foreach."""
    return f"""\
from {package} import FlowSpec, step


class Fanout(FlowSpec):
    @step
    def start(self):
        self.items = list(range({width}))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(one.square for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)


if __name__ == "__main__":
    Fanout()
"""


def bench_growth(folder: Path) -> None:
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
    print()


def line(what: str, cost: Cost | None, size: bool = False) -> None:
    told = "failed" if cost is None else str(cost) + (f"  {cost.out / 1000:8.1f} KB" if size else "")
    print(f"{what:<34} {told}", flush=True)


def bench_flowc(folder: Path) -> None:
    """flowc's figures, beside what the same Python needs for nothing at all."""
    python = sys.executable
    flowc = [python, "-m", "flowc"]
    line("python -c pass", measure([python, "-c", "pass"], folder))
    line("python -c 'import click, yaml'", measure([python, "-c", "import click, yaml"], folder))
    for steps in STEPS:
        (folder / "linear.py").write_text(linear(steps), encoding="utf-8")
        for target in ("argo", "sfn"):
            command = [*flowc, "compile", "linear.py", "--target", target, "--datastore", "s3://bucket/x", "--batch-queue", "q"]
            line(f"compile {steps} steps, {target}", measure(command, folder), size=True)
    (folder / "linear.py").write_text(linear(5), encoding="utf-8")
    (folder / "fanout.py").write_text(fanout(WIDTH), encoding="utf-8")
    line("run 5 steps", measure([*flowc, "run", "linear.py"], folder))
    line(f"run a {WIDTH}-way foreach", measure([*flowc, "run", "fanout.py", "--max-num-splits", str(WIDTH)], folder, times=3))


def bench_metaflow(folder: Path, python: str) -> None:
    """The same with Metaflow, once each: it takes its time."""
    version = subprocess.run([python, "-c", "import metaflow; print(metaflow.__version__)"], capture_output=True, text=True)
    if version.returncode:
        print(f"\nno Metaflow: {python} cannot import it")
        return
    print(f"\nMetaflow {version.stdout.split()[-1]}")
    for steps in STEPS[:2]:
        (folder / "linear.py").write_text(linear(steps, "metaflow"), encoding="utf-8")
        for target in ("argo-workflows", "step-functions"):
            command = [python, "linear.py", "--datastore", "s3", target, "create", "--only-json"]
            line(f"compile {steps} steps, {target}", measure(command, folder, times=1), size=True)
    (folder / "linear.py").write_text(linear(5, "metaflow"), encoding="utf-8")
    (folder / "fanout.py").write_text(fanout(WIDTH, "metaflow"), encoding="utf-8")
    line("run 5 steps", measure([python, "linear.py", "run"], folder, times=1))
    line(f"run a {WIDTH}-way foreach", measure([python, "fanout.py", "run", "--max-num-splits", str(WIDTH)], folder, times=1))


def main() -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as folder:
        bench_growth(Path(folder))
        bench_flowc(Path(folder))
        python = os.environ.get("METAFLOW_PYTHON")
        if python:
            bench_metaflow(Path(folder), python)
        else:
            print("\nno comparison with Metaflow: METAFLOW_PYTHON names no Python that has it")


if __name__ == "__main__":
    main()
