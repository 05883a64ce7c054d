"""Terraform's own word on its JSON syntax: HashiCorp's parser, through the Go program in `hcl_go`.

In: the text of a `main.tf.json`, and values for what its expressions refer to. Out: its content with every template evaluated.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from validators import tools

_SOURCE = Path(__file__).resolve().parent / "hcl_go"
_MADE_FROM = ("*.go", "go.mod", "go.sum")


def missing() -> str | None:
    """Why the parser cannot be had here, or None. Go is needed only where the program was not built before."""
    if _program().exists() or shutil.which("go"):
        return None
    return "Go is not installed, which HashiCorp's parser is built with"


def evaluate(configuration: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a configuration, evaluated.

    Args:
        configuration: The file's text.
        values: What `var`, `local`, `data` and the names of resources stand for.

    Raises `RuntimeError` with what the parser says where it is no configuration.
    """
    found: dict[str, Any] = json.loads(tools.run([build()], text=json.dumps({"configuration": configuration, "values": values})))
    return found


def build() -> Path:
    """The program's path, built if its source is new."""
    program = _program()
    with tools.only_one("hcl"):
        if not program.exists():
            aside = program.with_suffix(".new")
            tools.run(["go", "build", "-trimpath", "-ldflags=-s -w", "-o", aside, "."], cwd=_SOURCE, env={"GOWORK": "off"})
            for old in program.parent.glob("hcl-????????????????"):
                old.unlink()
            aside.rename(program)
    return program


def _program() -> Path:
    source = sorted(file for pattern in _MADE_FROM for file in _SOURCE.glob(pattern))
    return tools.cache_folder() / f"hcl-{tools.fingerprint(*source)}"
