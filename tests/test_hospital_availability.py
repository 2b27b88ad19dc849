"""What is remembered of the sessions is what the books say, whoever changed them, by whatever way, and at whatever hour."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from hospital import clock
from hospital.care import availability, booking, changes
from hospital.care.models import Appointment, Department, Hold, Practitioner, Schedule, Slot
from hospital.refusal import Refusal
from hospital_fixtures import Clock, Hospital, segment
from test_hospital_races import at_once

SHARES = (availability.EVERYBODY, frozenset({"kiosk"}), frozenset({"web", "referral"}))


def seen(found: list[availability.Session]) -> list[Any]:
    return [(one.schedule.pk, one.schedule.state, one.schedule.fee, one.schedule.department.name_zh,
             one.schedule.practitioner and one.schedule.practitioner.name_zh, list(one.segments)) for one in found]


def remembered_is_true(department: Department) -> list[Any]:
    """Asks in both ways, for everybody and for those with shares; what everybody may have."""
    for shares in SHARES:
        for days in (1, 14):
            fresh = seen(availability.offered(Q(department=department), days, shares))
            assert seen(availability.sessions(department.pk, days, shares)) == fresh
    return seen(availability.sessions(department.pk, 14))


def places(department: Department) -> int:
    return sum(part.left for one in remembered_is_true(department) for part in one[-1])


def elsewhere(act: Callable[[], Any]) -> None:
    """By another connection."""
    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result(30)


class Office:
    """Does anything to the books; seeded."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        self.hospital, self.chance = hospital, random.Random(seed)
        self.people = [hospital.patient() for _ in range(6)]
        self.made = [hospital.session(days=day, places=2, kind="expert", practitioner=hospital.doctor) for day in range(3)]
        self.made.append(hospital.session(start=16, released_at=hospital.time.now() + dt.timedelta(minutes=7)))

    def slot(self) -> Slot:
        return self.chance.choice(list(Slot.objects.order_by("pk")))

    def hold(self) -> None:
        with transaction.atomic():
            booking.hold(self.chance.choice(self.people).pk, self.slot().segment, "K")

    def book(self) -> None:
        with transaction.atomic():
            holds = Hold.objects.select_related("slot__schedule", "patient").order_by("made_at")
            booking.book(self.chance.choice(list(holds)))

    def cancel(self) -> None:
        with transaction.atomic():
            booking.cancel(self.chance.choice(list(Appointment.objects.order_by("pk"))))

    def release(self) -> None:
        with transaction.atomic():
            booking.release(self.chance.choice(list(Hold.objects.select_related("slot").order_by("made_at"))))

    def keep_for(self) -> None:
        until = self.hospital.time.now() + dt.timedelta(minutes=self.chance.randrange(1, 30))
        Slot.objects.filter(pk=self.slot().pk).update(share=self.chance.choice(("kiosk", "web", "")), share_until=until)

    def by_hand(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE care_slot SET booked = NOT booked WHERE id = %s", [self.slot().pk])

    def plan(self) -> None:
        self.made.append(self.hospital.session(start=8 + len(self.made) % 10, days=1 + len(self.made) // 10))

    def stop(self) -> None:
        Schedule.objects.filter(pk=self.chance.choice(self.made).pk).update(state=self.chance.choice(("open", "stopped")))

    def price(self) -> None:
        schedule = self.chance.choice(self.made)
        schedule.fee += 100
        schedule.save()

    def rename(self) -> None:
        self.chance.choice([lambda name: Practitioner.objects.update(name_zh=name),
                            lambda name: Department.objects.update(name_zh=name)])(f"改名{self.chance.random()}")

    def remove(self) -> None:
        with transaction.atomic():
            Slot.objects.filter(schedule=self.made[-1], booked=False, holds=None).delete()
            if not self.made[-1].slots.exists():
                self.made.pop().delete()

    def wait(self) -> None:
        self.hospital.time.go(seconds=self.chance.choice((1, 59, 181, 300, 1800)))

    def undone(self) -> None:
        """What is asked before it is undone, is not remembered."""
        with transaction.atomic():
            Slot.objects.update(booked=True)
            assert places(self.hospital.heart) == 0
            transaction.set_rollback(True)


ACTS = ("hold", "hold", "hold", "book", "book", "cancel", "release", "keep_for", "by_hand", "plan", "stop", "price",
        "rename", "remove", "wait", "wait", "undone")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_to_the_books(hospital: Hospital, seed: int) -> None:
    office, done = Office(hospital, seed), set[str]()
    for _ in range(120):
        act = office.chance.choice(ACTS)
        try:
            if office.chance.random() < 0.2:
                elsewhere(getattr(office, act))
            else:
                getattr(office, act)()
            done.add(act)
        except (Refusal, IndexError):
            pass        # nobody has anything yet, or may not
        remembered_is_true(hospital.heart)
    assert done == set(ACTS)


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)    # SQLite has one writer
@pytest.mark.parametrize("kept", [True, False])
def test_a_change_that_is_committed_late_is_not_missed(hospital: Hospital, kept: bool) -> None:
    """It took its number before a change that was seen already."""
    session = hospital.session(places=3)
    first, *others = Slot.objects.order_by("pk")
    assert places(hospital.heart) == 6
    begun, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            Slot.objects.filter(pk=first.pk).update(booked=True)
            begun.set()
            assert go_on.wait(30)
            transaction.set_rollback(not kept)
        connections.close_all()
    thread = threading.Thread(target=late)
    thread.start()
    assert begun.wait(30)
    Slot.objects.filter(pk=others[0].pk).update(booked=True)
    assert places(hospital.heart) == 5
    go_on.set()
    thread.join(30)
    assert places(hospital.heart) == (4 if kept else 5)
    assert session.slots.filter(booked=True).count() == (2 if kept else 1)


def test_what_has_not_changed_is_not_read_again(hospital: Hospital, time: Clock) -> None:
    """One query while nothing happens, one more for the sessions where something did."""
    sessions = [hospital.session(days=day) for day in range(10)]
    hospital.session(hospital.skin)

    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            availability.sessions(hospital.heart.pk, 14)
        return [one["sql"] for one in asked]
    assert len(queries()) == 2 and len(queries()) == 1
    with transaction.atomic():
        booking.hold(hospital.patient().pk, segment(sessions[4]), "K")
    found = queries()
    assert len(found) == 2 and str(sessions[4].pk) in found[1] and "care_department" not in found[1]
    assert len(queries()) == 1
    time.go(seconds=181)        # the hold has ended
    assert len(queries()) == 2 and len(queries()) == 1
    Slot.objects.filter(schedule__department=hospital.skin).update(booked=True)
    assert len(queries()) == 1
    Schedule.objects.filter(pk=sessions[1].pk).update(fee=100)
    assert len(queries()) == 3 and len(queries()) == 1


def test_a_department_without_sessions_is_asked_for_each_time(hospital: Hospital) -> None:
    assert availability.sessions(hospital.heart.pk, 14) == []
    with pytest.raises(Refusal, match="unknown_department"):
        availability.sessions(12345, 14)
    hospital.session()
    assert len(availability.sessions(hospital.heart.pk, 14)) == 1


def test_a_new_day_and_a_clock_that_is_put_back(hospital: Hospital, time: Clock) -> None:
    for day in (0, 1, 2, 14):
        hospital.session(days=day)
    assert len(remembered_is_true(hospital.heart)) == 3
    time.go(days=1)
    assert len(remembered_is_true(hospital.heart)) == 3
    time.go(hours=9)
    assert len(remembered_is_true(hospital.heart)) == 2
    time.go(hours=-8)
    assert len(remembered_is_true(hospital.heart)) == 3


def test_the_list_of_changes_is_kept_for_an_hour(hospital: Hospital) -> None:
    hospital.session()
    assert places(hospital.heart) == 4
    with connection.cursor() as cursor:
        cursor.execute("UPDATE care_change SET at = " + (
            "now() - interval '61 minutes'" if connection.vendor == "postgresql" else "datetime('now', '-61 minutes')"))
    Slot.objects.filter(pk=Slot.objects.order_by("pk")[0].pk).update(booked=True)
    changes.forget_old()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM care_change")
        assert cursor.fetchone()[0] == 1
    assert places(hospital.heart) == 3


def test_books_that_were_brought_back_are_read_anew(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """A horizon of the future, as after the restoring of a backup; and what is long ago."""
    hospital.session()
    assert places(hospital.heart) == 4
    Slot.objects.update(booked=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM care_change")
    was = changes.since
    monkeypatch.setattr(changes, "since", lambda horizon, department: was(horizon + 1_000_000, department))
    assert availability.sessions(hospital.heart.pk, 14)[0].segments[0].left == 0
    Slot.objects.update(booked=False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM care_change")
    monkeypatch.setattr(changes, "since", was)
    monkeypatch.setattr(availability, "_LONGEST", -1)
    assert availability.sessions(hospital.heart.pk, 14)[0].segments[0].left == 2


def test_the_triggers_outlive_a_table_that_is_made_anew(hospital: Hospital) -> None:
    """As SQLite does for a migration: the next `migrate` brings them back."""
    from django.core.management import call_command

    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor._remake_table(Slot)      # type: ignore[attr-defined]
        else:
            editor.execute("DROP TRIGGER care_slot_update_noted ON care_slot")
    call_command("migrate", verbosity=0)
    hospital.session()
    assert places(hospital.heart) == 4
    Slot.objects.update(booked=True)
    assert places(hospital.heart) == 0


def test_no_more_is_remembered_than_there_is_room_for(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "REMEMBERED", 3)
    hospital.session()
    for days in range(1, 10):
        availability.sessions(hospital.heart.pk, days)
    assert len(availability._shelves) == 3
    assert clock.now().date() in list(availability._shelves)[-1]


def test_each_command_of_the_server_leaves_the_triggers_alone(hospital: Hospital) -> None:
    """While machines are at work: a trigger that is made anew would not be there for a moment, and would lock its table."""
    with CaptureQueriesContext(connection) as asked:
        changes.keep_noting()
    assert not [one["sql"] for one in asked if not one["sql"].lstrip().startswith("SELECT")]


def test_servers_that_start_at_one_moment(hospital: Hospital) -> None:
    with connection.cursor() as cursor:
        for table in ("care_slot", "care_schedule"):
            name = f"{table}_update_noted"
            cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))
    at_once(*[changes.keep_noting] * 4)
    hospital.session()
    assert places(hospital.heart) == 4
    Slot.objects.update(booked=True)
    assert places(hospital.heart) == 0
