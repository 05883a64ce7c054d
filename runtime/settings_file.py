"""The settings file: the nearest `flowc.toml`, or `pyproject.toml` with a table `[tool.flowc]`, in a folder or one above it.

Here is only where it is found; what may stand in it, the command line knows.
"""

from __future__ import annotations

import os
from pathlib import Path


def nearest_table(folder: Path) -> tuple[Path, object] | None:
    """The nearest file that has settings, as a path from the current folder, and what stands in it for flowc.

    Raises:
        ValueError: The file is no TOML.
        OSError: The folder cannot be found.
    """
    nearest = folder.resolve()
    for one in (nearest, *nearest.parents):
        for name in ("flowc.toml", "pyproject.toml"):
            file = Path(os.path.relpath(one / name))
            table = _table(file)
            if table is not None:
                return file, table
    return None


def _table(file: Path) -> object:
    """flowc's part of a settings file, or None where there is none."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    whole = file.name == "flowc.toml"
    if not whole and b"flowc" not in data:
        return None  # Without importing a parser for the many projects that have no settings.
    import tomllib

    try:
        content: dict[str, object] = tomllib.loads(data.decode())
    except ValueError as error:  # Both UnicodeDecodeError and TOMLDecodeError
        raise ValueError(f"{file} is no TOML: {error}") from None
    if whole:
        return content
    tool = content.get("tool")
    return tool.get("flowc") if isinstance(tool, dict) else None
