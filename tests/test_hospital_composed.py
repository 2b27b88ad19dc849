"""Statements composed once say what Django's own say: the same rows, the same changes, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from hospital import clock
from hospital.care.models import Appointment, Counter, Hold, Patient, Schedule, Slot
from hospital.composed import added, asked, changed
from hospital_fixtures import MORNING, Hospital


@asked
def slots(schedule: int, start: dt.datetime) -> QuerySet[Slot]:
    return Slot.objects.select_related("schedule__department", "schedule__practitioner", "hold__patient").filter(
        schedule=schedule, start__gte=start).order_by("number")


def fields(one: Any) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}


def test_models_come_as_django_brings_them_with_what_is_joined(hospital: Hospital) -> None:
    session = hospital.session()
    hold = Hold.objects.create(slot=session.slots.first(), patient=hospital.patient(), kiosk="K1", fee=0, made_at=MORNING,
                               until=MORNING)
    session.slots.filter(number=1).update(hold=hold, held_until=MORNING)
    mine = slots(session.pk, session.start)
    theirs = list(Slot.objects.select_related("schedule__department", "schedule__practitioner", "hold__patient")
                  .filter(schedule=session).order_by("number"))
    with CaptureQueriesContext(connection) as seen:
        for one, other in zip(mine, theirs, strict=True):
            assert fields(one) == fields(other) and one == other and not one._state.adding
            assert fields(one.schedule) == fields(other.schedule)
            assert fields(one.schedule.department) == fields(other.schedule.department)
            assert one.schedule.practitioner == other.schedule.practitioner
            assert (one.hold and fields(one.hold.patient)) == (other.hold and fields(other.hold.patient))
    assert mine[0].hold == hold and mine[1].hold is None and not seen.captured_queries, "nothing was asked for again"


def test_the_second_time_only_the_arguments_are_new(hospital: Hospital) -> None:
    one, other = hospital.session(), hospital.session(hospital.skin, start=15)
    assert {slot.schedule_id for slot in slots(one.pk, one.start)} == {one.pk}
    assert {slot.schedule_id for slot in slots(other.pk, other.start)} == {other.pk}
    later = other.start + dt.timedelta(minutes=1)
    assert [slot.number for slot in slots(other.pk, start=later)] == [
        slot.number for slot in Slot.objects.filter(schedule=other, start__gte=later).order_by("number")]
    assert slots.first(0, one.start) is None


@asked
def numbers(schedule: int) -> QuerySet[Slot, Any]:
    return Slot.objects.filter(schedule=schedule).order_by("number").values_list("number", "start", "booked", "hold")


@asked
def only_numbers(schedule: int) -> QuerySet[Slot, Any]:
    return Slot.objects.filter(schedule=schedule).order_by("number").values_list("number", flat=True)


def test_values_come_as_python_has_them(hospital: Hospital) -> None:
    session = hospital.session()
    assert numbers(session.pk) == list(
        Slot.objects.filter(schedule=session).order_by("number").values_list("number", "start", "booked", "hold"))
    assert only_numbers(session.pk) == [row[0] for row in numbers(session.pk)]
    assert numbers(session.pk)[0][2] is False


@asked
def around(day: dt.date, name: str, hold: uuid.UUID) -> QuerySet[Schedule]:
    return (Schedule.objects.filter(Q(day=day) | Q(day__gt=day), department__code=name).order_by("pk")
            .exclude(slots__hold=hold))


def test_dates_words_and_keys_are_arguments_and_one_may_stand_twice(hospital: Hospital) -> None:
    session = hospital.session(days=1)
    hospital.session(hospital.skin)
    assert around(session.day, hospital.heart.code, uuid.uuid4()) == [session]
    assert around(session.day + dt.timedelta(days=1), hospital.heart.code, uuid.uuid4()) == []
    assert around(session.day, "' OR 1=1 --", uuid.uuid4()) == [], "an argument is never a part of the statement"


@changed
def miss(patient: int, most: int) -> tuple[QuerySet[Patient], dict[str, Any]]:
    return Patient.objects.filter(pk=patient, no_shows__lt=most), {"no_shows": F("no_shows") + 1}


@changed
def book(slot: int, hold: uuid.UUID) -> tuple[QuerySet[Slot], dict[str, Any]]:
    opened = Schedule.objects.filter(pk=OuterRef("schedule"), state="open")
    return Slot.objects.filter(Exists(opened), pk=slot), {"booked": True, "held_until": None, "hold": hold}


def test_a_change_says_how_many_it_changed(hospital: Hospital) -> None:
    person = hospital.patient()
    assert [miss(person.pk, 2) for _ in range(3)] == [1, 1, 0]
    person.refresh_from_db()
    assert person.no_shows == 2
    session = hospital.session()
    slot = session.slots.first()
    hold = Hold.objects.create(slot=slot, patient=person, kiosk="K1", fee=0, made_at=MORNING, until=MORNING)
    assert book(slot.pk, hold.pk) == 1
    slot.refresh_from_db()
    assert (slot.booked, slot.hold, slot.held_until) == (True, hold, None)
    Schedule.objects.update(state="stopped")
    assert book(slot.pk, hold.pk) == 0, "by another table"


def test_a_new_row_is_the_one_that_save_writes(hospital: Hospital) -> None:
    person, slot = hospital.patient(), hospital.session().slots.first()
    hold = added(Hold(slot=slot, patient=person, kiosk="K1", fee=250, made_at=clock.now(), until=clock.now()))
    assert fields(Hold.objects.get()) == fields(hold) and not hold._state.adding
    made = added(Appointment(code="A1", patient=person, slot=slot, hold=hold, department=hospital.heart, day=MORNING.date(),
                             half="am", fee=250, booked_at=MORNING))
    assert fields(Appointment.objects.get()) == fields(made) and made.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        added(Hold(pk=hold.pk, slot=slot, patient=person, kiosk="K1", fee=0, made_at=MORNING, until=MORNING))
    assert added(Counter(name="x", value=3)).pk == "x" and Counter.objects.get(name="x").value == 3


def test_an_argument_that_is_not_asked_for_is_a_mistake(hospital: Hospital) -> None:
    @asked
    def of(patient: int, day: dt.date) -> QuerySet[Patient]:
        return Patient.objects.filter(pk=patient)

    with pytest.raises(AssertionError, match="argument"):
        of(1, MORNING.date())


def test_a_change_through_another_table_is_a_mistake(hospital: Hospital) -> None:
    """Its condition would not be looked at again by a database that had to wait for the row."""
    @changed
    def of(slot: int) -> tuple[QuerySet[Slot], dict[str, Any]]:
        return Slot.objects.filter(pk=slot, schedule__state="open"), {"booked": True}

    with pytest.raises(AssertionError, match="its own rows"):
        of(1)


def test_rows_of_another_kind_are_a_mistake(hospital: Hospital) -> None:
    @asked
    def of(patient: int) -> QuerySet[Patient, Any]:
        return Patient.objects.filter(pk=patient).values("name")

    with pytest.raises(AssertionError, match="rows"):
        of(1)
