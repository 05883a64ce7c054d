"""The values of a run's parameters, kept apart from the first task, which may fail before it has kept anything.

Flow/run/parameters.json    written once, by the run's first task or by whoever resumes another run; as a manifest is
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ..contract import run_key
from ..store import Store
from .manifest import Entry, Manifest, manifest_bytes, parse_manifest


def parameters_key(flow: str, run: str) -> str:
    """The key of the object."""
    return f"{run_key(flow, run)}/parameters.json"


def write_parameters(store: Store, flow: str, run: str, entries: Mapping[str, Entry]) -> bool:
    """Keep the values, by attribute; False if they were kept before."""
    now = time.time()
    kept = Manifest(attempt=0, started=now, ended=now, chose=None, cardinality=None, artifacts=entries)
    return store.put_new(parameters_key(flow, run), manifest_bytes(kept))


def read_parameters(store: Store, flow: str, run: str) -> Mapping[str, Entry] | None:
    """The values, by attribute; None if the run has kept none.

    Raises:
        StoreError: They cannot be read, or are damaged.
    """
    key = parameters_key(flow, run)
    data = store.get(key)
    return None if data is None else parse_manifest(key, data).artifacts
