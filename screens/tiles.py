"""Options as tiles: as few columns and as large as they fit; what does not fit is on the next leaf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, TypeVar

from kiosk.requests import Option
from kiosk.words import Text, say
from screens.box import Box
from screens.leaf import Leaf
from screens.theme import NONE, ON_PRIMARY, PLAIN, PRIMARY, PRIMARY_TINT, SUNKEN, SURFACE, Look, Style

T = TypeVar("T")

DISC = Look(PRIMARY_TINT, PRIMARY, PRIMARY)
DISC_OFF = Look(SURFACE, PRIMARY, PRIMARY)
BADGE = Look(PRIMARY, ON_PRIMARY, ON_PRIMARY)


class Tiles(Leaf):
    """A page with more things to touch than may fit."""

    leaf = 0

    def forget(self) -> None:
        self.leaf = 0
        super().forget()

    # Leaves.

    def pager_height(self) -> int:
        return self.theme.space("target")

    def leaf_of(self, items: Sequence[T], per_leaf: int) -> Sequence[T]:
        """The items of the present leaf."""
        self.leaf = min(self.leaf, max(0, ceil(len(items) / per_leaf) - 1))
        return items[self.leaf * per_leaf:(self.leaf + 1) * per_leaf]

    def pager(self, bar: Box, count: int) -> None:
        """‹ previous, which of how many, next ›."""
        theme, rest = self.theme, bar.copy()
        width = min(theme.mm(78), bar.w * 0.36)
        self.button("page:previous", say("screen.previous"), rest.take_left(width, theme.mm(3.5)),
                    lambda: self._turn(-1), PLAIN, icon="previous", enabled=self.leaf > 0)
        self.button("page:next", say("screen.next"), rest.take_right(width, theme.mm(3.5)), lambda: self._turn(1),
                    PLAIN, icon="next", enabled=self.leaf < count - 1)
        self.write(say("screen.page", page=self.leaf + 1, pages=count), rest, theme.style("body", bold=True),
                   align="center", valign="middle", key="page")

    def _turn(self, by: int) -> None:
        self.leaf += by
        self.redraw()

    # Options.

    def options(self, options: Sequence[Option[Any]], area: Box, most_columns: int, people: bool = False) -> None:
        """Tiles for the options in the area."""
        gap = self.theme.space("gap")
        columns, height, per_leaf, leaves = self._plan(options, area, most_columns, people)
        rest = area.copy()
        if leaves > 1:
            self.pager(rest.take_bottom(self.pager_height(), gap), leaves)
        shown = self.leaf_of(options, per_leaf)
        cells = rest.grid(columns, height, gap)
        for at, (option, cell) in enumerate(zip(shown, cells, strict=False), self.leaf * per_leaf):
            self._tile(at, option, cell, people)

    def _plan(self, options: Sequence[Option[Any]], area: Box, most_columns: int,
              people: bool) -> tuple[int, int, int, int]:
        """Columns, tile height, tiles on a leaf, leaves: the fewest leaves, then the widest tiles."""
        gap = self.theme.space("gap")
        plans = []
        for columns in range(1, most_columns + 1):
            width = area.columns(columns, gap)[0].w
            if columns > 1 and not all(self._fits(option, width, people) for option in options):
                break
            height = max(self._tile_height(option, width, people) for option in options)
            rows = max(1, (area.h + gap) // (height + gap))
            if rows * columns < len(options):
                rows = max(1, (area.h - self.pager_height()) // (height + gap))
            leaves = ceil(len(options) / (rows * columns))
            plans.append((leaves, columns, height, rows))
        leaves, columns, height, rows = min(plans)
        used = rows if leaves > 1 else ceil(len(options) / columns)
        room = area.h - (self.pager_height() + gap if leaves > 1 else 0)
        height = max(height, min(self.theme.mm(46), (room - gap * (used - 1)) // used))
        return columns, height, rows * columns, leaves

    def _split(self, option: Option[Any], box: Box, people: bool) -> tuple[Box, Box, Box]:
        """Where its sign, its words and its badge are."""
        theme = self.theme
        inner = box.inset(theme.space("pad"), theme.mm(3))
        sign = inner.take_left(theme.mm(18), theme.mm(4)) if option.icon else Box(inner.x, inner.y, 0, inner.h)
        badge = Box(inner.right, inner.y, 0, inner.h)
        if option.badge is not None:
            badge = inner.take_right(self.width(option.badge, self._badge_style(people)) + theme.mm(7), theme.mm(3))
        return sign, inner, badge

    def _badge_style(self, people: bool) -> Style:
        return self.theme.style("head" if people else "note", bold=True)

    def _note(self, option: Option[Any]) -> Text | None:
        return option.why if not option.enabled and option.why is not None else option.note

    def _fits(self, option: Option[Any], width: int, people: bool) -> bool:
        _, words, _ = self._split(option, Box(0, 0, width, 100), people)
        note = self._note(option)
        note_fits = note is None or self.widest_word(note, self.theme.style("note")) <= words.w
        style = self.theme.style("body", bold=True)
        return (note_fits and self.widest_word(option.title, style) <= words.w
                and self.height(option.title, words.w, style) <= self.theme.mm(30))

    def _title_style(self, option: Option[Any], width: int) -> Style:
        return self.fitting(option.title, Box(0, 0, width, self.theme.mm(36)), ("head", "body", "note"))

    def _tile_height(self, option: Option[Any], width: int, people: bool) -> int:
        theme = self.theme
        _, words, _ = self._split(option, Box(0, 0, width, 100), people)
        height = self.height(option.title, words.w, self._title_style(option, words.w))
        note = self._note(option)
        if note is not None:
            height += self.height(note, words.w, theme.style("note"))
        return max(height + theme.mm(7), theme.mm(26), theme.space("target"))

    def _tile(self, at: int, option: Option[Any], box: Box, people: bool) -> None:
        theme = self.theme
        answer = self._choose(option.value)
        with self.touch(f"option:{at}", box, answer, PLAIN, option.enabled) as look:
            sign, words, badge = self._split(option, box, people)
            if option.icon:
                self.panel(sign.centred(sign.w, sign.w), DISC if option.enabled else DISC_OFF, sign.w)
                self.icon(option.icon, sign, theme.mm(11), PRIMARY if option.enabled else look.soft)
            self.lines(option.title, self._note(option), words, self._title_style(option, words.w), look)
            if option.badge is not None:
                style = self._badge_style(people)
                pill = badge.centred(badge.w, theme.mm(1.55 * style.size / theme.px_per_mm))
                filled = BADGE if option.enabled else Look(SUNKEN, look.soft, look.soft, NONE)
                self.panel(pill, filled, pill.h)
                self.write(option.badge, pill, style, filled.ink, align="center", valign="middle", role="badge")

    def lines(self, title: Text, note: Text | None, words: Box, style: Style, look: Look,
              align: str = "left") -> None:
        """A title and a note under it, together in the middle of the box's height."""
        small = self.theme.style("note")
        above = self.height(title, words.w, style)
        below = self.height(note, words.w, small) if note is not None else 0
        block = words.centred(words.w, above + below)
        self.write(title, block.take_top(above), style, look.ink, align=align, valign="middle")
        if note is not None:
            self.write(note, block, small, look.soft, align=align, valign="middle", role="note")

    def _choose(self, value: Any) -> Callable[[], None]:
        return lambda: self.answer(value)
