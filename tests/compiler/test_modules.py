"""Modules beside a flow: which are read, what names mean across them, and what is said where."""

from __future__ import annotations

import pytest
from reading import BASE, Memory, compile_files, said

import flowc
from flowc.compiler import Source, compile_source
from flowc.compiler.frontend.closure import first_party
from flowc.compiler.frontend.face import API_NAMES, NOT_YET
from flowc.runtime.language import absent

PLAIN = "class Flow(Base):\n    pass\n"

IMPORTS = {
    "from a module": ("from base import Base", {"base": BASE}),
    "under another name": ("import base as b\nBase = b.Base", {"base": BASE}),
    "by a dotted name": ("import team.base\nBase = team.base.Base", {"team__base": BASE}),
    "from a folder without __init__": ("from team.inner.base import Base", {"team__inner__base": BASE}),
    "a module from a folder": ("from team.inner import base\nBase = base.Base", {"team__inner__base": BASE}),
    "through a package": (
        "from team import Base",
        {"team__init": "from .base import Base", "team__base": BASE},
    ),
    "through a chain of names": (
        "from a import Base",
        {"a": "from b import C as Base", "b": "import base\nC = base.Base", "base": BASE},
    ),
    "through a star": ("from a import *", {"a": "from base import *", "base": BASE}),
    "through a star with __all__": (
        "from a import *",
        {"a": "from base import Base as _B\nBase = _B\n__all__ = ['Base']", "base": BASE},
    ),
    "up a package": (
        "from team.inner.top import Base",
        {"team__inner__top": "from ..base import Base", "team__base": BASE, "team__init": "", "team__inner__init": ""},
    ),
    "a module of the same package": (
        "import team\nBase = team.base.Base",
        {"team__init": "from . import base", "team__base": BASE},
    ),
    "from files that import each other": (
        "from a import Base",
        {"a": "from b import other\nfrom base import Base", "b": "import a\nother = 1", "base": BASE},
    ),
    "from a package before a module of its name": ("from base import Base", {"base__init": BASE, "base": "Base = None"}),
    "whichever can be read": (
        "try:\n    from nowhere import Base\nexcept ImportError:\n    from base import Base",
        {"base": BASE},
    ),
}


@pytest.mark.parametrize(("imports", "files"), IMPORTS.values(), ids=IMPORTS.keys())
@pytest.mark.parametrize("path", ["flow.py", "some/flows/flow.py", "./flow.py"])
def test_a_base_is_found(imports: str, files: dict[str, str], path: str) -> None:
    done = compile_files(f"{imports}\n{PLAIN}", None, path, **files)
    assert said(done) == []
    assert done.flow is not None
    assert [one.name for one in done.flow.steps] == ["start", "end"]


def test_flowcs_names_may_come_through_a_module() -> None:
    compat = "try:\n    from flowc import FlowSpec, step, resources as needs\nexcept ImportError:\n    from metaflow import *\n"
    done = compile_files(
        """
        from compat import FlowSpec, needs, step

        class Flow(FlowSpec):
            @needs(memory=5)
            @step
            def start(self):
                pass
        """,
        compat=compat,
    )
    assert said(done) == []
    assert done.flow is not None
    assert [one.name for one in done.flow.steps[0].decorators] == ["resources"]


CONSTANTS = {
    "a name": ("from settings import MB", "MB", {"settings": "MB = 7"}),
    "a name of a module": ("import settings", "settings.MB", {"settings": "MB = 7"}),
    "a name of a module in a package": ("import team.settings as s", "s.MB", {"team__settings": "MB = 7"}),
    "an expression over other names": (
        "from settings import MB", "MB * 1", {"settings": "from unit import UNIT\nMB = UNIT + 3", "unit": "UNIT = 4"}),
    "one with a fallback": ("try:\n    from settings import MB\nexcept ImportError:\n    MB = 7", "MB", {}),
    "one whose fallback is not needed": (
        "try:\n    from settings import MB\nexcept ImportError:\n    MB = 3", "MB", {"settings": "MB = 7"}),
}  # fmt: skip

