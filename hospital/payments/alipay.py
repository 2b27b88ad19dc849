"""Alipay: a QR code on the kiosk's screen (precreate), or the payer's own code (trade.pay); OpenAPI with RSA2.

A small client of our own over requests and cryptography. The well-known library (python-alipay-sdk 3.4) was looked at:
it sends every parameter in the address, where a payer's code would stand in the logs of every proxy on the way, has no
call for bills, and brings two more cryptography packages with it.

Source: opendocs.alipay.com, alipay.trade.precreate, .pay, .query, .cancel, .refund, .fastpay.refund.query; signing: the
official SDK's rules. Amounts there are yuan with two decimals. 10000: done; 10003: the payer is typing; 20000: nobody
knows; 40004: a no, with its reason in sub_code.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from hospital.payments.bills import BillRow, alipay_rows
from hospital.payments.channel import (
    AlreadyPaid, ChannelAway, ChannelRefused, Forged, NoBill, OrderUnknown, RefundResult, RefundState, Trade, TradeState)
from hospital.payments.sums import fen, yuan

TIMEOUT = (3.0, 8.0)        # s to connect, s between two bytes of the answer
CHINA = timezone(timedelta(hours=8))
_STATES = {"WAIT_BUYER_PAY": TradeState.NOTPAY, "TRADE_SUCCESS": TradeState.SUCCESS,
           "TRADE_FINISHED": TradeState.SUCCESS, "TRADE_CLOSED": TradeState.CLOSED}
_UNKNOWN = {"ACQ.TRADE_NOT_EXIST", "isp.bill_not_exist"}
_PAID = {"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_FINISHED"}
_NOT_A_NO = {"ACQ.SYSTEM_ERROR", "ACQ.TRADE_HAS_CLOSE_PROCESSING"}     # 40004, and yet nobody knows


@dataclass(frozen=True)
class AlipayAccount:
    """The merchant's application at Alipay. Its secret stays out of its repr."""

    app_id: str
    seller_id: str                            # the merchant (PID, 2088…)
    private_key: str = field(repr=False)      # PEM (PKCS#8); signs our requests
    public_key: str = field(repr=False)       # PEM; Alipay's, checks its answers
    gateway: str                              # e.g. "https://openapi.alipay.com/gateway.do"
    notify_url: str                           # where Alipay reaches this server

    @classmethod
    def read(cls, folder: Path) -> "AlipayAccount":
        """The account kept in a folder: account.json, app_private_key.pem, alipay_public_key.pem.

        Raises OSError for a missing file, ValueError for broken JSON, KeyError for a missing word.
        """
        words = json.loads((folder / "account.json").read_text("utf-8"))
        return cls(**{word: words[word] for word in ("app_id", "seller_id", "gateway", "notify_url")},
                   private_key=(folder / "app_private_key.pem").read_text("ascii"),
                   public_key=(folder / "alipay_public_key.pem").read_text("ascii"))


