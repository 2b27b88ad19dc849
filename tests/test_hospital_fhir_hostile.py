"""What no honest client sends the FHIR door: it is refused in FHIR's words, and nothing of it happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from fhir_client import BOOKING, FHIR, Answer, Speaker, ref
from hospital.care.models import Appointment, Hold
from hospital.fhir import callers
from hospital_fixtures import Clock, Hospital, Kiosk, segment

NS = "https://hospital-kiosk.example/fhir"
LONE = "\\ud800"        # half of a character
NUL = "\\u0000"


@pytest.fixture
def web(hospital: Hospital) -> Speaker:
    return Speaker.system()


def parameters(*given: Any) -> str:
    return json.dumps({"resourceType": "Parameters", "parameter": list(given)})


def concept(code: str) -> str:
    """Raw, for codes that json.dumps would not write like this."""
    return ('{"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-11-20"},'
            '{"name":"end","valueDateTime":"2026-11-20"},{"name":"specialty","valueCodeableConcept":{"coding":'
            f'[{{"system":"{NS}/department","code":"{code}"}}]}}}}]}}')


BODIES = (
    '{"resourceType":"Parameters","parameter":5}', '{"resourceType":"Parameters","parameter":true}',
    '{"resourceType":"Parameters","parameter":{"name":"start"}}', '{"resourceType":"Parameters","parameter":"start"}',
    '{"resourceType":"Parameters","parameter":[[]]}', '{"resourceType":"Parameters","parameter":[{"name":7}]}',
    '{"resourceType":["Parameters"]}', "null", "7", '"x"', "\xff\xfe", "[" * 100_000, concept(LONE), concept(NUL))


def test_a_body_that_is_no_parameters(hospital: Hospital, web: Speaker) -> None:
    for name in ("find", "hold", "book"):
        for body in BODIES:
            assert web.post(f"Appointment/${name}", body).status == 400, (name, body[:60])


VALUES: tuple[Any, ...] = (None, 5, True, [], {}, "2026-11-20", {"reference": 5}, {"reference": ["x"]},
                           {"reference": "Appointment/"}, {"reference": "Patient/" + "0" * 32},
                           {"reference": "Appointment/" + "ab " * 10 + "ab"}, {"identifier": "x"},
                           {"identifier": {"system": f"{NS}/kiosk-number", "value": "9" * 15}})


def test_values_of_the_wrong_type(hospital: Hospital, web: Speaker, kiosk: Kiosk) -> None:
    hospital.session()
    for value in VALUES:
        _misfit(web, value)
        _misfit(Speaker.kiosk(kiosk), value)
    assert not Hold.objects.exists()


def _misfit(caller: Speaker, value: Any) -> None:
    day = [{"name": word, "valueDateTime": "2026-11-20"} for word in ("start", "end")]
    for word in ("patient-reference", "practitioner", "location-reference", "specialty", "visit-type"):
        answer = caller.post("Appointment/$find", parameters(*day, {"name": word, "valueReference": value}))
        assert answer.status in (200, 400, 404), (word, answer)
    for word in ("start", "end"):
        other = [one for one in day if one["name"] != word]
        answer = caller.post("Appointment/$find", parameters(*other, {"name": word, "valueDateTime": value}))
        assert answer.status == (200 if value == "2026-11-20" else 400), (word, answer)
    for name in ("hold", "book"):
        named = parameters({"name": "appointment-reference", "valueReference": value})
        assert caller.post(f"Appointment/${name}", named).status in (400, 404)
        answer = caller.post(f"Appointment/${name}", parameters(
            {"name": "appointment-resource", "resource": {"resourceType": "Appointment", "status": "cancelled",
                                                          "id": value, "identifier": value}}))
        assert answer.status in (400, 404), answer


ADDRESSES = (
    "Schedule?date=0001-01-01", "Schedule?date=9999-12-31", "Schedule?date=ge0001-01-01T00:00:00%2B14:00",
    "Schedule?date=", "Slot?start=%E6%97%A52026", "Practitioner?name=%00", "Practitioner?identifier=%00",
    "Schedule?specialty=%00", "Slot/" + "aa%20" * 10 + "aa", "Slot/" + "A" * 32, "Slot/%00", "Appointment/%00",
    "Appointment/%7B6f9619ff-8b86-d011-b42d-00c04fc964f%7D", "Slot?_count=%D9%A3", "Slot?_offset=999999999",
    "HealthcareService?identifier=%00", "Location?name=%ED%A0%80", "Slot?schedule=Schedule/" + "f" * 400,
    "Appointment?_id=" + "f" * 36, "Appointment?date=2026-02-30", "Slot?status=", "Slot?status=a,b,free")


def test_an_address_that_nobody_would_write(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    for asked in ADDRESSES:
        assert web.get(asked).status in (200, 400, 404), asked


def test_people_are_asked_for_in_words(hospital: Hospital, web: Speaker, kiosk: Kiosk) -> None:
    for caller in (web, Speaker.kiosk(kiosk)):
        for system in ("id-number", "visit-card", "record-no", "kiosk-number"):
            for value in ("\x00", "٣٣", "9" * 400, "%", "' OR 1=1"):
                assert caller.look_for("Patient", identifier=f"{NS}/{system}|{value}").status in (200, 400, 404)


def test_days_that_no_roster_has(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    for start, end in (("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31"), ("2026-11-21", "2026-11-20"),
                       ("0001-01-01T00:00:00+14:00", "2026-11-20")):
        assert web.find(start=start, end=end).refusal == (400, "value", "value"), start


def test_a_body_that_is_too_long_is_told_so(hospital: Hospital) -> None:
    answer = Answer(Client(headers={"Authorization": f"Bearer {callers.register('web', BOOKING)}"},
                           raise_request_exception=False).post(
        f"{FHIR}/Appointment/$hold", "x" * 3_000_000, content_type="application/fhir+json"))
    assert answer.refusal == (413, "too-long", "too_long")


# Holds and bookings.


def test_nobody_touches_what_another_holds(hospital: Hospital, web: Speaker, kiosk: Kiosk) -> None:
    """Nor does a kiosk what another kiosk or a system holds, though the person stands before it."""
    session, person = hospital.session(), hospital.patient()
    mine = web.hold(web.find().matches[0], person).only
    other = Speaker.kiosk(kiosk)
    kiosk.meet(person)
    assert other.book(mine).refusal == (404, "not-found", "unknown_hold")
    assert other.cancel(mine).refusal == (404, "not-found", "unknown_hold")
    assert kiosk.post(f"/holds/{mine['id']}/release").code == kiosk.confirm(mine["id"]).code == "unknown_hold"
    theirs = kiosk.hold(hospital.patient(), segment(session, 1)).body["id"]
    for act in (web.book, lambda one: web.operate("book", appointment_reference=f"Appointment/{one['id']}")):
        assert act({"id": theirs}).refusal == (404, "not-found", "unknown_hold")
    assert Hold.objects.filter(released_at=None).count() == 2 and not Appointment.objects.exists()


def test_an_expired_hold_cannot_be_booked_and_a_replay_says_the_same(hospital: Hospital, web: Speaker, time: Clock) -> None:
    hospital.session(places=1, minutes=60)
    held = web.hold(web.find().only, hospital.patient()).only
    time.go(seconds=181)
    late = [web.book(held, "late") for _ in range(2)]
    assert [one.refusal for one in late] == [(409, "conflict", "hold_ended")] * 2
    assert late[1].headers["Idempotent-Replay"] == "true"
    again = web.hold(web.find().only, hospital.patient()).only
    assert again["id"] != held["id"] and web.book(held).refusal[2] == "hold_ended", "the place is another's now"
    assert web.book(again).only["status"] == "booked"


def test_a_booking_is_booked_once_under_any_number_of_keys(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    held = web.hold(web.find().matches[0], hospital.patient()).only
    booked = [web.book(held, key).only for key in ("a", "b", "a")]
    assert booked[0] == booked[1] == booked[2] and Appointment.objects.count() == 1
    web.cancel(booked[0])
    assert web.book(held, "c").refusal == (409, "conflict", "already_cancelled")
    assert web.cancel(booked[0], "d").refusal == (409, "conflict", "already_cancelled")
    assert web.book(held, "a").only == booked[0], "what was answered under a key is answered again"


def test_one_appointment_is_held_booked_and_given_back_under_one_identifier(hospital: Hospital, web: Speaker) -> None:
    hospital.session(places=1, minutes=60)
    proposal, person = web.find().only, hospital.patient()
    mine = [{"system": "https://web.example", "value": "visit-7"}]

    def as_mine(one: dict[str, Any], status: str) -> dict[str, Any]:
        return {**one, "status": status, "identifier": mine}
    held = web.operate("hold", appointment_reference=f"Appointment/{proposal['id']}", patient_reference=ref(person),
                       appointment_resource=as_mine(proposal, "pending")).only
    ends = [web.operate("book", appointment_resource=as_mine(held, status)) for status in ("booked", "booked", "cancelled")]
    assert [one.only["status"] for one in ends] == ["booked", "booked", "cancelled"]
    assert [one.headers.get("Idempotent-Replay") for one in ends] == [None, "true", None]


def test_a_person_who_does_not_exist_or_is_not_here_holds_nothing(hospital: Hospital, web: Speaker, kiosk: Kiosk) -> None:
    hospital.session()
    stranger = hospital.patient()
    gone = ref(hospital.patient(pk=99_999))
    proposal = web.find().matches[0]
    assert Speaker.kiosk(kiosk).hold(proposal, stranger).refusal == (404, "not-found", "unknown_patient")
    from hospital.care.models import Patient
    Patient.objects.filter(pk=99_999).delete()
    answer = web.operate("hold", appointment_reference=f"Appointment/{proposal['id']}", patient_reference=gone)
    assert answer.refusal == (404, "not-found", "unknown_patient")


def test_a_proposal_of_what_is_not_there_any_more(hospital: Hospital, web: Speaker) -> None:
    session, draft = hospital.session(places=1), hospital.session(hospital.skin, places=1)
    proposals = web.find().matches
    session.slots.all().delete()
    type(draft).objects.filter(pk=draft.pk).update(state="draft")
    person = hospital.patient()
    assert {web.hold(one, person).refusal for one in proposals} == {(404, "not-found", "unknown_segment")}


# The same rules.


def test_who_was_referred_finds_their_share(hospital: Hospital, web: Speaker) -> None:
    from hospital.outpatient import referral

    ours, theirs = hospital.session(places=1, minutes=60), hospital.session(hospital.skin, places=1, minutes=60)
    for session in (ours, theirs):
        session.slots.update(share="community")
    person = hospital.patient()
    referral.refer(person, hospital.heart, "青禾社区卫生站", ours.day, ours.day, "测试员")
    assert web.find().matches == [] and web.find(patient_reference=ref(hospital.patient())).matches == []
    found = web.find(patient_reference=ref(person)).only
    assert web.book(web.hold(found, person).only).only["status"] == "booked"


def test_a_slot_that_is_kept_for_others_is_not_said_to_be_free(hospital: Hospital, web: Speaker) -> None:
    session = hospital.session(places=4, minutes=60)
    for number, share in enumerate(("community", "web", "offer"), start=1):
        session.slots.filter(number=number).update(share=share)
    path = f"Slot?schedule={ref(session)}"
    assert [one["status"] for one in web.get(path).matches] == ["busy-unavailable", "free", "busy-unavailable", "free"]
    assert web.get(f"{path}&status=free").body["total"] == web.get(f"{path}&status=busy-unavailable").body["total"] == 2
    phone = Speaker(callers.register("phone", BOOKING, "phone"))
    assert phone.get(f"{path}&status=free").body["total"] == 1
