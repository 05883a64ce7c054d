"""Terraform's own word on its JSON syntax: HashiCorp's parser, through the Go program in `hcl_go`.

In: the text of a `main.tf.json`, and values for what its expressions refer to. Out: its content with every template evaluated.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from validators import tools
from validators.go import Program

_PROGRAM = Program("hcl", "HashiCorp's parser")


def missing() -> str | None:
    """Why the parser cannot be had here, or None. Go is needed only where the program was not built before."""
    return _PROGRAM.missing()


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
    return _PROGRAM.build()
