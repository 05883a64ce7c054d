"""What may come next: steps after `self.` in `self.next(…)`, artifacts in its strings, decorators after `@`.

The text is seldom Python while someone types, so what stands before the cursor is looked at as text; which names there are, comes
from the flow as it was last understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsprotocol import types

from ...compiler.frontend.decorator_table import FLOW_DECORATORS, STEP_DECORATORS
from .outline import Outline, doc_line

TRIGGERS = (".", "@", '"', "'")

_BACK = 40
"""Lines above the cursor in which the call's beginning is looked for."""

_NEXT = re.compile(r"\b(\w+)\.next\(")
_TARGET = re.compile(r"\b(\w+)\.\w*$")
_NAMING = re.compile(r"\b(?:foreach|condition)\s*=\s*[\"']\w*$")
_DECORATOR = re.compile(r"^\s*@\w*$")


def complete(outlines: Sequence[Outline], lines: Sequence[str], line: int, column: int) -> list[types.CompletionItem]:
    """What may be written at a place."""
    if not outlines or line > len(lines):
        return []
    text = lines[line - 1][: column - 1]
    if _DECORATOR.match(text):
        return _decorators(indented=text[:1].isspace())
    before = "\n".join([*lines[max(line - 1 - _BACK, 0) : line - 1], text])
    call = _open_call(before)
    if call is None:
        return []
    if _NAMING.search(text):
        return _artifacts(outlines)
    target = _TARGET.search(text)
    if target is not None and target[1] == call:
        return _steps(outlines)
    return []


def _open_call(text: str) -> str | None:
    """What `next` is called on in the last call of it, where that is not closed yet."""
    calls = list(_NEXT.finditer(text))
    if not calls:
        return None
    depth = 1
    for one in re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|#.*", "", text[calls[-1].end() :]):
        depth += (one in "([{") - (one in ")]}")
        if depth == 0:
            return None
    return calls[-1][1]


def _steps(outlines: Sequence[Outline]) -> list[types.CompletionItem]:
    found: dict[str, types.CompletionItem] = {}
    for outline in outlines:
        for name in outline.definition.steps:
            member = outline.member(name)
            about = next(iter(doc_line(member)), None) if member is not None else None
            if name != outline.definition.ends.start:
                kind = types.CompletionItemKind.Method
                found[name] = types.CompletionItem(name, kind=kind, detail="step", documentation=about)
    return list(found.values())


def _artifacts(outlines: Sequence[Outline]) -> list[types.CompletionItem]:
    written = {one.name: None for outline in outlines for one in outline.mentions if one.role.writes}
    written |= {one.attribute: None for outline in outlines for one in outline.definition.parameters}
    return [types.CompletionItem(name, kind=types.CompletionItemKind.Field) for name in sorted(written)]


def _decorators(*, indented: bool) -> list[types.CompletionItem]:
    """Those of steps within a class, those of flows above one."""
    names = ["step", *STEP_DECORATORS] if indented else FLOW_DECORATORS
    return [types.CompletionItem(name, kind=types.CompletionItemKind.Function) for name in names]
