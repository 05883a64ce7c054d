"""What becomes of a file: its new text, and what is left in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """Something of Metaflow's that stays as it is.

    Attributes:
        line: Where, from 1, in the new text.
        column: In characters, from 1.
        message: What it is.
        help: What to do about it, or "".
    """

    line: int
    column: int
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of a file.

    Attributes:
        text: All of it, as it is to be.
        leftovers: By place.
        imports: How many import statements were turned.
        commands: How many command lines were.
    """

    text: str
    leftovers: tuple[Leftover, ...]
    imports: int = 0
    commands: int = 0
