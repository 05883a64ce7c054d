"""Metaflow and Hera, as they are measured beside flowc."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

USER = {"METAFLOW_USER": "bench"}
"""Without a name of the user's Metaflow does nothing."""
VERSION = "2.19.39"
"""What is installed where METAFLOW_PYTHON names no Metaflow."""
HERA_VERSION = "7.1.0"
"""What is installed where HERA_PYTHON names no Hera."""
_BUILD = Path(__file__).parent.parent.parent / "build"
_ASK_HERA = "import importlib.metadata, hera.workflows; print(importlib.metadata.version('hera'))"


@dataclass(frozen=True)
class Metaflow:
    """A Python that has Metaflow."""

    python: str
    version: str

    def __str__(self) -> str:
        return f"Metaflow {self.version}"


@dataclass(frozen=True)
class Hera:
    """A Python that has Hera."""

    python: str
    version: str


def find_metaflow() -> tuple[Metaflow | None, str]:
    """A Metaflow, or why there is none."""
    packages = (f"metaflow=={VERSION}", "numpy", "boto3", "kubernetes")
    found, why = _find("METAFLOW_PYTHON", f"metaflow-{VERSION}", packages, "import metaflow; print(metaflow.__version__)")
    return (Metaflow(*found) if found else None), why


def find_hera() -> tuple[Hera | None, str]:
    """A Hera, or why there is none."""
    found, why = _find("HERA_PYTHON", f"hera-{HERA_VERSION}", (f"hera=={HERA_VERSION}", "PyYAML"), _ASK_HERA)
    return (Hera(*found) if found else None), why


def _find(variable: str, name: str, packages: tuple[str, ...], ask: str) -> tuple[tuple[str, str] | None, str]:
    """A Python that can import something, and the version of that; installed below `build/` where the variable names none."""
    own = os.environ.get(variable)
    if own:
        version = _version(own, ask)
        return ((own, version), "") if version else (None, f"{own} cannot import it")
    home = _BUILD / name
    python = str(home / "bin" / "python")
    if not _version(python, ask):
        print(f"installing {packages[0]} into {home.relative_to(_BUILD.parent)}", flush=True)
        for command in ([sys.executable, "-m", "venv", str(home)], [python, "-m", "pip", "install", "--quiet", *packages]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return None, f"it cannot be installed ({(done.stderr.strip().splitlines() or ['no reason given'])[-1]})"
    version = _version(python, ask)
    return ((python, version), "") if version else (None, "it is installed, and cannot be imported")


def _version(python: str, ask: str) -> str | None:
    try:
        done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.split()[-1] if done.returncode == 0 else None
