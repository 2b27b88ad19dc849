"""Which sessions have how many places left, by the books of this very moment.

A lobby asks this far more often than it changes, and a department of forty doctors has four thousand segments in two
weeks. So what was read is remembered in this process, and each time the database is asked what has changed since: the
answer is always the one that reading everything would give. What changes by time alone (a hold that ends, a place that is
nobody's own any more, a session whose hour of release has come) is known beforehand, and read again at that moment.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL

from hospital import clock
from hospital.care import changes
from hospital.care.models import Department, Schedule
from hospital.refusal import Refusal

EVERYBODY: frozenset[str] = frozenset()
REMEMBERED = 60                 # answers, of a few hundred kilobytes each in a large department
# Threads that asked at one moment. A clock that was put back further has all read again.
_UNSTEADY = dt.timedelta(seconds=1)
_LONGEST = changes.KEPT_MINUTES * 60 / 6    # seconds: within what the list of changes goes back


class Segment(NamedTuple):
    start: dt.datetime
    end: dt.datetime
    left: int


@dataclass(frozen=True, eq=False)
class Session:
    """Shared by all who ask, and never changed: a session with something else about it is another one."""

    schedule: Schedule
    segments: tuple[Segment, ...]


def sessions(department: int, days: int, shares: frozenset[str] = EVERYBODY) -> list[Session]:
    """The released sessions of a department from now on, without the segments that are over; with what is left for
    whoever has these shares. One query where nothing has changed since it was last asked, two otherwise; one more
    where there is nothing. Raises unknown_department."""
    found = _remembered(department, days, shares)
    if not found and not Department.objects.filter(pk=department).exists():
        raise Refusal("unknown_department")
    return found


def offered(which: Q, days: int, shares: frozenset[str] = EVERYBODY) -> list[Session]:
    """The released sessions among those that `which` means, as `sessions`. Two queries, whatever it means."""
    now = clock.now()
    return _in_order(_read(_coming(which, days, now), now, shares))


# From the books.

class _Known(NamedTuple):
    session: Session
    until: dt.datetime      # so long time alone changes nothing


def _coming(which: Q, days: int, now: dt.datetime) -> QuerySet[Schedule]:
    """Released or not."""
    return (Schedule.objects.filter(which, state=Schedule.State.OPEN, end__gt=now,
                                    day__range=(now.date(), now.date() + dt.timedelta(days=days - 1)))
            .select_related("department", "practitioner").order_by("day", "start", "kind", "practitioner__code"))


def _read(schedules: Iterable[Schedule], now: dt.datetime, shares: frozenset[str]) -> dict[int, _Known]:
    """In the order of `schedules`. One query besides theirs."""
    every = list(schedules)
    released = [one.pk for one in every if one.released_at <= now]
    parts: dict[int, list[Segment]] = {pk: [] for pk in released}
    until: dict[int, dt.datetime] = {}
    moments = _Moments()
    for pk, start, end, left, *ends in _left(released, now, shares) if released else ():
        segment = Segment(moments[start], moments[end], left)
        parts[pk].append(segment)
        until[pk] = min([until.get(pk, segment.end), segment.end, *(moments[one] for one in ends if one is not None)])
    return {one.pk: _Known(Session(one, tuple(parts.get(one.pk, ()))),
                           until.get(one.pk, one.end) if one.pk in parts else one.released_at) for one in every}


def _in_order(known: dict[int, _Known]) -> list[Session]:
    return [one.session for one in known.values() if one.session.segments]


def _left(schedules: list[int], now: dt.datetime, shares: frozenset[str]) -> list[tuple[Any, ...]]:
    """Places left of each segment that is not over, in order of time, "free" as `roster.free` has it; and when the first
    of its holds, and of its places kept for somebody, will end. Thousands of rows with a hundred moments between them,
    which come as the database has them: its driver takes longer to read them than it takes to count."""
    postgres = connection.vendor == "postgresql"
    some = "= ANY(%s)" if postgres else "IN (SELECT value FROM json_each(%s))"
    said = "FLOOR(EXTRACT(EPOCH FROM {}))::bigint" if postgres else "CAST({} AS TEXT)"
    mine, moment = sorted(shares | {""}), connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT schedule_id, {said.format('start')}, {said.format('ending')}, places, {said.format('held')},"
            f" {said.format('kept')} FROM ("
            ' SELECT schedule_id, start, "end" AS ending,'
            ' COUNT(CASE WHEN NOT booked AND (held_until IS NULL OR held_until <= %s)'
            f' AND (share IN ({", ".join(["%s"] * len(mine))}) OR share_until <= %s) THEN 1 END) AS places,'
            " MIN(CASE WHEN NOT booked AND held_until > %s THEN held_until END) AS held,"
            " MIN(CASE WHEN NOT booked AND share_until > %s THEN share_until END) AS kept"
            f' FROM care_slot WHERE schedule_id {some} AND "end" > %s GROUP BY schedule_id, start, "end") AS segment'
            " ORDER BY start",
            [moment, *mine, moment, moment, moment, schedules if postgres else json.dumps(schedules), moment])
        return list(cursor.fetchall())


class _Moments(dict[Any, dt.datetime]):
    """A moment as a database has it (seconds of 1970, or text; UTC), read once."""

    def __missing__(self, key: Any) -> dt.datetime:
        read = dt.datetime.fromtimestamp(key, dt.UTC) if isinstance(key, int) else dt.datetime.fromisoformat(key)
        self[key] = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
        return self[key]


# Remembered.

@dataclass(frozen=True)
class _Shelf:
    """What was read: by which horizon of `changes`, at which moment of the hospital's, and of this machine's clock."""

    horizon: int
    moment: dt.datetime
    read_at: float
    known: dict[int, _Known]


_shelves: OrderedDict[tuple[Any, ...], _Shelf] = OrderedDict()
_lock = Lock()


def forget() -> None:
    """For whoever puts other books in the place of these."""
    with _lock:
        _shelves.clear()


def _remembered(department: int, days: int, shares: frozenset[str]) -> list[Session]:
    now = clock.now()
    if connection.in_atomic_block:
        # It may have changed something itself, which others do not see yet, or never will.
        return offered(Q(department=department), days, shares)
    books = connection.settings_dict
    key = (books["NAME"], books["HOST"], books["PORT"], department, days, now.date(), shares)
    with _lock:
        shelf = _shelves.get(key)
    fresh = _brought_up_to_date(shelf, department, now, shares) if shelf else None
    if fresh is None:
        fresh = _taken_in(_coming(Q(department=department), days, now), now, shares)
    with _lock:
        if fresh:       # two threads may bring theirs: each is true, and knows from where to ask
            _shelves[key] = fresh
            _shelves.move_to_end(key)
            while len(_shelves) > REMEMBERED:
                _shelves.popitem(last=False)
    return _in_order(fresh.known) if fresh else []


def _taken_in(coming: QuerySet[Schedule], now: dt.datetime, shares: frozenset[str]) -> _Shelf | None:
    """All of it; None where there is nothing. The horizon comes with the sessions, so before their places are counted."""
    found = list(coming.annotate(horizon=RawSQL(changes.horizon_sql(), (), BigIntegerField())))
    if not found:
        return None
    horizon = found[0].horizon      # type: ignore[attr-defined]
    return _Shelf(horizon, now, time.monotonic(), _read(found, now, shares))


def _brought_up_to_date(shelf: _Shelf, department: int, now: dt.datetime, shares: frozenset[str]) -> _Shelf | None:
    """Only what may have changed is read again; None where that is everything."""
    if now < shelf.moment - _UNSTEADY or time.monotonic() - shelf.read_at > _LONGEST:
        return None
    changed = changes.since(shelf.horizon, department)
    if changed.everything:
        return None
    known = shelf.known
    stale = {pk for pk, one in known.items() if one.until <= now} | (changed.sessions & known.keys())
    if stale:
        again = [one.session.schedule for pk, one in known.items() if pk in stale and one.session.schedule.end > now]
        known = {pk: one for pk, one in known.items() if pk not in stale} if len(again) < len(stale) else dict(known)
        known.update(_read(again, now, shares))
    return replace(shelf, horizon=changed.horizon, moment=max(now, shelf.moment), known=known)