FLOW = """
from flowc import FlowSpec, resources, step
class Flow(FlowSpec):
    @resources(memory={})
    @step
    def start(self):
        pass
"""


@pytest.mark.parametrize(("imports", "name", "files"), CONSTANTS.values(), ids=CONSTANTS.keys())
def test_constants_come_from_modules(imports: str, name: str, files: dict[str, str]) -> None:
    done = compile_files(imports + FLOW.format(name), **files)
    assert said(done) == []
    assert done.flow is not None
    assert done.flow.steps[0].decorators[0].arguments == (("memory", 7),)


NOT_CONSTANT = {
    "a function": ("from settings import MB", "MB", "def MB(): pass", "`MB` is no constant"),
    "bound twice": ("from settings import MB", "MB", "MB = 1\nMB = 2", "`MB` is assigned more than once"),
    "not there": ("from settings import MB", "MB", "GB = 1", "`settings.py` has no `MB`"),
    "of another package": ("from numpy import MB", "MB", "", "it comes from `numpy`, which is not a file beside the flow"),
    "a module": ("import settings", "settings", "MB = 1", "`settings` is a module"),
    "computed": ("from settings import MB", "MB", "\nMB = 2 * size()", "it is known only when the flow runs (settings.py:2:10)"),
    "defined by itself": ("from settings import MB", "MB", "import settings\nMB = settings.MB", "defined by itself"),
}


@pytest.mark.parametrize(("imports", "name", "settings", "why"), NOT_CONSTANT.values(), ids=NOT_CONSTANT.keys())
def test_why_a_name_is_no_constant(imports: str, name: str, settings: str, why: str) -> None:
    done = compile_files(imports + FLOW.format(name), settings=settings)
    (one,) = done.diagnostics
    assert (one.rule.code, one.primary.span.path) == ("FC501", "flow.py")
    assert why in one.message


def test_faults_are_shown_where_they_are() -> None:
    base = BASE.replace("self.next(self.end)", "self.next(self.ende)")
    done = compile_files("from team.base import Base\n" + PLAIN, None, "flows/flow.py", team__base=base)
    assert said(done) == [("FC301", "flows/team/base.py", 9)]
    assert done.sources["flows/team/base.py"].lines[8] == "        self.next(self.ende)"


@pytest.mark.parametrize(
    ("base", "codes"),
    [
        ("class Base(:\n", ["FC101"]),
        (b"\xff\xfe = 1", ["FC102"]),
        (b"x = '\0'", ["FC101"]),
        ("x = " + "(" * 300 + ")" * 300, ["FC101"]),
        ("x = " + "-" * 100_000 + "1", ["FC106"]),
        ("", ["FC109"]),
    ],
)
def test_a_module_that_cannot_be_read_is_reported_once(base: str | bytes, codes: list[str]) -> None:
    flow = "from base import Base, mine\nclass Flow(Base):\n"
    flow += "    @mine\n    @step\n    def start(self):\n        self.next(self.other)\n"
    done = compile_files("from flowc import step\n" + flow, base=base)
    assert [code for code, path, _ in said(done) if code != "FC109" or path == "flow.py"] == codes
    assert done.flow is None


def test_only_what_matters_is_read() -> None:
    files = Memory({"base.py": BASE, "helpers.py": "def (", "numbers_.py": "def ("})
    flow = """\
from base import Base
from helpers import work
import numbers_

class Flow(Base):
    @property
    def size(self):
        return work()
"""
    done = compile_source(Source("flow.py", flow), None, files)
    assert done.diagnostics == ()
    assert not {"helpers.py", "numbers_.py", "flowc.py"} & set(files.asked)
    assert len(files.asked) == len(set(files.asked))


