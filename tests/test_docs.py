"""The documents: their examples run, and they name every command, option and setting.

A block ```` ```python NAME ```` is a file, and must be a sound flow; of another language with a name it is a file beside it. A
block ```` ```console ```` is a session in the folder with the README's files: what follows `$ command` is what it prints, on both
outputs, where `...` stands for any lines, and in a line for anything; `[exit 1]` ends the output of a command that fails. With
```` ```console NAME: OLD → NEW ```` it runs with that change made to a file, with ```` ```console aws ```` in an account that has
what the settings of the block ```` ```toml flowc.toml ```` name, with ```` ```console kubernetes ```` beside a cluster.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from conftest import Beside
from engines import Aws, engine
from engines.argo.cluster import Argo

from flowc.cli.program import VERBS, Program
from flowc.cli.settings import KEYS, variable
from flowc.compiler.pipeline import compile_bytes
from flowc.runtime.language.current import Current

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("[!d]*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = README + "".join(page.read_text(encoding="utf-8") for page in PAGES if page.parent.name == "docs")


class Block(NamedTuple):
    """A fenced block: its language, what stands after that, and its text."""

    language: str
    about: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    for match in re.finditer(r"^```(\w*) ?(.*)\n((?:.*\n)*?)```$", page, re.MULTILINE):
        yield Block(match[1], match[2], match[3])


def commands() -> dict[str, click.Command]:
    program = Program()
    context = click.Context(program)
    found = {name: command for name in VERBS if (command := program.get_command(context, name))}
    families = [(name, command) for name, command in found.items() if isinstance(command, click.Group)]
    return found | {f"{name} {inner}": each for name, family in families for inner, each in family.commands.items()}


SHOWN = README + "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("metaflow.md", "scaling.md"))
FILES = {block.about: block.text for block in blocks(SHOWN) if block.language != "console" and block.about}
SETTINGS = FILES.pop("flowc.toml")  # of a deployment, and of no other example
FLOWS = {name: text for name, text in FILES.items() if name.endswith(".py")}
CONSOLES = [block for block in blocks(GUIDE) if block.language == "console"]
SESSIONS = [block for block in CONSOLES if block.about not in ("aws", "kubernetes")]
IN_AN_ACCOUNT = [block for block in CONSOLES if block.about == "aws"]
IN_A_CLUSTER = [block for block in CONSOLES if block.about == "kubernetes"]


def test_there_are_examples() -> None:
    assert FLOWS
    assert len(SESSIONS) > 5


@pytest.mark.parametrize("name", FLOWS)
def test_flows_are_sound(name: str, tmp_path: Path) -> None:
    write_files(tmp_path)
    done = compile_bytes(name, FLOWS[name].encode(), None, Beside(tmp_path))
    assert done.flow is not None
    assert done.diagnostics == ()


def write_files(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_the_examples_of_tests_pass(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    files = {block.about: block.text for block in blocks(page) if block.about}
    assert set(files) == {"train.py", "test_train.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    compiled = compile_bytes("train.py", files["train.py"].encode(), None, Beside(tmp_path))
    assert compiled.diagnostics == ()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_parses(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "python":
            compile(block.text, page.name, "exec")


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.text.splitlines()[0])
def test_sessions(session: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    if session.about:
        name, old, new = re.fullmatch(r"(\S+): (.+) → (.+)", session.about).groups()  # type: ignore[union-attr]
        assert FLOWS[name].count(old) == 1
        (tmp_path / name).write_text(FLOWS[name].replace(old, new), encoding="utf-8")
    for name in ("NO_COLOR", "FORCE_COLOR", *map(variable, KEYS)):
        monkeypatch.delenv(name, raising=False)
    check_session(session, tmp_path)


@pytest.fixture(scope="module")
def named_account() -> Iterator[Aws]:
    """An account of its own, with the names that the documents use."""
    with engine() as account:
        account.furnish(bucket="bucket", queue="cpu", roles=("flows", "jobs"))
        account.furnish(bucket="other", queue="default", roles=())
        yield account


@pytest.mark.parametrize("session", IN_AN_ACCOUNT, ids=lambda session: session.text.splitlines()[0])
def test_sessions_in_an_account(session: Block, named_account: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    (tmp_path / "flowc.toml").write_text(SETTINGS, encoding="utf-8")
    for name in map(variable, KEYS):
        monkeypatch.delenv(name, raising=False)
    for name, value in named_account.environment.items():
        monkeypatch.setenv(name, value)
    check_session(session, tmp_path)


@pytest.mark.parametrize("session", IN_A_CLUSTER, ids=lambda session: session.text.splitlines()[0])
def test_sessions_beside_a_cluster(session: Block, argo: Argo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    for name in map(variable, KEYS):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**argo.environment, "FLOWC_DATASTORE": argo.place}.items():
        monkeypatch.setenv(name, value)
    check_session(session, tmp_path)


def line_pattern(line: str) -> str:
    return re.escape(f"{line}\n").replace(re.escape("..."), ".*")


def check_session(session: Block, folder: Path) -> None:
    """Run a session's commands in a folder; they must print what it shows."""
    for part in re.split(r"^\$ ", session.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        program, *arguments = command.split()
        start = {"flowc": [sys.executable, "-m", "flowc"], "python": [sys.executable]}[program]
        done = subprocess.run(
            [*start, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=300,
        )
        printed = done.stdout + (f"[exit {done.returncode}]\n" if done.returncode else "")
        pattern = "".join("(?:.*\n)*" if line == "..." else line_pattern(line) for line in expected.splitlines())
        assert re.fullmatch(pattern, printed), f"$ {command}\n{printed}"


@pytest.mark.parametrize("name", commands())
def test_the_documents_name_every_command_and_option(name: str) -> None:
    assert f"`flowc {name} " in README
    for parameter in commands()[name].params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert option in GUIDE or option == "--output", f"{name} {option}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_readme_names_every_page(page: Path) -> None:
    assert f"](docs/{page.name})" in README.partition("## More")[2]


@pytest.mark.parametrize("key", KEYS)
def test_readme_names_every_setting(key: str) -> None:
    assert f"| `--{key}` | `{variable(key)}` |" in README


def test_readme_names_all_that_current_has() -> None:
    assert [name for name in vars(Current) if not name.startswith("_") and f"`{name}" not in README] == []


def test_every_setting_is_an_option() -> None:
    options = {option for command in commands().values() for parameter in command.params for option in parameter.opts}
    assert {f"--{key}" for key in KEYS} <= options


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (page.parent / link).exists(), link
    for path in re.findall(r"`((?:[a-z_]+/)+[a-z_]*(?:\.[a-z]+)?)`", text):
        room = path.split("/")[0]
        assert room not in {"cli", "compiler", "runtime", "targets", "templates", "tests", "golden"} or (ROOT / path).exists(), (
            path
        )


def test_make_targets_are_those_of_the_docs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9]+):.*## ", makefile, re.MULTILINE))
    assert targets == {"help", "demo", "test", "lint", "types", "golden", "docs", "bench", "clean", "e2e"}
    pages = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = set(re.findall(r"(?:^|`)make ([a-z0-9]+)", pages, re.MULTILINE))
    assert told <= targets


def test_docs_keep_to_themselves() -> None:
    """No path of a machine that it was written on."""
    for page in PAGES:
        assert not re.search(r"(^|[\s`(])/(work|home|root|Users|tmp)/", page.read_text(encoding="utf-8")), page.name
