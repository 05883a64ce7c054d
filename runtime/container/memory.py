"""What the container may use of memory, and whether the kernel ended a process for want of it.

In: the files of the control group that this process is in, of version 2 or 1. Out: a `Memory`, of what they say.
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_UNLIMITED = 1 << 60
"""Version 1 writes no word for "no limit", but the greatest number of whole pages."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A control group's memory.

    Attributes:
        kills: How many of its processes were ended for want of memory so far.
        limit: How many bytes it may use, or None.
        peak: How many bytes it used at the most, or None if the kernel does not tell.
    """

    kills: int
    limit: int | None = None
    peak: int | None = None


def read_memory(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Memory | None:
    """What the kernel says of this process's control group; None where it says nothing."""
    for folder, events, limit, peak in _candidates(root, own):
        text = _read(folder / events)
        if text is None:
            continue
        kills = dict(line.split(" ", 1) for line in text.splitlines() if " " in line).get("oom_kill", "0")
        if kills.isdigit():
            most = _number(folder / limit)
            return Memory(int(kills), most if most is not None and most < _UNLIMITED else None, _number(folder / peak))
    return None


def explain_kill(before: Memory | None, after: Memory | None, used: int) -> str:
    """What is known of why a process was killed by SIGKILL, as a part of a sentence.

    Args:
        before: What was read when the process began.
        after: What is read now that it is gone.
        used: How many bytes it used itself at the most.
    """
    limit = None if after is None else after.limit
    of = "" if limit is None else f" of the {size(limit)} that its container has"
    if after is not None and after.kills > (0 if before is None else before.kills):
        return f", out of memory: it used {size(after.peak or used)}{of}"
    return f" (the system does that when memory runs out; it used {size(used)}{of})"


def size(count: int) -> str:
    """A number of bytes for people: `1.5 GiB`."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if count >= factor:
            return f"{count / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count / 1024:.0f} KiB"


def _candidates(root: Path, own: Path) -> list[tuple[Path, str, str, str]]:
    """Where the files may be. In most containers the group is mounted as the root; without a namespace, below it."""
    found = []
    for line in (_read(own) or "0::/").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            names = ("memory.events", "memory.max", "memory.peak")
            found += [(root / path.lstrip("/"), *names), (root, *names)]
        elif "memory" in controllers.split(","):
            names = ("memory.oom_control", "memory.limit_in_bytes", "memory.max_usage_in_bytes")
            found += [(root / "memory" / path.lstrip("/"), *names), (root / "memory", *names)]
    return found


def _number(file: Path) -> int | None:
    text = (_read(file) or "").strip()
    return int(text) if text.isdigit() else None


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
