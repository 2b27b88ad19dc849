"""From the books to FHIR: the hospital, its departments and doctors, rosters and numbers, people."""

from __future__ import annotations

from django.conf import settings

from hospital import clock
from hospital.care import masking, roster
from hospital.care.models import Department, Patient, Practitioner, Schedule, Slot
from hospital.fhir import ids
from hospital.fhir.callers import Caller
from hospital.fhir.words import (CLINIC, DEPARTMENT, ID_NUMBER, NS, NUMBER, RECORD_NO, VISIT_CARD, Resource, bilingual,
                                 coded, extension, masked, moment, without_nothing, yuan)
from hospital.outpatient import registering

LETTERS = {"Organization": "O", "Location": "L", "HealthcareService": "H", "Practitioner": "D", "Schedule": "S",
           "Slot": "N", "Patient": "P"}
HOUSE = 1       # the one organization


def identity(kind: str, number: int) -> Resource:
    return {"resourceType": kind, "id": ids.seal(LETTERS[kind], number)}


def reference(kind: str, number: int, display: str = "") -> Resource:
    return without_nothing({"reference": f"{kind}/{ids.seal(LETTERS[kind], number)}", "display": display})


def numbered(caller: Caller, number: int) -> list[Resource]:
    """A kiosk goes on in its own API, under the number that is used there. Nobody else learns it."""
    return [] if caller.full else [{"system": NUMBER, "value": str(number)}]


def organization() -> Resource:
    name = settings.HOSPITAL_NAME
    return {**identity("Organization", HOUSE), "active": True, "name": name["zh"],
            "_name": bilingual(name["zh"], name["en"])}


def location(one: Department) -> Resource:
    return without_nothing({
        **identity("Location", one.pk), "status": "active", "name": one.place_zh,
        "_name": bilingual(one.place_zh, one.place_en), "mode": "instance",
        "managingOrganization": reference("Organization", HOUSE)})


def service(one: Department, caller: Caller, today: roster.Today | None = None, fee_from: int = 0) -> Resource:
    """A department. Asked for as a list, it says what is left today."""
    left = [] if today is None else [extension("today", extension=[
        {"url": "general", "valueInteger": today.general}, {"url": "named", "valueInteger": today.expert},
        {"url": "open", "valueBoolean": today.open}, {"url": "fee-from", "valueMoney": yuan(fee_from)}])]
    return without_nothing({
        **identity("HealthcareService", one.pk), "active": True,
        "identifier": [{"system": DEPARTMENT, "value": one.code}, *numbered(caller, one.pk)],
        "extension": [*left, extension("key-department", valueBoolean=one.key)],
        "name": one.name_zh, "_name": bilingual(one.name_zh, one.name_en),
        "specialty": [coded(DEPARTMENT, one.code, one.name_zh)],
        "providedBy": reference("Organization", HOUSE), "location": [reference("Location", one.pk, one.place_zh)]})


def practitioner(one: Practitioner, caller: Caller) -> Resource:
    return without_nothing({
        **identity("Practitioner", one.pk), "active": True,
        "identifier": [{"system": f"{NS}/staff-no", "value": one.code}, *numbered(caller, one.pk)],
        "name": [without_nothing({"text": one.name_zh, "_text": bilingual(one.name_zh, one.name_en)})],
        "qualification": [{"code": coded(f"{NS}/title", one.title, one.get_title_display())},
                          *([{"code": without_nothing({"text": one.speciality_zh, "_text": bilingual(
                              one.speciality_zh, one.speciality_en)})}] if one.speciality_zh else [])]})


def clinic(one: Schedule) -> Resource:
    return coded(CLINIC, one.kind, one.get_kind_display())


def schedule(one: Schedule) -> Resource:
    doctor = [reference("Practitioner", one.practitioner.pk, one.practitioner.name_zh)] if one.practitioner else []
    return without_nothing({
        **identity("Schedule", one.pk), "active": one.state == Schedule.State.OPEN, "serviceType": [clinic(one)],
        "specialty": [coded(DEPARTMENT, one.department.code, one.department.name_zh)],
        "extension": [extension("fee", valueMoney=yuan(one.fee)), extension("half-day", valueCode=one.half)],
        "actor": [reference("HealthcareService", one.department_id, one.department.name_zh), *doctor,
                  reference("Location", one.department_id, one.department.place_zh)],
        "planningHorizon": {"start": moment(one.start), "end": moment(one.end)}})


def slot(one: Slot, caller: Caller) -> Resource:
    return {**identity("Slot", one.pk), "schedule": reference("Schedule", one.schedule_id),
            "status": slot_status(one, registering.shares_of(caller.channel)),
            "extension": [extension("queue-number", valuePositiveInt=one.number)],
            "start": moment(one.start), "end": moment(one.end)}


def slot_status(one: Slot, shares: frozenset[str]) -> str:
    """As it is for whoever may give the places of these shares: those kept for others are not free."""
    now = clock.now()
    if one.booked:
        return "busy"
    if one.schedule.state != Schedule.State.OPEN:
        return "busy-unavailable"
    if one.held_until and one.held_until > now:
        return "busy-tentative"
    mine = one.share in shares | {""} or one.share_until is not None and one.share_until <= now
    return "free" if mine else "busy-unavailable"


def patient(one: Patient, caller: Caller) -> Resource:
    """Numbers and telephone whole for a system that may read people, masked for a kiosk."""
    card = {"use": "official", "system": ID_NUMBER,
            **({"value": one.id_number} if caller.full else {"_value": masked(f"**************{one.id_number[-4:]}")})}
    phone = {"system": "phone", **({"value": one.phone} if caller.full
                                   else {"_value": masked(masking.mask_phone(one.phone))})}
    return without_nothing({
        **identity("Patient", one.pk), "active": True,
        "identifier": [{"use": "usual", "system": RECORD_NO, "value": one.record_no}, card,
                       *([{"use": "secondary", "system": VISIT_CARD, "value": one.visit_card}] if one.visit_card else []),
                       *numbered(caller, one.pk)],
        "name": [without_nothing({"use": "official", "text": one.name, "_text": bilingual(one.name, one.english_name)})],
        "telecom": [phone] if one.phone else [], "gender": one.sex, "birthDate": one.born.isoformat() if one.born else ""})
