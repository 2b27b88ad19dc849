"""A line to a device is a URL: `serial:///dev/kiosk/printer?baud=115200`, `tcp://10.0.0.7:9100`, or one of drivers/link_*.

The two here are one file descriptor that is waited on with `poll`, beside a pipe whose only purpose is to end
the wait: reading never polls with sleeps and a cancel is never lost. Opening serial ports is pyserial's job.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
import select
import socket
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

import serial

from drivers.contract import Cancelled, Gone, Link, NoAnswer

CONNECT = 3.0       # seconds for a TCP connection: a printer in the same cabinet answers in milliseconds
CHUNK = 4096        # bytes; the size of Linux's own tty buffer
FLOOD = 64          # chunks; a line that never falls silent must not hold `drop_input` for ever


def _nothing_is_impersonal(data: bytes) -> bool:
    return False


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Spy:
    """Tells `log` what passes on a line: direction and length, and the bytes where no person is in them.

    A driver's module says by its `impersonal(data)` which whole frames may be shown. `awake`: does anybody want to know?
    """

    log: Callable[[str], None]
    impersonal: Callable[[bytes], bool] = _nothing_is_impersonal
    awake: Callable[[], bool] = _always

    def saw(self, direction: str, data: bytes) -> None:
        if not self.awake():
            return
        shown = " " + data.hex(" ") if self.impersonal(data) else ""
        self.log(f"{direction} {len(data)} bytes{shown}")


def open_link(url: str, spy: Spy | None = None) -> Link:
    """Open the line `url` names.

    `serial:///dev/…` takes `baud` (default 115200), `parity` (N, E, O), `flow` (none, xonxoff, rtscts), and
    works on pseudo-terminals and symbolic links; the port is locked against a second program. `tcp://host:port` takes
    nothing. Any other scheme x is the module drivers/link_x.py, loaded only then: its `open(parts: SplitResult) -> Link`.
    Raises Gone when it cannot be opened, ValueError when the URL is not understood, ImportError when the kind of line
    needs a library that this machine does not have.
    """
    parts = urlsplit(url)
    link = _opener(parts.scheme)(parts)
    return SpiedLink(link, spy) if spy else link


def _opener(scheme: str) -> Callable[[SplitResult], Link]:
    if scheme == "serial":
        return SerialLink
    if scheme == "tcp":
        return TcpLink
    if not scheme.isidentifier() or not importlib.util.find_spec(f"drivers.link_{scheme}"):
        raise ValueError(f"no such kind of line: {scheme}:")
    opener: Callable[[SplitResult], Link] = importlib.import_module(f"drivers.link_{scheme}").open
    return opener


class FdLink:
    """A `Link` over a non-blocking file descriptor. Its owner's thread reads, writes and closes."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._closed = False
        self._stuck = False                     # a write timed out: its bytes may still lie in the kernel
        self._guard = threading.Lock()          # a cancel must not write into a descriptor closed meanwhile
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        self._incoming = select.poll()
        self._incoming.register(fd, select.POLLIN)
        self._incoming.register(self._wake, select.POLLIN)

    def fileno(self) -> int:
        return self._fd

    def read(self, timeout: float) -> bytes:
        self._check_open()
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            ready = {fd for fd, _ in self._incoming.poll(_milliseconds(left))}
            if self._wake in ready:
                self.rearm()
                raise Cancelled
            if self._fd in ready and (data := self._take()):
                return data
            if left <= 0:
                return b""

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._check_open()
        deadline = time.monotonic() + timeout
        outgoing = select.poll()
        outgoing.register(self._fd, select.POLLOUT)
        rest = memoryview(data)
        while rest:
            if not outgoing.poll(_milliseconds(deadline - time.monotonic())):
                self._stuck = True
                raise NoAnswer(f"the line took {len(data) - len(rest)} of {len(data)} bytes")
            try:
                rest = rest[os.write(self._fd, rest):]
            except BlockingIOError:
                continue
            except OSError as error:
                raise Gone(_reason(error)) from error

    def drop_input(self) -> None:
        self._check_open()
        waiting = select.poll()
        waiting.register(self._fd, select.POLLIN)
        for _ in range(FLOOD):
            if not waiting.poll(0):
                return
            self._take()

    def set_baud(self, baud: int) -> None:
        """Nothing: only a serial line has a speed."""

    def cancel(self) -> None:
        with self._guard:
            if not self._closed:
                try:
                    os.write(self._waker, b"!")
                except BlockingIOError:
                    pass                        # full of earlier cancels: the reader wakes anyway

    def rearm(self) -> None:
        with self._guard:
            if self._closed:
                return
            try:
                while os.read(self._wake, CHUNK):
                    pass
            except BlockingIOError:
                pass                            # empty now

    def close(self) -> None:
        with self._guard:
            if self._closed:
                return
            self._closed = True
            os.close(self._wake)
            os.close(self._waker)
        self._release()

    def _release(self) -> None:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._closed:
            raise Gone("closed")

    def _take(self) -> bytes:
        """What lies there now, b"" after a false alarm; an end of file is how Linux says "unplugged"."""
        try:
            data = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise Gone(_reason(error)) from error
        if not data:
            raise Gone("the other side hung up")
        return data


