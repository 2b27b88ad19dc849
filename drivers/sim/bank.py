"""What a bank terminal's twin knows: its book of transactions, and what the person before it and the bank behind it do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TAP_TAKES = 3.0             # s until somebody has put their card to it


@dataclass
class Entry:
    """One transaction. `state`: running, approved, declined. `amount` is what was moved, or will be, in fen."""

    reference: str
    kind: str               # pay, refund
    amount: int
    trace: str
    original: str = ""
    state: str = "running"
    words: str = ""
    code: str = ""
    card: str = "621700******0012"


@dataclass
class Bank:
    """The book survives everything; the rest is what goes wrong."""

    book: dict[str, Entry] = field(default_factory=dict)
    declines: bool = False          # the bank says no
    absent: bool = False            # nobody puts a card to it
    other_amount: bool = False      # the terminal takes another amount than was asked for
    traces: int = 0

    def begin(self, reference: str, kind: str, amount: int, original: str = "") -> Entry | None:
        """A new entry; None when the reference was used before, or there is nothing to give back."""
        if reference in self.book or amount <= 0:
            return None
        if kind == "refund" and amount > self._left(original):
            return None
        self.traces += 1
        entry = Entry(reference, kind, amount + (1 if self.other_amount else 0), f"{self.traces:06d}", original)
        self.book[reference] = entry
        return entry

    def settle(self, entry: Entry) -> None:
        """The card is there, and the bank has spoken."""
        if entry.state == "running":
            entry.state = "declined" if self.declines else "approved"
            entry.code = "51" if self.declines else "00"
            entry.words = "余额不足" if self.declines else ""

    def call_off(self, entry: Entry, words: str) -> None:
        if entry.state == "running":
            entry.state, entry.words = "declined", words

    def running(self) -> Entry | None:
        return next((entry for entry in self.book.values() if entry.state == "running"), None)

    def _left(self, original: str) -> int:
        """Fen of a payment that were not given back yet."""
        paid = self.book.get(original)
        if not paid or paid.kind != "pay" or paid.state != "approved":
            return 0
        return paid.amount - sum(entry.amount for entry in self.book.values()
                                 if entry.original == original and entry.state != "declined")

    def state(self) -> dict[str, Any]:
        return {"declines": self.declines, "absent": self.absent, "other_amount": self.other_amount,
                "book": [f"{entry.reference} {entry.kind} {entry.amount} {entry.state}" for entry in self.book.values()]}
