"""The values of a run's parameters, kept apart from the first task, which may fail before it has kept anything.

Flow/run/parameters.json    written once, by the run's first task or by whoever resumes another run
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..contract import run_key
from ..errors import StoreError
from ..store import Store
from .manifest import Entry, entries_from_json, entries_to_json

FORMAT = 1


def parameters_key(flow: str, run: str) -> str:
    """The key of the object."""
    return f"{run_key(flow, run)}/parameters.json"


def write_parameters(store: Store, flow: str, run: str, entries: Mapping[str, Entry]) -> bool:
    """Keep the values, by attribute; False if they were kept before."""
    document = {"format": FORMAT, "artifacts": entries_to_json(entries)}
    return store.put_new(parameters_key(flow, run), json.dumps(document).encode())


def read_parameters(store: Store, flow: str, run: str) -> dict[str, Entry] | None:
    """The values, by attribute; None if the run has kept none.

    Raises:
        StoreError: They cannot be read, or are damaged.
    """
    key = parameters_key(flow, run)
    data = store.get(key)
    if data is None:
        return None
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise StoreError(f"the object {key} has format {document['format']}, and this flowc reads format {FORMAT}")
        return entries_from_json(document["artifacts"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the object {key} is damaged ({type(error).__name__}: {error})") from error
