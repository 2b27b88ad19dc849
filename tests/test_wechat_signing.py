"""WeChat Pay's signatures and notifications, offline: computed here a second time, and bent in every way."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import wechatpayv3.core
from hypothesis import given, settings
from hypothesis import strategies as st

from hospital.payments.channel import ChannelAway, Forged, RefundResult, RefundState, Trade, TradeState
from hospital.payments.wechat import WechatAccount, WechatChannel
from hospital.sim.wechat.account import Account, settle
from hospital.sim.wechat.seal import Seal, message_text, request_text

NOW = 1_800_000_000
GATEWAY = "https://wechat.invalid"
PAID = {
    "appid": "wx0000000000000000", "mchid": "1999000000", "out_trade_no": "ORDER-0001", "trade_state": "SUCCESS",
    "transaction_id": "4200000000000000000000000001", "success_time": "2027-01-15T16:00:00+08:00",
    "amount": {"total": 1000, "currency": "CNY"}}
GIVEN_BACK = {
    "mchid": "1999000000", "out_trade_no": "ORDER-0001", "out_refund_no": "REFUND-1", "refund_status": "SUCCESS",
    "amount": {"total": 1000, "refund": 300}}


@dataclass(frozen=True)
class Wechat:
    """Both sides' keys; what WeChat Pay says, and the channel that hears it."""

    folder: Path
    account: Account

    @property
    def merchant(self) -> WechatAccount:
        return WechatAccount.read(self.folder)

    def channel(self, now: float = NOW, **changed: str) -> WechatChannel:
        return WechatChannel(replace(self.merchant, **changed), clock=lambda: now)

    def seal(self, body: bytes, fault: str = "", now: float = NOW) -> dict[str, str]:
        return Seal(self.account, lambda: now).sign(body, fault)

    def notice(self, words: dict[str, Any], event: str = "TRANSACTION.SUCCESS") -> bytes:
        resource = Seal(self.account).lock(words, event.partition(".")[0].lower())
        return json.dumps({
            "id": "EV-1", "event_type": event, "resource_type": "encrypt-resource", "resource": resource}).encode()


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Wechat:
    folder = tmp_path_factory.mktemp("wechat") / "account"
    return Wechat(folder, settle(folder, GATEWAY, "https://hospital.invalid/notify"))


@pytest.fixture(scope="module")
def channel(wechat: Wechat) -> WechatChannel:
    """One for all: reading keys takes longer than everything else here."""
    return wechat.channel()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("nothing here may call out")
    monkeypatch.setattr(requests.Session, "request", refuse)


# The signature of a request, recomputed with nothing but a hash and integers (RFC 8017, 8.2 and 9.2).

SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def opens_to(signature: str, n: int, e: int) -> bytes:
    size = (n.bit_length() + 7) // 8
    return pow(int.from_bytes(base64.b64decode(signature)), e, n).to_bytes(size)


def padded(text: bytes, size: int) -> bytes:
    tail = SHA256_PREFIX + hashlib.sha256(text).digest()
    return b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail


def sent(monkeypatch: pytest.MonkeyPatch, ask: Callable[[], object]) -> tuple[requests.PreparedRequest, Any]:
    """The request as it would go over the wire, and the time-outs it was given."""
    caught: list[Any] = []

    def catch(method: str, **what: Any) -> None:
        caught.append((requests.Request(
            method, what["url"], headers=what["headers"], json=what.get("json")).prepare(), what["timeout"]))
        raise requests.ConnectionError("caught")

    monkeypatch.setattr(wechatpayv3.core.requests, "post", lambda **what: catch("POST", **what))
    monkeypatch.setattr(wechatpayv3.core.requests, "get", lambda **what: catch("GET", **what))
    with pytest.raises(ChannelAway):
        ask()
    return caught[0]


@pytest.mark.parametrize(("method", "target", "ask"), [
    ("POST", "/v3/pay/transactions/native",
     lambda channel: channel.open("ORDER-0001", 1000, "挂号费", datetime(2027, 1, 15, 8, tzinfo=UTC))),
    ("GET", "/v3/pay/transactions/out-trade-no/ORDER-0001?mchid={mchid}",
     lambda channel: channel.query("ORDER-0001")),
    ("POST", "/v3/pay/transactions/out-trade-no/ORDER-0001/close",
     lambda channel: channel.close("ORDER-0001")),
    ("POST", "/v3/refund/domestic/refunds",
     lambda channel: channel.refund("ORDER-0001", "REFUND-1", 300, 1000, "退号")),
    ("GET", "/v3/refund/domestic/refunds/REFUND-1", lambda channel: channel.query_refund("REFUND-1"))])