@pytest.mark.parametrize(
    ("flow", "files"),
    [
        ("from a import Base", {"a": "from b import Base", "b": "from a import Base"}),
        ("from a import *", {"a": "from b import *", "b": "from a import *"}),
        ("import a\nBase = a.Base", {"a": "import b\nBase = b.Base", "b": "import a\nBase = a.Base"}),
        ("from flow import Base", {}),
        ("from . import Base", {}),
        ("from a import Base", {"a": "from .... import Base"}),
        ("from a import Base", {"a": "from flow import Flow\nclass Base(Flow): pass"}),
        ("Base = Base", {}),
        ("from a import Base", {f"m{n}": f"from m{n + 1} import Base" for n in range(3000)} | {"a": "from m0 import Base"}),
        ("from a import Base", {"a": "".join(f"B{n} = B{n + 1}\n" for n in range(3000)) + "Base = B0\n"}),
    ],
)
def test_rings_and_dead_ends(flow: str, files: dict[str, str]) -> None:
    done = compile_files(f"{flow}\n{PLAIN}", **files)
    assert done.diagnostics
    assert done.flow is None


def test_a_flow_that_is_only_imported_is_pointed_at() -> None:
    done = compile_files("from base import Base\nif __name__ == '__main__':\n    Base()\n", None, "flows/flow.py", base=BASE)
    (one,) = done.diagnostics
    assert (one.rule.code, one.primary.span.line) == ("FC103", 3)
    assert "`flows/base.py`" in one.help


GUARDED = {
    "a handler": "try:\n    from metaflow import S3\nexcept ImportError:\n    S3 = None",
    "a handler of several": "try:\n    import metaflow.cards\nexcept (OSError, ModuleNotFoundError):\n    pass",
    "a bare handler": "try:\n    from flowc import nosuch\nexcept:\n    pass",
    "a suppression": "import contextlib\nwith contextlib.suppress(ImportError):\n    from flowc import nosuch",
    "type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from metaflow import Run",
    "a relative import that may fail": "try:\n    from .a import b\nexcept ImportError:\n    from a import b",
    "modules below metaflow": "import metaflow.exception\nfrom metaflow.cards import Markdown\nfrom metaflow import cards, S3",
    "what is there": "import flowc, metaflow as m, flowc.runtime\nfrom flowc import *\nfrom flowc import __version__, Config",
}


@pytest.mark.parametrize("imports", GUARDED.values(), ids=GUARDED.keys())
def test_imports_that_are_provided_for(imports: str) -> None:
    assert said(compile_files(imports + FLOW.format(5))) == []


FAILING = {
    "a name": ("from metaflow import Runner\nx = Runner", ["FC107"]),
    "a misspelt name, used": ("from flowc import retyr\nx = retyr", ["FC107"]),
    "a module": ("import metaflow.plugins.cards", ["FC107"]),
    "a name of a module": ("from metaflow.cards import get_cards", ["FC107"]),
    "a module of flowc's": ("import flowc.nosuch", ["FC107"]),
    "a relative import": ("from . import settings", ["FC108"]),
    "a relative import from above": ("from ..a import settings", ["FC108"]),
    "in a function": ("def f():\n    if f:\n        from metaflow import Runner\n        return Runner", ["FC107"]),
    "in a handler": ("try:\n    pass\nexcept ImportError:\n    from metaflow import Runner", ["FC107"]),
    "in a function in a try": ("try:\n    def f():\n        from flowc import nosuch\nexcept ImportError:\n    pass", ["FC107"]),
    "where something else is caught": ("try:\n    from flowc import nosuch\nexcept ValueError:\n    pass", ["FC107"]),
    "in each kind of block": (
        "for x in y:\n    import metaflow.a\nwhile x:\n    import metaflow.b\nwith x:\n    import metaflow.c\n"
        "match x:\n    case 1:\n        import metaflow.d\nclass C:\n    import metaflow.e",
        ["FC107"] * 5,
    ),
}


@pytest.mark.parametrize(("imports", "codes"), FAILING.values(), ids=FAILING.keys())
def test_imports_that_fail(imports: str, codes: list[str]) -> None:
    assert [code for code, _, _ in said(compile_files(imports + FLOW.format(5)))] == codes


