"""Data files that a package takes along: what `--include` matches in the flow's folder.

    data/*.csv     files by pattern; ** goes through folders
    models         a folder, with all that is in it

A wildcard, and a folder, leave out what begins with a dot, what Python compiled, and virtual environments.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .output import Unusable

SECRETS = frozenset(".env .netrc .pypirc .aws .azure .ssh .kube .docker .gnupg .git-credentials".split())
"""What must not be in a package, whose readers are all who may read the datastore."""
_HISTORY = frozenset({".git", ".hg", ".svn"})


def included(home: Path, patterns: Sequence[str]) -> dict[str, str]:
    """The files that patterns match, by their path from the flow's folder, each with its pattern.

    Raises:
        Unusable: A pattern matches nothing, leads out of the folder, or names what must not be in a package.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        parts = pattern.replace(os.sep, "/").split("/")
        if not pattern.strip() or Path(pattern).is_absolute() or ".." in parts or pattern.startswith("~"):
            raise Unusable(f"--include {pattern or repr(pattern)}: patterns start in the flow's folder, and stay in it")
        files = [
            file
            # Not by `Path.glob`, for which a wildcard also stands for what begins with a dot.
            for match in sorted(glob.glob(pattern, root_dir=home, recursive=True))  # noqa: PTH207
            for file in _files(home, os.path.normpath(match), pattern)
        ]
        if not files:
            raise Unusable(f"--include {pattern} matches no file in {home}")
        for file in files:
            found.setdefault(file.replace(os.sep, "/"), pattern)
    return found


def _files(home: Path, name: str, pattern: str) -> Iterator[str]:
    """A file, or those in a folder; the links among them lead to what is in the flow's folder too."""
    pending, seen = [name], set[Path]()
    while pending:
        name = pending.pop()
        path, parts = home / name, Path(name).parts
        if bad := _HISTORY.intersection(parts):
            raise Unusable(f"--include {pattern}: {min(bad)} is not part of a package")
        if any(one in SECRETS or one.startswith(".env.") for one in parts):
            raise Unusable(
                f"--include {pattern}: {name} is a place of secrets, which everybody who reads the datastore could read: "
                "hand them to tasks by the environment, or by @secrets"
            )
        real = _real(path, home, name, pattern)
        if not real.is_dir():
            if not real.is_file():
                raise Unusable(f"--include {pattern}: {name} is not a file")
            if "__pycache__" not in parts and not name.endswith((".pyc", ".pyo")):
                yield name
        elif real not in seen and not (real / "pyvenv.cfg").exists():
            seen.add(real)  # a link may lead back
            try:
                inner = sorted((one.name for one in os.scandir(path)), reverse=True)
            except OSError as error:
                raise Unusable(f"cannot read {path}: {error.strerror}") from None
            pending += [os.path.join(name, one) for one in inner if not one.startswith(".") and one != "__pycache__"]  # noqa: PTH118


def _real(path: Path, home: Path, name: str, pattern: str) -> Path:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        why = error.strerror if isinstance(error, OSError) else "its links go in a circle"
        raise Unusable(f"--include {pattern}: cannot read {name}: {why}") from None
    if not real.is_relative_to(home.resolve()):
        raise Unusable(f"--include {pattern}: {name} is a link that leads out of the flow's folder: put a copy there")
    return real
