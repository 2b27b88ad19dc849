"""How well something is, as a sign: a disc whose colour and whose mark both say it (nobody has to see colours)."""

from __future__ import annotations

from kiosk.requests.service import Level
from screens.box import Box
from screens.sheet import Sheet
from screens.theme import DANGER, GOOD, ON_PRIMARY, SOFT, WARM_EDGE, Colour, Look

SIGNS: dict[Level, tuple[Colour, str]] = {
    Level.GOOD: (GOOD, "check"), Level.WARN: (WARM_EDGE, "notice"), Level.BAD: (DANGER, "close"),
    Level.UNKNOWN: (SOFT, "help")}


def draw(sheet: Sheet, level: Level, cell: Box, side: int) -> None:
    """The disc, `side` px wide, in the middle of the cell."""
    colour, sign = SIGNS[level]
    disc = cell.centred(side, side)
    sheet.panel(disc, Look(colour, ON_PRIMARY, ON_PRIMARY), side)
    sheet.icon(sign, disc, round(side * 0.66), ON_PRIMARY)
