"""WeChat Pay, Native (a QR code on the kiosk's screen) and by the payer's code, API v3, in public-key mode.

The library wechatpayv3 signs, sends, verifies and decrypts. Added here, because it does not have them:
time-outs, a gateway of our choice, the five-minute rule, test signatures, one canonical spelling of a
signature, and never fetching certificates because a stranger's message named one.

Source: pay.weixin.qq.com, merchant documentation v3: Native ordering (4012525171), query (4013070356),
closing (4012556398), refunds (4013071031), signatures and notifications.
"""

import base64
import binascii
import gzip
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import requests
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from hospital.payments.bills import BillRow, wechat_rows
from hospital.payments.channel import (
    AlreadyPaid, ChannelAway, ChannelRefused, Forged, NoBill, OrderUnknown, RefundResult, RefundState, Trade,
    TradeState)

T = TypeVar("T")

FRESH = 300                 # s a signature may differ from our clock, either way (manual: 5 minutes)
TIMEOUT = (3.0, 8.0)        # s to connect, s between two bytes of the answer
_CHINA = timezone(timedelta(hours=8))
_SEAL = ("wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature", "wechatpay-serial",
         "wechatpay-signature-type")

# Code words without underscores: manuals of different years spell them both ways (ORDERPAID, ORDER_PAID).
_PAID = {"ORDERPAID"}
_UNKNOWN = {"ORDERNOTEXIST", "RESOURCENOTEXISTS", "NOSTATEMENTEXIST", "STATEMENTCREATING"}
_CLOSED = {"ORDERCLOSED"}
_REVERSED = {"ORDERREVERSED"}
_REFUSED = _CLOSED | {
    "PARAMERROR", "INVALIDREQUEST", "APPIDMCHIDNOTMATCH", "MCHNOTEXISTS", "SIGNERROR", "NOAUTH",
    "OUTTRADENOUSED", "RULELIMIT", "TRADEERROR", "ACCOUNTERROR", "NOTENOUGH", "USERACCOUNTABNORMAL",
    "REQUESTBLOCKED",
    "AUTHCODEINVALID", "AUTHCODEEXPIRE", "AUTHCODEEXPIRED", "AUTHCODEERROR", "BUYERMISMATCH", "NOTSUPORTCARD"} | _REVERSED


@dataclass(frozen=True)
class WechatAccount:
    """The merchant's account. Its secrets stay out of its repr."""

    appid: str
    mchid: str
    serial_no: str                            # of the merchant's certificate
    private_key: str = field(repr=False)      # PEM (PKCS#8); signs our requests
    apiv3_key: str = field(repr=False)        # 32 characters; opens notifications
    public_key: str = field(repr=False)       # PEM; WeChat Pay's, checks its answers
    public_key_id: str                        # "PUB_KEY_ID_…"
    gateway: str                              # e.g. "https://api.mch.weixin.qq.com"
    notify_url: str                           # where WeChat Pay reaches this server

    @classmethod
    def read(cls, folder: Path) -> "WechatAccount":
        """The account kept in a folder of files: account.json, apiclient_key.pem, wechatpay_public_key.pem,
        apiv3.key.

        Raises OSError for a missing file, ValueError for broken JSON, KeyError for a missing word.
        """
        words = json.loads((folder / "account.json").read_text("utf-8"))
        return cls(
            **{word: words[word] for word in
               ("appid", "mchid", "serial_no", "public_key_id", "gateway", "notify_url")},
            private_key=(folder / "apiclient_key.pem").read_text("ascii"),
            public_key=(folder / "wechatpay_public_key.pem").read_text("ascii"),
            apiv3_key=(folder / "apiv3.key").read_text("ascii").strip())


