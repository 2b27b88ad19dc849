"""Bank card terminals: the person's card, their PIN and the bank's network are the terminal's business alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.contract.driver import Driver
from drivers.contract.errors import NoAnswer, NoQuery, OutcomeUnknown


class Settled(StrEnum):
    """What became of a payment or refund at the terminal."""

    APPROVED = "approved"
    DECLINED = "declined"
    NEVER = "never"              # the terminal is certain that it never took place: it may be begun again
    RUNNING = "running"          # the person still stands at the terminal


@dataclass(frozen=True)
class Slip:
    """One transaction as the terminal tells it. `reference` is ours, `amount` in fen; the rest is the bank's."""

    reference: str
    settled: Settled
    amount: int = 0
    trace: str = ""                                # the bank's numbers, for its own books
    terminal: str = ""
    card: str = field(default="", repr=False)      # masked by the terminal: first six and last four digits at most
    code: str = ""                                 # the bank's answer, two characters (ISO 8583, field 39)
    words: str = ""                                # and in words, for the person


NEVER_PAID = "KIOSKPROBE0"
"""A reference that no payment ever has."""


class BankTerminal(Driver, Protocol):
    """Takes and gives back money by bank card. `reference`: 1-32 letters and digits, never used for two things.

    A terminal that cannot be asked about an earlier reference is of no use: `identify` asks about NEVER_PAID, and raises
    NoQuery.
    """

    def pay(self, reference: str, amount: int, timeout: float) -> Slip:
        """Take `amount` fen. APPROVED or DECLINED.

        Raises, with nothing begun: OutOfService, NoAnswer, Gone, WrongDevice. Raises OutcomeUnknown when the request went
        out and its end was not told (Cancelled ends so, too): then `query` by the same reference, also after a restart.
        """
        ...

    def refund(self, reference: str, original: Slip, amount: int, timeout: float) -> Slip:
        """Give `amount` fen of `original` back. As `pay`."""
        ...

    def query(self, reference: str) -> Slip:
        """What became of `reference`; `Settled.NEVER` when the terminal never heard of it. Raises NoAnswer, Gone.

        `amount` is what the terminal says it moved: the caller compares it with what was asked for.
        """
        ...


def proper(reference: str, amount: int = 1) -> None:
    """Raises ValueError for a reference or an amount that no terminal may be given."""
    if not re.fullmatch("[0-9A-Za-z]{1,32}", reference) or not 0 < amount < 10 ** 10:
        raise ValueError("a reference is 1 to 32 letters and digits, an amount more than nothing")


def must_be_asked(query: Callable[[str], Slip]) -> None:
    """Ask about a payment that never was. Raises NoQuery where the answer is none, or another than that. (A NoAnswer of a
    driver's own kind is a terminal that has not even heard the question.)"""
    try:
        told = query(NEVER_PAID)
    except NoAnswer as error:
        if type(error) is not NoAnswer:
            raise
        raise NoQuery("this terminal cannot be asked about an earlier payment") from error
    if told.settled is not Settled.NEVER:
        raise NoQuery("this terminal knows of a payment that never was")


def ended(slip: Slip, reference: str, amount: int) -> Slip:
    """The end of a payment or refund that was asked for: `slip`, if it is that. Only the reference says whose it is.

    Raises OutcomeUnknown for a slip of another reference or amount, and for one that is no end.
    """
    if slip.reference != reference or slip.settled not in (Settled.APPROVED, Settled.DECLINED):
        raise OutcomeUnknown("the terminal spoke of something else")
    if slip.settled is Settled.APPROVED and slip.amount != amount:
        raise OutcomeUnknown("the terminal spoke of another amount")
    return slip


def masked(card: str) -> str:
    """A card's number with its middle hidden, whatever the terminal sent: first six and last four digits at most."""
    digits = re.sub("[^0-9*]", "", card)
    return digits if len(digits) < 11 else f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"
