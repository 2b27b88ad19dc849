"""Rectangles that a page is cut from: a page reads as it looks, from the top down.

y grows upwards, as in Kivy; `take_top` gives the strip and leaves the rest.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Box:
    """A rectangle in whole pixels. The `take_*` methods cut a piece off and keep the rest."""

    x: int
    y: int
    w: int
    h: int

    @property
    def top(self) -> int:
        return self.y + self.h

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def portrait(self) -> bool:
        return self.h >= self.w

    def take_top(self, height: float, gap: int = 0) -> Box:
        height = round(height)
        piece = Box(self.x, self.top - height, self.w, height)
        self.h -= height + gap
        return piece

    def take_bottom(self, height: float, gap: int = 0) -> Box:
        height = round(height)
        piece = Box(self.x, self.y, self.w, height)
        self.y += height + gap
        self.h -= height + gap
        return piece

    def take_left(self, width: float, gap: int = 0) -> Box:
        width = round(width)
        piece = Box(self.x, self.y, width, self.h)
        self.x += width + gap
        self.w -= width + gap
        return piece

    def take_right(self, width: float, gap: int = 0) -> Box:
        width = round(width)
        piece = Box(self.right - width, self.y, width, self.h)
        self.w -= width + gap
        return piece

    def inset(self, dx: int, dy: int | None = None) -> Box:
        dy = dx if dy is None else dy
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def centred(self, width: float, height: float) -> Box:
        """A box of that size in the middle of this one."""
        return Box(round(self.x + (self.w - width) / 2), round(self.y + (self.h - height) / 2),
                   round(width), round(height))

    def copy(self) -> Box:
        return Box(self.x, self.y, self.w, self.h)

    def columns(self, count: int, gap: int) -> list[Box]:
        """`count` equal columns, `gap` apart."""
        width = (self.w - gap * (count - 1)) / count
        return [Box(round(self.x + at * (width + gap)), self.y, int(width), self.h) for at in range(count)]

    def grid(self, columns: int, height: float, gap: int) -> list[Box]:
        """As many cells of that height as fit, row by row from the top."""
        rest, cells = self.copy(), []
        while rest.h >= height:
            cells += rest.take_top(height, gap).columns(columns, gap)
        return cells

    def holds(self, x: float, y: float, slack: float = 0) -> bool:
        return self.x - slack <= x < self.right + slack and self.y - slack <= y < self.top + slack

    def contains(self, other: Box) -> bool:
        return (self.x <= other.x and self.y <= other.y and other.right <= self.right and other.top <= self.top)

    def meets(self, other: Box) -> bool:
        return (self.x < other.right and other.x < self.right and self.y < other.top and other.y < self.top)
