"""What an ESC/POS printer says of itself: the codec, bytes in, messages out. No I/O.

Sources: Epson's ESC/POS command reference (DLE EOT, GS a, GS r, GS ( H) and the bit tables in the manuals of printers that
follow it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from drivers.contract import (
    CoverOpen, CutterFault, DeviceError, HeadHot, OutOfService, Paper, PaperJam, PaperOut, State, Status)


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
