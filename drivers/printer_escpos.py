"""Thermal printers that speak ESC/POS: 80 and 58 mm kiosk printers, Epson's and their many Chinese relatives.

Sources: Epson's ESC/POS command reference (DLE EOT, GS a, GS r, GS ( H, GS V) and the bit tables in the manuals of
printers that follow it. A ticket is *fenced*: the printer is asked to answer when it has printed what came before.
Which question it understands differs by model and is a setting, and the answer to the person is honest about it.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields

from drivers.contract import (
    Cancelled, CoverOpen, CutterFault, DeviceError, Gone, HeadHot, Link, NoAnswer, OutOfService, Paper, PaperJam,
    PaperLine, PaperOut, Printed, PrintUnknown, State, Status, WrongDevice)
from drivers.escpos_ticket import COLUMNS, DOUBLES, encode_ticket

# The codec: bytes in, messages out.


@dataclass(frozen=True)
class RealTime:
    """The answer to DLE EOT; it does not say to which of the four."""

    bits: int


@dataclass(frozen=True)
class Automatic:
    """Automatic status back: four bytes at each change, asked for or switched on in the factory."""

    bits: bytes


@dataclass(frozen=True)
class Buffered:
    """The answer to GS r 1: everything before it has been printed."""

    bits: int


@dataclass(frozen=True)
class Finished:
    """The answer to GS ( H: everything before this mark has been printed."""

    mark: bytes


Message = RealTime | Automatic | Buffered | Finished

MARK, TEXT = b"\x37\x22", 0x5F
LONGEST_TEXT = 80           # bytes of an answer to GS I


class Decoder:
    """Tells a printer's answers apart by their fixed bits. What fits none of them is noise and is dropped."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self.noise = 0              # bytes dropped so far
        self.buffered_due = False   # GS r was asked: only then is a lone 0xx0xxxx an answer

    def feed(self, data: bytes) -> list[Message]:
        self._heard += data
        messages = []
        while self._heard:
            size, message = self._next()
            if not size:
                break
            del self._heard[:size]
            if message:
                messages.append(message)
        return messages

    def _next(self) -> tuple[int, Message | None]:
        """The size of what comes first and its meaning; size 0 while it is not complete."""
        heard = bytes(self._heard[:LONGEST_TEXT + 2])
        first = heard[0]
        if first & 0x93 == 0x12:
            return 1, RealTime(first)
        if first & 0x93 == 0x10:
            if any(byte & 0x90 for byte in heard[1:4]):
                return self._drop()
            return (4, Automatic(heard[:4])) if len(heard) >= 4 else (0, None)
        if first & 0x90 == 0 and self.buffered_due:
            self.buffered_due = False
            return 1, Buffered(first)
        if first == MARK[0]:
            if not MARK.startswith(heard[:2]) or not _plain(heard[2:6]) or heard[6:7] not in (b"", b"\0"):
                return self._drop()
            return (7, Finished(heard[2:6])) if len(heard) >= 7 else (0, None)
        if first == TEXT:
            text, end, _ = heard.partition(b"\0")
            if not _plain(text) or len(text) > LONGEST_TEXT:
                return self._drop()
            return (len(text) + 1 if end else 0), None          # who made it: nobody asked
        return self._drop()

    def _drop(self) -> tuple[int, None]:
        self.noise += 1
        return 1, None


def _plain(text: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E for byte in text)


@dataclass(frozen=True)
class Facts:
    """What the bits say; None where they say nothing."""

    offline: bool | None = None
    cover_open: bool | None = None
    paper_end: bool | None = None
    near_end: bool | None = None
    error: bool | None = None
    jammed: bool | None = None
    cutter: bool | None = None
    unrecoverable: bool | None = None
    hot: bool | None = None

    def __or__(self, other: Facts) -> Facts:
        """Both together: true if either says so, unknown only if neither knows."""
        return Facts(*(ours if theirs is None else theirs if ours is None else ours or theirs for ours, theirs in (
            (getattr(self, field.name), getattr(other, field.name)) for field in fields(Facts))))


def real_time(question: int, bits: int) -> Facts:
    """The answer to DLE EOT `question`, 1 to 4."""
    def bit(number: int) -> bool:
        return bool(bits >> number & 1)

    match question:
        case 1:
            return Facts(offline=bit(3))
        case 2:
            return Facts(cover_open=bit(2), paper_end=bit(5) or None, error=bit(6))
        case 3:
            return Facts(jammed=bit(2), cutter=bit(3), unrecoverable=bit(5), hot=bit(6))
        case _:
            return Facts(near_end=_both(bits >> 2), paper_end=_both(bits >> 5))


def automatic(bits: bytes) -> Facts:
    """The four bytes of automatic status back."""
    first, second, third = bits[:3]
    return Facts(
        offline=bool(first & 0x08), cover_open=bool(first & 0x20), jammed=bool(second & 0x04),
        cutter=bool(second & 0x08), unrecoverable=bool(second & 0x20), hot=bool(second & 0x40),
        near_end=_both(third), paper_end=_both(third >> 2))


def _both(bits: int) -> bool | None:
    """Sensors report in two bits that agree; when they do not, nothing is known."""
    return {0b00: False, 0b11: True}.get(bits & 0b11)


def trouble(facts: Facts) -> DeviceError | None:
    """What keeps the printer from printing, what a nurse can mend first."""
    if facts.cover_open:
        return CoverOpen()
    if facts.paper_end:
        return PaperOut()
    if facts.jammed and (facts.error or facts.offline):     # undefined on some models: alone it means nothing
        return PaperJam()
    if facts.cutter:
        return CutterFault()
    if facts.unrecoverable:
        return OutOfService("unrecoverable error")
    if facts.hot:
        return HeadHot()
    if facts.error or facts.offline:
        return OutOfService("offline")
    return None


def judge(facts: Facts) -> Status:
    error = trouble(facts)
    if isinstance(error, PaperJam):
        paper = Paper.JAMMED
    elif facts.paper_end is None:
        paper = Paper.UNKNOWN
    else:
        paper = Paper.OUT if facts.paper_end else Paper.LOW if facts.near_end else Paper.FULL
    if not error:
        return Status(State.ONLINE, paper)
    return Status(State.FAULT if facts.unrecoverable else State.OFFLINE, paper, error.cause)


def impersonal(data: bytes) -> bool:
    """May the spy show it? Questions for the status and their answers."""
    return (data[:2] == b"\x10\x04" and len(data) == 3 or data[:2] == MARK and len(data) == 7
            or len(data) == 1 and data[0] & 0x93 == 0x12
            or len(data) == 4 and data[0] & 0x93 == 0x10 and not any(byte & 0x90 for byte in data[1:]))


# The device: the codec over a line.

FENCES = ("gs_h", "gs_r", "status", "none")
BUFFERED = b"GS r"          # stands for the answer to GS r among the marks of GS ( H
CHUNK = 512                 # bytes
TAKE = 3.0                  # seconds in which the line must take a chunk; an offline printer takes nothing
FIRST, ALL = 0.5, 1.0       # seconds for the first answer to DLE EOT, and for all four
ECHO = 0.01                 # seconds in which noise or a doubled answer shows itself, or it were the next one's
ASKED = 3                   # times the same question
STALE = 8                   # reads that may give old answers before a question
LOOK = 1.0                  # seconds between two looks at the status while a ticket is printed
GRACE = 0.5                 # seconds for a confirmation that is on its way when the paper ends
STOPS = (CoverOpen, PaperOut, PaperJam, CutterFault)        # with these a ticket will not go on by itself


class Device:
    """An ESC/POS printer.

    `width`: paper, 80 or 58 mm. `double`: how it enlarges Chinese, fs, gs or both. `fence`: how it can say that a
    ticket is on paper: gs_h (print completion), gs_r (buffered status after the cut), status (real-time status
    after the time the ticket takes) or none (at once). With the last two a good ticket is SENT, never PRINTED.
    """

    def __init__(self, link: Link, width: str = "80", fence: str = "gs_h", double: str = "fs") -> None:
        if width not in map(str, COLUMNS) or fence not in FENCES or double not in DOUBLES:
            raise ValueError(f"width is one of {list(COLUMNS)}, fence of {FENCES}, double of {DOUBLES}")
        self._link = link
        self._width, self._fence, self._double = int(width), fence, double
        self._decoder = Decoder()
        self._asb = Facts()
        self._confirmed: set[bytes] = set()
        self._mark = int.from_bytes(os.urandom(2), "big")

    def identify(self) -> str:
        try:
            self.status()
        except NoAnswer:
            if self._decoder.noise:
                raise WrongDevice("what answers is no ESC/POS printer") from None
            raise
        importlib.import_module("escpos.printer")       # slow, and nobody waits for paper yet
        return f"ESC/POS printer, {self._width} mm, confirms by {self._fence}"

    def status(self) -> Status:
        self._decoder = Decoder()
        return judge(self._look())

    def print_ticket(self, lines: Sequence[PaperLine], timeout: float) -> Printed:
        """Print, cut, confirm. Once begun it cannot be taken back: a cancel then ends in PrintUnknown.

        The confirmation is waited for as long as such a ticket may take, at most `timeout` seconds.
        """
        self._mark += 1
        mark = b"%04X" % (self._mark & 0xFFFF)
        ticket = self._encode(lines, mark)
        self._decoder = Decoder()
        if error := trouble(self._look()):
            raise error
        self._confirmed.clear()
        try:
            self._send(ticket)
            return self._confirm(mark, ticket, timeout)
        except (Gone, NoAnswer) as error:
            # Bytes may still wait on this side of the line. They must not become paper for the next person:
            # closing forgets them, and the service connects again.
            self._link.close()
            raise PrintUnknown(error.cause) from error
        except Cancelled as error:
            raise PrintUnknown(error.cause) from error

    def _encode(self, lines: Sequence[PaperLine], mark: bytes) -> bytes:
        before = b"\x1d(H\x06\x0000" + mark if self._fence == "gs_h" else b""
        after = b"\x1dr\x01" if self._fence == "gs_r" else b""
        return encode_ticket(lines, self._width, self._double, before, after)

    def _send(self, ticket: bytes) -> None:
        self._decoder.buffered_due = self._fence == "gs_r"
        for at in range(0, len(ticket), CHUNK):
            self._link.write(ticket[at:at + CHUNK], TAKE)

    def _confirm(self, mark: bytes, ticket: bytes, timeout: float) -> Printed:
        if self._fence in ("status", "none"):
            if self._fence == "status":
                self._listen(min(timeout, _usual(ticket)), set())
            if error := trouble(self._look()):
                raise PrintUnknown(error.cause)
            return Printed.SENT
        awaited = {BUFFERED if self._fence == "gs_r" else mark}
        deadline = time.monotonic() + min(timeout, 4 + 4 * _usual(ticket))
        silent, cause = False, ""
        while (left := deadline - time.monotonic()) > 0:
            if self._listen(min(LOOK, left), awaited):
                return Printed.PRINTED
            try:
                error = trouble(self._look())
            except NoAnswer:
                silent = True
                continue
            silent, cause = False, error.cause if error else ""
            if self._listen(GRACE if isinstance(error, STOPS) else 0, awaited):
                return Printed.PRINTED
            if isinstance(error, STOPS):
                break
        if silent:
            raise NoAnswer
        raise PrintUnknown(cause or "not confirmed")

    def _look(self) -> Facts:
        """Ask all four questions, one at a time. Raises NoAnswer when there is not one answer."""
        self._asb = facts = Facts()
        deadline = time.monotonic() + ALL
        for question in (1, 2, 3, 4):
            bits = self._ask(question, FIRST if question == 1 else deadline - time.monotonic())
            if bits is not None:
                facts |= real_time(question, bits)
            elif question == 1:
                break
        facts |= self._asb
        if facts == Facts():
            raise NoAnswer("the printer is silent")
        return facts

    def _ask(self, question: int, patience: float) -> int | None:
        """One DLE EOT; None when no answer came.

        A status byte carries no check: one that comes beside noise, or beside another one, may be noise itself.
        Then what was heard is forgotten, and the question asked again.
        """
        deadline = time.monotonic() + patience
        for _ in range(ASKED):
            for _ in range(STALE):
                if not self._hear(0):
                    break
            known, noise = self._asb, self._decoder.noise
            self._link.write(bytes((0x10, 0x04, question)), TAKE)
            answers: list[int] = []
            while not answers and (left := deadline - time.monotonic()) > 0:
                answers = self._hear(left)
            answers += self._hear(ECHO)
            if len(set(answers)) == 1 and self._decoder.noise == noise:
                return answers[0]
            self._asb = known if answers else self._asb
        return None

    def _listen(self, seconds: float, awaited: set[bytes]) -> bool:
        """Hear until one of `awaited` is confirmed, or the time is over."""
        deadline = time.monotonic() + seconds
        while not awaited & self._confirmed:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._hear(left)
        return True

    def _hear(self, timeout: float) -> list[int]:
        """Take what comes: the answers to DLE EOT, and note everything else."""
        answers = []
        for message in self._decoder.feed(self._link.read(timeout)):
            match message:
                case RealTime(bits):
                    answers.append(bits)
                case Automatic(status):
                    self._asb = automatic(status)
                case Buffered():
                    self._confirmed.add(BUFFERED)
                case Finished(mark):
                    self._confirmed.add(mark)
        return answers


def _usual(ticket: bytes) -> float:
    """Seconds that a slow printer needs: some 25 bytes to a row of 4 mm, and 80 mm in a second."""
    return 0.5 + len(ticket) / 500
