"""The channels' bills of a day: the files' own formats, fetched over HTTP from both twins, and a whole day compared."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from itertools import count

import pytest
import requests
from alipay_ends import Wallet, alipay_running
from wechat_ends import PATIENCE, Phone, hospital_open, wechat_running

from hospital import clock
from hospital.care.models import Appointment
from hospital.money import channels, reconciling
from hospital.money.models import Order
from hospital.payments.alipay import AlipayAccount, AlipayChannel
from hospital.payments.bills import BillRow, RowKind, alipay_rows, wechat_rows
from hospital.payments.channel import Channel, ChannelAway, NoBill
from hospital.payments.wechat import WechatAccount, WechatChannel
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, Kiosk, segment

REAL_NOW = clock.now
CHINA = dt.timezone(dt.timedelta(hours=8))
AT = dt.datetime(2026, 11, 20, 9, 0, 1, tzinfo=CHINA)
_codes = count(1)


# The files.

WECHAT = """\ufeff交易时间,商户号,微信订单号,商户订单号,交易状态,商户退款单号,订单金额,申请退款金额,商品名称\r
`2026-11-20 09:00:01,`1900000001,`4200001,`R1,`SUCCESS,`0,`25.00,`0.00,`挂号费\r
`2026-11-20 09:00:01,`1900000001,`4200001,`R1,`REFUND,`R1R1,`0.00,`25.00,`挂号费\r
`2026-11-20 09:00:01,`1900000001,`4200002,`R2,`REVOKED,`0,`0.00,`0.50,`挂号费\r
总交易单数,应结订单总金额,退款总金额,订单总金额\r
`3,`25.00,`25.50,`25.00\r
"""


def test_a_bill_of_wechat_pay() -> None:
    assert wechat_rows(WECHAT) == [BillRow(RowKind.PAYMENT, "R1", "", "4200001", 2500, AT),
                                   BillRow(RowKind.REFUND, "R1", "R1R1", "4200001", 2500, AT),
                                   BillRow(RowKind.REVOKED, "R2", "", "4200002", 50, AT)]


@pytest.mark.parametrize(("was", "now"), [
    ("`3,", "`4,"), ("`25.50,`25.00", "`25.50,`25.01"), ("商户订单号", "别的"), ("`SUCCESS", "`ODD"), ("`25.00,`0.00", "`25,`0.00"),
    (WECHAT[WECHAT.index("总交易单数"):], ""), ("`2026-11-20 09:00:01,`1900000001,`4200002", "`4200002"), (WECHAT, "")])
def test_what_is_no_whole_bill_is_not_believed(was: str, now: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        wechat_rows(WECHAT.replace(was, now))


ALIPAY = """#支付宝业务明细查询\r
#账号：[20880000000000000156]\r
#起始日期：[2026年11月20日 00:00:00]   终止日期：[2026年11月21日 00:00:00]\r
#-----------------------------------------业务明细列表----------------------------------------\r
支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,退款批次号/请求号\r
2026112022001\t,R1\t,交易\t,2026-11-20 09:00:01,25.00,\t\r
2026112022001\t,R1\t,退款\t,2026-11-20 09:00:01,-25.00,R1R1\t\r
#-----------------------------------------业务明细列表结束------------------------------------\r
"""


def packed(details: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("2088_20261120_业务明细(汇总).csv", "#\r\n".encode("gbk"))
        archive.writestr("2088_20261120_业务明细.csv", details.encode("gbk"))
    return file.getvalue()


def test_a_bill_of_alipay() -> None:
    assert alipay_rows(packed(ALIPAY)) == [BillRow(RowKind.PAYMENT, "R1", "", "2026112022001", 2500, AT),
                                           BillRow(RowKind.REFUND, "R1", "R1R1", "2026112022001", 2500, AT)]


@pytest.mark.parametrize("bad", [
    pytest.param(b"", id="empty"),
    pytest.param(b"PK rubbish", id="rubbish"),
    pytest.param(packed(ALIPAY)[:80], id="cut off"),
    pytest.param(packed(ALIPAY.replace("列表结束", "")), id="without its end"),
    pytest.param(packed(ALIPAY.replace("商户订单号", "别的")), id="another heading"),
])
def test_what_is_no_whole_bill_of_alipay_is_not_believed(bad: bytes) -> None:
    with pytest.raises(ValueError):
        alipay_rows(bad)


# Over HTTP.


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WechatAccount, AlipayAccount]]:
    folder = tmp_path_factory.mktemp("bills")
    with (hospital_open() as post, wechat_running(folder / "wechat", post.url + "/w") as one,
          alipay_running(folder / "alipay", "http://127.0.0.1:9/nowhere") as other):
        yield one, other


class Side:
    """A channel, its phone, and codes that nobody has used."""

    def __init__(self, name: str, accounts: tuple[WechatAccount, AlipayAccount]) -> None:
        wechat, alipay = accounts
        self.name = name
        self.channel: Channel = WechatChannel(wechat) if name == "wechat" else AlipayChannel(alipay)
        self.way = channels.Way(self.channel, *((wechat.mchid, wechat.appid) if name == "wechat" else
                                                (alipay.seller_id, alipay.app_id)))
        self.phone = Phone(wechat.gateway) if name == "wechat" else Wallet(alipay)
        self._gateway = (wechat.gateway if name == "wechat" else alipay.gateway.removesuffix("/gateway.do"))

    def code(self) -> str:
        return f"{13 if self.name == 'wechat' else 28}{next(_codes):016d}"

    def quiet(self) -> None:
        requests.delete(f"{self._gateway}/twin/faults", timeout=PATIENCE).raise_for_status()


@pytest.fixture(params=["wechat", "alipay"])
def side(request: pytest.FixtureRequest, accounts: tuple[WechatAccount, AlipayAccount]) -> Iterator[Side]:
    side = Side(request.param, accounts)
    yield side
    side.quiet()


def of(rows: list[BillRow], no: str) -> list[tuple[str, str, int]]:
    return [(row.kind, row.refund_no, row.amount) for row in rows if row.order_no == no]


def test_the_bill_of_a_day_is_fetched_in_two_steps(side: Side) -> None:
    today = REAL_NOW().astimezone(CHINA).date()
    with pytest.raises(NoBill):
        side.channel.bill(today)
    side.phone("faults", early_bills=True)
    number = f"BILL{side.name.upper()}"
    code = side.channel.open(number, 1250, "挂号费, 心内科", REAL_NOW() + dt.timedelta(minutes=3))
    side.phone("pay", code_url=code)
    side.channel.refund(number, f"{number}R1", 1250, 1250, "退号")
    side.channel.charge(f"{number}B", 990, "挂号费", side.code())
    side.channel.reverse(f"{number}B")
    rows = side.channel.bill(today)
    assert of(rows, number) == [("payment", "", 1250), ("refund", f"{number}R1", 1250)]
    kinds = [(kind, amount) for kind, _, amount in of(rows, f"{number}B")]
    assert kinds == [("payment", 990), ("revoked" if side.name == "wechat" else "refund", 990)]
    assert rows[0].transaction == side.channel.query(rows[0].order_no).transaction
    assert all(row.at.date() == today for row in rows)


def test_a_bill_that_is_cut_off_is_not_believed(accounts: tuple[WechatAccount, AlipayAccount]) -> None:
    side = Side("wechat", accounts)
    side.phone("faults", early_bills=True, torn_bill=1)
    side.channel.charge("TORN0001", 990, "挂号费", side.code())
    today = REAL_NOW().astimezone(CHINA).date()
    with pytest.raises(ChannelAway, match="promised"):
        side.channel.bill(today)
    assert of(side.channel.bill(today), "TORN0001") == [("payment", "", 990)]
    side.quiet()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Begins now, for the twins live in our time; then it stands still as everywhere."""
    stopped = Clock()
    stopped.time = REAL_NOW()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


def test_a_whole_day_compared(side: Side, hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    """Paid, refunded, and one whose payment nobody told us of: found in the bill, booked by the rule."""
    channels.use(side.name, side.way)
    try:
        side.phone("faults", early_bills=True)
        orders, departments = [], [hospital.heart, hospital.skin, hospital.department("C", "全科")]
        for department in departments:
            hold = kiosk.hold(hospital.patient(), segment(hospital.session(department, fee=2500, days=1))).body["id"]
            orders.append((hold, kiosk.post("/orders", {"hold": hold, "channel": side.name}).body))
        for hold, order in orders[:2]:
            assert side.phone("pay", code_url=order["code_url"]).ok
            time.go(seconds=1)
            assert kiosk.get(f"/orders/{order['no']}").body["state"] == "paid"
        kiosk.cancel(kiosk.confirm(orders[1][0]).body["appointment"]["id"])
        tend()
        kiosk.post(f"/orders/{orders[2][1]['no']}/close")
        assert side.phone("late", code_url=orders[2][1]["code_url"], out_trade_no=orders[2][1]["no"]).ok
        numbers = {order["no"] for _, order in orders}

        report = reconciling.reconcile(REAL_NOW().astimezone(CHINA).date(), side.name)
        mine = [one for one in report.differences if one.order_no in numbers]
        late = next(one for one in mine if one.kind == "only_theirs")
        assert late.order_no == orders[2][1]["no"] and late.how == "补记收款，已挂号"
        assert Order.objects.get(no=late.order_no).state == "paid"
        assert Appointment.objects.filter(state="booked").count() == 2
        assert [one for one in mine if one.settled_at is None and not one.refund_no] == []
        assert report.matched >= 2
    finally:
        channels.use(side.name, None)
