"""What is mounted into a step's pods: shared memory, a tmpfs, claims; and where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...compiler.frontend.kinds import number_of
from ...compiler.frontend.kube_kinds import is_within, same_path, table_of
from ...compiler.ir.nodes import Constant
from ..settings import Settings
from .serialise import Inline

OUTPUTS: Final = "/tmp/flowc"
"""Where a task writes what Argo reads."""
TMPFS_PATH: Final = "/metaflow_temp"
"""Where a tmpfs is mounted if the step does not say: where Metaflow mounts it."""
SHARED_MEMORY: Final = "/dev/shm"
_ARGOS_FOLDERS: Final = ("/var/run/argo", "/argo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What is mounted: memory, or a claim.

    Attributes:
        name: Its name within the pod.
        path: Where it is mounted.
        megabytes: The most that memory takes, in MiB.
        claim: The PersistentVolumeClaim, where it is one.
        argument: What asked for it.
    """

    name: str
    path: str
    megabytes: int = 0
    claim: str | None = None
    argument: str


def volumes_of(own: Mapping[str, Constant], settings: Settings) -> Iterator[Volume]:
    """What the arguments of `@kubernetes` ask for."""
    if settings.shared_memory:
        yield Volume(name="shm", path=SHARED_MEMORY, megabytes=int(settings.shared_memory), argument="shared_memory")
    if has_tmpfs(own):
        size = whole(own.get("tmpfs_size")) or max(int(settings.memory) // 2, 1)
        yield Volume(name="tmpfs", path=str(own.get("tmpfs_path") or TMPFS_PATH), megabytes=size, argument="tmpfs_path")
    # A claim's name may have dots, which a volume's may not.
    for number, (claim, path) in enumerate(table_of(own.get("persistent_volume_claims"))):
        yield Volume(name=f"claim-{number}", path=path, claim=claim, argument="persistent_volume_claims")


def has_tmpfs(own: Mapping[str, Constant]) -> bool:
    """Whether a tmpfs is mounted: it is asked for, or given a size."""
    return bool(own.get("use_tmpfs") or own.get("tmpfs_size"))


def whole(value: Constant) -> int:
    """A whole number that an argument says; 0 where it says nothing."""
    return int(number_of(value) or 0)


def source_of(volume: Volume) -> dict[str, Any]:
    """Where a volume's content is, as a field of it."""
    if volume.claim is not None:
        return {"persistentVolumeClaim": Inline(claimName=volume.claim)}
    return {"emptyDir": Inline(medium="Memory", sizeLimit=f"{volume.megabytes}Mi")}


def misplaced(volumes: Sequence[Volume], *, bare: bool) -> Iterator[tuple[Volume, str]]:
    """The volumes that cannot be where they are, each with what is wrong, in words that go on after "mounts ".

    Args:
        bare: Whether their pod is none of Argo's.
    """
    for index, one in enumerate(volumes):
        if any(same_path(one.path, other.path) for other in volumes[:index]):
            yield one, f"two volumes at {one.path}"
        elif bare:
            continue
        elif any(is_within(one.path, folder) or is_within(folder, one.path) for folder in _ARGOS_FOLDERS):
            yield one, f"a volume at {one.path}, where Argo keeps what it needs in a pod"
        elif one.claim is not None and (is_within(OUTPUTS, one.path) or is_within(one.path, OUTPUTS)):
            yield one, f"a claim at {one.path}, where tasks that share it would overwrite what each puts out in {OUTPUTS}"
