"""IHE Scheduling 1.0.1: Appointment/$find (ITI-115), $hold (ITI-116), $book (ITI-117), on the rules of all machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from hospital import clock
from hospital.care import availability, booking
from hospital.care.models import Appointment, Hold
from hospital.fhir import appointments, callers
from hospital.fhir.appointments import Proposal
from hospital.fhir.asking import needed_number, numbered, span
from hospital.fhir.callers import Caller
from hospital.fhir.kinds import Found
from hospital.fhir.outcome import Misasked
from hospital.fhir.words import CLINIC, DEPARTMENT
from hospital.money import cancelling
from hospital.outpatient import referral, registering
from hospital.refusal import Refusal

LONGEST = 31        # days that one $find may cover
MOST = 5000         # proposals it brings


@dataclass(frozen=True)
class Parameters:
    """The parameters of an operation, by their names."""

    given: Mapping[str, list[Any]]

    @classmethod
    def read(cls, body: Any) -> Parameters:
        """From a Parameters resource. Raises Misasked."""
        if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
            raise Misasked("bad_json", "Parameters")
        given: dict[str, list[Any]] = {}
        for one in listed(body.get("parameter"), "parameter"):
            if not isinstance(one, dict) or not isinstance(one.get("name"), str):
                raise Misasked("bad_json", "parameter")
            value = next((value for name, value in one.items() if name.startswith("value") or name == "resource"), None)
            given.setdefault(one["name"], []).append(value)
        return cls(given)

    def one(self, name: str) -> Any:
        """Its value; None where it is not given. Raises Misasked where it is given twice."""
        values = self.given.get(name, [])
        if len(values) > 1:
            raise Misasked("value", name)
        return values[0] if values else None

    def needed(self, name: str) -> Any:
        if (value := self.one(name)) is None:
            raise Misasked("required", name)
        return value

    def every(self, name: str) -> list[Any]:
        return self.given.get(name, [])


def listed(given: Any, where: str) -> list[Any]:
    """What may be there several times; nothing where it is not. Raises Misasked where it is no list."""
    if not isinstance(given, list | None):
        raise Misasked("bad_json", where)
    return given or []


def find(caller: Caller, asked: Parameters) -> Found:
    """Segments with places left, as proposed appointments; with `patient-reference` they are that person's to hold, those
    of a referral among them."""
    begin, _ = span(asked.needed("start"), "start")
    _, end = span(asked.needed("end"), "end")
    if end <= begin or end - begin > dt.timedelta(days=LONGEST):
        raise Misasked("value", "end")
    now = clock.now()
    days = (clock.local(end - dt.timedelta(milliseconds=1)).date() - now.date()).days + 1
    person = 0
    if (named := asked.one("patient-reference")) is not None:
        person = needed_number("Patient", named, "patient-reference", caller)
        caller.here(person)
    offered, matches = [], []
    for session in _offered(_wanted(asked), days, registering.shares_of(caller.channel), person) if days > 0 else []:
        found = [part for part in session.segments if part.left and begin <= part.start < end]
        matches += [appointments.proposed(session, part, caller, person) for part in found]
        offered += [session.schedule] if found else []
    return Found(len(matches), matches[:MOST], appointments.around(offered, caller))


def _offered(which: Q, days: int, shares: frozenset[str], person: int) -> list[availability.Session]:
    """What is left for this person (0: nobody was named)."""
    sent = referral.sent_to(person) if person else None
    if sent is None:
        return availability.offered(which, days, shares)
    found = [*availability.offered(which & sent, days, shares | {referral.SHARE}),
             *availability.offered(which & ~sent, days, shares)]
    return sorted(found, key=lambda one: one.schedule.start)


def _wanted(asked: Parameters) -> Q:
    """The sessions that are asked for."""
    found = Q()
    if kinds := asked.every("visit-type"):
        found &= Q(kind__in=_codes(kinds, CLINIC))
    if specialties := asked.every("specialty"):
        found &= Q(department__code__in=_codes(specialties, DEPARTMENT))
    if places := asked.every("location-reference"):
        found &= Q(department__in=[needed_number("Location", one, "location-reference") for one in places])
    if doctors := asked.every("practitioner"):
        found &= Q(practitioner__in=[needed_number("Practitioner", one, "practitioner") for one in doctors])
    return found


def _codes(given: list[Any], system: str) -> set[str]:
    """The codes of ours in CodeableConcepts."""
    found: set[str] = set()
    for one in given:
        codings = one.get("coding") if isinstance(one, dict) else None
        if not isinstance(codings, list) or not all(isinstance(coding, dict) for coding in codings):
            raise Misasked("value", system.rpartition("/")[2])
        found |= {str(coding.get("code")) for coding in codings if coding.get("system", system) == system}
    return found


def hold(caller: Caller, asked: Parameters) -> Found:
    """Keep a proposed time for its person: a pending appointment, until its `held-until`."""
    proposal = Proposal.read(_id(asked.needed("appointment-reference")))
    if proposal is None:
        raise Refusal("unknown_appointment")
    named = asked.one("patient-reference")
    person = needed_number("Patient", named, "patient-reference", caller) if named is not None else proposal.person
    if not person:
        raise Misasked("required", "patient-reference")
    if proposal.person and proposal.person != person:
        raise Misasked("value", "patient-reference")
    caller.here(person)
    return _one(registering.hold(person, proposal.segment, caller.name, caller.channel), caller)


def book(caller: Caller, asked: Parameters) -> Found:
    """Make a held time a booking; or, by an appointment-resource whose status is `cancelled`, give it back.

    What costs something is booked when it is paid for, and not before.
    """
    wanted = asked.one("appointment-resource")
    if wanted is not None and (not isinstance(wanted, dict) or wanted.get("resourceType") != "Appointment"):
        raise Misasked("value", "appointment-resource")
    given = asked.one("appointment-reference")
    if given is None and wanted is None:
        raise Misasked("required", "appointment-reference")
    if wanted is not None and wanted.get("status") == "cancelled":
        return _one(_cancelled(caller, _meant(caller, given, wanted)), caller)
    if wanted is not None and wanted.get("status") not in ("pending", "booked"):
        raise Misasked("not_supported", "appointment-resource.status")
    one = _meant(caller, given, wanted)
    held = callers.own(caller, one.pk if isinstance(one, Hold) else one.hold_id) if _of_hold(one) else None
    if held is None:
        raise Refusal("unknown_appointment")
    done = booking.confirm(booking.locked_hold(held.pk))
    return _one(appointments.known().get(pk=done.pk), caller)


def _of_hold(one: Hold | Appointment) -> bool:
    return isinstance(one, Hold) or one.hold_id is not None


def _meant(caller: Caller, given: Any, wanted: Any) -> Hold | Appointment:
    """What the reference names, or the resource by its id, or by the number a kiosk has for it."""
    if given is None and wanted.get("id") is None:
        for one in listed(wanted.get("identifier"), "appointment-resource.identifier"):
            if (number := numbered(caller, one)) is not None:
                return appointments.find_numbered(number)
        raise Misasked("required", "appointment-resource.id")
    id = _id(given) if given is not None else str(wanted["id"])
    if Proposal.read(id):
        raise Misasked("not_supported", "appointment-reference: hold it first")
    return appointments.find(id)


def _cancelled(caller: Caller, one: Hold | Appointment) -> Hold | Appointment:
    if isinstance(one, Hold):
        booking.release(booking.locked_hold(callers.own(caller, one.pk).pk))
        return appointments.find(str(one.pk))       # booked in this very moment, it stays so
    try:
        caller.here(one.patient_id)
    except Refusal:
        raise Refusal("unknown_appointment") from None
    cancelling.cancel(one)
    return appointments.known().get(pk=one.pk)


def _one(done: Hold | Appointment, caller: Caller) -> Found:
    return Found(1, [appointments.of(done, caller)], appointments.around([appointments.session_of(done)], caller))


def _id(reference: Any) -> str:
    where, slash, id = str(reference.get("reference") if isinstance(reference, dict) else "").rpartition("/")
    if slash and where.rpartition("/")[2] != "Appointment":
        raise Misasked("value", "appointment-reference")
    return id
