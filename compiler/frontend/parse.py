"""From a file's bytes to its syntax, or to a diagnostic that says why it has none."""

from __future__ import annotations

import ast
import re
import warnings

from ..diagnostics.model import Report
from ..diagnostics.rules import file as rules
from ..source import Source, Span


def decode(path: str, data: bytes, report: Report) -> Source | None:
    """The text of a file."""
    try:
        return Source.decode(path, data)
    except (UnicodeError, LookupError, SyntaxError) as error:  # LookupError: an encoding that is not one of text, such as zip
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else 1
        place = Source(path, data.decode("latin-1")).at(line, 1)
        report.add(rules.UNDECODABLE, "the file is not text in its encoding", place, str(error), help="save it as UTF-8")
        return None


def parse(source: Source, report: Report) -> ast.Module | None:
    """The syntax of a file."""
    tree = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and the like are a linter's business
            tree = ast.parse(source.text, source.path)
            # The parser lets pass what only the compiler refuses, such as `return` outside of a function. Nothing is run.
            compile(tree, source.path, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        message = re.sub(r" \(<?[^()]*, line \d+\)$", "", error.msg).partition("\n")[0]
        # The parser counts columns in characters, the compiler, which has only the tree, in bytes.
        report.add(rules.SYNTAX_ERROR, f"the file does not parse: {message}", _place(source, error, in_bytes=tree is not None))
    except ValueError:
        line = source.text[: source.text.find("\0")].count("\n") + 1
        report.add(rules.UNDECODABLE, "the file holds a NUL character", source.at(line, 1), help="save it as plain text")
    except MemoryError:  # how CPython's parser says that its stack is exhausted
        report_too_deep(source, report)
    return None


def report_too_deep(source: Source, report: Report) -> None:
    """Say that a file is nested deeper than Python, or whoever reads it here, can follow."""
    report.add(rules.TOO_DEEP, "the file is nested too deeply", source.at(1, 1), help="give inner parts names of their own")


def _place(source: Source, error: SyntaxError, *, in_bytes: bool) -> Span:
    """Where a syntax error is, as far as it is on one line."""
    line = min(max(error.lineno or 1, 1), len(source.lines))
    text = source.lines[line - 1]
    start, end = max(error.offset or 1, 1), (error.end_offset or 0) if error.end_lineno == error.lineno else 0
    if in_bytes:
        start, end = (len(text.encode()[: max(offset - 1, 0)].decode(errors="replace")) + 1 for offset in (start, end))
    start = min(start, len(text) + 1)
    return source.at(line, start, max(min(end, len(text) + 1) - start, 1))
