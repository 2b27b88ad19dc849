"""Time that passes when a test says so, and a fuse that blows where a test says so: nothing in here waits."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

MORNING = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))     # a Monday


@dataclass(order=True)
class Alarm:
    due: float
    turn: int
    call: Callable[[], None] = field(compare=False)
    owner: str = field(compare=False, default="")


class Clock:
    """Seconds since the test began, and what is to happen at which of them. One thread, one order of events."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._alarms: list[Alarm] = []
        self._turns = itertools.count()

    def now(self) -> float:
        return self.seconds

    def wall(self) -> dt.datetime:
        return MORNING + dt.timedelta(seconds=self.seconds)

    def after(self, seconds: float, call: Callable[[], None], owner: str = "") -> Callable[[], None]:
        alarm = Alarm(self.seconds + seconds, next(self._turns), call, owner)
        heapq.heappush(self._alarms, alarm)
        return lambda: self._forget(lambda other: other is alarm)

    def drop(self, owner: str) -> None:
        """Everything that `owner` had still to do will not happen: its power is cut."""
        self._forget(lambda alarm: alarm.owner == owner)

    def go(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything happen that is due; with 0, what is due now."""
        end = self.seconds + seconds
        while self._alarms and self._alarms[0].due <= end:
            alarm = heapq.heappop(self._alarms)
            self.seconds = max(self.seconds, alarm.due)
            alarm.call()
        self.seconds = end

    def _forget(self, which: Callable[[Alarm], bool]) -> None:
        self._alarms = [alarm for alarm in self._alarms if not which(alarm)]
        heapq.heapify(self._alarms)


class PowerCut(BaseException):
    """Not an `Exception`: nothing in the program gets a chance to handle it."""


class Fuse:
    """Counts every moment that matters (before and after each commit and each act) and cuts the power at one of them."""

    def __init__(self) -> None:
        self.moments: list[str] = []
        self._left: int | None = None

    def arm(self, moments: int) -> None:
        """Blow at the `moments`-th moment from now (0: the very next)."""
        self._left = moments

    def disarm(self) -> None:
        self._left = None

    def pass_(self, moment: str) -> None:
        self.moments.append(moment)
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self._left = None
            raise PowerCut(moment)
