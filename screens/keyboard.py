"""Letters, digits and signs, for addresses in settings. Two layers: what addresses are made of, and the rest of ASCII."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.requests.service import EnterText
from kiosk.visit import Scene
from kiosk.words import Text, say
from screens.box import Box
from screens.leaf import CARD, Leaf
from screens.theme import INK, PLAIN, QUIET, STRONG

PLAIN_KEYS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._/", ":=?&@%,;+#")
OTHER_KEYS = ("1234567890", "QWERTYUIOP", "ASDFGHJKL~", "ZXCVBNM\\|*", "()[]{}<>^$")


class Page(Leaf):
    """Five rows of ten, then the layer, the space, the way back, and the end."""

    tall = True
    typed: str | None = None
    other = False

    def forget(self) -> None:
        self.typed, self.other = None, False
        super().forget()

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: EnterText) -> None:
        theme, rest = self.theme, self.area.copy()
        if self.typed is None:
            self.typed = ask.begun
        gap = theme.mm(3)
        rest.take_bottom(theme.mm(4 if rest.portrait else 0))
        height = theme.mm(22) if rest.portrait else (rest.h - 5 * gap - theme.mm(24)) // 6
        least = theme.mm(20 if theme.large else 15)
        height = max(height, least)
        bar = rest.take_bottom(height, gap).columns(5, gap)
        rows = OTHER_KEYS if self.other else PLAIN_KEYS
        for row in reversed(rows):
            for key, cell in zip(row, rest.take_bottom(height, gap).columns(10, gap), strict=True):
                self._key(key, cell, ask.most)
        self._bar(bar, ask.most)
        self._display(rest)

    def _bar(self, cells: list[Box], most: int) -> None:
        typed = self.typed or ""
        self.button("layer", "abc" if self.other else "ABC", cells[0], self._turn, QUIET)
        self.button("space", say("keyboard.space"), cells[1], self._typing(" ", most), PLAIN)
        self.button("delete", say("keypad.delete"), cells[2], lambda: self._type(typed[:-1]), QUIET, enabled=bool(typed))
        self.button("clear", say("keypad.clear"), cells[3], lambda: self._type(""), QUIET, enabled=bool(typed))
        self.button("yes", say("keypad.done"), cells[4], lambda: self.answer(typed), STRONG)

    def _key(self, key: str, cell: Box, most: int) -> None:
        self.button(f"key:{key}", key, cell, self._typing(key, most), PLAIN, style=self.theme.style("body", bold=True))

    def _typing(self, key: str, most: int) -> Callable[[], None]:
        return lambda: self._type(((self.typed or "") + key)[:most])

    def _type(self, typed: str) -> None:
        self.typed = typed
        self.redraw()

    def _turn(self) -> None:
        self.other = not self.other
        self.redraw()

    def _display(self, box: Box) -> None:
        """What was typed; of a long text, the end."""
        theme, style = self.theme, self.theme.style("body")
        box = box.take_top(min(box.h, theme.mm(40)))
        self.panel(box, CARD)
        inner = box.inset(theme.mm(4), theme.mm(2))
        shown = (self.typed or "") + "_"
        while self.height(shown, inner.w, style) > inner.h and len(shown) > 1:
            shown = "…" + shown[2:]
        self.write(shown, inner, style, INK, valign="middle", role="digit", key="typed")
