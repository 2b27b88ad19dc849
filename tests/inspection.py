"""What a careful eye checks on a drawn page: every letter there, nothing cut, readable, and a finger finds its target."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels
from PIL import Image

from kivy.core.window import Window
from kiosk.visit import Size
from screens.box import Box
from screens.face import Face
from screens.theme import GROUND, contrast


class Deaf:
    """Takes touches and does nothing."""

    def answer(self, serial: int, value: object) -> None: ...
    def back(self, serial: int) -> None: ...
    def leave(self, serial: int) -> None: ...
    def stay(self, serial: int) -> None: ...
    def comfort(self, comfort: object) -> None: ...


def prepare(face: Face, name: str) -> None:
    """Some pages are only themselves with something typed."""
    if name.startswith("keypad"):
        face.page.typed = "99999919450101" if name == "keypad-id" else "1990000"
        face.page.redraw()


def save(path: Path) -> None:
    width, height = Window.size
    Window.make_current() if hasattr(Window, "make_current") else None
    pixels = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
    Image.frombytes("RGB", (width, height), bytes(pixels)).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(
        path, compress_level=1)


def faults(face: Face) -> Iterator[str]:
    for sheet in face._sheets():
        yield from _letters(sheet)
        yield from _targets(sheet)
    yield from _across(face)


@cache
def _letters_of(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as face:
        return frozenset(face.getBestCmap())


def _letters(sheet: Any) -> Iterator[str]:
    window = Box(0, 0, *(int(side) for side in Window.size))
    marks = sheet.glyphs()
    panels = sheet.panels()
    least = round(6.1 * sheet.theme.px_per_mm)
    for mark in marks:
        what = f"{mark.role} {mark.key} {mark.text!r}"
        missing = [letter for letter in mark.text if letter != "\n" and ord(letter) not in _letters_of(mark.path)]
        if missing:
            yield f"{what}: the face has no {missing}"
        if mark.box.w > mark.room.w + 2 or _ink(mark).h > mark.room.h:
            yield f"{what}: {mark.box.w}×{mark.box.h} in a room of {mark.room.w}×{mark.room.h}"
        if not window.contains(mark.box):
            yield f"{what}: outside the window"
        ground = next((panel.fill for panel in reversed(panels) if panel.box.contains(_middle(mark.box))
                       and panel.fill[3] == 1), GROUND)
        ratio, needed = contrast(mark.colour, ground), 3.0 if mark.role == "icon" else 7.0
        if ratio < needed:
            yield f"{what}: contrast {ratio:.1f}"
        if mark.role != "icon" and mark.size * 0.733 < least:
            yield f"{what}: capitals of {mark.size * 0.733:.0f} px"
    for one, other in itertools.combinations(marks, 2):
        if _ink(one).meets(_ink(other)):
            yield f"{one.text!r} over {other.text!r}"


def _middle(box: Box) -> Box:
    return box.inset(min(4, box.w // 4), box.h // 3)


def _ink(mark: Any) -> Box:
    """Without the empty space above and below the letters."""
    return mark.box.inset(1, round(mark.size * 0.25)) if mark.role != "icon" else mark.box.inset(
        round(mark.size * 0.1), round(mark.size * 0.1))


def _targets(sheet: Any) -> Iterator[str]:
    theme = sheet.theme
    least = theme.mm(20 if theme.size is Size.LARGE else 15)
    window = Box(0, 0, *(int(side) for side in Window.size))
    for target in sheet.targets:
        if min(target.box.w, target.box.h) < least:
            yield f"{target.key}: {target.box.w}×{target.box.h}, less than {least}"
        if not window.contains(target.box):
            yield f"{target.key}: outside the window"
        if not target.words:
            yield f"{target.key}: says nothing"
    keys = [target.key for target in sheet.targets]
    if len(keys) != len(set(keys)):
        yield f"keys twice: {keys}"


def _across(face: Face) -> Iterator[str]:
    targets = [target for sheet in face._sheets() for target in sheet.targets]
    apart = face.page.theme.mm(3)
    for one, other in itertools.combinations(targets, 2):
        if Box(one.box.x - apart, one.box.y - apart, one.box.w + 2 * apart, one.box.h + 2 * apart).meets(other.box):
            yield f"{one.key} and {other.key} less than {apart} apart"
    marks = [(mark, target) for mark in face.page.glyphs() for target in face._frame.targets]
    for mark, target in marks:
        if not face._still.active and mark.box.meets(target.box):
            yield f"{mark.text!r} over {target.key}"
    if Window.height > Window.width and face.page.titled and not face.page.tall and not face._still.active:
        for target in face.page.targets:
            if target.box.top > Window.height * 2 / 3 + 2:
                yield f"{target.key} above the lower two thirds"
    if face.page.titled and not face._still.active:
        for mark, other in itertools.product(face.page.glyphs(), face._frame.glyphs()):
            if _ink(mark).meets(_ink(other)):
                yield f"{mark.text!r} over the frame's {other.text!r}"
