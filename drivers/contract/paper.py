"""Printers, and what a ticket is made of. Facts become these lines in kiosk/tickets.py; a printer makes bytes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.contract.driver import Driver


class Printed(StrEnum):
    """How sure we are that the ticket is on paper."""

    PRINTED = "printed"          # the printer confirmed it
    SENT = "sent"                # this model cannot confirm; its status before and after was good


class Align(StrEnum):
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True)
class Text:
    """One line. `scale` 1 is the font's own size, 2 twice as wide and high. Too long: wrapped."""

    text: str
    align: Align = Align.LEFT
    scale: int = 1
    bold: bool = False


@dataclass(frozen=True)
class Pair:
    """A label at the left and its value at the right of one line; the value goes below if both do not fit."""

    label: str
    value: str
    bold: bool = False


@dataclass(frozen=True)
class Rule:
    """A thin line across the paper."""


@dataclass(frozen=True)
class Feed:
    """Empty lines."""

    lines: int = 1


@dataclass(frozen=True)
class Qr:
    """A QR code, centred; `module` is the side of one square in dots (1-16)."""

    data: str
    module: int = 6


@dataclass(frozen=True)
class Barcode:
    """A CODE128 bar code, centred, with its text below; ASCII only."""

    data: str


PaperLine = Text | Pair | Rule | Feed | Qr | Barcode


class Printer(Driver, Protocol):
    def print_ticket(self, lines: Sequence[PaperLine], timeout: float) -> Printed:
        """Print one ticket, cut it, and wait until the printer says that it is on paper.

        Raises where nothing is on paper, nor will be (before any byte of the ticket is sent, or when all of it
        was taken back): PaperOut, PaperJam, CoverOpen, CutterFault, HeadHot, OutOfService, NoAnswer, Gone, Cancelled.
        Raises PrintUnknown when the ticket's bytes went out and its end was not confirmed (part of it may be on
        paper); a fault of the driver's own, a bare DeviceError, is to be taken for one.
        """
        ...


@dataclass(frozen=True)
class Pages:
    """What became of a report: how many sheets came out, where the printer counts them (None: it does not)."""

    printed: Printed
    sheets: int | None = None


class ReportPrinter(Driver, Protocol):
    def print_report(self, pdf: bytes, title: str, timeout: float) -> Pages:
        """Print a PDF on A4. `title` names the job in the queue, where staff read it: nothing personal.

        Raises before anything is printed: PaperOut, PaperJam, CoverOpen, TonerOut, OutOfService, NoAnswer, Gone. Raises
        PrintUnknown when the job was taken and its end was not told, and Cancelled when it was taken back before that.
        """
        ...
