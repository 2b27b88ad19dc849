"""Holding and booking under load, on the verbs themselves: python -m hospital.figures.booking.

PostgreSQL is started here (on the disk, with fsync), SQLite is a file in a new folder. Each database is measured in a
process of its own, clients in processes or threads of that. Numbers are compared with pgbench, which runs the very
statements that one hold and one booking were seen to make.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.db.models import Q

from hospital.figures._postgres import Postgres

CLIENTS, PAIRS = 8, 250             # hold and book: so many clients, so often each
WARM = 10                           # and before: a connection plans a statement anew the first five times
CROWD, PLACES, SERVED = 500, 100, 16    # people at one instant, places, requests that a server works on at once
BENCH = 5                           # seconds of pgbench
DEPARTMENT, SCHEDULE, PERSON = 500_001, 700_001, 900_001    # keys that stand out in a statement
DAYS, DOCTORS = 14, 40


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hospital.figures.booking", description=__doc__)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    asked = parser.parse_args([] if arguments is None else arguments)
    if asked.inside:
        return _inside(asked.inside)
    load = os.getloadavg()[0]
    print(f"booking: {os.cpu_count()} cores, load {load:.1f} before it began", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hospital-figures-") as folder:
        server = Postgres(durable=True)
        try:
            server.sql("CREATE DATABASE figures")
            for name, url in (("postgresql", server.url("figures")), ("sqlite", "")):
                environment = {**os.environ, "HOSPITAL_STATE": f"{folder}/{name}", "DATABASE_URL": url,
                               "DJANGO_SETTINGS_MODULE": "hospital.settings"}
                failed |= subprocess.run([
                    sys.executable, "-m", "hospital.figures.booking", "--inside", str(server.folder)],
                    env=environment).returncode
        finally:
            server.stop()
    return int(failed != 0)


def _inside(folder: str) -> int:
    """All measures on the database of this process; 1 where one is over."""
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    postgres = connection.vendor == "postgresql"
    people = CLIENTS * (WARM + PAIRS) + 25_000 * postgres + 10
    _fill(people)
    next_person = iter(range(PERSON, PERSON + people))
    kept = [_availability(next(next_person)), _crowd()]
    if postgres:
        kept.append(_pairs(next_person, folder))
    connection.close()
    return int(not all(kept))


def _say(what: str, measured: str, reach: str, kept: bool) -> bool:
    from django.db import connection

    print(f"{connection.vendor:10}  {what:52} {measured:52} {reach:20} {'pass' if kept else 'over'}", flush=True)
    return kept


def _fill(people: int) -> None:
    """People enough; a department with 40 doctors for two weeks; one crowded clinic, and sessions to book."""
    from django.db import connection

    from hospital import clock
    from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot

    now = clock.now()
    Patient.objects.bulk_create((Patient(pk=pk, record_no=f"B{pk}", name="测试", id_number=f"B{pk}", made_at=now)
                                 for pk in range(PERSON, PERSON + people)), batch_size=5000)
    large, pairs = (Department.objects.create(pk=DEPARTMENT + at, code=f"F{at}", name_zh=f"测试{at}")
                    for at in (0, 3))
    schedules: list[Schedule] = []

    def session(where: Department, day: int, minutes: tuple[int, int], doctor: Practitioner | None = None) -> Schedule:
        on = now.date() + dt.timedelta(days=day)
        schedules.append(Schedule(
            pk=SCHEDULE + len(schedules), department=where, practitioner=doctor, kind="expert" if doctor else "general",
            day=on, half="am", start=clock.at(on, minutes[0]), end=clock.at(on, minutes[1]), fee=0, state="open",
            released_at=now))
        return schedules[-1]
    doctors = Practitioner.objects.bulk_create(Practitioner(code=f"F{at}", name_zh=f"医{at}", name_en=f"F{at}", title="chief")
                                               for at in range(DOCTORS))
    slots: list[Slot] = []

    def cut(schedule: Schedule, step: int, places: int) -> None:
        start = schedule.start
        while start < schedule.end:
            end = start + dt.timedelta(minutes=step)
            slots.extend(Slot(schedule=schedule, start=start, end=end) for _ in range(places))
            start = end
    for day in range(1, DAYS):
        for doctor in doctors:
            cut(session(large, day, (480, 720), doctor), 30, 4)
    for at in range(CLIENTS):
        cut(session(pairs, 2 + at, (480, 720)), 10, 20 if at else 500)
    Schedule.objects.bulk_create(schedules)
    Slot.objects.bulk_create(_numbered(slots), batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _numbered(slots: list[Any]) -> list[Any]:
    given: Counter[int] = Counter()
    for slot in slots:
        given[slot.schedule_id] += 1
        slot.number = given[slot.schedule_id]
    return slots


def _book(person: int, segment: str) -> tuple[float, float]:
    """One hold and its booking, each a transaction, as the views make them; the seconds of each."""
    from django.db import transaction

    from hospital.care import booking
    from hospital.outpatient import registering

    began = time.perf_counter()
    with transaction.atomic():
        held = registering.hold(person, segment, "bench")
    between = time.perf_counter()
    with transaction.atomic():
        booking.confirm(booking.locked_hold(held.pk))
    return between - began, time.perf_counter() - between


def _segments(department: int) -> list[str]:
    from hospital.care.models import Slot

    rows = Slot.objects.filter(schedule__department=department).order_by("schedule", "start", "number")
    return list(dict.fromkeys(one.segment for one in rows))


# What is measured.

def _availability(person: int) -> bool:
    """A department with 40 doctors, two weeks, of which some place has just been taken or given back: how long, and in
    how many queries. Beside it: where nothing has happened since it was last asked, and where it was never asked."""
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from hospital.care import availability, booking

    def asked() -> float:
        began = time.perf_counter()
        found.append(availability.sessions(DEPARTMENT, DAYS))
        return (time.perf_counter() - began) * 1000
    found: list[list[availability.Session]] = []
    first, segments, changed, same, queries = asked(), _segments(DEPARTMENT), [], [], set[int]()
    for turn in range(40):
        with transaction.atomic():
            held = booking.hold(person, segments[turn * 97], "bench")
            if turn % 3 == 0:
                booking.release(held)
        with CaptureQueriesContext(connection) as seen:
            changed.append(asked())
        queries.add(len(seen))
        same.append(asked())
    middle, still = sorted(changed)[20], sorted(same)[20]
    fresh = [(one.schedule.pk, one.segments) for one in availability.offered(Q(department=DEPARTMENT), DAYS)]
    assert fresh == [(one.schedule.pk, one.segments) for one in found[-1]]
    count = sum(len(one.segments) for one in found[-1])
    return _say(f"availability: {DOCTORS} doctors, {DAYS} days, {count} segments",
                f"{middle:.1f} ms in {max(queries)} queries; unchanged {still:.1f}, first {first:.0f} ms",
                "≤ 5 ms, ≤ 2 queries", middle <= 5 and max(queries) <= 2)


def _crowd() -> bool:
    """500 people want 100 places at one instant, at a server that works on 16 requests at once."""
    from hospital.figures._crowd import crowd

    found = crowd(CROWD, PLACES, SERVED)
    return _say(f"{CROWD} people, {PLACES} places, one instant",
                f"{found.places_taken} booked; the last answer after {found.seconds:.2f} s", f"{PLACES}; ≤ 2 s",
                found.given == found.places_taken == PLACES and found.seconds <= 2)


@contextmanager
def _workers(count: int) -> Iterator[Any]:
    from django.db import connections

    connections.close_all()
    with get_context("fork").Pool(count) as pool:
        yield pool


def _client(work: tuple[list[int], list[str]]) -> tuple[list[tuple[float, float]], Counter[str], float, float]:
    """One client's bookings in a process of its own: seconds of each, what went wrong, from when until when."""
    from django.db import DatabaseError

    from hospital.refusal import Refusal

    people, segments = work
    times, wrong, began = [], Counter[str](), time.time()
    for at, person in enumerate(people):
        if at == WARM:
            times, began = [], time.time()
        try:
            times.append(_book(person, segments[at % len(segments)]))
        except Refusal as no:
            wrong[no.code] += 1
        except DatabaseError as error:
            wrong[type(error.__cause__).__name__] += 1
    return times, wrong, began, time.time()


