"""Text into textures: measured, broken into lines, and rendered white, so that a colour is only a tint.

Nothing here remembers a text: a texture belongs to the mark that shows it, and is gone with it. Noto's own line is
1.45 em, which is what lines are apart (≥ 1.3: MIIT, applications for older people, 2021).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from kivy.core.text import Label as Renderer

from screens import fonts
from screens.lines import broken, pieces
from screens.theme import Style


@cache
def faces() -> fonts.Fonts:
    """The faces of this machine. Raises FontsMissing."""
    return fonts.find()


def face(style: Style) -> Path:
    return faces().bold if style.bold else faces().regular


@cache
def _ruler(style: Style) -> Any:
    return Renderer(font_name=str(face(style)), font_size=style.size, font_hinting="light")


@cache
def _measure_character(character: str, style: Style) -> float:
    return float(_ruler(style).get_extents(character)[0])


def measure(text: str, style: Style) -> float:
    """Width of a line in px. Only single characters are remembered: they are nobody's name."""
    return _measure_character(text, style) if len(text) == 1 else float(_ruler(style).get_extents(text)[0])


def line_height(style: Style) -> int:
    """Height of a line in px."""
    return int(_ruler(style).get_extents("国")[1])


def set_lines(text: str, width: float, style: Style) -> list[str]:
    """The text in lines no wider than `width` px."""
    return broken(text, width, lambda part: measure(part, style))


def render(lines: str, path: Path, size: int, align: str) -> Any:
    """A texture as large as the ink of these lines needs."""
    label = Renderer(text=lines, font_name=str(path), font_size=size, halign=align, font_hinting="light")
    label.refresh()
    label.texture.mag_filter = label.texture.min_filter = "nearest"     # as in shapes: it stands on whole pixels
    return label.texture


def widest_piece(text: str, style: Style) -> float:
    """The width of the widest part that cannot be broken, in px."""
    return max((measure(piece.rstrip(), style) for piece in pieces(text)), default=0.0)
