"""One of several: departments, kinds of clinic, doctors."""

from __future__ import annotations

from typing import Any

from kiosk.requests import Choose
from kiosk.visit import Scene
from screens.tiles import Tiles


class Page(Tiles):
    """Tiles, two beside each other where their words allow it; doctors with what they are and what is left."""

    def draw(self, scene: Scene, ask: Choose[Any]) -> None:
        people = ask.layout == "people"
        self.options(ask.options, self.area, 2, people)
