"""Source text and places in it.

A place is a `Span`: a half-open range of characters, lines and columns counted from 1, as editors count them.
`ast` counts columns in UTF-8 bytes from 0; `Source.span` is the one place where that is turned into characters.
"""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of characters in one file.

    Attributes:
        path: The file as the user named it.
        line: First line, from 1.
        column: First column in characters, from 1.
        end_line: Last line, from 1.
        end_column: The column after the last character, from 1.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, decoded, with the lines that messages quote."""

    path: str
    text: str
    lines: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # `ast` ends a line at \n, \r\n and \r only; str.splitlines would also split at \f and others.
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        object.__setattr__(self, "lines", tuple(text.split("\n")))

    @classmethod
    def decode(cls, path: str, data: bytes) -> Source:
        """Decode a file the way Python does: byte-order mark, then PEP 263, then UTF-8.

        Raises:
            UnicodeError: The bytes are not text in the file's encoding.
            SyntaxError: The file names an encoding that does not exist.
            LookupError: The encoding it names is not one of text.
        """
        return cls(path, data.decode(encoding_of(data)))

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias | ast.excepthandler | ast.pattern) -> Span:
        """The range of a syntax node."""
        end_line = node.end_lineno or node.lineno
        return Span(
            path=self.path,
            line=node.lineno,
            column=self._column(node.lineno, node.col_offset),
            end_line=end_line,
            end_column=self._column(end_line, node.end_col_offset or node.col_offset),
        )

    def name_span(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """The range of the name in a `def` or `class` statement."""
        keyword = {ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def", ast.ClassDef: "class"}[type(node)]
        start = self._column(node.lineno, node.col_offset) + len(keyword)
        column = self.lines[node.lineno - 1].find(node.name, start - 1) + 1 or start
        return self.at(node.lineno, column, len(node.name))

    def at(self, line: int, column: int, length: int = 1) -> Span:
        """A range of `length` characters on one line."""
        return Span(path=self.path, line=line, column=column, end_line=line, end_column=column + length)

    def text_of(self, span: Span) -> str:
        """The text of a range, its lines ended by a line feed."""
        first, *more = self.lines[span.line - 1 : span.end_line]
        if not more:
            return first[span.column - 1 : span.end_column - 1]
        return "\n".join([first[span.column - 1 :], *more[:-1], more[-1][: span.end_column - 1]])

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1]
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="replace")) + 1


def encoding_of(data: bytes) -> str:
    """The encoding of a Python file, by its byte-order mark or by what it says of itself.

    Raises:
        SyntaxError: It names one that does not exist.
    """
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def decode_exactly(data: bytes) -> tuple[str, str]:
    """The text of a Python file that is to be written back, and its encoding.

    Raises:
        UnicodeError: The bytes are not text in the file's encoding, or not the form in which that encoding writes this text.
        SyntaxError: The file names an encoding that does not exist.
        LookupError: The encoding it names is not one of text.
    """
    encoding = encoding_of(data)
    text = data.decode(encoding)
    if text.encode(encoding) != data:
        raise UnicodeError(f"{encoding} writes the same text in several ways: save it as UTF-8")
    return text, encoding
