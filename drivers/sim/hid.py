"""Twin of a magnetic stripe reader that is a keyboard: what a program that reads the kernel's event device gets.

Source: the kernel's input documentation: `struct input_event` is two longs of time, type, code, value; a stroke is the key
down, a synchronisation, the key up, a synchronisation; shift goes down before and up after.
"""

from __future__ import annotations

import struct
from pathlib import Path

from drivers.sim.line import Line, PtyLine
from drivers.sim.loop import Loop
from drivers.sim.stripe import StripeTwin

KEYS = {character: code for code, character in (
    *((code, str(code - 1)) for code in range(2, 11)), (11, "0"), (13, "="), (28, "\r"), (39, ";"))}
WITH_SHIFT = {"?": 53, ":": 39, ">": 52, "<": 51, "%": 6, "+": 13, "E": 18}
SHIFT = 42


class EventLine(PtyLine):
    """A pseudo-terminal in the place of /dev/input/event…"""

    @property
    def url(self) -> str:
        return f"hid://{self.path}"


class StripeKeysTwin(StripeTwin):
    """The reader. Swipe cards."""

    @classmethod
    def cable(cls, loop: Loop, path: Path, port: int | None) -> Line:
        if port is not None:
            raise ValueError("a keyboard has no port")
        return EventLine(loop, path, cls.BAUD)

    def framed(self, track: bytes) -> bytes:
        """Key strokes, then Enter."""
        return b"".join(self._stroke(character) for character in (track + b"\r").decode())

    def _stroke(self, character: str) -> bytes:
        shifted = character in WITH_SHIFT
        code = WITH_SHIFT[character] if shifted else KEYS[character]
        around = [(1, SHIFT, 1), (0, 0, 0)], [(1, SHIFT, 0), (0, 0, 0)]
        strokes = [(1, code, 1), (0, 0, 0), (1, code, 0), (0, 0, 0)]
        return b"".join(map(self._event, around[0] + strokes + around[1] if shifted else strokes))

    def _event(self, event: tuple[int, int, int]) -> bytes:
        now = self.line.loop.now()
        return struct.pack("@llHHi", int(now), int(now % 1 * 1_000_000), *event)
