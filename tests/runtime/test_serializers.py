"""Types that pickle would not do, or would do badly: Arrow's, pandas', and users' own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy
import pandas  # type: ignore[import-untyped, unused-ignore]
import pyarrow  # type: ignore[import-untyped, unused-ignore]
import pytest
from remote_store import RemoteStore

from flowc.runtime.artifacts import Artifacts, serializers
from flowc.runtime.errors import ArtifactError
from flowc.runtime.records.manifest import Inline
from flowc.runtime.store import LocalStore

MIB = 1 << 20


@pytest.fixture(params=[LocalStore, RemoteStore])
def artifacts(request, tmp_path):
    return Artifacts(request.param(tmp_path), "Flow", "1")


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(serializers, "_by_class", dict(serializers._by_class))
    monkeypatch.setattr(serializers, "_by_name", dict(serializers._by_name))


def table(rows=200_000):
    schema = pyarrow.schema(
        [("n", pyarrow.float64()), ("s", pyarrow.string()), ("d", pyarrow.dictionary(pyarrow.int8(), pyarrow.string()))],
        metadata={"made": "here"},
    )
    words = pyarrow.array(["a", None, "b"] * (rows // 3) + ["c"] * (rows % 3))
    return pyarrow.table(
        [numpy.arange(rows, dtype="f8"), [str(n) for n in range(rows)], words.dictionary_encode()], schema=schema
    )


ARROW: dict[str, Any] = {
    "table": table,
    "slice": lambda: table().slice(5, 100),
    "many slices": lambda: pyarrow.concat_tables([table().slice(n, 10) for n in range(0, 1000, 10)]),
    "batch": lambda: table().to_batches()[0].slice(7, 9),
    "column": lambda: table().column("s").slice(3, 10),
    "empty": lambda: table().slice(0, 0),
    "no columns": lambda: pyarrow.table({}),
}


@pytest.mark.parametrize("what", ARROW)
def test_arrow(artifacts, what):
    value = ARROW[what]()
    entry = artifacts.save("x", value, "start")
    loaded = artifacts.load("x", entry)
    assert type(loaded) is type(value)
    assert loaded.equals(value, check_metadata=True) if what not in ("column",) else loaded.equals(value)
    if what != "column":
        assert loaded.schema.equals(value.schema, check_metadata=True)
    assert entry.serializer == ("arrow" if what in {"slice", "many slices", "batch", "column", "empty"} else None)
    assert entry.size <= value.nbytes * 1.5 + 40_000


def test_a_slice_within_another_value(artifacts):
    value = {"rows": [table().slice(n, 10) for n in range(5)]}
    entry = artifacts.save("x", value, "start")
    assert entry.size < 50_000
    assert all(a.equals(b) for a, b in zip(artifacts.load("x", entry)["rows"], value["rows"], strict=True))


def test_an_arrow_table_is_mapped(tmp_path):
    artifacts: Any = Artifacts(LocalStore(tmp_path), "Flow", "1")
    entry = artifacts.save("x", table(1_000_000), "start")
    assert entry.buffers
    before = pyarrow.total_allocated_bytes()
    loaded = artifacts.load("x", entry)
    assert pyarrow.total_allocated_bytes() - before < MIB
    assert loaded.column("n")[999_999].as_py() == 999_999


FRAMES: dict[str, Any] = {
    "numbers": lambda: pandas.DataFrame(numpy.arange(600_000).reshape(-1, 3), columns=list("abc")),
    "strings": lambda: pandas.DataFrame({"s": [str(n) for n in range(100_000)], "t": [None, "x"] * 50_000}),
    "objects": lambda: pandas.DataFrame({"o": pandas.Series([1, "two", None, 3.5] * 100, dtype=object)}),
    "categories": lambda: pandas.DataFrame({"c": pandas.Categorical(["a", "b"] * 1000, categories=["b", "a"], ordered=True)}),
    "times": lambda: pandas.DataFrame({"t": pandas.date_range("2020", periods=1000, tz="Europe/Berlin")}),
    "arrow": lambda: pandas.DataFrame(
        {"l": pandas.Series([[1], [2, 3]], dtype=pandas.ArrowDtype(pyarrow.list_(pyarrow.int64())))}
    ),
    "nullable": lambda: pandas.DataFrame({"i": pandas.array([1, None] * 300_000, dtype="Int64")}),
    "index": lambda: pandas.DataFrame(
        {"x": range(4)}, index=pandas.MultiIndex.from_product([["a", "b"], [1, 2]], names=["k", None])
    ),
    "slice": lambda: pandas.DataFrame({"s": [str(n) for n in range(100_000)]}).iloc[5:10],
}


@pytest.mark.parametrize("what", FRAMES)
def test_pandas(artifacts, what):
    value = FRAMES[what]()
    value.attrs["made"] = {"here": 1}
    loaded = artifacts.load("x", artifacts.save("x", value, "start"))
    pandas.testing.assert_frame_equal(loaded, value, check_exact=True, check_freq=True)
    assert (loaded.attrs, type(loaded.index)) == (value.attrs, type(value.index))
    if what != "arrow":
        loaded.iloc[0, 0] = loaded.iloc[1, 0]  # it can be written to, as the one that was kept
    series = value.iloc[:, 0]
    pandas.testing.assert_series_equal(artifacts.load("x", artifacts.save("x", series, "start")), series, check_exact=True)


class Mesh:
    """Cannot be pickled."""

    def __init__(self, name, points):
        self.name, self.points = name, points

    def __reduce__(self):
        raise TypeError("a mesh is no pickle")


def register():
    serializers.register_serializer(
        Mesh, dump=lambda mesh: (mesh.name, [mesh.points]), load=lambda name, parts: Mesh(name, numpy.frombuffer(parts[0]))
    )


@pytest.mark.parametrize("size", [10, MIB])
def test_a_serializer_of_ones_own(artifacts, registry, size):
    value = [Mesh("a", numpy.arange(size, dtype="f8"))]
    with pytest.raises(ArtifactError, match=r"\(self\.x\[0\] is a .*Mesh: a mesh is no pickle\)"):
        artifacts.save("x", value, "start")
    register()
    entry = artifacts.save("x", value, "start")
    assert entry.serializer == f"{__name__}.Mesh"
    assert isinstance(entry, Inline) == (size == 10)
    assert entry.size < size * 8 + 1000
    [loaded] = artifacts.load("x", entry)
    assert (loaded.name, list(loaded.points[:3]), len(loaded.points)) == ("a", [0, 1, 2], size)

    serializers._by_name.clear()
    with pytest.raises(ArtifactError) as caught:
        artifacts.load("x", entry)
    assert str(caught.value) == (
        f"the artifact `x` cannot be unpickled: it was kept with the serializer `{__name__}.Mesh`, which is not registered here: "
        "import the module that registers it (it is a list)"
    )


def test_subclasses_are_not_meant(artifacts, registry):
    register()

    class Other(Mesh):
        pass

    with pytest.raises(ArtifactError, match="a mesh is no pickle"):
        artifacts.save("x", Other("a", numpy.arange(3.0)), "start")


def test_a_serializer_may_leave_a_value_to_pickle(artifacts, registry):
    serializers.register_serializer(slice, dump=lambda value: None, load=lambda state, parts: 1 / 0, name="mine")
    entry = artifacts.save("x", slice(1, 2), "start")
    assert (entry.serializer, artifacts.load("x", entry)) == (None, slice(1, 2))


def test_only_classes_are_registered():
    mesh: Any = "Mesh"
    with pytest.raises(TypeError, match="takes a class, not 'Mesh'"):
        serializers.register_serializer(mesh, dump=lambda value: None, load=lambda state, parts: None)


def test_without_the_library(tmp_path):
    artifacts: Any = Artifacts(LocalStore(tmp_path), "Flow", "1")
    entry = artifacts.save("rows", table().slice(1, 3), "start")
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from flowc.runtime.artifacts import Artifacts; from flowc.runtime.store import LocalStore\n"
        "from flowc.runtime.records.manifest import Inline\n"
        f"artifacts = Artifacts(LocalStore({str(tmp_path)!r}), 'Flow', '1')\n"
        f"artifacts.load('rows', Inline({entry.data!r}, {entry.type!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert "the artifact `rows` cannot be unpickled" in done.stderr
    assert "the module `pyarrow` must be there where the artifact is read" in done.stderr


def test_a_plain_value_imports_no_library():
    program = (
        "import sys, tempfile; from flowc.runtime.artifacts import Artifacts; from flowc.runtime.store import LocalStore\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    artifacts = Artifacts(LocalStore(folder), 'F', '1')\n"
        "    artifacts.load('x', artifacts.save('x', b'x' * 5_000_000, 's'))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'numpy', 'pandas', 'pyarrow', 'obstore', 'backports', 'concurrent', 'asyncio'}))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
