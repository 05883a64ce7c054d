"""Where a verb looks for runs: one rule for all of them.

`--datastore`, else FLOWC_DATASTORE, else `datastore` in the settings file of the flow's folder, else `.flowc` in the current
folder. A relative folder starts from the current one, whoever names it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .output import Unusable
from .settings import read_settings, setting

if TYPE_CHECKING:
    from ..runtime.store import Store
    from .flow_file import FlowFile
    from .verb import Decorated

DEFAULT = ".flowc"


def datastore_option(function: Decorated) -> Decorated:
    """`--datastore`: the verb gets `datastore: str | None`, for `place_of` or `store_of`."""
    help = f"Where runs are kept: a folder, s3://bucket/prefix, az://… or gs://…. [default: {DEFAULT}]"
    return setting("datastore", "PLACE", help)(function)


def place_of(given: str | None, flow: FlowFile | None) -> str:
    """What names the store, as `open_store` takes it.

    Args:
        given: What the option says; None: nothing.
        flow: The flow whose settings count; None: those of the current folder.

    Raises:
        Unusable: The name is empty, or the settings file makes no sense.
    """
    folder = Path(flow.path).parent if flow else Path()
    place = given if given is not None else str(read_settings(folder).get("datastore", DEFAULT))
    if not place.strip():
        raise Unusable("--datastore is empty: leave it out, or name a folder or an object store, as s3://bucket/prefix")
    return place


def store_of(given: str | None, flow: FlowFile | None) -> Store:
    """The store itself, of what `place_of` takes.

    Raises:
        Unusable: There can be no store of this name.
    """
    # Here, so that help starts without the runtime.
    from ..runtime.errors import StoreError
    from ..runtime.store import open_store

    try:
        return open_store(place_of(given, flow))
    except StoreError as error:
        raise Unusable(str(error)) from None
