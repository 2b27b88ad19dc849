"""A number by the keypad: grouped as people read it, hidden but for the last four, because others stand behind.

Four, because that is what people compare with their card as they go, and what a masked number shows anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.requests import EnterNumber
from kiosk.requests.service import EnterDigits
from kiosk.visit import Scene
from kiosk.words import Text, say
from screens.box import Box
from screens.leaf import CARD, Leaf
from screens.theme import INK, LINE, PLAIN, PRIMARY, QUIET, SOFT, STRONG, Look, Style

GROUPS = {"id_number": (6, 8, 4), "phone": (3, 4, 4)}
UNDER = Look(LINE, LINE, LINE)
DOT = Look(INK, INK, INK)
HERE = Look(PRIMARY, PRIMARY, PRIMARY)

SEEN = 4          # digits that stay readable while one types


class Page(Leaf):
    """Three columns of digits; X only where an ID number may have one."""

    typed = ""
    seen = SEEN

    def forget(self) -> None:
        self.typed = ""
        super().forget()

    def remark(self, scene: Scene) -> Text | None:
        return scene.ask.remark if isinstance(scene.ask, EnterDigits) else None

    def hint(self, scene: Scene) -> Text:
        ask = scene.ask
        assert isinstance(ask, EnterNumber | EnterDigits)
        return ask.hint or say(f"hint.keypad.{ask.kind}")

    def draw(self, scene: Scene, ask: EnterNumber | EnterDigits) -> None:
        theme, rest = self.theme, self.area.copy()
        groups = (ask.most,) if isinstance(ask, EnterDigits) else GROUPS[ask.kind]
        least = ask.least if isinstance(ask, EnterDigits) else sum(groups)
        self.seen = 0 if isinstance(ask, EnterDigits) and ask.hidden else SEEN
        gap = theme.space("gap")
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        self._display(rest.take_top(theme.mm(42), theme.mm(5)), groups)
        if rest.w > theme.mm(250):
            rest = rest.centred(theme.mm(250), rest.h)
        height = (rest.h - 4 * gap) // 5
        corner = "X" if ask.kind == "id_number" else ""
        for row in ("123", "456", "789"):
            for digit, cell in zip(row, rest.take_top(height, gap).columns(3, gap), strict=True):
                self._key(digit, cell, groups)
        left, middle, right = rest.take_top(height, gap).columns(3, gap)
        if corner:
            self._key(corner, left, groups, enabled=len(self.typed) == 17)
        self._key("0", middle, groups)
        self.button("delete", say("keypad.delete"), right, lambda: self._type(self.typed[:-1]), QUIET, icon="erase",
                    enabled=bool(self.typed))
        clear, _, _ = rest.columns(3, gap)
        self.button("clear", say("keypad.clear"), clear, lambda: self._type(""), QUIET, enabled=bool(self.typed))
        yes = Box(middle.x, rest.y, rest.right - middle.x, rest.h)
        self.button("yes", say("keypad.done"), yes, self._finish, STRONG, icon="check",
                    enabled=least <= len(self.typed) <= sum(groups))

    def _key(self, digit: str, cell: Box, groups: tuple[int, ...], enabled: bool = True) -> None:
        self.button(f"digit:{digit}", digit, cell, self._typing(digit, sum(groups)), PLAIN,
                    style=self.theme.style("figure", bold=True), enabled=enabled and len(self.typed) < sum(groups))

    def _typing(self, digit: str, most: int) -> Callable[[], None]:
        return lambda: self._type((self.typed + digit)[:most])

    def _type(self, typed: str) -> None:
        self.typed = typed
        self.redraw()

    def _finish(self) -> None:
        self.answer(self.typed)

    def _display(self, box: Box, groups: tuple[int, ...]) -> None:
        theme = self.theme
        self.panel(box, CARD)
        inner = box.inset(theme.mm(5), theme.mm(3))
        count = self.say(say("keypad.count", typed=len(self.typed), of=sum(groups)))
        note = theme.style("note")
        self.write(count, inner.take_bottom(self.height(count, inner.w, note)), note, SOFT, align="right",
                   valign="middle", key="count")
        between = theme.mm(5)
        wide = min(theme.mm(15), (inner.w - between * (len(groups) - 1)) // sum(groups))
        row = inner.centred(wide * sum(groups) + between * (len(groups) - 1), inner.h)
        at = 0
        style = theme.style("title" if wide >= theme.mm(11) else "head", bold=True)
        for group in groups:
            for _ in range(group):
                self._place(row.take_left(wide), at, style)
                at += 1
            row.take_left(between)

    def _place(self, cell: Box, at: int, style: Style) -> None:
        mark = cell.inset(self.theme.mm(1), 0)
        here = at == len(self.typed)
        self.panel(Box(mark.x, mark.y, mark.w, 6), HERE if here else UNDER, 3)
        if at < len(self.typed):
            if at >= len(self.typed) - self.seen:
                self.write(self.typed[at], cell, style, INK, align="center", valign="middle", role="digit",
                           key=f"place:{at}")
            else:
                dot = self.theme.mm(4)
                self.panel(cell.centred(dot, dot), DOT, dot)
