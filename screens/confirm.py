"""Is this right? Rows as on a form, and the way on."""

from __future__ import annotations

from kiosk.requests import Confirm
from kiosk.visit import Scene
from kiosk.words import Text
from screens.leaf import Leaf
from screens.theme import GRAVE, PLAIN, STRONG


class Page(Leaf):
    """Yes is large and to the right; no, where there is one, stands beside it."""

    tall = True
    sign = "eyes"

    def hint(self, scene: Scene) -> Text | None:
        """What there is to be checked."""
        return super().hint(scene) if getattr(scene.ask, "rows", ()) else None

    def draw(self, scene: Scene, ask: Confirm) -> None:
        theme, rest = self.theme, self.area.copy()
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        bar = rest.take_bottom(theme.mm(30), theme.mm(6))
        if ask.no is not None:
            self.button("no", ask.no, bar.take_left(bar.w * 0.38, theme.mm(5)), lambda: self.answer(False), PLAIN)
        self.button("yes", ask.yes, bar, lambda: self.answer(True), GRAVE if ask.danger else STRONG, icon="check",
                    style=self.fitting(ask.yes, bar.inset(theme.mm(4), 0), ("title", "head", "body"), "check"))
        self.form(ask.rows, rest, roomy=True)
