"""The engine's process: moto's server with a mended interpreter, whose jobs are processes.

python -m engines.server FOLDER      # prints its port, and ends when its standard input does
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from engines import batch, executions, failures, limits, machines, maps, parsing, services, waiting  # noqa: F401  # they mend moto
from engines.processes import Runners


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_arguments: object) -> None:
        """Say nothing."""


def main(folder: Path) -> None:
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True, request_handler=_Handler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    batch.install(Runners(folder, f"http://127.0.0.1:{server.server_port}"))
    threading.Thread(target=_end_with_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGKILL)  # the warm server ends when its orders do, and its jobs with it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
