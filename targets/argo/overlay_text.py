"""The text of an overlay → its documents, each value with its place.

YAML of which no two readers make two things: a word that YAML 1.1 takes for a boolean or a number and YAML 1.2 for text (`on`,
`12:30`, `0777`) is a fault, and so is a key that stands twice. Keys are texts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ...compiler.source import Source, Span

MOST_VALUES: Final = 50_000
"""Values of one file, aliases written out."""
DEEPEST: Final = 60
_AMBIGUOUS: Final = re.compile(
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF"
    r"|[-+]?0[0-9_]+|[-+]?0[oxb][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*_[0-9_]*|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[-+]?[0-9]+(\.[0-9]*)?[eE][0-9]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_NULLS: Final = frozenset(["", "~", "null", "Null", "NULL"])
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?|[-+]?[0-9]+[eE][-+][0-9]+")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of an overlay: a `dict` of Values by key, a `list` of them, or a scalar; with its place."""

    content: Any
    span: Span

    def plain(self) -> Any:
        """The same without places."""
        match self.content:
            case dict():
                return {key: value.plain() for key, value in self.content.items()}
            case list():
                return [value.plain() for value in self.content]
        return self.content


class NotRead(Exception):
    """The text is no overlay. Carries what is wrong, where, and what to write."""

    def __init__(self, message: str, span: Span, help: str = "") -> None:
        super().__init__(message)
        self.message, self.span, self.help = message, span, help


def read_documents(source: Source) -> tuple[Value, ...]:
    """The documents of an overlay that are not empty.

    Raises:
        NotRead: It is no YAML, or says something that is read in two ways.
    """
    reader = _Reader(source)
    try:
        nodes = list(yaml.compose_all(reader.text, Loader=yaml.SafeLoader))
        return tuple(reader.value(node, 0) for node in nodes if node is not None and not reader.is_empty(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotRead(f"the overlay is no YAML: {error.problem or error.context}", reader.at(mark.index if mark else 0)) from None
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        raise NotRead("the overlay holds a character that YAML does not allow", reader.at(position)) from None
    except RecursionError:
        raise NotRead(f"the overlay is nested more than {DEEPEST} deep", reader.at(0)) from None


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = "\n".join(source.lines)
        self.starts = [0]
        for line in source.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.values = 0

    def at(self, index: int, end: int | None = None) -> Span:
        """The range from one character to another, of which only the first line is marked."""
        line = min(bisect_right(self.starts, index), len(self.source.lines))
        column = index - self.starts[line - 1]
        length = len(self.source.lines[line - 1])
        last = min(end - self.starts[line - 1] if end is not None else column + 1, length)
        return self.source.at(line, column + 1, max(last - column, 1))

    def span(self, node: Node) -> Span:
        return self.at(node.start_mark.index, node.end_mark.index)

    def is_empty(self, node: Node) -> bool:
        return isinstance(node, ScalarNode) and node.style is None and node.value in _NULLS

    def value(self, node: Node, depth: int) -> Value:
        span = self.span(node)
        self.values += 1
        if self.values > MOST_VALUES:
            raise NotRead(f"the overlay has more than {MOST_VALUES:,} values", span)
        if depth > DEEPEST:
            raise NotRead(f"the overlay is nested more than {DEEPEST} deep", span)
        match node:
            case MappingNode():
                return Value(self.mapping(node, depth), span)
            case SequenceNode():
                return Value([self.value(one, depth + 1) for one in node.value], span)
        return Value(self.scalar(node, span), span)

    def mapping(self, node: MappingNode, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, value in node.value:
            span = self.span(key)
            if not isinstance(key, ScalarNode):
                raise NotRead("a key of the overlay is no text", span)
            if key.value == "<<" and key.style is None:
                raise NotRead("the overlay merges by `<<`, which Kubernetes does not read", span, "write the keys out")
            if key.value in found:
                raise NotRead(f"`{key.value}` stands twice", span, "keep one of them")
            inner = self.value(value, depth + 1)
            # The place of an entry is its key, which is where a person looks.
            found[key.value] = Value(inner.content, span)
        return found

    def scalar(self, node: Node, span: Span) -> Any:
        text = str(node.value)
        tag = str(node.tag)
        if isinstance(node, ScalarNode) and node.style is not None:
            if tag != "tag:yaml.org,2002:str":
                raise NotRead("the overlay has a value with a tag", span, "take the tag away")
            return text
        if not tag.startswith("tag:yaml.org,2002:") or self.text.startswith("!", node.start_mark.index):
            raise NotRead("the overlay has a value with a tag", span, "take the tag away")
        if text in _NULLS:
            return None
        if text in _TRUTHS:
            return _TRUTHS[text]
        if _AMBIGUOUS.fullmatch(text):
            message = f"some read `{text}` as text, others as a number or a boolean"
            raise NotRead(message, span, f'write "{text}" in quotes, or what it means')
        if _INT.fullmatch(text) and len(text) < 20:
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text
