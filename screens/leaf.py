"""What every page is: a sheet that draws one kind of question and hands the answer on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from kivy.clock import Clock

from kiosk.requests import Row
from kiosk.visit import Scene
from kiosk.words import Name, Text, say
from screens.box import Box
from screens.sheet import Sheet
from screens.theme import INK, LINE, NONE, PRIMARY_TINT, SOFT, SURFACE, Look, Theme

CARD = Look(SURFACE, INK, SOFT, raised=True)


@dataclass(frozen=True)
class Room:
    """Where the machine stands. `now` is the stage's clock in seconds, `wall` the hospital's time."""

    hospital: Name
    now: Callable[[], float]
    wall: Callable[[], dt.datetime]
    px_per_mm: float = 4.0


class Leaf(Sheet):
    """A page. `answer` takes the person's answer; `redraw` draws the same scene again after a touch that only the
    page cares about (the next leaf of a list, a digit)."""

    tall: ClassVar[bool] = False
    """Begins right under its title: what stands highest is to be read. Others leave the upper third of a portrait
    screen to the title, because their targets must be within reach."""
    titled: ClassVar[bool] = True
    """The frame writes the title, the remark, and what to do."""

    def __init__(self, room: Room, answer: Callable[[Any], None], redraw: Callable[[], None]) -> None:
        super().__init__()
        self.room = room
        self.answer = answer
        self.redraw = redraw
        self.area = Box(0, 0, 0, 0)
        self._beat: Any = None

    def show(self, scene: Scene, theme: Theme, area: Box) -> None:
        """Draws the scene into the area that the frame leaves."""
        self.area = area
        with self.drawing(theme, scene.comfort.language):
            self.draw(scene)

    def draw(self, scene: Scene) -> None:
        """Says everything that is to be seen."""
        raise NotImplementedError

    def remark(self, scene: Scene) -> Text | None:
        """The second sentence of the question."""
        remark: Text | None = getattr(scene.ask, "remark", None)
        return remark

    def hint(self, scene: Scene) -> Text | None:
        """What to do here, said while there is no complaint."""
        return say(f"hint.{scene.ask.page}")

    def forget(self) -> None:
        """Drops what this page keeps of the question: digits, the day looked at. The next question is another."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def clear(self) -> None:
        """Forgets everything: what was kept and what was drawn."""
        self.forget()
        super().clear()

    def every(self, seconds: float, call: Callable[[], None]) -> None:
        """Calls until the page is cleared or asks another question; a second wish while one stands is none."""
        if self._beat is None:
            self._beat = Clock.schedule_interval(lambda _: call(), seconds)

    # Shared by the pages that read like a form.

    def form(self, rows: tuple[Row, ...], box: Box) -> int:
        """Rows on a card at the top of the box, the strong one large; how tall the card is, in px."""
        if not rows:
            return 0
        heights = [self._row_height(row, box.w) for row in rows]
        card = box.copy().take_top(sum(heights) + 2 * self.theme.mm(2))
        self.panel(card, CARD)
        rest = card.inset(0, self.theme.mm(2))
        for at, (row, height) in enumerate(zip(rows, heights, strict=True)):
            self._row(row, rest.take_top(height), last=at == len(rows) - 1)
        return card.h

    def form_height(self, rows: tuple[Row, ...], width: int) -> int:
        """How tall `form` will be, in px."""
        return sum(self._row_height(row, width) for row in rows) + 2 * self.theme.mm(2) if rows else 0

    def _columns(self, box: Box) -> tuple[Box, Box]:
        inner = box.inset(self.theme.space("pad") + self.theme.mm(1), 0)
        label = inner.take_left(inner.w * 0.32, self.theme.mm(3))
        return label, inner

    def _row_height(self, row: Row, width: int) -> int:
        label, value = self._columns(Box(0, 0, width, 100))
        tall = max(self.height(row.label, label.w, self.theme.style("note")),
                   self.height(row.value, value.w, self._value_style(row)))
        return tall + 2 * self.theme.mm(2.6 if not row.strong else 3.2)

    def _value_style(self, row: Row) -> Any:
        return self.theme.style("title" if row.strong else "body", bold=True)

    def _row(self, row: Row, box: Box, last: bool) -> None:
        if row.strong:
            self.panel(box.inset(self.theme.mm(2), 4), Look(PRIMARY_TINT, INK, SOFT))
        elif not last:
            pad = self.theme.space("pad")
            self.panel(Box(box.x + pad, box.y, box.w - 2 * pad, 2), Look(LINE, INK, SOFT, NONE), 0)
        label, value = self._columns(box)
        self.write(row.label, label, self.theme.style("note"), INK if row.strong else SOFT, valign="middle")
        self.write(row.value, value, self._value_style(row), valign="middle", align="right" if row.strong else "left",
                   role="value")
