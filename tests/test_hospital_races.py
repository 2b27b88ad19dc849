"""Things that happen at the same moment: whoever comes first, the books are right afterwards, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from hospital import bell
from hospital.care.models import Appointment, Paper, Slot
from hospital.money.models import Order, Refund
from hospital.payments.channel import RefundState
from hospital.tending import tend, tend_until
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel

T = TypeVar("T")
ROUNDS = 4


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Run all of them from the same moment on, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        gate.wait(timeout=30)
        try:
            return act()
        finally:
            connections.close_all()
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def notify(channel: PaperChannel, no: str) -> int:
    return Client().post("/pay/wechat/notify", channel.news(no), content_type="application/json",
                         headers={"Paper-Signature": "genuine"}).status_code


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_news_of_a_payment_from_everywhere_books_once(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                      time: Clock, turn: int) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    channel.pay(no)
    time.go(seconds=200)
    at_once(*[lambda: notify(channel, no)] * 3, *[lambda: kiosk.get(f"/orders/{no}").status] * 3,
            *[lambda: kiosk.post(f"/orders/{no}/close").status] * 3, lambda: tend().orders_settled)
    assert Order.objects.get().state == "paid" and Appointment.objects.get().order.no == no
    assert Slot.objects.filter(booked=True).count() == 1 and not Refund.objects.exists()


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_paying_and_leaving_at_once_ends_booked_or_refunded(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                            turn: int) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    channel.pay(no)
    at_once(lambda: notify(channel, no), lambda: kiosk.post(f"/holds/{hold}/release").status)
    order = Order.objects.get()
    booked, refunded = order.appointment is not None, Refund.objects.exists()
    assert booked != refunded and order.state == ("paid" if booked else "refunding")
    assert Slot.objects.filter(booked=True).count() == booked


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_late_payment_and_somebody_else_at_once_share_no_number(hospital: Hospital, kiosk: Kiosk,
                                                                  channel: PaperChannel, time: Clock,
                                                                  turn: int) -> None:
    session = hospital.session(fee=100, places=1)
    hold = kiosk.hold(hospital.patient(), segment(session)).body["id"]
    no = kiosk.order(hold).body["no"]
    time.go(seconds=241)
    channel.pay(no)
    other = hospital.patient()
    _, taken = at_once(lambda: notify(channel, no), lambda: kiosk.hold(other, segment(session)).status)
    order = Order.objects.get()
    assert (order.state, taken) in {("paid", 409), ("refunding", 200)}


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_cancelling_everywhere_at_once_refunds_once(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                    turn: int) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    appointment = Appointment.objects.get().pk
    ends = Counter(at_once(*[lambda: kiosk.cancel(appointment).status] * 6))
    assert ends == {200: 1, 409: 5}
    channel.refund_state = RefundState.SUCCESS
    at_once(tend, tend, tend)
    assert Order.objects.get().state == "refunded" and channel.times("refund") == 1


def test_papers_asked_for_at_once_have_one_original(hospital: Hospital, kiosk: Kiosk) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session())).body["id"]
    copies = at_once(*[lambda: kiosk.confirm(hold).body["copy"]] * 8)
    assert sorted(copies) == list(range(1, 9)) and Paper.objects.count() == 8
    assert Appointment.objects.count() == 1


def test_one_new_person_at_six_machines_at_once_gets_one_file(hospital: Hospital, kiosk: Kiosk) -> None:
    person = {"id_number": "999999199202020018", "card_kind": "resident", "name": "测试乙", "phone": "19900001111"}
    answers = at_once(*[lambda: kiosk.post("/patients", person)] * 6)
    assert Counter(one.status for one in answers) == {201: 1, 200: 5}
    assert len({one.body["id"] for one in answers}) == 1


def test_the_bell_wakes_the_tending_thread(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """A refund does not wait for the next pass: it is asked for as soon as it is owed."""
    monkeypatch.setattr(settings, "TEND_SECONDS", 3600)
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=100))).body["id"]
    no = kiosk.order(hold).body["no"]
    channel.pay(no)
    kiosk.get(f"/orders/{no}")
    stop = threading.Event()

    def work() -> None:
        try:
            tend_until(stop)
        finally:
            connections.close_all()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        channel.refund_state = RefundState.SUCCESS
        kiosk.cancel(Appointment.objects.get().pk)
        assert channel.refunded.wait(30)
    finally:
        stop.set()
        bell.wake()
        thread.join(30)
    assert not thread.is_alive() and Order.objects.get().state == "refunded"
