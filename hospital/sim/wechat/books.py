"""Orders and refunds at WeChat Pay, and the rules they obey. Knows nothing of HTTP or signatures.

Amounts are fen. Times are aware, in China's zone as the real ones. The books are kept in memory, and in a
JSON file if one is given.
"""

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
from typing import Any, NoReturn

from hospital.sim.wechat.refusal import Refusal

CHINA = timezone(timedelta(hours=8))
CODE_LIFE = timedelta(hours=2)      # of a code_url
ORDER_LIFE = timedelta(days=7)      # of an unpaid order
PASSWORD_TIME = timedelta(minutes=1)  # to confirm a payment by code
SHORTEST = timedelta(minutes=1)     # an earlier end than this after ordering is moved to it
MOST_REFUNDS = 50                   # of one order
OPEN = ("NOTPAY", "PAYERROR", "USERPAYING")


@dataclass
class Refund:
    refund_no: str
    order_no: str
    transaction: str
    amount: int
    total: int                       # of the order
    request: dict[str, Any]          # as the merchant sent it: asking again must say the same
    refund_id: str
    created_at: str
    state: str = "PROCESSING"
    ended_at: str = ""
    told: bool = False               # the merchant has acknowledged how it ended


@dataclass
class Order:
    order_no: str
    request: dict[str, Any]          # as the merchant sent it: asking again must say the same
    code_url: str
    code_at: str                     # when this code was made
    opened_at: str
    expires_at: str
    state: str = "NOTPAY"
    by_code: bool = False            # the payer showed a code of their own
    transaction: str = ""
    paid_at: str = ""
    revoked_at: str = ""             # when a paid one was reversed
    told: bool = False               # the merchant has acknowledged that it is paid
    stated_amount: int | None = None  # what answers say instead of the truth (a fault)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return int(self.request["amount"]["total"])

    @property
    def paid(self) -> bool:
        """Money has come, whatever was given back since."""
        return self.state in ("SUCCESS", "REFUND")


