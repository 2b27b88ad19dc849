"""Many people for few places at one instant, who hold and book as a machine does."""

from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connections, transaction

from hospital import clock
from hospital.care import booking, numbers, roster
from hospital.care.models import Department, Patient, Schedule, Slot
from hospital.outpatient import registering
from hospital.refusal import Refusal


@dataclass(frozen=True)
class Crowd:
    """What came of it. `slowest`, `seconds`: of one person's request, of all together."""

    given: int
    refused: int
    places_taken: int
    slowest: float
    seconds: float


def crowd(people: int = 500, places: int = 100, at_once: int = 16, channel: str = "kiosk") -> Crowd:
    """Everybody wants a place of one session tomorrow, and books it. Adds a department, a session and people to the
    database: of a test or a bench, never the hospital's own.

    `at_once`: requests served at the same time; all are waiting from the same moment on.
    """
    schedule = _session(places)
    names = [_person(number).pk for number in range(people)]
    segment = Slot.objects.filter(schedule=schedule).first()
    assert segment is not None
    where, gate, took = segment.segment, threading.Event(), list[float]()

    def want(patient: int) -> bool:
        gate.wait()
        began = time.perf_counter()
        try:
            with transaction.atomic():
                held = registering.hold(patient, where, "crowd", channel)
            with transaction.atomic():
                booking.confirm(booking.locked_hold(held.pk))
            return True
        except Refusal as no:
            assert no.code == "slot_full", no.code
            return False
        finally:
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(want, one) for one in names]
        gate.set()
        given = sum(one.result() for one in waiting)
        seconds = time.perf_counter() - began
        closing = threading.Barrier(at_once)
        list(pool.map(lambda _: (closing.wait(30), connections.close_all()), range(at_once)))
    return Crowd(given, people - given, Slot.objects.filter(schedule=schedule, booked=True).count(), max(took), seconds)


def _session(places: int) -> Schedule:
    department = Department.objects.create(code=f"CROWD{numbers.following('crowd')}", name_zh="抢号测试", name_en="Crowd",
                                           place_zh="-", place_en="-")
    day = clock.now().date() + dt.timedelta(days=1)
    schedule = Schedule.objects.create(department=department, kind=Schedule.Kind.GENERAL, day=day, half="am",
                                       start=clock.at(day, 480), end=clock.at(day, 540), fee=0,
                                       state=Schedule.State.OPEN, released_at=clock.now())
    Slot.objects.bulk_create(roster.cut(schedule, 60, places))
    return schedule


def _person(number: int) -> Patient:
    file = numbers.record_no()
    return Patient.objects.create(record_no=file, name=f"测试{number}", id_number=f"CROWD{file}", made_at=clock.now())
