r"""Where command lines stand in a text that start a file of Python, and their words.

Three forms are read:

    python3 -u flows/train.py --no-pylint run \         a shell's, also in prose, on as many lines as end in a backslash
        --alpha 3 | tee log
    ["python", "flow.py", "run"]                       a list of strings, as in a Dockerfile's CMD
    - python                                           a list of YAML's, an item a line
    - flow.py

Whether it is a flow that they start is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line.

    Attributes:
        start: Its offset in the text.
        end: The offset after it; quotes around it belong to it.
        raw: What stands there.
        value: What it means.
    """

    start: int
    end: int
    raw: str
    value: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line that starts a file.

    Attributes:
        start: Its offset.
        launcher: What starts flowc in place of the file, in raw words: `flowc`, or `python -u -m flowc`.
        words: The file, and all that follows.
        joiner: What stands between two words.
        quote: What stands around a word that is put in.
    """

    start: int
    launcher: tuple[str, ...]
    words: tuple[Word, ...]
    joiner: str = " "
    quote: str = ""


_PATH: Final = r"[\w.~/$-]"  # what may stand in front of a program's name; nothing starts in the middle of it
_PYTHON: Final = r"python(?:\d(?:\.\d+)?)?(?:\.exe)?"
_VARIABLE: Final = r"\$\(\w*PYTHON\w*\)|\$\{\w*PYTHON\w*\}|\$\w*PYTHON\w*|\{sys\.executable\}"
_FLAGS: Final = r"(?:[ \t]++-(?:[bBdEiIOPqsSuv]++|[WX][ \t]*+[^\s-]\S*+))*+"
_GAP: Final = r"(?:[ \t]++|\\(?:\r\n|\n|\r)(?:[ \t]*+\#)?)++"  # possessive, here and below: a line of blanks is read once
_FILE: Final = r"""(?:"[^"\n\r]*\.py"|'[^'\n\r]*\.py'|[^\s"'`|&;<>()\#=,*]+\.py)(?![\w./-])"""

_SHELL: Final = re.compile(
    rf"""(?<!{_PATH})
    (?:
        (?P<program>(?:{_PATH}*/)?{_PYTHON}|"?(?:{_VARIABLE})"?)(?P<flags>{_FLAGS}){_GAP}(?P<file>{_FILE})
    |   (?P<itself>\.{{1,2}}/[\w./-]*\.py)(?![\w./-])
    )""",
    re.VERBOSE,
)
_NEXT_GAP: Final = re.compile(_GAP)
_WORD: Final = re.compile(
    r"""(?:"(?:[^"\\\n\r]|\\.)*"|'[^'\n\r]*'|\$\([^()\n\r]*\)|\$?\{\{?[^{}\n\r]*\}\}?|\\[^\n\r]|[^\s"'`|&;<>()\\])+"""
)
_STARTED_OTHERWISE: Final = re.compile(r"(?:\bcoverage run|\bflowc [\w-]+|\s-m [\w.]+|\bpython\S*)(?:[ \t]+-\S+)*[ \t]+\Z")
_PUNCTUATION: Final = ".,:!?*]}"

_ITEM: Final = r"""(?:"[^"\\\n\r]*"|'[^'\\\n\r]*')"""
_LIST: Final = re.compile(rf"""\[\s*(?=["'](?:[\w./-]*/)?{_PYTHON}["']\s*,)""")
_LIST_ITEM: Final = re.compile(rf"({_ITEM})\s*(,?)\s*")
_BLOCK: Final = re.compile(rf"""^(?P<lead>[ \t]*-[ \t]+)(?=(["']?)(?:[\w./-]*/)?{_PYTHON}\2[ \t]*\r?\n)""", re.MULTILINE)
_BLOCK_ITEM: Final = re.compile(r"""("[^"\\\n\r]*"|'[^'\n\r]*'|[^\s"'#][^\n\r#]*?)[ \t]*(?=\r?\n|\Z)""")

_LINE_END: Final = re.compile(r"\r?\n")


