"""Twin of a bank's program at an exec: line, after docs/devices.md: lines of JSON, ended by LF.

As a program of its own it keeps its book in a file, and so survives being killed:
`exec:///path/to/python?arg=-m&arg=drivers.sim.vendor&arg=BOOK`, and `arg=dies` for one that does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drivers.sim.bank import TAP_TAKES, Bank, Entry
from drivers.sim.line import Line
from drivers.sim.twin import Twin, verb

NAME = "VENDOR-TEST 1.0"


class Desk:
    """Answers requests out of a book. `say` sends one answer, `later` calls after so many seconds."""

    def __init__(self, bank: Bank, say: Callable[[dict[str, Any]], None],
                 later: Callable[[float, Callable[[], None]], object]) -> None:
        self.bank, self.say, self.later = bank, say, later
        self.can = ["pay", "refund", "query"]
        self.ready = True
        self.mute = False                       # payments are made, and not answered
        self.boasts = False                     # it says that it can be asked, and never answers
        self.other_reference = False
        self._end_of: tuple[int, Entry | None] = (0, None)       # who waits for the end of what

    def hear(self, text: bytes) -> None:
        try:
            request = json.loads(text)
            number, what = request["id"], request["do"]
        except (ValueError, KeyError, TypeError):
            return
        reference = str(request.get("reference", ""))
        match what:
            case "identify":
                self.say({"id": number, "name": NAME, "can": self.can})
            case "status":
                self.say({"id": number, "ready": self.ready})
            case "query" if not self.boasts:
                self._tell(number, reference)
            case "stop":
                if entry := self.bank.book.get(reference):
                    self.bank.call_off(entry, "已取消")
            case "pay" | "refund":
                self._begin(number, what, reference, request)

    def _begin(self, number: int, what: str, reference: str, request: dict[str, Any]) -> None:
        amount = request.get("amount")
        entry = (self.bank.begin(reference, what, amount, str(request.get("original", "")))
                 if isinstance(amount, int) and self.ready else None)
        if not entry:
            if reference not in self.bank.book:
                self.say({"id": number, "reference": reference, "settled": "never", "words": "不可受理"})
            return
        if not self.bank.absent:
            self.later(TAP_TAKES, lambda: self.tapped(entry))
        self._end_of = (number, entry)

    def tapped(self, entry: Entry) -> None:
        self.bank.settle(entry)
        self.ended(entry)

    def ended(self, entry: Entry) -> None:
        """Tell whoever waits for it."""
        number, waited = self._end_of
        if waited is entry and not self.mute:
            self._tell(number, entry.reference)

    def _tell(self, number: int, reference: str) -> None:
        entry = self.bank.book.get(reference)
        if not entry:
            self.say({"id": number, "reference": reference, "settled": "never"})
            return
        told = "OTHER" + reference[5:] if self.other_reference else reference
        self.say({"id": number, "reference": told, "settled": entry.state, "amount": entry.amount, "trace": entry.trace,
                  "terminal": "T0000001", "card": entry.card, "code": entry.code, "words": entry.words})


class VendorTwin(Twin):
    """The program, on a line of the bench."""

    def __init__(self, line: Line, speed: float) -> None:
        super().__init__(line, speed)
        self._heard = b""
        self.desk = Desk(Bank(), self._say, lambda seconds, act: line.loop.later(seconds / speed, act))

    @property
    def bank(self) -> Bank:
        return self.desk.bank

    @property
    def book(self) -> dict[str, Entry]:
        return self.bank.book

    def state(self) -> dict[str, Any]:
        return {**super().state(), **self.bank.state(), "answer_lost": self.desk.mute, "not_ready": not self.desk.ready,
                "other_reference": self.desk.other_reference, "no_query": "query" not in self.desk.can,
                "boasts": self.desk.boasts}

    def well(self) -> None:
        bank = self.bank
        bank.declines = bank.absent = bank.other_amount = self.desk.mute = self.desk.other_reference = False
        self.desk.boasts = False
        self.desk.ready, self.desk.can = True, ["pay", "refund", "query"]

    def hear(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        for text in lines:
            self.desk.hear(text)

    def _say(self, answer: dict[str, Any]) -> None:
        self.line.send(json.dumps(answer, ensure_ascii=False).encode() + b"\n")

    @verb("刷卡", "Tap a card")
    def tap(self) -> None:
        if entry := self.bank.running():
            self.desk.tapped(entry)

    @verb("用户取消", "Cancelled there")
    def cancel(self) -> None:
        if entry := self.bank.running():
            self.bank.call_off(entry, "用户取消")
            self.desk.ended(entry)

    @verb("无人刷卡", "Nobody taps", fault=True)
    def absent(self, on: bool = True) -> None:
        self.bank.absent = on

    @verb("银行拒绝", "Bank declines", fault=True)
    def declines(self, on: bool = True) -> None:
        self.bank.declines = on

    @verb("成交但不答", "Done, answer lost", fault=True)
    def answer_lost(self, on: bool = True) -> None:
        self.desk.mute = on

    @verb("金额不符", "Another amount", fault=True)
    def other_amount(self, on: bool = True) -> None:
        self.bank.other_amount = on

    @verb("单号不符", "Another reference", fault=True)
    def other_reference(self, on: bool = True) -> None:
        self.desk.other_reference = on

    @verb("未就绪", "Not ready", fault=True)
    def not_ready(self, on: bool = True) -> None:
        self.desk.ready = not on

    @verb("不支持查询", "Cannot be asked", fault=True)
    def no_query(self, on: bool = True) -> None:
        self.desk.can = ["pay", "refund"] if on else ["pay", "refund", "query"]

    @verb("查询不答", "Asked, and no answer", fault=True)
    def boasts(self, on: bool = True) -> None:
        """It says that it can be asked, and does not answer."""
        self.desk.boasts = on


def main(book: Path, dies: bool) -> None:
    """On standard input and output; every card is approved at once. `dies`: when money was moved, and before it is told."""
    bank = Bank()
    if book.exists():
        bank.book = {row["reference"]: Entry(**row) for row in json.loads(book.read_text(encoding="utf-8"))}

    def keep() -> None:
        book.write_text(json.dumps([asdict(entry) for entry in bank.book.values()]), encoding="utf-8")

    def say(answer: dict[str, Any]) -> None:
        keep()
        print(json.dumps(answer), flush=True)

    due: list[Callable[[], None]] = []
    desk = Desk(bank, say, lambda seconds, act: due.append(act))
    for text in sys.stdin.buffer:
        desk.hear(text)
        if due and dies and (entry := bank.running()):
            bank.settle(entry)
            keep()
            sys.exit(3)
        while due:
            due.pop()()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "dies" in sys.argv[2:])
