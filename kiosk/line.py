"""An HTTP line with a limit for the whole answer.

A socket's own time-out is one of silence: a server that sends one byte a second never meets it, and holds the thread that
listens for as long as it likes. Here every reading of an answer, from the first byte of its status line to the last one of
its body, has what is left of the answer's time, and what is left of its size. Plain or TLS is the same: the reading is
cut below the HTTP library and above the socket. (Names are looked up by the system, which has limits of its own.)
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from importlib.metadata import version
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE = 20.0          # seconds for an answer, headers and body, behind the last byte of the request
MOST = 4 << 20        # bytes of an answer: two weeks of a large department are a tenth of it


class TooLong(OSError):
    """The answer does not end."""


class Bounded(io.RawIOBase):
    """What comes from `sock` through `raw`, for WHOLE seconds and MOST bytes. Raises TimeoutError, TooLong."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._end, self._left, self._silence = time.monotonic() + WHOLE, MOST, sock.gettimeout() or WHOLE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer drips")
        if self._left <= 0:
            raise TooLong("the answer is endless")
        self._sock.settimeout(min(left, self._silence))
        count: int | None = self._raw.readinto(memoryview(buffer)[:self._left])
        self._left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class Answer(HTTPResponse):
    """An answer that ends."""

    def __init__(self, sock: socket.socket, *args: Any, **words: Any) -> None:
        super().__init__(sock, *args, **words)
        self.fp = io.BufferedReader(Bounded(self.fp.detach(), sock))


class Plain(HTTPConnection):
    response_class = Answer


class Secure(HTTPSConnection):
    response_class = Answer


class PlainPool(HTTPConnectionPool):
    ConnectionCls = Plain


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = Secure


class Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **words: Any) -> None:
        super().init_poolmanager(*args, **words)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def connection(token: str) -> Session:
    """To the hospital and nowhere else, with this kiosk's token."""
    session = Session()
    session.trust_env = False   # a proxy in the environment has no business between kiosk and hospital
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
    # What is packed small may unpack to anything: answers come as they are.
    session.headers.update({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity",
                            "User-Agent": f"hospital-kiosk/{version('hospital-kiosk')}"})
    return session
