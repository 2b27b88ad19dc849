"""How everything is, at one look: a lamp for each thing, what is counted, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil

from kiosk.requests import Option
from kiosk.requests.service import Board, Lamp, Level, Section
from kiosk.visit import Scene
from kiosk.words import Text
from screens import lamps
from screens.box import Box
from screens.theme import (
    DANGER, DANGER_TINT, INK, PLAIN, PRIMARY, QUIET, WARM_EDGE, WARM_TINT, Look, Touchable)
from screens.tiles import Tiles

NARROWEST = 92          # mm of a lamp's tile
LOOKS = {Level.BAD: Touchable(Look(DANGER_TINT, INK, INK, DANGER, raised=True), PLAIN.pressed, PLAIN.off),
         Level.WARN: Touchable(Look(WARM_TINT, INK, INK, WARM_EDGE, raised=True), PLAIN.pressed, PLAIN.off)}
"""What needs somebody is seen from a step away."""

Leaf = Callable[[Box], None]


class Page(Tiles):
    """Lamps first, then the sections, on as many leaves as they need; what can be done stands below on each."""

    tall = True
    shown: Text | None = None

    def titles(self, portrait: bool) -> bool:
        """Lying, the room beside the lamps is for what can be done."""
        return portrait

    def forget(self) -> None:
        """But not the leaf: the same board, asked anew, stays where somebody reads it."""
        leaf = self.leaf
        super().forget()
        self.leaf = leaf

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: Board) -> None:
        theme, rest = self.theme, self.area.copy()
        if ask.title != self.shown:
            self.leaf, self.shown = 0, ask.title
        if rest.portrait:
            rest.take_bottom(theme.mm(4))
            self._below(ask.options, rest)
        else:
            rest.take_bottom(theme.mm(6))
            self._beside(ask.options, rest)
        leaves = list(self._leaves(ask, rest))
        if len(leaves) > 1:
            short = rest.copy()
            bar = short.take_bottom(self.pager_height(), theme.mm(4))
            leaves = list(self._leaves(ask, short))
            self.pager(bar, len(leaves))
            rest = short
        for leaf in self.leaf_of(leaves, 1):
            leaf(rest)

    def _below(self, options: tuple[Option[str], ...], rest: Box) -> None:
        """Cuts a grid of buttons off the bottom."""
        gap, height = self.theme.space("gap"), self.theme.space("target")
        columns = min(len(options), max(1, round(rest.w + gap) // round(self._widest(options) + gap)))
        rows = ceil(len(options) / columns)
        area = rest.take_bottom(rows * height + (rows - 1) * gap, self.theme.mm(5))
        self._options(options, area.grid(columns, height, gap))

    def _beside(self, options: tuple[Option[str], ...], rest: Box) -> None:
        """Cuts as few columns of buttons as hold them off the left."""
        gap, height = self.theme.space("gap"), self.theme.space("target")
        columns = ceil(len(options) / (round(rest.h + gap) // round(height + gap)))
        area = rest.take_left(columns * (self._widest(options) + gap) - gap, self.theme.space("wide"))
        self._options(options, area.grid(columns, height, gap))

    def _widest(self, options: tuple[Option[str], ...]) -> float:
        style = self.theme.style("note", bold=True)
        return max(self.width(option.title, style) for option in options) + self.theme.mm(9) + style.size

    def _options(self, options: tuple[Option[str], ...], cells: list[Box]) -> None:
        style = self.theme.style("note", bold=True)
        for option, cell in zip(options, cells, strict=False):
            self.button(f"answer:{option.value}", option.title, cell, self._choose(option.value),
                        QUIET if option.value in ("end", "back") else PLAIN, icon=option.icon, enabled=option.enabled,
                        style=style)

    def _leaves(self, ask: Board, area: Box) -> Iterator[Leaf]:
        """One leaf where all fits: one device and its particulars."""
        lamps_of, sections_of = list(self._lamp_leaves(ask.lamps, area)), list(self._section_leaves(ask.sections, area))
        columns, height = self._lamp_grid(ask.lamps, area)
        used = ceil(len(ask.lamps) / columns) * (height + self.theme.space("gap")) + self.theme.mm(4)
        if len(lamps_of) == 1 and used + sum(self._section_height(section, area.w) for section in ask.sections) <= area.h:
            def both(area: Box) -> None:
                lamps_of[0](area)
                self._section_leaf(ask.sections, Box(area.x, area.y, area.w, area.h - used))
            yield both
        else:
            yield from (*lamps_of, *sections_of)

    # Lamps.

    def _lamp_leaves(self, all_lamps: tuple[Lamp, ...], area: Box) -> Iterator[Leaf]:
        gap = self.theme.space("gap")
        columns, height = self._lamp_grid(all_lamps, area)
        fit = max(1, (area.h + gap) // (height + gap)) * columns
        for at in range(0, len(all_lamps), fit):
            yield partial(self._lamp_leaf, all_lamps[at:at + fit], columns, height)

    def _lamp_grid(self, all_lamps: tuple[Lamp, ...], area: Box) -> tuple[int, int]:
        """How many columns, and how tall a tile is."""
        gap = self.theme.space("gap")
        columns = min(max(1, (area.w + gap) // (self.theme.mm(NARROWEST) + gap)), max(1, len(all_lamps)))
        width = area.columns(columns, gap)[0].w
        return columns, max((self._lamp_height(lamp, width) for lamp in all_lamps), default=1)

    def _lamp_leaf(self, some: tuple[Lamp, ...], columns: int, height: int, area: Box) -> None:
        for lamp, cell in zip(some, area.grid(columns, height, self.theme.space("gap")), strict=False):
            self._lamp(lamp, cell)

    def _lamp_columns(self, cell: Box) -> tuple[Box, Box]:
        inner = cell.inset(self.theme.mm(3.5), self.theme.mm(2))
        sign = inner.take_left(self.theme.mm(12), self.theme.mm(3.5))
        return sign, inner

    def _lamp_height(self, lamp: Lamp, width: int) -> int:
        _, words = self._lamp_columns(Box(0, 0, width, 100))
        name, note = self.theme.style("note", bold=True), self.theme.style("note")
        return max(self.theme.space("least"), self.height(lamp.name, words.w, name) + self.height(lamp.words, words.w, note)
                   + self.theme.mm(4))

    def _lamp(self, lamp: Lamp, cell: Box) -> None:
        with self.touch(f"lamp:{lamp.key}", cell, self._choose(f"lamp:{lamp.key}"), LOOKS.get(lamp.level, PLAIN)) as look:
            sign, words = self._lamp_columns(cell)
            lamps.draw(self, lamp.level, sign, self.theme.mm(11.5))
            self.lines(lamp.name, lamp.words, words, self.theme.style("note", bold=True), look)

    # What is counted.

    def _section_leaves(self, sections: tuple[Section, ...], area: Box) -> Iterator[Leaf]:
        """Sections under each other; a section that is longer than a leaf goes on on the next."""
        room, some = area.h, list[Section]()
        for section in self._cut(sections, area):
            needed = self._section_height(section, area.w)
            if some and needed > room:
                yield partial(self._section_leaf, tuple(some))
                some, room = [], area.h
            some.append(section)
            room -= needed
        if some:
            yield partial(self._section_leaf, tuple(some))

    def _cut(self, sections: tuple[Section, ...], area: Box) -> Iterator[Section]:
        for section in sections:
            rows = list(section.rows)
            while rows:
                count = next((count for count in range(len(rows), 1, -1)
                              if self._section_height(Section(section.title, tuple(rows[:count])), area.w) <= area.h), 1)
                yield Section(section.title, tuple(rows[:count]))
                rows = rows[count:]

    def _section_height(self, section: Section, width: int) -> int:
        style = self.theme.style("body", bold=True)
        return self.height(section.title, width, style) + self.form_height(section.rows, width) + self.theme.mm(6)

    def _section_leaf(self, some: tuple[Section, ...], area: Box) -> None:
        style, rest = self.theme.style("body", bold=True), area.copy()
        for section in some:
            self.write(section.title, rest.take_top(self.height(section.title, rest.w, style)), style, PRIMARY)
            rest.take_top(self.form(section.rows, rest), self.theme.mm(6))
