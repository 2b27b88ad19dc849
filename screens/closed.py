"""Nothing can be done here now: why, and where to go. Nothing to touch."""

from __future__ import annotations

from kiosk.requests import OutOfService
from kiosk.visit import Scene
from kiosk.words import Text, say
from screens.leaf import Leaf
from screens.theme import INK, SOFT, WARM, WARM_EDGE, WARM_TINT, Look

DISC = Look(WARM_TINT, WARM, WARM, WARM_EDGE)


class Page(Leaf):
    """A sign that is seen from the door, and a sentence."""

    titled = False

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: OutOfService) -> None:
        theme, rest = self.theme, self.area.copy()
        title, text = theme.style("figure", bold=True), theme.style("title", bold=True)
        where = say("closed.where")
        side = theme.mm(110 if rest.portrait else 76)
        words = (self.height(ask.title, rest.w, title) + self.height(ask.text, rest.w, text)
                 + self.height(where, rest.w, theme.style("head")) + theme.mm(22))
        block = rest.centred(rest.w, side + words)
        disc = block.take_top(side, theme.mm(12)).centred(side, side)
        self.panel(disc, DISC, side)
        self.icon("build", disc, round(side * 0.56), WARM)
        for words_of, style, colour, key in ((ask.title, title, INK, "title"), (ask.text, text, WARM, "text"),
                                             (where, theme.style("head"), SOFT, "where")):
            self.write(words_of, block.take_top(self.height(words_of, block.w, style), theme.mm(5)), style, colour,
                       align="center", role="title" if key == "title" else "text", key=key)
