"""Cuts a stream of bytes into ESC/POS commands. No meaning here: only where each command begins and ends.

Source: Epson's ESC/POS command reference and manuals of compatible makers. Lengths of commands that the twin does
not execute are known too, so that one of them does not turn its parameters into printed rubbish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DLE, ESC, FS, GS = 0x10, 0x1B, 0x1C, 0x1D

# Parameter bytes behind the two bytes of the command.
FIXED: dict[bytes, int] = {
    b"\x10\x04": 1, b"\x10\x05": 1,
    b"\x1b@": 0, b"\x1b2": 0, b"\x1b3": 1, b"\x1bd": 1, b"\x1bJ": 1, b"\x1ba": 1, b"\x1bE": 1, b"\x1bG": 1,
    b"\x1b-": 1, b"\x1bt": 1, b"\x1bp": 3, b"\x1b!": 1, b"\x1bR": 1, b"\x1bM": 1, b"\x1bV": 1, b"\x1b{": 1,
    b"\x1b ": 1, b"\x1b$": 2, b"\x1b\\": 2, b"\x1bB": 2, b"\x1b=": 1, b"\x1bc": 2, b"\x1bi": 0, b"\x1bm": 0,
    b"\x1c&": 0, b"\x1c.": 0, b"\x1c!": 1, b"\x1c-": 1, b"\x1cS": 2, b"\x1cW": 1, b"\x1cC": 1,
    b"\x1d!": 1, b"\x1dh": 1, b"\x1dw": 1, b"\x1dH": 1, b"\x1df": 1, b"\x1da": 1, b"\x1dr": 1, b"\x1dI": 1,
    b"\x1dB": 1, b"\x1dL": 2, b"\x1dW": 2, b"\x1dP": 2, b"\x1db": 1,
}
_FEEDING_CUTS = (65, 66, 97, 98, 103, 104)     # the values of GS V that have a second byte
_CONTROLS = b"\x09\x0a\x0c\x0d"


@dataclass(frozen=True)
class Command:
    """`name` is "text", the control byte, or the two bytes of the command; `args` what follows; `raw` all of it."""

    name: bytes
    args: bytes
    raw: bytes


class Tokenizer:
    """Feed it bytes in any pieces; it gives whole commands."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Command]:
        self._pending += data
        while self._pending:
            size = _size(self._pending)
            if size is None or size > len(self._pending):
                return
            raw, self._pending = self._pending[:size], self._pending[size:]
            yield _command(raw)


def _command(raw: bytes) -> Command:
    if raw[0] >= 0x20:
        return Command(b"text", raw, raw)
    if raw[0] in (DLE, ESC, FS, GS):
        return Command(raw[:2], raw[2:], raw)
    return Command(raw[:1], b"", raw)


def _size(data: bytes) -> int | None:
    """How many bytes the command at the start of `data` has; None when that cannot be said yet."""
    first = data[0]
    if first >= 0x20:
        return next((i for i, byte in enumerate(data) if byte < 0x20), len(data))
    if first not in (DLE, ESC, FS, GS):
        return 1
    if len(data) < 2:
        return None
    head = data[:2]
    if head in FIXED:
        return 2 + FIXED[head]
    if head in (b"\x1d(", b"\x1c("):
        return None if len(data) < 5 else 5 + int.from_bytes(data[3:5], "little")
    if head == b"\x1dV":
        return None if len(data) < 3 else 4 if data[2] in _FEEDING_CUTS else 3
    if head == b"\x1dv":
        return None if len(data) < 8 else 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")
    if head == b"\x1dk":
        return _barcode_size(data)
    if head == b"\x1b*":
        if len(data) < 5:
            return None
        return 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] in (32, 33) else 1)
    if head == b"\x1bD":
        return _until_nul(data)
    return 2


def _barcode_size(data: bytes) -> int | None:
    if len(data) < 4:
        return None
    if data[2] <= 6:                          # the old form ends with NUL
        return _until_nul(data)
    return 4 + data[3]


def _until_nul(data: bytes) -> int | None:
    end = data.find(b"\x00", 3 if data[:2] == b"\x1dk" else 2)
    return None if end < 0 else end + 1


def readable(raw: bytes) -> str:
    """A command for people: "GS k 49 0C…", at most a dozen bytes."""
    names = {DLE: "DLE", ESC: "ESC", FS: "FS", GS: "GS"}
    if raw[0] not in names or len(raw) < 2:
        return raw[:12].hex(" ").upper()
    second = chr(raw[1]) if 0x20 < raw[1] < 0x7F else f"{raw[1]:02X}"
    return f"{names[raw[0]]} {second} {raw[2:12].hex(' ').upper()}".strip()
