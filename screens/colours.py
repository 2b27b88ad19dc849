"""The page in one colour after another: dead points and stains show. A touch is the next colour, the last touch the end."""

from __future__ import annotations

from kiosk.requests.service import ScreenTest
from kiosk.visit import Scene
from kiosk.words import Text, say
from screens.leaf import Leaf
from screens.theme import Colour, Look, Touchable

BLACK, WHITE = (0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)
COLOURS: tuple[tuple[Colour, Colour], ...] = (
    (WHITE, BLACK), (BLACK, WHITE), ((0.75, 0.0, 0.0, 1.0), WHITE), ((0.0, 0.42, 0.0, 1.0), WHITE),
    ((0.0, 0.0, 0.8, 1.0), WHITE))
"""Each with the ink that can be read on it."""


class Page(Leaf):
    titled = False
    at = 0

    def forget(self) -> None:
        self.at = 0
        super().forget()

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: ScreenTest) -> None:
        theme = self.theme
        colour, ink = COLOURS[self.at]
        look = Look(colour, ink, ink)
        box = self.area.inset(-theme.space("margin"), 0)
        with self.touch("field", box, self._go_on, Touchable(look, look, look), radius=0):
            self.write(say("tests.colour", at=self.at + 1, of=len(COLOURS)), box, theme.style("head", bold=True), ink,
                       align="center", valign="middle")

    def _go_on(self) -> None:
        if self.at + 1 == len(COLOURS):
            self.answer(None)
        else:
            self.at += 1
            self.redraw()
