"""What every page is: a sheet that draws one kind of question and hands the answer on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from kivy.clock import Clock

from kiosk.requests import Row
from kiosk.visit import Scene
from kiosk.words import Name, Text, say
from screens.box import Box
from screens.sheet import Sheet
from screens.theme import INK, LINE, PRIMARY_TINT, SOFT, SURFACE, Look, Style, Theme

CARD = Look(SURFACE, INK, SOFT, raised=True)


@dataclass(frozen=True)
class Air:
    """How large and how far apart the rows of a form are; `pad` in mm above and below."""

    label: str
    value: str
    pad: float


_AIRS = (Air("body", "head", 6.0), Air("body", "head", 4.5), Air("note", "body", 4.0), Air("note", "body", 2.6),
         Air("note", "note", 1.6))


_TIGHT = 3
_NUMERAL = 8            # mm: a label no wider is a numeral, and what it numbers has the width for itself


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
    sign: ClassVar[str] = "touch"
    """The sign before what to do."""

    def __init__(self, room: Room, answer: Callable[[Any], None], redraw: Callable[[], None]) -> None:
        super().__init__()
        self.room = room
        self.answer = answer
        self.redraw = redraw
        self.area = Box(0, 0, 0, 0)
        self._beat: Any = None

    def titles(self, portrait: bool) -> bool:
        """Whether the frame writes the title on a screen that stands so."""
        return self.titled

    def show(self, scene: Scene, theme: Theme, area: Box) -> None:
        """Draws the scene into the area that the frame leaves."""
        self.area = area
        with self.drawing(theme, scene.comfort.language):
            self.draw(scene, scene.ask)

    def draw(self, scene: Scene, ask: Any) -> None:
        """Says everything that is to be seen; `ask` is the scene's, of the kind this page is for."""
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

    def form(self, rows: tuple[Row, ...], box: Box, roomy: bool = False) -> int:
        """Rows on a card at the top of the box, the strong one large; how tall the card is, in px. Roomy: as large and
        airy as the box allows."""
        if not rows:
            return 0
        airs = _AIRS if roomy else _AIRS[_TIGHT:]
        air = next((air for air in airs if self.form_height(rows, box.w, air) <= box.h), _AIRS[-1])
        labels = self._label_width(rows, air)
        heights = [self._row_height(row, box.w, labels, air) for row in rows]
        rim = self.theme.mm(2)
        card = box.copy().take_top(sum(heights) + 2 * rim)
        self.panel(card, CARD)
        rest = card.inset(0, rim)
        for at, (row, height) in enumerate(zip(rows, heights, strict=True)):
            last = at == len(rows) - 1 or rows[at + 1].strong
            self._row(row, rest.take_top(height), labels, air, last)
        return card.h

    def form_height(self, rows: tuple[Row, ...], width: int, air: Air | None = None) -> int:
        """How tall `form` will be, in px."""
        air = air or _AIRS[_TIGHT]
        if not rows:
            return 0
        labels = self._label_width(rows, air)
        return sum(self._row_height(row, width, labels, air) for row in rows) + 2 * self.theme.mm(2)

    def _columns(self, box: Box, labels: int) -> tuple[Box, Box]:
        inner = box.inset(self.theme.space("pad") + self.theme.mm(1), 0)
        least = inner.w * 0.28 if labels > self.theme.mm(_NUMERAL) else 0
        label = inner.take_left(max(least, min(labels, inner.w * 0.5)), self.theme.mm(3))
        return label, inner

    def _label_width(self, rows: tuple[Row, ...], air: Air) -> int:
        return max(ceil(self.width(row.label, self.theme.style(air.label))) for row in rows) + 8

    def _row_height(self, row: Row, width: int, labels: int, air: Air) -> int:
        label, value = self._columns(Box(0, 0, width, 100), labels)
        tall = max(self.height(row.label, label.w, self.theme.style(air.label)),
                   self.height(row.value, value.w, self._value_style(row, air)))
        return tall + 2 * self.theme.mm(air.pad)

    def _value_style(self, row: Row, air: Air) -> Style:
        return self.theme.style("title" if row.strong else air.value, bold=True)

    def _row(self, row: Row, box: Box, labels: int, air: Air, last: bool) -> None:
        if row.strong:
            self.panel(box.inset(self.theme.mm(2), 0), Look(PRIMARY_TINT, INK, SOFT), self.theme.mm(3))
        elif not last:
            pad = self.theme.space("pad")
            self.panel(Box(box.x + pad, box.y, box.w - 2 * pad, 2), Look(LINE, INK, SOFT), 0)
        label, value = self._columns(box, labels)
        self.write(row.label, label, self.theme.style(air.label), INK if row.strong else SOFT, valign="middle")
        self.write(row.value, value, self._value_style(row, air), valign="middle",
                   align="right" if row.strong else "left", role="value")
