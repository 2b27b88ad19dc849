"""The types that are read and searched here, each with its search parameters. The CapabilityStatement is made of this."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db.models import Q, QuerySet

from hospital import clock
from hospital.care import people, roster
from hospital.care.models import Appointment, Department, Hold, Patient, Practitioner, Schedule, Slot
from hospital.fhir import appointments, ids, resources
from hospital.fhir.asking import Filter, dates, matching, number_of, numbered, row, text, token, words
from hospital.fhir.callers import Caller
from hospital.fhir.outcome import Misasked
from hospital.fhir.resources import LETTERS
from hospital.fhir.words import CODE, DEPARTMENT, ID_NUMBER, NS, NUMBER, RECORD_NO, VISIT_CARD, Resource
from hospital.outpatient import registering
from hospital.refusal import Refusal

Asked = Mapping[str, list[str]]


@dataclass(frozen=True)
class Found:
    """`total` matches, a page of them, and what they speak of."""

    total: int
    matches: Sequence[Resource]
    included: Sequence[Resource] = ()


@dataclass(frozen=True)
class Kind:
    """A resource type. `parameters`: search parameter to FHIR's type of it; `search` gets those asked for, and a page
    (from, how many). `posted`: searched by POST only, for what is asked may be personal."""

    read: Callable[[Caller, str], Resource]
    search: Callable[[Caller, Asked, slice], Found]
    parameters: Mapping[str, str]
    posted: bool = False
    operations: Mapping[str, str] = field(default_factory=dict)


def _rows(kind: str, rows: Callable[[], QuerySet[Any]], resource: Callable[[Any, Caller], Resource],
          filters: Mapping[str, tuple[str, Filter]],
          seen: Mapping[str, tuple[str, Callable[[Caller], Filter]]] = MappingProxyType({})) -> Kind:
    """A type whose resources are the rows of one table. `seen`: what is not the same for every caller."""
    every = {"_id": ("token", row(kind)), **filters}

    def read(caller: Caller, id: str) -> Resource:
        number = ids.number(LETTERS[kind], id)
        one = rows().filter(pk=number).first() if number is not None else None
        if one is None:
            raise Refusal(f"unknown_{kind.lower()}")
        return resource(one, caller)

    def search(caller: Caller, asked: Asked, page: slice) -> Found:
        how = {name: to for name, (_, to) in every.items()} | {name: to(caller) for name, (_, to) in seen.items()}
        found = rows().filter(matching(asked, how)).distinct()
        return Found(found.count(), [resource(one, caller) for one in found[page]])
    return Kind(read, search, {name: how for name, (how, _) in [*every.items(), *seen.items()]})


# What tells nothing of any patient.

def _released() -> QuerySet[Schedule]:
    return (Schedule.objects.select_related("department", "practitioner")
            .exclude(state=Schedule.State.DRAFT).filter(released_at__lte=clock.now()))


def _slots() -> QuerySet[Slot]:
    return (Slot.objects.select_related("schedule").exclude(schedule__state=Schedule.State.DRAFT)
            .filter(schedule__released_at__lte=clock.now()))


def _actor(value: str) -> Q:
    for kind, path in (("Practitioner", "practitioner"), ("HealthcareService", "department"), ("Location", "department")):
        if (number := number_of(kind, value)) is not None:
            return Q(**{path: number})
    return Q(pk__in=[])


def _slot_status(caller: Caller) -> Filter:
    """The same as `resources.slot_status` says of each."""
    def read(value: str) -> Q:
        now = clock.now()
        held = Q(booked=False, held_until__gt=now)
        stopped = Q(booked=False) & ~Q(schedule__state=Schedule.State.OPEN)
        free = roster.free(now, registering.shares_of(caller.channel)) & ~stopped
        return words(value, {"busy": Q(booked=True), "busy-tentative": held & ~stopped, "free": free,
                             "busy-unavailable": stopped | Q(booked=False) & ~held & ~free,
                             "entered-in-error": Q(pk__in=[])})
    return read


def _doctors() -> QuerySet[Practitioner]:
    return Practitioner.objects.all()


def _organization(caller: Caller, id: str) -> Resource:
    if ids.number("O", id) != resources.HOUSE:
        raise Refusal("unknown_organization")
    return resources.organization()


def _organizations(caller: Caller, asked: Asked, page: slice) -> Found:
    wanted = [one for value in asked.get("_id", []) for one in value.split(",")]
    house = resources.organization()
    found = [house] if not wanted or house["id"] in wanted else []
    return Found(len(found), found)


def _services(caller: Caller, asked: Asked, page: slice) -> Found:
    """Departments in the hospital's order, with what is left today."""
    filters = {"_id": row("HealthcareService"), "identifier": token("code", DEPARTMENT), "name": text("name_zh", "name_en"),
               "active": lambda value: words(value, {"true": Q(pk__isnull=False), "false": Q(pk__in=[])})}
    wanted = set(Department.objects.filter(matching(asked, filters)).values_list("pk", flat=True))
    every = [one for one in roster.departments(registering.shares_of(caller.channel)) if one[0].pk in wanted]
    return Found(len(every), [resources.service(one, caller, today, fee) for one, today, fee in every[page]],
                 [resources.location(one) for one, _, _ in every[page]])


