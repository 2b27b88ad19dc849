"""The words on the wire about queues: what can be checked in, and where somebody stands."""

from __future__ import annotations

from ninja import Schema

from hospital.kiosk.schemas import Appointment, DepartmentLite, Moment, Name, Practitioner


class Arrival(Schema):
    appointment: Appointment
    why: str            # "" when it can be checked in now, else the word by which that would be refused
    opens: Moment


class Wait(Schema):
    low: int            # minutes
    high: int


class Place(Schema):
    id: int
    number: int
    code: str           # of the appointment, where there is one
    state: str          # waiting, called, missed, done (and comes back with results)
    department: DepartmentLite
    practitioner: Practitioner | None
    rooms: list[Name]   # the room they are called into; before that, those that call from this queue
    ahead: int
    wait: Wait | None   # null: nobody can say
    behind: int         # so many others are called first, after a missed call
    priority: Name | None
    late: bool


class Today(Schema):
    arrivals: list[Arrival]
    places: list[Place]
