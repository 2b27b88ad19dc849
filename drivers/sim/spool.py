"""The line between a machine and a twin with CUPS in between: the machine speaks IPP to a real print server, and the
twin gets the jobs from its backend.

What the machine hears goes through a relay, so that the faults of every other line act on this one too. Unplugging
ends the print server.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drivers.sim.cupsd import PrintServer
from drivers.sim.line import TcpLine
from drivers.sim.loop import Loop

CHUNK = 65536
MODIFY_PRINTER = 0x4003             # CUPS-Add-Modify-Printer
OPERATION, PRINTER, END, KEYWORD, URI, CHARSET, LANGUAGE = 0x01, 0x04, 0x03, 0x44, 0x45, 0x47, 0x48


@dataclass
class SpoolJob:
    """One job as the backend brought it. It ends by `done`; or is `gone`, when it was cancelled or the server stopped."""

    number: int
    title: str
    copies: int
    options: str
    document: bytes
    end: socket.socket
    gone: bool = False

    def say(self, words: str) -> None:
        """A line for cupsd, as backends write it."""
        try:
            self.end.sendall(words.encode() + b"\n")
        except OSError:
            self.gone = True

    def done(self, status: int = 0) -> None:
        self.say(f"EXIT {status}")
        self.gone = True


class SpoolLine(TcpLine):
    """`take` gets each job when its document is whole, `lost` each whose backend ended before it was done: cancelled, or
    the server stopped."""

    def __init__(self, loop: Loop, port: int, queue: str, model: str) -> None:
        super().__init__(loop, port)
        self.server = PrintServer(queue, model)
        self.take: Callable[[SpoolJob], None] = lambda job: None
        self.lost: Callable[[SpoolJob], None] = lambda job: None
        self._behind: socket.socket | None = None           # the relay's connection to the print server
        self._backends: socket.socket | None = None
        self._job: SpoolJob | None = None
        self._said: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        return f"cups:///{self.server.queue}?server=127.0.0.1:{self._port}"

    def plug(self) -> None:
        if self.plugged:
            return
        self._backends = socket.socket(socket.AF_UNIX)
        self._backends.bind(self.server.backend)
        self._backends.listen()
        self.loop.on_readable(self._backends.fileno(), self._backend)
        self.server.start()
        if self._said:
            self._modify(sorted(self._said))
        super().plug()

    def unplug(self) -> None:
        """The print server ends, and with it the backend of the job that is printed; it begins that one again."""
        super().unplug()
        self.server.stop()
        if self._backends:
            self.loop.forget_readable(self._backends.fileno())
            self._backends.close()
            self._backends = None
            os.unlink(self.server.backend)

    # What the twin tells.

    def tell(self, reasons: Iterable[str]) -> None:
        """The printer's state reasons, from now: by the backend while it runs, else as an administrator would set them."""
        now = frozenset(reasons)
        gone, new = self._said - now, now - self._said
        self._said = now
        if self._job and not self._job.gone:
            for sign, words in (("-", gone), ("+", new)):
                if words:
                    self._job.say(f"STATE: {sign}{','.join(sorted(words))}")
        elif (gone or new) and self.server.running:
            self._modify(sorted(now) or ["none"])

    def _modify(self, reasons: list[str]) -> None:
        def attribute(tag: int, name: str, value: str) -> bytes:
            return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value.encode()

        request = (struct.pack(">BBHIB", 2, 0, MODIFY_PRINTER, 1, OPERATION)
                   + attribute(CHARSET, "attributes-charset", "utf-8")
                   + attribute(LANGUAGE, "attributes-natural-language", "en")
                   + attribute(URI, "printer-uri", f"ipp://localhost/printers/{self.server.queue}") + bytes((PRINTER,))
                   + b"".join(attribute(KEYWORD, "" if at else "printer-state-reasons", reason)
                              for at, reason in enumerate(reasons)) + bytes((END,)))
        self.server.post(request)

    # The relay.

    def _accept(self) -> None:
        super()._accept()
        self._behind = socket.socket(socket.AF_UNIX)
        try:
            self._behind.connect(self.server.socket)
        except OSError:
            self._ended()
            return
        self.loop.on_readable(self._behind.fileno(), self._answered)
        self.hear = self._asked

    def _asked(self, data: bytes) -> None:
        if self._behind:
            try:
                self._behind.sendall(data)
            except OSError:
                self._ended()

    def _answered(self) -> None:
        assert self._behind is not None
        try:
            data = self._behind.recv(CHUNK)
        except OSError:
            data = b""
        if data:
            self.send(data)
        else:
            self._leave()

    def _leave(self) -> None:
        if self._behind:
            self.loop.forget_readable(self._behind.fileno())
            self._behind.close()
            self._behind = None

    def _ended(self) -> None:
        self._leave()
        super()._ended()

    # The backend.

    def _backend(self) -> None:
        assert self._backends is not None
        end, _ = self._backends.accept()
        end.settimeout(1)
        heard = bytearray()
        job: list[SpoolJob] = []

        def more() -> None:
            try:
                data = end.recv(CHUNK)
            except OSError:
                data = b""
            heard.extend(data)
            if not job and (whole := _job(bytes(heard), end)):
                job.append(whole)
                self._begin(whole)
            if not data:
                self.loop.forget_readable(end.fileno())
                end.close()
                for one in job:
                    self._over(one)

        self.loop.on_readable(end.fileno(), more)

    def _begin(self, job: SpoolJob) -> None:
        self._job = job
        if self._said:
            job.say(f"STATE: +{','.join(sorted(self._said))}")
        self.take(job)

    def _over(self, job: SpoolJob) -> None:
        self._job = None
        if not job.gone:
            job.gone = True
            self.lost(job)
        if self.server.running:                     # what was told to a backend that was being ended is lost
            self._modify(sorted(self._said) or ["none"])


def _job(heard: bytes, end: socket.socket) -> SpoolJob | None:
    """None while it is not whole."""
    head, newline, document = heard.partition(b"\n")
    if not newline:
        return None
    said: dict[str, Any] = json.loads(head)
    if len(document) < said["bytes"]:
        return None
    return SpoolJob(said["job"], said["title"], said["copies"], said["options"], document, end)
