"""Guesses at what a person meant by a name that there is not.

Names are near when few slips of the pen lead from one to the other: a character too many, missing, or another one, or two
neighbours swapped (Damerau and Levenshtein's distance, as optimal string alignment). Upper and lower case count as the same.

    near("trian", ["start", "train", "end"])   →   ("train",)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 60
"""Names longer than this are not compared: the work grows with the square of their length."""

MANY = 1000
"""Among more names than this only those are near that differ in case: each guess looks at all of them."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name that is nearest, or None where none is near. Of several equally near ones the first in the alphabet."""
    return next(iter(near(name, known)), None)


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """All known names that are near, the nearest first. Of those that differ only in case, as `step` and `Step`, the nearer."""
    given = name.lower()
    if not given or len(given) > LONGEST:
        return ()
    among = frozenset(known)
    if len(among) > MANY:
        return _by_lower(among).get(given, ())
    found = [(slips, one) for one in among if (slips := _slips(given, one.lower())) is not None]
    nearest: dict[str, int] = {}
    for _, one in found:
        lower = one.lower()
        nearest[lower] = min(_distance(name, one), nearest.get(lower, LONGEST + 1))
    return tuple(one for _, one in sorted(found) if _distance(name, one) == nearest[one.lower()])


@lru_cache(maxsize=4)
def _by_lower(among: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Many names in lower case, with what each stands for; made once for all the guesses that a file wants."""
    found: dict[str, list[str]] = {}
    for one in sorted(among):
        found.setdefault(one.lower(), []).append(one)
    return {lower: tuple(names) for lower, names in found.items()}


def _slips(given: str, other: str) -> int | None:
    """How many slips are between two names, or None where that is more than a person makes."""
    longer = max(len(given), len(other))
    most = max(1, longer // 3)
    if longer > LONGEST or abs(len(given) - len(other)) > most:
        return None
    if given == other:
        return 0
    if len(given) == len(other) and _letters(given) == _letters(other):
        return None  # `part1` and `part2` are two names, not one and a slip
    slips = _distance(given, other)
    # Most of a name must have been meant: `a` is no slip for `b`.
    return slips if slips <= most and 2 * slips < longer else None


def _letters(name: str) -> str:
    return re.sub(r"\d+", "", name)


def _distance(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                slips = min(slips, last[j - 2] + 1)
            row.append(slips)
    return row[-1]
