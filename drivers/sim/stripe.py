"""Twin of a magnetic stripe reader on a serial line: each swipe is sent as it is, framed as the reader was set up.

Sources: ISO/IEC 7813 for track 2 (sentinels ; and ?, separator =, LRC over the low four bits), ISO/IEC 7811-6 for the bits.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import Any, Literal

from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb


def track2(number: str, rest: str | None = None) -> bytes:
    """Start sentinel, number, with `rest` a separator and it, end sentinel, LRC."""
    track = b";" + number.encode() + (b"" if rest is None else b"=" + rest.encode()) + b"?"
    return track + bytes((0x30 | reduce(xor, (character & 0x0F for character in track)),))


def bits(track: bytes) -> bytes:
    """Each character's four bits and its odd parity, in a byte of its own."""
    low = (character & 0x0F for character in track)
    return bytes(four if four.bit_count() % 2 else four | 0x10 for four in low)


class StripeTwin(Twin):
    """The reader. Swipe cards."""

    BAUD = 9600

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.swipes = 0
        self._framing, self._lrc = "text", True

    def state(self) -> dict[str, Any]:
        return {**super().state(), "swipes": self.swipes, "framing": self._framing, "lrc": self._lrc}

    def well(self) -> None:
        """A reader's set-up is no fault."""

    def hear(self, data: bytes) -> None:
        """It understands nothing."""

    @verb("刷就诊卡", "Swipe a visit card")
    def swipe(self, number: str = "1000000000000007", rest: str = "") -> None:
        """`rest`: what stands behind the separator; "" for a card that has none."""
        self.send(track2(number, rest or None))

    @verb("刷银行卡", "Swipe a bank card")
    def bank_card(self, number: str = "6200000000000000000", rest: str = "49121200000") -> None:
        self.send(track2(number, rest))

    @verb("只刷了一半", "Half a swipe")
    def half(self, number: str = "1000000000000007") -> None:
        """The card was drawn back: no end sentinel."""
        self._out(track2(number)[:len(number) // 2])

    @verb("刷得太快（校验不符）", "Swiped too fast")
    def misread(self, number: str = "1000000000000007") -> None:
        """One digit came out wrong; the LRC does not fit."""
        track = track2(number)
        self._out(track[:1] + bytes((track[1] ^ 0x01,)) + track[2:])

    @verb("读不出来", "Nothing to read")
    def blank(self) -> None:
        """The reader's word for a track that has no sense."""
        self._out(b";E?")

    @verb("发送格式", "Framing")
    def framing(self, kind: Literal["text", "stx", "bits"] = "text") -> None:
        self._framing = kind

    @verb("发送校验字符", "Sends the LRC")
    def lrc(self, on: bool = True) -> None:
        self._lrc = on

    def send(self, track: bytes) -> None:
        """A whole track, with its LRC unless the reader keeps it."""
        self._out(track if self._lrc else track[:-1])

    def _out(self, track: bytes) -> None:
        self.swipes += 1
        self.line.send(self.framed(track))

    def framed(self, track: bytes) -> bytes:
        if self._framing == "stx":
            return b"\x02" + track + b"\x03" + bytes((reduce(xor, track + b"\x03"),))
        return bits(track) if self._framing == "bits" else track + b"\r"
