"""The rules of the blood draw, as plain functions: when it opens, how many windows, who may come when.

Times of day are minutes after midnight. The figures are those of the hospital's own regulation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

SUMMER, WINTER = (4, 10), (9, 16)       # month and day from which the hours are the summer's, the winter's
OPENS_SUMMER, OPENS_WINTER = 7 * 60, 7 * 60 + 30
CLOSES = 12 * 60
STEP = 15
WINDOWS = ((8 * 60, 4), (10 * 60, 6), (CLOSES, 2))      # until then, so many; after ten the later draws are left
FIRST = 30                              # minutes after opening that are kept for the elderly
ELDERLY = 65                            # years
FASTING_UNTIL = 9 * 60 + 30             # nobody is left without breakfast longer than that
AN_HOUR = 35                            # one nurse draws 30 to 40 people an hour
DRAW = 3600 // AN_HOUR                  # seconds
SHARE = 0.9                             # of the time is given away: some come unbooked, some are late


def opens(day: dt.date) -> int:
    """7:00 from 10 April, 7:30 from 16 September."""
    return OPENS_SUMMER if SUMMER <= (day.month, day.day) < WINTER else OPENS_WINTER


def windows(minute: int) -> int:
    """How many windows are open then, where the day is like others."""
    return next((count for until, count in WINDOWS if minute < until), 0)


def segments(day: dt.date) -> list[tuple[int, int]]:
    """The day's segments: when each begins, and with how many windows."""
    return [(minute, windows(minute)) for minute in range(opens(day), CLOSES, STEP)]


def capacity(windows: int, minutes: int = STEP) -> int:
    """Seconds of drawing that may be given away."""
    return int(windows * minutes * 60 * SHARE)


def age(born: dt.date | None, day: dt.date) -> int | None:
    """Full years on that day."""
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def elderly(born: dt.date | None, day: dt.date) -> bool:
    years = age(born, day)
    return years is not None and years >= ELDERLY


def latest(tests: Iterable[tuple[bool, int | None]]) -> int:
    """The last minute of the day at which a draw of these tests (fasting, its own latest) may begin."""
    return min((min(CLOSES if own is None else own, FASTING_UNTIL if fasting else CLOSES) for fasting, own in tests),
               default=CLOSES)


def may_begin(minute: int, day: dt.date, old: bool, last: int) -> bool:
    """The first half hour is for the elderly; fasting tests are early."""
    return opens(day) + (0 if old else FIRST) <= minute <= last


def preferred(minutes: Iterable[int], day: dt.date, old: bool) -> list[int]:
    """The elderly are offered the first half hour as long as it has room, and the rest of the day when it is full."""
    free = list(minutes)
    early = [minute for minute in free if minute < opens(day) + FIRST]
    return early if old and early else free
