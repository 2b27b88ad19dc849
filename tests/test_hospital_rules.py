"""The rules of booking: limits, referrals, doctors like one who is full, missed visits, children, return visits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from hospital import clock
from hospital.care import booking
from hospital.care.models import Appointment, Patient, Practitioner, Schedule, Slot
from hospital.care.people import check_digit
from hospital.outpatient import family, noshows, referral, registering, stopping
from hospital.outpatient.models import DepartmentRule, Limit, Link, Message, Miss, Withdrawal
from hospital.outpatient.similar import similar
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from queue_fixtures import Area

CHILD = dt.date(2019, 5, 5)


def book(patient: Patient, session: Schedule, channel: str = "kiosk") -> str:
    """Holds and confirms a free number; the word of the refusal, or "booked"."""
    try:
        with transaction.atomic():
            booking.confirm(booking.get_hold(registering.hold(patient.pk, segment(session), "K1", channel).pk))
    except Refusal as no:
        return no.code
    return "booked"


# Limits.


def test_a_limit_of_one_department_within_days(hospital: Hospital) -> None:
    Limit.objects.create(department=hospital.heart, days=7, most=2)
    person = hospital.patient()
    assert [book(person, hospital.session(days=day)) for day in (0, 6)] == ["booked"] * 2
    assert book(person, hospital.session(days=3)) == "booking_limit", "within the seven days of both"
    assert book(person, hospital.session(days=7)) == "booked", "with one of them only"
    assert book(person, hospital.session(hospital.skin, days=3)) == "booked", "another department"
    assert book(hospital.patient(), hospital.session(days=3, start=16)) == "booked", "another person"


def test_a_limit_of_each_department_and_one_of_all_together(hospital: Hospital) -> None:
    Limit.objects.create(each=True, days=1, most=1)
    person = hospital.patient()
    assert book(person, hospital.session(start=9)) == "booked"
    assert book(person, hospital.session(start=15)) == "booking_limit"
    assert book(person, hospital.session(hospital.skin)) == "booked"
    Limit.objects.create(days=30, most=2)
    assert book(person, hospital.session(hospital.skin, days=20)) == "booking_limit"


def test_a_limit_counts_what_is_held_and_not_what_was_given_back(hospital: Hospital, kiosk: Kiosk) -> None:
    Limit.objects.create(days=30, most=1)
    person = hospital.patient()
    held = kiosk.hold(person, segment(hospital.session())).body
    refused = kiosk.hold(person, segment(hospital.session(days=1)))
    assert (refused.code, refused.body["data"]) == ("booking_limit", {"days": 30, "limit": 1})
    kiosk.cancel(kiosk.confirm(held["id"]).body["appointment"]["id"])
    assert kiosk.hold(person, segment(hospital.session(days=1, start=16))).status == 200


def test_nobody_keeps_a_number_by_holding_it_again_and_again(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    """Every three minutes, for as long as the lobby is open: after the eighth it is somebody else's turn."""
    person, session = hospital.patient(), hospital.session(places=1, minutes=60)
    where = segment(session)
    for _ in range(8):
        assert kiosk.hold(person, where).status == 200
        time.go(seconds=170)
    refused = kiosk.hold(person, where)
    assert (refused.status, refused.code) == (409, "held_too_often")
    assert refused.body["data"]["until"].startswith("2026-11-20T10:00")
    time.go(seconds=11)
    other = hospital.patient()
    assert kiosk.confirm(kiosk.hold(other, where).body["id"]).status == 200
    elsewhere = hospital.session(hospital.skin)
    assert kiosk.hold(person, segment(elsewhere)).status == 200, "another department"
    time.go(minutes=38)
    assert kiosk.hold(person, segment(hospital.session(start=16))).status == 200, "and an hour after the first"


def test_what_was_booked_after_all_counts_not(hospital: Hospital, kiosk: Kiosk) -> None:
    Limit.objects.all().delete()
    person, session = hospital.patient(), hospital.session(places=9)
    for _ in range(10):
        booked = kiosk.confirm(kiosk.hold(person, segment(session)).body["id"]).body["appointment"]
        assert kiosk.cancel(booked["id"]).status == 200


# Referral.


