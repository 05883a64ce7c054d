"""A flow's package: one file that holds all that a task needs in an image of nothing but Python.

In: a compiled flow, patterns of data files, platforms. Out: a tar.gz, named by its hash; `templates/bootstrap.py` unpacks it.

    flow.py, helpers/data.py, data/a.csv    the flow's own files, as they lie in its folder
    plan.json                               the compiled flow
    flowc/…                                 flowc's face and runtime
    .flowc/linux-amd64/…                    what the runtime uses of other packages, for each platform

The same files give the same bytes: nothing of when, where or by whom it was made is in it. Modules are there as source and not
compiled, which would hold for one version of Python only; in a container they take 30 ms of the 300 that a task costs.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..compiler.pipeline import Compilation
from ..compiler.plan import plan_text
from ..runtime.contract import PLAN_FILE, package_key
from .flow_file import FlowFile, read_file
from .included import included
from .output import Unusable
from .wheels import contents, wheels_for

RESERVED = ("flowc", ".flowc", PLAN_FILE)
LARGE = 100 * 1024 * 1024
"""Bytes of a package's files from which on it is worth a warning: every task fetches all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in a package.

    Attributes:
        name: Its path in the package.
        why: What brought it there.
        executable: Whether it may be run; nothing else of its mode is kept.
    """

    name: str
    data: bytes = field(repr=False)
    why: str
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A packed flow.

    Attributes:
        data: The tar.gz.
        members: What is in it, in order.
    """

    flow: str
    data: bytes = field(repr=False)
    members: tuple[Member, ...]

    @property
    def sha256(self) -> str:
        """The hash of the tar.gz, in hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def key(self) -> str:
        """Where in a datastore it is kept, and what `FLOWC_CODE` says."""
        return package_key(self.flow, self.sha256)

    @property
    def warning(self) -> str | None:
        """What to say of a large one."""
        total = sum(len(one.data) for one in self.members)
        if total <= LARGE:
            return None
        largest = sorted(self.members, key=lambda one: -len(one.data))[:5]
        named = ", ".join(f"{one.name} ({len(one.data) >> 20} MiB)" for one in largest)
        return f"the package has {total >> 20} MiB, which every task fetches before it starts; the largest files are {named}"


def build_package(
    compilation: Compilation,
    file: FlowFile,
    data: bytes,
    *,
    includes: Sequence[str] = (),
    platforms: Sequence[str] = ("linux/amd64",),
    dependencies: bool = True,
) -> Package:
    """Pack a sound flow.

    Args:
        data: The flow's file, as it was compiled.
        includes: Patterns of data files, from the flow's folder.
        platforms: What containers run on, as `linux/amd64`.
        dependencies: Whether to take along what the runtime needs for object stores.

    Raises:
        Unusable: A file cannot be read or must not be in a package, a pattern is of no use, or a wheel cannot be had.
    """
    assert compilation.flow is not None, "only a sound flow is packed"
    flow, members = compilation.flow, dict[str, Member]()
    for one in _own(compilation, file, flow.file, data, includes):
        if one.name.split("/")[0] in RESERVED:
            raise Unusable(f"{one.name} ({one.why}) has a name that flowc keeps for itself in a package: rename it")
        members.setdefault(one.name, one)
    members[PLAN_FILE] = Member(name=PLAN_FILE, data=plan_text(flow).encode(), why="the compiled flow")
    others = list(runtime_files())
    for platform in dict.fromkeys(platforms) if dependencies else ():
        for wheel in wheels_for(platform):
            others += [Member(name=name, data=content, why=str(wheel)) for name, content in contents(wheel)]
    members |= {one.name: one for one in others}
    ordered = tuple(members[name] for name in sorted(members))
    return Package(flow=flow.name, data=_packed(ordered), members=ordered)


def runtime_files() -> Iterator[Member]:
    """flowc's face and its runtime."""
    root = Path(__file__).parent.parent
    for path in [root / "__init__.py", *(root / "runtime").rglob("*.py")]:
        name = path.relative_to(root).as_posix()
        if not name.startswith("runtime/shim/"):  # for `python flow.py`
            yield Member(name=f"flowc/{name}", data=path.read_bytes(), why="flowc's runtime")


def _own(compilation: Compilation, file: FlowFile, name: str, data: bytes, includes: Sequence[str]) -> Iterator[Member]:
    """The user's files: the flow, the modules that it imports, and data."""
    home = Path(file.path).parent
    yield _member(home, name, "the flow", data)
    for module, (importer, line) in file.importers(compilation.source).items():
        yield _member(home, module, f"imported by {importer}:{line}")
    for one, pattern in included(home, includes).items():
        yield _member(home, one, f"--include {pattern}")


def _member(home: Path, name: str, why: str, data: bytes | None = None) -> Member:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Unusable(f"the name of {name!r} ({why}) is no text: rename it") from None
    path = home / name
    data = read_file(str(path)) if data is None else data
    return Member(name=name, data=data, why=why, executable=bool(path.stat().st_mode & 0o100))


def _packed(members: Sequence[Member]) -> bytes:
    """The bytes of a tar.gz, with nothing in it but names, contents, and whether they may be run."""
    tar = io.BytesIO()
    # GNU's format has no headers beside the plain ones but for names of over 100 bytes.
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8") as archive:
        for one in members:
            info = tarfile.TarInfo(one.name)
            info.size, info.mode = len(one.data), 0o755 if one.executable else 0o644
            archive.addfile(info, io.BytesIO(one.data))
    content = tar.getbuffer()
    # Not by `gzip`, which writes the time or the system: https://www.rfc-editor.org/rfc/rfc1952#page-5
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + deflate.compress(content) + deflate.flush() + end