class AlipayChannel:
    """A `Channel`. Thread safe: it holds keys only. Answers are believed only when Alipay signed them.

    Two things are Alipay's own. An order exists there only when somebody has scanned its code: before, a question about
    it raises OrderUnknown, which does not mean that nobody can pay it. And closing gives back what was paid in the last
    moment, so ask before.
    """

    name = "alipay"

    def __init__(self, account: AlipayAccount, timeout: tuple[float, float] = TIMEOUT,
                 clock: Callable[[], datetime] = lambda: datetime.now(CHINA)) -> None:
        """timeout: s to connect, s to wait for the answer. Raises ValueError for keys that cannot be read."""
        self._account, self._timeout, self._clock = account, timeout, clock
        self._own = cast(RSAPrivateKey, load_pem_private_key(account.private_key.encode(), None))
        self._theirs = cast(RSAPublicKey, load_pem_public_key(account.public_key.encode()))

    def open(self, order_no: str, amount: int, description: str, expires_at: datetime) -> str:
        words = self._ask("alipay.trade.precreate", {
            "out_trade_no": order_no, "total_amount": yuan(amount), "subject": description[:256],
            "time_expire": f"{expires_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"}, notify=True)
        return str(_need(words, "qr_code"))

    def charge(self, order_no: str, amount: int, description: str, code: str) -> Trade:
        words = self._ask("alipay.trade.pay", {
            "out_trade_no": order_no, "total_amount": yuan(amount), "subject": description[:256], "scene": "bar_code",
            "auth_code": code}, notify=True)
        return self._trade(words | {"trade_status": "TRADE_SUCCESS"}, order_no)

    def query(self, order_no: str) -> Trade:
        return self._trade(self._question("alipay.trade.query", {"out_trade_no": order_no}), order_no)

    def close(self, order_no: str) -> None:
        self.reverse(order_no)

    def reverse(self, order_no: str) -> None:
        words = self._ask("alipay.trade.cancel", {"out_trade_no": order_no})
        if words.get("retry_flag") == "Y":
            raise ChannelAway("cancelling must be asked for again")

    def refund(self, order_no: str, refund_no: str, amount: int, total: int, reason: str) -> RefundResult:
        words = self._ask("alipay.trade.refund", {
            "out_trade_no": order_no, "out_request_no": refund_no, "refund_amount": yuan(amount),
            "refund_reason": reason[:256]})
        if words.get("out_trade_no") != order_no:
            raise ChannelAway("an answer about another order")
        state = RefundState.SUCCESS if words.get("fund_change") == "Y" else RefundState.PROCESSING
        return RefundResult(refund_no, order_no, state, amount)

    def query_refund(self, refund_no: str) -> RefundResult:
        """Alipay asks for the order as well: our refunds are numbered after their order, <order>R<n>."""
        order_no = refund_no.rpartition("R")[0]
        words = self._question("alipay.trade.fastpay.refund.query",
                               {"out_trade_no": order_no, "out_request_no": refund_no})
        if "refund_amount" not in words:
            raise OrderUnknown("REFUND_NOT_EXIST", "no such refund")
        if (words.get("out_trade_no"), words.get("out_request_no")) != (order_no, refund_no):
            raise ChannelAway("an answer about another refund")
        done = words.get("refund_status", "REFUND_SUCCESS") == "REFUND_SUCCESS"
        return RefundResult(refund_no, order_no, RefundState.SUCCESS if done else RefundState.PROCESSING,
                            fen(words["refund_amount"]))

    def bill(self, day: date) -> list[BillRow]:
        try:
            words = self._question("alipay.data.dataservice.bill.downloadurl.query",
                                   {"bill_type": "trade", "bill_date": f"{day:%Y-%m-%d}"})
            # The address is good for half a minute, and came in an answer that Alipay signed.
            packed = requests.get(str(_need(words, "bill_download_url")), timeout=self._timeout, allow_redirects=False)
            if packed.status_code != 200:
                raise ChannelAway(f"HTTP {packed.status_code}")
            return alipay_rows(packed.content)
        except OrderUnknown as nothing:
            raise NoBill(nothing.code, nothing.message) from nothing
        except requests.RequestException as error:
            raise ChannelAway(f"no bill: {type(error).__name__}") from error
        except (ValueError, KeyError) as error:
            raise ChannelAway(f"a bill that makes no sense ({error})") from error

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Trade | RefundResult:
        try:
            words = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True))
            signature = words.pop("sign")
            if words.pop("sign_type") != "RSA2":
                raise Forged("signed in another way than agreed")
            self._check(signed_text(words), signature)
            return self._trade(words, words["out_trade_no"], words["seller_id"], words["app_id"])
        except (ValueError, KeyError, ChannelAway) as error:
            raise Forged(f"it cannot be read ({type(error).__name__})") from error

    # The line.

    def _question(self, method: str, content: dict[str, str]) -> dict[str, Any]:
        """That we may not ask says nothing about what we asked for."""
        try:
            return self._ask(method, content)
        except OrderUnknown:
            raise
        except ChannelRefused as refusal:
            raise ChannelAway(f"the question was refused: {refusal}") from refusal

    def _ask(self, method: str, content: dict[str, str], notify: bool = False) -> dict[str, Any]:
        """One call; its words. All in the body: an address is logged by everybody on the way."""
        words = {"app_id": self._account.app_id, "method": method, "format": "JSON", "charset": "utf-8",
                 "sign_type": "RSA2", "timestamp": f"{self._clock().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
                 "version": "1.0", "biz_content": json.dumps(content, ensure_ascii=False)}
        if notify:
            words["notify_url"] = self._account.notify_url
        words["sign"] = base64.b64encode(self._own.sign(signed_text(words).encode(), PKCS1v15(), SHA256())).decode()
        try:
            answer = requests.post(self._account.gateway, words, timeout=self._timeout, allow_redirects=False)
            if answer.status_code != 200:
                raise ChannelAway(f"HTTP {answer.status_code}")
            said = self._read(answer.content.decode("utf-8"), method.replace(".", "_") + "_response")
        except requests.RequestException as error:
            raise ChannelAway(f"no answer: {type(error).__name__}") from error     # its words may quote the request
        except (ValueError, KeyError, TypeError, AttributeError, Forged) as error:
            raise ChannelAway(f"an answer that cannot be believed ({type(error).__name__})") from error
        _refuse(str(said.get("code")), str(said.get("sub_code", "")), str(said.get("sub_msg", said.get("msg", ""))))
        return said

    def _read(self, text: str, node: str) -> dict[str, Any]:
        """The answer's words, if Alipay signed them: exactly as they stand, to the byte."""
        start = text.index(f'"{node}":') + len(node) + 3
        said, end = json.JSONDecoder().raw_decode(text, start)
        self._check(text[start:end], json.loads(text)["sign"])
        if not isinstance(said, dict):
            raise ValueError("no object")
        return said

    def _check(self, text: str, signature: str) -> None:
        try:
            self._theirs.verify(base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error) as error:
            raise Forged("a wrong signature") from error

    def _trade(self, words: Mapping[str, Any], order_no: str, merchant: str = "", appid: str = "") -> Trade:
        """An answer is about our own account: it names it nowhere. A notification names it."""
        try:
            if words["out_trade_no"] != order_no:
                raise ChannelAway("an answer about another order")
            state = _STATES[words["trade_status"]]
            paid_at = words.get("send_pay_date") or words.get("gmt_payment")
            if state == TradeState.CLOSED and paid_at:
                state = TradeState.REFUND           # all of it went back
            came = state in (TradeState.SUCCESS, TradeState.REFUND)
            return Trade(order_no, state, fen(words["total_amount"]) if came else 0, merchant or self._account.seller_id,
                         appid or self._account.app_id, str(_need(words, "trade_no")) if came else "",
                         datetime.strptime(paid_at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA) if paid_at else None)
        except (ValueError, KeyError, TypeError) as error:
            raise ChannelAway(f"an answer that makes no sense ({type(error).__name__})") from error


def _refuse(code: str, sub_code: str, message: str) -> None:
    """Raise what the codes mean; return when it was done."""
    if code == "10000":
        return
    if code in ("10003", "20000") or not code.startswith("4") or sub_code in _NOT_A_NO:
        raise ChannelAway(f"{code} {sub_code}")
    if sub_code in _UNKNOWN:
        raise OrderUnknown(sub_code, message)
    if sub_code in _PAID:
        raise AlreadyPaid(sub_code, message)
    raise ChannelRefused(sub_code or code, message)


def _need(words: Mapping[str, Any], name: str) -> Any:
    if not words.get(name):
        raise ChannelAway(f"{name} is missing")
    return words[name]


def signed_text(words: Mapping[str, str]) -> str:
    """What is signed: everything that is not empty, by name, but the signature itself."""
    return "&".join(f"{name}={words[name]}" for name in sorted(words) if words[name] and name != "sign")
