"""Twin of a smart bank terminal, from the maker's "Serial communication protocol" and "USB mode API list" (CodePay).

55 AA, type, acknowledged number, own number, length (2, high first), data, XOR from type to data, CC 33. A data frame
is sent again until it is acknowledged; one that came before is acknowledged and not acted on. Amounts are yuan, as text.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import xor
from typing import Any

from drivers.sim.bank import TAP_TAKES, Bank, Entry
from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

START, END = b"\x55\xaa", b"\xcc\x33"
BEAT, AGAIN, TIMES = 2.0, 0.5, 3            # s between heartbeats, s until a frame is sent again, times
GAP = 0.5                                   # s of silence within a frame
STATUS = {"running": "0", "approved": "2", "declined": "1"}
DONE, UNKNOWN_ORDER, REFUSED, CALLED_OFF, FAILED = "000", "404", "011", "110", "001"


def frame(kind: int, ack: int = 0, number: int = 0, data: bytes = b"") -> bytes:
    body = bytes((kind, ack, number)) + len(data).to_bytes(2, "big") + data
    return START + body + bytes((reduce(xor, body),)) + END


class TerminalTwin(Twin):
    """The terminal. Somebody puts a card to it after a few seconds, unless told otherwise."""

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self.bank = Bank()
        self._off = self._answer_lost = self._other_reference = self._no_query = False
        self._connected = False
        self._heard = b""
        self._heard_at = 0.0
        self._number = 0
        self._seen: set[int] = set()
        self._unacknowledged: dict[int, int] = {}            # number -> times it was sent
        self._waiting: dict[str, dict[str, Any]] = {}        # reference -> the request to answer at the end
        self._heart: asyncio.TimerHandle | None = None

    @property
    def book(self) -> dict[str, Entry]:
        return self.bank.book

    def state(self) -> dict[str, Any]:
        return {**super().state(), **self.bank.state(), "power_off": self._off, "answer_lost": self._answer_lost,
                "other_reference": self._other_reference, "no_query": self._no_query}

    def well(self) -> None:
        self.bank.declines = self.bank.absent = self.bank.other_amount = False
        self._answer_lost = self._other_reference = self._no_query = False
        if self._off:
            self.power_off(False)

    # What people do, and what goes wrong.

    @verb("刷卡", "Tap a card")
    def tap(self) -> None:
        if entry := self.bank.running():
            self._settle(entry)

    @verb("用户取消", "Cancelled there")
    def cancel(self) -> None:
        """The person presses the red key."""
        if entry := self.bank.running():
            self.bank.call_off(entry, "用户取消")
            self._answer(entry, CALLED_OFF)

    @verb("无人刷卡", "Nobody taps", fault=True)
    def absent(self, on: bool = True) -> None:
        self.bank.absent = on

    @verb("银行拒绝", "Bank declines", fault=True)
    def declines(self, on: bool = True) -> None:
        self.bank.declines = on

    @verb("成交但不答", "Done, answer lost", fault=True)
    def answer_lost(self, on: bool = True) -> None:
        """Payments are made, and their answers never leave."""
        self._answer_lost = on

    @verb("金额不符", "Another amount", fault=True)
    def other_amount(self, on: bool = True) -> None:
        self.bank.other_amount = on

    @verb("单号不符", "Another reference", fault=True)
    def other_reference(self, on: bool = True) -> None:
        """Answers speak of another order."""
        self._other_reference = on

    @verb("不支持查询", "Cannot be asked", fault=True)
    def no_query(self, on: bool = True) -> None:
        self._no_query = on

    @verb("断电", "Switched off", fault=True)
    def power_off(self, on: bool = True) -> None:
        """What was running when it went off is called off when it is on again."""
        self._off, self._connected, self._heard = on, False, b""
        self._waiting.clear()
        self._unacknowledged.clear()
        if self._heart:
            self._heart.cancel()
            self._heart = None
        if not on and (entry := self.bank.running()):
            self.bank.call_off(entry, "终端重启")

    # Frames.

    def hear(self, data: bytes) -> None:
        if self._off:
            return
        if self.line.loop.now() - self._heard_at > GAP:
            self._heard = b""                   # the rest of a frame that never came
        self._heard_at = self.line.loop.now()
        self._heard += data
        while (at := self._heard.find(START)) >= 0:
            self._heard = self._heard[at:]
            size = 7 + int.from_bytes(self._heard[5:7], "big") + 3
            if len(self._heard) < 7 or len(self._heard) < size <= 1024:
                return
            whole = self._heard[:size]
            if size > 1024 or whole[-2:] != END or reduce(xor, whole[2:-2]):
                self._heard = self._heard[1:]
                continue
            self._heard = self._heard[size:]
            self._message(whole[2], whole[3], whole[4], whole[7:-3])

    def _message(self, kind: int, ack: int, number: int, data: bytes) -> None:
        if kind == 1:
            self._connected = True
            self._seen.clear()
            self._unacknowledged.clear()
            self.line.send(frame(2))
            self._beat()
        elif kind == 0 and self._connected:
            self._unacknowledged.pop(ack, None)
            if number:
                self.line.send(frame(0, number))
                if number not in self._seen:
                    self._seen.add(number)
                    self._seen.discard((number + 127) % 256)     # numbers come round again
                    self._request(data)

    def _beat(self) -> None:
        if self._heart:
            self._heart.cancel()
            self._heart = None
        if self._connected and not self._off:
            self._heart = self.line.loop.later(BEAT, self._pulse)

    def _pulse(self) -> None:
        self.line.send(frame(0))
        self._heart = None
        self._beat()

    # Requests.

    def _request(self, data: bytes) -> None:
        try:
            request = json.loads(data)
            topic, business = request["topic"], request["biz_data"]
            reference = str(business["merchant_order_no"])
        except (ValueError, KeyError, TypeError):
            return
        if topic == "ecrhub.pay.order":
            self._order(request, reference, business)
        elif topic == "ecrhub.pay.query" and not self._no_query:
            entry = self.book.get(reference)
            self._say(request, DONE if entry else UNKNOWN_ORDER, entry)
        elif topic == "ecrhub.pay.close":
            entry = self.book.get(reference)
            if entry:
                self.bank.call_off(entry, "已关闭")
            self._say(request, DONE, entry)
        else:
            self._say(request, FAILED, None, "不支持的接口")

    def _order(self, request: dict[str, Any], reference: str, business: dict[str, Any]) -> None:
        try:
            amount = int(Decimal(str(business["order_amount"])) * 100)
            kind = {"1": "pay", "3": "refund"}[business["trans_type"]]
        except (KeyError, InvalidOperation):
            self._say(request, REFUSED, None, "参数错误")
            return
        entry = self.bank.begin(reference, kind, amount, str(business.get("orig_merchant_order_no", "")))
        if not entry:
            self._say(request, REFUSED, None, "订单不可受理")
            return
        self._waiting[reference] = request
        if not self.bank.absent:
            self.line.loop.later(TAP_TAKES / self.speed, lambda: self._settle(entry))

    def _settle(self, entry: Entry) -> None:
        if entry.state == "running" and not self._off:
            self.bank.settle(entry)
            self._answer(entry, DONE if entry.state == "approved" else FAILED)

    def _answer(self, entry: Entry, code: str) -> None:
        request = self._waiting.pop(entry.reference, None)
        if request and not self._answer_lost:
            self._say(request, code, entry)

    def _say(self, request: dict[str, Any], code: str, entry: Entry | None, words: str = "") -> None:
        told: dict[str, str] = {}
        if entry:
            reference = "OTHER" + entry.reference[5:] if self._other_reference else entry.reference
            told = {"merchant_order_no": reference, "trans_status": STATUS[entry.state], "trans_no": entry.trace,
                    "order_amount": str(Decimal(entry.amount) / 100), "price_currency": "CNY", "card_no": entry.card,
                    "trans_type": "1" if entry.kind == "pay" else "3", "resp_code": entry.code, "terminal_sn": "T0000001"}
            words = words or entry.words
        self._send({"topic": request["topic"], "request_id": request.get("request_id"), "app_id": request.get("app_id"),
                    "response_code": code, "response_msg": words, "biz_data": told})

    def _send(self, answer: dict[str, Any]) -> None:
        self._number = self._number % 255 + 1
        number, whole = self._number, frame(0, 0, self._number, json.dumps(answer, ensure_ascii=False).encode())
        self._unacknowledged[number] = 0

        def again() -> None:
            if self._unacknowledged.get(number, TIMES) < TIMES and not self._off:
                self._unacknowledged[number] += 1
                self.line.send(whole)
                self.line.loop.later(AGAIN, again)

        again()
