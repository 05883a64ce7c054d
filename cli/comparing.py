"""`--check FILE`: whether a document is still what a file says, so that what is reviewed in git is what would be deployed."""

from __future__ import annotations

import sys
from pathlib import Path

from .output import Unusable, complain, write


def compare(text: str, file: Path) -> bool:
    """Whether they differ; how to get from the file to the document then goes to standard output.

    Raises:
        Unusable: The file cannot be read.
    """
    if file.is_dir():
        raise Unusable(f"--check takes a file, and this is a folder: {file}")
    try:
        there = file.read_bytes().replace(b"\r\n", b"\n")  # as git may have checked it out
    except FileNotFoundError:
        raise Unusable(f"there is no {file} to compare with: without --check, the document goes to standard output") from None
    except OSError as error:
        raise Unusable(f"cannot read {file}: {error.strerror}") from None
    if there == text.encode():
        return False
    import difflib

    # A line ends at line feeds only: other ends of lines may stand in a text, and git may have made others of them.
    old, new = (one.split("\n") for one in (there.decode(errors="replace"), text))
    lines = difflib.unified_diff(old, new, str(file), "compiled", lineterm="")
    write("".join(f"{line}\n" for line in lines).encode(), sys.stdout)
    complain(f"flowc: {file} is not what the flow compiles to: + is what it would be")
    return True
