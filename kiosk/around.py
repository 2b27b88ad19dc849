"""What happens around the machine (kiosk/cabinet.py tells it), and what it means for whoever stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kiosk.dialogue import Dialogue
from kiosk.power import Supply
from kiosk.requests import Welcome


@dataclass(frozen=True)
class Door:
    """A door of the machine was opened, or all are shut."""

    open: bool


@dataclass(frozen=True)
class Presence:
    """Somebody came, after a while without anybody; or nobody has been there for that while."""

    there: bool


@dataclass(frozen=True)
class Supplied:
    """How the machine's electricity is now."""

    supply: Supply


@dataclass(frozen=True)
class Sensed:
    """Another wired input changed: smoke, a second sensor."""

    name: str
    on: bool


Happening = Door | Presence | Supplied | Sensed


class Hall(Protocol):
    """What of the stage is concerned."""

    dialogue: Dialogue

    def close_for(self, by: str, what: Mapping[str, str]) -> None: ...
    def send_away(self) -> None: ...
    def door(self, is_open: bool) -> None: ...


def around(hall: Hall, event: Happening, note: Callable[..., None]) -> None:
    """Facts, and: an open door, like a failing mains, closes the machine for new visits; a battery that ends, for all.
    Nobody there is a warning, and no more: a sensor does not see who stands still."""
    match event:
        case Door(is_open):
            note("door", open=is_open)
            hall.close_for("door", {"all": "door"} if is_open else {})
            hall.door(is_open)
        case Supplied(supply):
            note("supply", now=supply.value)
            hall.close_for("power", {} if supply is Supply.WELL else {"all": "power"})
            if supply is Supply.ENDING:
                hall.send_away()
        case Presence(False):
            hall.dialogue.nobody()
        case Presence(True) if isinstance(page := hall.dialogue.asking, Welcome):
            note("arrived")
            hall.dialogue.replace(page)             # drawn anew: a screen that dozed wakes
        case Sensed(name, on):
            note("sensed", name=name, on=on)
