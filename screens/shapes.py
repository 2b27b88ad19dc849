"""Round corners, rings and soft shadows as small textures, stretched at their middle.

Multisampling costs two thirds of the frame rate on the small graphics of such machines, so it is off, and edges are
made smooth here once: the texture's alpha is how much of each pixel the shape covers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import hypot
from typing import Any

from kivy.graphics.texture import Texture


@cache
def disc(radius: int) -> Any:
    """A filled corner of that radius on every side; borders of `radius` px, 2 px between. Radius 0: all filled."""
    if radius == 0:
        return _texture(2, lambda x, y: 1.0)
    return _texture(2 * radius + 2, lambda x, y: _covered(radius - _beyond(x, y, radius, radius)))


@cache
def ring(radius: int, width: int) -> Any:
    """The outline of `disc`, `width` px wide."""
    def alpha(x: float, y: float) -> float:
        out = _beyond(x, y, radius, radius)
        return _covered(radius - out) - _covered(radius - width - out)
    return _texture(2 * radius + 2, alpha)


@cache
def shadow(radius: int, blur: int) -> Any:
    """A soft shadow: dense under the shape, gone `blur` px outside it; borders of `radius + blur` px."""
    def alpha(x: float, y: float) -> float:
        out = _beyond(x, y, radius + blur, radius + blur) - (radius - blur / 2)
        near = min(1.0, max(0.0, 1 - out / (1.5 * blur)))
        return near * near * (3 - 2 * near)
    return _texture(2 * (radius + blur) + 2, alpha)


def _beyond(x: float, y: float, border: int, corner: int) -> float:
    """How far the point lies from the middle part that is stretched."""
    return hypot(max(0.0, border - x, x - border - 2), max(0.0, corner - y, y - corner - 2))


def _covered(inside: float) -> float:
    return min(1.0, max(0.0, inside + 0.5))


def _texture(side: int, alpha: Callable[[float, float], float]) -> Any:
    """A shape that is the same in its four quarters: one is computed, three are mirrored."""
    half = side // 2
    rows = []
    for row in range(half):
        quarter = [round(255 * alpha(column + 0.5, row + 0.5)) for column in range(half)]
        rows.append(b"".join(b"\xff\xff\xff" + bytes((value,)) for value in quarter + quarter[::-1]))
    texture = Texture.create(size=(side, side), colorfmt="rgba")
    texture.mag_filter = texture.min_filter = "nearest"     # drawn pixel by pixel: smoothing costs half, changes nothing
    texture.blit_buffer(b"".join(rows + rows[::-1]), colorfmt="rgba", bufferfmt="ubyte")
    return texture
