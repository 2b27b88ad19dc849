"""What a sheet is made of: panels, pictures and glyphs. Made once, then only moved, tinted and rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kivy.graphics import BorderImage, Color, InstructionGroup, Mesh, Rectangle

from screens import lettering, shapes
from screens.box import Box
from screens.theme import NONE, SHADOW, Colour, Look


HIDDEN = Look(NONE, NONE, NONE)

# Four by four points make nine fields; two triangles for each but the middle one.
_AROUND = [corner for row in range(3) for column in range(3) if (row, column) != (1, 1)
           for at in (4 * row + column,) for corner in (at, at + 1, at + 5, at, at + 5, at + 4)]


class Panel:
    """A rounded rectangle, perhaps with an edge and a shadow, which are not drawn where the body is: filling a screen
    once costs more than all else in a frame where software draws."""

    BLUR = 14
    DROP = 5
    EDGE = 3

    def __init__(self, layer: InstructionGroup) -> None:
        self.box = Box(0, 0, 0, 0)
        self.fill: Colour = NONE
        self._radius = 0
        self._parts = []
        for image in (Mesh(mode="triangles"), BorderImage(size=(0, 0), auto_scale="off"), Mesh(mode="triangles")):
            colour = Color(0, 0, 0, 0)
            layer.add(colour)
            layer.add(image)
            self._parts.append((colour, image))

    def show(self, box: Box, radius: int, look: Look) -> None:
        """Draws it; a radius larger than half a side makes a pill or a disc."""
        self.box = box
        self._radius = radius = max(0, min(radius, box.w // 2 - 1, box.h // 2 - 1))
        (_, shade), (_, body), (_, rim) = self._parts
        shade.indices = rim.indices = []
        _stretch(body, shapes.disc(radius), radius, box)
        self.tint(look)

    def tint(self, look: Look) -> None:
        """Another look of the same shape."""
        self.fill = look.fill
        box, radius, blur, drop = self.box, self._radius, self.BLUR, self.DROP
        (_, shade), _, (_, rim) = self._parts
        if look.raised and not shade.indices:
            corner = max(radius, drop)      # so that the hollow lies wholly under the body
            _surround(shade, shapes.shadow(corner, blur), corner + blur,
                      Box(box.x - blur, box.y - blur - drop, box.w + 2 * blur, box.h + 2 * blur))
        if look.edge[3] and not rim.indices:
            _surround(rim, shapes.ring(radius, self.EDGE), radius, box)
        for (colour, _), value in zip(self._parts, (SHADOW if look.raised else NONE, look.fill, look.edge),
                                      strict=True):
            if tuple(colour.rgba) != value:
                colour.rgba = value

    def hide(self) -> None:
        if self.box.w:
            self.box = Box(0, 0, 0, 0)
            self.tint(HIDDEN)
            (_, shade), (_, body), (_, rim) = self._parts
            shade.indices = rim.indices = []
            body.size = (0, 0)


def _stretch(image: Any, texture: Any, border: int, box: Box) -> None:
    if image.texture is not texture:
        image.texture = texture
    image.border = (border, border, border, border)
    image.pos = (box.x, box.y)
    image.size = (box.w, box.h)


def _surround(mesh: Any, texture: Any, border: int, box: Box) -> None:
    """As `_stretch`, without the middle."""
    mesh.texture = texture
    part = border / texture.width
    u, v = texture.uvsize
    columns = ((box.x, 0), (box.x + border, part), (box.right - border, 1 - part), (box.right, 1))
    rows = ((box.y, 0), (box.y + border, part), (box.top - border, 1 - part), (box.top, 1))
    mesh.vertices = [value for y, down in rows for x, along in columns for value in (x, y, along * u, down * v)]
    mesh.indices = _AROUND


class Picture:
    """A texture as it is, in a rectangle."""

    def __init__(self, layer: InstructionGroup) -> None:
        self._image = Rectangle(size=(0, 0))
        layer.add(Color(1, 1, 1, 1))
        layer.add(self._image)

    def show(self, box: Box, texture: Any) -> None:
        self._image.texture = texture
        self._image.pos = (box.x, box.y)
        self._image.size = (box.w, box.h)

    def hide(self) -> None:
        self._image.texture = None
        self._image.size = (0, 0)


class Glyphs:
    """Lines of text or one sign. `box` is where its ink may be, `room` what the page gave it."""

    def __init__(self, layer: InstructionGroup) -> None:
        self.text = ""
        self.role = ""
        self.key = ""
        self.box = self.room = Box(0, 0, 0, 0)
        self.colour: Colour = NONE
        self.path: Path | None = None
        self.size = 0
        self._made: tuple[Any, ...] = ()
        self._tint, self._image = Color(0, 0, 0, 0), Rectangle(size=(0, 0))
        layer.add(self._tint)
        layer.add(self._image)

    def write(self, text: str, path: Path, size: int, align: str) -> tuple[int, int]:
        """Renders the text if it is another one; its size in px."""
        made = (text, path, size, align)
        if made != self._made:
            self._image.texture = lettering.render(text, path, size, align)
            self._made, self.text, self.path, self.size = made, text, path, size
        width, height = self._image.texture.size
        return width, height

    def place(self, box: Box, room: Box, colour: Colour) -> None:
        self.box, self.room = box, room
        self._image.pos = (box.x, box.y)
        self._image.size = (box.w, box.h)
        if self.colour != colour:
            self.colour = colour
            self._tint.rgba = colour

    def hide(self) -> None:
        """Forgets what was written, on the screen's side too."""
        if self._made:
            self._made, self.text, self.key, self.role = (), "", "", ""
            self.box = self.room = Box(0, 0, 0, 0)
            self._image.texture = None
            self._image.size = (0, 0)
