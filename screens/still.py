"""Are you still there? Covers everything: a touch anywhere means yes, and never answers what lies beneath."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from kivy.clock import Clock

from kiosk.visit import Scene
from kiosk.words import say
from screens.box import Box
from screens.leaf import CARD, Room
from screens.sheet import Sheet
from screens.theme import NONE, PRIMARY, SOFT, STRONG, VEIL, Look, Theme

COVER = Look(VEIL, NONE, NONE)


class Still(Sheet):
    """The question over all questions, with the seconds that are left."""

    def __init__(self, room: Room, stay: Callable[[], None]) -> None:
        super().__init__()
        self.room = room
        self.stay = stay
        self.active = False
        self._ends = 0.0
        self._told: tuple[int, int] | None = None
        self._again: Callable[[], None] = lambda: None
        self._beat: Any = None

    def show(self, scene: Scene, theme: Theme, window: Box) -> None:
        """Draws it when the scene has seconds left, counts them down, and is gone when it has none."""
        if scene.seconds_left is None:
            self.hide()
            return
        told = (scene.serial, scene.seconds_left)
        if not self.active or told != self._told:
            self._ends, self._told = self.room.now() + scene.seconds_left, told
        self.active = True
        self._again = lambda: self._draw(theme, window, scene)
        self._again()
        if self._beat is None:
            self._beat = Clock.schedule_interval(lambda _: self._again(), 0.5)

    def hide(self) -> None:
        """Gone, and forgotten."""
        if self._beat is not None:
            self._beat.cancel()
        self._beat, self._told, self._again = None, None, lambda: None
        if self.active:
            self.active = False
            self.clear()

    def _draw(self, theme: Theme, window: Box, scene: Scene) -> None:
        left = max(0, ceil(self._ends - self.room.now()))
        with self.drawing(theme, scene.comfort.language):
            self.panel(window, COVER, 0)
            width = min(window.w - 2 * theme.space("margin"), theme.mm(240))
            card = window.centred(width, min(theme.mm(200), window.h - 2 * theme.mm(20)))
            card.y = max(theme.mm(20), card.y - (theme.mm(30) if window.portrait else 0))
            self.panel(card, CARD, theme.mm(8))
            rest = card.inset(theme.mm(12), theme.mm(11))
            button = rest.take_bottom(theme.mm(34), theme.mm(8))
            self.button("stay", say("still.stay"), button, self.stay, STRONG, icon="check",
                        style=theme.style("title", bold=True))
            title = self.write(say("still.title"), rest, theme.style("title", bold=True), align="center",
                               role="title", key="still")
            rest.take_top(title.h, theme.mm(3))
            text = self.write(say("still.text"), rest, theme.style("body"), SOFT, align="center")
            rest.take_top(text.h)
            self.write(say("still.seconds", seconds=left), rest, theme.style("huge", bold=True), PRIMARY, align="center",
                       valign="middle", role="countdown", key="seconds")
