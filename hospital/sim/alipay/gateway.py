"""What the merchant's server calls: one address, RSA2 on every request and every answer; and the notifications."""

import base64
import binascii
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, Response, request

from hospital.sim.alipay import bill
from hospital.sim.alipay.account import Account
from hospital.sim.alipay.books import CHINA, PAID, Books, Refusal, Trade
from hospital.sim.alipay.phone import Faults

Words = dict[str, Any]
TRIES = 5                      # of a notification; the real one goes on for a day
BILL_LIFE = 30                 # s an address to download from is good for
_CODE = re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")
_NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
_SUM = re.compile(r"(\d{1,9})\.(\d\d)")


class Gateway:
    """alipay.trade.*, as /gateway.do; `speed` shortens the pauses between two tries of a notification."""

    def __init__(self, app: Flask, account: Account, books: Books, faults: Faults, speed: float = 1.0) -> None:
        self._account, self._books, self._faults, self._speed = account, books, faults, speed
        self._methods: dict[str, Callable[[Words, str], Words]] = {
            "alipay.trade.precreate": self._precreate, "alipay.trade.pay": self._pay,
            "alipay.trade.query": self._query, "alipay.trade.cancel": self._cancel,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
            "alipay.trade.refund": self._refund, "alipay.trade.fastpay.refund.query": self._query_refund}
        self._closed = threading.Event()
        self._bills: dict[str, tuple[float, bytes]] = {}        # until when they may be downloaded, by token
        app.add_url_rule("/bill", "bill", self._download)
        app.add_url_rule("/gateway.do", "gateway", self._view, methods=["GET", "POST"])
        books.on_paid = self.notify

    def close(self) -> None:
        self._closed.set()

    def _view(self) -> Response:
        if self._faults.get("away"):
            raise ConnectionAbortedError("Alipay is away")
        said = request.values.to_dict()
        method = said.get("method", "")
        problem = self._problem(said)
        if problem:
            answer = {"code": "40002", "msg": "Invalid Arguments", "sub_code": problem}
        elif self._faults.take("unknown_before"):
            answer = _unknown()
        else:
            answer = self._do(method, json.loads(said["biz_content"]), said.get("notify_url", ""))
            if self._faults.take("unknown"):
                answer = _unknown()             # it was done, and Alipay itself does not know
        if self._faults.take("lose_answers"):
            raise ConnectionAbortedError("the answer is lost")
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        signed = text + " " if self._faults.take("forge_signature") else text
        node = method.replace(".", "_") + "_response"
        return Response(f'{{"{node}":{text},"sign":"{self._sign(signed)}"}}', mimetype="text/html")

    def _do(self, method: str, said: Words, notify_url: str) -> Words:
        try:
            return {"code": "10000", "msg": "Success"} | self._methods[method](said, notify_url)
        except Refusal as no:
            return {"code": "40004", "msg": "Business Failed", "sub_code": no.code, "sub_msg": no.message}

    def _problem(self, said: Mapping[str, str]) -> str:
        """What is wrong with the envelope, as a sub_code; "" for nothing."""
        if said.get("app_id") != self._account.app_id:
            return "isv.invalid-app-id"
        if said.get("method") not in self._methods:
            return "isv.invalid-method"
        if said.get("sign_type") != "RSA2" or said.get("charset") != "utf-8" or said.get("version") != "1.0":
            return "isv.invalid-signature-type"
        try:
            sent = datetime.strptime(said["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
            json.loads(said["biz_content"])
            text = "&".join(f"{name}={value}" for name, value in sorted(said.items()) if name != "sign" and value)
            signature = base64.b64decode(said["sign"], validate=True)
            self._account.merchant_key.verify(signature, text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, KeyError, ValueError):
            return "isv.invalid-signature"
        return "" if abs((datetime.now(CHINA) - sent).total_seconds()) < 900 else "isv.invalid-timestamp"

    # The methods.

    def _precreate(self, said: Words, notify_url: str) -> Words:
        if self._faults.get("refuse_orders"):
            raise Refusal(self._faults.get("refuse_orders"))
        expires = datetime.strptime(said["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        trade = self._books.precreate(_number(said), _fen(said, "total_amount"), _subject(said), expires.isoformat(),
                                      notify_url)
        return {"out_trade_no": trade.order_no, "qr_code": trade.qr_code}

    def _pay(self, said: Words, notify_url: str) -> Words:
        if self._faults.get("refuse_orders"):
            raise Refusal(self._faults.get("refuse_orders"))
        if said.get("scene") != "bar_code" or not _CODE.fullmatch(str(said.get("auth_code"))):
            raise Refusal("ACQ.PAYMENT_AUTH_CODE_INVALID")
        trade = self._books.pay_by_code(_number(said), _fen(said, "total_amount"), _subject(said), said["auth_code"],
                                        notify_url, typing=self._faults.get("typing"))
        if trade.status not in PAID:
            return {"code": "10003", "msg": "order success pay inprocess", "out_trade_no": trade.order_no,
                    "trade_no": trade.trade_no}
        self.notify(trade)
        return _said(trade) | {"gmt_payment": _moment(trade.paid_at)}

    def _query(self, said: Words, notify_url: str) -> Words:
        trade = self._books.find(_number(said))
        words = _said(trade) | {"trade_status": trade.status}
        return words | ({"send_pay_date": _moment(trade.paid_at)} if trade.paid_at else {})

    def _cancel(self, said: Words, notify_url: str) -> Words:
        number = _number(said)
        if self._faults.take("retry_cancel"):
            return {"out_trade_no": number, "retry_flag": "Y"}
        action = self._books.cancel(number)
        return {"out_trade_no": number, "retry_flag": "N"} | ({"action": action} if action else {})

    def _refund(self, said: Words, notify_url: str) -> Words:
        trade, moved = self._books.refund(_number(said), _number(said, "out_request_no"), _fen(said, "refund_amount"))
        return {"out_trade_no": trade.order_no, "trade_no": trade.trade_no, "fund_change": "Y" if moved else "N",
                "refund_fee": _yuan(sum(trade.refunds.values()))}

    def _query_refund(self, said: Words, notify_url: str) -> Words:
        trade, number = self._books.find(_number(said)), _number(said, "out_request_no")
        if number not in trade.refunds:
            return {}
        return {"out_trade_no": trade.order_no, "trade_no": trade.trade_no, "out_request_no": number,
                "refund_amount": _yuan(trade.refunds[number]), "total_amount": _yuan(trade.amount),
                "refund_status": "REFUND_SUCCESS"}

    def _bill(self, said: Words, notify_url: str) -> Words:
        if said.get("bill_type") != "trade":
            raise Refusal("isv.invalid-parameter")
        day = date.fromisoformat(said["bill_date"])
        if day >= datetime.now(CHINA).date() and not self._faults.get("early_bills"):
            raise Refusal("isp.bill_not_exist", "账单不存在")
        token = secrets.token_urlsafe(16)
        self._bills[token] = (time.monotonic() + BILL_LIFE, bill.packed(self._books.of_day(day), day, self._account))
        return {"bill_download_url": f"{request.host_url}bill?token={token}"}

    def _download(self) -> Response:
        ends, packed = self._bills.get(request.args.get("token", ""), (0.0, b""))
        return Response(packed, mimetype="application/zip") if ends > time.monotonic() else Response(status=403)

    # Notifications.

    def notify(self, trade: Trade) -> None:
        """Tell the merchant, until it answers `success`."""
        if trade.notify_url:
            threading.Thread(target=self._tell, args=(trade,), daemon=True, name="notify").start()

    def _tell(self, trade: Trade) -> None:
        words = _said(trade) | {
            "app_id": self._account.app_id, "seller_id": self._account.seller_id, "trade_status": trade.status,
            "gmt_payment": _moment(trade.paid_at), "notify_type": "trade_status_sync", "charset": "utf-8",
            "notify_id": trade.trade_no, "notify_time": f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}", "version": "1.0"}
        text = "&".join(f"{name}={words[name]}" for name in sorted(words) if words[name])
        signed = text + " " if self._faults.take("forge_notification") else text
        body = words | {"sign": self._sign(signed), "sign_type": "RSA2"}
        for again in range(TRIES):
            if not (self._faults.get("away") or self._faults.take("lose_notifications")):
                try:
                    if requests.post(trade.notify_url, body, timeout=5).text == "success":
                        return
                except requests.RequestException:
                    pass
            if self._closed.wait(min(15 * 2 ** again, 60) / self._speed):
                return

    def _sign(self, text: str) -> str:
        return base64.b64encode(self._account.own_key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def _unknown() -> Words:
    return {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}


def _said(trade: Trade) -> Words:
    return {"out_trade_no": trade.order_no, "trade_no": trade.trade_no, "total_amount": _yuan(trade.said),
            "buyer_logon_id": "159****5620"}


def _number(said: Words, name: str = "out_trade_no") -> str:
    if not _NUMBER.fullmatch(str(said.get(name, ""))):
        raise Refusal("ACQ.INVALID_PARAMETER", name)
    return str(said[name])


def _subject(said: Words) -> str:
    if not said.get("subject"):
        raise Refusal("ACQ.INVALID_PARAMETER", "subject")
    return str(said["subject"])


def _fen(said: Words, name: str) -> int:
    found = _SUM.fullmatch(str(said.get(name, "")))
    if found is None or found[0] == "0.00":
        raise Refusal("ACQ.INVALID_PARAMETER", name)
    return int(found[1]) * 100 + int(found[2])


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
