"""Argo's own word on a manifest: strict decoding, package `workflow/validate` and the parsers of Argo's two expression languages,
through the Go programs in `argo_go` and `argo4_go`: those of releases 3.7 and 4.0.

In: paths of YAML files. Out: a `Problem` for each document that Argo would refuse; none is good news.

What Argo's validator does not look at is in `dangling`, handed on from here: names inside expressions, arguments that no template
asked for, workflow parameters that a WorkflowTemplate has not got, `when` and `withSequence` on a task that is not waited for,
unused templates, and the limits of v4's schema.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from validators import tools
from validators.argo_dangling import dangling
from validators.go import Program

__all__ = ["VERSIONS", "Problem", "dangling", "missing", "validate"]

V3 = Program("argo", "the validator of Argo 3.7")
V4 = Program(
    "argo4",
    "the validator of Argo 4.0",
    shared=("argo_go/main.go", "argo_go/expressions.go"),
    instead={"argo-workflows/v3": "argo-workflows/v4"},
)
VERSIONS = {"3.7": V3, "4.0": V4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A document that Argo refuses.

    Attributes:
        file: the path, as it was given.
        index: which document of the file, from 0.
        kind: as the document says it, "" if it could not be read.
        name: `metadata.name`, likewise.
        error: Argo's message; it stops at the first fault of a document.
    """

    file: str
    index: int
    kind: str
    name: str
    error: str


def missing() -> str | None:
    """Why Argo's validator cannot be had here, or None. Go is needed only where the program was not built before."""
    return next((why for program in VERSIONS.values() if (why := program.missing())), None)


def validate(files: Sequence[Path], version: str = "3.7") -> list[Problem]:
    """Check all documents of all files in one process; they may refer to one another's WorkflowTemplates.

    Raises `RuntimeError` where the program could not be built or did not answer for every file.
    """
    if not files:
        return []
    lines = tools.run([VERSIONS[version].build(), *files], good=(0, 1)).splitlines()
    verdicts = [json.loads(line) for line in lines]
    if unheard := {str(file) for file in files} - {verdict["file"] for verdict in verdicts}:
        raise RuntimeError(f"no word on {sorted(unheard)}")
    return [
        Problem(file=one["file"], index=one["index"], kind=one["kind"], name=one["name"], error=one["error"])
        for one in verdicts
        if not one["ok"]
    ]
