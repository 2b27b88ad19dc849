"""What every device of the lobby is asked and answers, in the words of XFS4IoT.

A driver is one file, `drivers/<kind>_<model>.py`: a pure codec (bytes in, messages out), then one small class
that speaks it over a link. The file name is its registration. Drivers know their bytes and this page, and
nothing of patients, screens or the hospital.

Three answers, not two: done, not done, unknown. What a device did not say is `UNKNOWN`, never "no paper".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol


class State(StrEnum):
    """Can the device work? (XFS4IoT Common.StatusChangedEvent, device.)"""

    ONLINE = "online"
    OFFLINE = "offline"          # answers, and says it cannot work now
    FAULT = "fault"              # answers, and needs a technician
    NO_DEVICE = "no_device"      # the line is gone, or nobody answered three times
    UNKNOWN = "unknown"          # not asked yet, or the last answer made no sense


class Paper(StrEnum):
    """How much paper is left (XFS4IoT Printer.paper)."""

    FULL = "full"
    LOW = "low"
    OUT = "out"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """Who mends it (XFS4IoT Common.ErrorEvent, action)."""

    RETRY = "retry"              # the same command may simply be sent again
    PERSON = "person"            # the person at the machine: put the card back, hold the code still
    STAFF = "staff"              # a nurse: paper, cover, jam
    SERVICE = "service"          # a technician


@dataclass(frozen=True)
class Status:
    """A device's state at one moment. `paper` is None where the device has no paper to report."""

    state: State
    paper: Paper | None = None
    cause: str = ""              # a word from the causes of `DeviceError` below, or ""


class DeviceError(Exception):
    """A command ended without its result. `cause` is a stable word; screens have a sentence for each."""

    cause: ClassVar[str] = "fault"
    action: ClassVar[Action] = Action.SERVICE

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.cause)


class Gone(DeviceError):
    """The line itself failed: unplugged, refused, closed by the other side."""

    cause, action = "gone", Action.SERVICE


class NoAnswer(DeviceError):
    """The device said nothing (or nothing that makes sense) before the command's deadline."""

    cause, action = "no_answer", Action.RETRY


class WrongDevice(DeviceError):
    """Something answers on this line, but it is not the device this driver speaks to."""

    cause, action = "wrong_device", Action.SERVICE


class OutOfService(DeviceError):
    """The device says of itself that it cannot work."""

    cause, action = "out_of_service", Action.SERVICE


class Cancelled(DeviceError):
    """The command was taken back before it finished. Every cancelled command still ends, with this."""

    cause, action = "cancelled", Action.RETRY


class NothingPresented(DeviceError):
    """Nobody put a card or showed a code in the time given: the normal end of waiting."""

    cause, action = "nothing_presented", Action.RETRY


class CardMoved(DeviceError):
    """The card was lifted while it was read."""

    cause, action = "card_moved", Action.PERSON


class CardRefused(DeviceError):
    """The card is there, but cannot be read: damaged, withdrawn, or of another kind."""

    cause, action = "card_refused", Action.PERSON


class PaperOut(DeviceError):
    cause, action = "paper_out", Action.STAFF


class PaperJam(DeviceError):
    cause, action = "paper_jam", Action.STAFF


class CoverOpen(DeviceError):
    cause, action = "cover_open", Action.STAFF


class CutterFault(DeviceError):
    cause, action = "cutter", Action.STAFF


class HeadHot(DeviceError):
    """Recovers by itself when the print head has cooled."""

    cause, action = "head_hot", Action.RETRY


class PrintUnknown(DeviceError):
    """The bytes went out and no word came back: the ticket may be on paper, or not."""

    cause, action = "print_unknown", Action.STAFF


