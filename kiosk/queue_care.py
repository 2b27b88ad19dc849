"""What a kiosk speaks of with the hospital about queues: what can be checked in today, and where somebody stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kiosk.care import Appointment, Clinic, Practitioner
from kiosk.words import Name


@dataclass(frozen=True)
class Wait:
    """Minutes, from and to: never more exact than it is."""

    low: int
    high: int


@dataclass(frozen=True)
class Arrival:
    """A booking of today that is not checked in. `why`: the word by which that would be refused now, or ""; `opens`: from
    when on it is not too early."""

    appointment: Appointment
    why: str
    opens: dt.datetime


@dataclass(frozen=True)
class Place:
    """A place in a queue. `number` is what is called; `behind`: so many are called first, after a missed call; `rooms`:
    the one that called, or those that call from this queue; `wait` None: nobody can say."""

    id: int
    number: int
    code: str
    state: str            # waiting, called, missed, done (and comes back with results)
    department: Clinic
    practitioner: Practitioner | None
    rooms: tuple[Name, ...]
    ahead: int
    wait: Wait | None
    behind: int
    priority: Name | None
    late: bool = False    # came after the booked time: the place is by the time of coming


@dataclass(frozen=True)
class QueueToday:
    arrivals: tuple[Arrival, ...]
    places: tuple[Place, ...]

    @property
    def ready(self) -> tuple[Arrival, ...]:
        """What can be checked in now."""
        return tuple(one for one in self.arrivals if not one.why)

    @property
    def returns(self) -> tuple[Place, ...]:
        """Seen already, and expected back with results."""
        return tuple(one for one in self.places if one.state == "done")

    @property
    def standing(self) -> tuple[Place, ...]:
        """Places that wait, are called, or were missed."""
        return tuple(one for one in self.places if one.state != "done")
