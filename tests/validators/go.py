"""Validators that are programs in Go, each in a folder beside this file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from validators import tools

_MADE_FROM = ("*.go", "go.mod", "go.sum")
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Program:
    """A program that is built where its source is new.

    Attributes:
        name: Its name; the source is in `NAME_go`.
        what: Whose word it gives, for people.
        shared: Files of another program's folder that it is made of too, as paths from here.
        instead: What in these files stands for something else here.
    """

    name: str
    what: str
    shared: tuple[str, ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict)

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
                with tempfile.TemporaryDirectory() as folder:
                    source = Path(folder, "source")
                    shutil.copytree(self._source(), source)
                    for file in self._shared():
                        text = file.read_text(encoding="utf-8")
                        for old, new in self.instead.items():
                            text = text.replace(old, new)
                        (source / file.name).write_text(text, encoding="utf-8")
                    tools.run(command, cwd=source, env={"GOWORK": "off"})
                for earlier in program.parent.glob(f"{self.name}-????????????????"):
                    earlier.unlink()
                aside.rename(program)
        return program

    def module(self, path: str) -> Path:
        """The folder of a module that the program is built with: its whole content, and not only what is compiled."""
        command = ["go", "list", "-m", "-f", "{{.Dir}}", path]
        tools.run(["go", "mod", "download", path], cwd=self._source(), env={"GOWORK": "off"})
        return Path(tools.run(command, cwd=self._source(), env={"GOWORK": "off"}).strip())

    def requirements(self) -> Path:
        """What says which releases of others it is built with."""
        return self._source() / "go.mod"

    def _source(self) -> Path:
        return _HERE / f"{self.name}_go"

    def _shared(self) -> list[Path]:
        return [_HERE / one for one in self.shared]

    def _path(self) -> Path:
        source = sorted(file for pattern in _MADE_FROM for file in self._source().glob(pattern))
        return tools.cache_folder() / f"{self.name}-{tools.fingerprint(*source, *self._shared(), *self.instead.values())}"
