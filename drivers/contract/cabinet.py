"""The machine around the devices: lights, doors, presence, power. Names are functions, not numbers of terminals.

Which terminal of which board is which is wiring, and wiring is settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.contract.driver import Driver


class Flash(StrEnum):
    """How a light shines (XFS4IoT Lights, flashRate)."""

    OFF = "off"
    SLOW = "slow"                # 1 Hz: look here
    QUICK = "quick"              # 2.5 Hz: take it, before it is drawn in
    STEADY = "steady"


class Lights(Driver, Protocol):
    def shine(self, lights: Mapping[str, Flash]) -> None:
        """Set the named lights (`idcard`, `social`, `visit_card`, `stripe`, `scanner`, `printer`, `terminal`, `cards`);
        those not named go out, and names that are not wired are nothing. Where the board does not flash by itself,
        `tick` does.

        Raises NoAnswer, Gone.
        """
        ...

    def tick(self) -> float | None:
        """Do what flashing needs now; seconds until the next time, None when nothing flashes. Raises NoAnswer, Gone."""
        ...


class Inputs(Driver, Protocol):
    def sense(self) -> Mapping[str, bool]:
        """The wired inputs by name, debounced (two equal readings): `door`, `presence`, `mains`, `smoke`, …; True: open,
        somebody, there, smoke. A wired input that was not read is left out: nothing is known of it.

        Raises NoAnswer, Gone.
        """
        ...


@dataclass(frozen=True)
class Power:
    """Where the machine's electricity comes from. `battery`: percent left, None where the device cannot tell."""

    mains: bool
    low: bool = False
    fault: bool = False
    battery: int | None = None


class Ups(Driver, Protocol):
    def power(self) -> Power:
        """Raises NoAnswer, Gone."""
        ...

    def off_and_back(self, after: float, back: float) -> None:
        """Cut the machine's power in `after` seconds, and give it again `back` seconds after the mains is there.

        Raises NoAnswer, Gone.
        """
        ...