def find_command_lines(text: str, start: int = 0, end: int | None = None) -> Iterator[CommandLine]:
    """All command lines of a text, or of a range of it, in order of their form."""
    stop = len(text) if end is None else end
    yield from _in_shell(text, start, stop)
    yield from _in_lists(text, start, stop)
    yield from _in_blocks(text, start, stop)


def is_python(program: str) -> bool:
    """Whether a program is called as Python's interpreter is."""
    return re.fullmatch(_PYTHON, program.rpartition("/")[2]) is not None


def of_strings(words: Sequence[Word], joiner: str) -> CommandLine | None:
    """The command line that a list of strings is, or None where it starts no file."""
    count = 1
    while count < len(words) and re.fullmatch(r"-[bBdEiIOPqsSuv]+", words[count].value):
        count += 1
    if len(words) <= count or not words[count].value.endswith(".py"):
        return None
    first, flags = words[0], words[1:count]
    quoted = first if first.raw[:1] in {'"', "'"} else words[count]
    quote = quoted.raw[0] if quoted.raw[:1] in {'"', "'"} else ""
    if first.value in {"python", "python3"} and not flags:
        launcher: tuple[str, ...] = (f"{quote}flowc{quote}",)
    else:
        launcher = (first.raw, *(one.raw for one in flags), f"{quote}-m{quote}", f"{quote}flowc{quote}")
    return CommandLine(first.start, launcher, tuple(words[count:]), joiner, quote)


def _in_shell(text: str, start: int, stop: int) -> Iterator[CommandLine]:
    matches = list(_SHELL.finditer(text, start, stop))
    # One ends where the next begins, so that no word is read twice.
    for match, end in zip(matches, [*(one.start() for one in matches[1:]), stop], strict=False):
        group = "file" if match["file"] else "itself"
        if group == "itself" and _STARTED_OTHERWISE.search(text, max(start, match.start() - 80), match.start()):
            continue
        words = [_word(text, match.start(group), match.end(group))]
        at = match.end()
        while (gap := _NEXT_GAP.match(text, at, end)) and (found := _WORD.match(text, gap.end(), end)):
            if found[0].startswith("#"):
                break
            words.append(_word(text, found.start(), found.end()))
            at = found.end()
        yield CommandLine(match.start(), (_launcher(match),), tuple(words))


def _launcher(match: re.Match[str]) -> str:
    program = match["program"]
    if program is None or (program in {"python", "python3"} and not match["flags"]):
        return "flowc"
    return f"{program}{match['flags']} -m flowc"


def _word(text: str, start: int, end: int) -> Word:
    raw = text[start:end]
    if raw[:1] in {'"', "'"} and raw[-1] == raw[0] and len(raw) > 1:
        return Word(start, end, raw, raw[1:-1])
    # In prose a sentence may go on, or end, after a command line.
    plain = raw.rstrip(_PUNCTUATION) if raw[-1] in _PUNCTUATION and not re.search(r"[{}\[]", raw) else raw
    return Word(start, start + len(plain), plain, plain)


def _in_lists(text: str, start: int, stop: int) -> Iterator[CommandLine]:
    for match in _LIST.finditer(text, start, stop):
        words = []
        at = match.end()
        more = True
        while more and (item := _LIST_ITEM.match(text, at, stop)):
            words.append(Word(item.start(1), item.end(1), item[1], item[1][1:-1]))
            at, more = item.end(), bool(item[2])
        if len(words) > 1 and text[at : at + 1] == "]" and (line := of_strings(words, text[words[0].end : words[1].start])):
            yield line


def _in_blocks(text: str, start: int, stop: int) -> Iterator[CommandLine]:
    for match in _BLOCK.finditer(text, start, stop):
        words = []
        at = match.end()
        while item := _BLOCK_ITEM.match(text, at, stop):
            value = item[1][1:-1] if item[1][0] in {'"', "'"} else item[1]
            words.append(Word(item.start(1), item.end(1), item[1], value))
            line_end = _LINE_END.match(text, item.end(), stop)
            if line_end is None or not text.startswith(match["lead"], line_end.end(), stop):
                break
            at = line_end.end() + len(match["lead"])
        if len(words) > 1 and (line := of_strings(words, text[words[0].end : words[1].start])):
            yield line
