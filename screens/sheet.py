"""A sheet: what a page draws on, from the top down, whenever its scene changes.

`draw` says everything that is to be seen, in order; the sheet reuses the marks of the last drawing, renders only
texts that changed, and hides what was not said again. Panels lie under pictures, pictures under glyphs. Touch targets
are said in the same breath, so what is drawn, what can be touched and what is described never differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kivy.graphics import InstructionGroup
from kivy.uix.widget import Widget

from kiosk.words import Language, Text, read
from screens import icons, lettering
from screens.box import Box
from screens.marks import Glyphs, Panel, Picture
from screens.theme import INK, PLAIN, Colour, Look, Style, Theme, Touchable

Act = Callable[[], None]
M = TypeVar("M", Panel, Picture, Glyphs)

# The middle of Noto's letters lies 0.06 em under the middle of its line.
_DROP = 0.06


@dataclass
class Target:
    """Something to touch. `key` is stable: robots, voice and tests know it by that name."""

    key: str
    box: Box
    act: Act
    enabled: bool
    looks: Touchable
    panel: Panel
    words: list[str] = field(default_factory=list)


class Sheet(Widget):  # type: ignore[misc]  # Kivy is untyped
    """A surface of panels, pictures, glyphs and targets."""

    def __init__(self) -> None:
        super().__init__(size_hint=(None, None), size=(0, 0))
        self.theme = Theme()
        self.language = Language.ZH
        self.targets: list[Target] = []
        self._open: Target | None = None
        self._pressed = ""
        self._pools: dict[type, list[Any]] = {}
        self._used: dict[type, int] = {}
        self._layers: dict[type, InstructionGroup] = {}
        for kind in (Panel, Picture, Glyphs):
            layer = InstructionGroup()
            self.canvas.add(layer)
            self._pools[kind], self._used[kind], self._layers[kind] = [], 0, layer

    # A drawing.

    @contextmanager
    def drawing(self, theme: Theme, language: Language) -> Iterator[None]:
        """Everything said inside is what the sheet shows afterwards."""
        self.theme, self.language = theme, language
        self._used = dict.fromkeys(self._pools, 0)
        self.targets = []
        yield
        for kind, pool in self._pools.items():
            for mark in pool[self._used[kind]:]:
                mark.hide()

    def clear(self) -> None:
        """Forgets everything that was drawn."""
        self._pressed = ""
        with self.drawing(self.theme, self.language):
            pass

    def _next(self, kind: type[M]) -> M:
        pool, at = self._pools[kind], self._used[kind]
        if at == len(pool):
            pool.append(kind(self._layers[kind]))
        self._used[kind] = at + 1
        mark: M = pool[at]
        return mark

    # What can be said.

    def say(self, text: Text) -> str:
        """The sentence in the language of this drawing."""
        return read(text, self.language)

    def panel(self, box: Box, look: Look, radius: int | None = None) -> Panel:
        """A rounded rectangle."""
        panel = self._next(Panel)
        panel.show(box, self.theme.space("radius") if radius is None else radius, look)
        return panel

    def picture(self, box: Box, texture: Any) -> None:
        """A texture as it is."""
        self._next(Picture).show(box, texture)

    def write(self, text: Text, room: Box, style: Style, colour: Colour = INK, *, align: str = "left",
              valign: str = "top", role: str = "text", key: str = "") -> Box:
        """Words, broken into lines that fit the room's width; where they stand. valign: top, middle, bottom."""
        sentence = self.say(text)
        if not sentence:
            return Box(room.x, room.top, 0, 0)
        lines = lettering.set_lines(sentence, room.w, style)
        box = self._letters("\n".join(lines), lettering.face(style), style.size, room, colour, align, valign,
                            role, key)
        if self._open is not None:
            self._open.words.append(sentence)
        return box

    def icon(self, name: str, room: Box, size: int, colour: Colour = INK, align: str = "center") -> Box:
        """A sign, in the middle of the room."""
        return self._letters(icons.glyph(name), lettering.faces().icons, size, room, colour, align, "middle",
                             "icon", name)

    def _letters(self, lines: str, path: Path, size: int, room: Box, colour: Colour, align: str, valign: str,
                 role: str, key: str) -> Box:
        mark = self._next(Glyphs)
        width, height = mark.write(lines, path, size, align)
        x = {"left": room.x, "center": room.x + (room.w - width) / 2, "right": room.right - width}[align]
        drop = _DROP * size if valign == "middle" and role != "icon" else 0
        y = {"top": room.top - height, "middle": room.y + (room.h - height) / 2 + drop, "bottom": room.y}[valign]
        box = Box(round(x), round(y), width, height)
        mark.role, mark.key = role, key
        mark.place(box, room.copy(), colour)
        return box

    @contextmanager
    def touch(self, key: str, box: Box, act: Act, looks: Touchable = PLAIN, enabled: bool = True,
              radius: int | None = None) -> Iterator[Look]:
        """Something to touch; what is written inside is what it says. Gives the look it has now."""
        look = self._look(key, looks, enabled)
        target = Target(key, box.copy(), act, enabled, looks, self.panel(box, look, radius))
        self.targets.append(target)
        self._open = target
        yield look
        self._open = None

    def _look(self, key: str, looks: Touchable, enabled: bool) -> Look:
        if key == self._pressed:
            return looks.pressed
        return looks.rest if enabled else looks.off

    def press(self, key: str) -> None:
        """The target that looks pressed from now on; "": none."""
        before, self._pressed = self._pressed, key
        for target in self.targets:
            if target.key in (before, key):
                target.panel.tint(self._look(target.key, target.looks, target.enabled))

    def button(self, key: str, text: Text, box: Box, act: Act, looks: Touchable = PLAIN, *, icon: str = "",
               icon_last: bool = False, style: Style | None = None, enabled: bool = True) -> None:
        """A touch target with a word, and perhaps a sign before or after it, in its middle."""
        theme = self.theme
        with self.touch(key, box, act, looks, enabled) as look:
            style = style or self.fitting(text, box.inset(theme.mm(2), 0), ("head", "body", "note"), icon)
            size = round(style.size * 1.15) if icon else 0
            gap = theme.mm(2) if icon else 0
            lines = lettering.set_lines(self.say(text), box.w - theme.mm(4) - size - gap, style)
            width = max(lettering.measure(line, style) for line in lines)
            row = box.centred(size + gap + width, box.h)
            if icon:
                self.icon(icon, (row.take_right if icon_last else row.take_left)(size, gap), size, look.ink)
            self.write(text, Box(row.x, row.y, row.w + 2, row.h), style, look.ink, valign="middle",
                       align="center" if len(lines) > 1 else "left")

    # Measures.

    def height(self, text: Text, width: float, style: Style) -> int:
        """How tall these words are when set that wide."""
        lines = lettering.set_lines(self.say(text), width, style)
        return lettering.line_height(style) * len(lines) if self.say(text) else 0

    def width(self, text: Text, style: Style) -> float:
        """How wide these words are in one line."""
        return lettering.measure(self.say(text), style)

    def widest_word(self, text: Text, style: Style) -> float:
        """The widest part that cannot be broken."""
        return lettering.widest_piece(self.say(text), style)

    def fitting(self, text: Text, room: Box, names: tuple[str, ...], icon: str = "", bold: bool = True) -> Style:
        """The first of these kinds of type in which the words fit the room; the last if none does."""
        for name in names:
            style = self.theme.style(name, bold)
            width = room.w - (style.size * 1.15 + self.theme.mm(2) if icon else 0)
            if self.widest_word(text, style) <= width and self.height(text, width, style) <= room.h:
                return style
        return self.theme.style(names[-1], bold)

    # What others see.

    def glyphs(self) -> list[Glyphs]:
        """The glyphs that are shown."""
        return list(self._pools[Glyphs][:self._used[Glyphs]])

    def panels(self) -> list[Panel]:
        """The panels that are shown, lowest first."""
        return list(self._pools[Panel][:self._used[Panel]])

    def target_at(self, x: float, y: float) -> Target | None:
        """What a finger there means. A finger beside a target by less than half a gap means it."""
        slack = self.theme.mm(1.5)
        return next((target for target in self.targets if target.box.holds(x, y, slack)), None)