def _service(caller: Caller, id: str) -> Resource:
    found = Department.objects.filter(pk=ids.number("H", id) or 0).first()
    if found is None:
        raise Refusal("unknown_healthcareservice")
    return resources.service(found, caller)


# People.

def _patient(caller: Caller, id: str) -> Resource:
    number = ids.number("P", id)
    caller.here(number or 0)
    found = Patient.objects.filter(pk=number or 0).first()
    if found is None:
        raise Refusal("unknown_patient")
    return resources.patient(found, caller)


def _patients(caller: Caller, asked: Asked, page: slice) -> Found:
    """By one number that a person shows, and by name besides (then it must be the file's)."""
    given = asked.get("identifier", [])
    if len(given) != 1 or "," in given[0]:
        raise Misasked("required", "identifier, one")
    system, _, value = given[0].rpartition("|")
    if not value:
        raise Misasked("value", "identifier")
    try:
        found = _shown(caller, system, value, asked.get("name", [""])[0])
    except Refusal as no:
        if no.code != "unknown_patient":
            raise
        return Found(0, [])
    return Found(1, [resources.patient(found, caller)])


def _shown(caller: Caller, system: str, value: str, name: str) -> Patient:
    if system == NUMBER:
        number = int(value) if value.isdecimal() and len(value) < 10 else 0
        caller.here(number)
        found = None if caller.full else Patient.objects.filter(pk=number).first()
    elif system == RECORD_NO:
        found = Patient.objects.filter(record_no=value).first() if caller.full else None
    elif system in (ID_NUMBER, VISIT_CARD):
        caller.count_find()
        found = people.find(id_number=value, name=name) if system == ID_NUMBER else people.find(visit_card=value, name=name)
        caller.met(found.pk)
    else:
        raise Misasked("value", "identifier")
    if found is None:
        raise Refusal("unknown_patient")
    return found


def _appointment(caller: Caller, id: str) -> Resource:
    found = appointments.find(id)
    try:
        caller.here(found.patient_id)
    except Refusal:
        raise Refusal("unknown_appointment") from None
    return appointments.of(found, caller)


_FILTERS: Mapping[str, Filter] = {
    "date": dates("slot__start"),
    "practitioner": row("Practitioner", "slot__schedule__practitioner"),
    "location": row("Location", "slot__schedule__department"),
    "specialty": token("slot__schedule__department__code", DEPARTMENT)}
_BOOKED_ONLY: Mapping[str, Filter] = {"identifier": token("code", CODE)}


