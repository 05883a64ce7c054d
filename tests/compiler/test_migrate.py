"""Metaflow's imports and command lines, before and after: what is turned, what is left, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.migrate import Migration, Unfit, migrate_bytes

NAMES = frozenset({"FlowSpec", "Parameter", "current", "step", "JSONType"})
FLOW = b"from metaflow import FlowSpec\n"


class Folder:
    """Files beside the one that is migrated."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_py", ".py"): data for name, data in files.items()}

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


def migrate(text: str, path: str = "x.py", **files: bytes) -> Migration:
    """Migrate a text, and see that migrating it again changes nothing and leaves the same."""
    new, migration = migrate_bytes(path, text.encode(), NAMES, Folder(**files))
    assert new.decode() == migration.text
    again, second = migrate_bytes(path, new, NAMES, Folder(**files))
    assert again == new
    assert second.leftovers == migration.leftovers
    assert (second.imports, second.commands) == (0, 0)
    return migration


IMPORTS = {
    "from metaflow import FlowSpec, step  # both\n": "from flowc import FlowSpec, step  # both\n",
    "from metaflow import FlowSpec as F, step as s": "from flowc import FlowSpec as F, step as s",
    "from metaflow import (\r\n    FlowSpec,\r\n    step,  # s\r\n)\r\n": (
        "from flowc import (\r\n    FlowSpec,\r\n    step,  # s\r\n)\r\n"
    ),
    "from metaflow.parameters import JSONType\n": "from flowc import JSONType\n",
    "def f():\n\tfrom metaflow import step; x = 1\n": "def f():\n\tfrom flowc import step; x = 1\n",
    "import metaflow\nclass A(metaflow.FlowSpec): pass\n": "import flowc\nclass A(flowc.FlowSpec): pass\n",
    "import os, metaflow as mf\nmf.step\n": "import os, flowc as mf\nmf.step\n",
    "import metaflow\ndef f(metaflow): metaflow.x\nmetaflow.step\n": "import flowc\ndef f(metaflow): metaflow.x\nflowc.step\n",
    "import metaflow\nf(metaflow)\n": "import flowc as metaflow\nf(metaflow)\n",
    "import metaflow\nflowc = 1\nmetaflow.step\n": "import flowc as metaflow\nflowc = 1\nmetaflow.step\n",
    "try:\n    import metaflow\nexcept ImportError:\n    metaflow = None\n": (
        "try:\n    import flowc as metaflow\nexcept ImportError:\n    metaflow = None\n"
    ),
    "try:\n    from metaflow import step\nexcept ImportError:\n    from metaflow.old import step\n": (
        "try:\n    from flowc import step\nexcept ImportError:\n    from metaflow.old import step\n"
    ),
    "try:\n    from flowc import step\nexcept ImportError:\n    from metaflow import step\n": None,
    "from .metaflow import FlowSpec\n": None,
    "metaflow = 1\n": None,
}


@pytest.mark.parametrize("before", IMPORTS)
def test_imports_are_turned(before: str) -> None:
    after = IMPORTS[before]
    migration = migrate(before)
    assert migration.text == (before if after is None else after)
    assert migration.leftovers == ()
    assert migration.imports == (after is not None)


