"""Segments for the days ahead; how many windows stand open in each. On the hospital's holidays there are none: what was cut
before a day became one, and nobody has booked, is taken away."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest

from hospital import clock
from hospital.examining import rules
from hospital.examining.models import Kind, Segment, Station, Turn
from hospital.outpatient import calendar

AHEAD = 14       # days that can be booked, today among them


def open_ahead(first: dt.date | None = None, days: int = AHEAD) -> int:
    """Cut the days that are not cut yet. Safe to run again, and from several sides at once. Returns how many segments."""
    first = first or clock.now().date()
    closed = calendar.of(first, first + dt.timedelta(days=days - 1)).closed
    open_ = [day for day in (first + dt.timedelta(days=ahead) for ahead in range(days)) if day not in closed]
    fresh = [one for station in Station.objects.all() for day in open_ for one in _cut(station, day)]
    known = set(Segment.objects.filter(start__gte=clock.at(first, 0)).values_list("station", "start"))
    missing = [one for one in fresh if (one.station_id, one.start) not in known]
    Segment.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    return len(missing)


def keep_ahead() -> int:
    """`open_ahead`, where a day is not cut yet; and holidays closed. A few queries on all other occasions."""
    first = clock.now().date()
    closed = calendar.of(first, first + dt.timedelta(days=AHEAD - 1)).closed
    for day in closed:
        _close(day)
    blood = Segment.objects.filter(station__kind=Kind.BLOOD, start__gte=clock.at(first, 0))
    cut = {one.date() for one in blood.datetimes("start", "day", tzinfo=clock.zone())}
    wanted = {first + dt.timedelta(days=ahead) for ahead in range(AHEAD)} - closed
    return open_ahead() if wanted - cut and Station.objects.filter(kind=Kind.BLOOD).exists() else 0


def _close(day: dt.date) -> None:
    """Nobody more on this day. Each a single statement: who is just booking makes `taken` more, or finds no room."""
    of_day = Segment.objects.filter(start__gte=clock.at(day, 0), start__lt=clock.at(day, 1440))
    of_day.filter(~Exists(Turn.objects.filter(segment=OuterRef("pk"))), taken=0)._raw_delete(of_day.db)
    of_day.filter(Q(capacity__gt=F("taken")) | Q(windows__gt=0)).update(capacity=F("taken"), windows=0)


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
