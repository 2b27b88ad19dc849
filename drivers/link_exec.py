"""A vendor's library in a process of its own: `exec:///opt/bank/terminal?arg=--port&arg=/dev/kiosk/pos`.

Our bytes are on its standard input and output, which are one socket. It is started without a shell, in its own directory,
with next to no environment; it is a line like any other: it dies and is Gone, and connecting again starts it again.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from urllib.parse import SplitResult, parse_qsl, unquote

from drivers.contract import Gone
from drivers.links import FdLink

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
FAREWELL = 1000         # ms to end by itself, once nobody speaks to it


def open(parts: SplitResult) -> ExecLink:
    """Start the program. Raises ValueError for a URL that is not understood, Gone when it cannot be started."""
    path = unquote(parts.path)
    given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    if parts.netloc or not os.path.isabs(path) or any(name != "arg" for name, _ in given):
        raise ValueError("write exec:///path/to/program?arg=…&arg=…")
    return ExecLink([path, *(value for _, value in given)])


class ExecLink(FdLink):
    """The program, as a line."""

    def __init__(self, words: list[str]) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            # What it writes to its standard error may have cards and people in it: nobody keeps that.
            self._process = subprocess.Popen(
                words, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, env=ENVIRONMENT,
                cwd=os.path.dirname(words[0]), start_new_session=True)
        except OSError as error:
            self._socket.close()
            raise Gone(os.strerror(error.errno) if error.errno else type(error).__name__) from error
        finally:
            theirs.close()
        self._pidfd = os.pidfd_open(self._process.pid)      # readable when it has ended
        self._end = select.poll()
        self._end.register(self._pidfd, select.POLLIN)
        self._socket.setblocking(False)
        super().__init__(self._socket.fileno())

    def read(self, timeout: float) -> bytes:
        data = super().read(timeout)
        if not data and self._end.poll(0):      # one that it started may hold the line open still
            raise Gone("the program has ended")
        return data

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        self._check_open()
        if self._end.poll(0):
            raise Gone("the program has ended")
        super().write(data, timeout)

    def _release(self) -> None:
        self._socket.close()
        self._end.poll(FAREWELL)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)        # and whoever it started; not reaped, its number is its own
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._pidfd)