def test_a_request_is_signed_over_exactly_the_five_lines_sent(
        wechat: Wechat, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch, method: str, target: str,
        ask: Callable[[WechatChannel], object]) -> None:
    request, timeout = sent(monkeypatch, lambda: ask(channel))
    scheme, _, fields = request.headers["Authorization"].partition(" ")
    word = dict(re.findall(r'(\w+)="([^"]+)"', fields))
    assert scheme == "WECHATPAY2-SHA256-RSA2048" and timeout == (3.0, 8.0)
    assert (word["mchid"], word["serial_no"]) == (wechat.account.mchid, wechat.account.serial_no)
    target = target.format(mchid=wechat.account.mchid)
    assert request.method == method and request.url == GATEWAY + target
    body = request.body or b""
    lines = b"".join(line + b"\n" for line in (
        method.encode(), target.encode(), word["timestamp"].encode(), word["nonce_str"].encode(),
        body if isinstance(body, bytes) else body.encode()))
    numbers = wechat.account.merchant_key.public_numbers()
    assert opens_to(word["signature"], numbers.n, numbers.e) == padded(lines, 256)


def test_the_end_of_the_order_is_written_in_chinas_time(
        wechat: Wechat, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime(2027, 1, 15, 8, 0, 0, 999, tzinfo=UTC)
    request, _ = sent(monkeypatch, lambda: channel.open("ORDER-0001", 1000, "挂号费" * 50, end))
    said = json.loads(request.body or b"")
    assert said["time_expire"] == "2027-01-15T16:00:00+08:00"
    assert said["amount"] == {"total": 1000, "currency": "CNY"}
    assert len(said["description"]) == 127
    with pytest.raises(ValueError, match="aware"):
        channel.open("ORDER-0001", 1000, "挂号费", datetime(2027, 1, 15, 8))


def test_the_lines_of_the_manual(wechat: Wechat) -> None:
    assert request_text("GET", "/v3/certificates?a=1", "1554208460", "593BEC0C930BF1AF", "") == (
        "GET\n/v3/certificates?a=1\n1554208460\n593BEC0C930BF1AF\n\n")
    assert message_text("1554208460", "593BEC0C930BF1AF", "{}") == "1554208460\n593BEC0C930BF1AF\n{}\n"
    body = "支付成功".encode()
    headers = wechat.seal(body)
    numbers = wechat.account.own_key.public_key().public_numbers()
    lines = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n支付成功\n".encode()
    assert opens_to(headers["Wechatpay-Signature"], numbers.n, numbers.e) == padded(lines, 256)


# Notifications


def test_a_payment_is_read(wechat: Wechat, channel: WechatChannel) -> None:
    body = wechat.notice(PAID)
    assert channel.read_notification(wechat.seal(body), body) == Trade(
        "ORDER-0001", TradeState.SUCCESS, 1000, "1999000000", "wx0000000000000000", "4200000000000000000000000001",
        datetime(2027, 1, 15, 8, tzinfo=UTC))


@pytest.mark.parametrize("state", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_a_refund_is_read(wechat: Wechat, channel: WechatChannel, state: str) -> None:
    body = wechat.notice(GIVEN_BACK | {"refund_status": state}, f"REFUND.{state}")
    assert channel.read_notification(wechat.seal(body), body) == RefundResult(
        "REFUND-1", "ORDER-0001", RefundState(state), 300)


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.title])
def test_header_names_may_come_in_any_case(
        wechat: Wechat, channel: WechatChannel, spelling: Callable[[str], str]) -> None:
    body = wechat.notice(PAID)
    headers = {spelling(name): value for name, value in wechat.seal(body).items()}
    assert isinstance(channel.read_notification(headers, body), Trade)


@settings(max_examples=300)
@given(data=st.data())
def test_any_single_changed_byte_is_refused(
        wechat: Wechat, channel: WechatChannel, data: st.DataObject) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body)
    parts = ["body", *headers]
    part = data.draw(st.sampled_from(parts))
    original = body if part == "body" else headers[part].encode("latin-1")
    place = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != original[place]))
    changed = original[:place] + bytes([byte]) + original[place + 1:]
    if part == "body":
        body = changed
    else:
        headers[part] = changed.decode("latin-1")
    with pytest.raises(Forged):
        channel.read_notification(headers, body)


def test_every_place_of_the_body_matters(wechat: Wechat, channel: WechatChannel) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body)
    for place in range(len(body)):
        with pytest.raises(Forged):
            channel.read_notification(headers, body[:place] + bytes([body[place] ^ 1]) + body[place + 1:])


def test_only_one_spelling_of_a_signature_counts(wechat: Wechat, channel: WechatChannel) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body)
    signature = headers["Wechatpay-Signature"]
    twin_letter = next(
        letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        if letter != signature[-3]
        and base64.b64decode(signature[:-3] + letter + "==") == base64.b64decode(signature))
    for odd in (signature[:-3] + twin_letter + "==", signature + "=", " " + signature,
                signature[:9] + "-" + signature[9:]):
        with pytest.raises(Forged):
            channel.read_notification(headers | {"Wechatpay-Signature": odd}, body)


