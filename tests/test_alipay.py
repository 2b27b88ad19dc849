"""Our Alipay channel against the twin: two processes, real HTTP, RSA2 both ways, and every way it goes wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
import requests
from alipay_ends import PATIENCE, Wallet, alipay_running
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from wechat_ends import Hospital, hospital_open

from hospital.payments.alipay import AlipayAccount, AlipayChannel
from hospital.payments.channel import (
    AlreadyPaid, ChannelAway, ChannelRefused, Forged, OrderUnknown, RefundState, Trade, TradeState)
from hospital.payments.sums import fen, yuan

_numbers, _codes = count(1), count(280000000000000001)


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    with hospital_open() as hospital:
        hospital.answers = _Success()
        yield hospital


class _Success(list[tuple[int, bytes]]):
    """Alipay wants to read the word."""

    def __bool__(self) -> bool:
        return True

    def pop(self, at: object = 0) -> tuple[int, bytes]:
        return 200, b"success"


@pytest.fixture(scope="module")
def account(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlipayAccount]:
    with alipay_running(tmp_path_factory.mktemp("alipay") / "account", hospital.url + "/notify") as account:
        yield account


@pytest.fixture(scope="module")
def channel(account: AlipayAccount) -> AlipayChannel:
    return AlipayChannel(account)


@pytest.fixture
def phone(account: AlipayAccount) -> Iterator[Wallet]:
    wallet = Wallet(account)
    yield wallet
    wallet.quiet()


@pytest.fixture
def number() -> str:
    return f"ORDER{next(_numbers):08d}"


@pytest.fixture
def code() -> str:
    return str(next(_codes))


def opened(channel: AlipayChannel, number: str, amount: int = 1250) -> str:
    return channel.open(number, amount, "挂号费 · 心内科", dt.datetime.now(dt.UTC) + dt.timedelta(minutes=3))


def paid(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    assert phone("pay", code_url=opened(channel, number)).ok


def test_nobody_has_scanned_it_yet_then_scanned_then_paid(channel: AlipayChannel, phone: Wallet, account: AlipayAccount,
                                                          number: str) -> None:
    code = opened(channel, number)
    assert code.startswith("https://qr.alipay.com/")
    with pytest.raises(OrderUnknown):
        channel.query(number)
    assert phone("scan", code_url=code).ok
    assert (channel.query(number).state, channel.query(number).amount) == (TradeState.NOTPAY, 0)
    assert phone("pay", code_url=code).ok
    trade = channel.query(number)
    assert (trade.state, trade.amount, trade.merchant, trade.appid) == (
        TradeState.SUCCESS, 1250, account.seller_id, account.app_id)
    assert trade.transaction == phone.order(number)["transaction"]
    assert trade.paid_at is not None and abs((dt.datetime.now(dt.UTC) - trade.paid_at).total_seconds()) < 60


def test_the_notification_is_signed_and_says_who_got_the_money(channel: AlipayChannel, phone: Wallet, hospital: Hospital,
                                                               account: AlipayAccount, number: str) -> None:
    paid(channel, phone, number)
    said = next_about(channel, hospital, number)
    assert (said.state, said.amount, said.merchant, said.appid) == (
        TradeState.SUCCESS, 1250, account.seller_id, account.app_id)


def next_about(channel: AlipayChannel, hospital: Hospital, number: str) -> Trade:
    while True:
        said = channel.read_notification(*hospital.next())
        if isinstance(said, Trade) and said.order_no == number:
            return said


def test_a_changed_or_forged_notification_is_refused(channel: AlipayChannel, phone: Wallet, hospital: Hospital,
                                                     number: str) -> None:
    paid(channel, phone, number)
    while True:
        headers, body = hospital.next()
        if number.encode() in body:
            break
    assert channel.read_notification(headers, body)
    for bad in (body.replace(b"12.50", b"12.51"), body.replace(b"RSA2", b"RSA"), b"", b"sign=x&sign_type=RSA2", b"\xff"):
        with pytest.raises(Forged):
            channel.read_notification(headers, bad)


@pytest.mark.parametrize("fault", ["lose_answers", "unknown", "unknown_before", "forge_signature"])
def test_what_is_not_known_is_away_and_found_by_asking_again(channel: AlipayChannel, phone: Wallet, number: str, code: str,
                                                             fault: str) -> None:
    phone("faults", **{fault: 1})
    with pytest.raises(ChannelAway) as away:
        channel.charge(number, 1250, "挂号费", code)
    assert code not in str(away.value) and code not in repr(away.value.__cause__)
    if fault == "unknown_before":
        with pytest.raises(OrderUnknown):
            channel.query(number)
    else:
        assert channel.query(number).state == TradeState.SUCCESS


def test_charged_at_once_and_only_once(channel: AlipayChannel, number: str, code: str) -> None:
    trade = channel.charge(number, 1250, "挂号费", code)
    assert (trade.state, trade.amount) == (TradeState.SUCCESS, 1250) and channel.query(number) == trade
    with pytest.raises(AlreadyPaid):
        channel.charge(number, 1250, "挂号费", str(next(_codes)))
    with pytest.raises(ChannelRefused, match="ACQ.PAYMENT_AUTH_CODE_INVALID"):
        channel.charge(f"{number}B", 1250, "挂号费", code)


def test_a_password_is_typed_or_not(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    phone("faults", typing=True)
    for act, state in (("pay", TradeState.SUCCESS), ("refuse", TradeState.CLOSED), ("", TradeState.CLOSED)):
        no = f"{number}{act}"
        with pytest.raises(ChannelAway, match="10003"):
            channel.charge(no, 1250, "挂号费", str(next(_codes)))
        assert channel.query(no).state == TradeState.NOTPAY
        if act:
            assert phone(act, out_trade_no=no).ok
        else:
            channel.reverse(no)
        assert channel.query(no).state == state


def test_cancelling_must_be_asked_for_again(channel: AlipayChannel, phone: Wallet, number: str, code: str) -> None:
    phone("faults", typing=True, retry_cancel=1)
    with pytest.raises(ChannelAway):
        channel.charge(number, 1250, "挂号费", code)
    with pytest.raises(ChannelAway):
        channel.reverse(number)
    channel.reverse(number)
    assert channel.query(number).state == TradeState.CLOSED


def test_what_was_paid_goes_back_when_it_is_reversed(channel: AlipayChannel, phone: Wallet, number: str, code: str) -> None:
    channel.charge(number, 1250, "挂号费", code)
    channel.reverse(number)
    channel.reverse(number)
    assert channel.query(number).state == TradeState.REFUND
    assert [one["amount"] for one in phone.order(number)["refunds"]] == [1250]


def test_a_closed_code_cannot_be_paid_but_the_race_can_be_lost(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    code = opened(channel, number)
    channel.close(number)
    channel.close(number)
    assert phone("pay", code_url=code).status_code == 409
    assert phone("late", code_url=code).ok
    assert channel.query(number).state == TradeState.SUCCESS


def test_refunded_once_under_its_number(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    paid(channel, phone, number)
    refund = f"{number}R1"
    with pytest.raises(OrderUnknown):
        channel.query_refund(refund)
    phone("faults", lose_answers=1)
    with pytest.raises(ChannelAway):
        channel.refund(number, refund, 1250, 1250, "退号退款")
    again = channel.refund(number, refund, 1250, 1250, "退号退款")
    assert (again.state, again.amount) == (RefundState.PROCESSING, 1250)
    assert channel.query_refund(refund).state == RefundState.SUCCESS
    assert len(phone.order(number)["refunds"]) == 1 and channel.query(number).state == TradeState.REFUND


def test_a_first_refund_is_done_at_once(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    paid(channel, phone, number)
    assert channel.refund(number, f"{number}R1", 1250, 1250, "退号").state == RefundState.SUCCESS
    with pytest.raises(ChannelRefused):
        channel.refund(number, f"{number}R2", 1, 1250, "退号")


def test_it_does_not_answer_strangers_nor_do_we_believe_one(account: AlipayAccount, channel: AlipayChannel, phone: Wallet,
                                                            number: str) -> None:
    paid(channel, phone, number)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for stranger in (replace(account, private_key=private), replace(account, app_id="2021000000000000"),
                     replace(account, public_key=public), replace(account, gateway="http://127.0.0.1:9/gateway.do")):
        with pytest.raises(ChannelAway):
            AlipayChannel(stranger).query(number)
    with pytest.raises(ChannelAway):
        AlipayChannel(account, clock=lambda: dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).query(number)


def test_a_definite_no_to_an_order(channel: AlipayChannel, phone: Wallet, number: str) -> None:
    phone("faults", refuse_orders="ACQ.ACCESS_FORBIDDEN")
    with pytest.raises(ChannelRefused, match="ACQ.ACCESS_FORBIDDEN"):
        opened(channel, number)


def test_sums() -> None:
    assert [yuan(amount) for amount in (1, 10, 100, 2550, 123456789)] == ["0.01", "0.10", "1.00", "25.50", "1234567.89"]
    assert all(fen(yuan(amount)) == amount for amount in range(0, 100000, 37))
    for bad in ("1", "1.5", "1.234", "-1.00", "1,000.00", "", " 1.00"):
        with pytest.raises(ValueError):
            fen(bad)


def test_secrets_stay_out_of_its_repr_and_the_phone_is_for_this_machine(account: AlipayAccount, phone: Wallet) -> None:
    assert "PRIVATE" not in repr(account) and "PUBLIC" not in repr(account)
    stranger = requests.get(account.gateway.replace("/gateway.do", "/twin/orders"), timeout=PATIENCE,
                            headers={"Origin": "http://elsewhere.example"})
    assert stranger.status_code == 403
