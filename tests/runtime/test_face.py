"""The names that a flow's file imports: what they cost, what they do outside of a run, what flowc does not have yet."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import flowc
from flowc.runtime.language import decorators

if TYPE_CHECKING:
    from typing import Any, assert_type

    from flowc import FlowSpec, JSONType, Parameter, parallel_map, retry, schedule, step, timeout

    @schedule(daily=True)
    class Typed(FlowSpec):
        """Not run: mypy reads it."""

        name = Parameter("name")
        count = Parameter("count", default=3)
        rate = Parameter("rate", type=float, default=1)
        many = Parameter("many", default=lambda: 4)
        table = Parameter("table", type=JSONType, default="{}")

        @retry
        @timeout(seconds=3)
        @step
        def start(self) -> None:
            assert_type(self.name, str)
            assert_type(self.count, int)
            assert_type(self.rate, float)
            assert_type(self.many, int)
            assert_type(self.table, Any)
            assert_type(self.index, int | None)
            assert_type(parallel_map(lambda n: n / 2, [1]), list[float])
            self.next(self.end)

        @retry(times=3)
        @step
        def end(self) -> None:
            pass

    assert_type(Typed.count, Parameter[int])
    assert_type(Typed().start(), None)


def python(*lines: str, cwd: Path | None = None, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *more, "-c", "\n".join(lines)], capture_output=True, text=True, cwd=cwd, check=False)


def test_every_name_is_there() -> None:
    for name in flowc.__all__:
        assert getattr(flowc, name) is not None
    assert set(flowc.__all__) <= set(dir(flowc))
    names: dict[str, object] = {}
    exec("from flowc import *", names)
    assert set(flowc.__all__) <= set(names)


def test_type_checkers_see_the_names_that_are_there() -> None:
    tree = ast.parse(Path(flowc.__file__).read_text(encoding="utf-8"))
    seen = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    assert set(flowc.__all__) == seen - {"annotations", "import_module", "NOT_YET", "answer"}


@pytest.mark.parametrize("name", ["FlowMutator", "Runner", "S3", "Deployer", "inspect_spin"])
def test_names_of_metaflows_that_flowc_does_not_have(name: str) -> None:
    with pytest.raises(ImportError, match=f"flowc does not have Metaflow's `{name}` yet"):
        exec(f"from flowc import {name}")


def test_unknown_names() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Foo'"):
        exec("from flowc import Foo")
    assert not hasattr(flowc, "Foo")


def test_importing_is_light() -> None:
    heavy = {"libcst", "yaml", "boto3", "kubernetes", "numpy", "click", "jinja2", "rich", "inspect", "asyncio", "multiprocessing"}
    lines = ["import sys", "before = set(sys.modules)", "import flowc", "print(sorted(set(sys.modules) - before))"]
    assert ast.literal_eval(python(*lines).stdout) == ["__future__", "flowc"]
    lines = ["import sys", "from flowc import FlowSpec, step", "print(list(sys.modules))"]
    loaded = ast.literal_eval(python(*lines).stdout)
    assert not heavy & set(loaded)
    assert not {"json", "pickle", "dataclasses", "flowc.runtime.store"} & set(loaded)


DECORATORS = [name for name in flowc.__all__ if isinstance(getattr(decorators, name, None), decorators.Decorator)]


@pytest.mark.parametrize("name", DECORATORS)
def test_decorators_change_nothing(name: str) -> None:
    decorate = getattr(flowc, name)

    def function() -> None: ...

    class Class: ...

    assert decorate(function) is function
    assert decorate(Class) is Class
    assert decorate()(function) is function
    assert decorate(anything="at all")(Class) is Class
    assert decorate.__doc__
    assert decorate.__name__ == name


def test_a_flow_object_outside_of_a_run() -> None:
    class Mixin:
        def helper(self) -> str:
            return "helped"

    class Plain(Mixin, flowc.FlowSpec):
        alpha = flowc.Parameter("alpha", default=lambda context: context.flow_name)

        @flowc.step
        def start(self) -> None:
            self.x = self.helper()
            self.next(self.start)

    flow = Plain()
    flow.start()
    assert vars(flow) == {"x": "helped"}
    assert (flow.index, flow.input, flow.foreach_stack(), flow.alpha) == (None, None, [], "Plain")
    assert flowc.current.run_id is None
    assert not flowc.current.is_running_flow
    with pytest.raises(AttributeError, match="has no `y`, and it is not running"):
        flow.y  # noqa: B018
    with pytest.raises(AttributeError, match="is a Parameter"):
        flow.alpha = "other"  # type: ignore[assignment]  # as it should be


def test_metaflow_means_flowc_in_a_run(write, tmp_path: Path) -> None:
    (tmp_path / "metaflow").mkdir()
    (tmp_path / "metaflow" / "__init__.py").write_text("raise RuntimeError('the real one')")
    ran = write("""
        import metaflow
        from metaflow import FlowSpec, step
        from metaflow import current as c

        class Answered(FlowSpec):
            @step
            def start(self):
                self.name = c.flow_name, metaflow.__name__, metaflow.FlowSpec is FlowSpec
                try:
                    from metaflow import S3
                except ImportError as error:
                    self.missing = str(error)
                self.next(self.end)

            @step
            def end(self):
                pass
        """).done()
    assert ran.value("end", "name") == ("Answered", "metaflow", True)
    assert ran.value("end", "missing") == "flowc does not have Metaflow's `S3` yet"


def test_the_shim_answers_where_no_metaflow_is_installed() -> None:
    shim = Path(flowc.__file__).resolve().parent / "runtime" / "shim"
    done = python(
        f"import sys; sys.path.insert(0, {str(shim)!r})",
        "from metaflow import FlowSpec, step",
        "import flowc; assert FlowSpec is flowc.FlowSpec",
        "from metaflow import S3",
    )
    assert "ImportError: flowc does not have Metaflow's `S3` yet" in done.stderr


def test_a_flows_file_is_a_command(tmp_path: Path) -> None:
    file = tmp_path / "bigsum.py"
    file.write_text(
        textwrap.dedent("""
        import sys
        from flowc import FlowSpec

        class BigSum(FlowSpec):
            pass

        class Stub:
            def main(self, flow_file, flow_class, arguments):
                print([flow_file, flow_class, arguments])
                return 7

        BigSum(use_cli=False)
        sys.modules["flowc.__main__"] = Stub()
        BigSum()
        print("never")
        """)
    )
    done = subprocess.run(
        [sys.executable, file.name, "run", "--alpha", "2"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 7
    assert ast.literal_eval(done.stdout) == [str(file), "BigSum", ["run", "--alpha", "2"]]


TYPED_FLOW = """
from typing import Self

