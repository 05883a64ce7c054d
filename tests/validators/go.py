"""Validators that are programs in Go, each in a folder beside this file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from validators import tools

_MADE_FROM = ("*.go", "go.mod", "go.sum")


@dataclass(frozen=True)
class Program:
    """A program that is built where its source is new.

    Attributes:
        name: Its name; the source is in `NAME_go`.
        what: Whose word it gives, for people.
    """

    name: str
    what: str

    def missing(self) -> str | None:
        """Why it cannot be had here, or None. Go is needed only where the program was not built before."""
        if self._path().exists() or shutil.which("go"):
            return None
        return f"Go is not installed, which {self.what} is built with"

    def build(self) -> Path:
        """Its path."""
        program = self._path()
        with tools.only_one(self.name):
            if not program.exists():
                aside = program.with_suffix(".new")
                command: list[str | Path] = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", aside, "."]
                tools.run(command, cwd=self._source(), env={"GOWORK": "off"})
                for old in program.parent.glob(f"{self.name}-????????????????"):
                    old.unlink()
                aside.rename(program)
        return program

    def _source(self) -> Path:
        return Path(__file__).resolve().parent / f"{self.name}_go"

    def _path(self) -> Path:
        source = sorted(file for pattern in _MADE_FROM for file in self._source().glob(pattern))
        return tools.cache_folder() / f"{self.name}-{tools.fingerprint(*source)}"
