"""Diagnostics as data: what is wrong, where, what to write instead, and where that is certain, the edits that write it.

`Rule` is a kind of fault (one table of them: `rules`), `Diagnostic` one occurrence, `Fix` a remedy as ranges of text to replace.
Nothing here renders text for a terminal (see `render`) or edits any (see `fixes`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from ..source import Span

IGNORE = "flowc: ignore"
"""What a comment says that silences a judgement: see `ignores`."""


class Severity(Enum):
    """How much a rule weighs: errors stop a compile, warnings do not; hints are shown only to who asks for them."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault.

    Attributes:
        code: `FC` and three digits, never reused.
        name: Words that state the offence, joined by hyphens.
        explanation: What `flowc explain` prints: why it is a fault, an example, what to write instead.
        severity: Error, warning or hint.
        judgement: An error that a person may overrule with `# flowc: ignore[CODE]`, since there is something to compile all the
            same. Warnings and hints always are such.
        fixable: Some of its occurrences have a `Fix`.
    """

    code: str
    name: str
    explanation: str
    severity: Severity = Severity.ERROR
    judgement: bool = False
    fixable: bool = False

    @property
    def ignorable(self) -> bool:
        """Whether `# flowc: ignore[CODE]` may silence it."""
        return self.judgement or self.severity is not Severity.ERROR


@dataclass(frozen=True, slots=True)
class Label:
    """A note at a place."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """A range of a file's text, and what takes its place.

    Attributes:
        span: The range; an empty one is a place where to insert.
        text: Its lines end in a line feed, whatever those of the file end in.
    """

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The one safe remedy of a fault.

    Attributes:
        title: What it does, in the imperative: "Write `self.train`".
        edits: All in one file; they do not overlap, and make sense only together.
    """

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault in a flow.

    Attributes:
        rule: Its kind.
        message: One sentence: what is wrong.
        primary: The place at fault, with a word on it.
        secondary: Other places that matter.
        help: What to write instead, or "".
        fix: The edits that write it, where there is one safe answer.
    """

    rule: Rule
    message: str
    primary: Label
    secondary: tuple[Label, ...] = ()
    help: str = ""
    fix: Fix | None = None

    @property
    def place(self) -> tuple[str, int, int, str]:
        """The order in which diagnostics are shown."""
        span = self.primary.span
        return (span.path, span.line, span.column, self.rule.code)


@dataclass(slots=True)
class Report:
    """Collects the diagnostics of one compilation."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        rule: Rule,
        message: str,
        at: Span,
        label: str = "",
        *,
        also: Iterable[tuple[Span, str]] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        """Note a fault. `also` are the second labels."""
        self.diagnostics.append(Diagnostic(rule, message, Label(at, label), tuple(Label(*one) for one in also), help, fix))

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return has_errors(self.diagnostics)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them by place, each once."""
        return tuple(sorted(dict.fromkeys(self.diagnostics), key=lambda one: one.place))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether there is an error among them."""
    return any(one.rule.severity is Severity.ERROR for one in diagnostics)
