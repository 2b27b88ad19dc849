"""A line between kiosk and hospital that breaks in every way a line can."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

ON_THE_WAY = ("reset before the request", "reset after the request", "reset inside the answer", "answer lost",
              "byte by byte", "answer twice", "request twice", "502", "409", "answer too late")
ELSEWHERE = ("refused", "no name", "lost SYN", "no TLS")
FAULTS = (*ELSEWHERE, *ON_THE_WAY)

DRIP = 0.02         # seconds between two bytes: never silent, and the shortest answer takes longer than anybody's patience
GONE = struct.pack("ii", 1, 0)          # SO_LINGER: closing resets


class Proxy:
    """Passes requests on to `port`, one at a time; the next one meets `fault`. `slow` s: how late too late is."""

    def __init__(self, port: int, slow: float) -> None:
        self.fault, self._port, self._slow = "", port, slow
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._waiting = [self._knock() for _ in range(3)]          # its queue is full: the next SYN gets no answer
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def elsewhere(self, fault: str) -> str:
        """An address that fails so."""
        return {"refused": "http://127.0.0.1:1", "no name": "http://hospital.invalid",
                "lost SYN": f"http://127.0.0.1:{self._full.getsockname()[1]}",
                "no TLS": self.url.replace("http", "https")}[fault]

    def close(self) -> None:
        for one in (self._listener, self._full, *self._waiting):
            one.close()

    def _knock(self) -> socket.socket:
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect(self._full.getsockname())
        return one

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            for request in _messages(client):
                fault, self.fault = self.fault, ""
                if not self._pass(client, request, fault):
                    return

    def _pass(self, client: socket.socket, request: bytes, fault: str) -> bool:
        """Whether the line still stands afterwards."""
        if fault == "reset before the request":
            return self._reset(client)
        if fault == "409":
            client.sendall(b'HTTP/1.1 409 Conflict\r\nRetry-After: 1\r\nContent-Type: application/json\r\n'
                           b'Content-Length: 22\r\n\r\n{"code":"in_progress"}')
            return True
        if fault == "request twice":
            self._ask(request)
        answer = self._ask(request)
        match fault:
            case "reset after the request":
                return self._reset(client)
            case "reset inside the answer":
                client.sendall(answer[:len(answer) * 2 // 3])
                return self._reset(client)
            case "answer lost":
                time.sleep(self._slow)
                return False
            case "answer too late":
                time.sleep(self._slow)
                client.sendall(answer)
            case "byte by byte":
                for at in range(len(answer)):
                    client.sendall(answer[at:at + 1])
                    time.sleep(DRIP)
            case "answer twice":
                client.sendall(answer + answer)
            case "502":
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
            case _:
                client.sendall(answer)
        return True

    @staticmethod
    def _reset(client: socket.socket) -> bool:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, GONE)
        return False

    def _ask(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            server.sendall(request)
            return next(_messages(server))


def _messages(line: socket.socket) -> Iterator[bytes]:
    """HTTP messages, each whole, by their Content-Length."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            if not (more := line.recv(65536)):
                return
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        lengths = [int(value) for name, _, value in (field.partition(b":") for field in head.split(b"\r\n")[1:])
                   if name.lower() == b"content-length"]
        whole = len(head) + 4 + (lengths[0] if lengths else 0)
        while len(data) < whole:
            if not (more := line.recv(65536)):
                return
            data += more
        yield data[:whole]
        data = data[whole:]
