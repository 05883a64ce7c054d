"""`python -m flowc …`, the `flowc` command, and the end of `python flow.py …`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(flow_file: str | None = None, flow_class: str | None = None, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code.

    Args:
        flow_file: The file that is being run as a program (`python flow.py …`); every verb's FILE is then filled in.
        flow_class: Its class that was called.
        arguments: What stands after the program's name; by default the process's own.
    """
    if flow_file is not None:
        import os

        from .cli.names import unusable_name

        # Before anything else is imported: beside a flow `json.py`, the rest of flowc would import that one for json.
        why = unusable_name(os.path.basename(flow_file))  # noqa: PTH119  # pathlib imports a lot
        if why is not None:
            print(f"flowc: {why}", file=sys.stderr)
            sys.exit(2)
    from .cli.program import execute

    sys.exit(execute(sys.argv[1:] if arguments is None else arguments, flow_file, flow_class))


if __name__ == "__main__":
    main()
