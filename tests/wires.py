"""A network that can be lost: a server behind a wire that somebody cuts."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Wire:
    """What lies between here and a server of this machine, and may swallow all that is sent.

    Attributes:
        address: Where the server seems to be.
    """

    def __init__(self, endpoint: str) -> None:
        self._there = ("127.0.0.1", int(endpoint.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._whole = threading.Event()
        self._whole.set()
        self._breaks = False
        self._open = [self._listener]
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, breaks: bool = False) -> None:
        """Swallow everything, on connections that are open and on new ones; or break them all."""
        self._breaks = breaks
        self._whole.clear()
        if breaks:
            for one in self._open[1:]:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let through what is new. What was swallowed is lost."""
        self._whole.set()

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._open.append(here)
                if not self._whole.is_set() and self._breaks:
                    here.close()
                elif self._whole.is_set():
                    there = socket.create_connection(self._there)
                    self._open.append(there)
                    for one, other in ((here, there), (there, here)):
                        threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if not self._whole.is_set():
                    return  # and neither side hears of it
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
