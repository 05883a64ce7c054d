"""The tags of a run: those that it was started with until somebody changes them, then those in its `tags.json`.

The whole object is written anew at each change, so of two people who change tags of one run at the same moment, one may undo
what the other did.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from ..contract import run_key
from ..errors import FlowcError
from ..store import Store
from .documents import members, parse_document
from .runs import RunRecord

FORMAT = 1
LONGEST = 500
MOST = 50


class TagError(FlowcError):
    """A tag that cannot be, or one that says how a run came about and cannot be changed."""


def system_tags(record: RunRecord | None) -> frozenset[str]:
    """What a run is tagged with by itself."""
    if record is None:
        return frozenset()
    tags = {
        f"date:{time.strftime('%Y-%m-%d', time.gmtime(record.created))}",
        f"flowc_version:{record.flowc}",
        f"python_version:{record.python}",
        f"runtime:{record.target}",
    }
    return frozenset(tags | ({f"user:{record.user}"} if record.user else set()))


def read_tags(store: Store, flow: str, run: str, record: RunRecord | None) -> frozenset[str]:
    """The tags that people gave a run."""
    key = _key(flow, run)
    data = store.get(key)
    if data is None:
        return frozenset(record.tags if record else ())
    return frozenset(members(key, parse_document(key, data, FORMAT), {"tags": "texts"})["tags"])


def change_tags(
    store: Store, flow: str, run: str, record: RunRecord | None, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> frozenset[str]:
    """Take tags from a run and give it others; what it has then.

    To add one of the run's own tags, or to remove one that it does not have, changes nothing.

    Raises:
        TagError: One that is to be removed is the run's own; one that is to be added is no tag, or one too many.
    """
    own = system_tags(record)
    added, removed = checked_tags(add), frozenset(remove)
    if fixed := sorted(removed & own):
        raise TagError(f"the tag {fixed[0]!r} says how the run {run} came about, and cannot be removed")
    before = read_tags(store, flow, run, record)
    after = (before - removed) | (added - own)
    if len(after) > MOST:
        raise TagError(f"the run {run} would have {len(after)} tags, more than the {MOST} allowed")
    if after != before:
        store.put(_key(flow, run), json.dumps({"format": FORMAT, "tags": sorted(after)}).encode())
    return after


def checked_tags(tags: Iterable[str]) -> frozenset[str]:
    """Tags as a set.

    Raises:
        TagError: One is no tag, or there are too many.
    """
    found = list(tags)
    for tag in found:
        if not isinstance(tag, str):
            raise TagError(f"a tag is a text, not {tag!r}")
        if not tag.strip() or len(tag) > LONGEST or not tag.isprintable():
            raise TagError(f"a tag is a printable text of 1 to {LONGEST} characters, not {tag[:60]!r}")
    if len(set(found)) > MOST:
        raise TagError(f"a run has {MOST} tags at the most, not {len(set(found))}")
    return frozenset(found)


def _key(flow: str, run: str) -> str:
    return f"{run_key(flow, run)}/tags.json"
