"""What can be booked: departments with what is left today, the sessions of a department, and how slots are cut."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q

from hospital import clock
from hospital.care.models import Department, Schedule, Slot
from hospital.refusal import Refusal


EVERYBODY: frozenset[str] = frozenset()


def free(now: dt.datetime, shares: frozenset[str] = EVERYBODY, of: str = "") -> Q:
    """The one meaning of "free": neither booked, nor held at this moment, nor kept for shares that are not among these.

    `of`: the way to the slot, where something else is looked for ("slots__").
    """
    words: dict[str, Q] = {word: Q(**{of + word: value}) for word, value in (
        ("booked", False), ("held_until__isnull", True), ("held_until__lte", now),
        ("share__in", sorted(shares | {""})), ("share_until__lte", now))}
    return (words["booked"] & (words["held_until__isnull"] | words["held_until__lte"])
            & (words["share__in"] | words["share_until__lte"]))


@dataclass
class Today:
    """What a department still has today. General clinics on one side, named doctors (expert, special) on the other."""

    general: int = 0
    expert: int = 0
    open: bool = False


def departments(shares: frozenset[str] = EVERYBODY) -> list[tuple[Department, Today, int]]:
    """All departments in the hospital's order, with what is left today for whoever has these shares, and their lowest
    fee (fen). Two queries."""
    now = clock.now()
    bookable = Q(schedules__state=Schedule.State.OPEN, schedules__day__gte=now.date(),
                 schedules__released_at__lte=now)
    # Grouping forgets the model's own order.
    found = (Department.objects.annotate(fee_from=Min("schedules__fee", filter=bookable))
             .order_by(*Department._meta.ordering))
    left: dict[int, Today] = defaultdict(Today)
    rows = (Slot.objects.filter(schedule__day=now.date(), schedule__state=Schedule.State.OPEN,
                                schedule__released_at__lte=now, end__gt=now)
            .values("schedule__department", "schedule__kind").order_by()
            .annotate(left=Count("id", filter=free(now, shares))))
    for row in rows:
        today = left[row["schedule__department"]]
        today.open = True
        if row["schedule__kind"] == Schedule.Kind.GENERAL:
            today.general += row["left"]
        else:
            today.expert += row["left"]
    return [(one, left[one.pk], one.fee_from or 0) for one in found]


@dataclass
class Segment:
    start: dt.datetime
    end: dt.datetime
    left: int


@dataclass
class Session:
    schedule: Schedule
    segments: list[Segment] = field(default_factory=list)


def sessions(department: int, days: int, shares: frozenset[str] = EVERYBODY) -> list[Session]:
    """The released sessions of a department from now on, without the segments that are over. Two queries; a third one
    where there is nothing."""
    found = offered(Q(department=department), days, shares)
    if not found and not Department.objects.filter(pk=department).exists():
        raise Refusal("unknown_department")
    return found


def offered(which: Q, days: int, shares: frozenset[str] = EVERYBODY) -> list[Session]:
    """The released sessions among those that `which` means, as `sessions`. Two queries, whatever it means."""
    now = clock.now()
    schedules = Schedule.objects.filter(
        which, state=Schedule.State.OPEN, released_at__lte=now, end__gt=now,
        day__range=(now.date(), now.date() + dt.timedelta(days=days - 1)))
    found = {one.pk: Session(one) for one in schedules.select_related("department", "practitioner")
             .order_by("day", "start", "kind", "practitioner__code")}
    moments = _Moments()
    for schedule, start, end, left in _left(list(found), now, shares) if found else ():
        found[schedule].segments.append(Segment(moments[start], moments[end], left))
    return [one for one in found.values() if one.segments]


def _left(schedules: list[int], now: dt.datetime, shares: frozenset[str]) -> list[tuple[int, Any, Any, int]]:
    """Places left of each segment that is not over, in order of time; "free" as `free` has it. Thousands of rows with a
    hundred moments between them, which come as the database has them: its driver takes longer to read them than it
    takes to count."""
    postgres = connection.vendor == "postgresql"
    some = "= ANY(%s)" if postgres else "IN (SELECT value FROM json_each(%s))"
    start, end = ('EXTRACT(EPOCH FROM start)::bigint', 'EXTRACT(EPOCH FROM "end")::bigint') if postgres else (
        "CAST(start AS TEXT)", 'CAST("end" AS TEXT)')
    mine, moment = sorted(shares | {""}), connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT schedule_id, {start}, {end}, places FROM ('
            ' SELECT schedule_id, start, "end", COUNT(CASE WHEN NOT booked AND (held_until IS NULL OR held_until <= %s)'
            f' AND (share IN ({", ".join(["%s"] * len(mine))}) OR share_until <= %s) THEN 1 END) AS places'
            f' FROM care_slot WHERE schedule_id {some} AND "end" > %s GROUP BY schedule_id, start, "end") AS segment'
            ' ORDER BY start',
            [moment, *mine, moment, schedules if postgres else json.dumps(schedules), moment])
        return list(cursor.fetchall())


class _Moments(dict[Any, dt.datetime]):
    """A moment as a database has it (seconds of 1970, or text; UTC), read once."""

    def __missing__(self, key: Any) -> dt.datetime:
        read = dt.datetime.fromtimestamp(key, dt.UTC) if isinstance(key, int) else dt.datetime.fromisoformat(key)
        self[key] = read if read.tzinfo else read.replace(tzinfo=dt.UTC)
        return self[key]


def cut(schedule: Schedule, minutes: int, places: int) -> list[Slot]:
    """The slots of a session, unsaved: segments of `minutes`, `places` numbers in each, numbered from 1.

    A last segment that would be shorter is left out.
    """
    step, start = dt.timedelta(minutes=minutes), schedule.start
    slots: list[Slot] = []
    while start + step <= schedule.end:
        slots += [Slot(schedule=schedule, number=len(slots) + place + 1, start=start, end=start + step)
                  for place in range(places)]
        start += step
    return slots


def cut_to_the_minute(schedule: Schedule, places: int) -> list[Slot]:
    """The slots of a session, unsaved: every place has a minute of its own, as evenly as whole minutes allow.

    More places than minutes are not given.
    """
    whole = int((schedule.end - schedule.start).total_seconds()) // 60
    places = min(places, whole)
    starts = [schedule.start + dt.timedelta(minutes=whole * place // places) for place in range(places)]
    return [Slot(schedule=schedule, number=number, start=start, end=end)
            for number, (start, end) in enumerate(zip(starts, [*starts[1:], schedule.end]), start=1)]
