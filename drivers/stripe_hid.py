"""Magnetic stripe readers that are keyboards: the track as key strokes of the US layout, then Enter.

Over a `hid:` line the keyboard is grabbed: a swipe types into no form and nobody else reads it. Prefer a serial reader
where there is a choice: this kind cannot be told from any other keyboard.

Source: Linux, Documentation/input (event interface) and input-event-codes.h.
"""

from __future__ import annotations

import struct

from drivers.contract import Link
from drivers.stripe_serial import TextSwipes
from drivers.stripe_track import BANK, Form, StripeReader, Swipes

# The codec: events in, text out.

EVENT = struct.Struct("@llHHi")         # struct input_event: seconds, microseconds, type, code, value
SYN, KEY, LAST_TYPE, LAST_CODE = 0x00, 0x01, 0x1F, 0x2FF
DROPPED = 3                             # SYN_DROPPED: the kernel's buffer was full, events are lost
UP, DOWN, REPEATED = 0, 1, 2
SHIFTS = (42, 54)
LOST = b"\x18"                          # CAN: stands in the text where something is missing

# Key codes 2-13, 16-27, 30-41, 43-53 of the main block, then Enter and the digits of the keypad.
ROWS = ((2, b"1234567890-=", b"!@#$%^&*()_+"), (16, b"qwertyuiop[]", b"QWERTYUIOP{}"), (28, b"\r", b"\r"),
        (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"), (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"), (55, b"*", b"*"), (57, b" ", b" "),
        (71, b"789-456+1230.", b"789-456+1230."), (96, b"\r", b"\r"))
PLAIN = {first + at: plain[at:at + 1] for first, plain, _ in ROWS for at in range(len(plain))}
SHIFTED = {first + at: shifted[at:at + 1] for first, _, shifted in ROWS for at in range(len(shifted))}


class Keys:
    """Key strokes as text. A key that is held down is one stroke. What cannot be an event is LOST, with all behind it."""

    def __init__(self) -> None:
        self._heard = b""
        self._held: set[int] = set()

    @property
    def begun(self) -> bool:
        return bool(self._heard)

    def feed(self, data: bytes) -> bytes:
        self._heard += data
        text = b""
        while len(self._heard) >= EVENT.size:
            event, self._heard = EVENT.unpack_from(self._heard), self._heard[EVENT.size:]
            if not _possible(*event):
                self._heard = b""
                return text + LOST
            text += self._stroke(*event[2:])
        return text

    def _stroke(self, kind: int, code: int, value: int) -> bytes:
        if kind == SYN and code == DROPPED:
            return LOST
        if kind == KEY and code in SHIFTS:
            (self._held.discard if value == UP else self._held.add)(code)
        elif kind == KEY and value == DOWN:
            return (SHIFTED if self._held else PLAIN).get(code, b"")
        return b""


def _possible(seconds: int, microseconds: int, kind: int, code: int, value: int) -> bool:
    if seconds < 0 or not 0 <= microseconds < 1_000_000 or kind > LAST_TYPE:
        return False
    return kind != KEY or code <= LAST_CODE and value in (UP, DOWN, REPEATED)


class KeySwipes:
    """Swipes in key strokes."""

    def __init__(self) -> None:
        self._keys, self._text = Keys(), TextSwipes()

    @property
    def begun(self) -> bool:
        return self._keys.begun or self._text.begun

    def feed(self, data: bytes) -> list[bytes]:
        return self._text.feed(self._keys.feed(data))

    def end(self) -> bytes | None:
        """A swipe without Enter, or half an event."""
        self._keys = Keys()
        return self._text.end()


def impersonal(data: bytes) -> bool:
    """May the spy show it? Never: it is people's cards."""
    return False


# The device: the codec over a line.


class Device(StripeReader):
    """`lrc`, `form`, `bank`: see stripe_track.Form."""

    def __init__(self, link: Link, lrc: str = "auto", form: str = "[0-9]{1,19}", bank: str = BANK) -> None:
        super().__init__(link, Form(lrc, form, bank), "stripe reader, as a keyboard")

    def swipes(self) -> Swipes:
        return KeySwipes()
