"""The waiting area of a town, and the hospital's desk for it: who checked in, who is called, what is told of the wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kiosk import care
from kiosk.queue_care import Arrival, Place, QueueToday, Wait
from kiosk.requests import Refused
from kiosk.words import Name
from town_books import Booked
from townsfolk import PEOPLE

if TYPE_CHECKING:
    from town import Town

MINUTES = 8             # of one visit
ROOM = Name("3 诊室", "Room 3")


class TownQueue:
    """One line for all departments: the town is small."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.places: dict[int, Place] = {}      # by appointment
        self.cash: set[int] = set()             # appointments whose fee was taken at the window
        self.others = 0                         # strangers who wait before everybody else
        self.sits = True                        # somebody sits in the room
        self.early = dt.timedelta(minutes=120)
        self.over = self.late = False           # the clinic's day; whoever checks in now

    # What other people do.

    def others_wait(self, count: int) -> None:
        self.others = count

    def closes_rooms(self) -> None:
        self.sits = False

    def opens(self, minutes: int) -> None:
        """Checking in, before a booking's time."""
        self.early = dt.timedelta(minutes=minutes)

    def ends(self) -> None:
        self.over = True

    def comes_late(self) -> None:
        self.late = True

    def call(self) -> None:
        """The newest place is called; everybody before it was."""
        self.others = 0
        self._set(state="called", ahead=0, behind=0)

    def skip(self) -> None:
        self._set(state="missed")

    def send_for_tests(self) -> None:
        self._set(state="done")

    def cancelled(self) -> None:
        """The newest booking is given back at the window."""
        booked = list(self._town.bookings.values())[-1]
        booked.appointment = replace(booked.appointment, state="cancelled", due=None)
        place = self._town.holds[booked.hold].place
        place.booked, place.hold, place.until = False, "", None

    def booked_elsewhere(self, who: str, department: str) -> None:
        """Booked by telephone: a free place of the first session today."""
        self._book(who, department, lambda session: session.fee == 0)

    def return_visit(self, who: str, department: str) -> None:
        """The doctor has booked their next visit: today, and its fee is due."""
        booked = self._book(who, department, lambda session: session.fee > 0)
        booked.appointment = replace(booked.appointment, due=booked.hold, channel="consulting")

    def _book(self, who: str, department: str, fits: Callable[[care.Session], bool]) -> Booked:
        town = self._town
        patient = PEOPLE[who].file
        assert patient is not None
        place = next(place for place in town.places
                     if town.free(place) and fits(place.session)
                     and next(one for one in town.departments if one.id == place.session.department).name.zh == department)
        hold = town.hospital._hold(patient, place.segment.id)
        return town.book(town.holds[hold.id])

    def paid_at_window(self) -> None:
        """The newest booking's fee is taken in cash."""
        booked = list(self._town.bookings.values())[-1]
        booked.appointment = replace(booked.appointment, due=None)
        self.cash.add(booked.appointment.id)

    def _set(self, **words: Any) -> None:
        newest = list(self.places)[-1]
        self.places[newest] = replace(self.places[newest], **words)

    # The rules.

    def why_not(self, one: care.Appointment) -> str:
        now = self._town.clock.wall()
        if one.state == "cancelled":
            return "already_cancelled"
        if one.day != now.date():
            return "wrong_day"
        if any(notice.data.offer and notice.data.offer.appointment.id == one.id and notice.id not in self._town.seen
               for _, notice in self._town.notices):
            return "changed"
        if any(session in self._town.stopped for session, known in self._town.sessions.items()
               if (known.department, known.day, known.kind) == (one.department.id, one.day, one.kind)):
            return "session_stopped"
        if now < one.start - self.early:
            return "too_early"
        return "session_over" if self.over else ""

    def seen(self, place: Place) -> Place:
        """As it is told now."""
        if place.state != "waiting":
            return replace(place, ahead=0, wait=None)
        ahead = self.others + place.behind
        rooms = (ROOM,) if self.sits else ()
        low, high = ahead * MINUTES // 10 * 5, max(5, -(-ahead * MINUTES // 5) * 5 + 5)
        return replace(place, ahead=ahead, rooms=rooms, wait=Wait(low, high) if self.sits else None)


class QueueDesk:
    """What the kiosk asks about queues: methods of `TownHospital`, over its line."""

    _town: Town
    _asked: Any
    _did: Any
    _of: Any

    def my_queue(self, patient: int) -> QueueToday:
        with self._asked():
            queue, today = self._town.queue, self._town.clock.wall().date()
            mine = [booked.appointment for booked in self._of(patient) if booked.appointment.state == "booked"]
            return QueueToday(
                tuple(Arrival(one, queue.why_not(one), one.start - queue.early) for one in mine
                      if one.day == today and one.id not in queue.places),
                tuple(queue.seen(queue.places[one.id]) for one in mine if one.id in queue.places))

    def check_in(self, appointment: int, key: str) -> Place:
        def work() -> Place:
            queue, one = self._town.queue, self._town.bookings[appointment].appointment
            if appointment not in queue.places:
                why = queue.why_not(one)
                if why:
                    raise Refused(why)
                number = len(queue.places) + 1
                queue.places[appointment] = Place(number, number, one.code, "waiting", one.department, one.practitioner,
                                                  (ROOM,), 0, None, 0, None, queue.late)
            return queue.seen(queue.places[appointment])
        return self._did(key, ("check_in", appointment), work)

    def rejoin(self, ticket: int, key: str) -> Place:
        def work() -> Place:
            queue = self._town.queue
            appointment, place = next((at, one) for at, one in queue.places.items() if one.id == ticket)
            behind = 3 if place.state == "missed" else 0
            queue.places[appointment] = replace(place, state="waiting", behind=behind)
            return queue.seen(queue.places[appointment])
        return self._did(key, ("rejoin", ticket), work)
