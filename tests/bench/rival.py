"""Metaflow, as it is measured beside flowc."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

USER = {"METAFLOW_USER": "bench"}
"""Without a name of the user's it does nothing."""
VERSION = "2.19.39"
"""What is installed where METAFLOW_PYTHON names no Metaflow."""
_HOME = Path(__file__).parent.parent.parent / "build" / f"metaflow-{VERSION}"


@dataclass(frozen=True)
class Metaflow:
    """A Python that has Metaflow."""

    python: str
    version: str

    def __str__(self) -> str:
        return f"Metaflow {self.version}"


def find_metaflow() -> tuple[Metaflow | None, str]:
    """A Metaflow, or why there is none."""
    own = os.environ.get("METAFLOW_PYTHON")
    if own:
        version = _version(own)
        return (Metaflow(own, version), "") if version else (None, f"{own} cannot import it")
    python = str(_HOME / "bin" / "python")
    if not _version(python):
        print(f"installing Metaflow {VERSION} into {_HOME.relative_to(_HOME.parent.parent)}", flush=True)
        packages = [f"metaflow=={VERSION}", "numpy", "boto3", "kubernetes"]
        for command in ([sys.executable, "-m", "venv", str(_HOME)], [python, "-m", "pip", "install", "--quiet", *packages]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return None, f"it cannot be installed ({(done.stderr.strip().splitlines() or ['no reason given'])[-1]})"
    version = _version(python)
    return (Metaflow(python, version), "") if version else (None, "it is installed, and cannot be imported")


def _version(python: str) -> str | None:
    try:
        done = subprocess.run(
            [python, "-c", "import metaflow; print(metaflow.__version__)"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.split()[-1] if done.returncode == 0 else None