@pytest.mark.parametrize(("seconds", "believed"), [
    (0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_five_minutes_are_the_limit(
        wechat: Wechat, channel: WechatChannel, seconds: int, believed: bool) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body, now=NOW + seconds)
    if believed:
        assert isinstance(channel.read_notification(headers, body), Trade)
    else:
        with pytest.raises(Forged, match="five minutes"):
            channel.read_notification(headers, body)


@pytest.mark.parametrize("fault", ["forge_signature", "test_signature", "stale"])
def test_false_seals_are_refused(wechat: Wechat, channel: WechatChannel, fault: str) -> None:
    body = wechat.notice(PAID)
    with pytest.raises(Forged):
        channel.read_notification(wechat.seal(body, fault), body)


@pytest.mark.parametrize("missing", [
    "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial", "Wechatpay-Signature-Type"])
def test_every_header_is_needed(wechat: Wechat, channel: WechatChannel, missing: str) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body)
    del headers[missing]
    with pytest.raises(Forged):
        channel.read_notification(headers, body)


def test_a_strangers_certificate_makes_nobody_call_out(wechat: Wechat, channel: WechatChannel) -> None:
    body = wechat.notice(PAID)
    headers = wechat.seal(body) | {"Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}
    with pytest.raises(Forged, match="not ours to trust"):  # and no_network stays quiet
        channel.read_notification(headers, body)


def signed_but_odd(wechat: Wechat) -> Iterator[bytes]:
    yield b""
    yield b"{}"
    yield b"[]"
    yield b"\xff\xfe"
    yield wechat.notice(PAID, "PAYSCORE.USER_PAID")
    yield wechat.notice(PAID | {"trade_state": "HAPPY"})
    yield wechat.notice(PAID | {"amount": {"total": 10.5, "currency": "CNY"}})
    yield wechat.notice(PAID | {"amount": {"total": 1000, "currency": "USD"}})
    yield wechat.notice(PAID | {"amount": {"total": True, "currency": "CNY"}})
    yield wechat.notice({name: value for name, value in PAID.items() if name != "out_trade_no"})
    yield json.dumps({"event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource",
                      "resource": PAID}).encode()


def test_what_makes_no_sense_is_refused_although_signed(wechat: Wechat, channel: WechatChannel) -> None:
    for body in signed_but_odd(wechat):
        seal = Seal(wechat.account, lambda: NOW)
        headers = seal.sign(body) if body != b"\xff\xfe" else seal.sign(b"")
        with pytest.raises(Forged):
            channel.read_notification(headers, body)


def test_another_merchants_secret_opens_nothing(wechat: Wechat) -> None:
    body = wechat.notice(PAID)
    with pytest.raises(Forged, match="decrypted"):
        wechat.channel(apiv3_key="0" * 32).read_notification(wechat.seal(body), body)


# Answers


def answered(monkeypatch: pytest.MonkeyPatch, wechat: Wechat, words: dict[str, Any], signed: bool = True) -> None:
    """The next question gets this answer."""
    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps(words).encode()
    answer.headers.update({"Content-Type": "application/json"} | (wechat.seal(answer.content) if signed else {}))
    monkeypatch.setattr(wechatpayv3.core.requests, "get", lambda **what: answer)


def test_a_signed_answer_about_another_order_says_nothing(
        wechat: Wechat, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, wechat, PAID)
    assert channel.query("ORDER-0001").state == TradeState.SUCCESS
    with pytest.raises(ChannelAway, match="another order"):
        channel.query("ORDER-0002")
    answered(monkeypatch, wechat, GIVEN_BACK)
    with pytest.raises(ChannelAway, match="another refund"):
        channel.query_refund("REFUND-2")


def test_an_unsigned_answer_says_nothing(
        wechat: Wechat, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, wechat, PAID, signed=False)
    with pytest.raises(ChannelAway):
        channel.query("ORDER-0001")


def test_a_signed_answer_with_a_new_word_says_nothing(
        wechat: Wechat, channel: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, wechat, PAID | {"trade_state": "ACCEPT"})
    with pytest.raises(ChannelAway, match="no sense"):
        channel.query("ORDER-0001")


# The account


def test_secrets_stay_out_of_the_accounts_repr(wechat: Wechat) -> None:
    said = repr(wechat.merchant)
    assert wechat.merchant.apiv3_key not in said and "KEY-----" not in said and wechat.merchant.mchid in said


def test_keys_are_for_their_owner_only_and_wechats_key_is_elsewhere(wechat: Wechat) -> None:
    files = [*wechat.folder.iterdir(), *wechat.folder.with_name("account-twin").iterdir()]
    assert {file.name: file.stat().st_mode & 0o777 for file in files} == dict.fromkeys((
        "account.json", "apiclient_key.pem", "apiv3.key", "wechatpay_public_key.pem",
        "wechatpay_private_key.pem"), 0o600)


def test_a_broken_account_is_said_at_the_start(wechat: Wechat, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keys"):
        wechat.channel(private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    with pytest.raises(OSError):
        WechatAccount.read(tmp_path)
    (tmp_path / "account.json").write_text('{"appid": "wx"}')
    with pytest.raises(KeyError, match="mchid"):
        WechatAccount.read(tmp_path)
