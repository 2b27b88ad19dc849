"""What the FHIR door tells, to whom, and how it says no."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fhir_client import BOOKING, FHIR, Speaker, ref, said, valid
from hospital.care.models import Slot
from hospital.fhir import callers, ids
from hospital.fhir.models import Claim, System
from hospital_fixtures import Clock, Hospital, Kiosk

NS = "https://hospital-kiosk.example/fhir"


@pytest.fixture
def web(hospital: Hospital) -> Speaker:
    return Speaker.system()


def test_the_capability_statement_says_what_there_is(hospital: Hospital) -> None:
    told = valid(json.loads(Client().get(f"{FHIR}/metadata").content))
    assert told["fhirVersion"] == "4.0.1"
    assert [one["type"] for one in told["rest"][0]["resource"]] == [
        "Organization", "Location", "HealthcareService", "Practitioner", "Schedule", "Slot", "Patient", "Appointment"]
    operations = [one["name"] for one in told["rest"][0]["resource"][-1]["operation"]]
    assert operations == ["find", "hold", "book"]


def test_every_type_is_read_as_it_is_found(hospital: Hospital, web: Speaker) -> None:
    hospital.session(kind="expert", practitioner=hospital.doctor, fee=5000)
    person = hospital.patient(english_name="CE SHI", visit_card="V000000000009", born="1990-01-01")
    web.hold(web.find().matches[0], person)
    for kind in ("Organization", "Location", "HealthcareService", "Practitioner", "Schedule", "Slot"):
        found = web.get(kind)
        assert found.body["total"] >= 1
        for one in found.matches:
            read = web.get(f"{kind}/{one['id']}").body
            read.pop("extension", None), one.pop("extension", None)
            assert read == one
    read = web.get(ref(person)).body
    assert read["identifier"][2] == {"use": "secondary", "system": f"{NS}/visit-card", "value": "V000000000009"}


def test_a_roster_is_searched(hospital: Hospital, web: Speaker) -> None:
    today = hospital.session(kind="expert", practitioner=hospital.doctor, fee=5000)
    hospital.session(hospital.skin, days=1, state="stopped")
    hospital.session(hospital.skin, days=2, state="draft")
    assert web.get("Schedule").body["total"] == 2
    mine = web.get(f"Schedule?actor={ref(hospital.doctor)}").only
    assert said(mine, "fee") == {"value": 50.0, "currency": "CNY"} and said(mine, "half-day") == "pm"
    assert web.get("Schedule?active=false").only["active"] is False
    assert web.get(f"Schedule?specialty={NS}/department|DERM").body["total"] == 1
    for asked, count in (("2026-11-20", 1), ("ge2026-11-21", 1), ("lt2026-11-21", 1), ("gt2026-11-21", 0),
                         ("le2026-11-20T14:00:00%2B08:00", 1), ("eb2026-11-20", 0), ("sa2026-11-20", 1)):
        assert web.get(f"Schedule?date={asked}").body["total"] == count, asked
    slots = web.get(f"Slot?schedule={ref(today)}&status=free&start=ge2026-11-20T14:30:00%2B08:00")
    assert [said(one, "queue-number") for one in slots.matches] == [3, 4]


def test_a_slot_is_free_held_booked_or_out_of_use(hospital: Hospital, web: Speaker, time: Clock) -> None:
    session = hospital.session(places=1)
    first, second = web.find().matches
    held = web.hold(first, hospital.patient()).only

    def statuses() -> list[str]:
        found = [one["status"] for one in web.get(f"Slot?schedule={ref(session)}").matches]
        for status in set(found):
            assert web.get(f"Slot?schedule={ref(session)}&status={status}").body["total"] == found.count(status)
        return found
    assert statuses() == ["busy-tentative", "free"]
    web.book(held)
    assert statuses() == ["busy", "free"]
    session.state = "stopped"
    session.save()
    assert statuses() == ["busy", "busy-unavailable"]
    assert second and Slot.objects.count() == 2


def test_departments_say_what_is_left_today(hospital: Hospital, web: Speaker) -> None:
    hospital.session(fee=1000, places=3)
    heart, skin = web.get("HealthcareService?active=true").matches
    assert heart["name"] == "心血管内科" and heart["_name"]["extension"][0]["extension"][1]["valueString"] == "Card"
    assert {one["url"]: list(one.values())[1] for one in said(heart, "today")} == {
        "general": 6, "named": 0, "open": True, "fee-from": {"value": 10.0, "currency": "CNY"}}
    assert said(heart, "key-department") is True and said(skin, "key-department") is False
    assert web.get(f"HealthcareService?identifier={NS}/department|DERM").only["name"] == "皮肤科"


def test_long_lists_come_in_pages(hospital: Hospital, web: Speaker) -> None:
    hospital.session(hours=4, places=4)
    page, seen, path = 0, [], "Slot?_count=10"
    while path:
        found = web.get(path)
        assert found.body["total"] == 32
        seen += [one["id"] for one in found.matches]
        after = [one["url"] for one in found.body["link"] if one["relation"] == "next"]
        path, page = after[0].partition("/fhir/R4/")[2] if after else "", page + 1
    assert page == 4 and len(set(seen)) == 32
    assert web.get("Slot?_count=0").body.get("entry") is None
    assert web.get("Slot?_count=x").refusal == (400, "value", "value")


def test_appointments_are_searched(hospital: Hospital, web: Speaker, time: Clock) -> None:
    hospital.session(kind="expert", practitioner=hospital.doctor)
    one, other = hospital.patient(), hospital.patient()
    first, second = web.find().matches
    booked = web.book(web.hold(first, one).only).only
    held = web.hold(second, other).only
    every = {booked["id"], held["id"]}
    for asked, wanted in (("", every), (f"patient={ref(one)}", {booked["id"]}), ("status=pending", {held["id"]}),
                          ("status=booked,pending", every), ("status=cancelled", set()), ("date=2026-11-20", every),
                          (f"practitioner={ref(hospital.doctor)}", every), ("date=lt2026-11-20", set()),
                          (f"identifier={booked['identifier'][0]['value']}", {booked["id"]}),
                          (f"_id={held['id']}", {held["id"]}), (f"specialty={NS}/department|DERM", set())):
        found = web.get(f"Appointment?{asked}")
        assert {match["id"] for match in found.matches} == wanted and found.body["total"] == len(wanted), asked
    assert web.get("Appointment?status=maybe").refusal == (400, "value", "value")


# To whom.


def test_nothing_without_a_token_but_what_there_is(hospital: Hospital) -> None:
    for path in ("Slot", "Slot/1", "Patient/1", "Appointment?patient=1"):
        answer = Client(headers={"Authorization": "Bearer guess"}).get(f"{FHIR}/{path}")
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer", path
        assert valid(answer.json())["issue"][0]["code"] == "login"


@pytest.mark.parametrize(("scopes", "may"), [
    (callers.ROSTER, {"Slot"}), ("system/*.rs", {"Slot", "Patient", "Appointment", "$find"}),
    ("system/Appointment.r system/Patient.r", set()), ("system/Slot.s", {"Slot", "$find"}),
    ("system/Appointment.cu system/Slot.s", {"Slot", "$find", "$hold", "$book"})])
def test_a_system_may_what_its_scopes_say(hospital: Hospital, scopes: str, may: set[str]) -> None:
    some = Speaker.system("some", scopes)
    asked = {"Slot": some.get("Slot"), "Appointment": some.get("Appointment"),
             "Patient": some.look_for("Patient", identifier=f"{NS}/record-no|1"),
             **{f"${name}": some.operate(name, start="2026-11-20", end="2026-11-20") for name in ("find", "hold", "book")}}
    for what, answer in asked.items():
        allowed = what in may or what == "$find" and "Slot" in may
        assert (answer.status != 403) == allowed, f"{what}: {answer}"


def test_a_token_that_was_taken_away_opens_nothing(hospital: Hospital) -> None:
    web = Speaker.system()
    assert web.get("Slot").status == 200 and System.objects.get().seen_at is not None
    System.objects.update(active=False)
    assert web.get("Slot").refusal == (401, "login", "unauthorized")
    again = Speaker.system(scopes=callers.ROSTER)
    assert again.get("Slot").status == 200 and System.objects.count() == 1 and web.get("Slot").status == 401


def test_the_token_of_a_system_is_none_of_a_kiosk(hospital: Hospital) -> None:
    token = callers.register("web", BOOKING)
    assert Client(headers={"Authorization": f"Bearer {token}"}).get("/api/kiosk/v1/hello").status_code == 401


@pytest.mark.parametrize(("name", "scopes"), [("a b", callers.ROSTER), ("", callers.ROSTER), ("x", "system/Slot"),
                                              ("x", "patient/Slot.rs"), ("x", "system/Slot.")])
def test_names_and_scopes_that_cannot_be(hospital: Hospital, name: str, scopes: str) -> None:
    with pytest.raises(ValueError):
        callers.register(name, scopes)


def test_a_kiosk_sees_whoever_is_there_and_the_end_of_their_numbers(hospital: Hospital, kiosk: Kiosk) -> None:
    machine, person = Speaker.kiosk(kiosk), hospital.patient()
    assert machine.get(ref(person)).refusal == (404, "not-found", "unknown_patient")
    assert machine.get(f"Appointment?patient={ref(person)}").refusal[0] == 404
    assert machine.get("Appointment").refusal == (400, "required", "required")
    assert machine.look_for("Patient", identifier=f"{NS}/kiosk-number|{person.pk}").matches == []
    found = machine.look_for("Patient", identifier=f"{NS}/id-number|{person.id_number}").only
    assert person.id_number not in json.dumps(found) and person.phone not in json.dumps(found)
    assert found["identifier"][1]["_value"]["extension"][1]["valueString"].endswith(person.id_number[-4:])
    assert found["identifier"][-1] == {"system": f"{NS}/kiosk-number", "value": str(person.pk)}
    assert machine.get(ref(person)).body == found
    assert machine.look_for("Patient", identifier=f"{NS}/kiosk-number|{person.pk}").only == found
    wrong = machine.look_for("Patient", identifier=f"{NS}/id-number|{person.id_number}", name="别人")
    assert wrong.refusal == (409, "conflict", "name_mismatch")


def test_a_kiosk_cannot_leaf_through_the_town(hospital: Hospital, kiosk: Kiosk, settings_of: Any) -> None:
    settings_of(FINDS_A_MINUTE=2)
    machine = Speaker.kiosk(kiosk)
    answers = [machine.look_for("Patient", identifier=f"{NS}/visit-card|V{at}") for at in range(3)]
    assert [one.status for one in answers] == [200, 200, 429] and answers[2].headers["Retry-After"] == "60"


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    from django.conf import settings

    def change(**words: Any) -> None:
        for word, value in words.items():
            monkeypatch.setattr(settings, word, value)
    return change


def test_kiosk_numbers_are_told_to_kiosks_only(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    person = hospital.patient()
    web.book(web.hold(web.find().matches[0], person).only)
    told = [web.get(ref(person)).body, web.get("Appointment").body, web.get("HealthcareService").body, web.find().body]
    assert "kiosk-number" not in json.dumps(told)


def test_people_are_not_looked_for_by_an_address(hospital: Hospital, web: Speaker) -> None:
    assert web.get(f"Patient?identifier={NS}/id-number|1").refusal == (400, "not-supported", "not_supported")


def test_ids_tell_nothing(hospital: Hospital) -> None:
    sealed = [ids.seal("P", number) for number in range(1, 50)]
    assert len(set(sealed)) == 49 and all(len(one) == 32 for one in sealed)
    assert [ids.number("P", one) for one in sealed] == list(range(1, 50))
    assert all(ids.number("S", one) is None for one in sealed)
    assert ids.number("P", "f" * 32) is None and ids.number("P", "x") is None and ids.number("P", "g" * 32) is None
    assert ids.unseal("F", ids.seal("F", 7, 840, 3)) == (7, 840, 3)


# How it says no.


@pytest.mark.parametrize(("path", "refusal"), [
    ("Nothing", (404, "not-found", "unknown_type")), ("Slot/1", (404, "not-found", "unknown_slot")),
    ("Appointment/" + "0" * 32, (404, "not-found", "unknown_appointment")),
    ("Appointment/6f9619ff-8b86-d011-b42d-00c04fc964ff", (404, "not-found", "unknown_appointment")),
    ("Schedule?date=yesterday", (400, "value", "value")), ("Slot?status=FREE!!", (400, "value", "value")),
    ("Schedule?date=zz2026-11-20", (400, "value", "value")), ("Slot?_format=xml", (406, "not-supported", "not_acceptable")),
    ("a/b/c", (404, "not-found", "unknown_type"))])
def test_every_no_is_an_operation_outcome(hospital: Hospital, web: Speaker, path: str,
                                          refusal: tuple[int, str, str]) -> None:
    assert web.get(path).refusal == refusal


def test_what_is_not_understood_is_said(hospital: Hospital, web: Speaker) -> None:
    assert web.post("Appointment/$hold", "{").refusal == (400, "structure", "bad_json")
    assert web.post("Appointment/$hold", "[]").refusal == (400, "structure", "bad_json")
    assert web.post("Appointment/$swap", "{}").refusal == (400, "not-supported", "not_supported")
    assert web.post("Slot/$find", "{}").refusal == (400, "not-supported", "not_supported")
    assert web.post("Slot", "{}").refusal == (405, "not-supported", "no_method")
    assert web.get("Appointment/$hold").refusal == (405, "not-supported", "no_method")
    assert web.get("Slot?colour=red").status == 200
    assert web.get("Slot?colour=red", Prefer="handling=strict").refusal == (400, "not-supported", "not_supported")
    assert web.get("Slot", Accept="application/fhir+xml").refusal == (406, "not-supported", "not_acceptable")
    assert web.operate("book").refusal == (400, "required", "required")
    hospital.session()
    proposal = web.find().matches[0]
    assert web.book(proposal).refusal == (400, "not-supported", "not_supported")


def test_nobodys_number_is_written_down(hospital: Hospital, web: Speaker, caplog: pytest.LogCaptureFixture) -> None:
    person = hospital.patient()
    with caplog.at_level(logging.INFO):
        web.look_for("Patient", identifier=f"{NS}/id-number|{person.id_number}")
        refused = web.look_for("Patient", identifier=f"{NS}/id-number|{person.id_number}", name="别人")
    assert "fhir:web" in caplog.text and person.id_number not in caplog.text + json.dumps(refused.body)


def test_answers_to_systems_are_forgotten_like_all(hospital: Hospital, web: Speaker, time: Clock) -> None:
    from hospital.tending import tend

    hospital.session()
    web.hold(web.find().matches[0], hospital.patient())
    assert Claim.objects.count() == 1
    time.go(hours=49)
    tend()
    assert Claim.objects.count() == 0


def test_finding_costs_the_same_however_many_times_there_are(hospital: Hospital, web: Speaker) -> None:
    hospital.session()
    web.find()          # the first time in a minute it is noted that the system was heard of
    with CaptureQueriesContext(connection) as few:
        web.find()
    for hour in range(8):
        hospital.session(days=1, start=8 + hour, kind="expert", practitioner=hospital.doctor)
    with CaptureQueriesContext(connection) as many:
        assert len(web.find(end="2026-11-30").matches) == 18
    assert len(many) == len(few) == 3      # one for the token, two for the times
