"""A payment channel made of paper: it does what a test says, and writes down what it was asked."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hospital.payments.bills import BillRow
from hospital.payments.channel import (AlreadyPaid, ChannelAway, ChannelRefused, Forged, NoBill, OrderUnknown, RefundResult,
                                       RefundState, Trade, TradeState)

_PAID_AT = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)


@dataclass
class Sheet:
    """One order at the channel."""

    amount: int
    state: TradeState = TradeState.NOTPAY
    merchant: str = "1900000001"
    appid: str = "wx0000000000000001"


class PaperChannel:
    """`away` names verbs that give no answer; `lost` verbs that are done and whose answer is lost; `refuse` verbs that
    are refused with a code."""

    name, merchant, appid = "wechat", Sheet.merchant, Sheet.appid

    def __init__(self) -> None:
        self.orders: dict[str, Sheet] = {}
        self.refunds: dict[str, RefundResult] = {}
        self.asked: list[tuple[str, str]] = []
        self.away: set[str] = set()
        self.lost: set[str] = set()
        self.refuse: dict[str, str] = {}
        self.refund_state = RefundState.PROCESSING
        self.pay_on_close = False
        self.rows: list[BillRow] = []       # of every day's bill
        self.typing = False                 # who shows a code has to type a password
        self.codes: list[str] = []
        self.given_back: list[tuple[str, int, int]] = []      # refund number, amount, total
        self.refunded = threading.Event()
        self._lock = threading.Lock()

    # What the world does.

    def pay(self, no: str, amount: int | None = None) -> None:
        sheet = self.orders[no]
        sheet.state = TradeState.SUCCESS
        sheet.amount = sheet.amount if amount is None else amount

    def news(self, no: str) -> bytes:
        """The notification about an order, as this channel writes it."""
        return json.dumps({"order": no}).encode()

    def refund_news(self, refund: str) -> bytes:
        return json.dumps({"refund": refund}).encode()

    # What the hospital asks.

    def open(self, order_no: str, amount: int, description: str, expires_at: dt.datetime) -> str:
        self._begin("open", order_no)
        with self._lock:
            sheet = self.orders.setdefault(order_no, Sheet(amount))
        if sheet.state == TradeState.SUCCESS:
            raise AlreadyPaid("ORDERPAID", "paid")
        self._end("open")
        return f"weixin://wxpay/{order_no}/{sum(verb == 'open' for verb, _ in self.asked)}"

    def query(self, order_no: str) -> Trade:
        self._begin("query", order_no)
        if order_no not in self.orders:
            raise OrderUnknown("ORDERNOTEXIST", "unknown")
        return self._trade(order_no)

    def close(self, order_no: str) -> None:
        self._begin("close", order_no)
        if order_no not in self.orders:
            raise OrderUnknown("ORDERNOTEXIST", "unknown")
        if self.pay_on_close:
            self.pay(order_no)
        if self.orders[order_no].state == TradeState.SUCCESS:
            raise AlreadyPaid("ORDERPAID", "paid")
        self.orders[order_no].state = TradeState.CLOSED
        self._end("close")

    def charge(self, order_no: str, amount: int, description: str, code: str) -> Trade:
        self._begin("charge", order_no)
        self.codes.append(code)
        self.orders[order_no] = Sheet(amount, TradeState.USERPAYING if self.typing else TradeState.SUCCESS)
        self._end("charge")
        if self.typing:
            raise ChannelAway("USERPAYING")
        return self._trade(order_no)

    def reverse(self, order_no: str) -> None:
        self._begin("reverse", order_no)
        if order_no not in self.orders:
            raise OrderUnknown("ORDERNOTEXIST", "unknown")
        if self.pay_on_close:
            self.pay(order_no)
        self.orders[order_no].state = TradeState.REVOKED
        self._end("reverse")

    def refund(self, order_no: str, refund_no: str, amount: int, total: int, reason: str) -> RefundResult:
        self._begin("refund", refund_no)
        self.given_back.append((refund_no, amount, total))
        with self._lock:
            self.refunds.setdefault(refund_no, RefundResult(refund_no, order_no, self.refund_state, amount))
        self.refunded.set()
        self._end("refund")
        return self._refund(refund_no)

    def query_refund(self, refund_no: str) -> RefundResult:
        self._begin("query_refund", refund_no)
        if refund_no not in self.refunds:
            raise OrderUnknown("RESOURCE_NOT_EXISTS", "unknown")
        return self._refund(refund_no)

    def bill(self, day: dt.date) -> list[BillRow]:
        self._begin("bill", f"{day}")
        if not self.rows:
            raise NoBill("NO_STATEMENT_EXIST", "none")
        return list(self.rows)

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Trade | RefundResult:
        if headers.get("Paper-Signature") != "genuine":
            raise Forged("not ours")
        words = json.loads(body)
        if "refund" in words:
            return self._refund(words["refund"])
        return self._trade(words["order"])

    def times(self, verb: str) -> int:
        return sum(one == verb for one, _ in self.asked)

    def _begin(self, verb: str, no: str) -> None:
        self.asked.append((verb, no))
        if verb in self.away:
            raise ChannelAway(verb)
        if verb in self.refuse:
            raise ChannelRefused(self.refuse[verb], "as the test says")

    def _end(self, verb: str) -> None:
        if verb in self.lost:
            raise ChannelAway(verb)

    def _trade(self, no: str) -> Trade:
        sheet = self.orders[no]
        paid = sheet.state in (TradeState.SUCCESS, TradeState.REFUND)
        return Trade(no, sheet.state, sheet.amount if paid else 0, sheet.merchant, sheet.appid,
                     f"420000{no}" if paid else "", _PAID_AT if paid else None)

    def _refund(self, no: str) -> RefundResult:
        return replace(self.refunds[no], state=self.refund_state)
