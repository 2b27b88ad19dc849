"""What is happening, and that it moves."""

from __future__ import annotations

from kiosk.requests import Waiting
from kiosk.visit import Scene
from kiosk.words import say
from screens.leaf import Leaf
from screens.theme import LINE, PRIMARY, SOFT, Look

_DOT = Look(PRIMARY, PRIMARY, PRIMARY)
_REST = Look(LINE, LINE, LINE)


class Page(Leaf):
    """Five dots, one of them dark and walking, four steps a second: enough to be alive, cheap to draw."""

    titled = False
    step = 0

    def draw(self, scene: Scene, ask: Waiting) -> None:
        theme, rest = self.theme, self.area.copy()
        block = rest.centred(rest.w, theme.mm(110))
        side, gap = theme.mm(9), theme.mm(8)
        row = block.take_top(theme.mm(40)).centred(5 * side + 4 * gap, side)
        for at in range(5):
            dot = row.take_left(side, gap)
            self.panel(dot, _DOT if at == self.step else _REST, side)
        title = self.write(ask.title, block, theme.style("title", bold=True), align="center", role="title",
                           key="title")
        block.take_top(title.h, theme.mm(4))
        self.write(say("hint.wait"), block, theme.style("body"), SOFT, align="center", key="hint")
        self.every(0.25, self._walk)

    def _walk(self) -> None:
        self.step = (self.step + 1) % 5
        self.redraw()

    def forget(self) -> None:
        self.step = 0
        super().forget()
