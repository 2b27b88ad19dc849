"""FHIR's Appointment, from its first mention to its end.

    proposed    a segment with places left, perhaps for a person; it is nobody's row, and its id says what it offers
    pending     a hold, until its end
    booked …    an appointment, under the id that its hold had
    cancelled   an appointment given back; a hold that ended or was let go
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from hospital import clock
from hospital.care import availability, booking
from hospital.care.models import Appointment, Hold, Schedule
from hospital.fhir import ids
from hospital.fhir.callers import Caller
from hospital.fhir.resources import clinic, location, numbered, practitioner, reference, service
from hospital.fhir.words import CODE, DEPARTMENT, Resource, coded, extension, moment, without_nothing, yuan
from hospital.money.models import Order
from hospital.refusal import Refusal

STATUSES = ("proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "checked-in")


@dataclass(frozen=True)
class Proposal:
    """What an id of a proposed appointment offers. `person` 0: nobody was named when it was found."""

    schedule: int
    minute: int
    person: int = 0

    @property
    def id(self) -> str:
        return ids.seal("F", self.schedule, self.minute, self.person)

    @property
    def segment(self) -> str:
        return f"{self.schedule}-{self.minute // 60:02d}{self.minute % 60:02d}"

    @staticmethod
    def of(segment: availability.Segment, schedule: int, person: int = 0) -> Proposal:
        start = clock.local(segment.start)
        return Proposal(schedule, start.hour * 60 + start.minute, person)

    @staticmethod
    def read(id: str) -> Proposal | None:
        found = ids.unseal("F", id)
        return Proposal(*found) if found else None


def id_of(appointment: Appointment) -> str:
    """Its hold's id; its own, where it was written in without one."""
    return str(appointment.hold_id) if appointment.hold_id else ids.seal("A", appointment.pk)


def known() -> QuerySet[Appointment]:
    """Appointments with all that is told of them. (`order` is money's own relation, read backwards.)"""
    return Appointment.objects.select_related("slot__schedule__practitioner", "department", "order__refund",
                                              "order__payment")


def find_numbered(number: int) -> Appointment:
    """By the number that the kiosk API has for it. Raises unknown_appointment."""
    found = known().filter(pk=number).first()
    if found is None:
        raise Refusal("unknown_appointment")
    return found


def find(id: str) -> Hold | Appointment:
    """What stands under the id of something pending, booked or over. Raises unknown_appointment."""
    number = ids.number("A", id)
    if number is not None and (written := known().filter(pk=number, hold=None).first()):
        return written
    try:
        hold = uuid.UUID(id) if len(id) == 36 else None
    except ValueError:
        hold = None
    if hold is None:
        raise Refusal("unknown_appointment")
    booked = known().filter(hold=hold).first()
    if booked is not None:
        return booked
    try:
        return booking.get_hold(hold)
    except Refusal:
        raise Refusal("unknown_appointment") from None


def of(one: Hold | Appointment, caller: Caller) -> Resource:
    return pending(one, caller) if isinstance(one, Hold) else booked(one, caller)


def proposed(one: availability.Session, segment: availability.Segment, caller: Caller, person: int = 0) -> Resource:
    proposal = Proposal.of(segment, one.schedule.pk, person)
    return _appointment(proposal.id, "proposed", one.schedule, segment.start, segment.end, [
        extension("places-left", valueUnsignedInt=segment.left)], _person(person, caller))


def pending(one: Hold, caller: Caller) -> Resource:
    """A hold. It ends by itself at `held-until`."""
    status = "pending" if booking.standing(one) and one.until > clock.now() else "cancelled"
    slot = one.slot
    return _appointment(str(one.pk), status, slot.schedule, slot.start, slot.end, [
        extension("queue-number", valuePositiveInt=slot.number),
        extension("held-until", valueInstant=moment(one.until))], _person(one.patient_id, caller), slot.pk, one.fee)


def booked(one: Appointment, caller: Caller) -> Resource:
    slot = one.slot
    status = one.state if one.state in STATUSES else "booked"
    more = [extension("queue-number", valuePositiveInt=slot.number),
            extension("arrive-by", valueInstant=moment(one.arrive_by)),
            extension("cancellable-until", valueInstant=moment(one.cancellable_until)),
            extension("cancellable", valueBoolean=one.cancellable), *_money(one)]
    found = _appointment(id_of(one), status, slot.schedule, slot.start, slot.end, more, _person(one.patient_id, caller),
                         slot.pk, one.fee)
    return {**found, "identifier": [{"system": CODE, "value": one.code}, *numbered(caller, one.pk)],
            "created": moment(one.booked_at)}


def _person(number: int, caller: Caller) -> list[Resource]:
    """Whom it is for. A kiosk knows them by a number of its own, too."""
    if not number:
        return []
    return [reference("Patient", number) | ({"identifier": one} if (one := next(iter(numbered(caller, number)), None))
                                            else {})]


def _money(one: Appointment) -> list[Resource]:
    """What was paid for it, and what went back."""
    paid: Order | None = getattr(one, "order", None)
    if paid is None:
        return []
    back = getattr(paid, "refund", None)
    received = paid.received.transaction if paid.received else ""
    found = [{"url": "order", "valueString": paid.no}]
    found += [{"url": "transaction", "valueString": received}] if received else []
    told = [extension("payment", extension=found)]
    if back is not None:
        told.append(extension("refund", extension=[
            {"url": "number", "valueString": back.no}, {"url": "amount", "valueMoney": yuan(back.amount)},
            {"url": "state", "valueCode": back.state}]))
    return told


def _appointment(id: str, status: str, schedule: Schedule, start: dt.datetime, end: dt.datetime, more: list[Resource],
                 person: list[Resource], slot: int = 0, fee: int | None = None) -> Resource:
    settled = "needs-action" if status in ("proposed", "pending") else "accepted"
    actors = list(person)
    if schedule.practitioner:
        actors.append(reference("Practitioner", schedule.practitioner.pk, schedule.practitioner.name_zh))
    actors += [reference("HealthcareService", schedule.department_id, schedule.department.name_zh),
               reference("Location", schedule.department_id, schedule.department.place_zh)]
    return without_nothing({
        "resourceType": "Appointment", "id": id, "status": status, "serviceType": [clinic(schedule)],
        "specialty": [coded(DEPARTMENT, schedule.department.code, schedule.department.name_zh)],
        "supportingInformation": [reference("Schedule", schedule.pk)],
        "extension": [extension("fee", valueMoney=yuan(schedule.fee if fee is None else fee)),
                      extension("half-day", valueCode=schedule.half), *more],
        "start": moment(start), "end": moment(end), "slot": [reference("Slot", slot)] if slot else [],
        "minutesDuration": int((end - start).total_seconds() // 60),
        "participant": [{"actor": actor, "status": settled} for actor in actors]})


def around(schedules: list[Schedule], caller: Caller) -> list[Resource]:
    """The departments, places and doctors that appointments of these sessions speak of, each once."""
    departments = {one.department_id: one.department for one in schedules}
    doctors = {one.practitioner.pk: one.practitioner for one in schedules if one.practitioner}
    return [*(service(one, caller) for one in departments.values()), *(location(one) for one in departments.values()),
            *(practitioner(one, caller) for one in doctors.values())]


def session_of(one: Hold | Appointment) -> Schedule:
    """Its session, with department and doctor."""
    schedule: Schedule = one.slot.schedule
    return schedule
