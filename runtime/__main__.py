"""The entrypoint of a task's container: `python3 -m flowc.runtime`, which runs one task and takes no arguments. For a run
that has ended, it runs the exit hooks instead, as if they were one.

In: the environment variables of `contract`, the package's folder, the datastore. Out: a committed manifest, or the record of an
attempt that failed; the log of what was printed; and an exit code:

    0        done: the task is committed, by this attempt or by another
    1        failed: the user's code or data, or the store while it ran
    2        unfit: the environment or the package is not what a task needs; nothing of the user's ran
    3        a bug of flowc's
    128 + n  ended by signal n: 137 (SIGKILL, above all for want of memory), 139 (SIGSEGV) and the like where the user's code
             was, 143 (SIGTERM) or 130 (SIGINT) where the platform or a person asked for it
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from .container.assignment import read_assignment
from .container.supervisor import supervise
from .container.work import BUG, UNFIT, do
from .errors import FlowcError
from .local.progress import stand_in_for_closed_streams


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Run the task that the environment names; the exit code."""
    stand_in_for_closed_streams()
    try:
        work = read_assignment(environment)
        if work.hook is not None:
            from .container.hooks import do_hooks

            return supervise(work, do_hooks)
        return supervise(work, do)
    except FlowcError as error:
        print(f"flowc: {error}", file=sys.stderr)
        return UNFIT
    except Exception:
        import traceback

        traceback.print_exc()
        print("flowc: this is a bug of flowc's; please report it with the lines above", file=sys.stderr)
        return BUG


if __name__ == "__main__":
    code = main()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # threads that wait for a store which does not answer hold nobody up