@pytest.mark.parametrize(
    ("imports", "help"),
    [
        ("import metaflow.plugins.cards", "flowc draws no cards yet: write the report as an artifact"),
        ("from metaflow.exception import ParameterFieldFailed", "leave it out"),
        ("from metaflow.decorators import step", "import from `metaflow` itself, as in `from metaflow import step`"),
        ("from metaflow.plugins import nothing", "leave it out; or import it in a `try`"),
        ("from flowc.steps import step", "import from `flowc` itself, as in `from flowc import step`"),
        ("from metaflow import tuple_util\ntuple_util", "leave it out; or import it in a `try`"),
    ],
)
def test_an_import_that_fails_says_what_to_do_instead(imports: str, help: str) -> None:
    (found,) = (one for one in compile_files(imports + FLOW.format(5)).diagnostics if one.rule.code == "FC107")
    assert found.help.startswith(help)


def test_a_misspelt_name_is_read_as_what_it_means() -> None:
    done = compile_files(
        "from flowc import FlowSpce, stpe\nclass Flow(FlowSpce):\n    @stpe\n    def start(self):\n        pass\n"
    )
    assert said(done) == [("FC107", "flow.py", 1), ("FC107", "flow.py", 1)]


def test_the_compiler_knows_the_faces_names() -> None:
    """`IncludeFile`, `Config`, `config_expr` and `Inputs` are known to the compiler, whether the face has them or not."""
    new = {"IncludeFile", "Config", "config_expr", "Inputs"}
    assert API_NAMES - new == set(flowc.__all__) - new
    assert NOT_YET == absent.NOT_YET


def test_the_closure_of_imports() -> None:
    files = {
        "base.py": BASE + "\n    from team import words\n",
        "team/__init__.py": "from .inner import deep\n",
        "team/words.py": "import json, unused.nothing\n",
        "team/inner/__init__.py": "__all__ = ['listed']\n",
        "team/inner/deep.py": "from .. import words\nfrom ..inner import *\n",
        "team/inner/listed.py": "def broken(",
        "team/inner/other.py": "",
        "late.py": "import flow\nfrom base import Base\n",
        "metaflow/__init__.py": "",
        "unrelated.py": "",
        "hooks/__init__.py": "",
        "hooks/pager.py": "",
    }
    hook = "@exit_hook(on_error=['hooks.pager.call', 'installed.module.call', 'f'])\n"
    flow = f"from base import Base\nimport metaflow\n{hook}class Flow(Base):\n    def f(self):\n        import late\n"
    for folder in ("", "a/b/", "./"):
        memory = Memory({folder + path: text for path, text in files.items()})
        assert first_party(Source(f"{folder}flow.py", flow), memory) == (
            "base.py",
            "hooks/__init__.py",
            "hooks/pager.py",
            "late.py",
            "team/__init__.py",
            "team/inner/__init__.py",
            "team/inner/deep.py",
            "team/inner/listed.py",
            "team/words.py",
        )
    assert first_party(Source("flow.py", "def ("), Memory(files)) == ()


@pytest.mark.parametrize(("name", "base"), [("abc", "ABC"), ("typing", "Generic"), ("logging", "Handler")])
def test_a_file_named_like_a_module_of_the_standard_library(name: str, base: str) -> None:
    """Python has loaded its own long before it looks beside the flow."""
    text = f"import {name}\nfrom base import Base\nclass Flow(Base, {name}.{base}):\n    pass\n"
    for path in ("flow.py", f"{name}.py"):
        assert said(compile_files(text, None, path, base=BASE, **({name: "x = 1"} if path == "flow.py" else {}))) == []


def test_a_relative_import_of_a_base_is_said_once() -> None:
    assert said(compile_files("from .base import Base\n" + PLAIN, base=BASE)) == [("FC108", "flow.py", 1)]
    assert said(compile_files("from . import base\nclass Flow(base.Base):\n    pass\n", base=BASE)) == [("FC108", "flow.py", 1)]


def test_relative_imports_are_nothing_to_say_of_a_file_without_a_flow() -> None:
    assert [code for code, _, _ in said(compile_files("from .base import Base\n", base=BASE))] == ["FC103"]
