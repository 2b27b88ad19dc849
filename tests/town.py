"""The outside world of a kiosk, in memory: a hospital with its server, a payment office, people with their cards.

It keeps the ledgers by which a test judges: who is booked, what was paid and given back, which papers were issued.
It outlives the kiosk's power cuts.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kiosk import care
from town_books import Booked, Held, Paid, Place
from town_exam import ExamBooks
from town_hospital import TownHospital
from town_outpatient import TownOffice
from town_queue import TownQueue
from townsfolk import PEOPLE, patient, roster
from virtual import Clock, Fuse

CANCEL = dt.timedelta(minutes=30)


class Town:
    def __init__(self) -> None:
        self.clock, self.fuse = Clock(), Fuse()
        self.away = False                    # the kiosk does not reach the hospital
        self.lose = 0                        # so many answers get lost after the act was done
        self.office_away = False             # the payment office gives the hospital no answer
        self.typing = False                  # who shows a payer's code must type a password
        self.channels = ("wechat", "alipay")
        self.shut_channels: set[str] = set()     # those that take no payments now
        self.departments, sessions = roster(self.clock.wall().date())
        self.sessions = {session.id: session for session in sessions}
        self.places = [Place(number, segment, session) for session in sessions
                       for number, segment in _numbered(session)]
        self.segments: dict[str, list[Place]] = {}
        for place in self.places:
            self.segments.setdefault(place.segment.id, []).append(place)
        self.stopped: set[int] = set()
        self.patients = {person.file: patient(person.file, person, person.phone)
                         for person in PEOPLE.values() if person.file}
        self.holds: dict[str, Held] = {}
        self.orders: dict[str, Paid] = {}
        self.bookings: dict[int, Booked] = {}
        self.notices: list[tuple[int, care.Notice]] = []
        self.seen: set[str] = set()
        self.facts: dict[int, tuple[str, dict[str, Any]]] = {}      # the kiosk's news, by its number
        self.answers: dict[str, tuple[Any, Any]] = {}
        self.exams = ExamBooks(self)
        self.queue = TownQueue(self)
        self.office = TownOffice(self)
        self.hospital = TownHospital(self)
        self._numbers = itertools.count(1)

    def next(self, form: str) -> str:
        return form.format(next(self._numbers))

    # What other people do.

    def pay(self, amount: int | None = None) -> bool:
        """A phone pays the newest order (its sum, or another); False when the payment office refuses it."""
        paid = list(self.orders.values())[-1]
        if paid.shut or paid.came or self.clock.wall() >= paid.order.expires_at:
            return False
        paid.came = paid.order.amount if amount is None else amount
        paid.known = False
        if not self.office_away:
            self.learn(paid)
        return True

    def refuse_payment(self) -> None:
        """The payer's bank says no."""
        paid = list(self.orders.values())[-1]
        paid.shut = True
        paid.order = replace(paid.order, state=care.OrderState.REFUSED)

    def office_back(self) -> None:
        self.office_away = False
        for paid in self.orders.values():
            self.learn(paid)

    def take(self, what: str) -> None:
        """Other people book what is free of `the first time` of the first clinic, of `it all`, or of the place that the
        newest hold has lost (`the place`)."""
        if what == "the place":
            segment = list(self.holds.values())[-1].hold.segment
        else:
            segment = self.places[0].segment.id
        for place in self.places:
            if self.free(place) and (what == "every place today" and place.session.day == self.clock.wall().date()
                                     or place.segment.id == segment):
                place.booked, place.hold = True, "another"

    def stop(self, department: str) -> None:
        """停诊, today."""
        here = next(one.id for one in self.departments if one.name.zh == department)
        self.stopped |= {session.id for session in self.sessions.values() if session.department == here}

    def reprice(self, fee: int) -> None:
        """Another price for everything from now on; whoever holds a place has it for the old one."""
        self.sessions = {number: replace(session, fee=fee) for number, session in self.sessions.items()}
        for place in self.places:
            place.session = self.sessions.get(place.session.id, place.session)

    def strike(self, session: int) -> None:
        """Taken off the roster: not listed any more, and no place of it given."""
        if len(self.sessions) > 1:
            self.sessions.pop(session)
            self.stopped.add(session)

    # The hospital's rules.

    def free(self, place: Place) -> bool:
        return not place.booked and (place.until is None or place.until <= self.clock.wall())

    def learn(self, paid: Paid) -> None:
        """Money came: booked, or given back at once, or disputed."""
        if paid.known:
            return
        paid.known = True
        held = self.holds[paid.order.hold]
        if paid.came != paid.order.amount:
            paid.order = replace(paid.order, state=care.OrderState.DISPUTED, transaction=f"T{paid.order.no}")
            self.leave_notice(held.patient, "disputed", amount=paid.came, order=paid.order.no)
        elif owing := self.owing(held):
            paid.order = replace(paid.order, state=care.OrderState.PAID, transaction=f"T{paid.order.no}")
            owing.appointment = replace(owing.appointment, due=None, order=paid.order.no, transaction=paid.order.transaction)
        elif self.stands(held):
            paid.order = replace(paid.order, state=care.OrderState.PAID, transaction=f"T{paid.order.no}")
            self.book(held, paid)
        else:
            paid.back = paid.came
            paid.order = replace(paid.order, state=care.OrderState.REFUNDING, transaction=f"T{paid.order.no}")
            self.leave_notice(held.patient, "refunded_late", amount=paid.came, order=paid.order.no,
                              refund=f"{paid.order.no}R1")

    def stands(self, held: Held) -> bool:
        return held.place.hold == held.hold.id and not held.place.booked and not held.released

    def owing(self, held: Held) -> Booked | None:
        """The booking that a doctor made of this hold, while its fee is due."""
        return next((one for one in self.bookings.values() if one.hold == held.hold.id and one.appointment.due
                     and one.appointment.state == "booked"), None)

    def live(self, held: Held) -> bool:
        return self.stands(held) and held.place.until is not None and held.place.until > self.clock.wall()

    def book(self, held: Held, paid: Paid | None = None) -> Booked:
        held.place.booked, hold, number = True, held.hold, len(self.bookings) + 1
        order = paid.order if paid else None
        self.bookings[number] = Booked(care.Appointment(
            id=number, code=f"A2611230{number:03d}", state="booked", number=hold.number, day=hold.day, half=hold.half,
            kind=hold.kind, start=hold.start, end=hold.end, arrive_by=hold.start - dt.timedelta(minutes=5),
            department=hold.department, practitioner=hold.practitioner, fee=hold.fee, order=order.no if order else None,
            transaction=order.transaction if order else None, cancellable_until=hold.start - CANCEL,
            booked_at=self.clock.wall(), patient=held.patient), hold.id)
        return self.bookings[number]

    def leave_notice(self, patient: int, kind: str, **data: Any) -> None:
        self.notices.append((patient, care.Notice(self.next("notice-{}"), kind, self.clock.wall(),
                                                  care.NoticeData(**data))))


def _numbered(session: care.Session) -> Iterator[tuple[int, care.Segment]]:
    number = itertools.count(1)
    return ((next(number), segment) for segment in session.segments for _ in range(segment.left))
