"""Something does not work: what, what it means for the person, and the ways on."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.requests import Trouble
from kiosk.visit import Scene
from screens.leaf import Leaf
from screens.theme import PLAIN, STRONG, WARM, WARM_EDGE, WARM_TINT, Look

DISC = Look(WARM_TINT, WARM, WARM, WARM_EDGE)


class Page(Leaf):
    """A large sign, a sentence, and the options; the first is the one we would take."""

    tall = True

    def remark(self, scene: Scene) -> None:
        return None

    def hint(self, scene: Scene) -> None:
        return None

    def draw(self, scene: Scene, ask: Trouble) -> None:
        theme, rest = self.theme, self.area.copy()
        gap = theme.space("gap")
        rest.take_bottom(theme.mm(5 if rest.portrait else 0))
        count = len(ask.options)
        if rest.portrait:
            cells = rest.take_bottom(count * theme.mm(27) + (count - 1) * gap).grid(1, theme.mm(27), gap)
        else:
            cells = list(reversed(rest.take_bottom(theme.mm(29)).columns(count, gap)))
        for at, (option, cell) in enumerate(zip(ask.options, cells, strict=True)):
            self.button(f"option:{at}", option.title, cell, self._choose(option.value),
                        STRONG if at == 0 else PLAIN, icon=option.icon, enabled=option.enabled)
        rest.take_bottom(theme.mm(4))
        style = theme.style("head")
        if rest.portrait:
            side = min(theme.mm(52), rest.h // 4)
            disc = rest.take_top(side, theme.mm(6))
            disc.w = side
        else:
            side = theme.mm(40)
            column = rest.take_left(side, theme.mm(8))
            disc = column.take_top(side)
        self.panel(disc, DISC, side)
        self.icon(ask.picture, disc, round(side * 0.58), WARM)
        text = self.write(ask.text, rest, style, key="text")
        rest.take_top(text.h, theme.mm(5))
        self.form(ask.rows, rest, roomy=True)

    def _choose(self, value: str) -> Callable[[], None]:
        return lambda: self.answer(value)
