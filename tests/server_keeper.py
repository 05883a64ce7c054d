"""`server_keeper.py FOLDER SERVER OWNER`: waits for the end of one of two processes, ends the server and removes its folder, and
what the file `sockets` in it says that the server has left elsewhere."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import sys
import time
from contextlib import suppress


def keep(folder: str, server: int, owner: int) -> None:
    """Wait for the end of the owner or of the server, then leave nothing of the server."""
    while _lives(owner) and _lives(server):
        time.sleep(0.2)
    with suppress(ProcessLookupError):
        os.kill(server, signal.SIGKILL)
    with suppress(OSError), open(os.path.join(folder, "sockets")) as file:
        for pattern in file.read().split():
            for socket in glob.glob(pattern):
                os.unlink(socket)
    shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"  # ended, only nobody has asked for its exit code
    except OSError:
        return not os.path.isdir("/proc/self")


if __name__ == "__main__":
    keep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
