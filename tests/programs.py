"""Random Python that might be a flow: for tests of what the front end does with anything at all.

`write` makes a file from a grammar of what Python's syntax has, with the names that flows use; most of it is wrong in some way.
`mutate` damages a file that was right, `as_flow` makes a flow of a file that never was one.
"""

from __future__ import annotations

import io
import random
import re
import textwrap
import tokenize
from collections.abc import Callable, Mapping, Sequence
from typing import Final

GRAMMAR: Final[Mapping[str, Sequence[str]]] = {
    "file": ("$imports\nSIZE = $literal\nx = SIZE\n$flow\n", "$imports\nSIZE: int = 2\n$statement\n$flow\n$flow\n"),
    "imports": (
        *["from flowc import FlowSpec, step, Parameter, retry, catch, resources, environment\nimport metaflow as mf"] * 4,
        "from flowc import *",
        "import metaflow as mf\nfrom metaflow import FlowSpec, step",
        "try:\n    import flowc as mf\nexcept ImportError:\n    pass\nFlowSpec = mf.FlowSpec\nstep = mf.step",
        "from .flowc import FlowSpec\nfrom flowc import step, nothing\nSIZE, FlowSpec = 1, FlowSpec",
    ),
    "flow": (
        *["$linear"] * 4,
        "$linear\n    $member",
        "@$decorator\nclass Odd($bases):\n    $member\n    $step\n    $step\n    $end",
        "class Flow(FlowSpec):\n    $member\n    $step\n    $step\n    $step\n    $end",
    ),
    "linear": (
        "class Flow(FlowSpec):\n    @step\n    def start(self):\n        $statement\n        self.next(self.a)\n"
        "    $middle\n    @step\n    def b(self):\n        $statement\n        self.next(self.end)\n    $end",
    ),
    "middle": (
        "@step\ndef a(self):\n    $statement\n    self.next(self.b)",
        "@$decorator\n@step\ndef a(self):\n    $turn",
        "@step\ndef a(self):\n    if $expression:\n        self.next(self.b)\n    else:\n        $turn",
        "@step\ndef a(self):\n    self.next(self.größe, foreach='items')\n@step\ndef größe(self):\n    $statement\n"
        "    self.next(self.join)\n@step\ndef join(self, inputs):\n    $statement\n    self.next(self.b)",
        "@step\ndef a(self):\n    $statement\n    self.next({$literal: self.b, 2: self.a}, condition='x')",
        "@step\ndef a($signature):\n    $statement\n    $turn",
    ),
    "end": ("@step\ndef end(self):\n    $statement", "@step\ndef end(self):\n    pass", "@step\ndef end(self):\n    return"),
    "step": ("@step\ndef $name(self):\n    $statement\n    $turn", "@$decorator\n@step\ndef $name($signature):\n    $turn"),
    "turn": (
        *["self.next(self.$name)"] * 3,
        "self.next(self.$name, self.$name)",
        "self.next(self.$name, foreach='items')",
        "self.next({$literal: self.$name, $expression: self.$name}, condition='x')",
        "self.next(self.$name, $option)",
        "return self.next(self.$name)",
        "self.next($expression)",
        "match $expression:\n    case $pattern:\n        $turn\n    case $pattern if $expression:\n        $turn",
        "try:\n    $turn\nexcept $expression as e:\n    $turn\nfinally:\n    $statement",
        "with $expression as x:\n    $turn",
        "while True:\n    $turn",
        "$statement",
    ),
    "option": (
        "foreach=self.items",
        "condition='x'",
        "max_iterations=SIZE",
        "num_parallel=2",
        "**x",
        "foreach=$expression",
        "x=1",
    ),
    "member": (
        "$name = Parameter($expression, default=$expression, type=$type)",
        "p = Parameter('p', default=$literal, type=$type, help='x', required=$literal)",
        "$name: int = $expression",
        "$name = mf.Config('n', default=$literal, parser='json.loads')",
        "f = mf.IncludeFile('f', is_text=$literal, default=$expression)",
        "@property\ndef $name(self):\n    $statement",
        "def $name($signature):\n    $statement",
        "class $name($bases):\n    $member",
        "if $expression:\n    $step",
        "$statement",
    ),
    "simple": (
        "$target = $expression",
        "$target = $expression",
        "self.x $sign= $expression",
        "$name: int = $expression",
        "$expression",
        "del self.$name, self.x[0]",
        "raise $expression from None",
        "assert $expression, x",
        "import os.path as path, sys",
        "from a import b as c, d",
        "setattr(self, x, $expression)",
        "self.merge_artifacts(inputs, exclude=['x'])",
        "sys.exit(1)",
        "pass",
        '"""text"""',
    ),
    "statement": (
        *["$simple"] * 12,
        "if $expression:\n    $statement\nelif $expression:\n    $statement\nelse:\n    $statement",
        "for $target in $expression:\n    $statement\n    break\nelse:\n    $statement",
        "while w := $expression:\n    $statement\n    continue",
        "try:\n    $statement\nexcept* $expression as e:\n    $statement\nelse:\n    $statement\nfinally:\n    $statement",
        "with $expression as $target, open(x):\n    $statement\n    $statement",
        "match $expression:\n    case $pattern if $expression:\n        $statement\n    case $pattern:\n        $statement",
        "@$decorator\ndef $name($signature) -> $expression:\n    $statement\n    return $expression",
        "async def $name($signature):\n    $statement\n    async with x as y:\n        await $expression",
        "class $name($bases):\n    $statement",
        "def go():\n    nonlocal_ = yield $expression\n    global G\n    G = yield from $expression",
        "$turn",
    ),
    "expression": (
        *["$leaf"] * 30,
        "($expression $sign $expression)",
        "($expression $compare $expression)",
        "(not $expression)",
        "$name($expression, *$expression, k=$expression, **$expression)",
        "(lambda $argument: $expression)",
        "[$expression for i in $expression if $expression]",
        "($expression for i, *j in $leaf for k in i)",
        "{$expression: $expression for self in x}",
        "f'{$name!r:>{SIZE}} {x + 1:x}'",
        "($expression if $expression else $expression)",
        "($expression, *$expression)",
        "{'a': $expression, **$expression}",
        "x[$expression:$expression, ...]",
        "($expression).$name",
        "getattr(self, $expression)",
        "set($expression)",
        "open($expression)",
        "self.next(self.$name)",
        "self.next",
    ),
    "leaf": ("$literal", "$name", "self.$name", "self.input", "inputs[0].x", "inputs.a.x", "SIZE", "self.items"),
    "target": (
        "self.x",
        "self.x",
        "self.items",
        "x",
        "self.x[0]",
        "(x, self.items)",
        "[*x, self.a.b]",
        "self.größe",
        "self.__dict__",
    ),
    "literal": (
        "1",
        "-2.5",
        "1e400",
        "10**99999",
        "'s'",
        "b'b'",
        "None",
        "...",
        "True",
        "()",
        "{}",
        "'\\ud800'",
        "{1: 2}",
        "0j",
        "'a' * 3",
    ),
    "pattern": (
        "1",
        "_",
        "[x, *_]",
        "{'a': y, **z}",
        "Base(x=1)",
        "str() | None",
        "(1 | 2) as n",
        "mf.x",
        "-1+2j",
        "[*_, [y]]",
        "z",
    ),
    "name": (
        *["start", "end", "a", "b", "join", "größe"] * 2,
        "x",
        "next",
        "ﬁn",
        "é",
        "type",
        "match",
        "_",
        "__x",
        "index",
        "step",
    ),
    "type": ("int", "str", "mf.JSONType", "list", "'int'", "bool", "float"),
    "sign": ("+", "*", "**", "%", "<<", "@", "//", "|"),
    "compare": ("and", "or", "<", "==", "is not", "not in"),
    "argument": ("self", "x", "*a", "", "self=1, /, *, b=2"),
    "signature": (*["self"] * 3, *["self, inputs"] * 2, "this, /", "self, *, y=1", "*self", "", "self, m, n", "self=1, **m"),
    "bases": (*["FlowSpec"] * 3, "mf.FlowSpec", "Base", "Flow, FlowSpec", "*x", "object, metaclass=type", "FlowSpec[int]", ""),
    "decorator": (
        *(
            "step",
            "retry(times=SIZE)",
            "catch(var='e')",
            "resources(memory=2**SIZE, cpu=-1)",
            "mf.timeout(minutes=1)",
            "schedule",
        ),
        *("environment(vars={**x, 'A': f'{SIZE}'})", "retyr", "a.b[0](lambda: 1)", "(y := step)", "property", "mf.batch(*x)"),
        "mf.$name(packages={'a': $expression})",
    ),
}
"""What each part of a file may be. Names with `$` are parts again, on a line of their own as far in as they stand there."""

