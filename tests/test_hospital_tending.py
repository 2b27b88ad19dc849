"""The background pass: what it finds, however late, and what cannot stop it."""

from __future__ import annotations

import datetime as dt

import pytest

from hospital.care.models import Appointment
from hospital.money import cancelling, settling
from hospital.money.models import Order, Refund
from hospital.tending import Tended, tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Payer:
    """A person with a held number that costs 10 yuan, and an open order for it."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, **session: int) -> None:
        self.kiosk, self.person = kiosk, hospital.patient()
        self.session = hospital.session(**{"fee": 1000, **session})
        self.hold = kiosk.hold(self.person, segment(self.session)).body["id"]
        self.no: str = kiosk.order(self.hold).body["no"]

    def state(self) -> str:
        return str(self.kiosk.get(f"/orders/{self.no}").body["state"])

    def close(self) -> str:
        return str(self.kiosk.post(f"/orders/{self.no}/close").body["state"])


def test_who_booked_a_session_stopped_shortly_before_midnight_gets_the_money_back(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    time.go(hours=14, minutes=30)
    payer = Payer(hospital, kiosk, start=23, minutes=60)
    channel.pay(payer.no)
    assert payer.state() == "paid"
    cancelling.stop(payer.session)
    time.go(hours=1)
    assert tend().bookings_cleared == 1
    assert Appointment.objects.get().state == "cancelled" and payer.state() == "refunding"


@pytest.mark.parametrize("after", [dt.timedelta(minutes=2), dt.timedelta(minutes=30), dt.timedelta(hours=24)])
def test_money_on_a_closed_order_is_found_without_its_notification(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock, after: dt.timedelta) -> None:
    payer = Payer(hospital, kiosk)
    assert payer.close() == "closed"
    time.time += after - dt.timedelta(seconds=1)
    tend()
    channel.pay(payer.no)
    kiosk.post(f"/holds/{payer.hold}/release")
    assert tend() == Tended() and payer.state() == "closed", "not before its time"
    time.go(seconds=1)
    assert tend().late_money == 1
    assert payer.state() == "refunding" and Refund.objects.get().amount == 1000
    assert [one["kind"] for one in kiosk.notices(payer.person)] == ["refunded_late"]


def test_money_on_a_refused_order_is_found_and_books_a_number_that_still_stands(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    payer = Payer(hospital, kiosk)
    settling.refuse(Order.objects.get(), "SYSTEM")
    channel.pay(payer.no)
    time.go(minutes=2)
    assert tend().late_money == 1 and payer.state() == "paid"
    assert Appointment.objects.get().order.no == payer.no


def test_money_for_a_visit_that_is_over_goes_back(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                  time: Clock) -> None:
    payer = Payer(hospital, kiosk)
    payer.close()
    channel.pay(payer.no)
    time.go(hours=24)
    assert tend().late_money == 1 and payer.state() == "refunding"


def test_a_closed_order_is_looked_at_three_times_and_not_while_the_channel_is_away(
        hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock) -> None:
    payer = Payer(hospital, kiosk)
    payer.close()
    before = channel.times("query")
    time.go(minutes=2)
    channel.away = {"query"}
    assert (tend().waiting, tend().waiting) == (1, 0), "whoever took the turn puts the next off"
    channel.away = set()
    for minutes in (2, *[30] * 60):
        time.go(minutes=minutes)
        tend()
    assert channel.times("query") - before == 4 and Order.objects.get().look_at is None


def test_one_fault_stops_nothing_else(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel, time: Clock,
                                      monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    payer, other = Payer(hospital, kiosk), Payer(hospital, kiosk, start=16)
    channel.pay(other.no)
    conclude = settling.conclude

    def poisoned(order: Order) -> Order:
        if order.no == payer.no:
            raise ValueError("测试甲 19900001234")
        return conclude(order)
    monkeypatch.setattr(settling, "conclude", poisoned)
    monkeypatch.setattr(cancelling, "clear_stopped", lambda: 1 / 0)
    time.go(minutes=5)
    done = tend()
    assert (done.faults, done.orders_settled) == (2, 1) and other.state() == "paid"
    said = [one.getMessage() for one in caplog.records if one.name == "hospital.tending"]
    assert [line.split(" at ")[0] for line in said] == ["tending clear_stopped: ZeroDivisionError",
                                                        "tending settle_order: ValueError"]
    assert all(" at " in line and "测试甲" not in line for line in said)
