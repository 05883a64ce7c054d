"""Messages between the scheduler and a helper process of its own, over a socket: lists of tuples of what `marshal` takes.

The scheduler's side (`Helper`) never waits: what cannot be sent now is sent when the socket takes it, as `processes.Pool` does
with its outlets. Both sides are one program.
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import time
from _thread import allocate_lock
from contextlib import suppress
from typing import Any, TypeAlias

Messages: TypeAlias = list[tuple[Any, ...]]

CHUNK = 1 << 18
"""How many bytes are sent or taken at a time."""
DEAF_TO = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Signals that a helper pays no heed to: it ends when the scheduler says so, or is gone."""
_FULL = 1 << 20
_SIZE = struct.Struct("<I")


class Helper:
    """The scheduler's side of a helper: what it is told, and what it answers. What knows what messages mean derives from it."""

    def __init__(self) -> None:
        self._batch: Messages = []
        self._batched = 0
        self._unsent = bytearray()
        self._unread = bytearray()
        self._over = False
        self._pid = 0
        self._socket: socket.socket

    def fileno(self) -> int:
        """The descriptor on which answers come, and on which `push` may have to wait."""
        return self._socket.fileno()

    @property
    def waiting(self) -> bool:
        """Whether there is something to send."""
        return bool(self._unsent or self._batch) and not self._over

    @property
    def gone(self) -> bool:
        """Whether the helper has ended, or is about to."""
        return self._over

    @property
    def full(self) -> bool:
        """Whether so much is waiting that no more should be taken from tasks."""
        return len(self._unsent) + self._batched > _FULL and not self._over

    def push(self) -> None:
        """Send what can be sent without waiting."""
        if self._batch:
            self._unsent += frame(self._batch)
            self._batch, self._batched = [], 0
        try:
            while self._unsent and not self._over:
                del self._unsent[: self._socket.send(memoryview(self._unsent)[:CHUNK])]
        except BlockingIOError:
            pass
        except OSError:  # it is gone; its last words may still be there
            self.pull()

    def pull(self) -> bool:
        """Take the answers that are there; whether anything came."""
        came = False
        try:
            while not self._over:
                data = self._socket.recv(CHUNK)
                came = True
                if not data:
                    self._end()
                self._unread += data
        except BlockingIOError:
            pass
        except OSError:
            self._end()
        self._take_all()
        return came

    def send(self, message: tuple[Any, ...], size: int = 0) -> None:
        """Have a message sent with the next push."""
        self._batched += 64 + size
        self._batch.append(message)

    def take(self, answer: tuple[Any, ...]) -> None:
        """Do what an answer says."""
        raise NotImplementedError

    def lost(self) -> None:
        """The helper is gone, and has not said that it is done."""
        raise NotImplementedError

    def bury(self, patience: float) -> None:
        """Wait for the helper's end, which is made if it does not come."""
        end = time.monotonic() + patience
        while self._pid and os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() >= end:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            time.sleep(0.001)
        self._pid = 0

    def _take_all(self) -> None:
        for answers in take_frames(self._unread):
            for answer in answers:
                self.take(answer)

    def _end(self) -> None:
        self._take_all()
        if not self._over:
            self._over = True
            self.lost()


class Answers:
    """The helper's side, as far as it answers. Several threads may."""

    def __init__(self, pipe: socket.socket) -> None:
        self._socket = pipe
        self._answering = allocate_lock()

    def give(self, messages: Messages) -> None:
        """Send messages; waits until the scheduler takes them. If it is gone, nobody listens any more."""
        with self._answering, suppress(OSError):
            self._socket.settimeout(None)
            self._socket.sendall(frame(messages))


def frame(messages: Messages) -> bytes:
    """Messages as they are sent."""
    data = marshal.dumps(messages)
    return _SIZE.pack(len(data)) + data


def take_frames(buffer: bytearray) -> list[Messages]:
    """Take the whole frames from a buffer: the messages of each."""
    found, at = [], 0
    while len(buffer) - at >= _SIZE.size:
        (size,) = _SIZE.unpack_from(buffer, at)
        if len(buffer) - at - _SIZE.size < size:
            break
        found.append(marshal.loads(memoryview(buffer)[at + _SIZE.size : at + _SIZE.size + size]))
        at += _SIZE.size + size
    del buffer[:at]
    return found