class WechatChannel:
    """A `Channel`. Thread safe: it holds keys only, and every call opens its own connection.

    Answers of 2xx are believed only when signed. Error answers come unsigned (the manual's own libraries do
    not check them either): there TLS is the proof of who speaks.
    """

    name = "wechat"

    def __init__(self, account: WechatAccount, timeout: tuple[float, float] = TIMEOUT,
                 clock: Callable[[], float] = time.time) -> None:
        """timeout: s to connect, s to wait for the answer. clock: seconds since 1970. Uses no network yet.

        Raises ValueError for keys that cannot be read.
        """
        self._account = account
        self._pay = _library(account, timeout, clock)

    def open(self, order_no: str, amount: int, description: str, expires_at: datetime) -> str:
        if expires_at.tzinfo is None:
            raise ValueError("expires_at must be aware")
        return _ask(_code_url, lambda: self._pay.pay(
            description=description[:127],  # the manual's limit, characters
            out_trade_no=order_no,
            amount={"total": amount, "currency": "CNY"},
            time_expire=expires_at.astimezone(_CHINA).isoformat(timespec="seconds")))

    def query(self, order_no: str) -> Trade:
        return self._of(order_no, _question(_trade, lambda: self._pay.query(out_trade_no=order_no)))

    @staticmethod
    def _of(order_no: str, trade: Trade) -> Trade:
        if trade.order_no != order_no:
            raise ChannelAway("an answer about another order")
        return trade

    def close(self, order_no: str) -> None:
        try:
            _ask(lambda words: None, lambda: self._pay.close(order_no))
        except ChannelRefused as refusal:
            if _word(refusal.code) not in _CLOSED:
                raise

    def charge(self, order_no: str, amount: int, description: str, code: str) -> Trade:
        # Somebody typing a password is answered with 202 or the word USERPAYING: neither is an end.
        return self._of(order_no, _ask(_trade, lambda: self._pay.pay(
            description=description[:127], out_trade_no=order_no, amount={"total": amount, "currency": "CNY"},
            payer={"auth_code": code}, scene_info={"store_info": {"out_id": "kiosk"}},
            pay_type=WeChatPayType.CODEPAY)))

    def reverse(self, order_no: str) -> None:
        try:
            _ask(lambda words: None, lambda: self._pay.codepay_reverse(order_no))
        except ChannelRefused as refusal:
            if _word(refusal.code) not in _REVERSED:
                raise

    def refund(self, order_no: str, refund_no: str, amount: int, total: int, reason: str) -> RefundResult:
        result = _ask(_refund, lambda: self._pay.refund(
            out_refund_no=refund_no, out_trade_no=order_no, reason=reason[:80],  # the manual's limit
            amount={"refund": amount, "total": total, "currency": "CNY"}))
        return _about(refund_no, result)

    def query_refund(self, refund_no: str) -> RefundResult:
        return _about(refund_no, _question(_refund, lambda: self._pay.query_refund(refund_no)))

    def bill(self, day: date) -> list[BillRow]:
        try:
            words = _question(dict, lambda: self._pay.trade_bill(f"{day:%Y-%m-%d}"))
            status, packed = self._pay.download_bill(_text(words, "download_url"))
            if status != 200:
                raise ChannelAway(f"HTTP {status}")
            text = gzip.decompress(packed)
            # The download itself is not signed; its hash stands in the answer that was.
            if words["hash_type"] != "SHA1" or hashlib.sha1(text).hexdigest() != words["hash_value"].lower():
                raise ChannelAway("a bill that is not the one that was promised")
            return wechat_rows(text.decode("utf-8"))
        except OrderUnknown as nothing:
            raise NoBill(nothing.code, nothing.message) from nothing
        except requests.RequestException as error:
            raise ChannelAway(f"no bill: {type(error).__name__}") from error
        except (ValueError, KeyError, TypeError, AttributeError, OSError, EOFError) as error:
            raise ChannelAway(f"a bill that makes no sense ({type(error).__name__})") from error

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Trade | RefundResult:
        try:
            message = self._pay.callback(headers, body)  # verifies, then decrypts; None when either fails
            if message is None:
                raise Forged("it cannot be decrypted")
            kind, resource = message["event_type"], message["resource"]
            if kind.startswith("TRANSACTION."):
                return _trade(resource)
            if kind.startswith("REFUND."):
                return _refund(resource)
            raise Forged("it is of no kind we know")
        except Forged:
            raise
        except Exception as error:  # the library raises it bare; what cannot be read is not believed
            raise Forged(f"it cannot be read ({type(error).__name__})") from error


class _Strict(Core):  # type: ignore[misc]
    """The library's core with the checks it lacks. Raises Forged where the library would return False."""

    def __init__(self, account: WechatAccount, timeout: tuple[float, float],
                 clock: Callable[[], float]) -> None:
        super().__init__(
            mchid=account.mchid, cert_serial_no=account.serial_no, private_key=account.private_key,
            apiv3_key=account.apiv3_key, timeout=timeout, public_key=account.public_key,
            public_key_id=account.public_key_id)
        self._gate_way = account.gateway.rstrip("/")
        self._clock = clock

    def _verify_signature(self, headers: Mapping[str, str], body: str) -> bool:
        found = {name.lower(): value for name, value in headers.items()}
        seal = {name: found.get(name, "") for name in _SEAL}
        timestamp, _, signature, serial, algorithm = seal.values()
        if signature.startswith("WECHATPAY/SIGNTEST/"):
            raise Forged("a test signature")
        if algorithm != "WECHATPAY2-SHA256-RSA2048":
            raise Forged("signed in another way than agreed")
        if serial != self._public_key_id:
            # The library would go and download certificates: no stranger may make us call out.
            raise Forged("signed with a key that is not ours to trust")
        if not timestamp.isdecimal() or abs(self._clock() - int(timestamp)) > FRESH:
            raise Forged("signed more than five minutes away from our clock")
        if not _canonical(signature):
            raise Forged("a signature spelled oddly")
        if not super()._verify_signature(seal, body):
            raise Forged("a wrong signature")
        return True


