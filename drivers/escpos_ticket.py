"""A ticket's lines as ESC/POS bytes, in Chinese.

Text goes out in the printer's own font: 30 lines are under a kilobyte, a tenth of a second on a serial line, where
a picture of them takes nine. Chinese is GB18030 in two-byte mode (FS &) and nothing else: a byte above 7F that is
not half of a Chinese character swallows its right neighbour, so `¥12.50` in a code page would lose its 1. A line that
this font cannot print is drawn, where somebody draws (drivers/escpos_raster.py); else its rare characters become □.

QR commands come from python-escpos. Its text path knows neither two-byte mode nor `，` alone, and its bar codes
leave the printer centred, so those bytes are written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from drivers.contract import Align, Barcode, Feed, Pair, PaperLine, Qr, Rule, Text
from drivers.escpos_profiles import CUTS, USUAL, Dialect

INIT = b"\x1b@"
CHINESE, ASCII = b"\x1c&", b"\x1c."
BOLD, PLAIN = b"\x1bE\1", b"\x1bE\0"
ALIGN = {Align.LEFT: b"\x1ba\0", Align.CENTRE: b"\x1ba\1", Align.RIGHT: b"\x1ba\2"}
WIDE, NARROW = b"\x1d!\x11", b"\x1d!\0"                 # GS !: ASCII, and Chinese on some models
WIDE_CHINESE, NARROW_CHINESE = b"\x1c!\x0c", b"\x1c!\0"     # FS !: Chinese only

DRAWN = ("CJK ", "LATIN ", "GREEK ", "CYRILLIC ", "HANGUL ", "HIRAGANA ", "KATAKANA ", "BOPOMOFO ")
UNPRINTABLE = "□"
INSTEAD = {"¥": "￥", "\u00a0": " ", "\t": " ", "‐": "-", "‑": "-", "‒": "–", "―": "—", "−": "-", "•": "·", "‚": ",",
           "„": "“", "‟": "“", "‛": "‘", "⁄": "/", "\u2028": " ", "\u2029": " "}


class Easel(Protocol):
    """Draws rows of text as a picture the printer takes."""

    def draw(self, rows: list[str], align: Align, scale: int, bold: bool) -> bytes | None:
        """None when it cannot, or will not: then the rows are written."""
        ...

    def measure(self, text: str) -> int:
        """Columns of drawn text."""
        ...


def encode_ticket(lines: Sequence[PaperLine], dialect: Dialect = USUAL, before_cut: bytes = b"", after_cut: bytes = b"",
                  easel: Easel | None = None) -> bytes:
    """The whole ticket: initialise, lines, cut. What confirms it goes before or after the cut, as the model needs.

    Raises ValueError for a bar code that is not ASCII.
    """
    body = b"".join(_line(line, dialect, easel) for line in lines)
    return INIT + body + before_cut + CUTS[dialect.cut] + after_cut


def _line(line: PaperLine, dialect: Dialect, easel: Easel | None) -> bytes:
    match line:
        case Text():
            return _drawn_text(line, dialect, easel) or _text(line, dialect)
        case Pair():
            return _drawn_pair(line, dialect, easel) or _bold(_rows(pair(line, dialect.columns, dialect.charset)), line.bold)
        case Rule():
            return b"-" * dialect.columns + b"\n"
        case Feed(count):
            return bytes((0x1B, ord("d"), min(count, 255))) if count > 0 else b""
        case Qr():
            return _centred(_qr(line))
        case Barcode(data):
            return _centred(_barcode(data, dialect.dots))


def _text(line: Text, dialect: Dialect) -> bytes:
    times = _times(line)
    rows = [row for part in line.text.split("\n")
            for row in wrap(printable(part, dialect.charset), dialect.columns // times)]
    printed = b"".join(_large(row, dialect.double, times) + b"\n" for row in rows) if times > 1 else _rows(rows)
    if line.align is not Align.LEFT:
        printed = ALIGN[line.align] + printed + ALIGN[Align.LEFT]
    return _bold(printed, line.bold)


def _drawn_text(line: Text, dialect: Dialect, easel: Easel | None) -> bytes | None:
    if not easel or not missing(line.text, dialect.charset):
        return None
    times = _times(line)
    rows = [row for part in line.text.split("\n") for row in wrap(drawable(part), dialect.columns // times, easel.measure)]
    return easel.draw(rows, line.align, times, line.bold)


def _drawn_pair(line: Pair, dialect: Dialect, easel: Easel | None) -> bytes | None:
    if not easel or not missing(line.label + line.value, dialect.charset):
        return None
    rows = columns_of(drawable(line.label), drawable(line.value), dialect.columns, easel.measure)
    return easel.draw(rows, Align.LEFT, 1, line.bold)


def _times(line: Text) -> int:
    """How many times its size: Chinese can be doubled (FS ! knows no more), digits and letters up to eightfold."""
    return max(1, min(line.scale, 8 if line.text.isascii() else 2))


def _rows(rows: Sequence[str]) -> bytes:
    return b"".join(encode(row) + b"\n" for row in rows)


def _bold(printed: bytes, bold: bool) -> bytes:
    return BOLD + printed + PLAIN if bold else printed


def _centred(printed: bytes) -> bytes:
    return ALIGN[Align.CENTRE] + printed + ALIGN[Align.LEFT] if printed else b""


# Characters


def printable(text: str, charset: str = "gb18030") -> str:
    """The text in characters that the printer has: ASCII, and `charset` of two bytes.

    What has a plain form gets it (ñ: n), invisible characters go, the rest becomes □: a gap that can be seen.
    """
    return "".join(_printable(character, charset) for character in text)


@lru_cache(maxsize=4096)
def _printable(character: str, charset: str) -> str:
    character = INSTEAD.get(character, character)
    if " " <= character <= "~" or _two_bytes(character, charset):
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Mn", "Me"):
        return ""
    plain = unicodedata.normalize("NFKD", character)
    return printable(plain, charset) if plain != character else UNPRINTABLE


def _two_bytes(character: str, charset: str) -> bool:
    if unicodedata.category(character) in ("Co", "Cs"):
        return False                            # private use: every font has another picture, or none
    return len(character.encode(charset, "ignore")) == 2


def missing(text: str, charset: str) -> bool:
    """Would written text lose something that could be drawn: a rare character, or a letter's accent?"""
    return any(_lost(character, charset) for character in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _lost(character: str, charset: str) -> bool:
    if not unicodedata.name(character, "").startswith(DRAWN):
        return False
    accents = any(unicodedata.category(part) == "Mn" for part in unicodedata.normalize("NFKD", character))
    written = printable(character, charset)
    return UNPRINTABLE in written or accents and written != character


def drawable(text: str) -> str:
    """The text as it is drawn: without what is invisible, and □ for what no font has."""
    return "".join(
        "" if kind in ("Cc", "Cf") else UNPRINTABLE if kind in ("Co", "Cs") else character
        for character in (INSTEAD.get(one, one) for one in unicodedata.normalize("NFC", text))
        for kind in (unicodedata.category(character),))


def encode(text: str) -> bytes:
    """Printable text as bytes; two-byte mode is entered and left where there is Chinese."""
    return text.encode() if text.isascii() else CHINESE + text.encode("gb18030") + ASCII


def _large(text: str, double: str, times: int) -> bytes:
    if text.isascii():
        return bytes((0x1D, 0x21, (times - 1) * 0x11)) + text.encode() + NARROW
    if double == "gs":
        return WIDE + encode(text) + NARROW
    if double == "both":
        return WIDE + CHINESE + WIDE_CHINESE + text.encode("gb18030") + NARROW_CHINESE + ASCII + NARROW
    return b"".join(
        WIDE + run.encode() + NARROW if run.isascii()
        else CHINESE + WIDE_CHINESE + run.encode("gb18030") + NARROW_CHINESE + ASCII
        for run in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", text))


# Columns


def width(text: str) -> int:
    """Columns of printable text."""
    return sum(1 if character <= "~" else 2 for character in text)


Measure = Callable[[str], int]


def wrap(text: str, columns: int, measure: Measure = width) -> list[str]:
    """Rows of at most `columns`; broken between Chinese characters or words, inside a word only if it must be."""
    rows, row = [], ""
    for piece in _pieces(text, columns):
        if measure(row) + measure(piece) > columns:
            rows.append(row.rstrip())
            row = piece.lstrip()
        else:
            row += piece
    return [*rows, row.rstrip()]


def _pieces(text: str, columns: int) -> Iterator[str]:
    for piece in re.findall(r" +|[!-~]+|[^ -~]", text):
        for at in range(0, len(piece), columns):
            yield piece[at:at + columns]


def pair(line: Pair, columns: int, charset: str = "gb18030") -> list[str]:
    """A label and its value, written: on one row with the value at the right edge, or the value below it."""
    return columns_of(printable(line.label, charset), printable(line.value, charset), columns, width)


def columns_of(label: str, value: str, columns: int, measure: Measure) -> list[str]:
    gap = columns - measure(label) - measure(value)
    if gap > 0:
        return [label + " " * gap + value]
    below = wrap(value, columns, measure)
    return wrap(label, columns, measure) + [" " * (columns - measure(row)) + row for row in below]


# Codes


def _qr(line: Qr) -> bytes:
    from escpos.constants import QR_ECLEVEL_M    # half a second the first time: not while the kiosk starts
    from escpos.printer import Dummy
    printer = Dummy()
    printer.qr(line.data, ec=QR_ECLEVEL_M, size=max(1, min(line.module, 16)), native=True)
    return bytes(printer.output)


def _barcode(data: str, dots: int) -> bytes:
    """CODE128 with its text below. Digits in pairs (set C) are half as wide; what is still too wide stays text."""
    if not re.fullmatch("[ -~]+", data):
        raise ValueError("a bar code holds printable ASCII")
    if data.isdigit() and len(data) % 2 == 0:
        symbols = bytes(int(data[at:at + 2]) for at in range(0, len(data), 2))
        coded = b"{C" + symbols
    else:
        symbols = data.encode()
        coded = b"{B" + symbols.replace(b"{", b"{{")
    # Start, check and stop symbol, ten quiet modules at both sides; a module is two dots wide.
    if 2 * (11 * (len(symbols) + 2) + 13 + 20) > dots:
        return _rows([data])
    return b"\x1dh\x50\x1dw\x02\x1dH\x02\x1dkI" + bytes((len(coded),)) + coded
