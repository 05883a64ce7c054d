"""What a package holds beside the flow, so that the runtime can use an object store in an image of nothing but Python.

    ("linux/amd64",)   →   .flowc/linux-amd64/any/obstore/…           the same for every Python
                           .flowc/linux-amd64/cp312/backports/zstd/…  for one of them; Python has it itself from 3.14

Of each, the version that is installed beside flowc. Wheels are fetched by pip, as it is set up here, and kept in a cache.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .output import Unusable, complain

PLATFORMS = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
"""What containers run on, by what wheels call it."""
PYTHONS = ("3.11", "3.12", "3.13")
"""Those without zstd of their own."""


_UNUSED = (
    "/sboms/",  # for auditors; licences travel with what they are for
    *("/obstore/auth/", "/obstore/fsspec.py"),
    *("/backports/zstd/_cffi/", "/backports/zstd/tarfile.py", "/backports/zstd/zipfile/"),
)
"""What the runtime never imports of them, and every task would unpack."""


class Wheel(NamedTuple):
    """A wheel that a package needs.

    Attributes:
        python: Which Python it is for, or the oldest where it is for all of them.
        folder: Where in a package it goes: `any`, `cp312`.
    """

    name: str
    version: str
    platform: str
    python: str
    folder: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} for {self.platform}" + (f", Python {self.python}" if self.folder != "any" else "")


def wheels_for(platform: str) -> tuple[Wheel, ...]:
    """The wheels for a platform."""
    return (
        Wheel("obstore", _version("obstore", "0.12.1"), platform, PYTHONS[0], "any"),
        *(
            Wheel("backports.zstd", _version("backports.zstd", "1.8.0"), platform, python, f"cp{python.replace('.', '')}")
            for python in PYTHONS
        ),
    )


def contents(wheel: Wheel) -> Iterator[tuple[str, bytes]]:
    """The files of a wheel that a run may need, by their path in a package.

    Raises:
        Unusable: It is not in the cache and cannot be fetched, or is damaged.
    """
    import zipfile

    file = _cached(wheel) or _fetched(wheel)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if not name.endswith(("/", ".pyi", "/py.typed")) and not any(one in f"/{name}" for one in _UNUSED):
                    yield f".flowc/{wheel.platform.replace('/', '-')}/{wheel.folder}/{name}", archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unusable(f"{file} is damaged ({error}): delete it, and it is fetched again") from None


def cache_folder() -> Path:
    """Where wheels are kept: below `FLOWC_CACHE`, else where this machine keeps caches."""
    place = os.environ.get("FLOWC_CACHE")
    if place:
        return Path(place) / "wheels"
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "flowc" / "wheels"


def _version(name: str, otherwise: str) -> str:
    """The version of what is installed beside flowc, or one that is known to work."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return otherwise


def _cached(wheel: Wheel) -> Path | None:
    stem = f"{wheel.name.replace('.', '_')}-{wheel.version}-"
    try:
        names = sorted(one.name for one in cache_folder().iterdir() if one.name.startswith(stem) and one.suffix == ".whl")
    except OSError:
        return None
    for name in names:
        # https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
        *_, python, abi, platform = name.removesuffix(".whl").split("-")
        fits = abi == "abi3" if wheel.folder == "any" else wheel.folder in python.split(".")
        if fits and "manylinux" in platform and platform.endswith(PLATFORMS[wheel.platform]):
            return cache_folder() / name
    return None


def _fetched(wheel: Wheel) -> Path:
    """Let pip fetch a wheel into the cache."""
    import subprocess
    import tempfile

    machine, folder = PLATFORMS[wheel.platform], cache_folder()
    options = ["--only-binary=:all:", "--no-deps", "--implementation", "cp", "--python-version", wheel.python]
    for libc in ("manylinux2014", "manylinux_2_28"):
        options += ["--platform", f"{libc}_{machine}"]
    options += [f"{wheel.name}=={wheel.version}"]
    complain(f"fetching {wheel}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
            done = subprocess.run(
                [*pip, "--dest", aside, *options], capture_output=True, text=True, errors="replace", check=False
            )
            for file in Path(aside).glob("*.whl") if done.returncode == 0 else ():
                file.replace(folder / file.name)
    except OSError as error:
        raise Unusable(f"cannot keep wheels in {folder}: {error.strerror}; FLOWC_CACHE may name another folder") from None
    found = _cached(wheel)
    if found is None:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["it gave no wheel for it"]
        why = next((line for line in reversed(said) if line.startswith("ERROR:")), said[-1]).removeprefix("ERROR: ")
        raise Unusable(
            f"pip cannot fetch {wheel}: {why}\n"
            f"Where pip reaches an index, `pip download {' '.join(options)}` fetches it: put it into {folder}.\n"
            "For images that have obstore, and for datastores that are folders, say --no-dependencies."
        )
    return found
