"""Who is here? Where the card goes, drawn as the machine looks, and the other ways."""

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


class Page(Leaf):
    """A card that comes down onto the reader, again and again: eight small steps, then a rest."""

    tall = True
    step = 0
    STEPS, REST = 7, 9

    def hint(self, scene: Scene) -> None:
        return None

    def draw(self, scene: Scene, ask: Identify) -> None:
        theme, accepts, rest = self.theme, ask.accepts, self.area.copy()
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        ways: list[str] = [way for way in ("visit_card", "typed") if way in accepts]
        if rest.portrait:
            for way in reversed(ways):
                self._way(way, rest.take_bottom(theme.mm(32), theme.space("gap") + theme.mm(2)))
            picture = rest
        else:
            picture = rest.take_left(rest.w * (0.52 if ways else 1), theme.mm(8)) if ways else rest
            column = rest.centred(rest.w, len(ways) * theme.mm(64))
            for way in ways:
                self._way(way, column.take_top(theme.mm(60), theme.mm(4)))
        self._reader(picture)
        self.every(0.12, self._move)

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
        self.icon("scan", row.take_left(theme.mm(18), theme.mm(4)), theme.mm(16), PRIMARY)
        words = say("present.visit_card")
        self.write(words, row, self.fitting(words, row, ("head", "body", "note"), bold=False), INK, valign="middle",
                   key="visit_card")

    def _move(self) -> None:
        """Nothing changes, and nothing is drawn, while the card rests."""
        self.step = (self.step + 1) % (self.STEPS + self.REST)
        if self.step <= self.STEPS:
            self.redraw()

    def forget(self) -> None:
        self.step = 0
        super().forget()
