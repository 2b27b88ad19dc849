"""Options as tiles: as few columns and as large as they fit; what does not fit is on the next leaf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, TypeVar

from kiosk.requests import Option
from kiosk.words import Text, say
from screens.box import Box
from screens.leaf import Leaf
from screens.theme import ON_PRIMARY, PLAIN, PRIMARY, PRIMARY_TINT, SUNKEN, SURFACE, Look, Style

T = TypeVar("T")

DISC = Look(PRIMARY_TINT, PRIMARY, PRIMARY)
DISC_OFF = Look(SURFACE, PRIMARY, PRIMARY)
BADGE = Look(PRIMARY, ON_PRIMARY, ON_PRIMARY)


@dataclass(frozen=True)
class Plan:
    """How options are laid: `rows` on a leaf, `height` px each, titles in `style`.

    stacked: the tiles are narrow, so the badge goes below the words and a name stays on one line.
    """

    columns: int
    height: int
    rows: int
    leaves: int
    style: Style
    stacked: bool


NARROW = 140       # mm of a tile, below which a badge beside a name would break the name


class Tiles(Leaf):
    """A page with more things to touch than may fit."""

    leaf = 0
    _kept: tuple[tuple[Any, ...], Plan] | None = None

    def forget(self) -> None:
        self.leaf, self._kept = 0, None
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
                    PLAIN, icon="next", icon_last=True,
                    enabled=self.leaf < count - 1)
        self.write(say("screen.page", page=self.leaf + 1, pages=count), rest, theme.style("body", bold=True),
                   align="center", valign="middle", key="page")

    def _turn(self, by: int) -> None:
        self.leaf += by
        self.redraw()

    # Options.

    def options(self, options: Sequence[Option[Any]], area: Box, most_columns: int, people: bool = False) -> None:
        """Tiles for the options in the area. People have no sign: it would be the same for all."""
        gap = self.theme.space("gap")
        plan = self._plan(options, area, most_columns, people)
        rest = area.copy()
        if plan.leaves > 1:
            self.pager(rest.take_bottom(self.pager_height(), self.theme.mm(6)), plan.leaves)
        shown = self.leaf_of(options, plan.rows * plan.columns)
        cells = rest.grid(plan.columns, plan.height, gap)
        for at, (option, cell) in enumerate(zip(shown, cells, strict=False), self.leaf * plan.rows * plan.columns):
            self._tile(at, option, cell, plan, people)

    def _plan(self, options: Sequence[Option[Any]], area: Box, most_columns: int, people: bool) -> Plan:
        """The fewest leaves, then the widest tiles, then the largest type. Kept, because turning a leaf changes none."""
        question = (options, area.w, area.h, self.theme, self.language)
        if self._kept is not None and self._kept[0] == question:
            return self._kept[1]
        plans = []
        for columns in range(1, most_columns + 1):
            for kind, name in enumerate(("head", "body")):
                plan = self._plan_with(options, area, columns, name, people)
                if plan is not None:
                    plans.append((plan.leaves, columns, kind, plan))
        best = min(plans, key=lambda plan: plan[:3])[3]
        self._kept = (question, best)
        return best

    def _plan_with(self, options: Sequence[Option[Any]], area: Box, columns: int, name: str,
                   people: bool) -> Plan | None:
        """None where the words do not fit that many columns; one column takes them all."""
        theme, gap, style = self.theme, self.theme.space("gap"), self.theme.style(name, bold=True)
        width = area.columns(columns, gap)[0].w
        plan = Plan(columns, 0, 1, 1, style, columns > 1 and not people and width < theme.mm(NARROW))
        if columns > 1 and not all(self._fits(option, width, plan, people) for option in options):
            return None
        height = max(self._tile_height(option, width, plan, people) for option in options)
        rows, room = max(1, (area.h + gap) // (height + gap)), area.h
        if rows * columns < len(options):
            room -= self.pager_height() + theme.mm(6)
            rows = max(1, (room + gap) // (height + gap))
        leaves = ceil(len(options) / (rows * columns))
        used = rows if leaves > 1 else ceil(len(options) / columns)
        height = max(height, min(theme.mm(52), (room - gap * (used - 1)) // used))
        return replace(plan, height=height, rows=rows, leaves=leaves)

    def _split(self, option: Option[Any], box: Box, plan: Plan, people: bool) -> tuple[Box, Box, Box]:
        """Where its sign, its words and its badge are."""
        theme = self.theme
        inner = box.inset(theme.space("pad"), theme.mm(3))
        if plan.columns == 1:
            inner.take_right(theme.mm(9))
        signed = bool(option.icon) and not people
        sign = inner.take_left(theme.mm(18), theme.mm(4)) if signed else Box(inner.x, inner.y, 0, inner.h)
        badge = Box(inner.right, inner.y, 0, inner.h)
        text = self._badge(option)
        if text is not None:
            width = round(self.width(text, self._badge_style(people)) + theme.mm(7))
            if plan.stacked:
                foot = inner.take_bottom(self._pill_height(people), theme.mm(1))
                badge = Box(foot.x, foot.y, width, foot.h)
            else:
                badge = inner.take_right(width, theme.mm(3))
        return sign, inner, badge

    def _pill_height(self, people: bool) -> int:
        return round(1.6 * self._badge_style(people).size)

    def _badge_style(self, people: bool) -> Style:
        return self.theme.style("body" if people else "note", bold=True)

    def _badge(self, option: Option[Any]) -> Text | None:
        """What cannot be chosen says why instead."""
        return option.badge if option.enabled or option.why is None else None

    def _note(self, option: Option[Any]) -> Text | None:
        return option.why if not option.enabled and option.why is not None else option.note

    def _fits(self, option: Option[Any], width: int, plan: Plan, people: bool) -> bool:
        _, words, badge = self._split(option, Box(0, 0, width, 100), plan, people)
        note = self._note(option)
        note_width = self._note_width(words, badge)
        note_fits = note is None or self.widest_word(note, self.theme.style("note")) <= note_width
        lines = self.height(option.title, words.w, plan.style) / self.height("0", 999, plan.style)
        return note_fits and self.widest_word(option.title, plan.style) <= words.w and lines <= 3

    def _note_width(self, words: Box, badge: Box) -> int:
        """The note has the room below a badge at the right, too."""
        return max(words.w, badge.right - words.x)

    def _tile_height(self, option: Option[Any], width: int, plan: Plan, people: bool) -> int:
        theme = self.theme
        _, words, badge = self._split(option, Box(0, 0, width, 100), plan, people)
        height = self.height(option.title, words.w, plan.style)
        note = self._note(option)
        if note is not None:
            height += self.height(note, self._note_width(words, badge), theme.style("note"))
        if plan.stacked and self._badge(option) is not None:
            height += self._pill_height(people) + theme.mm(1)
        return max(height + theme.mm(5), theme.mm(26), theme.space("target"))

    def _tile(self, at: int, option: Option[Any], box: Box, plan: Plan, people: bool) -> None:
        theme = self.theme
        with self.touch(f"option:{at}", box, self._choose(option.value), PLAIN, option.enabled) as look:
            sign, words, badge = self._split(option, box, plan, people)
            if sign.w:
                self.panel(sign.centred(sign.w, sign.w), DISC if option.enabled else DISC_OFF, sign.w)
                self.icon(option.icon, sign, theme.mm(11), PRIMARY if option.enabled else look.soft)
            title = self.lines(option.title, self._note(option), words, plan.style, look,
                               self._note_width(words, badge), valign="top" if people and plan.columns > 1 else "middle")
            text = self._badge(option)
            if text is not None:
                style = self._badge_style(people)
                row = badge if plan.stacked else Box(badge.x, title.y, badge.w, title.h)
                pill = row.centred(badge.w, self._pill_height(people))
                filled = BADGE if option.enabled else Look(SUNKEN, look.soft, look.soft)
                self.panel(pill, filled, pill.h)
                self.write(text, pill, style, filled.ink, align="center", valign="middle", role="badge")
            if plan.columns == 1 and option.enabled:
                arrow = Box(box.right - theme.mm(14), box.y, theme.mm(11), box.h)
                self.icon("next", arrow, theme.mm(11), PRIMARY)

    def lines(self, title: Text, note: Text | None, words: Box, style: Style, look: Look,
              note_width: int | None = None, align: str = "left", valign: str = "middle") -> Box:
        """A title and a note under it, together in the middle (or at the top) of the box; where the title stands."""
        small, wide = self.theme.style("note"), note_width or words.w
        above = self.height(title, words.w, style)
        below = self.height(note, wide, small) if note is not None else 0
        block = words.centred(words.w, above + below) if valign == "middle" else words.copy()
        head = block.take_top(above)
        self.write(title, head, style, look.ink, align=align, valign="middle")
        if note is not None:
            self.write(note, Box(block.x, block.y, wide, block.h), small, look.soft, align=align, valign=valign,
                       role="note")
        return head

    def _choose(self, value: Any) -> Callable[[], None]:
        return lambda: self.answer(value)
