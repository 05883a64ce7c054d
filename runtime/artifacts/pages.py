"""The items of a large foreach, kept a second time in small parts, so that a task reads its item and not all of them.

    self.items = [a, b, c, d, e, …] ─▶ [a, b], [c, d], [e, …], …    pages, each an artifact of its own without a name
                                    ─▶ index                        the list of their entries, an artifact too

The task that begins the foreach writes them before its manifest, which says how many items a page has. That costs a second time
what the list costs once, where each of the foreach's tasks would else read and check the whole list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError
from ..records.manifest import Blob, Entry, Pages, blobs_of, entry_json, entry_of
from .values import type_name

if TYPE_CHECKING:
    from .values import Artifacts

LARGE = 1 << 20
"""Bytes of the largest list that is kept only whole; and of a page, if no item alone has more."""
_FEWEST = 4
"""Items: to read a list of fewer costs less than to write it twice."""
_AT_ONCE = 64
_TYPES = ("list", "tuple", "numpy.ndarray")
"""What is cut: a slice of it has the same items. To ask anything else for its items may cost more than it saves."""


def save_pages(artifacts: Artifacts, name: str, items: Any, entry: Entry, step: str) -> Pages | None:
    """Keep the items of a foreach in pages, if that pays.

    Args:
        entry: Where all of them are kept.

    Raises:
        StoreError: They cannot be written.
    """
    if not isinstance(entry, Blob) or entry.size <= LARGE or type_name(items) not in _TYPES or len(items) < _FEWEST:
        return None
    every = max(1, len(items) * LARGE // entry.size)
    starts = range(0, len(items), every)
    room, largest = 2 * entry.size, 0  # items that share something large are smaller together
    entries: list[Entry] = []
    while len(entries) < len(starts):
        count = min(_AT_ONCE, max(1, room // largest)) if largest else 1
        some = starts[len(entries) : len(entries) + count]
        values = {f"{name}[{start}:{start + every}]": items[start : start + every] for start in some}
        try:
            entries += artifacts.save_all(values, step, {}).values()
        except ArtifactError:  # what can be pickled as a whole may refuse to be in parts
            return None
        sizes = [one.size for one in entries[-len(some) :]]
        room, largest = room - sum(sizes), max(largest, *sizes)
        if room < 0:
            return None
    return Pages(every, artifacts.save(f"{name}[:]", [entry_json(one) for one in entries], step))


def load_item(artifacts: Artifacts, name: str, pages: Pages, index: int, task: object) -> object:
    """One item.

    Args:
        task: The task that has kept them, for messages.

    Raises:
        ArtifactError: It cannot be unpickled.
        StoreError: It cannot be read.
    """
    number, place = divmod(index, pages.every)
    page: Any = artifacts.load(f"{name}[{index}]", _entries(artifacts, name, pages, task)[number], task)
    item: object = page[place]
    return item


def blobs_of_pages(artifacts: Artifacts, name: str, pages: Pages, task: object) -> set[str]:
    """The hashes of all blobs that they are kept in. Raises as `load_item`."""
    return blobs_of([pages.index, *_entries(artifacts, name, pages, task)])


def _entries(artifacts: Artifacts, name: str, pages: Pages, task: object) -> list[Entry]:
    documents: Any = artifacts.load(f"{name}[:]", pages.index, task)
    return [entry_of(one) for one in documents]
