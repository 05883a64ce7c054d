"""What the validators share: where built tools are kept, and what happens where one cannot be had.

A validator is built or installed once into `<repository>/.cache/validators` (or `FLOWC_VALIDATORS`) under a name that holds a
hash of what it is made from, so a changed source makes a new one and an unchanged one costs nothing.
"""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def demand(why: str | None) -> None:
    """Skip the running test for the reason `why`, or fail it in CI, where nothing may be missing; go on if it is None."""
    if why is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have every validator, but {why}")
    pytest.skip(why)


def cache_folder() -> Path:
    """Where built tools are kept; made if it is not there."""
    folder = Path(os.environ.get("FLOWC_VALIDATORS") or REPOSITORY / ".cache" / "validators")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprint(*parts: Path | str) -> str:
    """Sixteen hexadecimal digits that change with the content of the files and with the words."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Hold the lock `name`: of several test workers one builds, the others wait and find it built."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    good: tuple[int, ...] = (0,),
    text: str | None = None,
) -> str:
    """Run a command and give its standard output; raise `RuntimeError` with what it said if its exit code is not a good one."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in good:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout
