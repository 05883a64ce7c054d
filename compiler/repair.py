"""Repair: from a file with faults to one in which those with a safe answer are gone, and to what was done.

Each round makes the fixes that the compiler's diagnostics carry and compiles again, for a fix may bring to light what another can
mend. A fix is taken back whose result does not parse, or still has the fault: nothing is made worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .diagnostics.fixes import apply_bytes, choose
from .diagnostics.model import Diagnostic, Fix
from .diagnostics.rules.file import UNREADABLE
from .files import NO_FILES, Files
from .given import NOTHING, Given
from .pipeline import Compilation, compile_bytes

ROUNDS = 20
"""More are not needed by any file seen; fixes that undid each other would otherwise go on for ever."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a file.

    Attributes:
        data: The file, repaired.
        fixed: The faults that are gone, in the order in which they went.
    """

    data: bytes
    fixed: tuple[Diagnostic, ...]


def repair_bytes(
    path: str,
    data: bytes,
    class_name: str | None = None,
    files: Files = NO_FILES,
    given: Given = NOTHING,
    *,
    hints: bool = False,
) -> Repair:
    """Make all fixes of a file, as it is on disk; those for other files are left to who repairs these.

    Args:
        hints: Mend what hints are about too.
    """

    def check(text: bytes) -> Compilation:
        return compile_bytes(path, text, class_name, files, given, hints=hints)

    fixed: list[Diagnostic] = []
    refused: set[tuple[str, str, str]] = set()
    compilation = check(data)
    for _ in range(ROUNDS):
        open_ones = [one for one in compilation.diagnostics if fixable_in(one, path) and _key(one) not in refused]
        chosen = _at_once(compilation.source.text, open_ones)
        if not chosen:
            break
        done, data, compilation = _make(check, data, compilation, chosen)
        fixed += done
        made = set(done)
        refused |= {_key(one) for one in chosen if one not in made}
    return Repair(data, tuple(fixed))


def fixable_in(one: Diagnostic, path: str) -> bool:
    """Whether a fault has a fix, in this file."""
    return one.fix is not None and all(edit.span.path == path for edit in one.fix.edits)


def _key(one: Diagnostic) -> tuple[str, str, str]:
    """A fault whatever line it stands on by now."""
    return (one.rule.code, one.message, one.fix.title if one.fix else "")


def _at_once(text: str, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The faults whose fixes can be made together. Several faults may have one and the same fix."""
    fixes = set(choose(text, _fixes(diagnostics)))
    return [one for one in diagnostics if one.fix in fixes]


def _fixes(diagnostics: Sequence[Diagnostic]) -> list[Fix]:
    return [one.fix for one in diagnostics if one.fix is not None]


def _make(
    check: Callable[[bytes], Compilation], data: bytes, before: Compilation, chosen: list[Diagnostic]
) -> tuple[list[Diagnostic], bytes, Compilation]:
    """Make fixes; where that is no good, find by halves the ones that are to blame."""
    accepted: list[Diagnostic] = []
    result, compilation = data, before
    pending = [chosen]
    while pending:
        group = pending.pop()
        attempt = [*accepted, *group]
        try:
            text = apply_bytes(data, _fixes(attempt))
        except (UnicodeError, SyntaxError, LookupError):  # cannot be written back in its encoding
            text = data
        after = check(text) if text != data else before
        if _better(before, after, attempt):
            accepted, result, compilation = attempt, text, after
        elif len(group) > 1:
            middle = len(group) // 2
            pending += [group[middle:], group[:middle]]
    return accepted, result, compilation


def _better(before: Compilation, after: Compilation, made: Sequence[Diagnostic]) -> bool:
    """Whether the file still parses, and of each kind of fault there are fewer by those that were fixed."""
    left = Counter((one.rule.code, one.message) for one in after.diagnostics)
    had = Counter((one.rule.code, one.message) for one in before.diagnostics)
    gone = Counter((one.rule.code, one.message) for one in made)
    parses = not any(one.rule in UNREADABLE for one in after.diagnostics)
    return parses and all(left[kind] <= had[kind] - count for kind, count in gone.items())
