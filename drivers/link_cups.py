"""A line to a print queue of CUPS: `cups:///a4?server=localhost:631`, or `server=/run/cups/cups.sock`.

What is written is one whole IPP request, what is read the whole answer to it. Each request has a connection of its own, so
a print server that was restarted meanwhile is found again; waiting and cancelling are those of every other line. No TLS:
the print server is this machine's own.
"""

from __future__ import annotations

import http.client
import io
import re
import select
import socket
import time
from typing import cast
from urllib.parse import SplitResult, parse_qsl

from drivers.contract import Gone, Link, NoAnswer
from drivers.links import FdLink

CONNECT = 0.8               # seconds; nothing can cancel a connection that is being made
PORT = 631                  # IPP
LONGEST = 1 << 20           # bytes of an answer; CUPS answers in some hundreds


def open(parts: SplitResult) -> Link:
    """Raises Gone when the print server is not there, ValueError for an URL that names no queue."""
    given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    queue, server = parts.path.removeprefix("/"), given.pop("server", f"localhost:{PORT}")
    understood = re.fullmatch(r"[\w.-]{1,127}", queue) and re.fullmatch(r"/\S+|[\w.-]+(:\d{1,5})?", server)
    if parts.netloc or given or not understood:
        raise ValueError("write cups:///queue?server=host:port, or server=/path/of/socket")
    return CupsLink(queue, server)


class CupsLink(FdLink):
    """A `Link` whose messages are IPP. `uri` is the queue's name in them."""

    def __init__(self, queue: str, server: str) -> None:
        self.uri = f"ipp://localhost/printers/{queue}"
        self._queue, self._server = queue, server
        self._heard = bytearray()
        self._socket: socket.socket | None = self._connect()
        super().__init__(self._socket.fileno())
        self._hang_up()                         # it was there; each request connects again

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._check_open()
        self._hang_up()
        self._heard.clear()
        self._socket = self._connect()
        self._fd = self._socket.fileno()
        self._incoming.register(self._fd, select.POLLIN)
        head = (f"POST /printers/{self._queue} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\n"
                f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n")
        super().write(head.encode() + data, timeout)

    def read(self, timeout: float) -> bytes:
        """The answer, or b"" when it is not whole in time; without a request nothing comes, and this is a pause.

        Raises NoAnswer for an HTTP error and for what is no HTTP.
        """
        deadline = time.monotonic() + timeout
        while True:
            piece = super().read(deadline - time.monotonic())
            self._heard += piece
            if body := _body(bytes(self._heard)):
                self.drop_input()
                return body
            if len(self._heard) > LONGEST:
                raise NoAnswer("an answer without end")
            if not piece:
                return b""

    def drop_input(self) -> None:
        self._hang_up()
        self._heard.clear()

    def _connect(self) -> socket.socket:
        end = socket.socket(socket.AF_UNIX if self._server.startswith("/") else socket.AF_INET)
        try:
            end.settimeout(CONNECT)
            end.connect(_address(self._server))
        except OSError as error:
            end.close()
            raise Gone("no print server") from error
        end.setblocking(False)
        return end

    def _hang_up(self) -> None:
        if self._socket:
            self._incoming.unregister(self._fd)
            self._socket.close()
            self._socket = None

    def _release(self) -> None:
        self._hang_up()


def _address(server: str) -> str | tuple[str, int]:
    if server.startswith("/"):
        return server
    host, _, port = server.partition(":")
    return host, int(port or PORT)


class _Heard(io.BytesIO):
    """What came so far, where http.client expects a socket."""

    def makefile(self, mode: str) -> _Heard:
        return self


def _body(heard: bytes) -> bytes:
    """The contents of an HTTP response, b"" while it is not complete."""
    if b"\r\n\r\n" not in heard:
        return b""
    response = http.client.HTTPResponse(cast(socket.socket, _Heard(heard)), method="POST")
    try:
        response.begin()
        if response.status != http.client.OK:
            raise NoAnswer(f"the print server answers {response.status}")
        if response.length is None and not response.chunked:
            return b""                          # its end could not be told from a broken line
        return response.read()
    except http.client.IncompleteRead:
        return b""
    except (http.client.HTTPException, ValueError, OSError) as error:
        raise NoAnswer("no HTTP") from error
