"""From a file's bytes to its syntax, or to a diagnostic that says why it has none."""

from __future__ import annotations

import ast
import re
import warnings

from ..diagnostics.model import Report
from ..diagnostics.rules import file as rules
from ..source import Source


def decode(path: str, data: bytes, report: Report) -> Source | None:
    """The text of a file."""
    try:
        return Source.decode(path, data)
    except (UnicodeDecodeError, SyntaxError) as error:
        line = data.count(b"\n", 0, error.start) + 1 if isinstance(error, UnicodeDecodeError) else 1
        place = Source(path, data.decode("latin-1")).at(line, 1)
        report.add(rules.UNDECODABLE, "the file is not text in its encoding", place, str(error), help="save it as UTF-8")
        return None


def parse(source: Source, report: Report) -> ast.Module | None:
    """The syntax of a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and the like are a linter's business
            tree = ast.parse(source.text, source.path)
            # The parser lets pass what only the compiler refuses, such as `return` outside of a function. Nothing is run.
            compile(tree, source.path, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(source.lines))
        column = max(error.offset or 1, 1)
        width = (error.end_offset or 0) - column if error.end_lineno == error.lineno else 1
        message = re.sub(r" \(<?[^()]*, line \d+\)$", "", error.msg)
        report.add(rules.SYNTAX_ERROR, f"the file does not parse: {message}", source.at(line, column, max(width, 1)))
    except ValueError:
        line = source.text[: source.text.find("\0")].count("\n") + 1
        report.add(rules.UNDECODABLE, "the file holds a NUL character", source.at(line, 1), help="save it as plain text")
    except MemoryError:  # how CPython's parser says that its stack is exhausted
        report.add(rules.TOO_DEEP, "the file is nested too deeply", source.at(1, 1), help="give inner parts names of their own")
    return None
