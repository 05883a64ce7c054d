"""Artifacts: values, serialized into the store and back. `docs/artifacts.md` says which bytes that makes.

A value becomes a pickle (protocol 5) and, out of band, its large buffers: the memory of an array is hashed and written where it
is, and comes back as a mapping of the file. What is small stands in the manifest, the rest is one object, named by its hash.

values                   save and load one artifact, or all that a task leaves
pickles                  a value as a pickle and buffers, and back
serializers              types that deserve better than pickle; users' own
blobs                    the object: its layout, how it is written and read
hashes                   its name
compression              zstd, where that pays
pages                    the items of a large foreach, a few at a time
ahead                    what a step will read, fetched while it runs
culprits                 why a value cannot be pickled: which part of it, and where it was assigned
"""

from __future__ import annotations

from .pickles import OUT_OF_BAND
from .values import INLINE_LIMIT, Artifacts

__all__ = ["INLINE_LIMIT", "OUT_OF_BAND", "Artifacts"]
