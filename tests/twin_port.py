"""The machine's end of a twin's line, in plain system calls: what a driver would have, and nothing more."""

from __future__ import annotations

import os
import select
import termios
import time
import tty

SPEEDS = {2400: termios.B2400, 9600: termios.B9600, 115200: termios.B115200}


class Port:
    """An open tty. Reads end at a deadline, never by luck."""

    def __init__(self, url: str) -> None:
        path, _, query = url.removeprefix("serial://").partition("?")
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        self.speed(int(query.removeprefix("baud=")))

    def speed(self, baud: int) -> None:
        settings = termios.tcgetattr(self.fd)
        settings[4] = settings[5] = SPEEDS[baud]
        termios.tcsetattr(self.fd, termios.TCSANOW, settings)

    def write(self, data: bytes) -> None:
        assert os.write(self.fd, data) == len(data)

    def pieces(self, size: int, timeout: float = 20.0) -> list[bytes]:
        """`size` bytes as they came. Fails when they do not come, or more came with the last of them."""
        end, got = time.monotonic() + timeout, []
        while sum(map(len, got)) < size:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{sum(map(len, got))} of {size} bytes came: {b''.join(got)[:40].hex(' ')}"
            piece = os.read(self.fd, 4096)
            assert piece, "the line ended"
            got.append(piece)
        assert sum(map(len, got)) == size, f"too much came: {b''.join(got)[:40].hex(' ')}"
        return got

    def read(self, size: int, timeout: float = 20.0) -> bytes:
        return b"".join(self.pieces(size, timeout))

    def ask(self, data: bytes, size: int) -> bytes:
        self.write(data)
        return self.read(size)

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