def test_who_was_referred_has_a_share_of_their_own_and_goes_first(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    session = hospital.session(days=1, places=1, minutes=60)
    session.slots.update(share="community")
    person, day = hospital.patient(), session.day
    assert kiosk.hold(person, segment(session)).code == "slot_full"
    assert not referral.priority_of(person.pk, hospital.heart.pk, day)
    made = referral.refer(person, hospital.heart, "青禾社区卫生站", day, day + dt.timedelta(days=7), "测试员")
    assert referral.priority_of(person.pk, hospital.heart.pk, day)
    assert not referral.priority_of(person.pk, hospital.skin.pk, day)
    assert not referral.priority_of(person.pk, hospital.heart.pk, day - dt.timedelta(days=1))
    seen = kiosk.get(f"/departments/{hospital.heart.pk}/sessions?patient={person.pk}").body[0]
    assert seen["left"] == 1 and kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body[0]["left"] == 0
    assert kiosk.hold(hospital.patient(), segment(session)).code == "slot_full"
    assert kiosk.hold(person, segment(session)).status == 200
    assert referral.withdraw(made) and not referral.withdraw(made)
    assert not referral.priority_of(person.pk, hospital.heart.pk, day)


def test_a_referral_has_its_dates(hospital: Hospital, time: Clock) -> None:
    person, today = hospital.patient(), time.now().date()
    with pytest.raises(Refusal):
        referral.refer(person, hospital.heart, "x", today, today - dt.timedelta(days=1), "测试员")
    referral.refer(person, hospital.heart, "x", today, today, "测试员")
    assert referral.referred(person.pk, hospital.heart.pk)
    time.go(days=1)
    assert not referral.referred(person.pk, hospital.heart.pk)


# Similar doctors.


def doctors(hospital: Hospital, many: int, **words: Any) -> list[Practitioner]:
    made = []
    for number in range(many):
        one = Practitioner.objects.create(**{"code": f"S{Practitioner.objects.count()}", "name_zh": f"医{number}",
                                             "name_en": f"S{number}", "title": "chief", **words})
        one.departments.add(hospital.heart)
        made.append(one)
    return made


def test_doctors_like_one_who_is_full(hospital: Hospital, kiosk: Kiosk) -> None:
    junior, = doctors(hospital, 1, title="attending")
    same, full, other = doctors(hospital, 3)
    Practitioner.objects.filter(pk=other.pk).update(speciality_zh="心律失常、冠心病")
    for doctor in (hospital.doctor, junior, same, other):
        hospital.session(days=2, practitioner=doctor, kind="expert")
    gone = hospital.session(days=1, practitioner=full, kind="expert")
    gone.slots.update(booked=True)
    path = f"/departments/{hospital.heart.pk}/similar/{hospital.doctor.pk}"
    found = kiosk.get(path).body
    assert [one["practitioner"]["id"] for one in found] == [other.pk, same.pk], "a word of the speciality comes first"
    assert found[0]["segment"]["left"] == 2 and found[0]["session"]["practitioner"]["id"] == other.pk
    assert kiosk.hold(hospital.patient(), found[0]["segment"]["id"]).status == 200
    assert kiosk.get(f"/departments/{hospital.heart.pk}/similar/999").code == "unknown_practitioner"


def test_doctors_like_one_who_is_full_for_who_was_referred(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    """The community's places are theirs here, too."""
    colleague, = doctors(hospital, 1)
    kept = hospital.session(days=2, practitioner=colleague, kind="expert")
    kept.slots.update(share=referral.SHARE, share_until=time.now() + dt.timedelta(days=1))
    sent, other, today = hospital.patient(), hospital.patient(), time.now().date()
    referral.refer(sent, hospital.heart, "青禾社区卫生站", today, today + dt.timedelta(days=7), "测试员")
    path = f"/departments/{hospital.heart.pk}/similar/{hospital.doctor.pk}"
    for person in (sent, other):
        kiosk.meet(person)
    assert kiosk.get(path).body == [] == kiosk.get(f"{path}?patient={other.pk}").body
    found = kiosk.get(f"{path}?patient={sent.pk}").body
    assert [one["practitioner"]["id"] for one in found] == [colleague.pk] and found[0]["segment"]["left"] == 2
    assert kiosk.get(f"{path}?patient={hospital.patient().pk}").code == "unknown_patient", "who is not here"


def test_similar_doctors_by_booking_rate_and_stop_record(hospital: Hospital) -> None:
    wanted, stops, quiet, busy = doctors(hospital, 4)
    for doctor, taken, states in ((stops, 4, ("stopped", "open")), (quiet, 1, ("open", "open")),
                                  (busy, 3, ("open", "open"))):
        for day, state in enumerate(states, start=1):
            past = hospital.session(days=-day, practitioner=doctor, kind="expert", state=state)
            past.slots.filter(number__lte=taken).update(booked=True)
        hospital.session(days=1, practitioner=doctor, kind="expert")
    found = similar(wanted.pk, hospital.heart.pk)
    assert [(one.practitioner, one.score) for one in found] == [(busy, 0.75), (stops, 0.5), (quiet, 0.25)]


def test_at_most_three_and_only_within_reach_of_the_channel(hospital: Hospital) -> None:
    wanted, *others = doctors(hospital, 5)
    for doctor in others:
        hospital.session(days=1, practitioner=doctor, kind="expert")
    assert len(similar(wanted.pk, hospital.heart.pk)) == 3
    Slot.objects.filter(schedule__practitioner__in=others[:3]).update(share="web")
    assert [one.practitioner for one in similar(wanted.pk, hospital.heart.pk)] == others[3:]
    assert len(similar(wanted.pk, hospital.heart.pk, frozenset({"web"}))) == 3


# Missed visits.


def missed(hospital: Hospital, time: Clock, person: Patient, times: int = 1) -> None:
    for _ in range(times):
        session = hospital.session(start=time.now().hour + 1)
        assert book(person, session) == "booked"
        time.time = clock.at(session.day, 1440)
        tend()
        time.go(hours=9)
    person.refresh_from_db()


@pytest.fixture
def checks_in(hospital: Hospital) -> None:
    DepartmentRule.objects.create(department=hospital.heart, check_in=True)


def test_a_visit_to_which_nobody_came_is_counted_when_its_day_is_over(hospital: Hospital, time: Clock,
                                                                      checks_in: None) -> None:
    session, person = hospital.session(), hospital.patient()
    book(person, session)
    time.time = clock.at(session.day, 1440) - dt.timedelta(seconds=1)
    assert noshows.count() == 0
    time.go(seconds=1)
    assert noshows.count() == 1 and noshows.count() == 0
    person.refresh_from_db()
    assert person.no_shows == 1 and Appointment.objects.get().state == "noshow"


def test_who_misses_the_morning_and_comes_in_the_afternoon_missed_nothing(hospital: Hospital, time: Clock,
                                                                          checks_in: None) -> None:
    area = Area(hospital)
    booked, _ = area.booking(), hospital.session(start=14)
    time.time = clock.at(area.session.day, 14 * 60)
    tend()
    assert area.check_in(booked).standing == "late"
    time.go(days=1)
    assert noshows.count() == 0 and not Miss.objects.exists()


def test_who_came_and_whose_session_was_stopped_or_has_no_check_in_missed_nothing(hospital: Hospital, time: Clock,
                                                                                  checks_in: None) -> None:
    came, stopped, elsewhere = hospital.session(), hospital.session(start=16), hospital.session(hospital.skin)
    for session in (came, stopped, elsewhere):
        assert book(hospital.patient(), session) == "booked"
    Appointment.objects.filter(slot__schedule=came).update(state="arrived")
    stopping.stop(stopped.pk, "测试员", "")
    time.go(days=1)
    assert noshows.count() == 0 and not Miss.objects.exists()


def test_at_three_a_person_registers_on_the_day_only(hospital: Hospital, time: Clock, checks_in: None) -> None:
    person = hospital.patient()
    missed(hospital, time, person, settings.NO_SHOWS)
    assert person.no_shows == 3 and not Withdrawal.objects.exists()
    ahead, today = hospital.session(days=1), hospital.session(start=time.now().hour + 1)
    assert [book(person, ahead, channel) for channel in ("kiosk", "web")] == ["blacklisted"] * 2
    assert book(person, today) == "booked"


def test_above_three_booking_from_afar_is_withdrawn_for_a_time(hospital: Hospital, time: Clock,
                                                               checks_in: None) -> None:
    person = hospital.patient()
    missed(hospital, time, person, settings.NO_SHOWS + 1)
    today = hospital.session(start=time.now().hour + 1)
    assert [book(person, today, channel) for channel in ("web", "phone", "app")] == ["remote_withdrawn"] * 3
    until = noshows.withdrawn_until(person.pk, time.now())
    assert until is not None and until == Withdrawal.objects.get().until
    time.time = clock.local(until)
    again = hospital.session(start=time.now().hour + 1)
    assert book(person, again, "web") == "booked", "it ends by itself"


def test_old_misses_count_no_more(hospital: Hospital, time: Clock, checks_in: None) -> None:
    person = hospital.patient()
    missed(hospital, time, person, settings.NO_SHOWS)
    time.go(days=settings.NO_SHOW_DAYS)
    assert noshows.forget_old() == 3
    person.refresh_from_db()
    assert person.no_shows == 0 and book(person, hospital.session(days=1)) == "booked"


def test_staff_forgive_a_miss_with_a_reason(hospital: Hospital, time: Clock, checks_in: None) -> None:
    person = hospital.patient()
    missed(hospital, time, person, settings.NO_SHOWS + 1)
    first = Miss.objects.earliest("at")
    assert noshows.forgive(first, "测试员", "住院") and not noshows.forgive(first, "测试员", "again")
    first.refresh_from_db()
    person.refresh_from_db()
    assert (person.no_shows, first.forgiven_by, first.why) == (3, "测试员", "住院")
    assert noshows.withdrawn_until(person.pk, time.now()) is None


# Children.


def test_a_guardian_books_for_a_child(hospital: Hospital, kiosk: Kiosk) -> None:
    guardian, child = hospital.patient(), hospital.patient(born=CHILD)
    family.link(guardian, child, "测试员")
    found = kiosk.post("/patients/find", {"id_number": guardian.id_number, "name": guardian.name}).body
    assert found["dependants"] == 1
    children = kiosk.get(f"/patients/{guardian.pk}/dependants").body
    assert [one["name"] for one in children] == [child.name]
    hold = kiosk.post("/holds", {"patient": child.pk, "segment": segment(hospital.session())})
    assert hold.status == 200, "whose guardian is here, is here"
    assert kiosk.confirm(hold.body["id"]).body["appointment"]["patient"] == child.pk


def test_who_only_knows_a_number_is_told_of_no_children(hospital: Hospital, kiosk: Kiosk) -> None:
    guardian, child = hospital.patient(), hospital.patient(born=CHILD)
    family.link(guardian, child, "测试员")
    assert kiosk.post("/patients/find", {"id_number": guardian.id_number}).body["dependants"] == 0


def test_children_are_told_to_nobody_else(hospital: Hospital, kiosk: Kiosk) -> None:
    guardian, child = hospital.patient(), hospital.patient(born=CHILD)
    link = family.link(guardian, child, "测试员")
    assert kiosk.get(f"/patients/{guardian.pk}/dependants").code == "unknown_patient"
    assert family.unlink(link) and not family.unlink(link)
    kiosk.meet(guardian)
    assert kiosk.get(f"/patients/{guardian.pk}/dependants").body == []
    assert kiosk.post("/holds", {"patient": child.pk, "segment": segment(hospital.session())}).code == "unknown_patient"


def test_a_child_is_linked_to_the_one_adult_with_the_telephone(hospital: Hospital, kiosk: Kiosk) -> None:
    guardian = hospital.patient(phone="19900007777", born=dt.date(1990, 1, 1))
    hospital.patient(phone="19900007777", born=CHILD)
    new = {"id_number": "999999201905050013", "card_kind": "resident", "name": "测试童", "phone": "19900007777",
           "born": "2019-05-05"}
    new["id_number"] = new["id_number"][:17] + check_digit(new["id_number"][:17])
    made = kiosk.post("/patients", new)
    assert made.status == 201
    assert [(one.guardian, one.child_id) for one in Link.objects.all()] == [(guardian, made.body["id"])]


def test_a_telephone_of_two_adults_links_nobody(hospital: Hospital) -> None:
    for _ in range(2):
        hospital.patient(phone="19900007777")
    assert family.link_by_phone(hospital.patient(phone="19900007777", born=CHILD), "K1") is None


def test_who_has_grown_up_acts_for_themselves(hospital: Hospital, time: Clock) -> None:
    guardian, child = hospital.patient(), hospital.patient(born=dt.date(2008, 11, 21))
    family.link(guardian, child, "测试员")
    assert family.dependants(guardian.pk) == [child] and family.recipient(child) == guardian
    time.go(days=1)
    assert family.dependants(guardian.pk) == [] and family.recipient(child) == child
    for one, other in ((guardian, child), (child, child)):
        with pytest.raises(Refusal):
            family.link(one, other, "测试员")


def test_notices_and_messages_of_a_child_go_to_the_guardian(hospital: Hospital, kiosk: Kiosk) -> None:
    guardian, child = hospital.patient(phone="19900007777"), hospital.patient(name="童测试", born=CHILD)
    family.link(guardian, child, "测试员")
    session = hospital.session()
    book(child, session)
    stopping.stop(session.pk, "测试员", "")
    tend()
    notice = kiosk.notices(guardian)[0]
    assert notice["kind"] == "session_stopped" and kiosk.post(f"/notices/{notice['id']}/seen").status == 200
    message = Message.objects.get()
    assert message.patient == guardian and "童**的家长" in message.text and "童测试" not in message.text


# Return visits.


def test_a_return_visit_booked_in_the_consulting_room_is_on_the_list_at_the_kiosk(hospital: Hospital,
                                                                                  kiosk: Kiosk) -> None:
    session = hospital.session(days=7, places=1, minutes=60)
    session.slots.update(share="consulting")
    person = hospital.patient()
    assert kiosk.hold(person, segment(session)).code == "slot_full", "the share is the consulting room's"
    made = registering.return_visit(person.pk, segment(session), "医生：陈试")
    listed = kiosk.get(f"/patients/{person.pk}/appointments").body
    assert [(one["code"], one["channel"]) for one in listed] == [(made.code, "consulting")]
    assert kiosk.cancel(made.pk).body["refund"] is None