class Link(Protocol):
    """A pipe of bytes to one device. One thread uses it; any thread may `cancel`."""

    def read(self, timeout: float) -> bytes:
        """What has come, at least one byte, waiting up to `timeout` seconds; b"" when nothing came.

        Raises Gone when the line failed, Cancelled when `cancel` was called meanwhile.
        """
        ...

    def write(self, data: bytes, timeout: float = 5.0) -> None:
        """Send all of `data` within `timeout` seconds. Raises Gone, NoAnswer (the line does not take it)."""
        ...

    def drop_input(self) -> None:
        """Forget what has come and was not read: the answer to an older question."""
        ...

    def set_baud(self, baud: int) -> None:
        """Change the speed of a serial line; nothing on lines that have none."""
        ...

    def cancel(self) -> None:
        """The read that waits now, or else the next, raises Cancelled: between two reads none is lost."""
        ...

    def rearm(self) -> None:
        """Forget a cancel that no read has met: it was meant for a command that has ended."""
        ...

    def close(self) -> None: ...


class Driver(Protocol):
    """What every driver class has. Its module's name says what it speaks; `Device` names the class."""

    def __init__(self, link: Link, **options: str) -> None: ...

    def identify(self) -> str:
        """Ask the device who it is; a line for the technician.

        Raises WrongDevice, NoAnswer, Gone, OutOfService.
        """
        ...

    def status(self) -> Status:
        """Ask how it is, within 1 s. Raises NoAnswer, Gone."""
        ...


class CardReader(Driver, Protocol):
    def read_card(self, timeout: float) -> IdCard:
        """Wait up to `timeout` seconds for a card and read it.

        Raises NothingPresented, CardMoved, CardRefused, OutOfService, NoAnswer, Gone, Cancelled.
        """
        ...


class Scanner(Driver, Protocol):
    def scan(self, timeout: float) -> str:
        """Wait up to `timeout` seconds for one code. Raises NothingPresented, NoAnswer, Gone, Cancelled."""
        ...


class Printer(Driver, Protocol):
    def print_ticket(self, lines: Sequence[PaperLine], timeout: float) -> Printed:
        """Print one ticket, cut it, and wait until the printer says that it is on paper.

        Raises before any byte of the ticket is sent: PaperOut, PaperJam, CoverOpen, CutterFault, HeadHot,
        OutOfService, NoAnswer, Gone (nothing is on paper). Raises PrintUnknown when the ticket's bytes went
        out and its end was not confirmed (part of it may be on paper).
        """
        ...


class Printed(StrEnum):
    """How sure we are that the ticket is on paper."""

    PRINTED = "printed"          # the printer confirmed it
    SENT = "sent"                # this model cannot confirm; its status before and after was good


# What a ticket is made of. Facts become these lines in kiosk/tickets.py; a printer makes bytes of them.


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


class CardKind(StrEnum):
    """Which identity document (protocols: the type letter of the text record)."""

    RESIDENT = "resident"            # 居民身份证
    HMT = "hmt"                      # 港澳台居民居住证, type J
    FOREIGNER_2017 = "foreigner_2017"  # 外国人永久居留身份证, type I
    FOREIGNER_2023 = "foreigner_2023"  # the same, 2023 edition, type Y


@dataclass(frozen=True)
class IdCard:
    """An identity document as its chip says it. Personal throughout: never logged, `repr` shows nothing."""

    kind: CardKind
    name: str = field(repr=False)     # as on the card; the English name where there is no Chinese one
    number: str = field(repr=False)
    sex: str = field(default="0", repr=False)      # GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated
    born: dt.date | None = field(default=None, repr=False)
    valid_from: dt.date | None = field(default=None, repr=False)
    valid_to: dt.date | None = field(default=None, repr=False)   # None: 长期, without end
    nation: str = field(default="", repr=False)    # GB/T 3304 code, "" where the document has none
    address: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    english_name: str = field(default="", repr=False)
    nationality: str = field(default="", repr=False)   # three letters
    pass_number: str = field(default="", repr=False)
    issues: str = field(default="", repr=False)    # times issued / renewals, as on the card
    photo: bytes = field(default=b"", repr=False)  # WLT, opaque; memory only
