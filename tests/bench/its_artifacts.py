"""What Metaflow's own datastore takes for the same artifacts, in a folder: run by Metaflow's Python, prints JSON.

    python its_artifacts.py FOLDER MIB SMALL

[[what, seconds, peak memory as a multiple of the array's size, or ""], …]
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any


def main(folder: str, mib: int, small: int) -> None:
    """Save and load the array, then the small values."""
    import numpy
    from metaflow.datastore import FlowDataStore  # type: ignore[import, unused-ignore]
    from metaflow.plugins.datastores.local_storage import LocalStorage  # type: ignore[import, unused-ignore]

    nothing: dict[str, Any] = dict.fromkeys(("environment", "metadata", "event_logger", "monitor"))
    store = FlowDataStore("Bench", **nothing, storage_impl=LocalStorage, ds_root=folder)
    figures = []
    many = {f"x{n}": {"n": n, "name": f"number {n}"} for n in range(small)}
    for step, values, what in (
        ("array", {"x": numpy.random.default_rng(0).random(mib << 17)}, f"{mib} MiB of floats"),
        ("small", many, f"{small:,} small artifacts"),
    ):
        task = store.get_task_datastore("1", step, "1", attempt=0, mode="w")
        task.init_task()
        before = _peak()
        began = time.perf_counter()
        task.save_artifacts(list(values.items()))
        saved = time.perf_counter() - began
        task.done()
        grown = f"{1 + (_peak() - before) / (mib << 20):.2f} x" if step == "array" else ""
        task = store.get_task_datastore("1", step, "1", attempt=0, mode="r", allow_not_done=True)
        began = time.perf_counter()
        loaded = dict(task.load_artifacts(list(values)))
        assert len(loaded) == len(values)
        figures += [(f"save {what}", saved, grown), (f"load {what}", time.perf_counter() - began, "")]
    print(json.dumps(figures))


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
