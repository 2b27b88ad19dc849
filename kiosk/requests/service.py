"""The service menu's own vocabulary: what a technician or nurse is asked, and what they can have done.

A dozen tasks need few kinds of pages: a board (how is everything), a guide (do this, then this, with a picture), a
reading (what a device really said), two tests of the screen itself, and the keypad, lists and forms that patients have
too. Nothing here is written to disk as a visit: after a crash the menu is simply over, and what was done is a fact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from kiosk.requests.acts import Do
from kiosk.requests.asks import Ask, Confirm, Option, Row
from kiosk.requests.events import Answered, Complaint
from kiosk.words import Text, say

REFRESH = "refresh"
"""The answer of a page that shows how things are, when nobody touched it for a while: look again."""
PIN_DIGITS = 6


class Role(StrEnum):
    """Who may do what. Each may do what the one before may."""

    NURSE = "nurse"                  # paper, jams, cards in the box
    TECHNICIAN = "technician"        # devices, tests, settings of the machine
    ADMINISTRATOR = "administrator"  # settings of the hospital, staff

    def may(self, least: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True)
class Member:
    """Somebody of the staff, by their staff number (工号)."""

    number: str
    role: Role


class Level(StrEnum):
    """How well something is, at one look."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Lamp:
    """One thing of the machine: how it is, since when, its last fault in words, what to do, and who it says it is."""

    key: str
    name: Text
    level: Level
    words: Text
    since: dt.datetime | None = None
    fault: Text | None = None
    advice: Text | None = None
    identity: str = ""


@dataclass(frozen=True)
class Section:
    """Rows under a heading."""

    title: Text
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Survey:
    """The whole machine at one moment."""

    lamps: tuple[Lamp, ...] = ()
    sections: tuple[Section, ...] = ()
    visits: tuple[Row, ...] = ()
    """The last twenty visits without names: when, and how it went."""
    changes: tuple[LocalChange, ...] = ()
    closed: tuple[Closure, ...] = ()
    closable: tuple[Option[str], ...] = ()
    """What of this machine can be closed for patients: all of it, payment, a service, a device."""


@dataclass(frozen=True)
class LocalChange:
    """A setting that somebody changed at this machine. It ends when told, or at the end of its last day."""

    name: str
    value: str
    was: str
    by: str                              # staff number
    at: dt.datetime
    until: dt.date | None = None


@dataclass(frozen=True)
class Closure:
    """Something that patients cannot use now: `what` is `all`, a journey, or `pay`, `print`, `idcard`, …"""

    what: str
    reason: str                          # a word with a sentence for patients: closed.<reason>
    by: str
    at: dt.datetime


@dataclass(frozen=True)
class Setting:
    """A row of the settings' table, as somebody may change it here. `choices`: all it can be, or () for free text."""

    name: str
    value: str
    sentence: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Check:
    """One step of a test: what, whether it went well (None: not tried, because one before it failed), a sentence."""

    what: Text
    well: bool | None
    sentence: Text


@dataclass(frozen=True)
class Reading:
    """What a device was asked and said: lines of the wire (bytes only where no person is in them), and the end in words."""

    well: bool
    words: Text
    lines: tuple[str, ...] = field(default=(), repr=False)


# Questions.


@dataclass(frozen=True)
class EnterDigits(Ask[str]):
    """Digits by the keypad: `least` to `most` of them; `hidden` shows none of them, not even the last."""

    page: ClassVar[str] = "keypad"

    title: Text
    least: int
    most: int
    hidden: bool = False
    kind: str = "digits"
    hint: Text | None = None
    remark: Text | None = None

    def check(self, answer: str) -> Complaint | None:
        fits = answer.isascii() and answer.isdigit() and self.least <= len(answer) <= self.most
        return None if fits else Complaint(say("keypad.bad_digits", least=self.least, most=self.most), "bad_digits")


@dataclass(frozen=True)
class EnterText(Ask[str]):
    """Letters, digits and signs by a keyboard on the screen: addresses and names in settings. ASCII."""

    page: ClassVar[str] = "keyboard"
    patience: ClassVar[int] = 120

    title: Text
    begun: str = ""
    most: int = 120
    remark: Text | None = None


@dataclass(frozen=True)
class Board(Ask[str]):
    """How everything is, and what can be done about it. Answers: an option's value, `lamp:<key>`, or REFRESH."""

    page: ClassVar[str] = "board"
    patience: ClassVar[int] = 5

    title: Text
    lamps: tuple[Lamp, ...] = ()
    sections: tuple[Section, ...] = ()
    options: tuple[Option[str], ...] = ()
    remark: Text | None = None

    def silence(self) -> Answered[str]:
        return Answered(REFRESH)


