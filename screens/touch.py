"""Every field of the page is touched once: where a finger is not felt, a field stays white."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.requests.service import TouchTest
from kiosk.visit import Scene
from kiosk.words import Text, say
from screens.leaf import Leaf
from screens.theme import GOOD_TINT, INK, PLAIN, STRONG, Look, Touchable

CELL = 27          # mm: a thumb
DONE = Touchable(*(Look(GOOD_TINT, INK, INK),) * 3)


class Page(Leaf):
    """The fields cover everything but the bar to end with; when the last was touched, it ends by itself."""

    titled = False
    touched: frozenset[int] = frozenset()

    def forget(self) -> None:
        self.touched = frozenset()
        super().forget()

    def hint(self, scene: Scene) -> Text | None:
        return None

    def draw(self, scene: Scene, ask: TouchTest) -> None:
        theme, rest = self.theme, self.area.copy()
        gap, cell = theme.space("gap"), theme.mm(CELL)
        rest.take_bottom(theme.mm(5))
        bar = rest.take_bottom(theme.space("target"), theme.mm(5))
        columns, rows = (rest.w + gap) // (cell + gap), (rest.h + gap) // (cell + gap)
        cells = rest.grid(columns, (rest.h - gap * (rows - 1)) // rows, gap)
        for at, box in enumerate(cells):
            looks = DONE if at in self.touched else PLAIN
            with self.touch(f"field:{at}", box, self._touching(at, len(cells)), looks) as look:
                self.write(str(at + 1), box, theme.style("note"), look.ink, align="center", valign="middle")
        missed = len(cells) - len(self.touched)
        self.button("end", say("tests.end", missed=missed), bar, lambda: self.answer(missed), STRONG)

    def _touching(self, at: int, count: int) -> Callable[[], None]:
        def touch() -> None:
            self.touched |= {at}
            if len(self.touched) == count:
                self.answer(0)
            else:
                self.redraw()
        return touch
