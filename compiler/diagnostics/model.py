"""Diagnostics as data: what is wrong, where, and what to write instead.

`Rule` is a kind of fault (one table of them: `rules`), `Diagnostic` one occurrence. Nothing here renders text for a
terminal: see `render`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from ..source import Span


class Severity(Enum):
    """How much a rule weighs: errors stop a compile, warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault.

    Attributes:
        code: `FC` and three digits, never reused.
        name: Words that state the offence, joined by hyphens.
        explanation: What `flowc explain` prints: why it is a fault, an example, what to write instead.
        severity: Error or warning.
    """

    code: str
    name: str
    explanation: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Label:
    """A note at a place."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault in a flow.

    Attributes:
        rule: Its kind.
        message: One sentence: what is wrong.
        primary: The place at fault, with a word on it.
        secondary: Other places that matter.
        help: What to write instead, or "".
    """

    rule: Rule
    message: str
    primary: Label
    secondary: tuple[Label, ...] = ()
    help: str = ""

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
        self, rule: Rule, message: str, at: Span, label: str = "", *, also: Iterable[tuple[Span, str]] = (), help: str = ""
    ) -> None:
        """Note a fault. `also` are the second labels."""
        self.diagnostics.append(Diagnostic(rule, message, Label(at, label), tuple(Label(*one) for one in also), help))

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return any(one.rule.severity is Severity.ERROR for one in self.diagnostics)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them by place, each once."""
        return tuple(sorted(dict.fromkeys(self.diagnostics), key=lambda one: one.place))