from flowc import Config, FlowSpec, IncludeFile, Inputs, JSONType, Parameter, resources, step


class Typed(FlowSpec):
    config = Config("config", default="c.json")
    plain = Config("plain", plain=True)
    text = IncludeFile("text", default="a.txt")
    data = IncludeFile("data", is_text=False)
    length = IncludeFile("length", parser=len)
    count = Parameter("count", 3)
    ratio = Parameter("ratio", 3, float)
    words = Parameter("words", separator=",")
    size = Parameter("size", default=config.size)

    @resources(memory=config.memory)
    @step
    def start(self) -> None:
        reveal_type(self.config)
        reveal_type(self.config.a.b)
        reveal_type(self.text)
        reveal_type(self.data)
        reveal_type(self.length)
        reveal_type(self.count)
        reveal_type(self.ratio)
        reveal_type(self.words)
        self.items = [1]
        self.next(self.join, foreach="items")

    @step(end=True)
    def join(self, inputs: Inputs[Self]) -> None:
        reveal_type(inputs[0].count)
        reveal_type([one.text for one in inputs])
"""
REVEALED = ["ConfigValue", "Any", "str", "bytes", "int", "int", "float", "list[str]", "int", "list[str]"]


def test_type_checkers_see_what_values_are(tmp_path: Path) -> None:
    (tmp_path / "typed.py").write_text(TYPED_FLOW)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), "typed.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "No module named mypy" in done.stderr:
        pytest.skip("mypy is not installed")
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    seen = [
        line.split('"')[1].replace("builtins.", "").replace("flowc.runtime.language.config.", "")
        for line in told
        if "Revealed" in line
    ]
    assert seen == REVEALED, done.stdout
    assert not [line for line in told if line.startswith("error")], done.stdout
