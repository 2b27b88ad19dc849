"""Money: taken at most once, never kept without a booking, never counted before it was compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from hospital.care.models import Appointment, Patient, Slot
from hospital.money import cancelling, obligations, refunding, settling
from hospital.money.models import Order, Refund
from hospital.payments.channel import RefundState, TradeState
from hospital.refusal import Refusal
from hospital.tending import Tended, tend
from hospital_fixtures import Answer, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Payer:
    """A person with a held number that costs 25 yuan, and an open order for it."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, **session: Any) -> None:
        self.kiosk = kiosk
        self.person: Patient = hospital.patient()
        self.session = hospital.session(**{"fee": 2500, "places": 1, **session})
        self.hold = kiosk.hold(self.person, segment(self.session)).body["id"]
        self.order = kiosk.order(self.hold).body
        self.no: str = self.order["no"]

    def state(self) -> str:
        return str(self.kiosk.get(f"/orders/{self.no}").body["state"])

    def close(self) -> Answer:
        return self.kiosk.post(f"/orders/{self.no}/close")

    def kinds(self) -> list[str]:
        return [one["kind"] for one in self.kiosk.notices(self.person)]


@pytest.fixture
def payer(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Payer:
    return Payer(hospital, kiosk)


def notify(body: bytes, signature: str = "genuine") -> int:
    return Client().post("/pay/wechat/notify", body, content_type="application/json",
                         headers={"Paper-Signature": signature}).status_code


def test_an_order_is_opened_polled_paid_and_booked(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    assert payer.order["state"] == "open" and payer.order["amount"] == 2500
    assert payer.order["code_url"].startswith("weixin://") and len(payer.no) <= 32
    assert payer.order["expires_at"] == "2026-11-20T09:03:00.000+08:00"
    assert payer.state() == "open"
    assert payer.kiosk.confirm(payer.hold).code == "unpaid"
    channel.pay(payer.no)
    time.go(seconds=1)
    assert payer.state() == "paid"
    confirmed = payer.kiosk.confirm(payer.hold).body
    assert confirmed["appointment"]["order"] == payer.no
    assert confirmed["appointment"]["transaction"] == f"420000{payer.no}"
    assert confirmed["copy"] == 1 and payer.kinds() == ["paper_owed"]


def test_the_channel_is_asked_at_most_once_a_second_per_order(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    for _ in range(5):
        assert payer.state() == "open"
    assert channel.times("query") == 1
    time.go(seconds=1)
    payer.state()
    assert channel.times("query") == 2


def test_the_hold_outlives_its_order(payer: Payer, hospital: Hospital, channel: PaperChannel, time: Clock) -> None:
    time.go(seconds=239)
    assert payer.kiosk.hold(hospital.patient(), segment(payer.session)).code == "slot_full"
    channel.pay(payer.no)
    assert payer.state() == "paid" and payer.kiosk.confirm(payer.hold).status == 200


def test_payment_to_booking_is_one_transaction(payer: Payer, channel: PaperChannel, monkeypatch: pytest.MonkeyPatch,
                                               time: Clock) -> None:
    """If the booking cannot be written, the payment is not either; the next news writes both."""
    channel.pay(payer.no)

    def fails(day: dt.date) -> str:
        raise OSError("the disk is full")
    with monkeypatch.context() as broken:
        broken.setattr("hospital.care.numbers.appointment_code", fails)
        with pytest.raises(OSError, match="disk"):
            notify(channel.news(payer.no))
        order = Order.objects.get()
        assert (order.state, order.received, Appointment.objects.count()) == ("open", None, 0)
        assert not Slot.objects.filter(booked=True).exists()
    time.go(seconds=1)
    assert payer.state() == "paid" and Appointment.objects.count() == 1


def test_a_notification_books_and_is_idempotent(payer: Payer, channel: PaperChannel) -> None:
    channel.pay(payer.no)
    assert notify(channel.news(payer.no)) == 204
    assert notify(channel.news(payer.no)) == 204
    assert Order.objects.get().state == "paid" and Appointment.objects.count() == 1
    assert channel.times("query") == 0


def test_a_forged_notification_changes_nothing(payer: Payer, channel: PaperChannel) -> None:
    channel.pay(payer.no)
    assert notify(channel.news(payer.no), "forged") == 401
    assert Order.objects.get().state == "open"


def test_a_notification_of_something_unknown_is_not_acknowledged(payer: Payer, channel: PaperChannel) -> None:
    channel.open("R0000000000", 1, "", dt.datetime.now(dt.UTC))
    assert notify(channel.news("R0000000000")) == 404


def test_a_late_payment_is_refunded_with_a_notice(payer: Payer, hospital: Hospital, channel: PaperChannel,
                                                  time: Clock) -> None:
    time.go(seconds=241)
    other = hospital.patient()
    assert payer.kiosk.hold(other, segment(payer.session)).status == 200, "somebody else has the number now"
    channel.pay(payer.no)
    assert notify(channel.news(payer.no)) == 204
    assert payer.state() == "refunding" and payer.kinds() == ["refunded_late"]
    assert not Appointment.objects.exists()
    notice = payer.kiosk.notices(payer.person)[0]
    assert notice["data"] == {"order": payer.no, "amount": 2500, "refund": f"{payer.no}R1"}
    channel.refund_state = RefundState.SUCCESS
    assert tend().refunds_done == 1
    assert payer.state() == "refunded" and list(channel.refunds) == [f"{payer.no}R1"]
    payer.kiosk.post(f"/notices/{notice['id']}/seen")
    assert payer.kinds() == []


def test_a_payment_of_a_released_hold_is_refunded(payer: Payer, channel: PaperChannel) -> None:
    payer.kiosk.post(f"/holds/{payer.hold}/release")
    channel.pay(payer.no)
    assert payer.state() == "refunding" and payer.kiosk.confirm(payer.hold).code == "hold_ended"


def test_a_payment_after_the_end_still_books_if_nobody_took_the_slot(payer: Payer, channel: PaperChannel,
                                                                     time: Clock) -> None:
    time.go(seconds=300)
    channel.pay(payer.no)
    assert payer.state() == "paid" and Appointment.objects.get().order.no == payer.no


def test_a_payment_for_a_half_day_booked_meanwhile_is_refunded(payer: Payer, hospital: Hospital, channel: PaperChannel,
                                                               time: Clock) -> None:
    time.go(seconds=300)
    free = hospital.session(start=15)
    payer.kiosk.confirm(payer.kiosk.hold(payer.person, segment(free)).body["id"])
    channel.pay(payer.no)
    assert payer.state() == "refunding"


@pytest.mark.parametrize("word, value", [("amount", 1), ("merchant", "1900000009"), ("appid", "wx9")])
def test_another_amount_or_merchant_is_disputed_and_never_paid(payer: Payer, channel: PaperChannel, word: str,
                                                               value: Any) -> None:
    channel.pay(payer.no)
    setattr(channel.orders[payer.no], word, value)
    assert payer.state() == "disputed" and not Appointment.objects.exists() and not Refund.objects.exists()
    assert payer.kinds() == ["disputed"]
    assert payer.close().body["state"] == "disputed"
    assert obligations.orders().get().reason == word
    assert payer.kiosk.order(payer.hold).body["state"] == "disputed", "nobody is asked to pay again"


def test_money_refunded_behind_our_back_is_disputed(payer: Payer, channel: PaperChannel) -> None:
    channel.pay(payer.no)
    channel.orders[payer.no].state = TradeState.REFUND
    assert payer.state() == "disputed"


def test_closing_says_closed_and_frees_nothing_that_was_paid(payer: Payer, channel: PaperChannel) -> None:
    assert payer.close().body["state"] == "closed"
    assert [verb for verb, _ in channel.asked] == ["open", "query", "close", "query"]
    assert payer.close().body["state"] == "closed"
    assert channel.times("close") == 1


def test_who_pays_while_it_is_being_closed_has_paid(payer: Payer, channel: PaperChannel) -> None:
    channel.pay_on_close = True
    assert payer.close().body["state"] == "paid" and Appointment.objects.count() == 1


def test_a_payment_of_a_closed_order_is_not_lost(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    payer.close()
    time.go(seconds=300)
    channel.pay(payer.no)
    assert notify(channel.news(payer.no)) == 204
    assert payer.state() == "paid"


def test_closing_when_the_channel_is_away_is_503_and_not_stored(payer: Payer, channel: PaperChannel) -> None:
    channel.away = {"query"}
    answers = [payer.kiosk.post(f"/orders/{payer.no}/close", {}, "same") for _ in range(2)]
    assert [(one.status, one.code) for one in answers] == [(503, "channel_away")] * 2
    channel.away = set()
    assert payer.kiosk.post(f"/orders/{payer.no}/close", {}, "same").body["state"] == "closed"


def test_a_lost_answer_to_close_is_not_an_answer(payer: Payer, channel: PaperChannel) -> None:
    channel.lost = {"close"}
    assert payer.close().code == "channel_away" and Order.objects.get().state == "open"
    channel.lost = set()
    assert payer.close().body["state"] == "closed"


def test_silence_of_the_channel_changes_nothing(payer: Payer, channel: PaperChannel) -> None:
    channel.away = {"query"}
    assert payer.state() == "open"


def test_somebody_typing_a_password_is_neither_paid_nor_closed(payer: Payer, channel: PaperChannel,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    channel.orders[payer.no].state = TradeState.USERPAYING
    monkeypatch.setattr(channel, "close", lambda no: None)
    assert payer.close().code == "channel_away"


def test_a_repeat_after_channel_away_goes_on_with_the_same_order(hospital: Hospital, kiosk: Kiosk,
                                                                 channel: PaperChannel) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    channel.lost = {"open"}
    assert (kiosk.order(hold, "same").status, kiosk.order(hold, "same").status) == (503, 503)
    channel.lost = set()
    order = kiosk.order(hold, "same")
    assert order.status == 200 and list(channel.orders) == [order.body["no"]]
    assert Order.objects.get().code_url == order.body["code_url"] != ""
    again = kiosk.order(hold, "same")
    assert again.headers["Idempotent-Replay"] == "true" and again.text == order.text


def test_an_order_whose_opening_never_arrived_is_closed(hospital: Hospital, kiosk: Kiosk,
                                                        channel: PaperChannel) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    channel.away = {"open"}
    kiosk.order(hold, "first")
    channel.away = set()
    order = kiosk.order(hold, "second")
    assert order.status == 200
    assert list(Order.objects.order_by("id").values_list("state", flat=True)) == ["closed", "open"]


def test_an_open_order_of_the_same_hold_is_closed_first(payer: Payer, channel: PaperChannel) -> None:
    second = payer.kiosk.order(payer.hold).body
    assert second["no"] != payer.no and payer.state() == "closed"
    channel.pay(second["no"])
    assert payer.kiosk.order(payer.hold).body | {"state": "paid", "no": second["no"]} == payer.kiosk.get(
        f"/orders/{second['no']}").body
    assert Order.objects.count() == 2


def test_a_refused_order_says_why_and_stays_refused(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    channel.refuse = {"open": "NO_AUTH"}
    refused = kiosk.order(hold, "same")
    assert (refused.status, refused.body["data"]) == (409, {"reason": "NO_AUTH", "channels": ["wechat"]})
    channel.refuse = {}
    assert kiosk.order(hold, "same").text == refused.text
    assert kiosk.get(f"/orders/{Order.objects.get().no}").body["state"] == "refused"
    assert kiosk.order(hold, "other").status == 200


def test_orders_that_make_no_sense(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    free = kiosk.hold(hospital.patient(), segment(hospital.session())).body["id"]
    assert kiosk.order(free).body == {"code": "channel_refused", "data": {"reason": "nothing_to_pay"}}
    assert kiosk.get("/orders/R1").code == "unknown_order"
    paid = kiosk.hold(hospital.patient(), segment(hospital.session(hospital.skin, fee=1))).body["id"]
    time.go(seconds=181)
    assert kiosk.order(paid).code == "hold_ended"


def test_without_an_account_payment_is_refused(hospital: Hospital, kiosk: Kiosk) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    assert kiosk.order(hold).body == {"code": "channel_refused", "data": {"reason": "not_configured", "channels": []}}
    assert notify(b"{}") == 404


def test_nobody_keeps_a_number_by_ordering_for_ever(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    for _ in range(4):
        time.go(seconds=170)
        assert payer.kiosk.order(payer.hold).status == 200
    time.go(seconds=170)
    assert payer.kiosk.order(payer.hold).code == "hold_ended"


def paid(payer: Payer, channel: PaperChannel) -> int:
    channel.pay(payer.no)
    assert payer.state() == "paid"
    return Appointment.objects.get(order__no=payer.no).pk


def test_cancelling_frees_the_number_and_refunds_in_full(payer: Payer, hospital: Hospital, channel: PaperChannel,
                                                         time: Clock) -> None:
    appointment = paid(payer, channel)
    cancelled = payer.kiosk.cancel(appointment).body
    assert cancelled["appointment"]["state"] == "cancelled"
    assert cancelled["refund"] == {"no": f"{payer.no}R1", "amount": 2500, "state": "processing"}
    assert payer.kiosk.hold(hospital.patient(), segment(payer.session)).body["number"] == 1
    assert payer.state() == "refunding"
    channel.refund_state = RefundState.SUCCESS
    tend()
    assert payer.state() == "refunded"
    assert payer.kiosk.get(f"/patients/{payer.person.pk}/papers").body[0]["refund"]["state"] == "done"


def test_a_double_cancel_is_refused_and_refunds_once(payer: Payer, channel: PaperChannel) -> None:
    appointment = paid(payer, channel)
    assert payer.kiosk.cancel(appointment).status == 200
    assert payer.kiosk.cancel(appointment).code == "already_cancelled"
    tend()
    assert Refund.objects.count() == len(channel.refunds) == 1


def test_cancelling_is_possible_until_half_an_hour_before(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    appointment = paid(payer, channel)
    time.time = time.time.replace(hour=13, minute=30, second=1)
    refused = payer.kiosk.cancel(appointment)
    assert refused.code == "not_cancellable" and refused.body["data"]["until"] == "2026-11-20T13:30:00+08:00"
    time.time = time.time.replace(second=0)
    assert payer.kiosk.cancel(appointment).status == 200


def test_a_refund_number_is_stable_however_often_it_is_asked(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    payer.kiosk.cancel(paid(payer, channel))
    channel.lost = {"refund"}
    for _ in range(3):
        assert tend().waiting == 1
        time.go(seconds=31)
    channel.lost = set()
    tend()
    time.go(seconds=31)
    channel.refund_state = RefundState.SUCCESS
    assert tend().refunds_done == 1
    asked = {no for verb, no in channel.asked if verb in ("refund", "query_refund")}
    assert asked == {f"{payer.no}R1"} and len(channel.refunds) == 1


def test_a_refund_is_done_by_its_notification(payer: Payer, channel: PaperChannel) -> None:
    payer.kiosk.cancel(paid(payer, channel))
    tend()
    channel.refund_state = RefundState.SUCCESS
    assert notify(channel.refund_news(f"{payer.no}R1")) == notify(channel.refund_news(f"{payer.no}R1")) == 204
    assert payer.state() == "refunded"


@pytest.mark.parametrize("state, number", [(RefundState.ABNORMAL, "R1"), (RefundState.CLOSED, "R2")])
def test_a_failed_refund_waits_for_the_staff(payer: Payer, channel: PaperChannel, time: Clock, state: RefundState,
                                             number: str) -> None:
    payer.kiosk.cancel(paid(payer, channel))
    channel.refund_state = state
    assert tend().refunds_failed == 1
    refund = obligations.orders().get().refund
    assert (refund.state, refund.reason) == ("failed", state.value)
    time.go(hours=1)
    assert tend() == Tended(), "nobody goes on by himself"
    channel.refund_state = RefundState.SUCCESS
    refunding.again(refund)
    assert tend().refunds_done == 1
    assert Refund.objects.get().no == payer.no + number


def test_a_refund_of_a_moment_ago_that_the_channel_does_not_know_yet(payer: Payer, channel: PaperChannel,
                                                                     time: Clock) -> None:
    payer.kiosk.cancel(paid(payer, channel))
    tend()
    channel.refunds.clear()
    time.go(seconds=31)
    assert tend() == Tended() and Refund.objects.get().state == "processing"
    time.go(seconds=31)
    channel.refund_state = RefundState.SUCCESS
    assert tend().refunds_done == 1


def test_tending_concludes_what_a_dead_kiosk_left(payer: Payer, hospital: Hospital, channel: PaperChannel,
                                                  time: Clock) -> None:
    other = Payer(hospital, Kiosk("K2"), department=hospital.skin)
    assert tend() == Tended()
    channel.pay(payer.no)
    time.go(seconds=181)
    channel.away = {"query"}
    assert tend().waiting == 1
    channel.away = set()
    time.go(seconds=10)
    assert tend().orders_settled == 2
    assert payer.state() == "paid" and other.state() == "closed"


def test_tending_places_a_payment_with_nothing_booked(payer: Payer, channel: PaperChannel, time: Clock) -> None:
    """As after a backup was put back: the order says paid, and nothing came of it."""
    Order.objects.update(state="paid")
    assert [one.kind for one in obligations.owed()] == ["unbooked"]
    assert tend().payments_placed == 1 and Appointment.objects.get().order.no == payer.no
    assert tend() == Tended() and not obligations.owed()


def test_a_stopped_session_tells_everybody_and_refunds(payer: Payer, hospital: Hospital, channel: PaperChannel) -> None:
    appointment = paid(payer, channel)
    late = Payer(hospital, Kiosk("K2"), department=hospital.skin)
    cancelling.stop(payer.session)
    cancelling.stop(late.session)
    assert tend().bookings_cleared == 1
    notice = next(one for one in payer.kiosk.notices(payer.person) if one["kind"] == "session_stopped")
    assert notice["data"]["appointment"]["id"] == appointment and notice["data"]["amount"] == 2500
    assert payer.state() == "refunding"
    channel.pay(late.no)
    assert late.state() == "refunding", "a payment for a session stopped meanwhile goes back"


def test_an_order_learns_nothing_from_news_about_another(payer: Payer, channel: PaperChannel) -> None:
    channel.open("R0000000000", 2500, "", dt.datetime.now(dt.UTC))
    channel.pay("R0000000000")
    assert settling.learn(payer.no, channel.query("R0000000000")).state == "disputed"
    with pytest.raises(Refusal, match="unknown_order"):
        settling.learn("R0000000000", channel.query("R0000000000"))
