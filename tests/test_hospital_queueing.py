"""Checking in and calling: who gets a place, in which order people are called, and what a doctor can do."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import IntegrityError, transaction

from hospital import clock
from hospital.care.models import Appointment, Schedule
from hospital.queueing import alarms, boards, calling, queues, waiting
from hospital.queueing.models import Alarm, Event, PriorityClass, Privilege, Queue, Rules, Ticket
from hospital.refusal import Refusal
from hospital_fixtures import Clock, Hospital
from queue_fixtures import Area
from test_hospital_races import at_once


@pytest.fixture
def area(hospital: Hospital) -> Area:
    return Area(hospital)


def refused(act: object) -> Refusal:
    with pytest.raises(Refusal) as no:
        act()  # type: ignore[operator]
    return no.value


# Checking in.


def test_checking_in_gives_a_number_once(area: Area) -> None:
    booked = area.booking()
    ticket, again = area.check_in(booked), area.check_in(booked)
    assert (ticket.pk, ticket.number) == (again.pk, again.number) and ticket.number == 1
    assert Appointment.objects.get().state == "arrived" and area.comes().number == 2


def test_numbers_are_of_the_department_and_day(hospital: Hospital, area: Area) -> None:
    expert = hospital.session(start=9, hours=2, kind="expert", practitioner=hospital.doctor)
    assert [area.comes().number, area.comes(session=expert).number, area.comes().number] == [1, 2, 3]
    assert area.comes(session=hospital.session(hospital.skin, start=9)).number == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(number=2).update(number=3)


def test_too_early_is_told_when(area: Area, time: Clock) -> None:
    booked = area.booking(at=3)      # half past ten
    no = refused(lambda: area.check_in(booked))
    assert (no.code, no.data) == ("too_early", {"opens": "2026-11-20T09:30:00+08:00"})
    time.go(minutes=30)
    assert area.check_in(booked).standing == "booked"


def test_another_day_a_cancelled_and_a_stopped_one_are_refused(hospital: Hospital, area: Area) -> None:
    tomorrow = area.booking(session=hospital.session(days=1, start=9))
    assert (refused(lambda: area.check_in(tomorrow)).code, Ticket.objects.count()) == ("wrong_day", 0)
    cancelled, stopped = area.booking(), area.booking()
    Appointment.objects.filter(pk=cancelled.pk).update(state="cancelled")
    assert refused(lambda: area.check_in(cancelled)).code == "already_cancelled"
    Schedule.objects.filter(pk=area.session.pk).update(state="stopped")
    assert refused(lambda: area.check_in(stopped)).code == "session_stopped"


def test_after_the_last_session_it_is_too_late_unless_somebody_still_sits(area: Area, time: Clock) -> None:
    first, second = area.booking(), area.booking()
    time.go(hours=3)
    assert refused(lambda: area.check_in(first)).code == "session_over"
    doctor = area.opens()
    assert area.check_in(second).standing == "late" and doctor.next() is not None


def test_who_is_late_in_the_morning_has_a_place_in_the_afternoon(hospital: Hospital, area: Area, time: Clock) -> None:
    booked, other = area.booking(), area.comes(at=1)
    time.go(hours=2, minutes=30)
    afternoon = hospital.session(start=14, hours=2)
    late = area.check_in(booked)
    assert (late.standing, late.queue_id) == ("late", other.queue_id)
    assert area.opens(afternoon).calls_all() == [other.number, late.number]


# The order.


def test_booked_and_on_time_goes_before_who_registered_today(area: Area) -> None:
    walk_in, booked, late_slot = area.comes(booked_days_before=0), area.comes(), area.comes(at=1)
    assert area.opens().calls_all() == [booked.number, walk_in.number, late_slot.number]


def test_who_is_late_loses_the_slot_order(area: Area, time: Clock) -> None:
    late, on_time = area.booking(at=0), area.booking(at=1)
    time.go(minutes=40)
    first, second = area.check_in(late), area.check_in(on_time)
    assert first.standing == "late" and area.opens().calls_all() == [second.number, first.number]


def test_sixty_five_and_over_go_sooner_but_not_before_all(area: Area) -> None:
    half_past = area.comes(at=1, patient=area.old())
    nine = [area.comes(at=0).number for _ in range(3)]
    same = area.comes(at=1)
    assert half_past.priority.code == "elderly"
    assert area.opens().calls_all() == [*nine, half_past.number, same.number]


def test_a_priority_shown_at_the_desk_counts_until_its_day(hospital: Hospital, area: Area, time: Clock) -> None:
    soldier, was_one = hospital.patient(), hospital.patient()
    kind, today = PriorityClass.objects.get(code="soldier"), time.now().date()
    Privilege.objects.create(patient=soldier, priority=kind, until=today)
    Privilege.objects.create(patient=was_one, priority=kind, until=today - dt.timedelta(days=1))
    assert area.comes(patient=soldier).priority == kind and area.comes(patient=was_one).priority is None


def test_nobody_starves_in_a_flood_of_priorities(area: Area) -> None:
    Rules.objects.create(overtaken_at_most=3)
    area.comes(at=0)
    ordinary = area.comes(at=0)
    doctor = area.opens()
    called = []
    for _ in range(12):
        area.comes(at=0, patient=area.old())
        area.comes(at=0, patient=area.old())
        called.append(doctor.next().number)
    assert called.index(ordinary.number) <= 4
    assert max(Ticket.objects.values_list("overtaken", flat=True)) <= 3


# Calling.


def test_a_room_calls_one_at_a_time_and_the_next_call_ends_the_one_before(area: Area) -> None:
    first, second = area.comes(), area.comes()
    doctor = area.opens()
    assert doctor.next().number == first.number and doctor.next().number == second.number
    assert list(Ticket.objects.order_by("number").values_list("state", flat=True)) == ["done", "called"]
    assert Appointment.objects.get(pk=first.appointment_id).state == "fulfilled"
    third = area.comes()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=third.pk).update(state="called", room=doctor.room)
    assert doctor.next().number == third.number and doctor.next() is None


def test_two_touches_on_next_are_one_call(area: Area) -> None:
    first, second = area.comes(), area.comes()
    doctor = area.opens()
    assert doctor.next(0).number == first.number
    assert refused(lambda: doctor.next(0)).code == "moved_on"
    assert doctor.next(first.pk).number == second.number


def test_calling_again_is_seen_by_the_boards(area: Area) -> None:
    area.comes()
    doctor = area.opens()
    doctor.next()
    assert doctor.call_again().times_called == 2
    line = boards.board(area.session.department_id).lines[0]
    assert [(one.number, one.name, one.times) for one in line.called] == [(1, "测**", 2)]


def test_a_missed_call_comes_back_after_three_and_then_only_when_asked_for(area: Area) -> None:
    people = [area.comes().number for _ in range(6)]
    doctor = area.opens()
    doctor.next()
    assert doctor.skip().state == "waiting"
    assert [doctor.next().number for _ in range(4)] == [*people[1:4], people[0]]
    missed = doctor.skip()
    assert missed.state == "missed" and [doctor.next().number for _ in range(2)] == people[4:]
    assert doctor.next() is None
    back = area.rejoin(missed)
    assert (back.state, back.number) == ("waiting", people[0]) and doctor.next().number == people[0]


def test_who_was_missed_can_be_recalled_at_once(area: Area) -> None:
    first, second = area.comes(), area.comes()
    doctor = area.opens()
    doctor.next()
    doctor.skip()
    doctor.next()
    assert [one.number for one in doctor.missed()] == [first.number]
    assert doctor.recall(first.pk).number == first.number
    assert Ticket.objects.get(pk=second.pk).state == "done"
    assert refused(lambda: doctor.recall(second.pk)).code == "not_missed"


def test_who_comes_back_with_results_goes_before_those_who_came_since(area: Area, time: Clock) -> None:
    first = area.comes()
    doctor = area.opens()
    doctor.next()
    assert refused(lambda: area.rejoin(first) and doctor.recall(first.pk)).code == "not_missed"
    doctor.done(comes_back=True)
    others = [area.comes(at=1).number for _ in range(3)]
    time.go(minutes=50)
    back = area.rejoin(first)
    assert (back.number, back.standing, back.priority.code) == (first.number, "results", "results")
    assert doctor.calls_all() == [first.number, *others]
    assert refused(lambda: area.rejoin(first)).code == "session_over"


def test_referred_people_go_first_elsewhere(hospital: Hospital, area: Area) -> None:
    elsewhere = hospital.session(hospital.skin, start=9, hours=2)
    waiting_there = area.comes(at=0, session=elsewhere)
    area.comes()
    doctor = area.opens()
    doctor.next()
    sent = doctor.refer(hospital.skin)
    assert (sent.standing, sent.department_id, sent.number) == ("referred", hospital.skin.pk, 2)
    assert area.opens(elsewhere).calls_all() == [sent.number, waiting_there.number]
    area.comes()
    doctor.next()
    no = refused(lambda: doctor.refer(hospital.department("ENT", "耳鼻喉科")))
    assert no.code == "session_over" and doctor.call_again().state == "called"


def test_nobody_is_called_in_a_pause(area: Area) -> None:
    area.comes()
    doctor = area.opens()
    doctor.pause()
    doctor.pause()
    assert refused(doctor.next).code == "paused"
    doctor.resume()
    assert doctor.next().number == 1
    kinds = list(Event.objects.values_list("kind", flat=True))
    assert kinds == ["arrived", "sat", "paused", "resumed", "called"]


def test_a_room_has_one_doctor_and_a_doctor_one_room(hospital: Hospital, area: Area) -> None:
    doctor, other = area.opens(), area.opens()
    assert refused(lambda: calling.sit(doctor.who, other.room, area.session)).code == "room_taken"
    area.comes()
    doctor.next()
    other.rise()
    calling.sit(doctor.who, other.room, area.session)
    assert refused(doctor.next).code == "not_sitting" and Ticket.objects.get().state == "done"
    assert refused(other.next).code == "not_sitting"


def test_a_cancelled_booking_is_not_called(area: Area) -> None:
    gone, here = area.comes(), area.comes()
    Appointment.objects.filter(pk=gone.appointment_id).update(state="cancelled")
    assert area.opens().calls_all() == [here.number]


# At the same moment.


def test_sixty_four_machines_at_once_give_sixty_four_numbers(area: Area) -> None:
    booked = [area.booking() for _ in range(32)]
    tickets = at_once(*[lambda one=one: area.check_in(one).number for one in booked for _ in range(2)])
    assert Counter(tickets) == Counter({number: 2 for number in range(1, 33)})
    assert Ticket.objects.count() == 32 and Event.objects.count() == 32


def test_rooms_that_call_at_once_call_everybody_once(area: Area) -> None:
    people = sorted(area.comes().number for _ in range(16))
    doctors = [area.opens() for _ in range(8)]
    called = [one for _ in range(2) for one in at_once(*[lambda doctor=doctor: doctor.next().number for doctor in doctors])]
    assert sorted(called) == people and Ticket.objects.filter(state="called").count() == 8


def test_one_room_asked_by_everybody_at_once_has_one_call(area: Area) -> None:
    for _ in range(6):
        area.comes()
    doctor = area.opens()

    def touch() -> int:
        try:
            return doctor.next(0).number
        except Refusal as no:
            assert no.code == "moved_on"
            return 0
    assert sorted(at_once(*[touch] * 6)) == [0, 0, 0, 0, 0, 1]


# What is told, and what the office hears.


def test_the_wait_is_a_rounded_range_or_nothing(area: Area, time: Clock) -> None:
    last = [area.comes() for _ in range(9)][-1]
    assert waiting.of(last) == waiting.Outlook(8, None), "nine o'clock is over and nobody sits there"
    doctor = area.opens()
    told = waiting.of(last)
    assert told.ahead == 8 and told.wait and told.wait.low % 5 == told.wait.high % 5 == 0
    assert told.wait.low < 8 * 7 < told.wait.high
    doctor.pause()
    assert waiting.of(last).wait is None


def test_the_wait_follows_todays_pace(area: Area, time: Clock) -> None:
    people = [area.comes() for _ in range(30)]
    doctor = area.opens()
    before = waiting.of(people[-1]).wait
    for _ in range(15):
        doctor.next()
        time.go(minutes=2)
    after = waiting.of(people[-1])
    assert before and after.wait and after.ahead == 14 and after.wait.high < before.high / 2
    assert after.wait.low <= 14 * 2 + 10


def test_before_the_session_the_wait_counts_from_its_start(area: Area, time: Clock, hospital: Hospital) -> None:
    session = hospital.session(start=10, kind="special")
    first = area.comes(session=session)
    told = waiting.of(first).wait
    assert told and told.low <= 60 <= told.high


def test_the_pace_of_earlier_days_is_remembered(area: Area, time: Clock, hospital: Hospital) -> None:
    for _ in range(12):
        area.comes()
    doctor = area.opens()
    while doctor.next() is not None:
        time.go(minutes=3)
    time.go(days=1)
    queue = queues.of_schedule(hospital.session(start=9))
    assert queue.usual_seconds == 180


def test_boards_show_masked_names_and_the_next_few(area: Area) -> None:
    people = [area.comes() for _ in range(7)]
    doctor = area.opens()
    for place in (area.session.department_id, "2F-B"):
        before = boards.board(place)
        assert [one.number for one in before.lines[0].next] == [one.number for one in people[:boards.NEXT]]
    doctor.next()
    after = boards.board("2F-B")
    assert after.version != before.version and after.lines[0].called[0].room_zh == "1 诊室"
    assert "测试" not in repr(after) and after.lines[0].waiting == 6
    assert boards.board("3F") == boards.Board("", ())
    [corridor] = boards.corridor()
    assert (corridor.waiting, corridor.rooms, corridor.alarm) == (6, 1, False)


def test_a_stopped_doctor_raises_one_alarm_until_somebody_calls(area: Area, time: Clock) -> None:
    area.comes()
    doctor = area.opens()
    time.go(minutes=19)
    assert alarms.watch() == 0
    time.go(minutes=1)
    assert (alarms.watch(), alarms.watch()) == (1, 0)
    assert [(one.kind, one.waiting, one.minutes) for one in alarms.open_alarms()] == [("silent", 1, 20)]
    doctor.next()
    assert alarms.watch() == 1 and not alarms.open_alarms() and Alarm.objects.count() == 1


def test_a_surge_raises_an_alarm(area: Area, time: Clock) -> None:
    for _ in range(30):
        area.comes()
    doctor = area.opens()
    assert alarms.watch() == 1 and alarms.open_alarms()[0].kind == "surge" and boards.corridor()[0].alarm
    for _ in range(20):
        doctor.next()
    alarms.watch()
    assert not alarms.open_alarms()


def test_a_boards_key_is_signed(area: Area) -> None:
    assert boards.place_of(boards.key("2F-B")) == "2F-B" and boards.place_of(boards.key(3)) == 3
    assert boards.place_of(boards.key(3) + "x") is None and boards.place_of("3") is None


def test_versions_are_of_today(area: Area, time: Clock) -> None:
    area.comes()
    queue = Queue.objects.get()
    assert boards.versions() == {queue.pk: (area.session.department_id, 1)}
    time.go(days=1)
    assert boards.versions() == {} and clock.now() == time.now()
