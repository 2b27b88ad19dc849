"""The desk of the blood draw: today's list, who came, who is done; windows by the bookings; and many hands at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction

from exam_rooms import TOMORROW, Rooms, at
from hospital import clock
from hospital.examining import booking, desk, models as m, opening
from hospital.outpatient.models import Holiday
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital
from test_hospital_races import at_once


@pytest.fixture
def rooms(hospital: Hospital, time: Clock) -> Rooms:
    return Rooms(hospital, time)


def book(rooms: Rooms, start: str, *codes: str) -> m.Booking:
    patient = rooms.patient()
    with transaction.atomic():
        return booking.book(patient.pk, rooms.order(patient, *codes), at(start))


def blood() -> int:
    return m.Station.objects.get(code="BLOOD").pk


def test_the_day_by_segments_with_the_windows_it_needs(rooms: Rooms) -> None:
    for _ in range(9):
        book(rooms, "08:00", "BIOCHEM")
    book(rooms, "08:15", "CBC")
    day = [one for one in desk.day_list(blood(), TOMORROW) if one.turns]
    assert [(len(one.turns), one.needed, one.segment.windows) for one in day] == [(9, 2, 6), (1, 1, 6)]
    assert desk.day_list(blood(), TOMORROW)[0].needed == 0


def test_drawn_three_times_the_order_is_done(rooms: Rooms, time: Clock) -> None:
    made = book(rooms, "08:00", "OGTT")
    first, second, third = made.turns.order_by("start")
    time.time = at("08:10")
    assert desk.arrived(first.pk).state == "arrived" and desk.arrived(first.pk).state == "arrived"
    assert [one.waiting for one in desk.day_list(blood()) if one.turns] == [1, 0, 0]
    with transaction.atomic():
        desk.done(first.pk)
    second.refresh_from_db()
    assert second.start == at("09:10"), "an hour after the needle, not after the plan"
    for turn in (second, third):
        with transaction.atomic():
            desk.done(turn.pk)
    made.refresh_from_db()
    assert made.state == "fulfilled" and m.ServiceRequest.objects.get(served__booking=made).state == "completed"
    with pytest.raises(Refusal, match="turn_over"):
        desk.missed(first.pk)
    with pytest.raises(Refusal, match="unknown_turn"):
        desk.arrived(987654)


def test_who_missed_it_may_book_anew(rooms: Rooms) -> None:
    made = book(rooms, "08:00", "CBC")
    with transaction.atomic():
        desk.missed(made.turns.get().pk)
    made.refresh_from_db()
    assert made.state == "noshow" and len(booking.bundles(made.patient_id, "blood")) == 1


def test_who_leaves_after_the_first_draw_may_book_that_test_anew_and_no_other(rooms: Rooms) -> None:
    made = book(rooms, "08:00", "OGTT", "CBC")
    first, *later = made.turns.order_by("start")
    desk.done(first.pk)
    for turn in later:
        desk.missed(turn.pk)
    made.refresh_from_db()
    assert made.state == "fulfilled"
    [(orders, why)] = booking.bundles(made.patient_id, "blood")
    assert [one.test.code for one in orders] == ["OGTT"] and not why
    assert m.ServiceRequest.objects.get(test__code="CBC").state == "completed"


def test_what_nobody_marked_was_missed_when_the_day_is_over(rooms: Rooms, time: Clock) -> None:
    away, came, drawn = (book(rooms, "08:00", "CBC") for _ in range(3))
    desk.arrived(came.turns.get().pk)
    desk.done(drawn.turns.get().pk)
    time.time = at("23:59")
    assert desk.end_days() == 0
    time.go(minutes=1)
    assert tend().visits_ended == 2 and desk.end_days() == 0
    assert [m.Booking.objects.get(pk=one.pk).state for one in (away, came, drawn)] == ["noshow", "fulfilled", "fulfilled"]
    assert [len(booking.bundles(one.patient_id, "blood")) for one in (away, came, drawn)] == [1, 1, 0]
    with pytest.raises(Refusal, match="turn_over"):
        desk.arrived(away.turns.get().pk)


@pytest.mark.parametrize("turn", range(3))
def test_two_desks_that_finish_two_turns_of_a_visit_at_once_finish_it(rooms: Rooms, turn: int) -> None:
    made = book(rooms, "08:00", "OGTT")
    first, *last = made.turns.order_by("start").values_list("pk", flat=True)
    desk.done(first)
    at_once(*[lambda one=one: desk.done(one).pk for one in last])       # type: ignore[misc]
    made.refresh_from_db()
    assert made.state == "fulfilled" and m.ServiceRequest.objects.get().state == "completed"


@pytest.mark.parametrize("turn", range(3))
def test_a_desk_and_a_machine_at_once_leave_nobody_drawn_and_given_back(rooms: Rooms, turn: int) -> None:
    made = book(rooms, "08:00", "CBC")
    needle = made.turns.get().pk

    def away(act: Callable[[], object]) -> str:
        try:
            with transaction.atomic():
                act()
        except Refusal as no:
            return no.code
        return ""
    ends = at_once(lambda: away(lambda: desk.done(needle)), lambda: away(lambda: booking.cancel(made)))
    made.refresh_from_db()
    assert (ends, made.state) in ((["", "exam_fixed"], "fulfilled"), (["turn_over", ""], "cancelled"))


def test_the_desk_moves_what_the_patient_may_not(rooms: Rooms, time: Clock) -> None:
    made = book(rooms, "08:00", "CBC")
    time.time = at("07:50")
    with pytest.raises(Refusal, match="exam_fixed"), transaction.atomic():
        booking.move(made, at("09:00"))
    with transaction.atomic():
        assert booking.move(made, at("09:00"), by_desk=True).start == at("09:00")


def test_a_window_closes_and_nobody_booked_is_sent_away(rooms: Rooms) -> None:
    for _ in range(20):
        book(rooms, "08:00", "CBC")
    assert opening.set_windows(blood(), at("08:00"), at("09:00"), 1) == 4
    [first, second] = m.Segment.objects.filter(station=blood(), start__in=(at("08:00"), at("08:15"))).order_by("start")
    assert (first.windows, first.capacity) == (1, first.taken) and second.capacity == 810
    patient = rooms.patient()
    assert "08:00" not in rooms.times(patient, rooms.order(patient, "CBC"))
    opening.set_windows(blood(), at("08:00"), at("08:15"), 8)
    first.refresh_from_db()
    assert first.capacity == 8 * 810


def test_days_ahead_are_opened_by_themselves_and_once(rooms: Rooms, time: Clock) -> None:
    assert tend().segments_opened > 0 and tend().segments_opened == 0
    time.go(days=1)
    assert tend().segments_opened > 0
    days = {one.astimezone().date() for one in m.Segment.objects.filter(station=blood()).values_list("start", flat=True)}
    assert len(days) == opening.AHEAD + 1
    assert opening.open_ahead() == 0


def test_nobody_is_booked_on_a_holiday(rooms: Rooms, time: Clock) -> None:
    """Whether the day was cut before it became one, or not; who was booked already keeps the time until the desk calls."""
    tend()
    soon, far = TOMORROW, time.now().date() + dt.timedelta(days=opening.AHEAD)
    made = book(rooms, "08:00", "CBC")
    for day in (soon, far):
        Holiday.objects.create(day=day, name="测试节")
    tend()
    of_day = m.Segment.objects.filter(start__gte=clock.at(soon, 0), start__lt=clock.at(soon, 1440))
    assert {(one.windows, one.capacity - one.taken) for one in of_day} == {(0, 0)}
    assert made.turns.get().segment in of_day and of_day.count() == 1
    time.go(days=1)
    tend()
    assert not m.Segment.objects.filter(start__gte=clock.at(far, 0)).exists()
    Holiday.objects.all().delete()
    assert tend().segments_opened > 0
    assert m.Segment.objects.filter(start__gte=clock.at(far, 0), windows__gt=0).exists()
    assert of_day.filter(windows__gt=0).exists(), "and the day is one like others again"


def test_the_last_place_is_given_once(rooms: Rooms) -> None:
    """Twelve machines, five draws' room at nine, and tests that need nine o'clock as their first, second or third draw."""
    segment = m.Segment.objects.get(station=blood(), start=at("09:00"))
    m.Segment.objects.filter(pk=segment.pk).update(capacity=5 * (3600 // 35))
    asked = []
    for place in range(12):
        patient = rooms.patient()
        test, start = (("OGTT", "08:00"), ("INSULIN", "08:00"), ("CBC", "09:00"))[place % 3]
        asked.append((patient.pk, rooms.order(patient, test), at(start)))

    def ask(patient: int, orders: list[int], start: dt.datetime) -> str:
        try:
            with transaction.atomic():
                booking.book(patient, orders, start)
        except Refusal as no:
            return no.code
        return "booked"

    ends = at_once(*[lambda one=one: ask(*one) for one in asked])       # type: ignore[misc]
    assert sorted(set(ends)) == ["booked", "slot_full"] and ends.count("booked") == 5
    segment.refresh_from_db()
    assert segment.taken == segment.capacity
    whole = sum(m.Turn.objects.values_list("seconds", flat=True))
    filled = sum(m.Segment.objects.filter(station=blood()).values_list("taken", flat=True))
    assert filled == whole, "who did not get all draws got none"
