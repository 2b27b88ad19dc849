"""Our WeChat Pay channel against the twin: two processes, real HTTP, every verb and every way it goes wrong."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import requests
from wechat_ends import PATIENCE, Hospital, Phone, hospital_open, wechat_running

from hospital.payments.channel import (
    AlreadyPaid, Channel, ChannelAway, ChannelRefused, Forged, OrderUnknown, RefundResult, RefundState, Trade,
    TradeState)
from hospital.payments.wechat import WechatAccount, WechatChannel
from hospital.sim.wechat.account import settle

END = datetime.now(UTC) + timedelta(minutes=30)


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with hospital_open() as hospital:
        yield hospital


@pytest.fixture(scope="module")
def account(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WechatAccount]:
    with wechat_running(tmp_path_factory.mktemp("wechat") / "account", hospital.url + "/notify") as account:
        yield account


@pytest.fixture(scope="module")
def channel(account: WechatAccount) -> Channel:
    return WechatChannel(account)


@pytest.fixture
def phone(account: WechatAccount, hospital: Hospital) -> Iterator[Phone]:
    """The patient's phone and the twin's faults; all well and quiet again afterwards."""
    phone = Phone(account.gateway)
    yield phone
    hospital.answers.clear()
    requests.delete(account.gateway + "/twin/faults", timeout=PATIENCE).raise_for_status()
    deadline = time.monotonic() + PATIENCE
    while not phone.at_rest():
        assert time.monotonic() < deadline, phone.list("notices")
    with hospital.arrived.mutex:
        hospital.arrived.queue.clear()


_numbers = count(1)


@pytest.fixture
def number() -> str:
    """An order number never used before."""
    return f"ORDER{next(_numbers):08d}"


def opened(channel: Channel, number: str, amount: int = 1000) -> str:
    return channel.open(number, amount, "挂号费 · 心内科", END)


def paid(channel: Channel, phone: Phone, number: str, amount: int = 1000) -> None:
    assert phone("pay", code_url=opened(channel, number, amount)).ok


def heard(channel: Channel, hospital: Hospital, number: str) -> Trade | RefundResult:
    """The next notification about this number."""
    while True:
        said = channel.read_notification(*hospital.next())
        if number in (said.order_no, getattr(said, "refund_no", "")):
            return said


# The good way


def test_open_pay_notify_query(
        channel: Channel, phone: Phone, hospital: Hospital, account: WechatAccount, number: str) -> None:
    code = opened(channel, number)
    assert code.startswith("weixin://wxpay/bizpayurl?")
    before = channel.query(number)
    assert (before.state, before.amount, before.transaction, before.paid_at) == (TradeState.NOTPAY, 0, "", None)
    assert phone("pay", code_url=code).ok
    trade = heard(channel, hospital, number)
    assert isinstance(trade, Trade) and trade == channel.query(number)
    assert (trade.state, trade.amount) == (TradeState.SUCCESS, 1000)
    assert (trade.merchant, trade.appid) == (account.mchid, account.appid)
    assert trade.transaction == phone.books(number)["transaction"]
    assert trade.paid_at is not None and abs(trade.paid_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_opening_again_gives_a_new_code_and_kills_the_old(channel: Channel, phone: Phone, number: str) -> None:
    first, second = opened(channel, number), opened(channel, number)
    assert first != second
    assert phone("pay", code_url=first).status_code == 409
    assert phone("pay", code_url=second).ok


def test_the_same_number_in_other_words_is_refused(channel: Channel, number: str) -> None:
    opened(channel, number)
    with pytest.raises(ChannelRefused) as refusal:
        opened(channel, number, amount=1001)
    assert refusal.value.code == "OUT_TRADE_NO_USED" and refusal.value.message


def test_a_failed_payment_may_be_tried_again(channel: Channel, phone: Phone, number: str) -> None:
    code = opened(channel, number)
    assert phone("refuse", code_url=code).ok
    assert channel.query(number).state == TradeState.PAYERROR
    assert phone("pay", code_url=code).ok
    assert channel.query(number).state == TradeState.SUCCESS


def test_a_wrong_amount_is_seen(channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    opened(channel, number)
    assert phone("amount", out_trade_no=number, amount=1).ok
    assert phone("pay", out_trade_no=number).ok
    said = heard(channel, hospital, number)
    assert isinstance(said, Trade) and (said.state, said.amount) == (TradeState.SUCCESS, 1)
    assert channel.query(number).amount == 1


def test_what_nobody_ordered_is_unknown(channel: Channel, number: str) -> None:
    with pytest.raises(OrderUnknown):
        channel.query(number)
    with pytest.raises(OrderUnknown):
        channel.close(number)
    with pytest.raises(OrderUnknown):
        channel.query_refund(number)
    with pytest.raises(OrderUnknown):
        channel.refund(number, number, 1, 1, "退号")


# Closing, and its races


def test_a_closed_order_cannot_be_paid(channel: Channel, phone: Phone, number: str) -> None:
    code = opened(channel, number)
    channel.close(number)
    channel.close(number)
    assert channel.query(number).state == TradeState.CLOSED
    assert phone("pay", code_url=code).status_code == 409
    with pytest.raises(ChannelRefused) as refusal:
        opened(channel, number)
    assert refusal.value.code == "ORDER_CLOSED"


def test_a_paid_order_cannot_be_closed_or_opened(channel: Channel, phone: Phone, number: str) -> None:
    paid(channel, phone, number)
    with pytest.raises(AlreadyPaid):
        channel.close(number)
    with pytest.raises(AlreadyPaid):
        opened(channel, number)
    assert channel.query(number).state == TradeState.SUCCESS


def test_a_payment_may_win_after_the_close(
        channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    opened(channel, number)
    channel.close(number)
    assert phone("late", out_trade_no=number).ok
    assert heard(channel, hospital, number).state == TradeState.SUCCESS
    assert channel.query(number).state == TradeState.SUCCESS


def test_a_close_whose_answer_is_lost_is_simply_asked_again(channel: Channel, phone: Phone, number: str) -> None:
    opened(channel, number)
    phone("faults", lose_answers=1)
    with pytest.raises(ChannelAway):
        channel.close(number)
    channel.close(number)
    assert channel.query(number).state == TradeState.CLOSED


# Refunds


def test_a_refund_goes_through(channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    paid(channel, phone, number)
    accepted = channel.refund(number, "R" + number, 300, 1000, "退号")
    assert accepted == RefundResult("R" + number, number, RefundState.PROCESSING, 300)
    done = replace(accepted, state=RefundState.SUCCESS)
    assert heard(channel, hospital, "R" + number) == done
    assert channel.query_refund("R" + number) == done
    assert channel.query(number).state == TradeState.REFUND


def test_the_same_refund_number_is_refunded_once(channel: Channel, phone: Phone, number: str) -> None:
    paid(channel, phone, number)
    phone("faults", lose_answers=1, twice=1)
    with pytest.raises(ChannelAway):
        channel.refund(number, "R" + number, 1000, 1000, "退号")
    assert channel.refund(number, "R" + number, 1000, 1000, "退号").amount == 1000
    assert [refund["amount"] for refund in phone.books(number)["refunds"]] == [1000]
    with pytest.raises(ChannelRefused):
        channel.refund(number, "R" + number, 999, 1000, "退号")


def test_never_more_than_was_paid(channel: Channel, phone: Phone, number: str) -> None:
    paid(channel, phone, number)
    channel.refund(number, "R1" + number, 600, 1000, "退号")
    with pytest.raises(ChannelRefused):
        channel.refund(number, "R2" + number, 401, 1000, "退号")
    assert channel.refund(number, "R3" + number, 400, 1000, "退号").amount == 400


def test_a_refund_may_take_its_time(channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    paid(channel, phone, number)
    phone("faults", refund="processing")
    channel.refund(number, "R" + number, 1000, 1000, "退号")
    assert channel.query_refund("R" + number).state == RefundState.PROCESSING
    phone("faults", refund="")
    assert heard(channel, hospital, "R" + number).state == RefundState.SUCCESS


def test_a_refund_may_end_badly(channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    paid(channel, phone, number)
    phone("faults", refund="abnormal")
    channel.refund(number, "R" + number, 1000, 1000, "退号")
    assert heard(channel, hospital, "R" + number).state == RefundState.ABNORMAL
    assert channel.query_refund("R" + number).state == RefundState.ABNORMAL


# Answers that are none


@pytest.mark.parametrize("fault", ["lose_answers", "forge_signature", "test_signature", "stale"])
def test_an_answer_not_to_be_believed_says_nothing(
        channel: Channel, phone: Phone, number: str, fault: str) -> None:
    phone("faults", **{fault: 1})
    with pytest.raises(ChannelAway):
        opened(channel, number)
    assert phone("pay", code_url=opened(channel, number)).ok
    for ask in (lambda: channel.query(number).state,
                lambda: channel.refund(number, number, 1000, 1000, "退号").amount,
                lambda: channel.query_refund(number).amount):
        phone("faults", **{fault: 1})
        with pytest.raises(ChannelAway):
            ask()
        assert ask()
    assert len(phone.books(number)["refunds"]) == 1


def test_an_answer_slower_than_our_patience(
        account: WechatAccount, channel: Channel, phone: Phone, number: str) -> None:
    hasty = WechatChannel(account, timeout=(20.0, 0.2))
    phone("faults", slow=600)
    with pytest.raises(ChannelAway):
        opened(hasty, number)
    with pytest.raises(ChannelAway):
        hasty.query(number)
    phone("faults", slow=0)
    assert channel.query(number).state == TradeState.NOTPAY  # it had been opened all the same
    assert phone("pay", code_url=opened(channel, number)).ok


def test_wechat_pay_away(channel: Channel, phone: Phone, number: str) -> None:
    phone("faults", away=True)
    with pytest.raises(ChannelAway):
        opened(channel, number)
    assert phone.books(number) == {}
    phone("faults", away=False)
    opened(channel, number)


@pytest.mark.parametrize("code", ["SYSTEM_ERROR", "BANK_ERROR", "FREQUENCY_LIMITED", "A_NEW_WORD"])
def test_troubles_of_their_own_say_nothing(channel: Channel, phone: Phone, number: str, code: str) -> None:
    opened(channel, number)
    phone("faults", refuse_all=code)
    for ask in (lambda: opened(channel, number), lambda: channel.query(number), lambda: channel.close(number),
                lambda: channel.refund(number, number, 1, 1, "退号"), lambda: channel.query_refund(number)):
        with pytest.raises(ChannelAway):
            ask()


@pytest.mark.parametrize("code", ["NO_AUTH", "RULE_LIMIT", "PARAM_ERROR", "APPID_MCHID_NOT_MATCH"])
def test_a_refused_order_is_a_definite_no(channel: Channel, phone: Phone, number: str, code: str) -> None:
    phone("faults", refuse_orders=code)
    with pytest.raises(ChannelRefused) as refusal:
        opened(channel, number)
    assert refusal.value.code == code and not isinstance(refusal.value, (AlreadyPaid, OrderUnknown))


def test_a_refused_question_says_nothing_about_the_order(channel: Channel, phone: Phone, number: str) -> None:
    paid(channel, phone, number)
    phone("faults", refuse_all="SIGN_ERROR")
    with pytest.raises(ChannelAway):
        channel.query(number)
    with pytest.raises(ChannelAway):
        channel.query_refund(number)
    with pytest.raises(ChannelRefused):
        channel.close(number)


def test_a_merchants_key_that_is_not_the_accounts(account: WechatAccount, number: str, tmp_path: Path) -> None:
    settle(tmp_path / "other", account.gateway, account.notify_url)
    other = WechatAccount.read(tmp_path / "other")
    with pytest.raises(ChannelRefused) as refusal:
        opened(WechatChannel(replace(account, private_key=other.private_key)), number)
    assert refusal.value.code == "SIGN_ERROR"


@pytest.mark.parametrize("answer", [
    (200, b'{"code_url": "weixin://wxpay/bizpayurl?pr=x"}'), (200, b""), (404, b"<html>Not found</html>"),
    (404, b"[]"), (502, b'{"code": "ORDERNOTEXIST"}'), (202, b"{}")])
def test_somebody_else_on_the_line(
        account: WechatAccount, hospital: Hospital, phone: Phone, number: str, answer: tuple[int, bytes]) -> None:
    """A hotel's log-in page, a proxy: whoever it is, it is not WeChat Pay."""
    lost = WechatChannel(replace(account, gateway=hospital.url))
    hospital.answers[:] = [answer] * 2
    with pytest.raises(ChannelAway):
        opened(lost, number)
    with pytest.raises(ChannelAway):
        lost.query(number)


