"""Every morning the day before is compared with the channels' bills: by itself, once, and remembered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from hospital import commands
from hospital.money import channels, daily, obligations
from hospital.money.models import Difference, Reconciliation
from hospital.payments.bills import BillRow, RowKind
from hospital.registrar import rights
from hospital.tending import Tended, tend
from hospital_fixtures import MORNING, Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel

FRIDAY = MORNING.date()
SATURDAY = FRIDAY + dt.timedelta(days=1)


@pytest.fixture
def no(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> str:
    """An order that was paid on Friday."""
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=2500))).body["id"]
    order = str(kiosk.order(hold).body["no"])
    channel.pay(order)
    kiosk.get(f"/orders/{order}")
    return order


def bill(channel: PaperChannel, no: str, amount: int = 2500) -> None:
    channel.rows.append(BillRow(RowKind.PAYMENT, no, "", f"420000{no}", amount, MORNING))


def at(time: Clock, day: dt.date, hour: int, minute: int = 0) -> Tended:
    """A pass then."""
    time.time = dt.datetime.combine(day, dt.time(hour, minute), MORNING.tzinfo)
    return tend()


def asked(channel: PaperChannel) -> list[str]:
    return [day for verb, day in channel.asked if verb == "bill"]


def test_at_ten_the_day_before_is_compared_and_only_once(no: str, channel: PaperChannel, time: Clock) -> None:
    bill(channel, no)
    assert at(time, SATURDAY, 9, 59).days_reconciled == 0
    assert at(time, SATURDAY, 10).days_reconciled == 1
    assert [at(time, SATURDAY, hour).days_reconciled for hour in (10, 11, 17, 23)] == [0, 0, 0, 0]
    assert asked(channel) == [f"{FRIDAY}"]
    one = Reconciliation.objects.get()
    assert (one.day, one.channel, one.done_at) == (FRIDAY, "wechat", dt.datetime(2026, 11, 21, 10, tzinfo=MORNING.tzinfo))
    assert one.result == "渠道收款 25.00元，退款 0.00元；相符 1 笔，渠道自行退回 0 笔，差异 0 笔，待人工 0 笔"


def test_a_bill_that_is_not_there_is_asked_for_every_half_hour(no: str, channel: PaperChannel, time: Clock) -> None:
    assert at(time, SATURDAY, 10).waiting == 1
    assert [at(time, SATURDAY, 10, minute).waiting for minute in (1, 29, 30, 31)] == [0, 0, 1, 0]
    channel.away = {"bill"}
    assert at(time, SATURDAY, 11).waiting == 1 and Reconciliation.objects.get().result == "取不到账单"
    channel.away = set()
    bill(channel, no)
    assert at(time, SATURDAY, 11, 30).days_reconciled == 1
    assert at(time, SATURDAY, 12) == Tended() and len(asked(channel)) == 4


def test_each_channel_for_itself(no: str, channel: PaperChannel, hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    other = PaperChannel()
    channels.use("alipay", channels.Way(other, other.merchant, other.appid))
    try:
        hold = kiosk.hold(hospital.patient(), segment(hospital.session(hospital.skin, fee=100))).body["id"]
        second = kiosk.post("/orders", {"hold": hold, "channel": "alipay"}).body["no"]
        other.pay(second)
        kiosk.get(f"/orders/{second}")
        bill(channel, no)
        done = at(time, SATURDAY, 10)
        assert (done.days_reconciled, done.waiting) == (1, 1)
        bill(other, second, 100)
        assert at(time, SATURDAY, 10, 30).days_reconciled == 1 and asked(channel) == [f"{FRIDAY}"]
    finally:
        channels.use("alipay", None)


def test_what_a_server_slept_through_is_made_up_for(no: str, channel: PaperChannel, time: Clock) -> None:
    bill(channel, no)
    monday = FRIDAY + dt.timedelta(days=3)
    assert at(time, monday, 9).days_reconciled == 2, "Friday and Saturday; Sunday's bill is not made yet"
    assert at(time, monday, 10).days_reconciled == 1
    assert asked(channel) == [f"{FRIDAY + dt.timedelta(days=days)}" for days in (0, 1, 2)], "nothing before our first order"


@pytest.mark.parametrize("weeks", [2, 6])
def test_what_a_server_slept_through_for_weeks_is_made_up_for_too(no: str, channel: PaperChannel, time: Clock,
                                                                  weeks: int) -> None:
    later, days = FRIDAY + dt.timedelta(days=7 * weeks), 7 * weeks
    bill(channel, no)
    passes = [at(time, later, 12).days_reconciled for _ in range(4)]
    assert sum(passes) == days and max(passes) <= daily.MOST
    assert asked(channel) == [f"{FRIDAY + dt.timedelta(days=number)}" for number in range(days)], "each once, in order"
    assert Reconciliation.objects.get(day=FRIDAY).done_at and obligations.owed() == []


def test_an_old_day_whose_bill_is_not_to_be_had_is_a_persons_business(no: str, channel: PaperChannel, time: Clock) -> None:
    channel.away = {"bill"}
    later = FRIDAY + dt.timedelta(days=9)
    at(time, later, 12)
    first = obligations.owed()[0]
    assert (first.no, first.person) == (f"{FRIDAY} wechat", True)
    channel.away = set()
    at(time, later, 13)
    assert asked(channel).count(f"{FRIDAY}") == 1 and f"{FRIDAY + dt.timedelta(days=8)}" in asked(channel)


def test_a_day_compared_by_hand_hides_no_older_one(no: str, channel: PaperChannel, time: Clock) -> None:
    later = FRIDAY + dt.timedelta(days=20)
    time.time = dt.datetime.combine(later, dt.time(12), MORNING.tzinfo)
    bill(channel, no)
    commands.reconcile(commands._parser().parse_args(["reconcile", f"{later - dt.timedelta(days=3)}"]))
    while at(time, later, 12).days_reconciled:
        pass
    assert Reconciliation.objects.filter(done_at__isnull=False).count() == 20


def test_a_day_without_trade_is_not_asked_about_for_a_week(no: str, channel: PaperChannel, time: Clock) -> None:
    bill(channel, no)
    at(time, SATURDAY, 10)
    channel.rows.clear()
    sunday, monday = (FRIDAY + dt.timedelta(days=days) for days in (2, 3))
    assert at(time, sunday, 10).waiting == 1, "it may be late"
    at(time, monday, 10)
    saturdays = Reconciliation.objects.get(day=SATURDAY)
    assert (saturdays.result, saturdays.done_at) == ("没有账单，医院当天也没有收款和退款", time.now())
    at(time, monday, 10, 30)
    assert asked(channel).count(f"{SATURDAY}") == 2 and [one.no for one in obligations.owed()] == []


def test_a_day_that_is_not_compared_for_days_is_a_persons_business(no: str, channel: PaperChannel, time: Clock) -> None:
    at(time, SATURDAY, 10)
    assert obligations.owed() == []
    at(time, FRIDAY + dt.timedelta(days=3), 10)
    first = obligations.owed()[0]
    assert (first.kind, first.no, first.person) == ("unreconciled", f"{FRIDAY} wechat", False)
    before = len(asked(channel))
    at(time, FRIDAY + dt.timedelta(days=8), 9)
    first = obligations.owed()[0]
    assert (first.no, first.person, first.next) == (f"{FRIDAY} wechat", True,
                                                    f"由工作人员运行 python -m hospital reconcile {FRIDAY}")
    assert f"{FRIDAY}" not in asked(channel)[before:]
    bill(channel, no)
    assert commands.reconcile(commands._parser().parse_args(["reconcile", f"{FRIDAY}"])) == 0
    assert all(one.no != first.no for one in obligations.owed())


def test_a_bill_that_cannot_be_read_stops_nothing_and_is_told(no: str, channel: PaperChannel, time: Clock,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(day: dt.date) -> list[BillRow]:
        raise ValueError("the totals are not those of the rows")
    with monkeypatch.context() as today:
        today.setattr(channel, "bill", broken)
        assert at(time, SATURDAY, 10).faults == 1 and Reconciliation.objects.get().result == "对账出错：ValueError"
    bill(channel, no)
    assert [at(time, SATURDAY, 10, minute).days_reconciled for minute in (29, 30)] == [0, 1]


def test_the_staffs_pages_say_when_it_last_ran_and_what_it_found(no: str, channel: PaperChannel, time: Clock) -> None:
    desk = Client()
    desk.force_login(rights.make_registrar("wang", "a password"))
    assert "上次对账" not in desk.get("/admin/money/difference/").content.decode()
    bill(channel, no, 2600)
    at(time, SATURDAY, 10, 5)
    for page in ("difference", "obligation"):
        assert f"上次对账 2026-11-21 10:05：{FRIDAY} wechat，渠道收款 26.00元" in desk.get(f"/admin/money/{page}/").content.decode()
    assert Difference.objects.get().kind == "amount"
    shown = desk.get("/admin/money/reconciliation/").content.decode()
    assert "差异 1 笔，待人工 1 笔" in shown and "wechat" in shown
