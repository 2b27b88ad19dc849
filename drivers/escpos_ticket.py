"""A ticket's lines as ESC/POS bytes, in Chinese.

Text goes out in the printer's own font: 30 lines are under a kilobyte, a tenth of a second on a serial line, where
a picture of them takes nine. Chinese is GB18030 in two-byte mode (FS &) and nothing else: a byte above 7F that is
not half of a Chinese character swallows its right neighbour, so `¥12.50` in a code page would lose its 1.

QR commands come from python-escpos. Its text path knows neither two-byte mode nor `，` alone, and its bar codes
leave the printer centred, so those bytes are written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from drivers.contract import Align, Barcode, Feed, Pair, PaperLine, Qr, Rule, Text

COLUMNS = {80: 48, 58: 32}              # of the 12 × 24 font at 203 dpi; a Chinese character takes two
DOTS = {80: 576, 58: 384}

INIT = b"\x1b@"
CUT = b"\x1dVB\0"                       # feed to the cutter, then cut
CHINESE, ASCII = b"\x1c&", b"\x1c."
BOLD, PLAIN = b"\x1bE\1", b"\x1bE\0"
ALIGN = {Align.LEFT: b"\x1ba\0", Align.CENTRE: b"\x1ba\1", Align.RIGHT: b"\x1ba\2"}
WIDE, NARROW = b"\x1d!\x11", b"\x1d!\0"                 # GS !: ASCII, and Chinese on some models
WIDE_CHINESE, NARROW_CHINESE = b"\x1c!\x0c", b"\x1c!\0"     # FS !: Chinese only
DOUBLES = ("fs", "gs", "both")

UNPRINTABLE = "□"
INSTEAD = {"¥": "￥", "\u00a0": " ", "\t": " ", "‐": "-", "‑": "-", "‒": "–", "―": "—", "−": "-", "•": "·", "‚": ",",
           "„": "“", "‟": "“", "‛": "‘", "⁄": "/", "\u2028": " ", "\u2029": " "}


def encode_ticket(lines: Sequence[PaperLine], paper_width_mm: int = 80, double: str = "fs",
                  before_cut: bytes = b"", after_cut: bytes = b"") -> bytes:
    """The whole ticket: initialise, lines, cut. What confirms it goes before or after the cut, as the model needs.

    `double` is how this model makes Chinese twice as large: by "fs" (FS !, the ASCII between by GS !), "gs" (GS !
    for both) or "both" at once. Raises ValueError for a bar code that is not ASCII.
    """
    columns = COLUMNS[paper_width_mm]
    body = b"".join(_line(line, columns, DOTS[paper_width_mm], double) for line in lines)
    return INIT + body + before_cut + CUT + after_cut


def _line(line: PaperLine, columns: int, dots: int, double: str) -> bytes:
    match line:
        case Text():
            return _text(line, columns, double)
        case Pair():
            return _bold(_rows(pair(line, columns)), line.bold)
        case Rule():
            return b"-" * columns + b"\n"
        case Feed(count):
            return bytes((0x1B, ord("d"), min(count, 255))) if count > 0 else b""
        case Qr():
            return _centred(_qr(line))
        case Barcode(data):
            return _centred(_barcode(data, dots))


def _text(line: Text, columns: int, double: str) -> bytes:
    times = _times(line)
    rows = [row for part in line.text.split("\n") for row in wrap(printable(part), columns // times)]
    printed = b"".join(_large(row, double, times) + b"\n" for row in rows) if times > 1 else _rows(rows)
    if line.align is not Align.LEFT:
        printed = ALIGN[line.align] + printed + ALIGN[Align.LEFT]
    return _bold(printed, line.bold)


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


def printable(text: str) -> str:
    """The text in characters that every Chinese printer has: ASCII, and GB18030 of two bytes.

    What has a plain form gets it (ñ: n), invisible characters go, the rest becomes □: a gap that can be seen.
    """
    return "".join(map(_printable, text))


@lru_cache(maxsize=4096)
def _printable(character: str) -> str:
    character = INSTEAD.get(character, character)
    if " " <= character <= "~" or _two_bytes(character):
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Mn", "Me"):
        return ""
    plain = unicodedata.normalize("NFKD", character)
    return printable(plain) if plain != character else UNPRINTABLE


def _two_bytes(character: str) -> bool:
    if unicodedata.category(character) in ("Co", "Cs"):
        return False                            # private use: every font has another picture, or none
    return len(character.encode("gb18030")) == 2


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


def wrap(text: str, columns: int) -> list[str]:
    """Rows of at most `columns`; broken between Chinese characters or words, inside a word only if it must be."""
    rows, row = [], ""
    for piece in _pieces(text, columns):
        if width(row) + width(piece) > columns:
            rows.append(row.rstrip())
            row = piece.lstrip()
        else:
            row += piece
    return [*rows, row.rstrip()]


def _pieces(text: str, columns: int) -> Iterator[str]:
    for piece in re.findall(r" +|[!-~]+|[^ -~]", text):
        for at in range(0, len(piece), columns):
            yield piece[at:at + columns]


def pair(line: Pair, columns: int) -> list[str]:
    """A label and its value: on one row with the value at the right edge, or the value below it."""
    label, value = printable(line.label), printable(line.value)
    gap = columns - width(label) - width(value)
    if gap > 0:
        return [label + " " * gap + value]
    return wrap(label, columns) + [" " * (columns - width(row)) + row for row in wrap(value, columns)]


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
