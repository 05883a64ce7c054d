"""One command line of Metaflow's by the table: what it is in flowc, or why it is left.

    python flow.py --no-pylint run --alpha 3      ▶   flowc run flow.py --alpha 3

The file, and the words up to the command, become the head of a new line; of what follows, words are taken out or renamed where
they stand. So all that is a shell's business (variables, pipes, lines that go on) stays as it is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from ..lines import Piece
from .commands import ANYWHERE, COMMANDS, FILE, GROUP_OPTIONS, GROUPS, NO_FLOWS, UNKNOWN, Command, Option
from .words import CommandLine, Word

IsFlow = Callable[[str], bool | None]
"""Whether the file of that name is a flow's; None where there is no such file to look at."""


@dataclass(frozen=True, slots=True)
class Left:
    """A command line that stays: what it is, and what to do."""

    start: int
    message: str
    help: str


def turn(line: CommandLine, is_flow: IsFlow) -> tuple[Piece, ...] | Left | None:
    """The edits that make it flowc's, why it is left, or None where it is no command of Metaflow's."""
    reading = _Reading(line)
    if not reading.read() or not _is_metaflow(line.words[0].value, reading.command, is_flow):
        return None
    if reading.missing or reading.lacking:
        return reading.left()
    return tuple(reading.edits())


def _is_metaflow(file: str, command: Command, is_flow: IsFlow) -> bool:
    known = is_flow(file)
    if known is None:
        return not command.common and posixpath.basename(file) not in NO_FLOWS
    return known


@dataclass(frozen=True, slots=True)
class _Given:
    """An option as it is given: its index among the words, its name, its last value, and all its words."""

    at: int
    name: str
    value: str
    words: tuple[Word, ...]

    @property
    def raw(self) -> str:
        return " ".join(one.raw for one in self.words)


@dataclass(slots=True)
class _Reading:
    """What the words of a line are, filled in by `read`.

    Attributes:
        command: The row of the table.
        names: The words of the command.
        last: The index of the last of them.
        moved: Options from in front of the command, as they are to stand behind it.
        edits_after: What changes in the words after the command.
        missing: What the command does that flowc does not, or "".
        lacking: Options that flowc has not, as they stand, and what to do.
        kept: Words after the command that stay.
    """

    line: CommandLine
    command: Command = field(default_factory=Command)
    names: str = ""
    last: int = 0
    moved: list[str] = field(default_factory=list)
    edits_after: list[Piece] = field(default_factory=list)
    missing: str = ""
    lacking: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def read(self) -> bool:
        """Read the words; False where there is no command of Metaflow's among them."""
        words = self.line.words
        in_front, at = self._options(1, ANYWHERE)
        if at >= len(words):
            return False
        self.names = words[at].value
        if self.names in GROUPS:
            more, second = self._options(at + 1, GROUP_OPTIONS)
            pair = f"{self.names} {words[second].value}" if second < len(words) else ""
            if pair in COMMANDS:
                self.names, at, in_front = pair, second, in_front + more
        if self.names not in COMMANDS:
            return False
        self.command, self.last = COMMANDS[self.names], at
        if self.command.flowc is None:
            self.missing = self.command.why
            return True
        table = ANYWHERE | GROUP_OPTIONS | self.command.in_front
        for given in in_front:
            self._in_front(given, table.get(given.name) or UNKNOWN)
        names = self._after(at + 1)
        if self.command.only_with and self.command.only_with not in names:
            self.missing = self.command.why
        return True

    def _options(self, at: int, table: dict[str, Option]) -> tuple[list[_Given], int]:
        """Options from here on, and the index of the first word that is none."""
        words = self.line.words
        found = []
        while at < len(words) and words[at].value.startswith("--"):
            option = table.get(words[at].value.partition("=")[0])
            # Of a decorator's option, or one that is none of Metaflow's: it has a value unless a command follows.
            unknown = Option(values=int(at + 1 < len(words) and words[at + 1].value not in {*COMMANDS, *GROUPS}))
            found.append(self._given(at, option or unknown))
            at += len(found[-1].words)
        return found, at

    def _given(self, at: int, option: Option) -> _Given:
        words = self.line.words
        name, equals, value = words[at].value.partition("=")
        # `--config=a b` has one of its values in it already.
        count = option.values - 1 if equals and option.values else option.values
        own = words[at : at + 1 + count]
        return _Given(at, name, value if equals else own[-1].value if len(own) > 1 else "", own)

    def _in_front(self, given: _Given, option: Option) -> None:
        if _takes(option, given):
            self.moved.append(given.raw.replace(given.name, str(option.to), 1))
        elif not _goes(option, given):
            self.lacking.append((given.raw, option.help))

    def _after(self, at: int) -> set[str]:
        """Read what follows the command, and return the names of its options."""
        words, names = self.line.words, set()
        while at < len(words):
            name = words[at].value.partition("=")[0]
            option = self.command.options.get(name)
            if option is None and not self.command.parameters and name.startswith("--") and name != "--help":
                option = ANYWHERE.get(name, UNKNOWN)
            if option is None:
                self.kept.append(words[at].raw)
                at += 1
                continue
            given = self._given(at, option)
            names.add(name)
            if _takes(option, given):
                raw = words[at].raw.replace(name, str(option.to), 1)
                self.kept += [raw, *(one.raw for one in given.words[1:])]
                if option.to != name:
                    self.edits_after.append(Piece(words[at].start, words[at].end, raw))
            elif _goes(option, given):
                self.edits_after.append(Piece(words[at - 1].end, given.words[-1].end, ""))
            else:
                self.lacking.append((given.raw, option.help))
            at += len(given.words)
        return names

    def edits(self) -> list[Piece]:
        """What makes the line flowc's."""
        quote = self.line.quote
        file = self.line.words[0].raw
        assert self.command.flowc is not None, "such a command is left"
        head = [file if one == FILE else f"{quote}{one}{quote}" for one in self.command.flowc.split()]
        text = self.line.joiner.join([*self.line.launcher, *head, *self.moved])
        return [Piece(self.line.start, self.line.words[self.last].end, text), *self.edits_after]

    def left(self) -> Left:
        """Why the line stays, and what comes nearest."""
        file = self.line.words[0].raw
        if self.missing:
            nearest = f"flowc {self.command.nearest}".replace(FILE, file)
            message = f"`{file} {self.names}` has no equivalent: {self.missing}"
            return Left(self.line.start, message, f"the nearest is `{nearest}`")
        nearest = " ".join([f"flowc {self.command.flowc}".replace(FILE, file), *self.moved, *self.kept])
        options = ", ".join(f"`{one}`" for one, _ in self.lacking)
        helps = dict.fromkeys(help for _, help in self.lacking)
        return Left(self.line.start, f"flowc has no {options}", "; ".join([*helps, f"the nearest is `{nearest}`"]))


def _takes(option: Option, given: _Given) -> bool:
    """Whether flowc has the option, and takes its value."""
    return option.to is not None and option.holds in {"", "url" if "://" in given.value else "folder"}


def _goes(option: Option, given: _Given) -> bool:
    """Whether it says nothing that flowc would not do anyway."""
    return option.means_nothing or given.value in option.gone
