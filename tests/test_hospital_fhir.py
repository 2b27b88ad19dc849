"""The FHIR door as another system sees it: rosters, free times, holding, booking, giving back, on the kiosks' rules."""

from __future__ import annotations

import pytest

from fhir_client import Speaker, ref, said
from hospital.care.models import Appointment, Hold, Slot
from hospital_fixtures import Clock, Hospital, Kiosk, segment
from paper_channel import PaperChannel


@pytest.fixture
def web(hospital: Hospital) -> Speaker:
    return Speaker.system()


def test_a_visit_from_the_roster_to_the_booking(hospital: Hospital, web: Speaker) -> None:
    hospital.session(places=2)
    person = hospital.patient()
    known = web.look_for("Patient", identifier=person.id_number).matches
    assert known == [] and web.look_for("Patient", identifier=f"x|{person.id_number}").refusal[0] == 400
    card = web.look_for("Patient", identifier=f"https://hospital-kiosk.example/fhir/id-number|{person.id_number}").only
    assert card["identifier"][1]["value"] == person.id_number and card["name"][0]["text"] == person.name
    found = web.find(patient_reference=f"Patient/{card['id']}")
    assert [(one["status"], one["start"][11:16], said(one, "places-left")) for one in found.matches] == [
        ("proposed", "14:00", 2), ("proposed", "14:30", 2)]
    held = web.operate("hold", appointment_reference=f"Appointment/{found.matches[0]['id']}").only
    assert held["status"] == "pending" and said(held, "held-until") == "2026-11-20T09:03:00.000+08:00"
    booked = web.book(held).only
    assert (booked["id"], booked["status"], said(booked, "queue-number")) == (held["id"], "booked", 1)
    assert web.get(f"Appointment/{held['id']}").body["status"] == "booked"
    assert Appointment.objects.get().code == booked["identifier"][0]["value"]
    assert [one["id"] for one in web.get(f"Appointment?patient={ref(person)}").matches] == [held["id"]]
    gone = web.cancel(booked).only
    assert gone["status"] == "cancelled" and Slot.objects.filter(booked=False).count() == 4


def test_others_are_refused_what_is_held(hospital: Hospital, web: Speaker, kiosk: Kiosk) -> None:
    session = hospital.session(places=1, minutes=60)
    proposal = web.find().only
    web.hold(proposal, hospital.patient())
    assert web.hold(proposal, hospital.patient()).refusal == (409, "not-found", "slot_full")
    assert kiosk.hold(hospital.patient(), segment(session)).code == "slot_full"
    assert web.find().matches == [] and web.find().body["total"] == 0


def test_a_time_that_is_gone_is_fatal(hospital: Hospital, web: Speaker) -> None:
    hospital.session(places=1, minutes=60)
    proposal = web.find().only
    web.hold(proposal, hospital.patient())
    assert web.hold(proposal, hospital.patient()).body["issue"][0]["severity"] == "fatal"


def test_a_hold_ends_by_itself(hospital: Hospital, web: Speaker, time: Clock) -> None:
    hospital.session()
    held = web.hold(web.find().matches[0], hospital.patient()).only
    time.go(seconds=181)
    assert web.get(f"Appointment/{held['id']}").body["status"] == "cancelled"
    assert web.book(held).refusal == (409, "conflict", "hold_ended")


def test_a_hold_is_let_go(hospital: Hospital, web: Speaker) -> None:
    hospital.session(places=1, minutes=60)
    held = web.hold(web.find().only, hospital.patient()).only
    assert web.cancel(held).only["status"] == "cancelled" and len(web.find().matches) == 1


def test_the_rules_are_those_of_the_machines(hospital: Hospital, web: Speaker, kiosk: Kiosk, time: Clock) -> None:
    person = hospital.patient()
    hospital.session(start=14)
    first = web.find().matches[0]
    web.book(web.hold(first, person).only)
    assert web.hold(first, person).refusal == (409, "duplicate", "already_booked")
    for code in ("A1", "A2", "A3"):
        hospital.session(hospital.department(code, code), start=15)
    others = [one for one in web.find().matches if one["start"][11:16] == "15:00"]
    for one in others[:2]:
        web.book(web.hold(one, person).only)
    refused = web.hold(others[2], person)
    assert refused.refusal == (422, "business-rule", "daily_limit") and said(refused.body["issue"][0], "limit") == "3"
    other, session = hospital.patient(), hospital.session(hospital.skin, start=16)
    kiosk.hold(other, segment(session))
    late = next(one for one in web.find().matches if one["start"][11:16] == "16:00")
    assert web.hold(late, other).refusal == (409, "lock-error", "held_elsewhere")
    time.go(hours=8)
    assert web.hold(late, hospital.patient()).refusal == (409, "not-found", "past")
    hospital.session(hospital.skin, days=1, state="open")
    ahead = web.find(start="2026-11-21", end="2026-11-21").matches[0]
    notorious = hospital.patient(no_shows=3)
    assert web.hold(ahead, notorious).refusal == (422, "business-rule", "blacklisted")


