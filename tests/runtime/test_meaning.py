"""What a flow's language means is the same in a local run and in containers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Beside

from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text

from .conftest import WrittenFlow

FLOW = """
    from metaflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, current, project, step

    @project(name="shop")
    class Whole(FlowSpec):
        LIMIT = 3
        TABLE = {"a": [1, 2]}
        settings = Config("settings", default_value={"depth": {"inner": [4, 5]}, "word": "hey"})
        shape = Parameter("shape", type=JSONType, default='{"x": [1, null, 2.5]}')
        given = Parameter("given", type=JSONType, default="[]")
        text = IncludeFile("text", default="small.txt")
        data = IncludeFile("data", default="small.bin", is_text=False)
        large = IncludeFile("large", default="large.txt")

        @step
        def start(self):
            self.seen = {
                "constants": (self.LIMIT, self.TABLE, Whole.LIMIT),
                "config": (self.settings.depth.inner[1], self.settings["word"]),
                "json": (self.shape, self.given),
                "files": (self.text, self.data, len(self.large), type(self.data).__name__),
                "outside": (self.index, self.input, self.foreach_stack()),
            }
            self.outer = ["a", "b"]
            self.next(self.middle, foreach="outer")

        @step
        def middle(self):
            self.inner = range(10, 10 + self.LIMIT)
            self.next(self.body, foreach="inner")

        @step
        def body(self):
            self.stack = [tuple(one) for one in self.foreach_stack()]
            self.here = (self.index, self.input)
            names = ("flow_name", "step_name", "task_id", "retry_count", "is_running_flow", "parameter_names", "project_name")
            self.known = [getattr(current, name) for name in names]
            self.own = current.pathspec == f"Whole/{current.run_id}/body/{current.task_id}"
            self.next(self.close)

        @step
        def close(self, inputs):
            self.stacks = [one.stack for one in inputs]
            self.here = [one.here for one in inputs]
            self.known = inputs[2].known
            self.own = all(one.own for one in inputs)
            self.place = (self.index, self.input)
            self.merge_artifacts(inputs, include=["seen"])
            self.next(self.join)

        @step
        def join(self, inputs):
            self.stacks = [one.stacks for one in inputs]
            self.here = [one.here for one in inputs]
            self.known = inputs[1].known
            self.own = all(one.own for one in inputs)
            self.places = [one.place for one in inputs]
            self.merge_artifacts(inputs, include=["seen"])
            self.next(self.left, self.right)

        @step
        def left(self):
            self.side = "left"
            self.next(self.both)

        @step
        def right(self):
            self.side = "right"
            self.next(self.both)

        @step
        def both(self, inputs):
            self.sides = (inputs.left.side, inputs.right.side, [one.side for one in inputs], inputs[1].side, len(inputs))
            self.merge_artifacts(inputs, exclude=["side"])
            self.next(self.end)

        @step
        def end(self):
            self.shape_at_the_end = self.shape
    """
LARGE = "ä" + "x" * (1 << 20)


def files(folder: Any) -> None:
    (folder / "small.txt").write_text("grüße\n", encoding="utf-8")
    (folder / "small.bin").write_bytes(b"\x00\xff")
    (folder / "large.txt").write_text(LARGE, encoding="utf-8")


def plan_with_files(flow: WrittenFlow) -> str:
    """The plan as the command line makes it, which reads what lies beside the flow."""
    done = compile_bytes(flow.file.name, flow.file.read_bytes(), None, Beside(flow.file.parent))
    assert done.flow is not None, done.diagnostics
    return plan_text(done.flow)


@pytest.mark.parametrize("where", ["here", "there"])
def test_all_of_it(write: Any, tmp_path: Any, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path)
    monkeypatch.setenv("FLOWC_USER", "ann")
    flow = write(FLOW)
    if where == "here":
        ran = flow.done({"given": '{"k": "v"}', "text": str(tmp_path / "small.txt")})
    else:
        monkeypatch.setattr(WrittenFlow, "plan_text", property(plan_with_files))
        (tmp_path / "large.txt").unlink()
        given = [{"name": "given", "value": '{"k": "v"}'}, {"name": "large", "value": "its content"}]
        ran = flow.orchestrated("c", FLOWC_PARAMETERS=json.dumps(given))
        assert set(ran.codes.values()) == {0}, ran.err
    end = ran.values("end")
    assert end["seen"] == {
        "constants": (3, {"a": [1, 2]}, 3),
        "config": (5, "hey"),
        "json": ({"x": [1, None, 2.5]}, {"k": "v"}),
        "files": ("grüße\n", b"\x00\xff", len(LARGE) if where == "here" else len("its content"), "bytes"),
        "outside": (None, None, []),
    }
    assert end["stacks"] == [[[(n, 2, "ab"[n]), (m, 3, 10 + m)] for m in range(3)] for n in range(2)]
    assert [[tuple(one) for one in each] for each in end["here"]] == [[(m, 10 + m) for m in range(3)]] * 2
    parameters = ["shape", "given", "text", "data", "large"]
    assert end["known"] == ["Whole", "body", "1.2", 0, True, parameters, "shop"]
    assert end["own"] is True
    assert end["places"] == [(0, "a"), (1, "b")]
    assert end["sides"] == ("left", "right", ["left", "right"], "right", 2)
    assert end["shape_at_the_end"] == {"x": [1, None, 2.5]}


def test_a_large_file_is_read_by_a_local_run_and_said_to_be_no_part_of_a_deployed_one(write: Any, tmp_path: Any) -> None:
    files(tmp_path)
    flow = write(FLOW)
    done = compile_bytes(flow.file.name, flow.file.read_bytes(), None, Beside(tmp_path))
    assert ["large.txt" in one.message for one in done.diagnostics] == [True]
    if done.flow is not None:
        assert "xxxxxxxx" not in plan_text(done.flow)
