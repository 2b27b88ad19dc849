"""Magnetic stripe readers on a serial line that send track 2 by themselves.

Three framings that readers have: the track as text and CR; STX, the text, ETX, and the XOR of all behind STX; the characters
as they are on the card, five bits in each byte. Not confirmed on hardware: the framings are options for that reason, and
what a reader sends is seen when the machine is commissioned. It should send track 2 alone, with its LRC.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from drivers.contract import Link
from drivers.stripe_track import BANK, Form, StripeReader, Swipes, from_bits

# The codec: bytes in, tracks out.

MOST = 512              # bytes without an end: no swipe
STX, ETX = b"\x02", b"\x03"
END_BITS = 0x1F         # the end sentinel in five bits; the LRC follows it


class TextSwipes:
    """A line for each swipe. A line without a character of a track in it is noise."""

    def __init__(self) -> None:
        self._heard = b""

    @property
    def begun(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> list[bytes]:
        *lines, self._heard = (self._heard + data).replace(b"\n", b"\r").split(b"\r")
        if len(self._heard) > MOST:
            lines.append(self._heard)
            self._heard = b""
        return [line for line in lines if _swiped(line)]

    def end(self) -> bytes | None:
        line, self._heard = self._heard, b""
        return line if _swiped(line) else None


class FramedSwipes:
    """STX, the track, ETX, XOR of track and ETX."""

    def __init__(self) -> None:
        self._heard = b""

    @property
    def begun(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> list[bytes]:
        self._heard += data
        tracks = []
        while 0 <= (end := self._heard.find(ETX)) < len(self._heard) - 1:
            before, check = self._heard[:end], self._heard[end + 1]
            start, track, self._heard = before.find(STX), before.rpartition(STX)[2], self._heard[end + 2:]
            right = start >= 0 and reduce(xor, track + ETX) == check
            tracks.append(track if right else b"")
        if len(self._heard) > MOST:
            tracks.append(b"")
            self._heard = b""
        return tracks

    def end(self) -> bytes | None:
        heard, self._heard = self._heard, b""
        return b"" if _swiped(heard) else None


class BitSwipes:
    """Five-bit characters up to the one behind the end sentinel."""

    def __init__(self) -> None:
        self._heard = b""

    @property
    def begun(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> list[bytes]:
        self._heard += data
        tracks = []
        while 0 <= (end := self._heard.find(END_BITS)) < len(self._heard) - 1:
            tracks.append(from_bits(self._heard[:end + 2]))
            self._heard = self._heard[end + 2:]
        if len(self._heard) > MOST:
            tracks.append(b"")
            self._heard = b""
        return tracks

    def end(self) -> bytes | None:
        heard, self._heard = self._heard, b""
        return b"" if heard else None


def _swiped(heard: bytes) -> bool:
    return any(0x30 <= byte <= 0x3F for byte in heard)


FRAMINGS: dict[str, type[TextSwipes] | type[FramedSwipes] | type[BitSwipes]] = {
    "text": TextSwipes, "stx": FramedSwipes, "bits": BitSwipes}


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: it is people's cards."""
    return False


# The device: the codec over a line.


class Device(StripeReader):
    """`framing`: text, stx or bits. `lrc`, `form`, `bank`: see stripe_track.Form."""

    def __init__(self, link: Link, framing: str = "text", lrc: str = "auto", form: str = "[0-9]{1,19}",
                 bank: str = BANK) -> None:
        if framing not in FRAMINGS:
            raise ValueError(f"framing is one of {', '.join(FRAMINGS)}")
        self._framing = FRAMINGS[framing]
        super().__init__(link, Form(lrc, form, bank), f"stripe reader, framing {framing}")

    def swipes(self) -> Swipes:
        return self._framing()
