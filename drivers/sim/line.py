"""The line between a machine and a twin, and everything that goes wrong on lines.

A line is a pseudo-terminal behind a symbolic link (`PtyLine`) or a TCP port (`TcpLine`). The twin hears what the
machine writes and sends answers; faults act on each answer as it leaves.
"""

from __future__ import annotations

import asyncio
import os
import socket
import termios
import tty
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.sim.loop import Loop

SPEEDS = {2400: termios.B2400, 9600: termios.B9600, 19200: termios.B19200, 38400: termios.B38400, 57600: termios.B57600,
          115200: termios.B115200}
STRAY = bytes.fromhex("FE83AAAA96C1F099")      # half a preamble among them, and no byte that is a status


@dataclass
class Faults:
    """What is wrong with the twin's answers now. Counts run down as answers leave."""

    silent: bool = False
    slow_ms: int = 0
    split: bool = False
    gap_ms: int = 0
    garble: int = 0
    garbage: int = 0
    duplicate: bool = False
    truncate: int | None = None
    echo: bool = False

    def shape(self, answer: bytes) -> bytes:
        """The answer as it really leaves."""
        if self.silent:
            return b""
        if self.garble:
            self.garble -= 1
            middle = len(answer) // 2
            answer = answer[:middle] + bytes((answer[middle] ^ 0xFF,)) + answer[middle + 1:]
        if self.truncate is not None:
            answer, self.truncate = answer[:self.truncate], None
        if self.duplicate:
            answer += answer
        if self.garbage:
            answer = (STRAY * self.garbage)[:self.garbage] + answer
            self.garbage = 0
        return answer

    def pieces(self, answer: bytes) -> Iterator[tuple[float, bytes]]:
        """The answer in the pieces it leaves in, each with the pause before it in seconds."""
        pause = self.slow_ms / 1000
        if not self.split:
            yield pause, answer
            return
        for byte in answer:
            yield pause, bytes((byte,))
            pause = self.gap_ms / 1000


class Line(ABC):
    """The twin's end. All methods belong to the loop's thread."""

    def __init__(self, loop: Loop, baud: int) -> None:
        self.loop = loop
        self.baud = baud                     # what the twin speaks; a machine at another speed is not understood
        self.faults = Faults()
        self.noise = 0                       # bytes heard at another speed
        self.hear: Callable[[bytes], None] = lambda data: None
        self._fd: int | None = None
        self._out: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = False

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the machine finds it."""

    @property
    @abstractmethod
    def plugged(self) -> bool: ...

    @abstractmethod
    def plug(self) -> None:
        """Put the plug in; nothing when it is in."""

    @abstractmethod
    def unplug(self) -> None:
        """Pull the plug: the machine's end fails, what was under way is lost."""

    def same_speed(self) -> bool:
        """Does the machine use the twin's speed? Else both hear noise."""
        return True

    def send(self, answer: bytes) -> None:
        """One answer, through the faults, behind all earlier ones."""
        answer = self.faults.shape(answer)
        if self._fd is None or not answer or not self.same_speed():
            return
        self._queue(self.faults.pieces(answer))

    def _queue(self, pieces: Iterable[tuple[float, bytes]]) -> None:
        due = now = self.loop.now()
        for pause, piece in pieces:
            due += pause
            last = self._out[-1][0] if self._out else now
            self._out.append((max(due, last), piece))
        self._pump()

    def well(self) -> None:
        """No faults; what slow answers were still to come is lost."""
        self.faults = Faults()
        self._out.clear()
        self.plug()

    def pause(self) -> None:
        """Take no more bytes (the twin's buffer is full): the machine's writes come to a stand."""
        if self._fd is not None and not self._blocked:
            self._blocked = True
            self.loop.forget_readable(self._fd)

    def resume(self) -> None:
        if self._fd is not None and self._blocked:
            self._blocked = False
            self.loop.on_readable(self._fd, self._readable)

    def _attach(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._blocked = False
        self.loop.on_readable(fd, self._readable)

    def _detach(self) -> None:
        if self._fd is None:
            return
        self.loop.forget_readable(self._fd)
        self.loop.forget_writable(self._fd)
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._out.clear()
        self._fd = None

    def _readable(self) -> None:
        assert self._fd is not None
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended()
        elif self.same_speed():
            if self.faults.echo:
                self._queue([(0.0, data)])
            self.hear(data)
        else:
            self.noise += len(data)

    def _ended(self) -> None:
        """The machine's end is gone for good."""
        self.unplug()

    def _pump(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._out and self._fd is not None:
            due, piece = self._out[0]
            wait = due - self.loop.now()
            if wait > 0:
                self._timer = self.loop.later(wait, self._pump)
                return
            try:
                sent = os.write(self._fd, piece)
            except BlockingIOError:
                self.loop.on_writable(self._fd, self._pump)
                return
            except OSError:
                self._ended()
                return
            if sent < len(piece):
                self._out[0] = (due, piece[sent:])
            else:
                self._out.popleft()
        if self._fd is not None:
            self.loop.forget_writable(self._fd)


class PtyLine(Line):
    """A serial line: the machine opens `path`."""

    def __init__(self, loop: Loop, path: Path, baud: int = 115200) -> None:
        super().__init__(loop, baud)
        self.path = path.absolute()
        self._default_baud = baud
        self._far: int | None = None         # held open, so that a machine may come and go

    @property
    def url(self) -> str:
        return f"serial://{self.path}?baud={self._default_baud}"

    @property
    def plugged(self) -> bool:
        return self._far is not None

    def plug(self) -> None:
        if self._far is not None:
            return
        near, self._far = os.openpty()
        tty.setraw(self._far)
        settings = termios.tcgetattr(self._far)
        settings[4] = settings[5] = SPEEDS[self.baud]
        termios.tcsetattr(self._far, termios.TCSANOW, settings)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._far))
        fresh.replace(self.path)
        self._attach(near)

    def unplug(self) -> None:
        if self._far is None:
            return
        # The name goes first: the terminal's number may be another device's in a moment.
        self.path.unlink(missing_ok=True)
        near = self._fd
        self._detach()
        os.close(self._far)
        self._far = None
        if near is not None:
            os.close(near)

    def same_speed(self) -> bool:
        return self._far is not None and bool(termios.tcgetattr(self._far)[5] == SPEEDS[self.baud])


class TcpLine(Line):
    """A network line: a port of this machine, one caller at a time, the newest wins."""

    def __init__(self, loop: Loop, port: int = 0) -> None:
        super().__init__(loop, baud=115200)
        self._port = port
        self._door: socket.socket | None = None
        self._caller: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._port}"

    @property
    def plugged(self) -> bool:
        return self._door is not None

    def plug(self) -> None:
        if self._door is not None:
            return
        door = socket.create_server(("127.0.0.1", self._port))
        door.setblocking(False)
        self._port = door.getsockname()[1]   # the same one when it is plugged in again
        self._door = door
        self.loop.on_readable(door.fileno(), self._accept)

    def unplug(self) -> None:
        self._ended()
        if self._door is not None:
            self.loop.forget_readable(self._door.fileno())
            self._door.close()
            self._door = None

    def _accept(self) -> None:
        assert self._door is not None
        caller, _ = self._door.accept()
        self._ended()
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._caller = caller
        self._attach(caller.fileno())

    def _ended(self) -> None:
        self._detach()
        if self._caller is not None:
            self._caller.close()
            self._caller = None
