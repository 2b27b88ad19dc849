"""What a device really said, or how the steps of a test went."""

from __future__ import annotations

from functools import partial
from math import ceil

from kiosk.requests.service import Check, Level, ShowReading
from kiosk.visit import Scene
from kiosk.words import Text
from screens import lamps
from screens.box import Box
from screens.leaf import CARD
from screens.theme import INK, PLAIN, SOFT, STRONG
from screens.tiles import Tiles


class Page(Tiles):
    """How it ended, large; below it the lines of the wire, or the steps, on as many leaves as they need."""

    tall = True

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: ShowReading) -> None:
        theme, rest = self.theme, self.area.copy()
        gap = theme.space("gap")
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        cells = rest.take_bottom(theme.mm(24), theme.mm(5)).columns(len(ask.options), gap)
        for option, cell in zip(ask.options, cells, strict=True):
            self.button(f"answer:{option.value}", option.title, cell, partial(self.answer, option.value),
                        STRONG if option.value == "again" or len(ask.options) == 1 else PLAIN, icon=option.icon)
        self._end(ask, rest)
        if ask.checks:
            self._checks(ask.checks, rest)
        elif ask.lines:
            self._lines(ask.lines, rest)

    def _end(self, ask: ShowReading, rest: Box) -> None:
        theme, style = self.theme, self.theme.style("head", bold=True)
        width = rest.w - theme.mm(36)
        bar = rest.take_top(max(theme.mm(26), self.height(ask.words, width, style) + theme.mm(8)), theme.mm(5))
        self.panel(bar, CARD)
        row = bar.inset(theme.mm(5), 0)
        lamps.draw(self, Level.GOOD if ask.well else Level.BAD, row.take_left(theme.mm(18), theme.mm(5)), theme.mm(17))
        self.write(ask.words, row, style, INK, valign="middle", key="words")

    def _lines(self, lines: tuple[str, ...], rest: Box) -> None:
        """The wire, as it was heard. Each line is broken where it must, and a leaf holds as many as fit."""
        theme, style = self.theme, self.theme.style("note")
        width = rest.w - theme.mm(10)
        room = rest.h - self.pager_height() - theme.mm(12)
        leaves: list[list[str]] = [[]]
        left = room
        for line in lines:
            height = min(room, self.height(line, width, style))
            if height > left and leaves[-1]:
                leaves.append([])
                left = room
            leaves[-1].append(line)
            left -= height
        if len(leaves) > 1:
            self.pager(rest.take_bottom(self.pager_height(), theme.mm(4)), len(leaves))
        self.panel(rest, CARD)
        inner = rest.inset(theme.mm(5), theme.mm(3))
        for line in self.leaf_of(leaves, 1)[0]:
            self.write(line, inner.take_top(min(inner.h, self.height(line, inner.w, style))), style, SOFT, role="wire")

    def _checks(self, checks: tuple[Check, ...], rest: Box) -> None:
        theme, gap = self.theme, self.theme.space("gap")
        heights = [self._check_height(check, rest.w) for check in checks]
        fit = max(1, next((count for count in range(len(checks), 0, -1)
                           if sum(heights[:count]) + gap * (count - 1) <= rest.h), 1))
        if fit < len(checks):
            self.pager(rest.take_bottom(self.pager_height(), theme.mm(4)), ceil(len(checks) / max(1, fit - 1)))
            fit = max(1, fit - 1)
        for check in self.leaf_of(checks, fit):
            self._check(check, rest.take_top(self._check_height(check, rest.w), gap))

    def _check_columns(self, box: Box) -> tuple[Box, Box]:
        row = box.inset(self.theme.mm(5), self.theme.mm(2))
        return row.take_left(self.theme.mm(13), self.theme.mm(4)), row

    def _check_height(self, check: Check, width: int) -> int:
        _, words = self._check_columns(Box(0, 0, width, 100))
        return (self.height(check.what, words.w, self.theme.style("body", bold=True))
                + self.height(check.sentence, words.w, self.theme.style("note")) + self.theme.mm(5))

    def _check(self, check: Check, box: Box) -> None:
        self.panel(box, CARD)
        sign, words = self._check_columns(box)
        level = Level.UNKNOWN if check.well is None else Level.GOOD if check.well else Level.BAD
        lamps.draw(self, level, sign, self.theme.mm(12))
        self.lines(check.what, check.sentence, words, self.theme.style("body", bold=True), CARD)
