"""64 clients want one doctor at the same time, until 100,000 numbers are booked: python -m hospital.figures rush.

All want the first segment that has a place, so all are at the same rows at any moment. On a PostgreSQL started here, on the
disk, with fsync. Afterwards no number may be given twice, none be left out, and nobody may have met a deadlock.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from multiprocessing import get_context

from hospital.figures._postgres import Postgres

BOOKINGS, CLIENTS, PROCESSES = 100_000, 64, 8
DAYS, STEP, PLACES = 50, 30, 250        # sessions of eight half hours: 50 × 8 × 250 places


def main(bookings: int = BOOKINGS) -> int:
    with tempfile.TemporaryDirectory(prefix="hospital-figures-") as folder:
        server = Postgres(durable=True)
        try:
            server.sql("CREATE DATABASE figures")
            os.environ.update(HOSPITAL_STATE=folder, DATABASE_URL=server.url("figures"),
                              DJANGO_SETTINGS_MODULE="hospital.settings")
            import django
            django.setup()
            return _measure(bookings)
        finally:
            server.stop()


def _measure(bookings: int) -> int:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    first, segments = _fill(bookings)
    connections.close_all()
    began = time.monotonic()
    with get_context("fork").Pool(PROCESSES) as pool:
        done = pool.map(_clients, [(first, bookings, at, segments) for at in range(PROCESSES)], chunksize=1)
    seconds, wrong = time.monotonic() - began, sum(done, Counter[str]())
    given, twice, left = _books()
    kept = given == bookings and not twice and not wrong
    print(f"rush: {CLIENTS} clients, one doctor: {given} of {bookings} booked in {seconds:.0f} s ({given / seconds:.0f}/s), "
          f"{twice} numbers twice, {left} left out, wrong: {dict(wrong) or 'nothing'}  {'pass' if kept else 'over'}")
    return int(not kept)


def _fill(bookings: int) -> tuple[int, list[str]]:
    """People and the doctor's sessions; the first person's key, and all segments in order."""
    from hospital import clock
    from hospital.care import roster
    from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot

    now = clock.now()
    people = Patient.objects.bulk_create((Patient(record_no=f"R{at}", name="测试", id_number=f"R{at}", made_at=now)
                                          for at in range(bookings)), batch_size=5000)
    department = Department.objects.create(code="RUSH", name_zh="抢号测试", name_en="Rush")
    doctor = Practitioner.objects.create(code="RUSH", name_zh="某", name_en="X", title="chief")
    segments: list[str] = []
    for ahead in range(1, DAYS + 1):
        day = now.date() + dt.timedelta(days=ahead)
        session = Schedule.objects.create(
            department=department, practitioner=doctor, kind="expert", day=day, half="am", start=clock.at(day, 480),
            end=clock.at(day, 720), fee=0, state="open", released_at=now)
        slots = Slot.objects.bulk_create(roster.cut(session, STEP, PLACES))
        segments += dict.fromkeys(one.segment for one in slots)
    return people[0].pk, segments


def _clients(work: tuple[int, int, int, list[str]]) -> Counter[str]:
    """One process's clients, each a thread with a connection of its own; what went wrong."""
    first, bookings, process, segments = work
    wrong = Counter[str]()
    threads = [threading.Thread(target=_client, args=(range(first + client, first + bookings, CLIENTS), segments, wrong))
               for client in range(process, CLIENTS, PROCESSES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return wrong


def _client(people: range, segments: list[str], wrong: Counter[str]) -> None:
    from django.db import DatabaseError, connections, transaction

    from hospital.care import booking
    from hospital.outpatient import registering
    from hospital.refusal import Refusal

    here, waiting = iter(segments), iter(people)
    segment, person = next(here), next(waiting, None)
    while person is not None:
        try:
            with transaction.atomic():
                held = registering.hold(person, segment, "rush")
            with transaction.atomic():
                booking.confirm(booking.locked_hold(held.pk))
        except Refusal as no:
            if no.code == "slot_full" and (further := next(here, None)) is not None:
                segment = further
                continue
            wrong[no.code] += 1
        except DatabaseError as error:
            wrong[type(error.__cause__).__name__] += 1
        person = next(waiting, None)
    connections.close_all()


def _books() -> tuple[int, int, int]:
    """Numbers booked; of these, given twice; numbers of full sessions that nobody got."""
    from hospital.care.models import Appointment, Slot

    given = list(Appointment.objects.order_by().values_list("slot__schedule", "slot__number"))
    codes = Appointment.objects.order_by().values("code").distinct().count()
    twice = len(given) - min(len(set(given)), codes)
    return len(given), twice, Slot.objects.filter(schedule__in={one for one, _ in given}, booked=False).count()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else BOOKINGS))
