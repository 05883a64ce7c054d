"""npm's `asl-validator` over state machine definitions: Amazon States Language's schema, JSON paths, ARNs and transitions.

In: paths of JSON files. Out: a `Problem` for each definition that it refuses; none is good news.

`dangling`, handed on from here, is a second opinion of our own on names and transitions, and finds what the schema has no words
for: states that cannot be reached or cannot end, names over 80 characters. Task parameters are looked at in `service`.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from validators import tools
from validators.asl_dangling import dangling

__all__ = ["Problem", "dangling", "missing", "validate"]

_PACKAGE = "asl-validator@4.0.0"
_SCRIPT = Path(__file__).resolve().with_suffix(".mjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A definition that the validator refuses.

    Attributes:
        file: the path, as it was given.
        errors: one message for each fault.
    """

    file: str
    errors: tuple[str, ...]


def missing() -> str | None:
    """Why the validator cannot be had here, or None. npm is needed only where the package was not installed before."""
    if not shutil.which("node"):
        return "node is not installed, which asl-validator runs on"
    if not _folder().exists() and not shutil.which("npm"):
        return "npm is not installed, which asl-validator comes from"
    return None


def validate(files: Sequence[Path]) -> list[Problem]:
    """Check all definitions in one node process.

    Raises `RuntimeError` where the package could not be installed or node did not answer for every file.
    """
    if not files:
        return []
    names = [str(file) for file in files]
    verdicts = json.loads(tools.run(["node", _SCRIPT, install()], text=json.dumps(names)))
    if [verdict["file"] for verdict in verdicts] != names:
        raise RuntimeError("the validator did not answer for every file")
    return [Problem(file=one["file"], errors=tuple(one["errors"])) for one in verdicts if one["errors"]]


def install() -> Path:
    """The folder that holds the package's node_modules, installed if it is not there: some 2 s."""
    folder = _folder()
    with tools.only_one("asl"):
        if not folder.exists():
            aside = folder.with_suffix(".new")
            aside.mkdir(exist_ok=True)
            # Without a package.json here npm would look for one in the folders above.
            (aside / "package.json").write_text('{"private": true}\n')
            tools.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", _PACKAGE], cwd=aside)
            aside.rename(folder)
    return folder


def _folder() -> Path:
    return tools.cache_folder() / f"asl-{tools.fingerprint(_PACKAGE)}"
