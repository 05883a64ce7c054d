"""Configs and included files in a run, and outside of one."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.errors import ParameterError
from flowc.runtime.language.config import Config, ConfigValue, Placeholder, config_expr
from flowc.runtime.language.include import content_from_json, read_default, read_file
from flowc.runtime.plan import FileSpec, ParameterSpec


def test_a_value_is_a_dictionary_that_cannot_be_changed():
    value = ConfigValue({"a": {"b": [1, {"c": 2}]}, "keys": 3})
    assert (value.a.b[1].c, value["a"]["b"][0], value["keys"], value.get("x", 5)) == (2, 1, 3, 5)
    assert isinstance(value, dict)
    assert dict(**value) == value == {"a": {"b": [1, {"c": 2}]}, "keys": 3}
    assert json.loads(json.dumps(value)) == value
    assert type(value.to_dict()["a"]) is dict
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        assert again == value
        assert again.a.b[1].c == 2
    with pytest.raises(AttributeError, match="has no `x`; it has a, keys"):
        value.x  # noqa: B018
    for change in (
        lambda: value.update(a=1),
        lambda: value.__setitem__("a", 1),
        lambda: setattr(value.a, "b", 1),
        lambda: value.pop("a"),
        lambda: value.a.clear(),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()


def test_outside_of_a_run_a_config_takes_what_is_done_to_it():
    config = Config("config")
    assert isinstance(config.a.b["c"], Placeholder)
    assert isinstance(config.get("a", 1) * 2 + 3, Placeholder)
    assert dict(**config.a) == {}
    assert f"{config.a:>10}" == "<config value config.a>"
    assert (int(config.a), len(config.a), max(config.a, 1) is not None) == (0, 0, True)
    assert isinstance(config_expr("config.a").b, Placeholder)


def spec(encoding: str | None, content: bytes | None) -> ParameterSpec:
    return ParameterSpec("p", "p", "file", "p.txt", False, False, None, None, FileSpec(encoding, content))


def test_where_content_comes_from(tmp_path: Path):
    (tmp_path / "p.txt").write_bytes("ü\r\n".encode())
    assert read_default(spec("utf-8", b"from the plan"), "p.txt", tmp_path) == "from the plan"
    assert read_default(spec("utf-8", None), "p.txt", tmp_path) == "ü\n"
    assert read_default(spec(None, None), "p.txt", tmp_path) == "ü\r\n".encode()
    assert content_from_json(spec("utf-8", None), "x") == "x"
    assert content_from_json(spec(None, None), "//4=") == b"\xff\xfe"
    with pytest.raises(ParameterError, match="is not here: when the flow was compiled, it was not there"):
        read_default(spec("utf-8", None), "p.txt", None)
    with pytest.raises(ParameterError, match="no such file"):
        read_file(spec("utf-8", None), str(tmp_path / "none"))
    with pytest.raises(ParameterError, match="not text in ascii"):
        read_file(spec("ascii", None), str(tmp_path / "p.txt"))
    with pytest.raises(ParameterError, match="bytes in base64"):
        content_from_json(spec(None, None), "???")


FLOW = """
from flowc import Config, FlowSpec, IncludeFile, Parameter, step

class Asked(FlowSpec):
    config = Config("config", required=True, help="what to do")
    SIZE = config.count * 3
    notes = IncludeFile("notes", default="large.txt")
    label = Parameter("label", default="x" * SIZE, show_default=False)

    @step
    def start(self):
        print("size", self.SIZE, self.config.size, self.label, len(self.notes))
        self.next(self.end)

    @step
    def end(self):
        try:
            self.config = 3
        except AttributeError as error:
            print(error)

if __name__ == "__main__":
    Asked()
"""


def flowc(folder: Path, *arguments: str, program: tuple[str, ...] = ("-m", "flowc")) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *program, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_line(tmp_path: Path):
    (tmp_path / "asked.py").write_text(FLOW)
    (tmp_path / "c.json").write_text('{"size": "l", "count": 3}')
    (tmp_path / "large.txt").write_text("y" * (2 * 1024 * 1024))
    done = flowc(tmp_path, "run", "asked.py")
    assert done.returncode == 1
    assert "FC517" in done.stderr
    done = flowc(tmp_path, "run", "asked.py", "--config", "config", "c.json")
    assert done.returncode == 0, done.stderr
    assert "size 9 l xxxxxxxxx 2097152" in done.stdout
    assert "is a Config, which is the same all through a run" in done.stdout
    program = ("asked.py", "--config-value", "config", '{"size": "s", "count": 1}')
    done = flowc(tmp_path, "run", "--notes", "c.json", program=program)
    assert done.returncode == 0, done.stderr
    assert "size 3 s xxx 25" in done.stdout
    done = flowc(tmp_path, "run", "asked.py", "--config", "config", "c.json", "--notes", "none.txt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the parameter `notes` cannot be read from none.txt: no such file" in done.stderr
    done = flowc(tmp_path, "check", "asked.py", "--config", "confg", "c.json")
    assert done.returncode == 2
    assert "the flow has no config 'confg' (did you mean config?)" in done.stderr
    shown = flowc(tmp_path, "run", "asked.py", "--config", "config", "c.json", "--help").stdout
    assert "config  what to do [from c.json]" in shown
    assert "--notes PATH" in shown
    assert "default: x" not in shown


def test_a_default_file_may_come_later(write: Any, tmp_path: Path) -> None:
    """FC519 is a warning: runs that are given a file, or find one by then, are all right."""
    flow = write("""
        class Later(FlowSpec):
            notes = IncludeFile("notes", default="notes-to-come.txt")

            @step
            def start(self):
                self.found = self.notes
                self.next(self.end)

            @step
            def end(self):
                pass
        """)
    with pytest.raises(ParameterError, match="`notes` cannot be read from notes-to-come.txt: no such file"):
        flow.run()
    (tmp_path / "other.txt").write_text("other")
    assert flow.done({"notes": str(tmp_path / "other.txt")}).value("end", "found") == "other"
    (tmp_path / "notes-to-come.txt").write_text("there")
    assert flow.done().value("end", "found") == "there"
