"""What is not settled yet: the command and the staff's page say the same, with its age and what happens next."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from hospital import commands
from hospital.money import discharging, obligations
from hospital.money.models import Order, Refund
from hospital.payments.channel import RefundState
from hospital.registrar import rights
from hospital.tending import tend
from hospital_fixtures import API, Clock, Hospital, Kiosk, segment
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


@pytest.fixture
def desk(hospital: Hospital) -> Client:
    client = Client()
    client.force_login(rights.make_registrar("wang", "a password"))
    return client


def act(desk: Client, action: str, no: str, **words: str) -> str:
    chosen = {"action": action, "_selected_action": [Order.objects.get(no=no).pk], **words}
    return desk.post("/admin/money/obligation/", chosen, follow=True).content.decode()


def test_of_a_disputed_order_what_was_received_goes_back(town: Town, desk: Client, channel: PaperChannel) -> None:
    no = town.paid(amount=1)
    assert f"已提交退款 {no}R1" in act(desk, "give_back", no)
    channel.refund_state = RefundState.SUCCESS
    assert tend().refunds_done == 1
    assert channel.given_back == [(f"{no}R1", 1, 1)], "the amount and the total are what came"
    assert Order.objects.get().state == "refunded" and obligations.owed() == []
    assert LogEntry.objects.get().change_message == "退回实收金额"


def test_only_a_disputed_order_is_given_back_by_hand(town: Town, desk: Client) -> None:
    no = town.cancelled()
    assert "没有可退回的有疑付款" in act(desk, "give_back", no)
    assert Refund.objects.count() == 1 and not LogEntry.objects.exists()


def test_what_was_settled_outside_needs_a_reason_and_is_gone(town: Town, desk: Client) -> None:
    no = town.paid(amount=1)
    assert "请填写处理说明" in act(desk, "settled_outside", no, reason=" ") and len(obligations.owed()) == 1
    assert "已记为线下处理" in act(desk, "settled_outside", no, reason="现金退还一分，已签字")
    order = Order.objects.get()
    assert (order.state, order.discharged_why) == ("disputed", "现金退还一分，已签字") and obligations.owed() == []
    assert LogEntry.objects.get().change_message == "已线下处理：现金退还一分，已签字"
    assert discharging.give_back(order) is None, "it is not given back twice"


def test_what_goes_on_by_itself_is_not_settled_outside(town: Town, desk: Client) -> None:
    no = town.cancelled()
    assert "不需要人工处理" in act(desk, "settled_outside", no, reason="x") and len(obligations.owed()) == 1


def test_a_refund_unknown_for_a_day_is_a_persons_business(town: Town, desk: Client, channel: PaperChannel, time: Clock,
                                                          ) -> None:
    no = town.cancelled()
    for hours in (0, 23):
        time.go(hours=hours)
        tend()
        assert [(one.kind, one.person) for one in obligations.owed()] == [("refunding", False)]
    time.go(hours=1)
    tend()
    assert [(one.kind, one.person) for one in obligations.owed()] == [("refund_stuck", True)]
    assert "退款逾期未结" in desk.get("/admin/money/obligation/").content.decode()
    time.go(minutes=1)
    channel.refund_state = RefundState.SUCCESS
    assert tend().refunds_done == 1 and obligations.owed() == [], "it is still asked about"
    assert Order.objects.get(no=no).state == "refunded"


def test_an_order_is_found_by_the_reference_on_the_slip(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel,
                                                        desk: Client) -> None:
    """The slip has the first eight places of the visit, in capitals; keys begin with the visit."""
    for visit, department in (("0badc0de11", hospital.heart), ("1badc0de22", hospital.skin)):
        hold = kiosk.hold(hospital.patient(), segment(hospital.session(department, fee=2500))).body["id"]
        kiosk.order(hold, f"{visit}-0-3")
    wanted, other = (Order.objects.get(key=key).no for key in ("0badc0de11-0-3", "1badc0de22-0-3"))
    shown = desk.get("/admin/money/order/", {"q": "0BADC0DE"}).content.decode()
    assert wanted in shown and other not in shown


def told(no: str, **words: object) -> dict[str, object]:
    return {"kind": "visit_held", "no": no, "since": "2026-11-20T08:00:00+08:00", "what": "办理未完成：挂号",
            "next": "由工作人员处理", "person": True, **words}


def tells(kiosk: Kiosk, *owed: dict[str, object]) -> int:
    return kiosk._client.put(f"{API}/obligations/mine", {"obligations": owed}, content_type="application/json").status_code


def test_what_the_machines_have_not_settled_is_on_the_same_list(town: Town, kiosk: Kiosk, desk: Client, time: Clock,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    disputed = town.paid(amount=1)
    other = Kiosk("K2")
    news = told("0BADC0DE", kind="news", since="2026-11-20T08:30:00+08:00", person=False)
    for _ in range(2):
        assert tells(kiosk, told("0BADC0DE"), news) == 200, "as often as it likes"
    assert tells(other, told("1BADC0DE")) == 200
    assert [(one.no, one.kind, one.age, one.person) for one in obligations.owed()] == [
        ("K1 0BADC0DE", "visit_held", "1小时", True),
        ("K2 1BADC0DE", "visit_held", "1小时", True), (disputed, "disputed", "0分钟", True),
        ("K1 0BADC0DE", "news", "30分钟", False)]
    commands.obligations(commands._parser().parse_args(["obligations"]))
    said, page = capsys.readouterr().out, desk.get("/admin/money/obligation/").content.decode()
    for one in obligations.owed():
        assert all(word in said and word in page for word in (one.no, one.what, one.age, one.next)), one
    assert tells(kiosk) == 200, "all of it is settled"
    assert [one.no for one in obligations.owed()] == ["K2 1BADC0DE", disputed]


def test_a_machine_is_told_what_the_hospital_owes_of_its_orders_alone(town: Town, hospital: Hospital, kiosk: Kiosk,
                                                                      channel: PaperChannel, time: Clock) -> None:
    disputed = town.paid(amount=1)
    time.go(minutes=10)
    open_ = town.order()
    time.go(minutes=10)
    assert tells(kiosk, told("0BADC0DE")) == 200
    one, two = kiosk.get("/obligations").body
    assert one == {"kind": "disputed", "no": disputed, "amount": 1, "since": one["since"], "what": "付款有疑：amount",
                   "next": "由工作人员核对渠道账单后处理", "person": True}
    assert (two["no"], two["kind"], two["person"]) == (open_, "unsettled", False)
    assert Kiosk("K2").get("/obligations").body == []


def test_a_list_without_sense_is_refused(kiosk: Kiosk) -> None:
    assert tells(kiosk, told("0BADC0DE", since="yesterday")) == 422
    assert tells(kiosk, *[told("0BADC0DE")] * 501) == 422
    assert obligations.owed() == []
