"""The live table of a run at a terminal."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from terminals import Terminal, screen

FLOW = """
from flowc import *
import os, time

class Shown(FlowSpec):
    @step
    def start(self):
        self.items = list(range(8))
        print("first words")
        self.next(self.work, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        print("working at", self.input)
        if BREAK and self.input == 7:
            1 / (0 if BREAK > 1 else current.retry_count)
        while not os.path.exists("go"):
            time.sleep(0.02)
        self.next(self.join)

    @step
    def join(self, inputs):
        print("ü" * 200)
        self.next(self.end)

    @step
    def end(self):
        print("last words")
"""


def shown(tmp_path: Path, *options: str, broken: int = 0, go: bool = True, size: tuple[int, int] = (24, 80), **variables: str):
    (tmp_path / "flow.py").write_text(FLOW.replace("BREAK", str(broken)), encoding="utf-8")
    if go:
        (tmp_path / "go").touch()
    return Terminal([sys.executable, "-m", "flowc", "run", "flow.py", *options], tmp_path, size, **variables)


def test_the_table_stays_below_and_all_lines_above(tmp_path):
    terminal = shown(tmp_path, broken=1)
    lines = screen(terminal.read_to_end())
    assert terminal.code == 0
    assert lines[0].startswith("flowc: run Shown/1 starts")
    for words in ("[start] first words", *(f"[work/{n}] working at {n}" for n in range(8)), "[end] last words"):
        assert words in lines
    assert lines.count("[work/7] working at 7") == 2
    assert sum(line.startswith("step ") for line in lines) == 1  # each drawn one was taken back, but the last
    at = next(n for n, line in enumerate(lines) if line.startswith("step "))
    assert lines[at].split() == ["step", "running", "done", "failed", "retried", "time"]
    assert [line.split()[:3] for line in lines[at + 1 : at + 5]] == [
        ["start", "1", lines[at + 1].split()[2]],
        ["work", "8/8", "1"],
        ["join", "1", lines[at + 3].split()[2]],
        ["end", "1", lines[at + 4].split()[2]],
    ]
    assert re.fullmatch(r"Shown/1: 0 running, \d+\.\d s", lines[at + 5])
    assert lines[at + 6].startswith("flowc: run Shown/1 is done: 11 tasks in")
    assert lines.index("[end] last words") < at


def test_it_lives(tmp_path):
    terminal = shown(tmp_path, "--max-workers", "3", go=False)
    terminal.read_until(lambda text: "Shown/1: 3 running" in text and "0/8" in text)
    (tmp_path / "go").touch()
    assert "\x1b[J" in terminal.read_to_end()
    assert terminal.code == 0


def test_a_terminal_that_becomes_narrower(tmp_path):
    terminal = shown(tmp_path, go=False, size=(24, 100))
    terminal.read_until(lambda text: "8 running" in text)
    terminal.resize(24, 30)
    (tmp_path / "go").touch()
    text = terminal.read_to_end()
    assert terminal.code == 0
    last = re.sub(r"\x1b\[[0-9;]*m", "", text).rpartition("\x1b[J")[2].splitlines()[-7:-1]
    assert last[-1].startswith("Shown/1: 0 running")
    assert all(len(line) < 30 for line in last)
    # What was drawn for 100 columns has more rows now, all of which are taken back.
    ups = {int(number) for number in re.findall(r"\x1b\[(\d+)A", text)}
    assert max(ups) > 4


def test_more_steps_than_lines(tmp_path):
    names = [f"step_{number}" for number in range(40)]
    text = "from flowc import *\n\nclass Long(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.step_0)\n"
    for name, following in zip(names, [*names[1:], "end"], strict=True):
        text += f"\n    @step\n    def {name}(self):\n        self.next(self.{following})\n"
    (tmp_path / "flow.py").write_text(text + "\n    @step\n    def end(self):\n        pass\n", encoding="utf-8")
    terminal = Terminal([sys.executable, "-m", "flowc", "run", "flow.py"], tmp_path, (20, 80))
    lines = screen(terminal.read_to_end())
    assert terminal.code == 0
    at = next(n for n, line in enumerate(lines) if line.startswith("step "))
    assert lines[at + 7].startswith("end ")
    assert "35 more steps" in lines[at + 8]


def test_a_failure(tmp_path):
    terminal = shown(tmp_path, broken=2, size=(24, 160))  # wide: where others still ran, the last words name them too
    lines = screen(terminal.read_to_end())
    assert terminal.code == 1
    assert "[work/7] ZeroDivisionError: division by zero" in lines
    assert any(line.startswith("work ") for line in lines)
    assert lines[-4].startswith("flowc: run Shown/1 is not done: the task work/7 failed in its 2 attempts")
    assert lines[-3] == "flowc: what it printed: flowc logs flow.py 1/work/7"
    assert lines[-2] == "flowc: to go on from here: flowc resume flow.py 1"


@pytest.mark.parametrize(
    ("variables", "options"), [({"TERM": "dumb"}, ()), ({}, ("--quiet",)), ({}, ("-q",)), ({"TERM": ""}, ())], ids=str
)
def test_plain_lines(tmp_path, variables, options):
    terminal = shown(tmp_path, *options, **variables)
    text = terminal.read_to_end()
    assert terminal.code == 0
    assert "\x1b[J" not in text
    assert "running" not in text
    words = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    assert "[end] last words" in words
    assert (words[-1] == "[end] last words") == bool(options)


def test_no_colours(tmp_path):
    text = shown(tmp_path, NO_COLOR="1").read_to_end()
    assert "Shown/1: 0 running" in text
    assert re.findall(r"\x1b\[[0-9;]*m", text) == []


def test_a_terminal_that_knows_ascii_only(tmp_path):
    terminal = shown(tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    lines = "".join(screen(terminal.read_to_end()))
    assert terminal.code == 0
    assert "[join] " + "\\xfc" * 200 in lines


def test_no_more_than_ten_a_second(tmp_path):
    text = FLOW.replace("BREAK", "0").replace("range(8)", "range(300)").replace("list(", "list(")
    (tmp_path / "flow.py").write_text(text, encoding="utf-8")
    (tmp_path / "go").touch()
    terminal = Terminal([sys.executable, "-m", "flowc", "run", "flow.py", "--max-num-splits", "300"], tmp_path)
    shown = terminal.read_to_end()
    assert terminal.code == 0
    seconds = float(re.findall(r"is done: 303 tasks in ([\d.]+) s", shown)[0])
    assert 2 <= shown.count("Shown/1: ") <= 10 * seconds + 3


def test_rich_is_imported_for_a_terminal_only(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW.replace("BREAK", "0"), encoding="utf-8")
    (tmp_path / "go").touch()
    command = [sys.executable, "-X", "importtime", "-m", "flowc", "run", "flow.py"]
    assert "rich.table" in Terminal(command, tmp_path).read_to_end()
    plain = Terminal(command, tmp_path, TERM="dumb").read_to_end()
    assert "flowc.runtime" in plain
    assert "rich.table" not in plain