SPLIT = {
    "from metaflow import FlowSpec, S3, step\n": ("from flowc import FlowSpec, step\nfrom metaflow import S3\n", ["2:22"]),
    "from metaflow import S3, step": ("from flowc import step\nfrom metaflow import S3", ["2:22"]),
    "if 1: from metaflow import S3, step\n": ("if 1: from flowc import step; from metaflow import S3\n", ["1:52"]),
    "from metaflow import (\n    S3,  # store\n    # the base\n    FlowSpec,  # b\n    Flow\n)\n": (
        "from flowc import (\n    # the base\n    FlowSpec  # b\n)\n"
        "from metaflow import Flow\nfrom metaflow import S3  # store\n",
        ["5:22", "6:22"],
    ),
    "def f():\n    from metaflow import (FlowSpec,\n                          S3)\n": (
        "def f():\n    from flowc import (FlowSpec)\n    from metaflow import S3\n",
        ["3:26"],
    ),
    "from metaflow import FlowSpec, \\\n    S3, \\\n    step\n": (
        "from flowc import FlowSpec, \\\n    step\nfrom metaflow import S3\n",
        ["3:22"],
    ),
    "import metaflow  # m\nmetaflow.step\nmetaflow.S3\n": (
        "import flowc  # m\nimport metaflow\nflowc.step\nmetaflow.S3\n",
        ["4:1"],
    ),
    "import os, metaflow as mf\nmf.step\nmf.S3\n": ("import os, flowc, metaflow as mf\nflowc.step\nmf.S3\n", ["3:1"]),
    "import metaflow\nimport metaflow.cards\nmetaflow.step\nmetaflow.cards.x\n": (
        "import flowc\nimport metaflow.cards\nflowc.step\nmetaflow.cards.x\n",
        ["2:8"],
    ),
}


@pytest.mark.parametrize("before", SPLIT)
def test_names_that_flowc_lacks_keep_an_import_of_their_own(before: str) -> None:
    after, places = SPLIT[before]
    migration = migrate(before)
    assert migration.text == after
    assert [f"{one.line}:{one.column}" for one in migration.leftovers] == places


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from metaflow import *\n", "does not say which names"),
        ("from metaflow import S3\n", "no `S3`"),
        ("from metaflow.cards import Markdown\n", "no `metaflow.cards.Markdown`"),
        ("import metaflow.cards as c\n", "no `metaflow.cards`"),
        ("import metaflow\nf(metaflow)\nmetaflow.step\nmetaflow.S3\n", "more ways"),
        ('import importlib\nimportlib.import_module("metaflow")\n', "by its name as text"),
        ('import sys\nsys.modules["metaflow.client"]\n', "by its name as text"),
    ],
)
def test_what_cannot_be_turned_is_left(text: str, says: str) -> None:
    migration = migrate(text)
    assert migration.text == text
    assert says in migration.leftovers[0].message
    assert migration.leftovers[0].help


COMMANDS = {
    "python flow.py run --n 3 | tee x": "flowc run flow.py --n 3 | tee x",
    "A=1 python3 d/flow.py --no-pylint check && x": "A=1 flowc check d/flow.py && x",
    "python -u flow.py run \\\n  --alpha 3": "python -u -m flowc run flow.py \\\n  --alpha 3",
    "/v/bin/python flow.py --datastore=local run": "/v/bin/python -m flowc run flow.py",
    "@$(PYTHON) flow.py run --x $(X)": "@$(PYTHON) -m flowc run flow.py --x $(X)",
    "./flow.py show > x": "flowc show ./flow.py > x",
    'python "my flow.py" run': 'flowc run "my flow.py"',
    "python flow.py --datastore-root /x run": "flowc run flow.py --datastore /x",
    "python flow.py --datastore-root s3://b run": "flowc run flow.py --datastore s3://b",
    "python flow.py --quiet --config c c.json run --tag a --run-id-file r": (
        "flowc run flow.py --quiet --config c c.json --tag a --run-id-file r"
    ),
    "python flow.py package list": "flowc package list flow.py",
    "python flow.py run --max-workers 4 --max-num-splits=9": "flowc run flow.py --max-workers 4 --max-num-splits=9",
    "Say `python flow.py run`, or python flow.py check.": "Say `flowc run flow.py`, or flowc check flow.py.",
    "python flow.py argo-workflows create --only-json > x.json": "flowc compile flow.py --target argo > x.json",
    "python flow.py --datastore s3 --datastore-root s3://b/p step-functions create --only-json": (
        "flowc compile flow.py --target sfn --datastore s3://b/p"
    ),
    "python flow.py --with retry --with 'batch:cpu=2,memory=4000' run --n 3": (
        "flowc run flow.py --with retry --with 'batch:cpu=2,memory=4000' --n 3"
    ),
    "python flow.py run --with=retry:times=2 --n 3": "flowc run flow.py --with=retry:times=2 --n 3",
    "python flow.py --with retry argo-workflows create --only-json": "flowc compile flow.py --target argo --with retry",
    "python flow.py --with retry check": "flowc check flow.py --with retry",
    'CMD ["python", "flow.py", "run", "--alpha", "3"]': 'CMD ["flowc", "run", "flow.py", "--alpha", "3"]',
    "- python\n- flow.py\n- --no-pylint\n- run\n- --n\n": "- flowc\n- run\n- flow.py\n- --n\n",
}