def _appointments(caller: Caller, asked: Asked, page: slice) -> Found:
    """What is booked (and was), and what is held now; soonest first. A kiosk says for whom."""
    statuses = {one for value in asked.get("status", []) for one in value.split(",")}
    if statuses - set(appointments.STATUSES) - {"waitlist", "entered-in-error"}:
        raise Misasked("value", "status")
    mine = matching(asked, {"patient": row("Patient", "patient"),
                            "patient:identifier": token("patient__record_no", RECORD_NO)})
    if not caller.full:
        person = _one_person(caller, asked)
        caller.here(person)
        mine = Q(patient=person)
    rows: list[Hold | Appointment] = []
    booked = appointments.known().filter(mine, matching(asked, {**_FILTERS, **_BOOKED_ONLY, "_id": _by_id("hold")}))
    rows += booked.filter(state__in=statuses) if statuses else booked
    if (not statuses or "pending" in statuses) and "identifier" not in asked:
        rows += (Hold.objects.select_related("slot__schedule__department", "slot__schedule__practitioner")
                 .filter(mine, matching(asked, {**_FILTERS, "_id": _by_id("pk")}), holding__booked=False,
                         until__gt=clock.now()))
    rows.sort(key=lambda one: one.slot.start)
    told = rows[page]
    return Found(len(rows), [appointments.of(one, caller) for one in told],
                 appointments.around([appointments.session_of(one) for one in told], caller))


def _one_person(caller: Caller, asked: Asked) -> int:
    """Whose appointments a kiosk asks for: `patient`, or `patient:identifier` with its own number of them."""
    given = [*asked.get("patient", []), *asked.get("patient:identifier", [])]
    if len(given) != 1:
        raise Misasked("required", "patient, one")
    system, bar, value = given[0].rpartition("|")
    found = numbered(caller, {"system": system, "value": value}) if bar else number_of("Patient", value)
    return found or 0       # nobody


def _by_id(field: str) -> Filter:
    def read(value: str) -> Q:
        try:
            return Q(**{field: uuid.UUID(value.rpartition("/")[2])})
        except ValueError:
            return Q(pk__in=[])
    return read


_NAMES = {"name": ("string", text("name_zh", "name_en"))}
KINDS: Mapping[str, Kind] = {
    "Organization": Kind(_organization, _organizations, {"_id": "token"}),
    "Location": _rows("Location", Department.objects.all, lambda one, _: resources.location(one),
                      {"name": ("string", text("place_zh", "place_en"))}),
    "HealthcareService": Kind(_service, _services,
                              {"_id": "token", "identifier": "token", "name": "string", "active": "token"}),
    "Practitioner": _rows("Practitioner", _doctors, resources.practitioner,
                          {"identifier": ("token", token("code", f"{NS}/staff-no")), **_NAMES}),
    "Schedule": _rows("Schedule", _released, lambda one, _: resources.schedule(one), {
        "actor": ("reference", _actor), "date": ("date", dates("start")),
        "specialty": ("token", token("department__code", DEPARTMENT)),
        "active": ("token", lambda value: words(value, {"true": Q(state=Schedule.State.OPEN),
                                                        "false": ~Q(state=Schedule.State.OPEN)}))}),
    "Slot": _rows("Slot", _slots, resources.slot, {
        "schedule": ("reference", row("Schedule", "schedule")), "start": ("date", dates("start"))},
        seen={"status": ("token", _slot_status)}),
    "Patient": Kind(_patient, _patients, {"identifier": "token", "name": "string"}, posted=True),
    "Appointment": Kind(_appointment, _appointments, {
        "_id": "token", "patient": "reference", "patient:identifier": "token", "date": "date", "status": "token",
        "practitioner": "reference", "location": "reference", "specialty": "token", "identifier": "token"},
        operations={name: f"https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-{name}"
                    for name in ("find", "hold", "book")}),
}
