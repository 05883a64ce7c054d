"""What became of each test on the cluster, for people: one line a run, with how many pods it took and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PROPERTY = "e2e"
"""Under which a test's report carries its runs."""
VERSIONS = ("Kubernetes", "Argo Workflows")


def lines(reports: Iterable[tuple[str, str, list[Mapping[str, Any]]]]) -> Iterator[str]:
    """The table, of what each test is called, what became of it, and its runs."""
    found = sorted(reports, key=lambda report: report[0])
    versions = {name: run[name] for _, _, runs in found for run in runs for name in VERSIONS if name in run}
    yield ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "no run"
    width = max((len(name) for name, _, _ in found), default=0)
    yield f"{'what':<{width}}  {'result':<8} {'the run':<10} {'pods':>5} {'seconds':>8}"
    for name, outcome, runs in found:
        if not runs:
            yield f"{name:<{width}}  {outcome}"
        for number, run in enumerate(runs):
            what, result = (name, outcome) if number == 0 else ("", "")
            yield f"{what:<{width}}  {result:<8} {run['status']:<10} {run['pods']:>5} {run['seconds']:>8.0f}"
