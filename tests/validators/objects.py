"""What an API server says of a manifest, and what Argo Events does with one, through the Go program in `objects_go`.

`validate` holds documents to the CustomResourceDefinitions of Argo 3.7, Argo 4.0 and Argo Events, of the full kind, by
Kubernetes' own code: unknown fields, values, rules. The definitions are part of the Go modules whose validators `argo` runs.
`fire` gives events to a Sensor.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from validators import argo, tools
from validators.go import Program

PROGRAM = Program("objects", "the check of manifests by their definitions")
_DEFINITIONS = {
    "argo-3.7": (argo.V3, "github.com/argoproj/argo-workflows/v3", "manifests/base/crds/full"),
    "argo-4.0": (argo.V4, "github.com/argoproj/argo-workflows/v4", "manifests/base/crds/full"),
    "argo-events": (PROGRAM, "github.com/argoproj/argo-events", "manifests/base/crds"),
}
"""By the name of a folder: whose module has them, and where."""
_KINDS = ("workflowtemplates", "cronworkflows", "workflows", "sensors", "eventsources")


def missing() -> str | None:
    """Why it cannot be had here, or None."""
    if why := PROGRAM.missing():
        return why
    if shutil.which("go") or all((_folder() / name).exists() for name in _DEFINITIONS):
        return None
    return "Go is not installed, by which the definitions are fetched"


@cache
def definitions() -> tuple[Path, ...]:
    """The folders with definitions; made if they are not there."""
    with tools.only_one("definitions"):
        for name, (program, module, inside) in _DEFINITIONS.items():
            if (folder := _folder() / name).exists():
                continue
            aside = folder.with_suffix(".new")
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            for kind in _KINDS:
                for file in (program.module(module) / inside).glob(f"argoproj.io_{kind}.yaml"):
                    (aside / file.name).write_bytes(file.read_bytes())
            aside.rename(folder)
    return tuple(_folder() / name for name in _DEFINITIONS)


def _folder() -> Path:
    """Beside the programs, by what says which releases they are of."""
    said = [program.requirements() for program, _, _ in _DEFINITIONS.values()]
    return tools.cache_folder() / f"definitions-{tools.fingerprint(*said)}"


def validate(files: Sequence[Path]) -> list[argo.Problem]:
    """Check all documents of all files in one process."""
    if not files:
        return []
    flags = [word for folder in definitions() for word in ("-crds", str(folder))]
    lines = tools.run([PROGRAM.build(), *flags, *files], good=(0, 1)).splitlines()
    verdicts = [json.loads(line) for line in lines]
    if unheard := {str(file) for file in files} - {verdict["file"] for verdict in verdicts}:
        raise RuntimeError(f"no word on {sorted(unheard)}")
    return [
        argo.Problem(file=one["file"], index=one["index"], kind=one["kind"], name=one["name"], error=one["error"])
        for one in verdicts
        if not one["ok"]
    ]


@dataclass(frozen=True, slots=True)
class Fired:
    """What comes of events.

    Attributes:
        passed: Which of them, by dependency, are those that are waited for.
        created: The object that the trigger makes, or None: not all of them are.
    """

    passed: Mapping[str, bool]
    created: Mapping[str, Any] | None


def fire(sensor: Path, trigger: str, events: Mapping[str, tuple[str, object]]) -> Fired:
    """What a trigger of a Sensor does when these events have come: by dependency, their ids and what they say."""
    call = {"trigger": trigger, "events": {name: {"id": id, "data": data} for name, (id, data) in events.items()}}
    done = subprocess.run(
        [PROGRAM.build(), "fire", sensor], input=json.dumps(call), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    # Argo Events itself prints, too, what goes wrong in a template.
    answer = json.loads(done.stdout.splitlines()[-1])
    return Fired(answer["passed"], answer["object"])


def readings(file: Path) -> tuple[Any, Any]:
    """What is in a file of one document: as kubectl reads it, in YAML 1.1, and as a reader of YAML 1.2 does."""
    one, two = json.loads(tools.run([PROGRAM.build(), "read", file]))
    return one, two
