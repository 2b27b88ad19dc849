"""How everything looks: one table of colours, type, spacing and states, in millimetres of a real screen.

Sizes are physical, because a person's eyes and fingers are: capitals of at least 6.1 mm (0.7° at 500 mm, EN 301 549
5.1.4), targets of at least 15 mm (20 mm in the large size), 3 mm apart. Noto Sans CJK's capitals are 0.733 em tall,
so the smallest type is 8.5 mm. All text holds 7:1 against what it stands on (WCAG 2.2, 1.4.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.visit import Size

Colour = tuple[float, float, float, float]


def _hex(value: str, alpha: float = 1.0) -> Colour:
    red, green, blue = (int(value[at:at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue, alpha


GROUND = _hex("F1F5F4")            # what pages lie on
SURFACE = _hex("FFFFFF")           # cards and tiles
SUNKEN = _hex("E4EBEA")            # what cannot be touched, and displays
LINE = _hex("C5D3D2")
INK = _hex("10262A")
SOFT = _hex("37505A")              # second voice: notes, labels
PRIMARY = _hex("004F57")
PRIMARY_DEEP = _hex("00393F")
PRIMARY_TINT = _hex("D5E9E8")
ON_PRIMARY = _hex("FFFFFF")
ON_PRIMARY_SOFT = _hex("D9F0EE")
GOOD = _hex("0A5A37")
GOOD_TINT = _hex("DDF1E6")
DANGER = _hex("8C1D15")
DANGER_DEEP = _hex("6A120C")
DANGER_TINT = _hex("FBE5E2")
WARM = _hex("5A3400")              # the complaint band, and what needs an eye
WARM_TINT = _hex("FFEBC8")
WARM_EDGE = _hex("B76E00")
VEIL = _hex("06191C", 0.78)
SHADOW = _hex("0B2A2E", 0.16)
NONE = _hex("000000", 0.0)


@dataclass(frozen=True)
class Look:
    """One state of something that can be touched."""

    fill: Colour
    ink: Colour
    soft: Colour
    edge: Colour = NONE
    raised: bool = False


@dataclass(frozen=True)
class Touchable:
    """How it looks at rest, under a finger (and while the machine is busy with that touch), and when it is off."""

    rest: Look
    pressed: Look
    off: Look


_OFF = Look(SUNKEN, SOFT, SOFT)
_OFF_ON_PRIMARY = Look(PRIMARY, ON_PRIMARY_SOFT, ON_PRIMARY_SOFT)

PLAIN = Touchable(Look(SURFACE, INK, SOFT, raised=True), Look(PRIMARY_TINT, INK, INK, PRIMARY), _OFF)
STRONG = Touchable(Look(PRIMARY, ON_PRIMARY, ON_PRIMARY_SOFT, raised=True),
                   Look(PRIMARY_DEEP, ON_PRIMARY, ON_PRIMARY_SOFT), _OFF)
GRAVE = Touchable(Look(DANGER, ON_PRIMARY, ON_PRIMARY, raised=True), Look(DANGER_DEEP, ON_PRIMARY, ON_PRIMARY), _OFF)
QUIET = Touchable(Look(SURFACE, PRIMARY, SOFT, PRIMARY), Look(PRIMARY_TINT, INK, INK, PRIMARY), Look(GROUND, SOFT, SOFT))
HEADER = Touchable(Look(PRIMARY_DEEP, ON_PRIMARY, ON_PRIMARY), Look(INK, ON_PRIMARY, ON_PRIMARY), _OFF_ON_PRIMARY)


@dataclass(frozen=True)
class Style:
    """A kind of type. `size` is the em in pixels."""

    size: int
    bold: bool = False

    @property
    def strong(self) -> Style:
        return Style(self.size, True)


# The em of each kind of type in mm: normal, large.
_TYPE = {
    "note": (8.5, 10.6),
    "body": (9.5, 11.8),
    "head": (11.5, 13.8),
    "title": (16.5, 18.5),
    "figure": (20.0, 23.0),
    "huge": (33.0, 37.0),
}

# Distances in mm: normal, large.
_SPACE = {
    "gap": (3.5, 3.5),             # between targets: ≥ 3
    "pad": (5.0, 5.0),             # inside cards
    "wide": (10.0, 9.0),           # between groups
    "margin": (10.0, 10.0),        # at the sides of the page
    "target": (19.0, 22.5),        # the usual height of a button: ≥ 15, ≥ 20
    "least": (15.5, 20.5),         # the smallest target
    "radius": (4.0, 4.0),
    "header": (29.0, 33.0),
    "trail": (19.0, 20.0),
    "footer": (29.0, 31.0),
}


@dataclass(frozen=True)
class Theme:
    """The table for one text size on one screen. `px_per_mm` 4.0 is a 21.5-inch screen of 1080 × 1920."""

    px_per_mm: float = 4.0
    size: Size = Size.NORMAL

    @property
    def large(self) -> bool:
        return self.size is Size.LARGE

    def mm(self, length: float) -> int:
        """Millimetres in whole pixels."""
        return round(length * self.px_per_mm)

    def space(self, name: str) -> int:
        """A distance by its name, in pixels."""
        return self.mm(_SPACE[name][self.large])

    def style(self, name: str, bold: bool = False) -> Style:
        """A kind of type by its name."""
        return Style(self.mm(_TYPE[name][self.large]), bold)


def luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
