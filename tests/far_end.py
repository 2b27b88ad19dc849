"""The other end of a line: a pseudo-terminal, a socket, or a function that answers what is written."""

from __future__ import annotations

import os
import pty
import socket
import threading
import tty
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from drivers.contract import Gone, Link


class Pty:
    """The other end of a serial line."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        self.url = f"serial://{self.path}?baud=115200"

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def receive(self) -> bytes:
        return os.read(self.master, 4096)

    def hang_up(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


class Socket:
    """The other end of a TCP line; it accepts the one connection it is asked for."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._peer: socket.socket | None = None

    @property
    def peer(self) -> socket.socket:
        if not self._peer:
            self._peer = self._listener.accept()[0]
        return self._peer

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)

    def receive(self) -> bytes:
        return self.peer.recv(4096)

    def hang_up(self) -> None:
        self.peer.close()
        self._listener.close()


End = Pty | Socket


class Answering:
    """A `Link` without a wire: `answer` gives the pieces that come back for each piece written. Silence is instant."""

    def __init__(self, answer: Callable[[bytes], Iterable[bytes]]) -> None:
        self._answer = answer
        self.coming: deque[bytes] = deque()
        self.written: list[bytes] = []
        self.speeds: list[int] = []
        self.broken = False

    def read(self, timeout: float) -> bytes:
        if self.broken:
            raise Gone
        return self.coming.popleft() if self.coming else b""

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        if self.broken:
            raise Gone
        self.written.append(data)
        self.coming.extend(self._answer(data))

    def drop_input(self) -> None:
        self.coming.clear()

    def set_baud(self, baud: int) -> None:
        self.speeds.append(baud)

    def cancel(self) -> None:
        raise NotImplementedError("nothing ever waits here")

    def rearm(self) -> None:
        """Nothing was cancelled."""

    def close(self) -> None:
        self.broken = True


class Watched:
    """A link that tells when somebody begins to wait on it in earnest: for more than 0.1 s."""

    def __init__(self, link: Link) -> None:
        self.waits = threading.Event()
        self.once: Callable[[], object] | None = None       # called then, one time, before the wait
        self._link = link

    def read(self, timeout: float) -> bytes:
        if timeout > 0.1:
            self.waits.set()
            if act := self.once:
                self.once = None
                act()
        return self._link.read(timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)
