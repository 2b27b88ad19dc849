"""What the examination rooms and the blood draw do all day: today's list, who came, who is done, who did not come; and
how many windows to open when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import ceil

from django.db import transaction
from django.db.models import Prefetch

from hospital import clock
from hospital.examining import models as m, rules
from hospital.refusal import Refusal

STEADY = 0.85       # of a nurse's time can be filled without a queue that grows (service times vary, people are late)


@dataclass(frozen=True)
class Stretch:
    """A segment of a station's day, with the turns in it and how many windows they need."""

    segment: m.Segment
    turns: tuple[m.Turn, ...]
    needed: int

    @property
    def waiting(self) -> int:
        return sum(turn.state == m.Turn.State.ARRIVED for turn in self.turns)


def day_list(station: int, day: dt.date | None = None) -> list[Stretch]:
    """The station's day by segments (今日名单). Three queries."""
    day = day or clock.now().date()
    turns = (m.Turn.objects.exclude(booking__state=m.Booking.State.CANCELLED).select_related("booking__patient")
             .prefetch_related("tests").order_by("start", "pk"))
    found = (m.Segment.objects.filter(station=station, start__gte=clock.at(day, 0), start__lt=clock.at(day, 1440))
             .select_related("station").prefetch_related(Prefetch("turns", turns, to_attr="of_day")).order_by("start"))
    needed = windows_needed([(one.taken, int((one.end - one.start).total_seconds())) for one in found])
    return [Stretch(one, tuple(one.of_day), count) for one, count in zip(found, needed, strict=True)]


def windows_needed(booked: list[tuple[int, int]]) -> list[int]:
    """For each segment (seconds booked, its length in seconds): how many windows to open, so that no queue is left for the
    next. Zero where nobody is booked."""
    return [ceil(work / (length * STEADY)) for work, length in booked]


@transaction.atomic
def arrived(turn: int) -> m.Turn:
    """They stand at the desk. Twice is fine. Raises unknown_turn, turn_over."""
    now = clock.now()
    _change(turn, (m.Turn.State.PLANNED, m.Turn.State.MISSED), state=m.Turn.State.ARRIVED, arrived_at=now)
    return _turn(turn, m.Turn.State.ARRIVED)


@transaction.atomic
def done(turn: int) -> m.Turn:
    """Drawn, examined. The later draws of the same visit count from the first needle, not from the plan; when all turns
    are over the visit is. Raises unknown_turn, turn_over."""
    now = clock.now()
    changed = _change(turn, (m.Turn.State.PLANNED, m.Turn.State.ARRIVED), state=m.Turn.State.DONE, done_at=now)
    found = _turn(turn, m.Turn.State.DONE)
    if changed:
        first = found.booking.turns.order_by("start").first()
        if found.booking.kind == m.Kind.BLOOD and first is not None and first.pk == found.pk:
            late = now - found.start
            for later in found.booking.turns.filter(state=m.Turn.State.PLANNED):
                m.Turn.objects.filter(pk=later.pk).update(start=later.start + late, end=later.end + late)
        _conclude(found.booking)
    return found


@transaction.atomic
def missed(turn: int) -> m.Turn:
    """They did not come. Raises unknown_turn, turn_over."""
    _change(turn, (m.Turn.State.PLANNED,), state=m.Turn.State.MISSED)
    found = _turn(turn, m.Turn.State.MISSED)
    _conclude(found.booking)
    return found


def end_days() -> int:
    """What nobody marked of the days that are over was missed. Returns how many visits were not finished."""
    old = m.Booking.objects.filter(state=m.Booking.State.BOOKED, start__lt=clock.at(clock.now().date(), 0))
    return sum(_end(one) for one in old.values_list("pk", flat=True))


@transaction.atomic
def _end(booking: int) -> bool:
    found = m.Booking.objects.select_for_update().filter(pk=booking, state=m.Booking.State.BOOKED).first()
    if found is None:
        return False
    found.turns.filter(state=m.Turn.State.PLANNED).update(state=m.Turn.State.MISSED)
    _conclude(found, over=True)
    return True


def _change(turn: int, before: tuple[str, ...], **words: object) -> int:
    """One guarded statement: of two desks that touch the same line, one changes it. The visit is locked first: of two that
    touch two lines of it, the second sees what the first has done; and nobody moves it meanwhile."""
    list(m.Booking.objects.select_for_update(of=("self",)).filter(turns=turn))
    return m.Turn.objects.filter(pk=turn, state__in=before, booking__state=m.Booking.State.BOOKED).update(**words)


def _turn(turn: int, state: str) -> m.Turn:
    found = m.Turn.objects.select_related("booking", "segment").filter(pk=turn).first()
    if found is None:
        raise Refusal("unknown_turn")
    if found.state != state:
        raise Refusal("turn_over", state=found.state)
    return found


def _conclude(booking: m.Booking, over: bool = False) -> None:
    """When all turns are over (or the day is), the visit is: an order of which everything was done is completed, another
    stands and can be booked again."""
    turns = list(booking.turns.prefetch_related("tests"))
    if not over and any(one.state in (m.Turn.State.PLANNED, m.Turn.State.ARRIVED) for one in turns):
        return
    came = any(one.state != m.Turn.State.MISSED for one in turns)
    m.Booking.objects.filter(pk=booking.pk).update(
        state=m.Booking.State.FULFILLED if came else m.Booking.State.NOSHOW)
    undone = {test.pk for one in turns if one.state != m.Turn.State.DONE for test in one.tests.all()}
    m.ServiceRequest.objects.filter(served__in=booking.served.exclude(order__test__in=undone)).update(
        state=m.ServiceRequest.State.COMPLETED)
    booking.served.filter(order__test__in=undone).update(live=False)


def opening(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When the blood draw opens and closes."""
    return clock.at(day, rules.opens(day)), clock.at(day, rules.CLOSES)
