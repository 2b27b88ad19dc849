"""A small print server of the twin's own, for lines without CUPS behind them: IPP messages in, IPP messages out.

Sources: RFC 8010 (encoding), RFC 8011 (operations and attributes). It knows one queue, its jobs, and nothing of HTTP.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from drivers.sim.line import Line

CREATE, SEND, CANCEL, JOB, PRINTER, CANCEL_MINE = 0x0005, 0x0006, 0x0008, 0x0009, 0x000B, 0x0039
OK, NOT_POSSIBLE, NOT_FOUND, NO_SUCH_OPERATION = 0x0000, 0x0404, 0x0406, 0x0501
INTEGER, BOOLEAN, ENUM, NO_VALUE, TEXT, KEYWORD, CHARSET, LANGUAGE = 0x21, 0x22, 0x23, 0x13, 0x41, 0x44, 0x47, 0x48
HELD, PROCESSING, CANCELLED, ABORTED, COMPLETED = 4, 5, 7, 8, 9
Request = tuple[int, int, dict[str, bytes], bytes]          # operation, number, attributes, document


@dataclass
class FrontJob:
    """A job, with the same verbs as one that CUPS brings."""

    number: int
    title: str
    copies: int = 1
    document: bytes = b""
    state: int = HELD
    sheets: int = 0
    gone: bool = field(default=False)

    def say(self, words: str) -> None:
        if words.startswith("PAGE:"):
            self.sheets += 1

    def done(self, status: int = 0) -> None:
        self.state, self.gone = ABORTED if status else COMPLETED, True


class IppFront:
    """Hears for a twin: `take` gets each job, `lost` each that was cancelled before it was done."""

    def __init__(self, line: Line, model: str) -> None:
        self._line, self._model = line, model
        self.take: Callable[[FrontJob], None] = lambda job: None
        self.lost: Callable[[FrontJob], None] = lambda job: None
        self._jobs: dict[int, FrontJob] = {}
        self._reasons: tuple[str, ...] = ("none",)

    def tell(self, reasons: Iterable[str]) -> None:
        self._reasons = tuple(sorted(reasons)) or ("none",)

    def hear(self, data: bytes) -> None:
        """One write is one request, as HTTP would frame it; what is no request is forgotten."""
        if request := _request(data):
            operation, number, said, document = request
            status, group = self._answer(operation, said, document)
            self._line.send(
                struct.pack(">BBHIB", 2, 0, status, number, 0x01) + _one(CHARSET, "attributes-charset", b"utf-8")
                + _one(LANGUAGE, "attributes-natural-language", b"en") + group + b"\x03")

    def _answer(self, operation: int, said: dict[str, bytes], document: bytes) -> tuple[int, bytes]:
        if operation == PRINTER:
            return OK, self._printer()
        if operation == CREATE:
            job = FrontJob(len(self._jobs) + 1, said.get("job-name", b"").decode())
            self._jobs[job.number] = job
            return OK, self._job(job)
        if operation == CANCEL_MINE:
            for waiting in self._jobs.values():
                self._cancel(waiting)
            return OK, b""
        found = self._jobs.get(int.from_bytes(said.get("job-id", b""), "big"))
        if operation not in (SEND, CANCEL, JOB):
            return NO_SUCH_OPERATION, b""
        if not found:
            return NOT_FOUND, b""
        if operation == JOB:
            return OK, self._job(found)
        if operation == SEND:
            return self._send(found, document), b""
        return self._cancel(found), b""

    def _send(self, job: FrontJob, document: bytes) -> int:
        if job.state != HELD:
            return NOT_POSSIBLE
        job.document, job.state = document, PROCESSING
        self.take(job)
        return OK

    def _cancel(self, job: FrontJob) -> int:
        if job.gone:
            return NOT_POSSIBLE
        begun = job.state == PROCESSING
        job.state, job.gone = CANCELLED, True
        if begun:
            self.lost(job)
        return OK

    def _printer(self) -> bytes:
        busy = any(job.state == PROCESSING for job in self._jobs.values())
        reasons = b"".join(_one(KEYWORD, "" if at else "printer-state-reasons", reason.encode())
                           for at, reason in enumerate(self._reasons))
        return (b"\x04" + _one(ENUM, "printer-state", struct.pack(">i", 4 if busy else 3)) + reasons
                + _one(BOOLEAN, "printer-is-accepting-jobs", b"\x01")
                + _one(TEXT, "printer-make-and-model", self._model.encode()))

    @staticmethod
    def _job(job: FrontJob) -> bytes:
        begun = job.state == PROCESSING or bool(job.document)
        return (b"\x02" + _one(INTEGER, "job-id", struct.pack(">i", job.number))
                + _one(ENUM, "job-state", struct.pack(">i", job.state))
                + _one(INTEGER if begun else NO_VALUE, "time-at-processing", struct.pack(">i", 1) if begun else b"")
                + _one(INTEGER, "job-media-sheets-completed", struct.pack(">i", job.sheets)))


def _one(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


def _request(data: bytes) -> Request | None:
    try:
        operation, number = struct.unpack_from(">HI", data, 2)
        said: dict[str, bytes] = {}
        at = 8
        while data[at] != 0x03:
            if data[at] < 0x10:
                at += 1
                continue
            length, = struct.unpack_from(">H", data, at + 1)
            name = data[at + 3:at + 3 + length].decode()
            at += 3 + length
            length, = struct.unpack_from(">H", data, at)
            said[name] = data[at + 2:at + 2 + length]
            at += 2 + length
        return operation, number, said, data[at + 1:]
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
