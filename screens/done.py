"""It is done; take what the machine gives."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.requests import Done, Row
from kiosk.visit import Scene
from kiosk.words import say
from screens.box import Box
from screens.leaf import CARD, Leaf
from screens.theme import GOOD, GOOD_TINT, INK, LINE, ON_PRIMARY, PRIMARY, SOFT, STRONG, SURFACE, Look

TICK = Look(GOOD, ON_PRIMARY, ON_PRIMARY)
PALE = Look(GOOD_TINT, GOOD, GOOD)
SLOT = Look(INK, ON_PRIMARY, ON_PRIMARY)
PAPER = Look(SURFACE, INK, SOFT, LINE, raised=True)
CARDBOARD = Look(SURFACE, PRIMARY, SOFT, PRIMARY, raised=True)
INKED = Look(LINE, INK, INK)


class Page(Leaf):
    """The picture shows where to take it; a strong row is the number to remember, as large as it fits."""

    tall = True

    def hint(self, scene: Scene) -> None:
        return None

    def draw(self, scene: Scene, ask: Done) -> None:
        theme, rest = self.theme, self.area.copy()
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        if ask.by_touch:
            self.button("yes", say("done.finish"), rest.take_bottom(theme.mm(30), theme.mm(6)),
                        lambda: self.answer(None), STRONG, icon="check", style=theme.style("head", bold=True))
        strong = next((row for row in ask.rows if row.strong), None)
        plain = tuple(row for row in ask.rows if row is not strong)
        tall = rest.portrait        # what is left beside a long title may lie on its side
        if tall:
            self._picture(rest.take_top(min(theme.mm(104), rest.h * 0.36) if ask.rows else min(theme.mm(150), rest.h),
                                        theme.mm(5)), ask.picture)
        else:
            left = rest.take_left(rest.w * (0.38 if plain else 1), theme.mm(6))
            if strong is not None:
                self._number(strong, left.take_bottom(theme.mm(80), theme.mm(5)))
            self._picture(left, ask.picture)
        if strong is not None and tall:
            self._number(strong, rest.take_top(theme.mm(68), theme.mm(5)))
        self.form(plain, rest, roomy=True)

    def _number(self, row: Row, box: Box) -> None:
        theme = self.theme
        self.panel(box, CARD)
        inner = box.inset(theme.mm(6), theme.mm(3))
        style = theme.style("body")
        self.write(row.label, inner.take_top(self.height(row.label, inner.w, style)), style, SOFT, align="center",
                   valign="middle")
        self.write(row.value, inner, self.fitting(row.value, inner, ("huge", "figure", "title", "head")), PRIMARY,
                   align="center", valign="middle", role="value", key="number")

    def _picture(self, box: Box, picture: str) -> None:
        theme = self.theme
        self.panel(box, PALE, theme.mm(6))
        if picture not in ("ticket", "card"):
            side = min(theme.mm(64), box.h - theme.mm(20))
            disc = box.centred(side, side)
            self.panel(disc, TICK, side)
            self.icon({"refund": "refund", "file": "file"}.get(picture, "check"), disc, round(side * 0.6), ON_PRIMARY)
            return
        scale = min((box.h - theme.mm(12)) / theme.mm(84), (box.w - theme.mm(20)) / theme.mm(110), 1.2)

        def px(length: float) -> int:
            return round(theme.mm(length) * scale)
        scene = box.centred(px(100), px(84))
        slot = scene.take_top(px(14))
        self.panel(slot, SLOT, px(5))
        out = self._paper(scene, px) if picture == "ticket" else self._card(scene, px)
        for side in (-1, 1):
            arrow = Box(out.x + out.w // 2 + side * px(43) - px(10), scene.y, px(20), scene.h)
            self.icon("down", arrow, px(18), GOOD)

    def _paper(self, scene: Box, px: Callable[[float], int]) -> Box:
        """Out of the slot, written on."""
        paper = Box(scene.x + (scene.w - px(58)) // 2, scene.y + px(4), px(58), scene.h + px(3))
        self.panel(paper, PAPER, px(1))
        inner = paper.inset(px(7), px(8))
        for share, height in ((0.55, 6), (1.0, 4), (0.8, 4)):
            line = inner.take_top(px(height), px(4))
            self.panel(line.centred(round(line.w * share), line.h), INKED, px(1))
        self.icon("ticket", inner, px(22), PRIMARY)
        return paper

    def _card(self, scene: Box, px: Callable[[float], int]) -> Box:
        """Half out of the slot, a hand's breadth of it to be taken."""
        card = Box(scene.x + (scene.w - px(56)) // 2, scene.top - px(44), px(56), px(47))
        self.panel(card, CARDBOARD, px(4))
        inner = card.inset(px(6), px(7))
        self.panel(inner.take_bottom(px(5), px(4)), INKED, px(1))
        self.icon("visit_card_reader", inner, px(22), PRIMARY)
        return card
