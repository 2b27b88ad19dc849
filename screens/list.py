"""One of a person's own things, under each other."""

from __future__ import annotations

from typing import Any

from kiosk.requests import ChooseFrom
from kiosk.visit import Scene
from screens.tiles import Tiles


class Page(Tiles):
    """One column, whatever their number."""

    def draw(self, scene: Scene, ask: ChooseFrom[Any]) -> None:
        self.options(ask.options, self.area, 1)
