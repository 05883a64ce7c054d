"""The schema of SARIF 2.1.0, as Microsoft's npm package `@microsoft/jest-sarif` brings it, over a log.

In: the text of a log. Out: what the schema refuses; nothing is good news.
"""

import json
import shutil
from pathlib import Path

from validators import tools

_PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
_SCRIPT = Path(__file__).resolve().with_suffix(".mjs")


def missing() -> str | None:
    """Why the schema cannot be had here, or None. npm is needed only where the package was not installed before."""
    if not shutil.which("node"):
        return "node is not installed, which checks the schema of SARIF"
    if not _folder().exists() and not shutil.which("npm"):
        return "npm is not installed, which the schema of SARIF comes from"
    return None


def validate(text: str) -> list[str]:
    """What the schema refuses; raises `RuntimeError` where the package could not be installed."""
    faults: list[str] = json.loads(tools.run(["node", _SCRIPT, _install()], text=text))
    return faults


def _install() -> Path:
    folder = _folder()
    with tools.only_one("sarif"):
        if not folder.exists():
            aside = folder.with_suffix(".new")
            aside.mkdir(exist_ok=True)
            # Without a package.json here npm would look for one in the folders above.
            (aside / "package.json").write_text('{"private": true}\n')
            tools.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", _PACKAGE], cwd=aside)
            aside.rename(folder)
    return folder


def _folder() -> Path:
    return tools.cache_folder() / f"sarif-{tools.fingerprint(_PACKAGE)}"
