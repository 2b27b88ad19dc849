"""Lines that a printer's font cannot print, drawn with the system's Chinese font: rare names, letters of other alphabets.

A drawn line is seventy times as many bytes as a written one, so only the line that needs it is drawn, and only so much of
a ticket. Scripts whose letters join or stack (Arabic, Tibetan, Mongolian) need more than a font and stay boxes.
"""

from __future__ import annotations

import functools
import subprocess
from typing import TYPE_CHECKING

from drivers.contract import Align
from drivers.escpos_profiles import Dialect

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONT = "Noto Sans Mono CJK SC"      # as wide as the printer's own: half an em for Latin, one for Chinese
SIZE, HIGH, HALF = 24, 30, 12       # dots: of a letter, of a line with what hangs below it, of a column
BASELINE = 22                       # dots from the top
ENOUGH = 18_000                     # bytes drawn on one ticket: eight lines at 80 mm, 1.6 s at 115200 baud


class Easel:
    """Draws for one ticket. `bytes` drawn so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.bytes = 0

    @classmethod
    def of(cls, dialect: Dialect) -> Easel | None:
        return cls(dialect) if dialect.raster == "yes" else None

    @staticmethod
    def measure(text: str) -> int:
        """Columns: what the font draws wide takes two."""
        return sum(map(_columns, text))

    def draw(self, rows: list[str], align: Align, scale: int, bold: bool) -> bytes | None:
        """GS v 0 of each row; None when that is too much for one ticket, or the font is not installed."""
        across = self._dialect.dots // 8
        if self.bytes + len(rows) * (8 + across * HIGH * scale) > ENOUGH or not (font := _font(SIZE * scale)):
            return None
        drawn = b"".join(self._row(row, align, scale, bold, font) for row in rows)
        self.bytes += len(drawn)
        return drawn

    def _row(self, row: str, align: Align, scale: int, bold: bool, font: FreeTypeFont) -> bytes:
        from PIL import Image, ImageDraw
        dots, column = self._dialect.dots, HALF * scale
        picture = Image.new("1", (dots, HIGH * scale))
        pen = ImageDraw.Draw(picture)
        free = dots - self.measure(row) * column
        x = {Align.LEFT: 0, Align.CENTRE: free // 2, Align.RIGHT: free}[align]
        for character in row:
            for shift in (0, 1) if bold else (0,):
                pen.text((x + shift, BASELINE * scale), character, fill=1, font=font, anchor="ls")
            x += self.measure(character) * column
        return b"\x1dv0\0" + (dots // 8).to_bytes(2, "little") + (HIGH * scale).to_bytes(2, "little") + picture.tobytes()


@functools.lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    font = _font(SIZE)
    return 2 if not font or font.getlength(character) > HALF else 1


@functools.lru_cache(maxsize=4)
def _font(size: int) -> FreeTypeFont | None:
    from PIL import ImageFont        # a tenth of a second the first time: only when a line must be drawn
    try:
        found = subprocess.run(["fc-match", "-f", "%{file}|%{index}", FONT], capture_output=True, text=True, timeout=5,
                               check=True).stdout
        file, _, index = found.partition("|")
        return ImageFont.truetype(file, size, index=int(index or 0)) if "CJK" in file else None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
