"""JSON as people read it and as it is sent: what is short stands on one line.

Step Functions counts spaces and line breaks too, and there would be as much of them as of everything else if each value had a
line of its own.

    {
     "Type": "Pass",
     "Parameters": {"run.$": "$$.Execution.Name", "path": "-", "code": "image"},
     …
"""

from __future__ import annotations

import json
from typing import Final

_SHORT: Final = 160
"""Characters of a list or an object on one line."""
_READABLE: Final = 600_000
"""Characters of a document that is laid out. Of a larger one a quarter would be layout, which nobody reads and AWS counts."""


def to_text(data: object) -> str:
    """The text of a document, ending in a newline."""
    laid_out = _text(data, "\n") + "\n"
    if len(laid_out) <= _READABLE:
        return laid_out
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(data: object, line: str) -> str:
    """A value's text, whose lines begin with `line`: a line break and spaces."""
    match data:
        case dict() if data:
            parts = [f"{json.dumps(key, ensure_ascii=False)}: {_text(value, line + ' ')}" for key, value in data.items()]
            opening, closing = "{}"
        case list() | tuple() if data:
            parts = [_text(value, line + " ") for value in data]
            opening, closing = "[]"
        case _:
            return json.dumps(data, ensure_ascii=False)
    if sum(map(len, parts)) + 2 * len(parts) <= _SHORT and not any("\n" in part for part in parts):
        return f"{opening}{', '.join(parts)}{closing}"
    return f"{opening}{line} {f',{line} '.join(parts)}{line}{closing}"