@dataclass(frozen=True)
class Guide(Ask[str]):
    """Do this, then this. `picture` names the drawings of the task (screens/guide.py), `lamp` is how the device is now.

    Answers: an option's value, or REFRESH.
    """

    page: ClassVar[str] = "guide"
    patience: ClassVar[int] = 3

    title: Text
    picture: str
    steps: tuple[Text, ...]
    options: tuple[Option[str], ...]
    lamp: Lamp | None = None

    def silence(self) -> Answered[str]:
        return Answered(REFRESH)


@dataclass(frozen=True)
class ShowReading(Ask[str]):
    """What a device really said, or how the steps of a test went. Answers: an option's value."""

    page: ClassVar[str] = "reading"
    patience: ClassVar[int] = 120

    title: Text
    words: Text
    well: bool
    lines: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    options: tuple[Option[str], ...] = ()


@dataclass(frozen=True)
class TouchTest(Ask[int]):
    """Every field of the screen is touched once. Answers: how many were not."""

    page: ClassVar[str] = "touch"
    patience: ClassVar[int] = 120

    title: Text


@dataclass(frozen=True)
class ScreenTest(Ask[None]):
    """The whole screen in one colour after another, a touch each: dead points and stains show."""

    page: ClassVar[str] = "colours"
    patience: ClassVar[int] = 120

    title: Text


@dataclass(frozen=True)
class EndVisit(Confirm):
    """Staff cannot wait for whoever stands here: is their visit to end? Silence means no."""

    patience: ClassVar[int] = 20

    title: Text = say("end_visit.title")
    rows: tuple[Row, ...] = ()
    yes: Text = say("end_visit.yes")
    no: Text | None = say("end_visit.no")
    remark: Text | None = say("end_visit.text")
    danger: bool = True

    def silence(self) -> Answered[bool]:
        return Answered(False)


# Acts. All FREE: what they do is known at once, or seen at the next look.


@dataclass(frozen=True)
class SignIn(Do[Member]):
    """Refused: wrong_pin, pin_wait(seconds), pin_locked, staff_damaged."""

    saying: ClassVar[str] = "wait.sign_in"

    number: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class ChangePin(Do[None]):
    """Refused: weak_pin."""

    number: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class TakeDevices(Do[None]):
    """The handshake (XFS4IoT VendorMode): patients' ears are closed, the devices are the technician's."""

    by: str


@dataclass(frozen=True)
class GiveBack(Do[None]):
    """The devices are asked who and how they are: patients get them in a known state."""

    by: str
    saying: ClassVar[str] = "wait.give_back"


@dataclass(frozen=True)
class Look(Do[Survey]):
    saying: ClassVar[str] = "wait.look"


@dataclass(frozen=True)
class TestDevice(Do[Reading]):
    """A device's real work once: print a page, read the card that is put on it, scan a code, give a card and take it back,
    ask about a payment that never was, sound the bell."""

    deadline: ClassVar[float] = 60.0
    saying: ClassVar[str] = "wait.test_device"

    device: str
    by: str


@dataclass(frozen=True)
class TestNetwork(Do[tuple[Check, ...]]):
    """Step by step: line, name, connection, encryption, the hospital's answer, its clock, the payment channels."""

    deadline: ClassVar[float] = 40.0
    saying: ClassVar[str] = "wait.test_network"


@dataclass(frozen=True)
class Settings(Do[tuple[Setting, ...]]):
    """What this role may change."""

    role: Role


@dataclass(frozen=True)
class ChangeSetting(Do[None]):
    """Refused: bad_setting(why)."""

    name: str
    value: str
    by: str
    role: Role
    today_only: bool = False


@dataclass(frozen=True)
class EndChange(Do[None]):
    """The setting is again what kiosk.ini says."""

    name: str
    by: str


@dataclass(frozen=True)
class CloseFor(Do[None]):
    """Out of service: all of it, or one function, with a reason that patients read."""

    what: str
    reason: str
    by: str


@dataclass(frozen=True)
class Reopen(Do[None]):
    what: str
    by: str


@dataclass(frozen=True)
class Counted(Do[None]):
    """Something was filled or emptied: paper, cards, the box. Its counter begins anew."""

    what: str
    by: str


@dataclass(frozen=True)
class ExportLogs(Do[Text]):
    """Facts and logs to a USB stick, sealed for the fleet team. The answer names the file.

    Refused: no_stick, stick_full, no_export_key.
    """

    deadline: ClassVar[float] = 60.0
    saying: ClassVar[str] = "wait.export"

    by: str


@dataclass(frozen=True)
class Restart(Do[None]):
    """The program ends in good order, and its supervisor starts it again."""

    by: str


ServiceDo = (SignIn | ChangePin | TakeDevices | GiveBack | Look | TestDevice | TestNetwork | Settings | ChangeSetting
             | EndChange | CloseFor | Reopen | Counted | ExportLogs | Restart)
"""What kiosk/service performs; everything else is the desk's."""