class Books:
    """All orders of one merchant. Thread safe; every verb raises Refusal when the rules say no."""

    def __init__(self, file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        """file: where the books are kept between starts; None keeps them in memory only."""
        self.on_paid: Callable[[Order], None] = lambda order: None
        self.on_refund: Callable[[Refund], None] = lambda refund: None  # asked for: to be settled
        self.on_settled: Callable[[Refund], None] = lambda refund: None
        self._file = file
        self._clock = clock
        self._lock = threading.RLock()
        self._orders: dict[str, Order] = {}
        self._codes: set[str] = set()   # payers' codes that were used
        if file is not None and file.exists():
            self._orders = {words["order_no"]: _order(words) for words in json.loads(file.read_text("utf-8"))}

    # what the merchant asks for

    def order(self, request: dict[str, Any]) -> str:
        """A code_url for a new order; for an open one asked for in the same words, a new code that kills the
        old.
        """
        now = self._now()
        with self._writing():
            order = self._orders.get(request["out_trade_no"]) or self._opened(request, now)
            self._age(order)
            if order.paid:
                raise Refusal("ORDERPAID")
            if order.state == "CLOSED":
                raise Refusal("ORDER_CLOSED")
            if order.request != request:
                raise Refusal("OUT_TRADE_NO_USED", "商户订单号重复，且参数与首次请求时不一致")
            order.code_url = f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(6)}"
            order.code_at = now.isoformat()
            return order.code_url

    def charge(self, request: dict[str, Any], code: str, typing: bool) -> Order:
        """Take the money of whoever showed this code; every code pays once. typing: they must type a password."""
        now = self._now()
        with self._writing():
            if request["out_trade_no"] in self._orders:
                order = self._orders[request["out_trade_no"]]
                if order.state == "USERPAYING":
                    raise Refusal("USERPAYING")
                raise Refusal("ORDERPAID" if order.paid else "OUT_TRADE_NO_USED")
            if code in self._codes:
                raise Refusal("AUTH_CODE_INVALID", "付款码已使用过，请刷新")
            self._codes.add(code)
            order = self._opened(request, now)
            order.by_code, order.expires_at = True, (now + PASSWORD_TIME).isoformat()
            if typing:
                order.state = "USERPAYING"
            else:
                self._pay(order)
            charged = deepcopy(order)
        if typing:
            raise Refusal("USERPAYING")
        return charged

    def reverse(self, order_no: str) -> None:
        """Undo a payer's code: unpaid it cannot be paid any more; paid, the money is back at once."""
        with self._writing():
            order = self._find(order_no)
            if not order.by_code:
                raise Refusal("INVALID_REQUEST", "非付款码支付订单，不能撤销")
            if order.state == "REVOKED":
                raise Refusal("ORDER_REVERSED")
            order.revoked_at = self._now().isoformat() if order.paid else ""
            order.state = "REVOKED"

    def find(self, order_no: str) -> Order:
        with self._lock:
            return deepcopy(self._find(order_no))

    def find_transaction(self, transaction: str) -> Order:
        with self._lock:
            return deepcopy(self._find_transaction(transaction))

    def close(self, order_no: str) -> None:
        with self._writing():
            order = self._find(order_no)
            if order.paid:
                raise Refusal("ORDERPAID")
            if order.by_code:
                raise Refusal("INVALID_REQUEST", "付款码支付仅允许撤销")
            if order.state == "CLOSED":
                raise Refusal("ORDER_CLOSED")
            order.state = "CLOSED"

    def refund(self, request: dict[str, Any]) -> Refund:
        """A new refund, or the one that already has this number."""
        with self._writing():
            for known in self._refunds():
                if known.refund_no == request["out_refund_no"]:
                    if known.request != request:
                        raise Refusal("INVALID_REQUEST", "退款单号已存在，且参数与之前请求不一致，请核实后再试")
                    return deepcopy(known)
            refund = self._refunded(request)
        self.on_refund(refund)
        return refund

    def find_refund(self, refund_no: str) -> Refund:
        with self._lock:
            return deepcopy(self._find_refund(refund_no))

    # what the patient, the bench and the race do

    def pay(self, order_no: str = "", code_url: str = "", late: bool = False) -> Order:
        """The patient pays, by the code scanned or by order number. late: although it is closed (the race).
        """
        with self._writing():
            order = self._scan(code_url) if code_url else self._find(order_no)
            if order.paid:
                raise Refusal("ORDERPAID")
            if not late:
                self._payable(order)
            self._pay(order)
            paid = deepcopy(order)
        if not paid.by_code:            # of those there are no notifications
            self.on_paid(paid)
        return paid

    def fail(self, order_no: str = "", code_url: str = "") -> Order:
        """The bank says no to the patient."""
        with self._writing():
            order = self._scan(code_url) if code_url else self._find(order_no)
            self._payable(order)
            order.state = "PAYERROR"
            return deepcopy(order)

    def misstate(self, order_no: str, amount: int) -> Order:
        """From now on answers and notifications about this order name another amount."""
        with self._writing():
            order = self._find(order_no)
            order.stated_amount = amount
            misstated = deepcopy(order)
        if misstated.paid:
            self.on_paid(misstated)
        return misstated

    def settle(self, refund_no: str, state: str) -> Refund:
        """A refund in progress ends: SUCCESS, ABNORMAL or CLOSED. An ended one stays as it is."""
        with self._writing():
            refund = self._find_refund(refund_no)
            if refund.state != "PROCESSING":
                return deepcopy(refund)
            refund.state, refund.ended_at = state, self._now().isoformat()
            settled = deepcopy(refund)
        self.on_settled(settled)
        return settled

    def told(self, kind: str, number: str) -> None:
        """The merchant has acknowledged what it was told about this "transaction" or "refund"."""
        with self._writing():
            known = self._find(number) if kind == "transaction" else self._find_refund(number)
            known.told = True

    def resume(self) -> None:
        """After a start: tell the merchant what it has not acknowledged, and go on with refunds in progress.
        """
        with self._lock:
            orders, refunds = deepcopy(list(self._orders.values())), deepcopy(list(self._refunds()))
        for order in orders:
            if order.paid and not order.told and not order.by_code:
                self.on_paid(order)
        for refund in refunds:
            if refund.state == "PROCESSING":
                self.on_refund(refund)
            elif not refund.told:
                self.on_settled(refund)

    def pending_refunds(self) -> list[str]:
        """The numbers of the refunds in progress."""
        with self._lock:
            return [refund.refund_no for refund in self._refunds() if refund.state == "PROCESSING"]

    def show(self) -> list[dict[str, Any]]:
        """The payment side's books, newest order first."""
        with self._lock:
            return [self._show(order) for order in reversed(self._orders.values())]

    def today(self) -> date:
        return self._now().date()

    def of_day(self, day: date) -> list[tuple[str, Order, Refund | None]]:
        """What a bill tells of a day: when, the order, and the refund where it is one."""
        with self._lock:
            orders = deepcopy(list(self._orders.values()))
        found: list[tuple[str, Order, Refund | None]] = [(order.paid_at, order, None) for order in orders if order.paid_at]
        found += [(refund.created_at, order, refund) for order in orders for refund in order.refunds]
        return sorted((one for one in found if _time(one[0]).date() == day), key=lambda one: one[0])

    # rules

    def _pay(self, order: Order) -> None:
        order.state = "SUCCESS"
        order.transaction = "42000" + _digits(23)
        order.paid_at = self._now().isoformat()

    def _age(self, order: Order) -> None:
        if order.state in OPEN and self._now() > _time(order.opened_at) + ORDER_LIFE:
            order.state = "CLOSED"

    def _opened(self, request: dict[str, Any], now: datetime) -> Order:
        end = now + ORDER_LIFE
        if "time_expire" in request:
            end = max(_time(request["time_expire"]), now + SHORTEST)
        order = Order(request["out_trade_no"], request, "", "", now.isoformat(), end.isoformat())
        self._orders[order.order_no] = order
        return order

    def _find(self, order_no: str) -> Order:
        order = self._orders.get(order_no)
        if order is None:
            raise Refusal("ORDER_NOT_EXIST")
        self._age(order)
        return order

    def _find_transaction(self, transaction: str) -> Order:
        for order in self._orders.values():
            if transaction and order.transaction == transaction:
                return order
        raise Refusal("ORDER_NOT_EXIST")

    def _find_refund(self, refund_no: str) -> Refund:
        for refund in self._refunds():
            if refund.refund_no == refund_no:
                return refund
        raise Refusal("RESOURCE_NOT_EXISTS", "退款单不存在")

    def _scan(self, code_url: str) -> Order:
        for order in self._orders.values():
            if order.code_url == code_url and self._now() <= _time(order.code_at) + CODE_LIFE:
                self._age(order)
                return order
        raise Refusal("CODE_DEAD", "二维码已失效")

    def _payable(self, order: Order) -> None:
        if order.paid:
            raise Refusal("ORDERPAID")
        if order.state not in OPEN:
            raise Refusal("ORDER_CLOSED")
        if self._now() > _time(order.expires_at):
            raise Refusal("ORDER_EXPIRED", "订单已超过商户设置的最晚支付成功时间，请重新发起支付")

    def _refunded(self, request: dict[str, Any]) -> Refund:
        if "transaction_id" in request:
            order = self._find_transaction(request["transaction_id"])
        else:
            order = self._orders.get(request["out_trade_no"]) or _nothing()
        if not order.paid:
            _nothing()
        amount = request["amount"]["refund"]
        given = sum(refund.amount for refund in order.refunds if refund.state != "CLOSED")
        if request["amount"]["total"] != order.amount or given + amount > order.amount:
            raise Refusal("INVALID_REQUEST", "订单金额或退款金额有误，请核实后再试")
        if len(order.refunds) >= MOST_REFUNDS:
            raise Refusal("INVALID_REQUEST", "订单的部分退款次数已达上限")
        refund = Refund(
            request["out_refund_no"], order.order_no, order.transaction, amount, order.amount, request,
            "5030" + _digits(24), self._now().isoformat())
        order.refunds.append(refund)
        order.state = "REFUND"
        return deepcopy(refund)

    def _refunds(self) -> Iterator[Refund]:
        return (refund for order in self._orders.values() for refund in order.refunds)

    def _show(self, order: Order) -> dict[str, Any]:
        self._age(order)
        payable = order.state in OPEN and self._now() <= _time(order.expires_at)
        return {
            "order_no": order.order_no, "description": order.request["description"], "amount": order.amount,
            "state": order.state, "payable": payable, "code_url": order.code_url if payable else "",
            "opened_at": order.opened_at, "expires_at": order.expires_at, "paid_at": order.paid_at or None,
            "transaction": order.transaction or None,
            "refunds": [{"refund_no": refund.refund_no, "amount": refund.amount, "state": refund.state,
                         "created_at": refund.created_at, "ended_at": refund.ended_at or None}
                        for refund in order.refunds]}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone with the books; what changed is on disk before anybody hears of it."""
        with self._lock:
            yield
            if self._file is not None:
                new = self._file.with_name(self._file.name + ".new")
                new.write_text(json.dumps([asdict(order) for order in self._orders.values()]), "utf-8")
                new.replace(self._file)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), CHINA)


def _nothing() -> NoReturn:
    raise Refusal("RESOURCE_NOT_EXISTS", "订单不存在")


def _order(words: dict[str, Any]) -> Order:
    return Order(**words | {"refunds": [Refund(**refund) for refund in words["refunds"]]})


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))