PLAIN: Final = {"statement": "simple", "expression": "leaf", "turn": "simple", "member": "simple"}
"""What parts become deep down, so that every file ends."""
DEPTH: Final = 12


def write(
    chance: random.Random,
    part: str = "file",
    depth: int = 0,
    *,
    grammar: Mapping[str, Sequence[str]] = GRAMMAR,
    plain: Mapping[str, str] = PLAIN,
) -> str:
    """Write a part of the grammar."""
    if depth > DEPTH:
        part = plain.get(part, part)
    lines = []
    for line in chance.choice(grammar[part]).split("\n"):
        text = re.sub(r"\$(\w+)", lambda found: write(chance, found[1], depth + 1, grammar=grammar, plain=plain), line.lstrip())
        lines.append(textwrap.indent(text, line[: len(line) - len(line.lstrip())]))
    return "\n".join(lines)


def mutate(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """A file with one more wound."""
    return chance.choice(WOUNDS)(data, others, chance) if data else data


def _lines(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Drop, duplicate, swap or indent a line."""
    lines = data.split(b"\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(two, lines[one])
        case 2:
            lines[one], lines[two] = lines[two], lines[one]
        case 3:
            lines[one] = b" " * chance.randrange(13) + lines[one].lstrip()
        case _:
            lines[one] = b"\t" + lines[one]
    return b"\n".join(lines)


def _tokens(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Drop, duplicate or swap a word or a sign, or put one of another file in its place."""
    words = re.split(rb"(\W)", data)
    one, two = chance.randrange(len(words)), chance.randrange(len(words))
    match chance.randrange(4):
        case 0:
            words[one] = b""
        case 1:
            words[one] = words[two]
        case 2:
            words[one], words[two] = words[two], words[one]
        case _:
            words[one] = chance.choice(re.split(rb"(\W)", chance.choice(others)))
    return b"".join(words)


def _bytes(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Put in a byte or two, of any value."""
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 3)) + data[at + chance.randrange(2) :]


def _cut(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Cut the file off."""
    return data[: chance.randrange(len(data))]


def _splice(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Begin as one file and go on as another."""
    mine, other = data.split(b"\n"), chance.choice(others).split(b"\n")
    return b"\n".join(mine[: chance.randrange(len(mine) + 1)] + other[chance.randrange(len(other) + 1) :])


def _statement(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Put a random statement between two lines, as far in as they are."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    before = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at:at] = [before + line for line in write(chance, "statement").encode().split(b"\n")]
    return b"\n".join(lines)


WOUNDS: Sequence[Callable[[bytes, Sequence[bytes], random.Random], bytes]] = (
    *(_lines, _lines, _tokens, _tokens, _tokens),
    *(_bytes, _cut, _splice, _statement, _statement),
)


def as_flow(data: bytes) -> bytes:
    """A file whose classes are all flows and whose methods are all steps, the first one of each named `start`."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return data
    text = re.sub(r"^class (\w+).*:$", r"class \1(FlowSpec):", text, flags=re.MULTILINE)
    text = re.sub(r"^(    |\t)(def \w+)\(", r"\1@step\n\1\2(", text, flags=re.MULTILINE)
    text = re.sub(r"(\nclass [^\n]*\n(?:[ \t#][^\n]*\n|\n)*?[ \t]+@step\n[ \t]+def )\w+", r"\1start", text)
    return ("from flowc import FlowSpec, step\n" + text).encode(errors="surrogatepass")