def test_many_at_once(channel: Channel, phone: Phone, number: str) -> None:
    numbers = [f"{number}-{place}" for place in range(24)]
    with ThreadPoolExecutor(8) as many:
        codes = list(many.map(lambda one: opened(channel, one), numbers))
        assert all(answer.ok for answer in many.map(lambda code: phone("pay", code_url=code), codes))
        trades = list(many.map(channel.query, numbers))
    assert [trade.order_no for trade in trades] == numbers
    assert {trade.state for trade in trades} == {TradeState.SUCCESS}
    assert len(set(codes)) == len({trade.transaction for trade in trades}) == 24


# Notifications


@pytest.mark.parametrize("fault", ["forge_signature", "test_signature", "stale"])
def test_a_false_notification_is_refused_and_the_true_one_comes_again(
        channel: Channel, phone: Phone, hospital: Hospital, number: str, fault: str) -> None:
    opened(channel, number)
    phone("faults", **{fault: 1})
    hospital.answers.append((401, b""))
    assert phone("pay", out_trade_no=number).ok
    with pytest.raises(Forged):
        channel.read_notification(*hospital.next())
    assert heard(channel, hospital, number).state == TradeState.SUCCESS


def test_a_lost_notification_comes_again(
        channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    opened(channel, number)
    phone("faults", lose_notifications=3)
    assert phone("pay", out_trade_no=number).ok
    assert heard(channel, hospital, number).state == TradeState.SUCCESS


def test_a_notification_delivered_twice_says_the_same(
        channel: Channel, phone: Phone, hospital: Hospital, number: str) -> None:
    opened(channel, number)
    phone("faults", twice=1)
    assert phone("pay", out_trade_no=number).ok
    assert heard(channel, hospital, number) == heard(channel, hospital, number)
