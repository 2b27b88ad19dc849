"""What is not settled yet: the command and the staff's page say the same, with its age and what happens next."""

from __future__ import annotations

import pytest
from django.test import Client

from hospital import commands
from hospital.money import obligations
from hospital.money.models import Order
from hospital.payments.channel import RefundState
from hospital.registrar import rights
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


class Town:
    """Orders, each of another person for a session of its own."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
        self._hospital, self.kiosk, self.channel = hospital, kiosk, channel
        self._departments = iter([hospital.heart, hospital.skin, *(hospital.department(f"D{at}", "全科") for at in range(4))])

    def order(self) -> str:
        schedule = self._hospital.session(next(self._departments), fee=2500)
        self.hold = self.kiosk.hold(self._hospital.patient(), segment(schedule)).body["id"]
        return str(self.kiosk.order(self.hold).body["no"])

    def paid(self, amount: int = 2500) -> str:
        no = self.order()
        self.channel.pay(no, amount)
        self.kiosk.get(f"/orders/{no}")
        return no

    def cancelled(self) -> str:
        no = self.paid()
        self.kiosk.cancel(self.kiosk.confirm(self.hold).body["appointment"]["id"])
        return no


@pytest.fixture
def town(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Town:
    return Town(hospital, kiosk, channel)


def test_nothing_is_owed_while_all_goes_well(town: Town) -> None:
    town.paid()
    town.order()
    assert obligations.owed() == []


def test_everything_unsettled_is_listed_with_age_and_next_step(town: Town, channel: PaperChannel, time: Clock,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    failed = town.cancelled()
    channel.refund_state = RefundState.ABNORMAL
    tend()
    channel.refund_state = RefundState.PROCESSING
    time.go(minutes=90)
    disputed, open_, refunding, unbooked = town.paid(amount=1), town.order(), town.cancelled(), town.paid()
    tend()
    Order.objects.filter(no=unbooked).update(appointment=None)
    time.go(minutes=30)

    found = {one.no: one for one in obligations.owed()}
    assert {no: (one.kind, one.amount, one.age, one.person) for no, one in found.items()} == {
        disputed: ("disputed", 1, "2小时", True), failed: ("refund_failed", 2500, "2小时", True),
        open_: ("unsettled", 2500, "27分钟", False), refunding: ("refunding", 2500, "30分钟", False),
        unbooked: ("unbooked", 2500, "2小时", False)}
    assert [one.person for one in obligations.owed()] == [True, True, False, False, False], "first what waits for a person"

    commands.obligations(commands._parser().parse_args(["obligations"]))
    said = capsys.readouterr().out
    desk = Client()
    desk.force_login(rights.make_registrar("wang", "a password"))
    page = desk.get("/admin/money/obligation/").content.decode()
    for one in found.values():
        assert all(word in said and word in page for word in (one.no, one.what, one.age, one.next)), one


def test_what_was_settled_is_gone(town: Town, channel: PaperChannel, time: Clock) -> None:
    town.cancelled()
    open_ = town.order()
    channel.refund_state = RefundState.SUCCESS
    time.go(minutes=10)
    assert len(obligations.owed()) == 2
    tend()
    assert obligations.owed() == [] and Order.objects.get(no=open_).state == "closed"
