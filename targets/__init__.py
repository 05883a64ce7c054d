"""Back ends: from a `Flow` to one platform's documents.

A target is a package with an `emit` function; `TARGETS` names them. It reads the IR and nothing else: no disk, no network, no
clock, so that the same flow and options give the same bytes. What a platform cannot do is a diagnostic at the user's line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias

from ..compiler.diagnostics.model import Report
from ..compiler.ir.nodes import Flow
from ..compiler.limits import Usage
from .options import Options


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a target's output.

    Attributes:
        name: Its file name.
        text: Its text, ending in a newline.
        usages: What it takes of the platform's limits.
        streamed: It is one of a stream of YAML documents, which `flowc compile` prints whole.
    """

    name: str
    text: str
    usages: tuple[Usage, ...] = ()
    streamed: bool = False


def printed(documents: Sequence[Document]) -> str:
    """What `flowc compile` prints of a target's documents: the first, or the stream that they are."""
    streamed = [one.text for one in documents if one.streamed]
    return "---\n".join(streamed) if streamed else documents[0].text


Emit: TypeAlias = Callable[[Flow, Options, Report], tuple[Document, ...]]

TARGETS = ("argo", "sfn")
"""The names that `--target` takes: each a package here, with `emit`."""


def load(name: str) -> Emit:
    """The `emit` of a target: documents for a flow. Of these `flowc compile` prints what `printed` says.

    Faults are added to the report; with errors among them the documents are not to be used. Only the target asked for is
    imported.
    """
    emit: Emit = import_module(f".{name}", __name__).emit
    return emit
