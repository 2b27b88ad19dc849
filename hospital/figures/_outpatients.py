"""A day of an outpatient department that nobody lives through: people book, come, are called, seen, missed, sent for tests,
by the hospital's own verbs on a database of its own. Seeded; its clock jumps from one thing that happens to the next."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from hospital import clock
from hospital.care import booking, roster
from hospital.care.models import Appointment, Department, Hold, Patient, Practitioner, Schedule, Slot
from hospital.queueing import arriving, calling, waiting
from hospital.queueing.models import Room, Ticket
from hospital.refusal import Refusal

DAY = dt.date(2026, 11, 24)
HALVES = (("am", 8 * 60, 12 * 60), ("pm", 13 * 60 + 30, 17 * 60 + 30))
PLACES = 13             # in each half hour of a department
ROOMS = 3
VISIT = 6.0             # minutes, the mean of a doctor; doctors differ by a fifth
OLD, WALK_IN, ABSENT, MISSING, TESTS = 0.25, 0.2, 0.06, 0.04, 0.08      # parts of all who booked
SEGMENTS = 16           # half hours of the day


@dataclass
class Told:
    """What somebody was told at check-in, and what came of it, in minutes."""

    ahead: int
    wait: waiting.Wait | None
    actual: float | None = None


@dataclass
class Day:
    """`visits` bookings in so many departments."""

    seed: int
    visits: int
    departments: int
    told: dict[int, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._coming: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._now = clock.at(DAY - dt.timedelta(days=1), 12 * 60)
        self._joined: dict[int, dt.datetime] = {}
        self._busy: set[int] = set()

    def live(self) -> None:
        """From the first booking to the last who is seen."""
        with self._time():
            self._build()
            self._book()
            while self._coming:
                self._now, _, happen = heapq.heappop(self._coming)
                happen()
            for who, room, _ in self._doctors:
                calling.rise(who, room)

    def broken(self) -> list[str]:
        """What is not as it must be after the day; a sentence each."""
        wrong = []
        tickets = list(Ticket.objects.all())
        twice = [key for key, count in Counter((one.department_id, one.number) for one in tickets).items() if count > 1]
        wrong += [f"number {number} was given twice in department {department}" for department, number in twice]
        wrong += [f"ticket {one.pk} was overtaken {one.overtaken} times" for one in tickets if one.overtaken > 5]
        wrong += [f"ticket {one.pk} ends {one.state}" for one in tickets if one.state != Ticket.State.DONE]
        booked = Appointment.objects.exclude(state__in=("fulfilled", "booked")).count()
        seen = Appointment.objects.filter(state="fulfilled").count()
        if booked or seen != len(tickets):
            wrong.append(f"{len(tickets)} checked in, {seen} were seen")
        if Slot.objects.filter(booked=True).count() != Appointment.objects.count():
            wrong.append("slots and bookings do not agree")
        return wrong

    @contextmanager
    def _time(self) -> Iterator[None]:
        before, clock.now = clock.now, lambda: self._now        # type: ignore[assignment]
        try:
            yield
        finally:
            clock.now = before

    def _build(self) -> None:
        made = Department.objects.bulk_create(
            Department(code=f"D{at}", name_zh=f"{at} 科", name_en=f"Department {at}", place_zh="", place_en="")
            for at in range(self.departments))
        self._doctors: list[tuple[Practitioner, Room, float]] = []
        self._sessions: dict[int, list[Schedule]] = {}
        for department in made:
            sessions = [Schedule.objects.create(
                department=department, kind="general", day=DAY, half=half, start=clock.at(DAY, start),
                end=clock.at(DAY, end), fee=0, state="open", released_at=self._now) for half, start, end in HALVES]
            for session in sessions:
                Slot.objects.bulk_create(roster.cut(session, 30, PLACES))
            self._sessions[department.pk] = sessions
            for at in range(ROOMS):
                code = f"{department.code}-{at}"
                who = Practitioner.objects.create(code=code, name_zh="某", name_en="X", title="attending")
                room = Room.objects.create(code=code, department=department, name_zh=code, name_en=code)
                doctor = (who, room, VISIT * self._random.uniform(0.8, 1.2))
                self._doctors.append(doctor)
                for session in sessions:
                    self._at(session.start, lambda d=doctor, s=session: self._sit(d, s))

    def _book(self) -> None:
        places = [slot for sessions in self._sessions.values() for session in sessions
                  for slot in Slot.objects.filter(schedule=session).order_by("number")]
        chosen = self._random.sample(places, min(self.visits, len(places)))
        old, young = dt.date(1950, 1, 1), dt.date(1990, 1, 1)
        people = Patient.objects.bulk_create(
            Patient(record_no=f"{at:08d}", name=f"测试{at}", id_number=f"T{at:08d}", made_at=self._now,
                    born=old if self._random.random() < OLD else young) for at in range(len(chosen)))
        for person, slot in zip(people, chosen, strict=True):
            came = slot.start + dt.timedelta(minutes=self._random.gauss(-15, 12))
            came = max(came, slot.start - dt.timedelta(minutes=55))
            if self._random.random() < WALK_IN:
                self._at(came - dt.timedelta(minutes=5), lambda p=person, s=slot, c=came: self._take(p, s, c))
            else:
                self._take(person, slot, came)

    def _take(self, person: Patient, slot: Slot, came: dt.datetime) -> None:
        """Hold and book, as a machine does; somebody who finds it over goes away."""
        try:
            with transaction.atomic():
                held: Hold = booking.hold(person.pk, slot.segment, "simulated")
                booked = booking.confirm(held)
        except Refusal:
            return
        if self._random.random() >= ABSENT:
            self._at(max(came, self._now), lambda: self._come(booked))

    def _come(self, booked: Appointment) -> None:
        with transaction.atomic():
            found = Appointment.objects.select_related("slot__schedule", "patient").get(pk=booked.pk)
            ticket = arriving.check_in(found)
        outlook = waiting.of(ticket)
        self.told[ticket.pk] = Told(outlook.ahead, outlook.wait)
        self._joined[ticket.pk] = self._now
        self._wake(ticket.department_id)

    def _wake(self, department: int) -> None:
        """Somebody waits: whoever has nothing to do calls."""
        idle = [doctor for doctor in self._doctors
                if doctor[1].department_id == department and doctor[1].pk not in self._busy]
        for doctor in idle[:1]:
            if self._now >= self._sessions[department][0].start:
                self._call(doctor)

    def _sit(self, doctor: tuple[Practitioner, Room, float], session: Schedule) -> None:
        calling.sit(doctor[0], doctor[1], session)
        if doctor[1].pk not in self._busy:
            self._call(doctor)

    def _call(self, doctor: tuple[Practitioner, Room, float]) -> None:
        who, room, pace = doctor
        self._busy.discard(room.pk)
        ticket = calling.call_next(who, room)
        if ticket is None:
            return
        self._busy.add(room.pk)
        told = self.told[ticket.pk]
        if told.actual is None:
            told.actual = (self._now - self._joined[ticket.pk]).total_seconds() / 60
        if self._random.random() < MISSING and ticket.misses == 0:
            self._in(1, lambda: (calling.skip(who, room), self._call(doctor)))
            return
        tests = self._random.random() < TESTS and ticket.standing != Ticket.Standing.RESULTS
        self._in(self._random.gammavariate(3, pace / 3), lambda: self._seen(doctor, ticket, tests))

    def _seen(self, doctor: tuple[Practitioner, Room, float], ticket: Ticket, tests: bool) -> None:
        if tests and self._now < self._sessions[ticket.department_id][-1].end - dt.timedelta(minutes=60):
            calling.done(doctor[0], doctor[1], comes_back=True)
            self._in(40, lambda: self._back(ticket))
        self._call(doctor)

    def _back(self, ticket: Ticket) -> None:
        with transaction.atomic():
            arriving.rejoin(Ticket.objects.select_related("patient").get(pk=ticket.pk))
        self._wake(ticket.department_id)

    def _at(self, moment: dt.datetime, happen: Callable[[], object]) -> None:
        heapq.heappush(self._coming, (moment, next(self._count), happen))

    def _in(self, minutes: float, happen: Callable[[], object]) -> None:
        self._at(self._now + dt.timedelta(minutes=minutes), happen)


def area(departments: int, waiting: int) -> list[tuple[Practitioner, Room]]:
    """A doctor in a room of each department, now, and people who wait for them."""
    now = clock.now()
    made = []
    for at in range(departments):
        department = Department.objects.create(code=f"B{at}", name_zh=f"{at} 科", name_en=f"Department {at}",
                                               place_zh="", place_en="")
        session = Schedule.objects.create(
            department=department, kind="general", day=clock.local(now).date(), half="am", fee=0, state="open",
            start=now - dt.timedelta(minutes=1), end=now + dt.timedelta(minutes=10), released_at=now)
        who = Practitioner.objects.create(code=f"B{at}", name_zh="某", name_en="X", title="attending")
        room = Room.objects.create(code=f"B{at}", department=department, name_zh=f"{at} 诊室", name_en=f"Room {at}")
        sitting = calling.sit(who, room, session)
        for number in range(waiting):
            person = Patient.objects.create(record_no=f"{at}-{number}", name="测试甲", id_number=f"{at}-{number}", made_at=now)
            Ticket.objects.create(queue=sitting.queue, department=department, day=sitting.queue.day, number=number + 1,
                                  patient=person, standing="booked", place=now, turn=now, arrived_at=now, joined_at=now)
        made.append((who, room))
    return made
