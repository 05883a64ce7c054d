"""`docs/store.md`: what it says of keys and bytes is held to what runs leave, in a folder and in a real S3.

The page's tables are read. Every object of some runs that meet everything (each shape of a graph, failures, logs, tags, a resumed
run, tasks in containers) must have a key of the page and the members that it lists, and all of the page must be seen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from servers import Server, s3_missing

from flowc import Flow
from flowc.cli.packaging import Package
from flowc.compiler.pipeline import compile_bytes
from flowc.compiler.plan import plan_text
from flowc.runtime.artifacts.hashes import digest_of
from flowc.runtime.contract import package_key
from flowc.runtime.store import LocalStore, Store, open_store

PAGE = (Path(__file__).parent.parent / "docs" / "store.md").read_text(encoding="utf-8")

FLOW = """\
import os
from flowc import S3, FlowSpec, Parameter, catch, current, exit_hook, register_serializer, retry, step


class Mesh:
    def __init__(self, name, points):
        self.name, self.points = name, points


register_serializer(Mesh, dump=lambda mesh: (mesh.name, [mesh.points]), load=Mesh)


def hook():
    print("over")
    1 / (0 if os.environ["FLOWC_HOOK"] == "failure" else 1)


@exit_hook(on_success=[hook], on_error=[hook])
class Everything(FlowSpec):
    count = Parameter("count", default=2)

    @step
    def start(self):
        print("hello")
        self.small = 1
        self.large = os.urandom(20_000)
        self.alike = b"x" * 200_000
        self.mesh = Mesh("m", bytearray(os.urandom(2_000_000)))
        with S3(run=self) as s3:
            s3.put("a/plain", "text")
            s3.put("a/told", "text", metadata={"who": "ada"})
        self.next(self.left, self.right)

    @step
    def left(self):
        self.items = list(range(self.count))
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        if self.input == 1 and current.retry_count == 0:
            raise ValueError("not yet")
        self.inner = ["a", "b"]
        self.next(self.blobs, foreach="inner")

    @step
    def blobs(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.next(self.both)

    @catch(var="failed")
    @step
    def right(self):
        raise ValueError("no")
        self.next(self.both)

    @step
    def both(self, inputs):
        self.merge_artifacts(inputs, include=["large", "alike", "mesh", "small", "failed"])
        self.turn = 0
        self.next(self.again)

    @step
    def again(self):
        self.turn += 1
        self.way = "on" if self.turn > 1 else "back"
        self.next({"back": self.again, "on": self.last}, condition="way")

    @step
    def last(self):
        if os.path.exists("stop"):
            raise RuntimeError("stopped")
        self.next(self.end)

    @step
    def end(self):
        pass
"""

PARTS = {
    "FLOW": r"[A-Za-z_]\w*",
    "RUN": r"[\w.-]+",
    "STEP": r"(?:[A-Za-z_]\w*|exit_hook\.(?:success|failure))",
    "PATH": r"(?:-|~?\d+(?:\.~?\d+)*)",
    "N": r"\d+",
    "PART": r"\d{6}",
    "HASH": r"[0-9a-f]{64}",
    "SHA256": r"[0-9a-f]{64}",
    "NAME": r"(?!\.info-)[^/]+",
}


@dataclass(frozen=True)
class Kind:
    """A row of the page's table: a kind of object."""

    pattern: str
    once: bool

    def covers(self, key: str) -> bool:
        parts = re.split(rf"\b({'|'.join(PARTS)})\b", self.pattern)
        folders = r"(?:[^/]+/)*" if "s3-data" in self.pattern else ""  # the user's own names
        expression = "".join(PARTS.get(part, re.escape(part)) for part in parts)
        return re.fullmatch(expression.replace("s3\\-data/", f"s3\\-data/{folders}"), key) is not None


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the tables below a heading, without their heads."""
    _, _, below = PAGE.partition(f"\n{heading}\n")
    assert below, heading
    section = re.split(r"^#", below, maxsplit=1, flags=re.MULTILINE)[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield cells


KINDS = [Kind(cells[0].strip("`"), cells[3] == "once") for cells in rows("## The objects")]
BY_PATTERN = {kind.pattern: kind for kind in KINDS}


def members(pattern: str, *, of_entry: bool = False) -> set[str]:
    """The members of a JSON object that the page lists; of a manifest's entries, those of the second table."""
    found = list(rows(f"### `{pattern}`"))
    named: list[tuple[bool, str]] = []
    wide = [len(cells) > 2 and cells[2] != "" for cells in found]
    for cells, entry in zip(found, wide, strict=True):
        named += [(entry, name) for name in re.findall(r"`(\w+)`", cells[0])]
    return {name for entry, name in named if entry == of_entry}


def flowc(folder: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flowc", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def leave_everything(folder: Path, place: str) -> None:
    """Runs 1 (which fails), 2 (which goes on from it) and `pod-1` (begun in a container), and a package."""
    (folder / "flow.py").write_text(FLOW)
    (folder / "stop").touch()
    flowc(folder, "run", "flow.py", "--datastore", place, "--tag", "first", code=1)
    (folder / "stop").unlink()
    flowc(folder, "resume", "flow.py", "--datastore", place)
    flowc(folder, "tag", "add", "Everything/2", "good", "--datastore", place)
    compiled = compile_bytes("flow.py", FLOW.encode())
    assert compiled.flow is not None
    (folder / "plan.json").write_text(plan_text(compiled.flow))
    open_store(place).put("Everything/pod-1/input.json", b"{}")
    common = {"FLOWC_RUN": "pod-1", "FLOWC_DATASTORE": place, "FLOWC_PACKAGE": str(folder), "FLOWC_TARGET": "argo"}
    for code, own in (
        (0, {"FLOWC_STEP": "start", "FLOWC_PATH": "-", "FLOWC_INPUT": "input.json"}),
        (0, {"FLOWC_HOOK": "success"}),
        (1, {"FLOWC_HOOK": "failure"}),
    ):
        command = [sys.executable, "-m", "flowc.runtime"]
        done = subprocess.run(command, env={**os.environ, **common, **own}, check=False, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    data = b"a package"
    package = Package(flow="Everything", data=data, members=())
    assert package.key == package_key("Everything", hashlib.sha256(data).hexdigest())
    open_store(place).put(package.key, data)


@pytest.fixture(scope="module", params=["folder", "s3"])
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A datastore in which runs have left everything that they may."""
    folder = tmp_path_factory.mktemp("everything")
    with pytest.MonkeyPatch.context() as patch:
        place = str(folder / "store")
        if request.param == "s3":
            if why := s3_missing():
                pytest.skip(why)
            server: Server = request.getfixturevalue("s3")
            for name, value in server.environment.items():
                patch.setenv(name, value)
            place = server.place()
        leave_everything(folder, place)
        yield open_store(place)


def kind_of(key: str) -> Kind:
    found = [kind for kind in KINDS if kind.covers(key)]
    assert len(found) == 1, f"{key} is {[kind.pattern for kind in found]}"
    return found[0]


def test_the_page_has_a_table() -> None:
    assert len(KINDS) > 10
    assert {kind.pattern.rpartition("/")[2] for kind in KINDS if kind.once} == {"run.json", "parameters.json", "manifest.json"}


def test_every_key_is_on_the_page_and_all_of_the_page_is_there(left: Store) -> None:
    seen = {kind_of(key).pattern for key in left.list("")}
    beside = set() if isinstance(left, LocalStore) else {"FLOW/RUN/s3-data/.info-NAME"}
    assert seen | beside == set(BY_PATTERN)


RECORDS = [f"FLOW/RUN/{name}.json" for name in ("run", "tags", "result")]
RECORDS += [f"FLOW/RUN/STEP/PATH/{name}.json" for name in ("manifest", "attempt-N")]


@pytest.mark.parametrize("pattern", RECORDS)
def test_members_are_those_of_the_page(left: Store, pattern: str) -> None:
    found = [json.loads(left.get(key) or b"") for key in left.list("") if BY_PATTERN[pattern].covers(key)]
    assert found
    sometimes = {"pages"} & members(pattern)  # this flow's foreaches are small
    assert [{*one} | sometimes for one in found] == [members(pattern)] * len(found)
    assert {one["format"] for one in found} == {1}
    for error in (one["error"] for one in found if "error" in one):
        assert set(error) == {"type", "message", "traceback"}


def manifests(store: Store) -> dict[str, Any]:
    sealed = ("manifest.json", "parameters.json")
    return {key: json.loads(store.get(key) or b"") for key in store.list("") if key.endswith(sealed)}


def test_manifests_are_sealed_and_have_entries_as_the_page_says(left: Store) -> None:
    seen: set[str] = set()
    for key, manifest in manifests(left).items():
        data = left.get(key)
        assert data is not None
        assert data.startswith(b'{"sha256":"')
        assert hashlib.sha256(data.partition(b",")[2]).hexdigest() == manifest["sha256"]
        assert {*manifest, "pages"} == members("FLOW/RUN/STEP/PATH/manifest.json")
        for entry in manifest["artifacts"].values():
            seen |= set(entry)
            assert len(base64.b64decode(entry.get("inline", ""))) <= 4096
    packed = set() if not isinstance(left, LocalStore) else {"codec", "stored"}  # which a folder's blobs never are
    assert seen | packed == members("FLOW/RUN/STEP/PATH/manifest.json", of_entry=True)


def test_blobs_are_their_hashes_and_lie_in_the_run_that_needs_them(left: Store) -> None:
    compressed = 0
    for key, manifest in manifests(left).items():
        run = "/".join(key.split("/")[:2])
        for entry in manifest["artifacts"].values():
            if "sha256" not in entry:
                continue
            data = left.get(f"{run}/blobs/{entry['sha256']}")
            assert data is not None, f"{key} refers to what is not in its run"
            if "codec" in entry:
                compressed += 1
                assert len(data) == entry["stored"] < entry["size"]
            else:
                assert (len(data), digest_of([data], len(data))) == (entry["size"], entry["sha256"])
    assert bool(compressed) is not isinstance(left, LocalStore)


def test_logs_and_control_objects(left: Store) -> None:
    logs = [left.get(key) or b"" for key in left.list("") if "/log-" in key]
    assert logs
    for line in b"".join(logs).decode().splitlines():
        assert re.fullmatch(r"\d+\.\d{3} [oe] .*", line)
    assert json.loads(left.get("Everything/2/left/-/items.json") or b"") == [0, 1]
    assert json.loads(left.get("Everything/2/again/~0/next.json") or b"") == "again"


def test_origins_and_targets(left: Store) -> None:
    records = {key.split("/")[1]: json.loads(left.get(key) or b"") for key in left.list("") if key.endswith("/run.json")}
    assert {run: (one["target"], one["origin"], one["tags"]) for run, one in records.items()} == {
        "1": ("local", None, ["first"]),
        "2": ("local", "1", []),
        "pod-1": ("argo", None, []),
    }
    assert manifests(left)["Everything/2/start/-/manifest.json"]["origin"] == "1"


def test_only_steps_are_taken_for_steps(left: Store) -> None:
    """One of them has the name of the folder of blobs."""
    steps = {"start", "left", "each", "blobs", "gather", "collect", "right", "both", "again", "last", "end"}
    run = Flow("Everything", datastore=left.url)["2"]
    assert {step.id for step in run} == steps
    assert [task.id for task in run["blobs"]] == ["0.0", "0.1", "1.0", "1.1"]
    assert {step.id for step in Flow("Everything", datastore=left.url)["pod-1"]} == {"start"}


def test_exit_hooks_have_the_place_of_a_task(left: Store) -> None:
    folder = "Everything/pod-1/exit_hook."
    found = {key.removeprefix(folder) for key in left.list(folder)}
    assert found == {
        "success/-/log-0/000000",
        "success/-/manifest.json",
        "failure/-/log-0/000000",
        "failure/-/attempt-0.json",
    }


def test_what_is_written_once_is_written_under_a_condition(tmp_path: Path) -> None:
    """In one process, where the store can be watched."""
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "watch.py").write_text(
        "import json\n"
        "from flowc.runtime.store import LocalStore\n"
        "seen = {'put': [], 'put_new': []}\n"
        "for name in seen:\n"
        "    def watched(self, key, data, name=name, real=getattr(LocalStore, name)):\n"
        "        seen[name].append(key)\n"
        "        return real(self, key, data)\n"
        "    setattr(LocalStore, name, watched)\n"
        "from flowc.__main__ import main\n"
        "try:\n"
        "    main(arguments=['run', 'flow.py', '--in-process'])\n"
        "finally:\n"
        "    open('seen.json', 'w').write(json.dumps(seen))\n"
    )
    done = subprocess.run([sys.executable, "watch.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (tmp_path / "seen.json").exists(), done.stdout + done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert {kind_of(key).pattern for key in seen["put_new"]} == {kind.pattern for kind in KINDS if kind.once}
    assert not any(kind_of(key).once for key in seen["put"])
