"""Changes upon changes: who is asked about what, what is kept for them, what they are told; nothing untrue is sent."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings

from hospital import clock
from hospital.care.models import Appointment, Notice, Practitioner, Schedule, Slot
from hospital.money.models import Refund
from hospital.outpatient import messages, offers, rosters, rounds, stopping
from hospital.outpatient.models import Change, Message, Offer, ShareRule
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel
from test_hospital_rosters import MONDAY, template
from test_hospital_stopping import booked, expert, gateway, refusal, second, told

__all__ = ["gateway", "second"]


@pytest.fixture
def third(hospital: Hospital) -> Practitioner:
    doctor = Practitioner.objects.create(code="D3", name_zh="王试", name_en="Wang Shi", title="chief")
    doctor.departments.add(hospital.heart)
    return doctor


def asked(state: str = "pending") -> list[tuple[int, str]]:
    """Who is asked, about which doctor."""
    return [(one.appointment_id, one.change.after.name_zh) for one in
            Offer.objects.filter(state=state).select_related("change__after").order_by("made_at")]


def test_who_pays_after_two_changes_is_asked_about_the_doctor_who_will_be_there(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock, second: Practitioner,
        third: Practitioner) -> None:
    session = expert(hospital)
    hold = kiosk.hold(hospital.patient(), segment(session)).body["id"]
    no = kiosk.order(hold).body["no"]
    for doctor in (second, third):
        time.go(seconds=1)
        stopping.substitute(session.pk, doctor, "测试员", "")
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    tend()
    tend()
    assert asked() == [(Appointment.objects.get().pk, "王试")] and not asked("void")


def test_another_change_takes_the_place_of_the_question_before(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                               time: Clock, second: Practitioner,
                                                               third: Practitioner) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    for doctor in (second, third):
        time.go(seconds=1)
        stopping.substitute(session.pk, doctor, "测试员", "")
        tend()
    assert (asked("void"), asked()) == ([(one.pk, "李试")], [(one.pk, "王试")])


def test_a_substitution_that_is_taken_back_is_none(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                                   second: Practitioner, gateway: list[tuple[str, str, str]]) -> None:
    """Who booked the first doctor has them; who booked the second, meanwhile, is asked."""
    hospital.doctor.departments.add(hospital.heart)
    session = expert(hospital)
    first = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    after = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, hospital.doctor, "测试员", "弄错了")
    tend()
    assert (asked("void"), asked()) == ([(first.pk, "李试")], [(after.pk, "陈试")])
    assert [key for _, _, key in gateway] == [f"offer:{Offer.objects.get(state='pending').pk}"]
    time.time = session.start
    tend()
    assert {one.pk: one.state for one in Appointment.objects.all()} == {first.pk: "booked", after.pk: "cancelled"}


def test_who_agreed_is_not_asked_about_the_same_doctor_again(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                             time: Clock, second: Practitioner,
                                                             third: Practitioner) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    offers.answer(Offer.objects.get().pk, True, "K1")
    for doctor in (third, second):
        time.go(seconds=1)
        stopping.substitute(session.pk, doctor, "测试员", "")
    tend()
    assert asked() == [] and Appointment.objects.get(pk=one.pk).state == "booked"


def test_consent_after_the_session_has_begun_is_too_late(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                         time: Clock, second: Practitioner) -> None:
    """Though nobody has looked after it yet; at the kiosk and on the telephone."""
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    key = Offer.objects.get().pk
    time.time = session.start
    kiosk.meet(one.patient)
    for yes in (True, False):
        assert kiosk.post(f"/offers/{key}/answer", {"accept": yes}).code == "offer_over"
        assert refusal(offers.answer, key, yes, "电话") == "offer_over"
    assert told(kiosk, one.patient) == []


@pytest.mark.parametrize("off", ["stop", "move"])
def test_who_is_asked_about_a_session_that_is_off_too_gets_the_fee_back(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, off: str) -> None:
    session, other, last = expert(hospital), expert(hospital, days=2), expert(hospital, days=4)
    one = booked(hospital, kiosk, channel, session)
    stopping.move(session.pk, other.pk, "测试员", "")
    if off == "stop":
        stopping.stop(other.pk, "测试员", "")
    else:
        stopping.move(other.pk, last.pk, "测试员", "")
    tend()
    assert Appointment.objects.get().state == "cancelled" and Refund.objects.get().amount == 100
    notice, = told(kiosk, one.patient)
    assert notice["kind"] == "session_stopped" and "why" not in notice["data"]


# What is kept for them.


def test_new_rules_of_release_leave_a_kept_place_alone(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    """The session it moves to is open, but nobody sees it yet: the daily round rules it anew."""
    one = booked(hospital, kiosk, channel, expert(hospital, places=1))
    template(hospital, kind="expert", practitioner=hospital.doctor, date=MONDAY + dt.timedelta(days=21), places=1)
    rosters.plan(MONDAY, MONDAY + dt.timedelta(days=21))
    target = Schedule.objects.latest("pk")
    rosters.approve([target.pk], "office")
    stopping.move(one.slot.schedule_id, target.pk, "测试员", "")
    ShareRule.objects.create(channel="web", percent=100)
    rounds.daily()
    assert list(target.slots.order_by("number").values_list("share", flat=True)) == ["offer", "web"]
    assert offers.answer(Offer.objects.get().pk, True, "K1").offer.state == "accepted"


def test_a_place_kept_for_somebody_is_not_bought_by_a_payment_that_comes_late(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    session = expert(hospital)
    target = hospital.session(days=3, places=1, minutes=60, fee=100, practitioner=hospital.doctor, kind="expert")
    hold = kiosk.hold(hospital.patient(), segment(target)).body["id"]
    no = kiosk.order(hold).body["no"]
    time.go(seconds=500)
    one = booked(hospital, kiosk, channel, session)
    stopping.move(session.pk, target.pk, "测试员", "")
    assert Offer.objects.get().slot == target.slots.get()
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    tend()
    assert Refund.objects.get().order.no == no
    offers.answer(Offer.objects.get().pk, True, "K1")
    assert Appointment.objects.get(state="booked").pk == one.pk and Slot.objects.filter(booked=True).count() == 1


def test_a_session_that_another_doctor_took_over_is_not_planned_anew(hospital: Hospital, second: Practitioner) -> None:
    template(hospital, kind="expert", practitioner=hospital.doctor)
    rosters.plan(MONDAY, MONDAY)
    rosters.approve(Schedule.objects.values_list("pk", flat=True), "office")
    stopping.substitute(Schedule.objects.get().pk, second, "测试员", "进修")
    assert rosters.plan(MONDAY, MONDAY).made == 0 and Schedule.objects.get().practitioner == second
    assert Change.objects.get().before == hospital.doctor


# What they are told.


def test_who_never_answered_is_told_so_and_not_of_a_stop(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                         time: Clock, second: Practitioner,
                                                         gateway: list[tuple[str, str, str]]) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    time.time = session.start
    tend()
    assert [(notice["kind"], notice["data"]["why"]) for notice in told(kiosk, one.patient)] == [
        ("session_stopped", "unanswered")]
    assert "没有收到您的答复，号已退，挂号费原路退回" in gateway[-1][1] and "停诊" not in gateway[-1][1]


def test_nobody_is_told_of_money_that_they_never_paid(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                      gateway: list[tuple[str, str, str]]) -> None:
    session = expert(hospital, fee=0)
    booked(hospital, kiosk, channel, session)
    stopping.stop(session.pk, "测试员", "")
    tend()
    assert "停诊，号已退，请重新预约" in gateway[0][1] and "amount" not in Notice.objects.get().data


def test_who_was_moved_is_reminded_of_the_new_time(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                                   gateway: list[tuple[str, str, str]]) -> None:
    session, target = expert(hospital, days=2), expert(hospital, days=4)
    one = booked(hospital, kiosk, channel, session)
    time.go(days=1, hours=2)
    tend()
    stopping.move(session.pk, target.pk, "测试员", "")
    offers.answer(Offer.objects.get().pk, True, "K1")
    time.go(days=2)
    tend()
    tend()
    words = [text for _, text, key in gateway if key.startswith(f"reminder:{one.pk}")]
    assert len(words) == 2 and "11月22日" in words[0] and "11月24日" in words[1]


@pytest.mark.parametrize("end", ["cancelled", "moved", "arrived"])
def test_what_is_not_true_any_more_is_not_sent(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                               gateway: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch,
                                               end: str) -> None:
    """A reminder and a question waited for a gateway that was away."""
    session, target = expert(hospital, days=2), expert(hospital, days=4)
    one = booked(hospital, kiosk, channel, session)
    time.go(days=1, hours=2)
    monkeypatch.setattr(settings, "SMS_GATEWAY", "")
    tend()
    if end == "cancelled":
        kiosk.cancel(one.pk)
    elif end == "arrived":
        Appointment.objects.filter(pk=one.pk).update(state="arrived")
    else:
        stopping.move(session.pk, target.pk, "测试员", "")
        offers.answer(Offer.objects.get().pk, True, "K1")
    monkeypatch.setattr(settings, "SMS_GATEWAY", "test_hospital_stopping.send")
    assert messages.deliver() == 0 and gateway == []
    assert set(Message.objects.values_list("state", flat=True)) == {"stale"}


def test_midnight_belongs_to_the_new_day(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    """By the hospital's wall clock, wherever the database's is: a session late tonight, one early tomorrow."""
    time.time = clock.at(time.now().date(), 1439)
    tonight, early = hospital.session(start=23, minutes=60), hospital.session(days=1, start=0, minutes=60)
    today = f"/departments/{hospital.heart.pk}/sessions?days=1"
    assert [one["day"] for one in kiosk.get(today).body] == [str(tonight.day)]
    time.go(minutes=1)
    assert [one["day"] for one in kiosk.get(today).body] == [str(early.day)]
    assert kiosk.hold(hospital.patient(), segment(tonight)).code == "past"
    assert kiosk.hold(hospital.patient(no_shows=3), segment(early)).status == 200, "on the day, which has begun"


def test_nothing_is_asked_twice_by_two_servers(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                               second: Practitioner) -> None:
    from test_hospital_races import at_once

    session = expert(hospital)
    booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    Schedule.objects.filter(pk=session.pk).update(practitioner=second)
    change = Change.objects.create(kind="substitute", schedule=session, before=hospital.doctor, after=second, at=time.now(),
                                   by="测试员", why="")
    assert sum(at_once(*[lambda: offers.spread(change)] * 4)) == 1 and Offer.objects.count() == 1
    with pytest.raises(Refusal):
        stopping.substitute(session.pk, second, "测试员", "")