def test_what_costs_something_is_booked_when_it_is_paid(hospital: Hospital, kiosk: Kiosk, channel: PaperChannel) -> None:
    hospital.session(fee=1050)
    machine, person = Speaker.kiosk(kiosk), hospital.patient()
    kiosk.meet(person)
    held = machine.hold(machine.find().matches[0], person).only
    assert said(held, "fee") == {"value": 10.5, "currency": "CNY"}
    assert machine.book(held).refusal == (422, "business-rule", "unpaid")
    order = kiosk.order(held["id"]).body["no"]
    channel.pay(order)
    kiosk.get(f"/orders/{order}")
    booked = machine.book(held).only
    assert booked["status"] == "booked" and said(booked, "payment")[0] == {"url": "order", "valueString": order}
    gone = machine.cancel(booked).only
    assert {"url": "amount", "valueMoney": {"value": 10.5, "currency": "CNY"}} in said(gone, "refund")


def test_too_late_to_cancel(hospital: Hospital, web: Speaker, time: Clock) -> None:
    hospital.session()
    booked = web.book(web.hold(web.find().matches[0], hospital.patient()).only).only
    time.go(hours=4, minutes=45)
    refused = web.cancel(booked)
    assert refused.refusal == (422, "business-rule", "not_cancellable")
    assert said(refused.body["issue"][0], "until") == "2026-11-20T13:30:00+08:00"


@pytest.mark.parametrize("way", ["header", "identifier"])
def test_a_repeat_gets_the_first_answer(hospital: Hospital, web: Speaker, way: str) -> None:
    hospital.session(places=1, minutes=60)
    proposal, person = web.find().only, hospital.patient()
    words = {"appointment_reference": f"Appointment/{proposal['id']}", "patient_reference": ref(person)}
    if way == "header":
        answers = [web.operate("hold", "key-1", **words) for _ in range(3)]
    else:
        named = {"resourceType": "Appointment", "status": "pending", "participant": proposal["participant"],
                 "identifier": [{"system": "https://web.example", "value": "visit-7"}]}
        answers = [web.operate("hold", **words, appointment_resource=named) for _ in range(3)]
    assert len({one.only["id"] for one in answers}) == 1 and Hold.objects.count() == 1
    assert ["Idempotent-Replay" in one.headers for one in answers] == [False, True, True]
    booked = [web.book(answers[0].only, "key-2") for _ in range(2)]
    assert booked[0].body == booked[1].body and Appointment.objects.count() == 1
    assert web.book({"id": "other"}, "key-2").refusal == (422, "conflict", "key_reused")


def test_a_refusal_is_repeated_too(hospital: Hospital, web: Speaker) -> None:
    hospital.session(places=1, minutes=60)
    proposal, other = web.find().only, hospital.patient()
    held = web.hold(proposal, hospital.patient()).only
    assert web.hold(proposal, other, "key").refusal[2] == "slot_full"
    web.cancel(held)
    again = web.hold(proposal, other, "key")
    assert again.refusal[2] == "slot_full" and again.headers["Idempotent-Replay"] == "true"
    assert web.hold(proposal, other, "another").status == 200


def test_find_by_what_is_wanted(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    hospital.session(hospital.skin, days=1, kind="expert", practitioner=hospital.doctor, fee=5000)
    week = {"start": "2026-11-20", "end": "2026-11-27"}
    named = {"coding": [{"system": "https://hospital-kiosk.example/fhir/department", "code": "DERM"}]}
    kind = {"coding": [{"system": "https://hospital-kiosk.example/fhir/clinic", "code": "general"}]}
    assert len(web.find(**week).matches) == 4
    assert {one["start"][:10] for one in web.find(**week, specialty=named).matches} == {"2026-11-21"}
    assert {one["start"][:10] for one in web.find(**week, visit_type=kind).matches} == {"2026-11-20"}
    mine = web.find(**week, practitioner=ref(hospital.doctor))
    assert [one["participant"][0]["actor"]["display"] for one in mine.matches] == ["陈试"] * 2
    doctor = next(one["resource"] for one in mine.body["entry"] if one["resource"]["resourceType"] == "Practitioner")
    assert doctor["qualification"][0]["code"]["coding"][0]["code"] == "chief"
    assert len(web.find(start="2026-11-20T14:30:00+08:00", end="2026-11-20T15:00:00+08:00").matches) == 1
    assert web.find(start="2026-11-20", end="2026-12-30").refusal == (400, "value", "value")
    assert web.operate("find", start="2026-11-20").refusal == (400, "required", "required")
    assert web.find(specialty={"coding": [{"system": "https://x.example", "code": "DERM"}]}).matches == []


def test_who_was_found_for_one_person_is_not_held_for_another(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    proposal = web.find(patient_reference=ref(hospital.patient())).matches[0]
    assert web.hold(proposal, hospital.patient()).refusal == (400, "value", "value")
    free = web.find().matches[0]
    assert web.operate("hold", appointment_reference=f"Appointment/{free['id']}").refusal == (400, "required", "required")


def test_nobody_books_what_another_holds(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    held = web.hold(web.find().matches[0], hospital.patient()).only
    other = Speaker.system("app")
    assert other.book(held).refusal == (404, "not-found", "unknown_hold")
    assert other.cancel(held).refusal == (404, "not-found", "unknown_hold")
