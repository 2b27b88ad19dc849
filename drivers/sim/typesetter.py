"""Executes the printing commands of ESC/POS: modes, characters into lines, codes and pictures onto paper.

It knows nothing of paper ends, status or time. What it does not understand it reports as `unknown`.
Dialect: a Chinese clone at 203 dpi. Two-byte mode after power-on; GS ! leaves Chinese characters alone (FS ! sets
them) unless `epson_sizes`; pairs only, no four-byte GB18030.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from drivers.sim import codes
from drivers.sim.escpos import Command, readable
from drivers.sim.ticket import DOTS_PER_MM, LOST, Cell, Code, Item, Line, Raster

PRINTABLE_MM = {80: 72, 58: 48}
DEFAULT_SPACING = 34                      # dots: 1/6 inch at 203 dpi
CODE_PAGES = {0: "cp437", 2: "cp850", 3: "cp860", 16: "cp1252", 19: "cp858"}
ALIGNS: tuple[Literal["left", "centre", "right"], ...] = ("left", "centre", "right")


@dataclass
class Modes:
    """What ESC @ puts back."""

    align: Literal["left", "centre", "right"] = "left"
    bold: bool = False
    underline: bool = False
    wide: int = 1                         # of single-byte characters
    high: int = 1
    two_byte: bool = True
    chinese_wide: int = 1
    chinese_high: int = 1
    chinese_underline: bool = False
    small_font: bool = False
    spacing: int = DEFAULT_SPACING
    code_page: int = 0
    bar_height: int = 162
    bar_width: int = 3
    bar_text: int = 0                     # GS H: 0 none, 1 above, 2 below, 3 both
    qr_module: int = 3
    qr_level: int = 48
    qr_data: bytes = b""


@dataclass
class Typesetter:
    """The firmware's pen: `execute` a command, get what it puts on paper."""

    width_mm: int = 80
    epson_sizes: bool = False
    modes: Modes = field(default_factory=Modes)
    unknown: list[str] = field(default_factory=list)
    _line: list[Cell] = field(default_factory=list)
    _lead: bytes = b""                    # first half of a pair

    @property
    def width(self) -> int:
        """Printable dots."""
        return PRINTABLE_MM[self.width_mm] * DOTS_PER_MM

    @property
    def at_line_start(self) -> bool:
        return not self._line and not self._lead

    def reset(self) -> None:
        """ESC @: modes and the unprinted line, nothing else."""
        self.modes = Modes()
        self.clear()

    def clear(self) -> None:
        """Forget the unprinted line."""
        self._line, self._lead = [], b""

    def execute(self, command: Command) -> list[Item]:
        if command.name == b"text":
            return self._text(command.args)
        spilled: list[Item] = []
        if self._lead:                    # half a pair before a command: lost
            self._lead = b""
            spilled = self._cell(LOST)
        return spilled + self._act(command)

    def _act(self, command: Command) -> list[Item]:
        name, args = command.name, command.args
        if name == b"\x0a":
            return [self._end_line(self.modes.spacing)]
        if name == b"\x1bd":
            return [self._end_line(self.modes.spacing * args[0])]
        if name == b"\x1bJ":
            return [self._end_line(args[0])]
        if name == b"\x1d(" and args[:1] == b"k":
            return self._qr(command)
        if name == b"\x1dk":
            return self._barcode(command)
        if name == b"\x1dv":
            return self._raster(command)
        if name == b"\x0d":
            return []                     # automatic line feed is off
        if name == b"\x09":
            return self._text(b" " * (8 - len(self._line) % 8))
        if name == b"\x1b@":
            self.reset()
        elif not self._mode(name, args):
            self.unknown.append(readable(command.raw))
        return []

    def _mode(self, name: bytes, args: bytes) -> bool:
        """Commands that only change a mode; False when it is none of them."""
        modes = self.modes
        n = args[0] if args else 0
        if name == b"\x1ba" and n % 48 < 3:
            if self.at_line_start:
                modes.align = ALIGNS[n % 48]
        elif name in (b"\x1bE", b"\x1bG"):
            modes.bold = bool(n & 1)
        elif name == b"\x1b-" and n % 48 < 3:
            modes.underline = n % 48 > 0
        elif name == b"\x1d!" and n & 0x88 == 0:
            self._size((n >> 4) + 1, (n & 7) + 1)
        elif name == b"\x1b!":
            modes.small_font, modes.bold, modes.underline = bool(n & 1), bool(n & 8), bool(n & 0x80)
            self._size(2 if n & 0x20 else 1, 2 if n & 0x10 else 1)
        elif name == b"\x1bM" and n % 48 < 2:
            modes.small_font = n % 48 == 1
        elif name == b"\x1b3":
            modes.spacing = round(n * 203 / 180)
        elif name == b"\x1b2":
            modes.spacing = DEFAULT_SPACING
        elif name == b"\x1bt" and n in CODE_PAGES:
            modes.code_page = n
        elif name in (b"\x1c&", b"\x1c."):
            modes.two_byte = name == b"\x1c&"
        elif name == b"\x1c!":
            modes.chinese_wide, modes.chinese_high = 2 if n & 4 else 1, 2 if n & 8 else 1
            modes.chinese_underline = bool(n & 0x80)
        elif name == b"\x1c-" and n % 48 < 3:
            modes.chinese_underline = n % 48 > 0
        elif name == b"\x1dh" and n:
            modes.bar_height = n
        elif name == b"\x1dw" and 2 <= n <= 6:
            modes.bar_width = n
        elif name == b"\x1dH" and n % 48 < 4:
            modes.bar_text = n % 48
        else:
            return name == b"\x1df" and n % 48 < 2
        return True

    def _size(self, wide: int, high: int) -> None:
        self.modes.wide, self.modes.high = wide, high
        if self.epson_sizes:
            self.modes.chinese_wide, self.modes.chinese_high = min(wide, 2), min(high, 2)

    # Characters.

    def _text(self, data: bytes) -> list[Item]:
        printed: list[Item] = []
        for byte in data:
            one = bytes((byte,))
            if self._lead:
                pair, self._lead = self._lead + one, b""
                printed += self._cell(_decode(pair, "gb18030"), chinese=True)
            elif self.modes.two_byte and 0x81 <= byte <= 0xFE:
                self._lead = one          # whatever follows is swallowed
            else:
                printed += self._cell(_decode(one, CODE_PAGES[self.modes.code_page]))
        return printed

    def _cell(self, character: str, chinese: bool = False) -> list[Item]:
        """Put a character into the line; gives the full line when it does not fit any more."""
        modes = self.modes
        if chinese:
            cell = Cell(character, 24, modes.chinese_wide, modes.chinese_high, modes.bold, modes.chinese_underline)
        else:
            dots = 9 if modes.small_font else 12
            cell = Cell(character, dots, modes.wide, modes.high, modes.bold, modes.underline)
        used = sum(c.dots * c.wide for c in self._line)
        full: list[Item] = []
        if self._line and used + cell.dots * cell.wide > self.width:
            full = [self._end_line(modes.spacing)]
        self._line.append(cell)
        return full

    def _end_line(self, dots: int) -> Line:
        """The line so far; the paper moves `dots`, or as far as its highest character needs."""
        tallest = max((24 * cell.high for cell in self._line), default=0)
        line = Line(tuple(self._line), self.modes.align, max(dots, tallest))
        self._line = []
        return line

    # Codes and pictures.

    def _flush(self) -> list[Item]:
        return [self._end_line(self.modes.spacing)] if self._line else []

    def _qr(self, command: Command) -> list[Item]:
        """GS ( k with cn 49: the QR code functions."""
        function, data = command.args[3:5], command.args[5:]
        modes = self.modes
        if function == b"1A" and data == b"2\x00":
            return []
        if function == b"1C" and len(data) == 1 and 1 <= data[0] <= 16:
            modes.qr_module = data[0]
        elif function == b"1E" and len(data) == 1 and data[0] in codes.LEVELS:
            modes.qr_level = data[0]
        elif function == b"1P" and data[:1] == b"0" and len(data) > 1:
            modes.qr_data = data[1:]
        elif function == b"1Q" and data == b"0" and modes.qr_data:
            return self._flush() + self._draw_qr()
        else:
            self.unknown.append(readable(command.raw))
        return []

    def _draw_qr(self) -> list[Item]:
        modes = self.modes
        try:
            rows = codes.qr(modes.qr_data, modes.qr_level)
        except ValueError:
            self.unknown.append("QR: too much data")
            return []
        side = len(rows) * modes.qr_module
        if side > self.width:
            self.unknown.append("QR: wider than the paper")
            return []
        text = modes.qr_data.decode(errors="replace")
        return [Code("qr", text, rows, modes.qr_module, side, modes.align)]

    def _barcode(self, command: Command) -> list[Item]:
        """GS k, form B, CODE128 only."""
        modes = self.modes
        try:
            if command.args[0] != 73:
                raise ValueError("not CODE128")
            text, row = codes.bars(command.args[2:])
            if len(row) * modes.bar_width > self.width:
                raise ValueError("wider than the paper")
        except ValueError as error:
            self.unknown.append(f"{readable(command.raw)}: {error}")
            return []
        below = text if modes.bar_text else ""
        return [*self._flush(),
                Code("code128", text, (row,), modes.bar_width, modes.bar_height, modes.align, below)]

    def _raster(self, command: Command) -> list[Item]:
        """GS v 0."""
        args = command.args
        across, down = int.from_bytes(args[2:4], "little"), int.from_bytes(args[4:6], "little")
        if args[:1] != b"0" or args[1] % 48 > 3 or not across or not down:
            self.unknown.append(readable(command.raw))
            return []
        raster = Raster(across * 8, down, args[6:], self.modes.align)
        mode = args[1] % 48               # bit 0 doubles the width, bit 1 the height
        return [*self._flush(), _doubled(raster, bool(mode & 1), bool(mode & 2))]


def _doubled(raster: Raster, wide: bool, high: bool) -> Raster:
    rows = [raster.bits[i:i + raster.width // 8] for i in range(0, len(raster.bits), raster.width // 8)]
    if wide:
        rows = [bytes(half for byte in row for half in _twice(byte)) for row in rows]
    if high:
        rows = [row for row in rows for _ in range(2)]
    return replace(raster, width=raster.width * (2 if wide else 1), dots=len(rows), bits=b"".join(rows))


def _twice(byte: int) -> bytes:
    """A byte with every bit doubled, as two."""
    value = 0
    for bit in range(8):
        if byte >> bit & 1:
            value |= 3 << 2 * bit
    return value.to_bytes(2, "big")


def _decode(data: bytes, encoding: str) -> str:
    try:
        character = data.decode(encoding)
    except UnicodeDecodeError:
        return LOST
    return LOST if "\ue000" <= character <= "\uf8ff" else character     # a pair without a character of its own
