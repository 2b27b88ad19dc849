"""Segments for the days ahead; how many windows stand open in each."""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.db.models.functions import Greatest

from hospital import clock
from hospital.examining import rules
from hospital.examining.models import Kind, Segment, Station

AHEAD = 14       # days that can be booked, today among them


def open_ahead(first: dt.date | None = None, days: int = AHEAD) -> int:
    """Cut the days that are not cut yet. Safe to run again, and from several sides at once. Returns how many segments."""
    first = first or clock.now().date()
    fresh = [one for station in Station.objects.all() for day in range(days)
             for one in _cut(station, first + dt.timedelta(days=day))]
    known = set(Segment.objects.filter(start__gte=clock.at(first, 0)).values_list("station", "start"))
    missing = [one for one in fresh if (one.station_id, one.start) not in known]
    Segment.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    return len(missing)


def keep_ahead() -> int:
    """`open_ahead`, where the last day is not cut yet: two queries on all other occasions."""
    last = clock.now().date() + dt.timedelta(days=AHEAD - 1)
    cut = Segment.objects.filter(station__kind=Kind.BLOOD, start__gte=clock.at(last, 0))
    blood = Station.objects.filter(kind=Kind.BLOOD)
    return open_ahead() if blood.exists() and not cut.exists() else 0


def _cut(station: Station, day: dt.date) -> list[Segment]:
    if station.kind == Kind.BLOOD:
        return [_segment(station, day, minute, rules.STEP, count, rules.capacity(count))
                for minute, count in rules.segments(day)]
    return [_segment(station, day, minute, station.step, station.rooms, station.rooms * station.step * 60)
            for minute in range(station.opens, station.closes - station.step + 1, station.step)]


def _segment(station: Station, day: dt.date, minute: int, length: int, windows: int, capacity: int) -> Segment:
    return Segment(station=station, start=clock.at(day, minute), end=clock.at(day, minute + length), windows=windows,
                   capacity=capacity)


def set_windows(station: int, start: dt.datetime, end: dt.datetime, windows: int) -> int:
    """So many windows (rooms) from `start` to `end`. Who is booked stays booked. Returns how many segments changed."""
    changed = 0
    for one in Segment.objects.select_related("station").filter(station=station, start__gte=start, start__lt=end):
        minutes = int((one.end - one.start).total_seconds()) // 60
        blood = one.station.kind == Kind.BLOOD
        room = rules.capacity(windows, minutes) if blood else windows * minutes * 60
        changed += Segment.objects.filter(pk=one.pk).update(windows=windows, capacity=Greatest(F("taken"), room))
    return changed
