"""The folder that `flowc compile -o` writes: a platform's documents, and a complete build context for an image with the
flow in it."""

from __future__ import annotations

from collections.abc import Sequence

from .. import __version__
from ..runtime.contract import PLAN_FILE
from ..targets import Document
from ..templates import render
from .output import Unusable

DOCKERFILE = "Dockerfile"


def build_context(documents: Sequence[Document], plan: str, flow_name: str, flow: bytes, base_image: str) -> dict[str, bytes]:
    """What to write, by file name.

    Args:
        documents: What a target made.
        plan: The text of `plan.json`.
        flow_name: The name of the flow's file, as the plan has it.
        flow: Its bytes, as they are.
        base_image: What the Dockerfile starts from.
    """
    dockerfile = render(
        "Dockerfile.j2",
        base_image=base_image,
        requirement=f"flowc=={__version__}",
        files=[copy_source(flow_name), PLAN_FILE],
    )
    files = {one.name: one.text.encode() for one in documents} | {PLAN_FILE: plan.encode(), DOCKERFILE: dockerfile.encode()}
    if flow_name in files:
        raise Unusable(f"{flow_name} is also the name of a file that is written beside the flow: rename the flow's file")
    return files | {flow_name: flow}


def copy_source(name: str) -> str:
    """A file's name as COPY takes it: Docker expands variables and Go's file patterns, in the JSON form too.

    https://docs.docker.com/reference/dockerfile/#copy
    """
    return "".join(f"[{one}]" if one in "*?[" else f"\\{one}" if one in "$\\" else one for one in name)
