"""When the mains fails: who stands here finishes, nobody new begins, and the machine stops before its battery does."""

from __future__ import annotations

import shlex
import subprocess
from enum import StrEnum

from drivers.contract import Power

PARK = 10.0             # seconds without mains after which no visit is begun: most failures are shorter
STOP = 180.0            # seconds on the battery after which the machine stops
GRACE = 15.0            # seconds that what is being settled gets before the stop
OFF, BACK = 60.0, 180.0  # seconds after which a UPS cuts the power, and gives it again: S01R0003
SPARE = 30.0            # seconds more, after which a machine that still lives was not stopped
COMMAND_TIME = 30.0     # seconds for the command that stops the machine


class Supply(StrEnum):
    """How the machine lives now."""

    WELL = "well"
    PARKED = "parked"        # on the battery: no new visits
    ENDING = "ending"        # the battery ends: the machine is being stopped, and opens again only if it lives on


class Outage:
    """Follows a failure of the mains through time; seconds are those of any monotonic clock."""

    def __init__(self) -> None:
        self.supply = Supply.WELL
        self._since: float | None = None        # when the mains was first missed
        self._low = False

    @property
    def mains(self) -> bool:
        """Is the mains there, as far as is known?"""
        return self._since is None

    def lives_on(self, now: float) -> Supply:
        """The machine was not stopped after all: what is measured from now on decides. Without mains it has as long as if
        it had failed just now, and nobody new begins."""
        if self._since is not None:
            self._since = now
        self.supply = Supply.WELL if self.mains else Supply.PARKED
        return self.supply

    def told(self, power: Power | None, now: float) -> Supply:
        """How the machine lives, `power` being what was measured; None: nobody could say. A battery that is asked no more
        runs out all the same."""
        if power is not None:
            self._low = power.low
            if power.mains:
                self._since = None
            elif self._since is None:
                self._since = now
        if self.supply is not Supply.ENDING:
            self.supply = self._now(now)
        return self.supply

    def _now(self, now: float) -> Supply:
        if self._since is None:
            return Supply.WELL
        if self._low or now - self._since >= STOP:
            return Supply.ENDING
        return Supply.PARKED if now - self._since >= PARK else self.supply


class Shutdown:
    """Stops the machine with a command of the system."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def __call__(self) -> None:
        """Raises OSError, subprocess.SubprocessError when the system does not do it."""
        subprocess.run(self._words, check=True, timeout=COMMAND_TIME, stdin=subprocess.DEVNULL, capture_output=True)
