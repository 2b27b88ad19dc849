"""What becomes of people who have checked in when their session is stopped, substituted or moved; lines that nobody ended;
two doctors at once."""

from __future__ import annotations

import datetime as dt

import pytest

from hospital import clock
from hospital.care.models import Appointment, Notice, Practitioner
from hospital.outpatient import offers, referral, stopping
from hospital.outpatient.models import Offer
from hospital.queueing import alarms, calling
from hospital.queueing.models import Alarm, Event, Room, Sitting, Ticket
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk
from queue_fixtures import Area, Doctor
from test_hospital_races import at_once


@pytest.fixture
def second(hospital: Hospital) -> Practitioner:
    """Another chief of cardiology."""
    doctor = Practitioner.objects.create(code="D2", name_zh="李试", name_en="Li Shi", title="chief")
    for one in (doctor, hospital.doctor):
        one.departments.add(hospital.heart)
    return doctor


@pytest.fixture
def area(hospital: Hospital, second: Practitioner) -> Area:
    """Expert Chen, from ten: people may check in since nine."""
    return Area(hospital, start=10, kind="expert", practitioner=hospital.doctor)


def refusal(act: object) -> str:
    with pytest.raises(Refusal) as no:
        act()  # type: ignore[operator]
    return no.value.code


def states() -> list[str]:
    return list(Appointment.objects.order_by("pk").values_list("state", flat=True))


def test_stop_gives_the_fee_back_to_who_waits_already_and_not_to_who_is_seen(area: Area, time: Clock) -> None:
    inside, waiting, missed = area.comes(), area.comes(), area.comes()
    doctor = area.opens()
    time.time = area.session.start
    doctor.recall(_missed_once(doctor, missed))
    assert doctor.skip().state == "missed" and doctor.next().pk == inside.pk
    stopping.stop(area.session.pk, "测试员", "医生生病")
    tend()
    assert states() == ["arrived", "cancelled", "cancelled"]
    assert list(Ticket.objects.order_by("pk").values_list("state", flat=True)) == ["called", "gone", "gone"]
    assert set(Notice.objects.values_list("patient", "kind")) == {
        (one.patient_id, "session_stopped") for one in (waiting, missed)}
    assert doctor.next() is None and states()[0] == "fulfilled"
    assert Event.objects.filter(kind="left").count() == 2


def _missed_once(doctor: Doctor, ticket: Ticket) -> int:
    Ticket.objects.filter(pk=ticket.pk).update(misses=1)
    return ticket.pk


def test_a_stopped_line_raises_no_alarm_of_people_who_have_left(area: Area, time: Clock) -> None:
    area.comes()
    area.opens()
    stopping.stop(area.session.pk, "测试员", "")
    tend()
    time.go(hours=2)
    assert alarms.watch() == 0 and not alarms.open_alarms()


def test_who_checked_in_before_a_substitute_came_is_asked_and_waits_for_the_new_doctor(
        area: Area, kiosk: Kiosk, time: Clock, second: Practitioner) -> None:
    early = area.comes()
    time.go(seconds=1)
    stopping.substitute(area.session.pk, second, "测试员", "会议")
    tend()
    kiosk.meet(early.patient)
    told = kiosk.get(f"/patients/{early.patient_id}/queue").body
    assert (told["places"], [one["why"] for one in told["arrivals"]]) == ([], ["changed"])
    booked = told["arrivals"][0]["appointment"]["id"]
    assert kiosk.post(f"/appointments/{booked}/checkin").code == "changed", "nobody waits for a doctor they did not agree to"
    offers.answer(Offer.objects.get().pk, True, "K1")
    place = kiosk.post(f"/appointments/{booked}/checkin").body
    assert (place["state"], place["practitioner"]["name"]["zh"], place["late"]) == ("waiting", "李试", False)
    area.session.refresh_from_db()
    assert area.opens().calls_all() == [place["number"]]


def test_who_checked_in_before_a_move_is_asked_and_checks_in_on_the_other_day(area: Area, hospital: Hospital,
                                                                              time: Clock) -> None:
    early = area.comes()
    other = hospital.session(days=1, start=10, kind="expert", practitioner=hospital.doctor)
    stopping.move(area.session.pk, other.pk, "测试员", "会议")
    tend()
    offers.answer(Offer.objects.get().pk, True, "K1")
    time.go(days=1)
    moved = area.check_in(Appointment.objects.get())
    assert (moved.day, moved.standing) == (other.day, "booked") and moved.pk != early.pk


def test_who_is_asked_about_a_move_does_not_check_in_for_the_session_that_is_gone(area: Area, hospital: Hospital) -> None:
    """There is another session of this doctor on the same day: the line is not over."""
    booked, other = area.booking(), hospital.session(start=14, kind="expert", practitioner=hospital.doctor)
    stopping.move(area.session.pk, other.pk, "测试员", "")
    assert refusal(lambda: area.check_in(booked)) == "changed"
    Offer.objects.all().delete()
    assert refusal(lambda: area.check_in(booked)) == "session_stopped"


@pytest.mark.parametrize("turn", range(3))
def test_a_call_and_a_stop_at_once_end_seen_or_refunded(area: Area, turn: int) -> None:
    ticket, doctor = area.comes(), area.opens()

    def stop() -> None:
        stopping.stop(area.session.pk, "测试员", "")
        tend()

    at_once(stop, lambda: doctor.next() and None)
    tend()
    ticket.refresh_from_db()
    assert (ticket.state, states()) in (("called", ["arrived"]), ("gone", ["cancelled"]))