@pytest.mark.parametrize("before", COMMANDS)
def test_command_lines_are_turned(before: str) -> None:
    migration = migrate(before, "Makefile")
    assert migration.text == COMMANDS[before]
    assert migration.leftovers == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("python flow.py resume fit", "`flowc resume flow.py RUN --from STEP`"),
        ("python flow.py run --namespace a --n 3", "`flowc run flow.py --n 3`"),
        ("python flow.py --quiet argo-workflows create --only-json", "`--quiet`"),
        ("python flow.py package save x.tgz", "`flowc package save flow.py -o OUT`"),
        ("python flow.py argo-workflows create", "`flowc compile flow.py --target argo -o build/`"),
        ("python flow.py argo-workflows --name x create --only-json", "`--name x`"),
        ("python flow.py step-functions trigger", "`flow.py step-functions trigger`"),
        ("python flow.py --environment=conda run", "--environment=conda"),
        ("python flow.py --datastore s3 run", "`--datastore s3`; name the whole place: --datastore s3://bucket/prefix"),
        ("python flow.py tag add --run-id 3 good", "`flowc tag add flow.py RUN TAG`"),
        ("python flow.py logs 12/start", "`flowc logs flow.py RUN/STEP/PATH`"),
        ("pip install -U metaflow", "installs Metaflow"),
    ],
)
def test_command_lines_without_an_equivalent_are_left(text: str, says: str) -> None:
    migration = migrate(text, "run.sh")
    assert migration.text == text
    (left,) = migration.leftovers
    assert says in f"{left.message}; {left.help}"


@pytest.mark.parametrize(
    "text",
    [
        "python flow.py",
        "python flow.py walk",
        "python setup.py check",
        "python tool.py run",
        "python tool.py help",
        "python -m flow run",
        "coverage run ./flow.py run",
        "cat flow.py run",
        "flowc run ./flow.py check",
        "pip install metaflow-extension",
    ],
)
def test_other_command_lines_are_not_touched(text: str) -> None:
    migration = migrate(text, "run.sh", tool_py=b"import click\n")
    assert migration.text == text
    assert migration.leftovers == ()


def test_common_words_want_a_flow_in_the_file() -> None:
    assert migrate("python flow.py help", "a.sh").text == "python flow.py help"
    assert migrate("python flow.py help", "a.sh", flow_py=FLOW).text == "flowc --help"
    assert migrate("python flow.py --with retry --config a b help", "a.sh", flow_py=FLOW).text == "flowc --help"


STRINGS = {
    '"""Run python flow.py run."""\n': '"""Run flowc run flow.py."""\n',
    "x = 1  # python flow.py run\n": "x = 1  # flowc run flow.py\n",
    "# python flow.py \\\n#   run --n 3\n": "# flowc run flow.py --n 3\n",
    'os.system("python flow.py run | cat")\n': 'os.system("flowc run flow.py | cat")\n',
    "run([sys.executable, 'flow.py', 'run'])\n": "run([sys.executable, '-m', 'flowc', 'run', 'flow.py'])\n",
    'run(["python",\n  "flow.py",\n  "run"])\n': 'run(["flowc",\n  "run",\n  "flow.py"])\n',
    '"python flow.py run".split()\n': '"flowc run flow.py".split()\n',
}


