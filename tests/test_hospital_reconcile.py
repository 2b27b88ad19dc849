"""Our day against the channel's bill: what agrees, every kind of difference, what a rule settles, and what a person must."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from hospital import commands
from hospital.money import obligations, reconciling
from hospital.money.models import Difference, Order, Payment, Refund
from hospital.payments.bills import BillRow, RowKind
from hospital.payments.channel import ChannelAway, NoBill, RefundState, TradeState
from hospital.registrar import rights
from hospital.tending import tend
from hospital_fixtures import MORNING, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel

DAY = MORNING.date()


class Town:
    """Orders of 25 yuan, each of another person for a session of its own."""

    def __init__(self, hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
        self._hospital, self.kiosk, self.channel = hospital, kiosk, channel
        self._departments = iter([hospital.heart, hospital.skin, *(hospital.department(f"D{at}", "全科") for at in range(5))])

    def order(self) -> str:
        schedule = self._hospital.session(next(self._departments), fee=2500)
        self.hold = self.kiosk.hold(self._hospital.patient(), segment(schedule)).body["id"]
        return str(self.kiosk.order(self.hold).body["no"])

    def paid(self) -> str:
        no = self.order()
        self.channel.pay(no)
        self.kiosk.get(f"/orders/{no}")
        self.bills(no)
        return no

    def refunded(self) -> str:
        no = self.paid()
        self.kiosk.cancel(self.kiosk.confirm(self.hold).body["appointment"]["id"])
        self.channel.refund_state = RefundState.SUCCESS
        tend()
        self.bills(no, refund=f"{no}R1")
        return no

    def bills(self, no: str, amount: int = 2500, refund: str = "", transaction: str = "",
              kind: RowKind | None = None) -> None:
        """The bill says so."""
        kind = kind or (RowKind.REFUND if refund else RowKind.PAYMENT)
        self.channel.rows.append(BillRow(kind, no, refund, transaction or f"420000{no}", amount, MORNING))


@pytest.fixture
def town(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> Town:
    return Town(hospital, kiosk, channel)


def compare() -> reconciling.Report:
    return reconciling.reconcile(DAY, "wechat")


def only(report: reconciling.Report) -> Difference:
    one, = report.differences
    return one


def test_a_day_on_which_all_agrees(town: Town) -> None:
    town.paid()
    town.refunded()
    report = compare()
    assert (report.matched, report.differences, report.came, report.back) == (3, [], 5000, 2500)


@pytest.mark.parametrize("released", [False, True])
def test_money_that_only_they_have_is_booked_or_goes_back_by_the_rule(town: Town, channel: PaperChannel,
                                                                      released: bool) -> None:
    no = town.order()
    town.kiosk.post(f"/orders/{no}/close")
    if released:
        town.kiosk.post(f"/holds/{town.hold}/release")
    channel.pay(no)
    town.bills(no)
    one = only(compare())
    assert (one.kind, one.ours, one.theirs) == ("only_theirs", None, 2500)
    assert one.how == ("补记收款，号已没有，全额退款" if released else "补记收款，已挂号") and one.settled_at is not None
    assert Order.objects.get().state == ("refunding" if released else "paid") and not compare().differences


def test_money_for_nothing_of_ours_waits_for_a_person(town: Town) -> None:
    town.bills("R999")
    report = compare()
    assert (only(report).kind, len(report.waiting)) == ("only_theirs", 1)
    assert [one.kind for one in obligations.owed()] == ["bill_only_theirs"]


def test_money_that_only_we_have(town: Town, channel: PaperChannel) -> None:
    no = town.paid()
    channel.rows.clear()
    town.paid()
    one = only(compare())
    assert (one.kind, one.order_no, one.ours, one.theirs) == ("only_ours", no, 2500, None)


def test_another_amount_and_another_transaction(town: Town, channel: PaperChannel) -> None:
    first, second = town.paid(), town.paid()
    channel.rows.clear()
    town.bills(first, 2600)
    town.bills(second, transaction="4299")
    found = {one.order_no: (one.kind, one.ours, one.theirs) for one in compare().waiting}
    assert found == {first: ("amount", 2500, 2600), second: ("state", 2500, 2500)}


def test_a_refund_of_one_side_only(town: Town, channel: PaperChannel) -> None:
    ours, theirs = town.refunded(), town.paid()
    channel.rows[:] = [row for row in channel.rows if not row.refund_no]
    town.bills(theirs, refund="STRANGE1")
    found = {one.kind: (one.order_no, one.refund_no) for one in compare().waiting}
    assert found == {"refund_only_ours": (ours, f"{ours}R1"), "refund_only_theirs": (theirs, "STRANGE1")}


def test_a_refund_of_another_amount(town: Town, channel: PaperChannel) -> None:
    no = town.refunded()
    channel.rows.pop()
    town.bills(no, 2400, refund=f"{no}R1")
    assert only(compare()).kind == "amount" and len(compare().waiting) == 1


def test_a_refund_done_there_and_not_heard_of_here_is_asked_about(town: Town, channel: PaperChannel, time: Clock) -> None:
    no = town.paid()
    town.kiosk.cancel(town.kiosk.confirm(town.hold).body["appointment"]["id"])
    tend()
    channel.refund_state = RefundState.SUCCESS
    time.go(seconds=31)
    town.bills(no, refund=f"{no}R1")
    one = only(compare())
    assert (one.kind, one.how) == ("state", "补记退款到账") and Refund.objects.get().state == "done"


def test_paid_and_reversed_on_their_side_alone_is_nothing(town: Town, channel: PaperChannel) -> None:
    no = town.order()
    town.kiosk.post(f"/orders/{no}/close")
    town.bills(no)
    town.bills(no, kind=RowKind.REVOKED)
    report = compare()
    assert (report.given_back, report.differences) == (1, [])


def test_reversed_there_and_still_paid_here_waits_for_a_person(town: Town) -> None:
    no = town.paid()
    town.bills(no, kind=RowKind.REVOKED)
    one = only(compare())
    assert (one.kind, one.ours, one.theirs) == ("state", 2500, 0)


def test_the_day_is_cut_at_midnight_and_what_crosses_it_is_found(town: Town, channel: PaperChannel) -> None:
    no = town.paid()
    yesterday = MORNING - dt.timedelta(days=1)
    Payment.objects.update(received_at=yesterday.replace(hour=23, minute=59, second=59))
    town.paid()
    report = reconciling.reconcile(DAY, "wechat")
    assert (report.matched, report.differences) == (2, []), "theirs is of today, ours of yesterday: the same money"
    channel.rows[:] = [row for row in channel.rows if row.order_no == no]
    assert reconciling.reconcile(yesterday.date(), "wechat").differences == []


def test_what_agrees_when_it_is_compared_again_is_settled(town: Town, channel: PaperChannel) -> None:
    no = town.paid()
    channel.rows.clear()
    town.bills("R999")
    assert len(compare().waiting) == len(compare().waiting) == 2 and Difference.objects.count() == 2
    town.bills(no)
    report = compare()
    assert [one.order_no for one in report.waiting] == ["R999"]
    assert Difference.objects.get(order_no=no).how == "复核时已相符"


def test_late_money_that_is_not_as_asked_stays_with_a_person(town: Town, channel: PaperChannel) -> None:
    no = town.order()
    town.kiosk.post(f"/orders/{no}/close")
    channel.pay(no, 1)
    town.bills(no, 1)
    assert len(compare().waiting) == 1 and Order.objects.get().state == "disputed"
    assert {one.kind for one in obligations.owed()} == {"disputed", "bill_only_theirs"}


def test_the_channel_is_silent_while_a_rule_asks(town: Town, channel: PaperChannel) -> None:
    no = town.order()
    town.kiosk.post(f"/orders/{no}/close")
    channel.orders[no].state = TradeState.SUCCESS
    town.bills(no)
    channel.away = {"query"}
    assert len(compare().waiting) == 1
    channel.away = set()
    assert compare().waiting == [] and Order.objects.get().state == "paid"


def test_no_bill_and_no_answer(town: Town, channel: PaperChannel) -> None:
    with pytest.raises(NoBill):
        compare()
    channel.away = {"bill"}
    with pytest.raises(ChannelAway):
        compare()


def run(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    arguments = commands._parser().parse_args(["reconcile", f"{DAY}"])
    return int(arguments.run(arguments) or 0), capsys.readouterr().out


def test_the_command_and_the_staffs_page_say_the_same(town: Town, channel: PaperChannel,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (0, f"{DAY} wechat：渠道没有这一天的账单（没有交易，或尚未生成）\n")
    town.paid()
    status, said = run(capsys)
    assert status == 0 and "相符 1 笔，渠道自行退回 0 笔，差异 0 笔" in said
    town.bills("R999")
    status, said = run(capsys)
    assert status == 1 and "！ 渠道有收款，医院无 R999  医院 无，渠道 25.00元  → 由工作人员核对后处理" in said

    desk = Client()
    desk.force_login(rights.make_registrar("wang", "a password"))
    page = desk.get("/admin/money/difference/").content.decode()
    assert all(word in page for word in ("R999", "渠道有收款，医院无", "¥25.00", "对账差异"))
    one = Difference.objects.get()
    words = {"action": "settle", "_selected_action": [one.pk], "index": 0}
    assert "请填写处理说明" in desk.post("/admin/money/difference/", words, follow=True).content.decode()
    done = desk.post("/admin/money/difference/", words | {"reason": "测试单据"}, follow=True).content.decode()
    assert "已记为处理完毕" in done and LogEntry.objects.get().change_message == "已处理：测试单据"
    one.refresh_from_db()
    assert one.how == "人工：测试单据" and run(capsys)[0] == 0 and not obligations.owed()
    assert "已经处理过了" in desk.post("/admin/money/difference/", words | {"reason": "再来"}, follow=True).content.decode()

    channel.away = {"bill"}
    assert run(capsys)[0] == 1, "nobody knows whether it agrees"
