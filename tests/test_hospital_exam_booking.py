"""Examinations and draws booked from the doctor's order, at the kiosk's own door; on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from exam_rooms import TOMORROW, Rooms, at
from hospital import clock
from hospital.care.models import Patient
from hospital.examining import booking, models as m
from hospital.refusal import Refusal
from hospital_fixtures import Clock, Hospital, Kiosk

OLD = dt.date(1950, 2, 3)


@pytest.fixture
def rooms(hospital: Hospital, time: Clock) -> Rooms:
    return Rooms(hospital, time)


def book(patient: Patient, orders: list[int], start: str, day: dt.date = TOMORROW) -> m.Booking:
    with transaction.atomic():
        return booking.book(patient.pk, orders, at(start, day))


def refused(patient: Patient, orders: list[int], start: str, day: dt.date = TOMORROW) -> str:
    with pytest.raises(Refusal) as no:
        book(patient, orders, start, day)
    return no.value.code


def turns(one: m.Booking) -> list[str]:
    return [f"{clock.local(turn.start):%H:%M}" for turn in one.turns.order_by("start")]


def taken() -> int:
    return sum(m.Segment.objects.values_list("taken", flat=True))


def test_several_draws_of_a_glucose_tolerance_test(rooms: Rooms) -> None:
    patient = rooms.patient()
    made = book(patient, rooms.order(patient, "OGTT"), "08:00")
    assert turns(made) == ["08:00", "09:00", "10:00"] and taken() == 3 * (3600 // 35)
    other = rooms.patient()
    rooms.fill("BLOOD", "09:15")
    orders = rooms.order(other, "OGTT")
    assert "08:15" not in rooms.times(other, orders) and refused(other, orders, "08:15") == "slot_full"
    assert rooms.times(other, orders)[-1] == "08:30", "fasting tests are early"


def test_draws_of_several_tests_are_one_needle(rooms: Rooms) -> None:
    patient = rooms.patient()
    made = book(patient, rooms.order(patient, "OGTT", "CBC", "INSULIN"), "08:00")
    assert turns(made) == ["08:00", "08:30", "09:00", "10:00", "11:00"]
    assert [turn.tests.count() for turn in made.turns.order_by("start")] == [3, 1, 2, 2, 1]


def test_the_first_half_hour_is_for_65_and_over(rooms: Rooms) -> None:
    young, old = rooms.patient(), rooms.patient(OLD)
    early, late = rooms.order(old, "BIOCHEM"), rooms.order(young, "BIOCHEM")
    assert rooms.times(old, early) == ["07:30", "07:45"]
    assert rooms.times(young, late)[0] == "08:00" and refused(young, late, "07:30") == "slot_full"
    rooms.fill("BLOOD", "07:30", "07:45")
    assert rooms.times(old, early) == rooms.times(young, late), "it is full: the rest of the morning"
    assert rooms.times(young, late)[-1] == "09:30"
    assert rooms.times(young, rooms.order(young, "CBC"))[-1] == "11:45"


def test_length_and_rooms_make_the_capacity(rooms: Rooms) -> None:
    """Three rooms, half an hour: six gastroscopies of a quarter, or three colonoscopies of half an hour."""
    for code, places in (("GASTRO", 6), ("COLON", 3)):
        start = {"GASTRO": "08:00", "COLON": "08:30"}[code]
        for _ in range(places):
            patient = rooms.patient()
            book(patient, rooms.order(patient, code), start)
        patient = rooms.patient()
        assert refused(patient, rooms.order(patient, code), start) == "slot_full"


def test_two_fasting_tests_on_one_morning_are_put_together(rooms: Rooms) -> None:
    patient = rooms.patient()
    orders = rooms.order(patient, "ECHO", "COLON", "GASTRO")
    made = book(patient, orders, "08:00")
    assert [turn.tests.get().code for turn in made.turns.order_by("start")] == ["GASTRO", "COLON", "ECHO"]
    assert turns(made) == ["08:00", "08:30", "09:10"], "fasting first, a walk between two places, one slip for all"


def test_fasting_tests_apart_on_one_morning_are_refused(rooms: Rooms) -> None:
    patient = rooms.patient()
    [gastro], [biochem] = rooms.order(patient, "GASTRO"), rooms.order(patient, "BIOCHEM")
    book(patient, [gastro], "10:00")
    assert refused(patient, [biochem], "08:00") == "fasting_apart"
    assert rooms.times(patient, [biochem]) == ["09:00", "09:15", "09:30"], "one fast serves both"
    assert rooms.times(patient, [biochem], TOMORROW + dt.timedelta(days=1))[0] == "08:00"


def test_nothing_fasting_follows_what_ends_the_fast(rooms: Rooms) -> None:
    patient = rooms.patient()
    [sugar], [gastro] = rooms.order(patient, "OGTT"), rooms.order(patient, "GASTRO")
    book(patient, [sugar], "08:00")
    assert refused(patient, [gastro], "10:30") == "fasting_apart"


def test_contrast_comes_before_barium(rooms: Rooms) -> None:
    patient = rooms.patient()
    [contrast], [barium] = rooms.order(patient, "CTC"), rooms.order(patient, "BARIUM")
    assert refused(patient, [barium], "09:00") == "first_other"
    assert [(len(orders), why) for orders, why in booking.bundles(patient.pk, "exam")] == [(1, ""), (1, "first_other")]
    book(patient, [contrast], "08:30")
    assert booking.bundles(patient.pk, "exam")[0][1] == ""
    assert rooms.times(patient, [barium])[0] == "09:00"
    other = rooms.patient()
    [barium] = rooms.order(other, "BARIUM")
    book(other, [barium], "08:00")
    [contrast] = rooms.order(other, "CTC")
    assert rooms.times(other, [contrast], TOMORROW + dt.timedelta(days=1)) == [], "barium has to pass first"


def test_nobody_is_in_two_places(rooms: Rooms) -> None:
    patient = rooms.patient()
    [echo], [holter] = rooms.order(patient, "ECHO"), rooms.order(patient, "HOLTER")
    book(patient, [echo], "14:00")
    assert refused(patient, [holter], "14:00") == "other_booking"
    assert "14:30" in rooms.times(patient, [holter])


def test_a_child_is_not_booked_for_endoscopy(rooms: Rooms) -> None:
    child = rooms.patient(dt.date(2019, 9, 9))
    assert refused(child, rooms.order(child, "GASTRO"), "08:00") == "too_young"
    book(child, rooms.order(child, "ECHO"), "14:00")


def test_an_order_is_booked_once(rooms: Rooms) -> None:
    patient = rooms.patient()
    orders = rooms.order(patient, "ECHO")
    made = book(patient, orders, "08:00")
    assert refused(patient, orders, "09:00") == "exam_booked"
    with pytest.raises(IntegrityError), transaction.atomic():
        m.Served.objects.create(booking=made, order_id=orders[0])
    assert booking.bundles(patient.pk, "exam") == []


def test_orders_are_their_owners(rooms: Rooms) -> None:
    patient, other = rooms.patient(), rooms.patient()
    assert refused(other, rooms.order(patient, "ECHO"), "08:00") == "unknown_service_request"


def test_moved_and_cancelled_the_place_is_free_again(rooms: Rooms, time: Clock) -> None:
    patient = rooms.patient()
    orders = rooms.order(patient, "OGTT")
    made = book(patient, orders, "08:00")
    with transaction.atomic():
        moved = booking.move(made, at("08:15"))
    assert turns(moved) == ["08:15", "09:15", "10:15"] and taken() == 3 * (3600 // 35)
    rooms.fill("BLOOD", "08:30", "09:30", "10:30")
    with pytest.raises(Refusal, match="slot_full"), transaction.atomic():
        booking.move(moved, at("08:30"))
    assert turns(booking.get(made.pk)) == ["08:15", "09:15", "10:15"], "a move that fails changes nothing"
    before = taken()
    with transaction.atomic():
        assert booking.cancel(moved).state == "cancelled"
    assert before - taken() == 3 * (3600 // 35) and len(booking.bundles(patient.pk, "blood")) == 1
    with pytest.raises(Refusal, match="already_cancelled"), transaction.atomic():
        booking.cancel(moved)
    again = book(patient, orders, "08:00")
    time.time = at("07:45")
    with pytest.raises(Refusal, match="exam_fixed"), transaction.atomic():
        booking.cancel(again)


def test_over_is_over(rooms: Rooms) -> None:
    patient = rooms.patient()
    today = TOMORROW - dt.timedelta(days=1)
    orders = rooms.order(patient, "ECHO")
    assert refused(patient, orders, "08:00", today) == "past"
    assert rooms.times(patient, orders, today)[0] == "09:00"
    assert rooms.times(patient, rooms.order(patient, "OGTT"), today) == [], "too late for a fasting test today"


def test_the_database_itself_lets_no_segment_be_overbooked(rooms: Rooms) -> None:
    one = m.Segment.objects.all()[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        m.Segment.objects.filter(pk=one.pk).update(taken=one.capacity + 1)


def test_a_visit_at_the_kiosks_door(rooms: Rooms, kiosk: Kiosk) -> None:
    patient = rooms.patient()
    orders = rooms.order(patient, "OGTT", "CBC")
    path = f"/patients/{patient.pk}/examinations/blood"
    assert kiosk.get(path).code == "unknown_patient", "nobody has shown themselves here"
    kiosk.meet(patient)
    [bundle] = kiosk.get(path).body["bundles"]
    assert bundle["orders"] == orders and bundle["name"]["zh"] == "糖耐量试验、血常规" and bundle["fasting"]
    query = "&".join(f"order={one}" for one in orders)
    sessions = kiosk.get(f"/patients/{patient.pk}/examination-times?{query}").body
    first = sessions[0]["segments"][0]
    body = {"patient": patient.pk, "orders": orders, "start": first["start"]}
    booked = kiosk.post("/examination-bookings", body, key="k1").body
    assert kiosk.post("/examination-bookings", body, key="k1").body == booked, "asked twice, booked once"
    assert booked["copy"] == 1 and booked["booking"]["tubes"]["zh"] == "灰管3支、紫管1支"
    assert [turn["tests"]["en"] for turn in booked["booking"]["turns"]] == [
        "Blood count, Glucose tolerance test", "Glucose tolerance test", "Glucose tolerance test"]
    number = booked["booking"]["id"]
    assert kiosk.post(f"/examination-bookings/{number}/slip").body == {"copy": 2}
    assert kiosk.post("/examination-bookings", body).code == "exam_booked"
    later = sessions[0]["segments"][1]["start"]
    assert kiosk.post(f"/examination-bookings/{number}/move", {"start": later}).body["copy"] == 3
    assert kiosk.get(path).body["bookings"][0]["start"] == later and kiosk.get(path).body["bundles"] == []
    assert kiosk.post(f"/examination-bookings/{number}/cancel").body["state"] == "cancelled"
    stranger = Kiosk("K2")
    assert stranger.post(f"/examination-bookings/{number}/cancel").code == "unknown_booking"
