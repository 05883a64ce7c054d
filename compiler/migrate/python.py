"""The whole of a Python file: its imports, and the command lines in its comments, docstrings and calls.

A command line is turned in a comment, in a string that stands alone (a docstring), and in what is evidently handed to a shell
or a process: `os.system("python flow.py run")`, `subprocess.run([sys.executable, "flow.py", "run"])`. In any other string it is
left: the text may be a message, or be put together with another.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set

import libcst as cst
from libcst import metadata

from ..files import NO_FILES, Files
from ..lines import Lines, splice
from .change import change_imports
from .command_lines import IsFlow, Left, turn
from .imports import plan_imports
from .model import Migration
from .text import find_tools, flow_finder, place, turn_ranges
from .words import CommandLine, Word, find_command_lines, is_python, of_strings

PROCESSES = frozenset(
    {
        *("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput", "system", "popen", "split"),
        *("create_subprocess_shell", "create_subprocess_exec"),
    }
)
"""Functions that take a command line: of `subprocess`, `os`, `asyncio` and `shlex`."""

_MAYBE = re.compile(r"metaflow|\.py\b")


class Unparsable(Exception):
    """The text is not Python. Its message says where, and why."""


def migrate_python(path: str, text: str, names: Set[str], files: Files = NO_FILES) -> Migration:
    """Turn the imports and command lines of a Python file.

    Args:
        path: The file's, as the user named it.
        text: The whole of it.
        names: What can be imported from flowc.
        files: Where the flows are found that command lines name.

    Raises:
        Unparsable: The text is not Python, or so deep that it cannot be read.
    """
    if not _MAYBE.search(text):
        return Migration(text, ())
    is_flow = flow_finder(path, files)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and the like are a linter's business
            once = _migrate(text, names, is_flow)
            # What is left is read from the new text: its places are those of the file as it will be.
            left = _migrate(once.text, names, is_flow).leftovers if once.text != text else once.leftovers
        return Migration(once.text, left, once.imports, once.commands)
    except RecursionError:
        raise Unparsable("it is nested too deeply") from None


def _migrate(text: str, names: Set[str], is_flow: IsFlow) -> Migration:
    """Turn once. The leftovers of imports are told only where none is turned."""
    wrapper = metadata.MetadataWrapper(_parse(text), unsafe_skip_copy=True)
    plan = plan_imports(wrapper, names)
    imported = text
    if plan.replaced:
        imported = change_imports(wrapper.module, plan).code
        wrapper = metadata.MetadataWrapper(_parse(imported), unsafe_skip_copy=True)
    positions = wrapper.resolve(metadata.PositionProvider)
    places = Lines(imported)
    strings = _Strings(imported, places, positions)
    wrapper.module.visit(strings)
    comments = list(_blocks(imported, strings.comments, places))
    done = turn_ranges(imported, [*comments, *strings.docs], is_flow)
    for line in strings.lines:
        done.take(line, is_flow)
    left = done.left + [one for start, value in strings.others for one in _in_string(start, value, is_flow)]
    for start, end in [*comments, *strings.docs]:
        left += find_tools(imported, start, end)
    if not plan.replaced:  # else the places are not yet those of the new text
        for node, message, help in plan.left:
            at = positions[node].start
            left.append(Left(places.offset(at.line, at.column + 1), message, help))
    return Migration(splice(imported, done.edits), place(imported, left), len(plan.replaced), done.commands)


def _parse(text: str) -> cst.Module:
    """Parse with Python's own parser first: it gives up on deep nesting, where libcst's would take the process down."""
    try:
        ast.parse(text)
        module = cst.parse_module(text)
    except SyntaxError as error:
        raise Unparsable(f"line {error.lineno or 1}: {error.msg}") from None
    except (ValueError, MemoryError) as error:
        raise Unparsable(str(error) or "it is nested too deeply") from None
    except cst.ParserSyntaxError as error:
        raise Unparsable(f"line {error.raw_line}: libcst cannot read this") from None
    if module.code != text:
        raise Unparsable("libcst would not write it as it stands")
    return module


class _Strings(cst.CSTVisitor):
    """Collects where command lines may stand.

    Args:
        text: The file.
        places: Its lines.
        positions: Where nodes are.

    Attributes:
        comments: Ranges of comments.
        docs: Ranges of strings that stand alone.
        lines: Command lines that calls take.
        others: Offset and value of all other strings that may hold one.
    """

    def __init__(self, text: str, places: Lines, positions: Mapping[cst.CSTNode, metadata.CodeRange]) -> None:
        self._text = text
        self._places = places
        self._positions = positions
        self._seen: set[int] = set()
        self.comments: list[tuple[int, int]] = []
        self.docs: list[tuple[int, int]] = []
        self.lines: list[CommandLine] = []
        self.others: list[tuple[int, str]] = []

    def visit_Comment(self, node: cst.Comment) -> None:
        self.comments.append(self._range(node))

    def visit_Expr(self, node: cst.Expr) -> None:
        if isinstance(node.value, cst.SimpleString):
            self._seen.add(id(node.value))
            self.docs.append(self._inside(node.value))

    def visit_Call(self, node: cst.Call) -> None:
        function = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        function = node.func.value if isinstance(node.func, cst.Name) else function
        if function not in PROCESSES:
            return
        if function == "split" and isinstance(node.func, cst.Attribute) and not node.args:
            self._command(node.func.value)  # "python flow.py run".split()
        elif function == "create_subprocess_exec":
            self._list([one.value for one in node.args if not one.keyword and not one.star])
        elif node.args and not node.args[0].star:
            self._command(node.args[0].value)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:
        self._other(node, _shown(node))
        return False

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        self._other(node, _shown(node))
        return False

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if id(node) not in self._seen:
            self._other(node, _shown(node))

    def _range(self, node: cst.CSTNode) -> tuple[int, int]:
        at = self._positions[node]
        # libcst counts columns from 0.
        return self._places.offset(at.start.line, at.start.column + 1), self._places.offset(at.end.line, at.end.column + 1)

    def _inside(self, node: cst.SimpleString) -> tuple[int, int]:
        """What stands between the quotes."""
        start, end = self._range(node)
        return start + len(node.prefix) + len(node.quote), end - len(node.quote)

    def _other(self, node: cst.CSTNode, value: str) -> None:
        if ".py" in value:
            self.others.append((self._range(node)[0], value))

    def _command(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.SimpleString) and _is_plain(node):
            self._seen.add(id(node))
            self.lines += find_command_lines(self._text, *self._inside(node))
        elif isinstance(node, cst.List | cst.Tuple):
            self._list([one.value for one in node.elements if not isinstance(one, cst.StarredElement)], len(node.elements))

    def _list(self, elements: Sequence[cst.BaseExpression], count: int | None = None) -> None:
        """A list of words. With anything in it but plain strings, and `sys.executable` as the first, it is not evident."""
        if len(elements) < 2:
            return
        strings = [one for one in elements if isinstance(one, cst.SimpleString) and _is_plain(one)]
        starts_python = isinstance(elements[0], cst.Attribute) and _source(elements[0]) == "sys.executable"
        self._seen |= {id(one) for one in strings}
        if len(strings) + starts_python < len(elements) or len(elements) != (count or len(elements)):
            self._other(elements[0], " ".join(map(_shown, elements)))
            return
        words = []
        for one in elements:
            start, end = self._range(one)
            words.append(Word(start, end, self._text[start:end], _shown(one)))
        if words[0].value != "{sys.executable}" and not is_python(words[0].value):
            return
        if (line := of_strings(words, self._text[words[0].end : words[1].start])) is not None:
            self.lines.append(line)


def _is_plain(node: cst.SimpleString) -> bool:
    return "b" not in node.prefix.lower() and "\\" not in node.raw_value


def _shown(node: cst.BaseExpression) -> str:
    """The text of a string, with `{…}` for what is not known."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else value.decode("latin-1")
    if isinstance(node, cst.ConcatenatedString):
        return _shown(node.left) + _shown(node.right)
    if isinstance(node, cst.FormattedString):
        return "".join(
            one.value if isinstance(one, cst.FormattedStringText) else f"{{{_source(getattr(one, 'expression', one))}}}"
            for one in node.parts
        )
    return f"{{{_source(node)}}}"


def _source(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _blocks(text: str, comments: Sequence[tuple[int, int]], places: Lines) -> Iterator[tuple[int, int]]:
    """Comments on lines of their own, one below the other, as one range: a command line may go on in the next."""
    block: tuple[int, int] | None = None
    for start, end in sorted(comments):
        line, column = places.place(start)
        alone = not text[start - column + 1 : start].strip()
        if block is not None and alone and places.place(block[1])[0] == line - 1:
            block = (block[0], end)
            continue
        if block is not None:
            yield block
        block = (start, end) if alone else None
        if not alone:
            yield start, end
    if block is not None:
        yield block


def _in_string(start: int, value: str, is_flow: IsFlow) -> Iterator[Left]:
    """Command lines in a string that is left as it is."""
    for line in find_command_lines(value):
        outcome = turn(line, is_flow)
        if isinstance(outcome, Left):
            yield Left(start, outcome.message, outcome.help)
        elif outcome is not None:
            new = splice(value[: line.words[-1].end], outcome)[line.start :]
            yield Left(start, "a command line of Metaflow's in a string", f"write `{' '.join(new.split())}`")