@pytest.mark.parametrize("before", STRINGS)
def test_command_lines_in_python(before: str) -> None:
    migration = migrate(before)
    assert migration.text == STRINGS[before]
    assert migration.leftovers == ()


@pytest.mark.parametrize(
    "text",
    [
        'print("try python flow.py run")\n',
        'run(["python", "flow.py", "run", "--n", str(3)])\n',
        'os.system("python flow.py " "run")\n',
        'os.system(f"python flow.py run --n {n}")\n',
    ],
)
def test_command_lines_in_other_strings_are_left(text: str) -> None:
    migration = migrate(text)
    assert migration.text == text
    assert "flowc run flow.py" in migration.leftovers[0].help


@pytest.mark.parametrize(
    ("head", "encoding"),
    [("\ufeff", "utf-8"), ("# -*- coding: latin-1 -*-\n", "latin-1"), ("", "utf-8")],
)
def test_bytes_stay_as_they_are(head: str, encoding: str) -> None:
    before = f'{head}from metaflow import step\r\n\f\nx = "é"   \r\n\t# end'.encode(encoding)
    assert migrate_bytes("x.py", before, NAMES)[0] == before.replace(b"metaflow", b"flowc")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("x.py", b"from metaflow import (\n"),
        ("x.py", b"import metaflow\n\xff\n"),
        ("x.py", b"# coding: nonsense\nimport metaflow\n"),
        ("x.py", b"import metaflow\nx = " + b"-" * 50_000 + b"1\n"),
        ("x.sh", b"python\0flow.py"),
        ("x.ipynb", b"{}"),
    ],
)
def test_unfit_files_say_why(path: str, data: bytes) -> None:
    with pytest.raises(Unfit, match=r".{10}"):
        migrate_bytes(path, data, NAMES)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent.parent / "golden").glob("*/flow.py")), ids=lambda path: path.parent.name
)
def test_golden_flows_change_in_their_imports_only(path: Path) -> None:
    theirs = (
        path.read_text(encoding="utf-8")
        .replace("from flowc import", "from metaflow import")
        .replace("import flowc", "import metaflow")
    )
    names = NAMES | {
        "retry",
        "catch",
        "resources",
        "batch",
        "kubernetes",
        "timeout",
        "environment",
        "schedule",
        "project",
        "card",
    }
    new, migration = migrate_bytes("flow.py", theirs.encode(), names)
    assert migration.imports
    before, after = theirs.splitlines(), new.decode().splitlines()
    kept = [line for line in after if "metaflow" not in line and "flowc" not in line]
    assert kept == [line for line in before if "metaflow" not in line and "flowc" not in line]


WORDS = [
    "python",
    "python3",
    "flow.py",
    "./flow.py",
    "run",
    "check",
    "argo-workflows",
    "create",
    "--only-json",
    "--with",
    "retry",
]
WORDS += [
    "--n=3",
    "\\\n",
    "\n",
    '"',
    "'",
    "|",
    "[",
    "]",
    ",",
    '"python"',
    '"flow.py"',
    '"run"',
    "- ",
    "$(X)",
    "#",
    "--datastore-root",
    "é",
]


@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from([" ", "", ", "]))
@settings(max_examples=300, deadline=None)
def test_any_text_is_migrated_once(words: list[str], joiner: str) -> None:
    migrate(joiner.join(words), "page.md")


PARTS = [
    "from metaflow import step, S3\n",
    "import metaflow\n",
    "import metaflow as mf\n",
    "metaflow.step\n",
    "metaflow.S3\n",
    "mf.step\n",
]
PARTS += [
    "import metaflow.cards\n",
    "f(metaflow)\n",
    "flowc = 1\n",
    "import flowc\n",
    "# python flow.py run\n",
    "x = 'python flow.py run'\n",
]


@given(st.lists(st.sampled_from(PARTS), max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_imports_are_turned_once(parts: list[str]) -> None:
    migrate("".join(parts))
