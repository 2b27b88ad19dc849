"""Payers' codes (付款码) at WeChat Pay: our channel against the twin, over HTTP, through everything that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
import requests
from wechat_ends import PATIENCE, Phone, hospital_open, wechat_running

from hospital.payments.channel import AlreadyPaid, ChannelAway, ChannelRefused, OrderUnknown, TradeState
from hospital.payments.wechat import WechatAccount, WechatChannel

_numbers, _codes = count(1), count(130000000000000001)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WechatAccount]:
    with hospital_open() as hospital:
        with wechat_running(tmp_path_factory.mktemp("wechat") / "account", hospital.url + "/notify") as account:
            yield account
        assert hospital.arrived.empty(), "there are no notifications of payments by code"


@pytest.fixture(scope="module")
def channel(account: WechatAccount) -> WechatChannel:
    return WechatChannel(account)


@pytest.fixture
def phone(account: WechatAccount) -> Iterator[Phone]:
    yield Phone(account.gateway)
    requests.delete(account.gateway + "/twin/faults", timeout=PATIENCE).raise_for_status()


@pytest.fixture
def number() -> str:
    return f"CODE{next(_numbers):08d}"


@pytest.fixture
def code() -> str:
    return str(next(_codes))


def test_charged_at_once(channel: WechatChannel, account: WechatAccount, phone: Phone, number: str, code: str) -> None:
    trade = channel.charge(number, 1000, "挂号费 · 心内科", code)
    assert (trade.order_no, trade.state, trade.amount) == (number, TradeState.SUCCESS, 1000)
    assert (trade.merchant, trade.appid) == (account.mchid, account.appid) and trade.transaction
    assert channel.query(number) == trade
    assert code not in str(phone.list("orders"))
    with pytest.raises(AlreadyPaid):
        channel.charge(number, 1000, "挂号费 · 心内科", str(next(_codes)))


def test_a_password_is_typed_then_paid(channel: WechatChannel, phone: Phone, number: str, code: str) -> None:
    phone("faults", typing=True)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    assert channel.query(number).state == TradeState.USERPAYING
    assert phone("pay", out_trade_no=number).ok
    assert channel.query(number).state == TradeState.SUCCESS


def test_the_wrong_password(channel: WechatChannel, phone: Phone, number: str, code: str) -> None:
    phone("faults", typing=True)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    assert phone("refuse", out_trade_no=number).ok
    assert channel.query(number).state == TradeState.PAYERROR


def test_nobody_types_it_and_it_is_reversed(channel: WechatChannel, phone: Phone, number: str, code: str) -> None:
    phone("faults", typing=True)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    channel.reverse(number)
    channel.reverse(number)
    assert channel.query(number).state == TradeState.REVOKED
    assert phone("pay", out_trade_no=number).status_code == 409, "nobody can pay it any more"


def test_a_paid_one_that_is_reversed_goes_back(channel: WechatChannel, number: str, code: str) -> None:
    channel.charge(number, 1000, "挂号费", code)
    channel.reverse(number)
    assert channel.query(number).state == TradeState.REVOKED


def test_the_answer_is_lost_and_found_by_our_number(channel: WechatChannel, phone: Phone, number: str, code: str) -> None:
    phone("faults", lose_answers=1)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    assert channel.query(number).state == TradeState.SUCCESS


def test_a_reversal_must_be_asked_for_again(channel: WechatChannel, phone: Phone, number: str, code: str) -> None:
    phone("faults", typing=True, reverse_again=2)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    for _ in range(2):
        with pytest.raises(ChannelAway):
            channel.reverse(number)
    channel.reverse(number)
    assert channel.query(number).state == TradeState.REVOKED


def test_a_code_pays_once_and_must_be_one(channel: WechatChannel, number: str, code: str) -> None:
    channel.charge(number, 1000, "挂号费", code)
    for bad in (code, "284567890123456789", "13456789012345678"):
        other = f"CODE{next(_numbers):08d}"
        with pytest.raises(ChannelRefused, match="AUTH_CODE_INVALID"):
            channel.charge(other, 1000, "挂号费", bad)
        with pytest.raises(OrderUnknown):
            channel.query(other)


def test_a_qr_order_is_closed_a_code_order_reversed_never_the_other_way_round(channel: WechatChannel, phone: Phone,
                                                                              number: str, code: str) -> None:
    phone("faults", typing=True)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1000, "挂号费", code)
    with pytest.raises(ChannelRefused):
        channel.close(number)
    with pytest.raises(OrderUnknown):
        channel.reverse("CODE99999999")
