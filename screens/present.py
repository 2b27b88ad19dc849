"""Who is here? Where the ID card goes, drawn as the machine looks, and every other way that this machine has."""

from __future__ import annotations

from typing import Any

from kiosk.requests import Identify, TypeInstead
from kiosk.visit import Scene
from kiosk.words import say
from screens.box import Box
from screens.leaf import CARD, Leaf
from screens.theme import INK, LINE, NONE, ON_PRIMARY, PLAIN, PRIMARY, PRIMARY_DEEP, PRIMARY_TINT, SOFT, SURFACE, Look

BODY = Look(INK, ON_PRIMARY, ON_PRIMARY, raised=True)
GLASS = Look(PRIMARY_DEEP, ON_PRIMARY, ON_PRIMARY)
PLASTIC = Look(SURFACE, PRIMARY, SOFT, PRIMARY, raised=True)
STRIPE = Look(PRIMARY_TINT, PRIMARY, PRIMARY)
INKED = Look(LINE, INK, INK, NONE)
ICONS = {"scanner": "scan"}


class Page(Leaf):
    """A card that comes down onto the reader, again and again: eight small steps, then a rest."""

    tall = True
    step = 0
    STEPS, REST = 7, 9

    def hint(self, scene: Scene) -> None:
        return None

    def draw(self, scene: Scene, ask: Identify) -> None:
        theme, rest = self.theme, self.area.copy()
        portrait = rest.portrait
        rest.take_bottom(theme.mm(5 if portrait else 0))
        pictured = "idcard" in ask.offered or not ask.offered
        ways = [way for way in ask.offered if way != "idcard"]
        column, gap = rest, theme.space("gap") + theme.mm(2 if portrait else 0)
        if pictured and portrait:
            column = rest.take_bottom(self._tall(ways, rest.h * 0.62, 32, gap), gap if ways else 0)
        elif pictured and ways:
            picture = rest.take_left(rest.w * 0.52, theme.mm(8))
            column, rest = rest, picture
        if pictured:
            self._picture(rest, ask)
        column = column.centred(column.w, self._tall(ways, column.h, 32 if portrait and pictured else 60, gap))
        for at, way in enumerate(ways, 1):
            self._way(way, column.take_top((column.h - gap * (len(ways) - at)) // (len(ways) - at + 1), gap))

    def _tall(self, ways: list[str], most: float, each: float, gap: int) -> int:
        """How tall a column of them is; each as tall as can be."""
        return min(round(most), len(ways) * self.theme.mm(each) + max(0, len(ways) - 1) * gap)

    def _picture(self, box: Box, ask: Identify) -> None:
        if ask.offered:
            self._reader(box)
            self.every(0.12, self._move)
        else:
            self.panel(box, CARD, self.theme.mm(6))
            inner = box.inset(self.theme.mm(8), self.theme.mm(7))
            self.write(say("present.none"), inner, self.theme.style("head", bold=True), align="center", valign="middle",
                       key="none")

    def _reader(self, box: Box) -> None:
        theme = self.theme
        self.panel(box, CARD, theme.mm(6))
        inner = box.inset(theme.mm(8), theme.mm(7))
        style = theme.style("head", bold=True)
        words = say("present.card")
        self.write(words, inner.take_bottom(self.height(words, inner.w, style), theme.mm(5)), style, align="center",
                   valign="middle", key="card")
        scale = min(inner.h / theme.mm(112), inner.w / theme.mm(130), 1.75)

        def px(length: float) -> int:
            return round(theme.mm(length) * scale)
        scene = inner.centred(px(120), px(112))
        device = scene.take_bottom(px(46))
        self.panel(device, BODY, px(7))
        glass = device.inset(px(7), px(6))
        self.panel(glass, GLASS, px(4))
        self.icon("contactless", glass, px(24), ON_PRIMARY)
        lift = px(15) * (1 - min(self.step, self.STEPS) / self.STEPS)
        card = Box(device.x + (device.w - px(70)) // 2, device.top + px(4) + round(lift), px(70), px(44))
        self._card(card, px)
        for side in (-1, 1):
            middle = card.x + card.w // 2 + side * px(49)
            self.icon("down", Box(middle - px(10), device.top + px(8), px(20), px(34)), px(19), PRIMARY)

    def _card(self, card: Box, px: Any) -> None:
        self.panel(card, PLASTIC, px(4))
        inner = card.inset(px(5), px(5))
        photo = inner.take_right(px(21))
        self.panel(photo, STRIPE, px(2))
        self.icon("person", photo, px(20), PRIMARY)
        inner.take_right(px(4))
        for share in (0.6, 1.0, 0.8):
            line = inner.take_top(px(5), px(4))
            self.panel(Box(line.x, line.y, round(line.w * share), line.h), INKED, px(2))
        self.panel(inner.take_bottom(px(5)), STRIPE, px(2))

    def _way(self, way: str, box: Box) -> None:
        theme = self.theme
        if way == "typed":
            self.button("typed", say("present.typed"), box, lambda: self.answer(TypeInstead()), PLAIN, icon="keypad")
            return
        self.panel(box, STRIPE)
        row = box.inset(theme.mm(6), 0)
        self.icon(ICONS.get(way, way), row.take_left(theme.mm(18), theme.mm(4)), theme.mm(16), PRIMARY)
        words = say(f"present.{way}")
        self.write(words, row, self.fitting(words, row, ("head", "body", "note"), bold=False), INK, valign="middle",
                   key=way)

    def _move(self) -> None:
        """Nothing changes, and nothing is drawn, while the card rests."""
        self.step = (self.step + 1) % (self.STEPS + self.REST)
        if self.step <= self.STEPS:
            self.redraw()

    def forget(self) -> None:
        self.step = 0
        super().forget()
