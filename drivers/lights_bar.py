"""Light bars of hospital kiosks: three bytes, 03 AA and a mask of eight lamps, at 9600 8N1. They never answer.

Source: the frame and the order of lamps as one Chinese kiosk maker's software uses them; not confirmed on hardware.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from drivers.contract import Flash, Link, State, Status

# The codec.

HEAD = bytes.fromhex("03 AA")
# Which bit is which lamp, from the lowest: receipt printer, bank card, visit or social card, card dispenser, laser printer,
# record printer, invoice printer, and one to spare.
LAMPS = {"printer": 0, "terminal": 1, "visit_card": 2, "social": 2, "cards": 3, "report": 4, "records": 5, "invoice": 6}


def frame(mask: int) -> bytes:
    """The whole bar at once; bit 0 is the first lamp."""
    return HEAD + bytes((mask,))


def impersonal(data: bytes) -> bool:
    """May the spy show it? Always: lamps are nobody's."""
    return True


# The device: the codec over a line.

PATIENCE = 0.5                                  # seconds for the line to take three bytes
HALF = {Flash.SLOW: 0.5, Flash.QUICK: 0.2}      # seconds on, and off: 1 Hz, 2.5 Hz (never 3: WCAG 2.2, 2.3.1)


class Device:
    """A bar. Options: a light's name and its lamp, 0-7, where a bar is labelled otherwise: `idcard=2 scanner=7`."""

    def __init__(self, link: Link, **wiring: str) -> None:
        for name, lamp in wiring.items():
            if lamp not in "01234567" or len(lamp) != 1:
                raise ValueError(f"{name} is a lamp from 0 to 7, not {lamp}")
        self._link = link
        self._lamps = LAMPS | {name: int(lamp) for name, lamp in wiring.items()}
        self._wanted: Mapping[str, Flash] = {}
        self._began = 0.0                       # when the wanted lights were set: flashing begins with light
        self._mask = -1                         # as last sent; -1: nothing yet

    def identify(self) -> str:
        self._link.read(0)
        return "light bar"

    def status(self) -> Status:
        """ONLINE while the line is open: a light bar says nothing. It is sent its mask again, should it have lost it."""
        self._link.read(0)
        self._send(self._now()[0])
        return Status(State.ONLINE)

    def shine(self, lights: Mapping[str, Flash]) -> None:
        if lights != self._wanted:
            self._wanted, self._began = dict(lights), time.monotonic()
        self.tick()

    def tick(self) -> float | None:
        mask, pause = self._now()
        if mask != self._mask:
            self._send(mask)
        return pause

    def _now(self) -> tuple[int, float | None]:
        """The mask that is right now, and the seconds until it is another."""
        passed = time.monotonic() - self._began
        mask, waits = 0, []
        for name, lamp in self._lamps.items():
            flash = self._wanted.get(name, Flash.OFF)
            half = HALF.get(flash)
            if half:
                waits.append(half - passed % half)
            if flash is not Flash.OFF and not (half and passed // half % 2):
                mask |= 1 << lamp
        return mask, min(waits, default=None)

    def _send(self, mask: int) -> None:
        self._mask = -1                         # unknown, until the line has taken it
        self._link.write(frame(mask), PATIENCE)
        self._mask = mask
