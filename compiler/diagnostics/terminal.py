"""What a terminal makes of characters: how many cells each takes, which ones must not reach it, and the codes for colours."""

from __future__ import annotations

import unicodedata

from .model import Severity

_JOINERS = "\u200c\u200d"
"""Zero width joiners hold emoji and scripts together; of all format characters only they are let through."""

_COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.HINT: "1;32"}


def printable(text: str) -> str:
    """Text in which each character that would act on a terminal, or reorder what one reads, is one that shows instead.

    Line breaks stay. The result has as many characters as the text.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(one: str) -> str:
    if one == "\n" or one in _JOINERS:
        return one
    match unicodedata.category(one):
        case "Cc":
            return chr(0x2400 + ord(one)) if one < " " else "␡" if one == "\x7f" else "\N{REPLACEMENT CHARACTER}"
        case "Cf" | "Cs" | "Zl" | "Zp":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return one


def cells(text: str) -> int:
    """How many cells a terminal gives to text."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(one: str) -> int:
    if one in _JOINERS or unicodedata.category(one) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1


class Style:
    """Text with a terminal's codes (ECMA-48, select graphic rendition), or as it is."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def severity(self, severity: Severity, text: str) -> str:
        """Red for errors, yellow for warnings, green for hints."""
        return self._set(_COLORS[severity], text)

    def note(self, text: str) -> str:
        """Places that are not at fault."""
        return self._set("1;34", text)

    def gutter(self, text: str) -> str:
        """Line numbers and the frame."""
        return self._set("1;34", text)

    def strong(self, text: str) -> str:
        """Bold."""
        return self._set("1", text)

    def _set(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color and text else text
