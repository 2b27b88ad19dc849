"""A waiting area for the tests: rooms, doctors, people who booked, people who come."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hospital.care import numbers
from hospital.care.models import Appointment, Patient, Practitioner, Schedule, Slot
from hospital.queueing import arriving, calling
from hospital.queueing.models import Room, Ticket
from hospital_fixtures import Hospital


def booked(hospital: Hospital, session: Schedule, patient: Patient | None = None, at: int = 0, days_before: int = 1,
           ) -> Appointment:
    """A booking for a session's so-manieth half hour, made so many days ago."""
    start = session.start + at * dt.timedelta(minutes=30)
    slot = Slot.objects.filter(schedule=session, start=start, booked=False).first()
    Slot.objects.filter(pk=slot.pk).update(booked=True)
    return Appointment.objects.create(
        code=numbers.appointment_code(session.day), patient=patient or hospital.patient(), slot=slot,
        department=session.department, day=session.day, half=session.half, fee=session.fee,
        booked_at=hospital.time.now() - dt.timedelta(days=days_before))


class Area:
    """One department's waiting area, its session from nine to eleven, places to spare."""

    def __init__(self, hospital: Hospital, **words: Any) -> None:
        self.hospital, self.time = hospital, hospital.time
        self.session = hospital.session(**{"start": 9, "hours": 2, "places": 40, **words})
        self._rooms = 0

    def booking(self, at: int = 0, booked_days_before: int = 1, patient: Patient | None = None,
                session: Schedule | None = None) -> Appointment:
        """A booking for the so-manieth half hour, made so many days before."""
        return booked(self.hospital, session or self.session, patient, at, booked_days_before)

    def comes(self, at: int = 0, **words: Any) -> Ticket:
        """Somebody books and checks in now."""
        return self.check_in(self.booking(at, **words))

    def check_in(self, appointment: Appointment) -> Ticket:
        with transaction.atomic():
            return arriving.check_in(Appointment.objects.select_related("slot__schedule", "patient").get(
                pk=appointment.pk))

    def rejoin(self, ticket: Ticket) -> Ticket:
        with transaction.atomic():
            return arriving.rejoin(Ticket.objects.get(pk=ticket.pk))

    def old(self) -> Patient:
        return self.hospital.patient(born=dt.date(1950, 1, 1))

    def opens(self, session: Schedule | None = None) -> Doctor:
        """Another doctor sits down in another room."""
        self._rooms += 1
        session = session or self.session
        room = Room.objects.create(code=f"R{self._rooms}", department=session.department,
                                   name_zh=f"{self._rooms} 诊室", name_en=f"Room {self._rooms}", area="2F-B")
        who = session.practitioner or Practitioner.objects.create(
            code=f"Q{self._rooms}", name_zh="黄试", name_en="Huang Shi", title="attending")
        calling.sit(who, room, session)
        return Doctor(who, room)


class Doctor:
    """Somebody in a room, with every verb they have."""

    def __init__(self, who: Practitioner, room: Room) -> None:
        self.who, self.room = who, room

    def next(self, current: int | None = None) -> Ticket | None:
        return calling.call_next(self.who, self.room, current)

    def __getattr__(self, verb: str) -> Any:
        return lambda *args, **words: getattr(calling, verb)(self.who, self.room, *args, **words)

    def calls_all(self) -> list[int]:
        """The numbers called until nobody waits."""
        called = []
        while (ticket := self.next()) is not None:
            called.append(ticket.number)
        return called