# Referral.


def test_who_was_referred_goes_sooner_in_the_line_too(area: Area, hospital: Hospital, time: Clock) -> None:
    person, today = hospital.patient(), time.now().date()
    referral.refer(person, hospital.heart, "青禾社区卫生站", today, today, "测试员")
    elsewhere = hospital.patient()
    referral.refer(elsewhere, hospital.skin, "青禾社区卫生站", today, today, "测试员")
    sent = area.comes(patient=person)
    assert sent.priority.code == "referred" and area.comes(patient=elsewhere).priority is None
    by_the_community = area.booking()
    Appointment.objects.filter(pk=by_the_community.pk).update(channel="community")
    assert area.check_in(by_the_community).priority.code == "referred"


def test_who_is_sent_to_a_line_where_they_wait_already_is_called_once(area: Area, hospital: Hospital) -> None:
    elsewhere = hospital.session(hospital.skin, start=9, hours=2)
    person = hospital.patient()
    first, there = area.comes(session=elsewhere), area.comes(session=elsewhere, patient=person, at=1)
    area.comes(patient=person)
    doctor = area.opens()
    doctor.next()
    sent = doctor.refer(hospital.skin)
    assert (sent.pk, sent.standing, sent.priority.code) == (there.pk, "referred", "referred")
    assert area.opens(elsewhere).calls_all() == [first.number, there.number]


@pytest.mark.parametrize("turn", range(3))
def test_two_doctors_who_send_patients_to_each_other_at_once(area: Area, hospital: Hospital, turn: int) -> None:
    general, skin = hospital.session(start=9, hours=3), hospital.session(hospital.skin, start=9, hours=3)
    area.comes(session=general), area.comes(session=skin)
    heart_doctor, skin_doctor = area.opens(general), area.opens(skin)
    heart_doctor.next(), skin_doctor.next()
    sent = at_once(lambda: heart_doctor.refer(hospital.skin).department_id,
                   lambda: skin_doctor.refer(hospital.heart).department_id)
    assert sent == [hospital.skin.pk, hospital.heart.pk]


# Sitting.


@pytest.mark.parametrize("turn", range(3))
def test_two_doctors_who_change_places_at_once(area: Area, hospital: Hospital, turn: int) -> None:
    general, skin = hospital.session(start=9, hours=3), hospital.session(hospital.skin, start=9, hours=3)
    one, other = area.opens(general), area.opens(skin)
    free = [Room.objects.create(code=f"F{at}", department=hospital.heart, name_zh="备用", name_en="Spare") for at in range(2)]
    at_once(lambda: calling.sit(one.who, free[0], skin).pk, lambda: calling.sit(other.who, free[1], general).pk)
    now = {(sat.practitioner_id, sat.room_id) for sat in Sitting.objects.filter(ended_at=None)}
    assert now == {(one.who.pk, free[0].pk), (other.who.pk, free[1].pk)}


@pytest.mark.parametrize("turn", range(3))
def test_a_doctor_who_sits_down_in_two_rooms_at_once_sits_in_one(area: Area, hospital: Hospital, turn: int) -> None:
    general, skin = hospital.session(start=9, hours=3), hospital.session(hospital.skin, start=9, hours=3)
    rooms = [Room.objects.create(code=f"F{at}", department=hospital.heart, name_zh="备用", name_en="Spare") for at in range(2)]
    at_once(lambda: calling.sit(hospital.doctor, rooms[0], general).pk,
            lambda: calling.sit(hospital.doctor, rooms[1], skin).pk)
    assert Sitting.objects.filter(ended_at=None).count() == 1 and Sitting.objects.count() == 2


def test_a_room_that_nobody_left_is_free_the_next_morning(area: Area, time: Clock, second: Practitioner) -> None:
    ticket, doctor = area.comes(), area.opens()
    doctor.next()
    time.time = clock.at(area.session.day, 1440 + 239)
    tend()
    assert Sitting.objects.get().ended_at is None, "a night's work is not cut short"
    time.go(minutes=1)
    assert calling.rise_of_yesterday() == 1 and calling.rise_of_yesterday() == 0
    ticket.refresh_from_db()
    assert ticket.state == "done" and Sitting.objects.get().ended_at == time.now()
    today = area.hospital.session(start=9, kind="expert", practitioner=second)
    assert calling.sit(second, doctor.room, today).queue.day == time.now().date()


def test_with_its_day_an_alarm_is_over(area: Area, time: Clock) -> None:
    area.comes()
    area.opens()
    time.go(hours=2)
    assert alarms.watch() == 1
    time.go(days=1)
    assert alarms.watch() == 1 and not alarms.open_alarms() and Alarm.objects.get().over_at == time.now()


def test_nobody_comes_back_into_a_line_that_is_over(area: Area, time: Clock) -> None:
    missed, back = area.comes(), area.comes()
    doctor = area.opens()
    assert doctor.next().pk == missed.pk and doctor.skip() and doctor.next().pk == back.pk
    doctor.done(comes_back=True)
    assert doctor.next().pk == missed.pk and doctor.skip().state == "missed"
    doctor.rise()
    time.time = area.session.end - dt.timedelta(minutes=1)
    assert area.rejoin(missed).state == "waiting", "until the end somebody may still come"
    time.go(minutes=1)
    assert refusal(lambda: area.rejoin(back)) == "session_over"
    area.opens()
    assert area.rejoin(back).standing == "results", "and whoever sits on calls on"
