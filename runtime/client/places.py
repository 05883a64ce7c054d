"""In which datastore the client looks.

What an object is told (`Flow("Squares", datastore="s3://bucket/flows")`), else what `metadata` chose, else the datastore of the
task that runs, else FLOWC_DATASTORE, else `datastore` in the settings file of the current folder, else `.flowc` in it.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..contract import DATASTORE
from ..errors import StoreError
from ..language.current import current
from ..settings_file import nearest_table
from ..store import DEFAULT_ROOT, LocalStore, Store, open_store
from ..store.serving import serving

_LOCAL = "local@"

_chosen: str | None = None
_opened: dict[str, Store] = {}


def metadata(place: str) -> str:
    """Choose where to look from now on: a folder or an object store, as `--datastore` names it.

    Metaflow's `local@FOLDER` means the folder, or the `.flowc` in it. There are no services to choose.

    Returns:
        What `get_metadata` gives.

    Raises:
        StoreError: There can be no datastore of this name.
    """
    global _chosen
    kind, at, rest = place.partition("@")
    if place == "local":
        return default_metadata()
    if at and kind == "local":
        inner = Path(rest) / DEFAULT_ROOT
        place = str(inner if inner.is_dir() else Path(rest))
    elif place == "service" or (at and kind.isidentifier() and "/" not in kind):
        raise StoreError(
            f"flowc has no metadata service, so there is no {place}: runs are found in the datastore itself, as "
            "metadata('s3://bucket/flows')"
        )
    _chosen = _store(place).url
    return get_metadata()


def get_metadata() -> str:
    """Where the client looks: `local@FOLDER`, or the URL of an object store."""
    store = store_at(None)
    return f"{_LOCAL}{store.url}" if isinstance(store, LocalStore) else store.url


def default_metadata() -> str:
    """Forget what `metadata` chose.

    Returns:
        What `get_metadata` gives.
    """
    global _chosen
    _chosen = None
    return get_metadata()


def store_at(place: str | os.PathLike[str] | None) -> Store:
    """The datastore of this name, or the one that counts where none is named.

    Raises:
        StoreError: There can be no datastore of this name.
    """
    if place is not None:
        return _store(os.fspath(place))
    if _chosen is not None:
        return _store(_chosen)
    own = serving() if current.is_running_flow else None
    return own if own is not None else _store(os.environ.get(DATASTORE) or _configured() or DEFAULT_ROOT)


def _store(place: str) -> Store:
    """A store that is opened once: it may hold connections. A relative folder is another one in another current folder."""
    if not place.strip():
        raise StoreError("the datastore's name is empty")
    store = open_store(place)
    return _opened.setdefault(store.url, store)


def _configured() -> str | None:
    """What the settings file of the current folder says."""
    try:
        found = nearest_table(Path())
    except ValueError as error:
        raise StoreError(f"the settings cannot be read: {error}") from None
    except OSError:
        return None
    place = found[1].get("datastore") if found is not None and isinstance(found[1], dict) else None
    return place if isinstance(place, str) and place.strip() else None
