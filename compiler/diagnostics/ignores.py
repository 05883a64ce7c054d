"""`# flowc: ignore[CODE, CODE2]`: judgements that a person overrules, at their place.

    self.next(self.use)    # flowc: ignore[FC702]

A comment counts for diagnostics whose place begins on its own line. At the end of the first line of a statement that goes on
below, it counts for the whole statement. Only judgements can be silenced: of a fault of structure nothing would be left to
compile. A comment that silences nothing is reported in its turn, lest it hide a fault of tomorrow.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..similar import did_you_mean
from ..source import Source, Span
from .model import IGNORE, Diagnostic, Edit, Fix, Report, Severity
from .rules import RULES
from .rules.file import USELESS_IGNORE

_DIRECTIVE = re.compile(rf"#\s*{IGNORE}(?:\s*\[([^\]]*)\])?")
_CODES = {rule.code: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment.

    Attributes:
        comment: All of the comment, of which it may be a part.
        place: The words themselves.
        codes: What stands between the brackets, each with its place.
        lines: The lines of its statement, if that begins on the comment's line; else the comment's own.
    """

    comment: Span
    place: Span
    codes: tuple[tuple[str, Span], ...]
    lines: range


def silence(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> tuple[Diagnostic, ...]:
    """The diagnostics that no comment of their files overrules."""
    return _silence(diagnostics, sources)[0]


def silence_and_judge(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> tuple[Diagnostic, ...]:
    """The same, with a warning for each comment that is mistaken, or that silences nothing.

    What silences nothing is known only where the whole flow was checked, and never of what only some target says.
    """
    left, ignores, used = _silence(diagnostics, sources)
    if not ignores:
        return left
    report = Report(list(left))
    checked = not report.failed
    for source, ignore in ignores:
        _judge(report, source, ignore, used, checked)
    return report.sorted()


def _silence(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]
) -> tuple[tuple[Diagnostic, ...], list[tuple[Source, Ignore]], set[Span]]:
    """What is left, all comments, and the places of the codes that silenced something."""
    ignores = [(source, one) for source in sources.values() if IGNORE in source.text for one in read_ignores(source)]
    by_line: dict[tuple[str, int, str], list[Span]] = {}
    for source, ignore in ignores:
        for code, span in ignore.codes:
            if code in _CODES and _CODES[code].ignorable:
                for line in ignore.lines:
                    by_line.setdefault((source.path, line, code), []).append(span)
    used: set[Span] = set()
    left: list[Diagnostic] = []
    for one in diagnostics:
        place = one.primary.span
        found = by_line.get((place.path, place.line, one.rule.code), [])
        used.update(found)
        if not found:
            left.append(one)
    return tuple(left), ignores, used


def read_ignores(source: Source) -> Iterator[Ignore]:
    """The comments of a file that say it. None where the file is not Python, which is reported elsewhere."""
    text = "\n".join(source.lines)
    waiting: list[tokenize.TokenInfo] = []
    first = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                if IGNORE in token.string:
                    waiting.append(token)
            elif token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                for comment in waiting:
                    number = comment.start[0]
                    whole = number == first < token.start[0]
                    yield from _ignores(source, comment, range(number, (token.start[0] if whole else number) + 1))
                waiting, first = [], 0
            elif not first and token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return


def _ignores(source: Source, comment: tokenize.TokenInfo, lines: range) -> Iterator[Ignore]:
    line, column = comment.start[0], comment.start[1] + 1
    for match in _DIRECTIVE.finditer(comment.string):
        start = column + match.start()
        codes = [
            (one[0], source.at(line, column + match.start(1) + one.start(), len(one[0])))
            for one in re.finditer(r"[^\s,]+", match[1] or "")
        ]
        yield Ignore(source.at(line, column, len(comment.string)), source.at(line, start, len(match[0])), tuple(codes), lines)


def _judge(report: Report, source: Source, ignore: Ignore, used: set[Span], checked: bool) -> None:
    """Report what is wrong with a comment, once."""
    if not ignore.codes:
        report.add(
            USELESS_IGNORE,
            "the comment does not say what to ignore",
            ignore.place,
            help="name the codes: `# flowc: ignore[FC702]`",
        )
        return
    good: list[str] = []
    bad: list[tuple[Span, str, str, str]] = []
    for code, span in ignore.codes:
        rule = _CODES.get(code)
        if rule is None:
            guess = did_you_mean(code, _CODES)
            help = f"did you mean `{guess}`?" if guess else "`flowc explain` lists all codes"
            bad.append((span, f"there is no code `{code}`", "unknown", help))
        elif not rule.ignorable:
            help = "mend the fault; only warnings, hints and findings about data can be ignored"
            bad.append((span, f"{code} ({rule.name}) cannot be ignored", "an error of structure", help))
        elif span in used or not checked or code.startswith("FC6"):
            good.append(code)
        else:
            what = "hint" if rule.severity is Severity.HINT else "fault"
            bad.append((span, f"there is no {what} {code} ({rule.name}) to ignore here", "silences nothing", "take it away"))
    fix = _without(source, ignore, good)
    for span, message, label, help in bad:
        report.add(USELESS_IGNORE, message, span, label, help=help, fix=fix)


def _without(source: Source, ignore: Ignore, good: Sequence[str]) -> Fix:
    """Leave only codes that do something; without any, take the comment away, but not what else it says."""
    if good:
        return Fix("Ignore what there is", (Edit(ignore.place, f"# flowc: ignore[{', '.join(good)}]"),))
    comment, place = ignore.comment, ignore.place
    text = source.lines[comment.line - 1]
    before = text[comment.column - 1 : place.column - 1].rstrip()
    after = text[place.end_column - 1 : comment.end_column - 1].strip()
    rest = "  ".join(filter(None, [before, after if before or after.startswith("#") or not after else f"# {after}"]))
    code = text[: comment.column - 1].rstrip()
    if rest:
        edit = Edit(comment, rest)
    elif code or comment.line == len(source.lines):
        edit = Edit(source.at(comment.line, len(code) + 1, comment.end_column - len(code) - 1), "")
    else:
        edit = Edit(Span(path=comment.path, line=comment.line, column=1, end_line=comment.line + 1, end_column=1), "")
    return Fix("Take the comment away", (edit,))
