"""Which times fit: one start for everything that is done together, room in every segment on the way, no rule broken."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hospital import clock
from hospital.care.models import Patient
from hospital.examining import models as m, rules
from hospital.examining.opening import AHEAD

WALK = dt.timedelta(minutes=10)          # from one station to another
PATIENCE = dt.timedelta(minutes=90)      # at most between two examinations that are done together
LOOK_BACK = dt.timedelta(days=30)        # what was done that long ago stands in nobody's way
ONE_FAST = dt.timedelta(minutes=60)      # fasting tests this near each other need one fast only


@dataclass(frozen=True)
class Step:
    """One turn: at a station, `offset` after the first (draws) or after the one before it (None)."""

    station: m.Station
    tests: tuple[m.Test, ...]
    seconds: int
    offset: dt.timedelta | None = None


@dataclass(frozen=True)
class Leg:
    """A step that has found its segment and time."""

    step: Step
    segment: m.Segment
    start: dt.datetime

    @property
    def end(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=self.step.seconds)


Plan = tuple[Leg, ...]


def steps(tests: Sequence[m.Test]) -> tuple[Step, ...]:
    """What to do in which order: blood of all tests in one draw at each moment; examinations one after another."""
    if tests[0].station.kind == m.Kind.BLOOD:
        moments: dict[int, list[m.Test]] = defaultdict(list)
        for test in tests:
            for minute in test.draws or [0]:
                moments[minute].append(test)
        return tuple(Step(tests[0].station, tuple(of), max(test.seconds for test in of), dt.timedelta(minutes=minute))
                     for minute, of in sorted(moments.items()))
    return tuple(Step(test.station, (test,), test.seconds) for test in _in_order(tests))


def _in_order(tests: Sequence[m.Test]) -> list[m.Test]:
    """Fasting first, what ends the fast last among them, and every sequence kept."""
    rest = sorted(tests, key=lambda test: (not test.fasting, test.ends_fast, test.pk))
    first = {(one.first_id, one.then_id) for one in m.Sequence.objects.filter(first__in=tests, then__in=tests)}
    ordered: list[m.Test] = []
    while rest:
        chosen = next((test for test in rest if not any((other.pk, test.pk) in first for other in rest)), rest[0])
        ordered.append(chosen)
        rest.remove(chosen)
    return ordered


class Diary:
    """The segments of the stations that some tests need, for the days that can be booked; two queries."""

    def __init__(self, patient: Patient, tests: Sequence[m.Test], moving: m.Booking | None = None) -> None:
        self.patient, self.tests, self.steps = patient, tests, steps(tests)
        self.now = clock.now()
        until = clock.at(self.now.date() + dt.timedelta(days=AHEAD), 0)
        self.segments: dict[tuple[int, dt.date], list[m.Segment]] = defaultdict(list)
        stations = {step.station.pk for step in self.steps}
        for one in m.Segment.objects.filter(station__in=stations, end__gt=self.now, start__lt=until).order_by("start"):
            self.segments[one.station_id, clock.local(one.start).date()].append(one)
        self.taken_before = _own(moving)
        # A segment somebody already has in the booking that is being moved counts as free for themselves.
        turns = (m.Turn.objects.filter(booking__patient=patient, start__gt=self.now - LOOK_BACK,
                                       booking__state__in=(m.Booking.State.BOOKED, m.Booking.State.FULFILLED))
                 .prefetch_related("tests"))
        self.turns = list(turns.exclude(booking=moving) if moving else turns)
        self.sequences = list(m.Sequence.objects.all())

    def free(self, segment: m.Segment) -> int:
        """Seconds of work that the segment still has for this person."""
        return segment.capacity - segment.taken + self.taken_before[segment.pk]

    def plans(self, only: dt.date | None = None) -> Iterator[Plan]:
        """Every time that can be booked now (on one day), soonest first."""
        for day in sorted({day for _, day in self.segments} if only is None else {only}):
            found = [plan for first in self.segments[self.steps[0].station.pk, day] if (plan := self.plan(first))]
            if self.blood:
                old = rules.elderly(self.patient.born, day)
                kept = set(rules.preferred((_minute(plan[0].start) for plan in found), day, old))
                found = [plan for plan in found if _minute(plan[0].start) in kept]
            yield from found

    @property
    def blood(self) -> bool:
        return bool(self.steps[0].station.kind == m.Kind.BLOOD)

    def at(self, start: dt.datetime) -> Plan | None:
        """The plan that begins then, if it is one of those on offer."""
        return next((plan for plan in self.plans(clock.local(start).date()) if plan[0].start == start), None)

    def plan(self, first: m.Segment) -> Plan | None:
        """Everything, from the beginning of that segment; None where it does not fit or may not be."""
        if first.start < self.now or not self._may_begin(first):
            return None
        legs: list[Leg] = []
        used: Counter[int] = Counter()
        for step in self.steps:
            leg = self._leg(step, legs, first, used)
            if leg is None:
                return None
            used[leg.segment.pk] += step.seconds
            legs.append(leg)
        plan = tuple(legs)
        return None if clash(plan, self.turns, self.sequences) else plan

    def room(self, plan: Plan) -> int:
        """How many more people could have this very plan."""
        need: Counter[int] = Counter()
        for leg in plan:
            need[leg.segment.pk] += leg.step.seconds
        found = {leg.segment.pk: leg.segment for leg in plan}
        return min(self.free(found[pk]) // seconds for pk, seconds in need.items())

    def _may_begin(self, first: m.Segment) -> bool:
        minute, day = _minute(first.start), clock.local(first.start).date()
        last = [test.latest for test in self.tests if test.latest is not None]
        if self.blood:
            early = rules.latest((test.fasting, test.latest) for test in self.tests)
            return rules.may_begin(minute, day, rules.elderly(self.patient.born, day), early)
        return not last or minute <= min(last)

    def _leg(self, step: Step, legs: list[Leg], first: m.Segment, used: Counter[int]) -> Leg | None:
        day = clock.local(first.start).date()
        if not legs:
            candidates, earliest, until = [first], first.start, first.start
        elif step.offset is not None:
            earliest = until = legs[0].start + step.offset
            candidates = [one for one in self.segments[step.station.pk, day] if one.start <= earliest < one.end]
        else:
            walk = WALK if legs[-1].step.station != step.station else dt.timedelta()
            earliest = legs[-1].end + walk
            candidates, until = self.segments[step.station.pk, day], earliest + PATIENCE
        for one in candidates:
            start = max(one.start, earliest)
            fits = step.offset is not None or start + dt.timedelta(seconds=step.seconds) <= one.end
            if one.end > earliest and start <= until and fits and self.free(one) - used[one.pk] >= step.seconds:
                return Leg(step, one, start)
        return None


def _minute(at: dt.datetime) -> int:
    here = clock.local(at)
    return here.hour * 60 + here.minute


def _own(booking: m.Booking | None) -> Counter[int]:
    own: Counter[int] = Counter()
    for turn in booking.turns.all() if booking else ():
        own[turn.segment_id] += turn.seconds
    return own


# Rules between what is planned and what is booked.


def clash(plan: Plan, booked: Iterable[m.Turn], sequences: Iterable[m.Sequence]) -> str:
    """Why a plan cannot stand beside what the person has booked: overlap, fasting_apart, sequence; or ""."""
    ordered = list(sequences)
    for turn in booked:
        theirs = set(turn.tests.all())
        for leg in plan:
            if leg.start < turn.end + WALK and turn.start < leg.end + WALK:
                return "overlap"
            if _fasting_apart(leg, turn, theirs):
                return "fasting_apart"
            if any(_out_of_order(one, leg, turn, theirs) for one in ordered):
                return "sequence"
    return ""


def _fasting_apart(leg: Leg, turn: m.Turn, theirs: set[m.Test]) -> bool:
    """Two fasting tests on one morning: one right after the other, and none after what ends the fast."""
    mine = leg.step.tests
    if clock.local(leg.start).date() != clock.local(turn.start).date():
        return False
    if not (any(test.fasting for test in mine) and any(test.fasting for test in theirs)):
        return False
    before = theirs if turn.start < leg.start else mine
    gap = leg.start - turn.end if turn.start < leg.start else turn.start - leg.end
    return gap > ONE_FAST or any(test.ends_fast for test in before)


def _out_of_order(one: m.Sequence, leg: Leg, turn: m.Turn, theirs: set[m.Test]) -> bool:
    mine, wait = leg.step.tests, dt.timedelta(days=one.days)
    if one.first in mine and one.then in theirs:
        return turn.start <= leg.start < turn.start + wait
    if one.then in mine and one.first in theirs:
        return leg.start <= turn.start < leg.start + wait
    return False
