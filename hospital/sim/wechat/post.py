"""Notifications: signed, encrypted, and tried again until the merchant says 200 or 204."""

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from hospital.sim.wechat import words
from hospital.sim.wechat.account import Account
from hospital.sim.wechat.books import CHINA, Order, Refund
from hospital.sim.wechat.faults import Faults
from hospital.sim.wechat.seal import Seal
from hospital.sim.wechat.timetable import Timetable

MINUTE, HOUR = 60, 3600
# Seconds between two tries; manual: 15 s, 15 s, 30 s, 3 m, 10 m, 20 m, 30 m ×3, 60 m, 3 h ×3, 6 h ×2.
SCHEDULE = (15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, *(30 * MINUTE,) * 3, HOUR, *(3 * HOUR,) * 3,
            *(6 * HOUR,) * 2)
PATIENCE = 5    # s the merchant has for its answer
REMEMBERED = 200


@dataclass
class Notice:
    """One thing the merchant must hear. It keeps its id however often it is tried."""

    id: str
    number: str              # the order or refund it is about
    event: str
    kind: str                # "transaction" or "refund"
    words: dict[str, Any]
    url: str
    created_at: str
    tries: int = 0
    state: str = "waiting"   # "acknowledged", "given_up"


class Post:
    """Brings to the merchant what the books report."""

    def __init__(self, account: Account, seal: Seal, faults: Faults, timetable: Timetable, speed: float,
                 on_told: Callable[[str, str], None]) -> None:
        """speed: how many times faster than the manual's schedule. on_told: kind and number, once acknowledged."""
        self._account = account
        self._seal = seal
        self._faults = faults
        self._timetable = timetable
        self._speed = speed
        self._on_told = on_told
        self._notices: deque[Notice] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    def paid(self, order: Order) -> None:
        self._send(order.order_no, "TRANSACTION.SUCCESS", "transaction", words.trade(order, self._account),
                   order.request["notify_url"])

    def settled(self, refund: Refund) -> None:
        if refund.request.get("notify_url"):
            self._send(refund.refund_no, f"REFUND.{refund.state}", "refund",
                       words.refund_notice(refund, self._account), refund.request["notify_url"])

    def show(self) -> list[dict[str, Any]]:
        """The latest notices, newest first."""
        with self._lock:
            return [{"id": notice.id, "number": notice.number, "event": notice.event, "tries": notice.tries,
                     "state": notice.state} for notice in reversed(self._notices)]

    def _send(self, number: str, event: str, kind: str, said: dict[str, Any], url: str) -> None:
        now = datetime.now(CHINA).isoformat(timespec="seconds")
        notice = Notice(f"EV-{secrets.token_hex(10)}", number, event, kind, said, url, now)
        with self._lock:
            self._notices.append(notice)
        self._timetable.later(0, lambda: self._try(notice))

    def _try(self, notice: Notice) -> None:
        times = 2 if self._faults.take("twice", "notification") else 1
        heard = all([self._deliver(notice) for _ in range(times)])
        with self._lock:
            notice.tries += 1
            if heard:
                notice.state = "acknowledged"
            elif notice.tries > len(SCHEDULE):
                notice.state = "given_up"
        if notice.state == "acknowledged":
            self._on_told(notice.kind, notice.number)
        elif notice.state == "waiting":
            self._timetable.later(SCHEDULE[notice.tries - 1] / self._speed, lambda: self._try(notice))

    def _deliver(self, notice: Notice) -> bool:
        if self._faults.get("away") or self._faults.take("lose_notifications", "notification"):
            return False
        body = json.dumps({
            "id": notice.id, "create_time": notice.created_at, "event_type": notice.event,
            "resource_type": "encrypt-resource",
            "summary": "支付成功" if notice.kind == "transaction" else "退款通知",
            "resource": self._seal.lock(notice.words, notice.kind)}, ensure_ascii=False).encode("utf-8")
        headers = self._seal.sign(body, self._faults.take_seal("notification"))
        try:
            answer = requests.post(notice.url, body, timeout=PATIENCE, allow_redirects=False, headers=headers | {
                "Content-Type": "application/json", "User-Agent": "Mozilla/4.0", "Accept": "*/*"})
        except requests.RequestException:
            return False
        return answer.status_code in (200, 204)
