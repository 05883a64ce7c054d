"""What the compiler may read beside the file it is given: first-party modules that a flow imports, files that a `Config` names.

The compiler itself opens nothing. Whoever calls it hands in a `Files`: the command line one that reads the disk, an editor one
that prefers what is open and not yet saved, a test a dictionary.
"""

from __future__ import annotations

from typing import Final, Protocol


class Files(Protocol):
    """Files by path. Paths are joined to the folder of the flow's own path, as it was given, with `/` between the parts."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where there is none that can be read."""
        ...


class _NoFiles:
    def read(self, path: str) -> bytes | None:
        return None


NO_FILES: Final[Files] = _NoFiles()
"""There is nothing but the file itself."""
