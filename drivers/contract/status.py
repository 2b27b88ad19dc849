"""How a device is, in the words of XFS4IoT (Common.StatusChangedEvent)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


class Stock(StrEnum):
    """How much is left of what is counted in pieces or grams: blank cards, toner (XFS4IoT Storage, replenishmentStatus)."""

    OK = "ok"
    LOW = "low"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class Bin(StrEnum):
    """Room in the box of captured cards (XFS4IoT Storage, retain bin)."""

    OK = "ok"
    FULL = "full"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Status:
    """A device's state at one moment. `paper`, `cards`, `bin`, `toner` are None where the device has none to report;
    what it has and did not tell is their UNKNOWN."""

    state: State
    paper: Paper | None = None
    cause: str = ""              # a word from the causes of `DeviceError`, or ""
    cards: Stock | None = None
    bin: Bin | None = None
    toner: Stock | None = None
