"""Departments with what is left today, what "free" means, and how the slots of a session are cut."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Min, Q

from hospital import clock
from hospital.care.availability import EVERYBODY
from hospital.care.models import Department, Schedule, Slot


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