def _library(account: WechatAccount, timeout: tuple[float, float], clock: Callable[[], float]) -> WeChatPay:
    try:
        pay = WeChatPay(
            WeChatPayType.NATIVE, mchid=account.mchid, private_key=account.private_key,
            cert_serial_no=account.serial_no, appid=account.appid, apiv3_key=account.apiv3_key,
            notify_url=account.notify_url, public_key=account.public_key, public_key_id=account.public_key_id)
        pay._core = _Strict(account, timeout, clock)
    except Exception as error:  # bare Exception again
        raise ValueError("the keys of the WeChat Pay account cannot be read") from error
    return pay


def _ask(read: Callable[[dict[str, Any]], T], call: Callable[[], tuple[int, Any]]) -> T:
    """Make one call and read the words of its answer ({} for an answer without content).

    Raises ChannelAway, AlreadyPaid, OrderUnknown, ChannelRefused.
    """
    try:
        status, content = call()
        words = json.loads(content) if content else {}
        if status in (200, 204):
            return read(words)
        if 400 <= status < 500:
            _refuse(str(words.get("code", "")), str(words.get("message", "")))
    except (requests.RequestException, Forged) as error:
        raise ChannelAway(f"no answer to believe: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChannelAway(f"an answer that makes no sense ({type(error).__name__})") from error
    raise ChannelAway(f"HTTP {status} {words.get('code', '')}")


def _question(read: Callable[[dict[str, Any]], T], call: Callable[[], tuple[int, Any]]) -> T:
    """`_ask` for questions: that we may not ask (SIGN_ERROR, NO_AUTH) says nothing about what we asked for.
    """
    try:
        return _ask(read, call)
    except OrderUnknown:
        raise
    except ChannelRefused as refusal:
        raise ChannelAway(f"the question was refused: {refusal}") from refusal


def _refuse(code: str, message: str) -> None:
    """Raise the definite no this code word stands for; return when it is none (too many requests, a new
    word).
    """
    word = _word(code)
    if word in _PAID:
        raise AlreadyPaid(code, message)
    if word in _UNKNOWN:
        raise OrderUnknown(code, message)
    if word in _REFUSED:
        raise ChannelRefused(code, message)


def _about(refund_no: str, result: RefundResult) -> RefundResult:
    if result.refund_no != refund_no:
        raise ChannelAway("an answer about another refund")
    return result


def _code_url(words: dict[str, Any]) -> str:
    return _text(words, "code_url")


def _trade(words: dict[str, Any]) -> Trade:
    paid_at = words.get("success_time")
    return Trade(
        order_no=_text(words, "out_trade_no"),
        state=TradeState(words["trade_state"]),
        amount=_fen(words["amount"], "total") if "amount" in words else 0,
        merchant=_text(words, "mchid"),
        appid=_text(words, "appid"),
        transaction=_text(words, "transaction_id") if "transaction_id" in words else "",
        paid_at=datetime.fromisoformat(paid_at) if paid_at else None)


def _refund(words: dict[str, Any]) -> RefundResult:
    """Answers call the state `status`, notifications `refund_status`."""
    return RefundResult(
        refund_no=_text(words, "out_refund_no"),
        order_no=_text(words, "out_trade_no"),
        state=RefundState(words["refund_status"] if "refund_status" in words else words["status"]),
        amount=_fen(words["amount"], "refund"))


def _text(words: dict[str, Any], name: str) -> str:
    value = words[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    return value


def _fen(amount: dict[str, Any], name: str) -> int:
    """A whole number of fen; a sum in another currency would be misread, so it is not read at all."""
    value = amount[name]
    if type(value) is not int or amount.get("currency", "CNY") != "CNY":
        raise ValueError(f"{name} is not a sum in fen")
    return value


def _word(code: str) -> str:
    return code.replace("_", "")


def _canonical(signature: str) -> bool:
    """Base64 has many spellings of the same bytes, and Python's lenient reader takes most of them: only one
    counts.
    """
    try:
        return base64.b64encode(base64.b64decode(signature, validate=True)).decode("ascii") == signature
    except (binascii.Error, ValueError):
        return False
