"""Breaking a text into lines the way Chinese and English are set.

Chinese may break between any two characters, but no line begins with 。，）or ends with （ (GB/T 15834), and a number
stays with its measure word. English breaks at spaces. Lines of one text are evened out, so that no line holds a
single character alone.
"""

from __future__ import annotations

from collections.abc import Callable

_CLOSING = "，。、；：！？）》」』】”’…—·,.;:!?)]}%"
_OPENING = "（《「『【“‘([{"

Measure = Callable[[str], float]


def pieces(text: str) -> list[str]:
    """The parts between which a line may break; a space belongs to the part before it."""
    parts: list[str] = []
    for character in text:
        if parts and not _may_break(parts[-1][-1], character) and not _long_number(parts[-1], text):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _long_number(part: str, text: str) -> bool:
    """An order number is longer than any line; it may break after every fourth character."""
    return len(part) == 4 and len(text) >= 16 and any(map(str.isdigit, text)) and text.isascii() and " " not in text


def _may_break(before: str, after: str) -> bool:
    if after == " " or after in _CLOSING or before in _OPENING:
        return False
    if before == " ":
        return True
    if before.isdigit() and _wide(after):
        return False
    return _wide(before) or _wide(after)


def _wide(character: str) -> bool:
    return ord(character) >= 0x2E80


def broken(text: str, width: float, measure: Measure) -> list[str]:
    """The text in lines no wider than `width`, where a character is not."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if measure(paragraph) <= width:
            lines.append(paragraph)
            continue
        lines += _evened([(part, measure(part), measure(part.rstrip())) for piece in pieces(paragraph)
                          for part in _cut(piece, _SURE * width, measure)], _SURE * width)
    return lines


def _cut(piece: str, width: float, measure: Measure) -> list[str]:
    """An address or a serial number that no line holds is broken where the line ends."""
    cut = [""]
    for character in piece if measure(piece) > width else ():
        if cut[-1] and measure(cut[-1] + character) > width:
            cut.append("")
        cut[-1] += character
    return cut if cut[0] else [piece]


# A line may be a little wider than the sum of its parts: every part was rounded to the pixel on its own.
_SURE = 0.98

Piece = tuple[str, float, float]      # itself, its width, its width at the end of a line


def _evened(parts: list[Piece], width: float) -> list[str]:
    lines = _filled(parts, width)
    if len(lines) == 1 or len(lines) > 3:
        return lines
    low, high = width / 2, width
    while high - low > 8:
        middle = (low + high) / 2
        if len(_filled(parts, middle)) > len(lines):
            low = middle
        else:
            high = middle
    return _filled(parts, high)


def _filled(parts: list[Piece], width: float) -> list[str]:
    lines, line, used = [], "", 0.0
    for part, wide, bare in parts:
        if line and used + bare > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line += part
        used += wide
    return [*lines, line.rstrip()]
