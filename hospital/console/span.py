"""A day, or a stretch of days, that somebody looks at."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest

from hospital import clock

LONGEST = 366


@dataclass(frozen=True)
class Span:
    first: dt.date
    last: dt.date       # is part of it

    @classmethod
    def of(cls, request: HttpRequest, back: int, on: int) -> Span:
        """?first&last; without them from `back` days ago to `on` days ahead. Never longer than LONGEST days."""
        today = clock.now().date()
        first = day_of(request.GET.get("first", ""), today - dt.timedelta(days=back))
        last = day_of(request.GET.get("last", ""), max(first, today + dt.timedelta(days=on)))
        return cls(first, max(first, min(last, first + dt.timedelta(days=LONGEST - 1))))

    @property
    def days(self) -> list[dt.date]:
        return [self.first + dt.timedelta(days=one) for one in range((self.last - self.first).days + 1)]


def day_of(text: str, otherwise: dt.date) -> dt.date:
    """What somebody asked for, where it is a day of this century."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if 2000 <= day.year < 2100 else otherwise
