"""The hours in which the machine sleeps, kept to the second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from kiosk.dialogue import Cancel

Hours = tuple[dt.time, dt.time]
DAY = dt.timedelta(days=1)
LOOK = 20.0         # seconds between two looks at the time of day at the longest: it may be set meanwhile


def asleep(hours: Hours, now: dt.time) -> bool:
    """Is it time to sleep? The hours may go over midnight; the first minute is asleep, the last one awake."""
    begin, end = hours
    return begin <= now < end if begin < end else now >= begin or now < end


class Sleep:
    """Says when the machine falls asleep and when it wakes: `tell` hears it at the moment that is due, and at the start if
    it is to sleep then. `after` is the main thread's clock, `wall` the time of day."""

    def __init__(self, hours: Hours, after: Callable[[float, Callable[[], None]], Cancel], wall: Callable[[], dt.datetime],
                 tell: Callable[[bool], None]) -> None:
        self._hours, self._after, self._wall, self._tell = hours, after, wall, tell
        self._asleep = False
        self._look()

    def _look(self) -> None:
        now = self._wall()
        if (sleeps := asleep(self._hours, now.time())) is not self._asleep:
            self._asleep = sleeps
            self._tell(sleeps)
        self._after(min(LOOK, *(self._until(border, now) for border in self._hours)), self._look)

    @staticmethod
    def _until(border: dt.time, now: dt.datetime) -> float:
        left = (dt.datetime.combine(now.date(), border, now.tzinfo) - now) % DAY or DAY
        return left.total_seconds()
