"""What is on a piece of paper that came out of the printer's twin. Plain data; `drivers.sim.drawing` draws it.

Lengths are dots of a 203 dpi head: 8 to the millimetre.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

DOTS_PER_MM = 8
LOST = "\ufffd"              # where the printer could make no character of the bytes


@dataclass(frozen=True)
class Cell:
    """One character as the head prints it: `dots` wide (24 for Chinese, 12 else), times `wide` and `high`."""

    character: str
    dots: int
    wide: int = 1
    high: int = 1
    bold: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Line:
    """One line of text; `dots` of paper move under it."""

    cells: tuple[Cell, ...]
    align: Literal["left", "centre", "right"]
    dots: int

    @property
    def text(self) -> str:
        return "".join(cell.character for cell in self.cells)

    @property
    def wide(self) -> int:
        return max((cell.wide for cell in self.cells), default=1)

    @property
    def high(self) -> int:
        return max((cell.high for cell in self.cells), default=1)

    @property
    def bold(self) -> bool:
        return any(cell.bold for cell in self.cells)

    @property
    def underline(self) -> bool:
        return any(cell.underline for cell in self.cells)


@dataclass(frozen=True)
class Code:
    """A QR code or CODE128 bar code: its contents, and the modules as rows of the drawing (True is black)."""

    kind: Literal["qr", "code128"]
    data: str
    rows: tuple[tuple[bool, ...], ...]
    module: int                  # side or width of a module in dots
    height: int                  # dots
    align: Literal["left", "centre", "right"]
    text: str = ""               # printed below a bar code

    @property
    def dots(self) -> int:
        return self.height + (30 if self.text else 0)


@dataclass(frozen=True)
class Raster:
    """A picture: `width` dots, eight to a byte, 1 is black."""

    width: int
    dots: int
    bits: bytes
    align: Literal["left", "centre", "right"]


@dataclass(frozen=True)
class Blank:
    """Paper that moved without print."""

    dots: int


Item = Line | Code | Raster | Blank


@dataclass(frozen=True)
class Ticket:
    """One piece of paper. `cut` is "" when it was torn off or the roll ended in it."""

    number: int
    width_mm: int
    items: tuple[Item, ...]
    raw: bytes
    unknown: tuple[str, ...]
    cut: Literal["full", "partial", ""]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(item for item in self.items if isinstance(item, Line) and item.text)

    @property
    def codes(self) -> tuple[Code, ...]:
        return tuple(item for item in self.items if isinstance(item, Code))

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def length_mm(self) -> float:
        return sum(item.dots for item in self.items) / DOTS_PER_MM

    def png(self) -> bytes:
        """The picture of the paper, 8 pixels to the millimetre."""
        from drivers.sim.drawing import draw      # Pillow only when somebody looks

        file = BytesIO()
        draw(self).save(file, "PNG")
        return file.getvalue()

    def json(self) -> str:
        """What it says, for tests in other languages and for people."""
        return json.dumps({
            "number": self.number, "width_mm": self.width_mm, "length_mm": self.length_mm, "cut": self.cut,
            "unknown": self.unknown, "bytes": len(self.raw),
            "lines": [{"text": line.text, "align": line.align, "wide": line.wide, "high": line.high,
                       "bold": line.bold, "underline": line.underline} for line in self.lines],
            "codes": [{"kind": code.kind, "data": code.data} for code in self.codes],
        }, ensure_ascii=False)
