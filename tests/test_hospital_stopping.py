"""停诊、替诊、换诊: what becomes of those who have booked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.conf import settings

from hospital.care.models import Appointment, Patient, Practitioner, Schedule, Slot
from hospital.money import cancelling
from hospital.money.models import Refund
from hospital.outpatient import offers, rosters, stopping
from hospital.outpatient.models import Change, Message, Offer
from hospital.payments.channel import RefundState
from hospital.refusal import Refusal
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel
from test_hospital_races import at_once

SENT: list[tuple[str, str, str]] = []


def send(phone: str, text: str, key: str) -> None:
    """A gateway made of a list."""
    SENT.append((phone, text, key))


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    SENT.clear()
    monkeypatch.setattr(settings, "SMS_GATEWAY", f"{__name__}.send")
    return SENT


@pytest.fixture
def second(hospital: Hospital) -> Practitioner:
    """Another chief of cardiology."""
    doctor = Practitioner.objects.create(code="D2", name_zh="李试", name_en="Li Shi", title="chief")
    doctor.departments.add(hospital.heart)
    return doctor


def expert(hospital: Hospital, days: int = 0, fee: int = 100, places: int = 2) -> Schedule:
    return hospital.session(days=days, fee=fee, places=places, practitioner=hospital.doctor, kind="expert")


def booked(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, session: Schedule,
           patient: Patient | None = None) -> Appointment:
    """Somebody holds, pays, and has the number."""
    hold = kiosk.hold(patient or hospital.patient(), segment(session)).body
    if hold["fee"]:
        no = kiosk.order(hold["id"]).body["no"]
        channel.pay(no)
        kiosk.get(f"/orders/{no}")
    return Appointment.objects.get(pk=kiosk.confirm(hold["id"]).body["appointment"]["id"])


def told(kiosk: Kiosk, patient: Patient) -> list[dict[str, Any]]:
    """What a person is told at the kiosk, besides of papers."""
    return [notice for notice in kiosk.notices(patient) if notice["kind"] != "paper_owed"]


def refusal(act: object, *words: object) -> str:
    with pytest.raises(Refusal) as no:
        act(*words)     # type: ignore[operator]
    return no.value.code


# Stop.


def test_stop_refunds_everybody_and_tells_them_at_the_kiosk_and_by_message(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, gateway: list[tuple[str, str, str]]) -> None:
    session = expert(hospital)
    two = [booked(hospital, kiosk, channel, session) for _ in range(2)]
    change = stopping.stop(session.pk, "测试员", "医师生病")
    channel.refund_state = RefundState.SUCCESS
    tend()
    assert set(Appointment.objects.values_list("state", flat=True)) == {"cancelled"}
    assert set(Refund.objects.values_list("state", "amount")) == {("done", 100)}
    for one in two:
        assert told(kiosk, one.patient)[0]["kind"] == "session_stopped"
    assert [key for _, _, key in gateway] == [f"stopped:{one.pk}" for one in two]
    assert "停诊" in gateway[0][1] and "测试" not in gateway[0][1]
    assert {one.appointment.pk for one in stopping.affected(change)} == {one.pk for one in two}
    assert refusal(stopping.stop, session.pk, "测试员", "again") == "session_stopped"


@pytest.mark.parametrize("turn", range(3))
def test_stop_while_it_is_being_booked_leaves_nobody_booked(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                            turn: int) -> None:
    session = expert(hospital, places=4)
    holds = [kiosk.hold(hospital.patient(), segment(session)).body["id"] for _ in range(4)]
    orders = [kiosk.order(hold).body["no"] for hold in holds]
    for no in orders:
        channel.pay(no)
    at_once(*[lambda no=no: kiosk.get(f"/orders/{no}").status for no in orders],        # type: ignore[misc]
            lambda: stopping.stop(session.pk, "测试员", "").pk)
    tend()
    assert not Appointment.objects.filter(state="booked").exists()
    assert Refund.objects.count() == 4


# Substitute.


def test_substitute_takes_over_and_who_has_booked_is_asked(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                           second: Practitioner,
                                                           gateway: list[tuple[str, str, str]], time: Clock) -> None:
    session = expert(hospital)
    before = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    assert stopping.stand_ins(session) == [second]
    stopping.substitute(session.pk, second, "测试员", "会议")
    after = booked(hospital, kiosk, channel, session)
    tend()
    assert list(Offer.objects.values_list("appointment", "state")) == [(before.pk, "pending")]
    notice = told(kiosk, before.patient)[0]
    assert (notice["kind"], notice["data"]["offer"]["doctor"]["name"]["zh"]) == ("offer", "李试")
    assert "李试主任医师替诊" in gateway[0][1] and len(gateway) == 1
    assert not told(kiosk, after.patient), "they chose the new doctor"
    answered = kiosk.post(f"/offers/{notice['data']['offer']['id']}/answer", {"accept": True}).body
    assert (answered["accepted"], answered["refund"], answered["appointment"]["state"]) == (True, None, "booked")
    assert answered["appointment"]["practitioner"]["name"]["zh"] == "李试"
    assert not told(kiosk, before.patient)


def test_who_declines_a_substitute_gets_the_fee_back(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                     second: Practitioner, time: Clock) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    key = told(kiosk, one.patient)[0]["data"]["offer"]["id"]
    answered = kiosk.post(f"/offers/{key}/answer", {"accept": False}).body
    assert (answered["accepted"], answered["refund"]["amount"]) == (False, 100)
    assert answered["appointment"]["state"] == "cancelled" and not Slot.objects.filter(booked=True).exists()
    assert kiosk.post(f"/offers/{key}/answer", {"accept": True}).code == "offer_over"


def test_the_office_answers_for_who_is_asked_on_the_telephone(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                              second: Practitioner, time: Clock) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    change = stopping.substitute(session.pk, second, "测试员", "")
    masked, = stopping.affected(change)
    seen, = stopping.affected(change, unmasked=True)
    assert (masked.name, masked.phone) == ("测**", "199****1234") and seen.phone == "19900001234"
    assert masked.offer is not None and "199" not in repr(masked) and masked.messages == ["queued"]
    offers.answer(masked.offer.pk, True, "电话：测试员")
    assert Offer.objects.get().answered_by == "电话：测试员" and Appointment.objects.get(pk=one.pk).state == "booked"


@pytest.mark.parametrize("kind", ["substitute", "move"])
def test_what_is_not_answered_by_the_start_is_declined(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                       second: Practitioner, time: Clock, kind: str) -> None:
    session, later = expert(hospital), expert(hospital, days=3)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    if kind == "move":
        stopping.move(session.pk, later.pk, "测试员", "")
    else:
        stopping.substitute(session.pk, second, "测试员", "")
    time.time = session.start - dt.timedelta(seconds=1)
    tend()
    assert Offer.objects.get().state == "pending"
    time.time = session.start
    channel.refund_state = RefundState.SUCCESS
    tend()
    tend()
    assert Offer.objects.get().state == "expired" and Refund.objects.get().state == "done"
    assert told(kiosk, one.patient)[0]["kind"] == "session_stopped"
    assert not Slot.objects.filter(share="offer").exists() and not Slot.objects.filter(booked=True).exists()


def test_a_substitute_is_of_the_same_rank_and_department_and_free(hospital: Hospital, second: Practitioner) -> None:
    session = expert(hospital)
    junior = Practitioner.objects.create(code="D3", name_zh="王试", name_en="Wang", title="resident")
    stranger = Practitioner.objects.create(code="D4", name_zh="赵试", name_en="Zhao", title="chief")
    hospital.session(hospital.skin, practitioner=second, kind="expert")
    words = ("测试员", "")
    assert refusal(stopping.substitute, session.pk, junior, *words) == "other_rank"
    assert refusal(stopping.substitute, session.pk, stranger, *words) == "other_department"
    assert refusal(stopping.substitute, session.pk, second, *words) == "busy_elsewhere"
    assert refusal(stopping.substitute, hospital.session(start=16).pk, second, *words) == "no_doctor"
    assert not Change.objects.exists() and stopping.stand_ins(session) == []


def test_who_pays_while_the_doctor_is_changed_is_asked_too(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                           second: Practitioner, time: Clock) -> None:
    session = expert(hospital)
    hold = kiosk.hold(hospital.patient(), segment(session)).body["id"]
    no = kiosk.order(hold).body["no"]
    time.go(seconds=1)
    stopping.substitute(session.pk, second, "测试员", "")
    assert not Offer.objects.exists()
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    tend()
    assert Offer.objects.get().appointment.hold_id.hex == hold.replace("-", "")


@pytest.mark.parametrize("turn", range(3))
def test_substitute_while_cancelling_ends_cancelled_or_asked(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                             second: Practitioner, time: Clock, turn: int) -> None:
    session = expert(hospital)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    at_once(lambda: stopping.substitute(session.pk, second, "测试员", "").pk, lambda: kiosk.cancel(one.pk).status)
    tend()
    assert Appointment.objects.get().state == "cancelled"
    assert not Offer.objects.filter(state="pending").exists() and Refund.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_yes_and_no_at_once_are_one_answer(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                           second: Practitioner, time: Clock, turn: int) -> None:
    session, later = expert(hospital), expert(hospital, days=3)
    one = booked(hospital, kiosk, channel, session)
    time.go(seconds=1)
    stopping.move(session.pk, later.pk, "测试员", "")
    key = Offer.objects.get().pk
    kiosk.meet(one.patient)
    ends = at_once(*[lambda yes=yes: kiosk.post(f"/offers/{key}/answer", {"accept": yes}).status      # type: ignore[misc]
                     for yes in (True, False, True, False)])
    assert Counter(ends) == {200: 1, 409: 3}
    kept = Appointment.objects.get().state == "booked"
    assert Slot.objects.filter(booked=True, schedule=later).count() == kept
    assert Refund.objects.exists() != kept


# Move.


def test_move_keeps_a_place_and_who_accepts_has_it(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                   time: Clock) -> None:
    session, later = expert(hospital), expert(hospital, days=3, places=1)
    one = booked(hospital, kiosk, channel, session)
    assert stopping.next_session(session) == later
    stopping.move(session.pk, later.pk, "测试员", "会议")
    assert kiosk.hold(hospital.patient(), segment(session, 1)).code == "session_stopped"
    assert kiosk.hold(hospital.patient(), segment(later)).code == "slot_full", "it is kept for who was asked"
    notice = told(kiosk, one.patient)[0]["data"]["offer"]
    assert (notice["kind"], notice["day"]) == ("move", str(later.day))
    answered = kiosk.post(f"/offers/{notice['id']}/answer", {"accept": True}).body
    assert (answered["appointment"]["day"], answered["appointment"]["fee"]) == (str(later.day), 100)
    moved = Appointment.objects.get()
    assert (moved.slot.schedule, moved.slot.booked, moved.order.state) == (later, True, "paid")
    assert not session.slots.filter(booked=True).exists()
    cancelling.cancel(moved, by_staff=True)
    assert not later.slots.filter(booked=True).exists() and Refund.objects.count() == 1


def test_who_declines_a_move_gets_the_fee_back_and_the_place_is_free(hospital: Hospital, kiosk: Kiosk,
                                                                     channel: PaperChannel) -> None:
    session, later = expert(hospital), expert(hospital, days=3, places=1)
    one = booked(hospital, kiosk, channel, session)
    stopping.move(session.pk, later.pk, "测试员", "")
    key = told(kiosk, one.patient)[0]["data"]["offer"]["id"]
    assert kiosk.post(f"/offers/{key}/answer", {"accept": False}).body["refund"]["amount"] == 100
    assert kiosk.hold(hospital.patient(), segment(later)).status == 200


def test_who_finds_no_place_in_the_other_session_gets_the_fee_back(hospital: Hospital, kiosk: Kiosk,
                                                                   channel: PaperChannel) -> None:
    session, later = expert(hospital, places=3), expert(hospital, days=3, places=1)
    for _ in range(3):
        booked(hospital, kiosk, channel, session)
    stopping.move(session.pk, later.pk, "测试员", "")
    assert Offer.objects.filter(state="pending").count() == 2
    assert Appointment.objects.filter(state="cancelled").count() == Refund.objects.count() == 1


def test_a_move_onto_another_booking_of_the_same_half_day_is_told(hospital: Hospital, kiosk: Kiosk,
                                                                  channel: PaperChannel) -> None:
    session, later = expert(hospital), expert(hospital, days=3)
    one = booked(hospital, kiosk, channel, session)
    booked(hospital, kiosk, channel, hospital.session(days=3, start=16), one.patient)
    stopping.move(session.pk, later.pk, "测试员", "")
    key = told(kiosk, one.patient)[0]["data"]["offer"]["id"]
    assert kiosk.post(f"/offers/{key}/answer", {"accept": True}).code == "already_booked"
    assert Offer.objects.get().state == "pending"


def test_a_session_moves_only_to_a_later_one_of_the_same_doctor(hospital: Hospital, second: Practitioner,
                                                                time: Clock) -> None:
    session = expert(hospital)
    other = hospital.session(days=1, practitioner=second, kind="expert")
    assert refusal(stopping.move, session.pk, other.pk, "测试员", "") == "other_session"
    assert refusal(stopping.move, session.pk, session.pk, "测试员", "") == "other_session"
    time.time = session.start
    assert refusal(stopping.move, session.pk, expert(hospital, days=2).pk, "测试员", "") == "past"


@pytest.mark.parametrize("turn", range(3))
def test_places_kept_for_a_move_and_people_who_book_there_share_none(hospital: Hospital, kiosk: Kiosk,
                                                                     channel: PaperChannel, turn: int) -> None:
    session, later = expert(hospital, places=3, fee=0), hospital.session(
        days=3, hours=1, minutes=60, places=3, practitioner=hospital.doctor, kind="expert")
    for _ in range(3):
        booked(hospital, kiosk, channel, session)
    others = [hospital.patient() for _ in range(3)]
    where = segment(later)
    ends = at_once(lambda: stopping.move(session.pk, later.pk, "测试员", "").pk and 0,
                   *[lambda one=one: kiosk.hold(one, where).status for one in others])      # type: ignore[misc]
    asked = Offer.objects.filter(state="pending")
    assert len(set(asked.values_list("slot", flat=True))) == asked.count()
    assert asked.count() + ends.count(200) == 3
    assert not asked.filter(slot__hold__isnull=False).exists()


def test_a_doctor_who_is_moved_away_is_free_for_another_session(hospital: Hospital) -> None:
    session, later = expert(hospital), expert(hospital, days=3)
    assert refusal(rosters.make_sure_free, hospital.doctor, session.start, session.end) == "busy_elsewhere"
    stopping.move(session.pk, later.pk, "测试员", "")
    rosters.make_sure_free(hospital.doctor, session.start, session.end)


# Messages.


def test_without_a_gateway_messages_wait_to_be_seen(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    session = expert(hospital)
    booked(hospital, kiosk, channel, session)
    stopping.stop(session.pk, "测试员", "")
    tend()
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("queued", 0)


def test_a_reminder_goes_out_the_day_before_once(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                                 gateway: list[tuple[str, str, str]]) -> None:
    one = booked(hospital, kiosk, channel, expert(hospital, days=2))
    tend()
    time.go(hours=24)
    tend()
    assert gateway == [], "not before ten"
    time.go(hours=1)
    tend()
    tend()
    assert [(phone, key) for phone, _, key in gateway] == [("19900001234", f"reminder:{one.pk}:{one.slot_id}")]
    assert "11月22日14:00" in gateway[0][1]


def test_a_booking_without_a_ticket_is_confirmed_by_message(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                            gateway: list[tuple[str, str, str]]) -> None:
    one = booked(hospital, kiosk, channel, expert(hospital))
    paper = {"appointment": one.pk, "kind": "registration", "copy": 1, "outcome": "none"}
    assert kiosk.post("/papers/outcome", paper).status == 200
    tend()
    assert f"排队号{one.slot.number}，预约号{one.code}" in gateway[0][1] and len(gateway) == 1


def test_a_printed_ticket_needs_no_message(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    one = booked(hospital, kiosk, channel, expert(hospital))
    kiosk.post("/papers/outcome", {"appointment": one.pk, "kind": "registration", "copy": 1, "outcome": "printed"})
    assert not Message.objects.exists()


def test_a_gateway_in_trouble_is_asked_again_and_at_last_given_up(hospital: Hospital, kiosk: Kiosk,
                                                                  channel: PaperChannel, time: Clock,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    session = expert(hospital, days=3)
    booked(hospital, kiosk, channel, session)
    stopping.stop(session.pk, "测试员", "")
    monkeypatch.setattr(settings, "SMS_GATEWAY", f"{__name__}.missing")
    tend()
    assert Message.objects.get().attempts == 0, "a gateway that is not there used no try up"
    monkeypatch.setattr(settings, "SMS_GATEWAY", f"{__name__}.in_trouble")
    for _ in range(settings.SMS_TRIES + 2):
        tend()
        time.go(minutes=40)
    message = Message.objects.get()
    assert (message.state, message.attempts, message.reason) == ("failed", settings.SMS_TRIES, "OSError")


def in_trouble(phone: str, text: str, key: str) -> None:
    raise OSError("nobody answers")


def test_a_message_that_comes_too_late_is_not_sent(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                                   gateway: list[tuple[str, str, str]]) -> None:
    one = booked(hospital, kiosk, channel, expert(hospital))
    kiosk.post("/papers/outcome", {"appointment": one.pk, "kind": "registration", "copy": 1, "outcome": "none"})
    time.time = one.slot.end
    tend()
    assert gateway == [] and Message.objects.get().state == "stale"


def test_two_servers_send_a_message_once(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                         gateway: list[tuple[str, str, str]]) -> None:
    session = expert(hospital)
    booked(hospital, kiosk, channel, session)
    stopping.stop(session.pk, "测试员", "")
    at_once(*[tend] * 3)
    tend()
    assert len(gateway) == 1
