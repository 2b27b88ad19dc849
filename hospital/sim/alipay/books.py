"""Trades at Alipay, and the rules they obey. Knows nothing of HTTP or signatures. Sums are fen; times aware, China's."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

CHINA = timezone(timedelta(hours=8))
PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")


class Refusal(Exception):
    """A business failure: 40004 with this sub_code."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message or code


@dataclass
class Trade:
    """precreated: a code that nobody has scanned yet; to the merchant there is no such trade."""

    order_no: str
    amount: int
    subject: str
    notify_url: str
    qr_code: str                 # empty: paid by the payer's own code
    opened_at: str
    expires_at: str
    status: str = "precreated"   # then WAIT_BUYER_PAY, TRADE_SUCCESS, TRADE_CLOSED
    trade_no: str = ""
    paid_at: str = ""
    closed_at: str = ""
    stated_amount: int | None = None     # what answers say instead of the truth (a fault)
    refunds: dict[str, int] = field(default_factory=dict)           # request number -> fen
    refunded_at: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> int:
        return self.amount if self.stated_amount is None else self.stated_amount


class Books:
    """All trades of one merchant. Thread safe; every verb raises Refusal when the rules say no."""

    def __init__(self, file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        """file: where the books are kept between starts; None keeps them in memory only."""
        self.on_paid: Callable[[Trade], None] = lambda trade: None
        self._file, self._clock, self._lock = file, clock, threading.RLock()
        self._trades: dict[str, Trade] = {}
        self._codes: set[str] = set()
        if file is not None and file.exists():
            self._trades = {words["order_no"]: Trade(**words) for words in json.loads(file.read_text("utf-8"))}

    # What the merchant asks for.

    def precreate(self, order_no: str, amount: int, subject: str, expires_at: str, notify_url: str) -> Trade:
        with self._writing():
            known = self._trades.get(order_no)
            if known is not None and (known.status != "precreated" or known.amount != amount):
                raise Refusal("ACQ.TRADE_HAS_SUCCESS" if known.status in PAID else "ACQ.CONTEXT_INCONSISTENT")
            trade = known or Trade(order_no, amount, subject, notify_url, "", self._now(), expires_at)
            trade.qr_code = f"https://qr.alipay.com/{secrets.token_hex(9)}"
            self._trades[order_no] = trade
            return deepcopy(trade)

    def pay_by_code(self, order_no: str, amount: int, subject: str, code: str, notify_url: str, typing: bool) -> Trade:
        """typing: the payer must type a password; the trade then waits."""
        with self._writing():
            known = self._trades.get(order_no)
            if known is not None:
                raise Refusal("ACQ.TRADE_HAS_SUCCESS" if known.status in PAID else "ACQ.TRADE_HAS_CLOSE")
            if code in self._codes:
                raise Refusal("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款")
            self._codes.add(code)
            expires = datetime.fromtimestamp(int(self._clock()), CHINA) + timedelta(minutes=1)
            trade = Trade(order_no, amount, subject, notify_url, "", self._now(), expires.isoformat(), "WAIT_BUYER_PAY",
                          _trade_no())
            self._trades[order_no] = trade
            if not typing:
                self._pay(trade)
            return deepcopy(trade)

    def find(self, order_no: str) -> Trade:
        with self._lock:
            return deepcopy(self._known(order_no))

    def cancel(self, order_no: str) -> str:
        """What it did: close, refund, or nothing (there is no such trade; its code is dead all the same)."""
        with self._writing():
            trade = self._trades.get(order_no)
            if trade is None:
                return ""
            before, trade.closed_at = trade.status, trade.closed_at or self._now()
            trade.status = "TRADE_CLOSED"
            if before in PAID:
                self._give_back(trade, f"{order_no}cancel", trade.amount - sum(trade.refunds.values()))
                return "refund"
            return "close" if before == "WAIT_BUYER_PAY" else ""

    def refund(self, order_no: str, request_no: str, amount: int) -> tuple[Trade, bool]:
        """The trade, and whether money moved just now."""
        with self._writing():
            trade = self._known(order_no)
            if request_no in trade.refunds:
                if trade.refunds[request_no] != amount:
                    raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
                return deepcopy(trade), False
            if not trade.paid_at:
                raise Refusal("ACQ.TRADE_STATUS_ERROR")
            if sum(trade.refunds.values()) + amount > trade.amount:
                raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            self._give_back(trade, request_no, amount)
            if sum(trade.refunds.values()) == trade.amount:
                trade.status = "TRADE_CLOSED"
            return deepcopy(trade), True

    # What the phone and the bench do.

    def pay(self, order_no: str = "", code: str = "", late: bool = False) -> Trade:
        """Scan and pay. late: although it is closed or over (the race)."""
        with self._writing():
            trade = self._scanned(order_no, code)
            if trade.status in PAID or trade.paid_at:
                raise Refusal("ACQ.TRADE_HAS_SUCCESS", "已经付过款了")
            if not late and (trade.status == "TRADE_CLOSED" or self._over(trade)):
                raise Refusal("CODE_DEAD", "二维码已失效")
            self._pay(trade)
            paid = deepcopy(trade)
        self.on_paid(paid)
        return paid

    def scan(self, order_no: str = "", code: str = "") -> Trade:
        """Scan and look only: now the trade exists."""
        with self._writing():
            trade = self._scanned(order_no, code)
            if trade.status == "precreated":
                trade.status, trade.trade_no = "WAIT_BUYER_PAY", _trade_no()
            return deepcopy(trade)

    def refuse(self, order_no: str = "", code: str = "") -> Trade:
        """The payer says no, or types the wrong password too often: the trade is closed."""
        with self._writing():
            trade = self._scanned(order_no, code)
            if trade.paid_at:
                raise Refusal("ACQ.TRADE_HAS_SUCCESS", "已经付过款了")
            trade.status, trade.closed_at = "TRADE_CLOSED", self._now()
            trade.trade_no = trade.trade_no or _trade_no()
            return deepcopy(trade)

    def misstate(self, order_no: str, amount: int) -> Trade:
        with self._writing():
            trade = self._scanned(order_no, "")
            trade.stated_amount = amount
            return deepcopy(trade)

    def show(self) -> list[dict[str, Any]]:
        """The payment side's books, newest first, in the same words as the other payment twins."""
        with self._lock:
            return [self._show(trade) for trade in reversed(self._trades.values())]

    def of_day(self, day: date) -> list[tuple[str, Trade, str]]:
        """What a bill tells of a day: when, the trade, and the refund's request number where it is one."""
        with self._lock:
            trades = deepcopy(list(self._trades.values()))
        found = [(trade.paid_at, trade, "") for trade in trades if trade.paid_at]
        found += [(at, trade, number) for trade in trades for number, at in trade.refunded_at.items()]
        return sorted((one for one in found if datetime.fromisoformat(one[0]).date() == day), key=lambda one: one[0])

    # Rules.

    def _known(self, order_no: str) -> Trade:
        trade = self._trades.get(order_no)
        if trade is None or trade.status == "precreated" or not trade.trade_no:
            raise Refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
        if trade.status == "WAIT_BUYER_PAY" and self._over(trade):
            trade.status, trade.closed_at = "TRADE_CLOSED", self._now()
        return trade

    def _scanned(self, order_no: str, code: str) -> Trade:
        for trade in self._trades.values():
            if trade.order_no == order_no or code and trade.qr_code == code:
                return trade
        raise Refusal("ACQ.TRADE_NOT_EXIST" if order_no else "CODE_DEAD", "二维码已失效")

    def _over(self, trade: Trade) -> bool:
        return datetime.fromtimestamp(self._clock(), CHINA) > datetime.fromisoformat(trade.expires_at)

    def _pay(self, trade: Trade) -> None:
        trade.status, trade.paid_at, trade.trade_no = "TRADE_SUCCESS", self._now(), trade.trade_no or _trade_no()

    def _give_back(self, trade: Trade, request_no: str, amount: int) -> None:
        trade.refunds[request_no], trade.refunded_at[request_no] = amount, self._now()

    def _show(self, trade: Trade) -> dict[str, Any]:
        states = {"precreated": "NOTPAY", "WAIT_BUYER_PAY": "NOTPAY", "TRADE_SUCCESS": "SUCCESS"}
        payable = not trade.paid_at and trade.status != "TRADE_CLOSED" and not self._over(trade)
        return {
            "order_no": trade.order_no, "description": trade.subject, "amount": trade.amount, "channel": "alipay",
            "state": states.get(trade.status, "REFUND" if trade.refunds else "CLOSED"), "payable": payable,
            "code_url": trade.qr_code if payable else "", "opened_at": trade.opened_at, "expires_at": trade.expires_at,
            "paid_at": trade.paid_at or None, "transaction": trade.trade_no or None,
            "refunds": [{"refund_no": number, "amount": amount, "state": "SUCCESS",
                         "created_at": trade.refunded_at[number], "ended_at": trade.refunded_at[number]}
                        for number, amount in trade.refunds.items()]}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone with the books; what changed is on disk before anybody hears of it."""
        with self._lock:
            yield
            if self._file is not None:
                new = self._file.with_name(self._file.name + ".new")
                new.write_text(json.dumps([asdict(trade) for trade in self._trades.values()]), "utf-8")
                new.replace(self._file)

    def _now(self) -> str:
        return datetime.fromtimestamp(int(self._clock()), CHINA).isoformat()


def _trade_no() -> str:
    return f"{datetime.now(CHINA):%Y%m%d}22001" + "".join(secrets.choice("0123456789") for _ in range(15))
