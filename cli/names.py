"""Which names a flow's file may have. Imports next to nothing: beside a file `click.py`, Python would import that for click."""

from __future__ import annotations

import os
import sys

OWN = frozenset({"flowc", "metaflow", "click", "yaml", "jinja2"})
"""What flowc itself imports, besides Python's own modules."""


def unusable_name(path: str) -> str | None:
    """Why a file with this name cannot be a flow's, or None.

    A run imports the file as a module of its own name, with its folder as the first on `sys.path`: whoever imports `random`
    would get a flow `random.py`.
    """
    stem, suffix = os.path.splitext(os.path.basename(path))  # noqa: PTH119, PTH122  # see above: as few imports as can be
    if suffix == ".ipynb":
        return notebook(path)
    if suffix != ".py":
        return f"the name of a flow's file ends in .py, unlike {path}: rename the file"
    name = stem.replace(".", "_")
    if name in OWN or name in sys.stdlib_module_names:
        whose = "that flowc imports" if name in OWN else "of Python's own"
        return f"{path} has the name of a module {whose}, `{name}`, which a run would hide: rename the file"
    return None


def notebook(path: str) -> str:
    """What to do with a notebook."""
    return f"{path} is a notebook: export its code as a file that ends in .py (jupyter nbconvert --to script)"
