"""Zone-bit scan engines: Newland EM2000 and EM3095, and the many modules that speak the same.

Sources: the user guides of NLS-EM2000, NLS-EM3095 and Hamlet HBCS2D100W (frames, types, CRC, command trigger mode, register
0002), manuals of the GM65 family (registers 0000 and 0006). Not confirmed on hardware: that 00 in register 0002 ends a
reading in every clone; its own read time does.

Registers are written without the command that saves them: power-off brings back what was commissioned.
"""

from __future__ import annotations

import re

from drivers.code_trigger import OWN_TIME, Command, Reply, TriggeredScanner, Verdict
from drivers.contract import Link, OutOfService

# The codec: bytes in, messages out.

READ, WRITE = 0x07, 0x08
MODE, TRIGGER, READ_TIME = 0x0000, 0x0002, 0x0006
COMMANDED, SENSING = 0b01, 0b11         # the two lowest bits of MODE
VERDICTS = {0: Verdict.TAKEN, 1: Verdict.REFUSED, 3: Verdict.UNKNOWN}


def crc(data: bytes) -> bytes:
    """CRC-CCITT: polynomial 1021, start 0, not reflected; high byte first."""
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = value << 1 ^ 0x1021 if value & 0x8000 else value << 1
        value &= 0xFFFF
    return value.to_bytes(2, "big")


def frame(kind: int, address: int, data: bytes) -> bytes:
    """A request: 7E 00, type, length of the data, address, data, CRC from the type on."""
    body = bytes((kind, len(data))) + address.to_bytes(2, "big") + data
    return b"\x7e\x00" + body + crc(body)


def write(address: int, value: int) -> Command:
    return Command(frame(WRITE, address, bytes((value,))), size=1)


def read(address: int, count: int) -> Command:
    return Command(frame(READ, address, bytes((count,))), size=count)


class ZoneBit:
    """The answer: 02 00, type, length (00: 256), data, CRC from the type on."""

    LONGEST = 4 + 256 + 2

    def __init__(self) -> None:
        self.start, self.stop = write(TRIGGER, 1), write(TRIGGER, 0)

    def find(self, heard: bytes) -> tuple[int, int, Reply] | None:
        for head in re.finditer(rb"(?=\x02\x00([\x00\x01\x03])(.))", heard, re.DOTALL):
            begin, size = head.start(), head[2][0] or 256
            end = begin + 4 + size + 2
            body, check = heard[begin + 2:end - 2], heard[end - 2:end]
            if len(heard) >= end and crc(body) == check:
                return begin, end, Reply(VERDICTS[body[0]], data=body[2:])
        return None

    def unfinished(self, heard: bytes) -> int:
        recent = max(0, len(heard) - self.LONGEST + 1)
        at = heard.find(b"\x02", recent)
        return at if at >= 0 else len(heard)


def impersonal(data: bytes) -> bool:
    """May the spy show it? Requests, and answers that nothing else stands beside."""
    found = ZoneBit().find(data)
    return data.startswith(b"\x7e\x00") or found is not None and found[:2] == (0, len(data))


# The device: the codec over a line.


class Device(TriggeredScanner):
    """`mode`: trigger (the machine says when to shine) or sense. `suffix`: as scanner_line's."""

    def __init__(self, link: Link, mode: str = "trigger", suffix: str = "any") -> None:
        super().__init__(link, ZoneBit(), "zone-bit engine", mode, suffix)

    def set_mode(self) -> None:
        """Change the mode's two bits; those beside them (light, aim, beep) are the technician's.

        An answer whose CRC holds is no other device's. Three registers are read: an acknowledgement, which has one byte, is
        not taken for them.
        """
        found = self.tell(read(MODE, 3))
        if found.verdict is not Verdict.TAKEN:
            raise OutOfService("the engine does not tell its mode")
        wanted = SENSING if self._senses else COMMANDED
        if found.data[0] & 0b11 != wanted:
            self.insist(write(MODE, found.data[0] & ~0b11 | wanted))

    def wishes(self) -> list[Command]:
        """The time for one reading, in tenths of a second."""
        return [write(READ_TIME, round(OWN_TIME * 10))]