def _pairs(people: Iterator[int], folder: str) -> bool:
    """Eight clients hold and book, against the same statements by pgbench."""
    segments = _segments(DEPARTMENT + 3)
    script = _script(next(people), segments[0])
    parts = [([next(people) for _ in range(WARM + PAIRS)], segments[at::CLIENTS]) for at in range(CLIENTS)]
    with _workers(CLIENTS) as pool:
        done = pool.map(_client, parts, chunksize=1)
    times = [pair for one in done for pair in one[0]]
    rate = len(times) / (max(one[3] for one in done) - min(one[2] for one in done))
    wrong = sum((one[1] for one in done), Counter[str]())
    hold99, book99 = (sorted(pair[which] for pair in times)[int(len(times) * 0.99)] * 1000 for which in (0, 1))
    floor = _pgbench(script, folder, next(people))
    kept = _say(f"hold + book, {CLIENTS} clients", f"{rate:.0f}/s; pgbench {floor:.0f}/s: {rate / floor:.2f} ×", "≥ 0.2 ×",
                rate >= 0.2 * floor and not wrong)
    return _say("p99 of a hold, of a booking", f"{hold99:.1f} ms, {book99:.1f} ms", "≤ 25 ms",
                max(hold99, book99) <= 25) and kept


def _script(person: int, segment: str) -> str:
    """The statements that one hold and its booking make, for pgbench: another person and another hold each time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from hospital.care.models import Hold

    with CaptureQueriesContext(connection) as seen:
        _book(person, segment)
    held = Hold.objects.select_related("appointment").get(patient=person)
    code = held.appointment.code
    text = [str(one["sql"]).strip().rstrip(";") for one in seen.captured_queries]
    taken = next(at for at, sql in enumerate(text) if sql.startswith("UPDATE care_slot"))
    lines = ["SELECT nextval('bench_person') AS person, gen_random_uuid() AS hold \\gset", "\\set part random(1, 23)"]
    for at, sql in enumerate(text):
        sql = sql.replace(f"'{held.pk}'", ":hold").replace(f"'{held.pk.hex}'", ":hold").replace(str(person), ":person")
        sql = sql.replace(f"'{code}'", f"'{code[:-4]}'::text || :turn")
        if at == taken:
            # Any segment of that session: one alone would be full, or long to look through.
            sql = re.sub(r"( start = '[^']*'::timestamptz)", r"\1 + :part * interval '10 minutes'", sql)
            lines.append(f"{sql} AS slot \\gset")
        elif "care_counter" in sql:
            lines.append(f"{sql} AS turn \\gset")
        else:
            # The slot's number stands in few places; by its name only there.
            sql = re.sub(rf'("slot_id" = |"care_slot"\."id" = |"id" = ){held.slot_id}\b', r"\1:slot", sql)
            if sql.startswith("INSERT"):
                sql = re.sub(rf"(?<![\w'-]){held.slot_id}(?![\w'-])", ":slot", sql)
            lines.append(f"{sql};")
    return "\n".join(lines) + "\n"


def _pgbench(script: str, folder: str, first: int) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS bench_person START {first}")
    server = Postgres.__new__(Postgres)
    server.folder = Path(folder)
    server._bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[-2]))[-1]
    server._owner = []
    said = server.bench("figures", script, CLIENTS, BENCH)
    found = re.search(r"tps = ([\d.]+)", said)
    failed = re.search(r"number of failed transactions: (\d+)", said)
    assert found and (not failed or failed[1] == "0"), said
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
