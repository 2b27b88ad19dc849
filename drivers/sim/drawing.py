"""Draws a ticket as it lies on the table: thermal paper, dots of a 203 dpi head, a cut or a torn edge.

One pixel is one dot. The font is a monospaced Chinese one found by fontconfig; it is as wide as the printer's own
(12 dots, Chinese 24), so a line breaks in the picture where it breaks on paper.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from drivers.sim.ticket import DOTS_PER_MM, LOST, Cell, Code, Item, Line, Raster, Ticket
from drivers.sim.typesetter import PRINTABLE_MM

PAPER = (253, 252, 248)
INK = (38, 36, 42)
DESK = 18                                 # transparent margin, for the shadow
BASELINE = 20                             # of 24
FONT = "Noto Sans Mono CJK SC"
TEETH = 10                                # dots: the saw of the tear bar


def draw(ticket: Ticket) -> Image.Image:
    """The paper with a soft shadow on a transparent ground."""
    width = ticket.width_mm * DOTS_PER_MM
    height = max(sum(item.dots for item in ticket.items), 4 * TEETH)
    ink = Image.new("L", (width, height), 0)
    left = (width - PRINTABLE_MM[ticket.width_mm] * DOTS_PER_MM) // 2
    y = 0
    for item in ticket.items:
        _put(ink, item, left, width - 2 * left, y)
        y += item.dots
    paper = Image.composite(Image.new("RGB", ink.size, INK), _sheet(width, height), ink)
    return _on_the_desk(paper, torn=not ticket.cut)


def _sheet(width: int, height: int) -> Image.Image:
    """Blank paper, slightly darker towards its curled edges."""
    middle = Image.linear_gradient("L").rotate(90).resize((width // 2, 1))
    curl = Image.new("L", (width, 1))
    curl.paste(middle, (0, 0))
    curl.paste(middle.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (width - width // 2, 0))
    shade = curl.point(lambda value: 236 + min(value, 64) * 19 // 64).resize((width, height))
    return ImageChops.multiply(Image.new("RGB", (width, height), PAPER), Image.merge("RGB", (shade,) * 3))


def _on_the_desk(paper: Image.Image, torn: bool) -> Image.Image:
    width, height = paper.size
    shape = Image.new("L", paper.size, 255)
    if torn:
        pen = ImageDraw.Draw(shape)
        for x in range(0, width, TEETH):
            pen.polygon([(x, height), (x + TEETH / 2, height - TEETH), (x + TEETH, height)], fill=0)
    size = (width + 2 * DESK, height + 2 * DESK)
    shadow = Image.new("L", size, 0)
    shadow.paste(shape.point(lambda value: value * 90 // 255), (DESK, DESK + 4))
    picture = Image.new("RGBA", size, (60, 50, 40, 0))
    picture.putalpha(shadow.filter(ImageFilter.GaussianBlur(6)))
    picture.paste(paper, (DESK, DESK), shape)
    return picture


def _put(ink: Image.Image, item: Item, left: int, width: int, y: int) -> None:
    if isinstance(item, Line):
        _line(ink, item, left, width, y)
    elif isinstance(item, Code):
        picture = _modules(item)
        x = _start(picture.width, item.align, left, width)
        ink.paste(picture, (x, y))
        if item.text:
            cells = tuple(Cell(character, 12) for character in item.text)
            _line(ink, Line(cells, item.align, 30), left, width, y + item.height + 3)
    elif isinstance(item, Raster):
        picture = Image.frombytes("1", (item.width, item.dots), item.bits).convert("L")
        ink.paste(picture, (_start(item.width, item.align, left, width), y))


def _start(wide: int, align: str, left: int, width: int) -> int:
    free = width - wide
    return left + (0 if align == "left" else free // 2 if align == "centre" else free)


def _modules(code: Code) -> Image.Image:
    bits = Image.new("L", (len(code.rows[0]), len(code.rows)))
    bits.putdata([255 * module for row in code.rows for module in row])
    return bits.resize((bits.width * code.module, code.height), Image.Resampling.NEAREST)


def _line(ink: Image.Image, line: Line, left: int, width: int, y: int) -> None:
    x = _start(sum(cell.dots * cell.wide for cell in line.cells), line.align, left, width)
    foot = y + max((24 * cell.high for cell in line.cells), default=0)
    for cell in line.cells:
        glyph = _glyph(cell)
        ink.paste(255, (x, foot - glyph.height), glyph)
        x += glyph.width


@lru_cache(maxsize=4096)
def _glyph(cell: Cell) -> Image.Image:
    """A character in its cell. Sizes double the dots, as the firmware does; bold strikes twice, a dot apart."""
    picture = Image.new("L", (cell.dots, 24), 0)
    pen = ImageDraw.Draw(picture)
    if cell.character == LOST:
        pen.rectangle((2, 4, cell.dots - 3, 21), outline=255, width=2)
    else:
        font = _font(24 if cell.dots == 24 else 22 if cell.dots == 12 else 17)      # Latin tails need room
        for shift in (0, 1) if cell.bold else (0,):
            pen.text((shift, BASELINE), cell.character, fill=255, font=font, anchor="ls")
    if cell.underline:
        pen.line((0, 23, cell.dots, 23), fill=255)
    size = (cell.dots * cell.wide, 24 * cell.high)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.BICUBIC)


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The Chinese font, or Pillow's own where fontconfig knows none."""
    try:
        found = subprocess.run(["fc-match", "-f", "%{file}|%{index}", FONT], capture_output=True, text=True,
                               timeout=10, check=True).stdout
        file, _, index = found.partition("|")
        return ImageFont.truetype(file, size, index=int(index or 0))
    except (OSError, subprocess.SubprocessError, ValueError):
        return ImageFont.load_default(size)