class SerialLink(FdLink):
    """A serial port or pseudo-terminal, 8 data bits, 1 stop bit, raw."""

    def __init__(self, parts: SplitResult) -> None:
        options = {"baud": "115200", "parity": "N", "flow": "none"}
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        if parts.netloc or not parts.path or given.keys() - options.keys():
            raise ValueError("write serial:///dev/name?baud=…&parity=…&flow=…")
        options.update(given)
        if options["flow"] not in ("none", "xonxoff", "rtscts"):
            raise ValueError(f"no such flow control: {options['flow']}")
        try:
            self._port = serial.Serial(
                parts.path, int(options["baud"]), parity=options["parity"], exclusive=True,
                xonxoff=options["flow"] == "xonxoff", rtscts=options["flow"] == "rtscts")
        except (OSError, termios.error) as error:       # pyserial's own exception is an OSError
            raise Gone(_reason(error)) from error
        super().__init__(self._port.fileno())

    def set_baud(self, baud: int) -> None:
        self._check_open()
        try:
            self._port.baudrate = baud
        except (OSError, termios.error) as error:
            raise Gone(_reason(error)) from error

    def _release(self) -> None:
        try:
            if self._stuck:         # else Linux waits up to 30 s for a printer that is off
                self._port.reset_output_buffer()
        except (OSError, termios.error):
            pass                                        # the port is gone, and its buffer with it
        self._port.close()


class TcpLink(FdLink):
    """A socket to a device with an address."""

    def __init__(self, parts: SplitResult) -> None:
        if not parts.hostname or not parts.port or parts.path.strip("/") or parts.query:
            raise ValueError("write tcp://host:port")
        try:
            self._socket = socket.create_connection((parts.hostname, parts.port), CONNECT)
        except OSError as error:
            raise Gone(_reason(error)) from error
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        super().__init__(self._socket.fileno())

    def _release(self) -> None:
        self._socket.close()


class SpiedLink:
    """A `Link` that tells a `Spy` what passes."""

    def __init__(self, link: Link, spy: Spy) -> None:
        self._link, self._spy = link, spy
        self.uri = getattr(link, "uri", "")             # of a print queue, see drivers/link_cups.py
        self.drop_input, self.set_baud = link.drop_input, link.set_baud
        self.cancel, self.rearm, self.close = link.cancel, link.rearm, link.close

    def read(self, timeout: float) -> bytes:
        data = self._link.read(timeout)
        if data:
            self._spy.saw("<", data)
        return data

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._spy.saw(">", data)
        self._link.write(data, timeout)


def _milliseconds(seconds: float) -> int:
    return max(0, math.ceil(seconds * 1000))


def _reason(error: Exception) -> str:
    """The system's words for it, without the path of the program or the bytes."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    return os.strerror(number) if number else type(error).__name__
