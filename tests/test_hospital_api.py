"""The kiosk API as a machine sees it: what there is, who somebody is, and what it all costs in queries."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hospital.care import availability, roster
from hospital.care.models import Patient
from hospital.kiosk.models import Fact
from hospital.logs import Discreet
from hospital_fixtures import API, Clock, Hospital, Kiosk, segment

CONTRACT = {
    "/hello": "get", "/departments": "get", "/departments/{department}/sessions": "get", "/patients/find": "post",
    "/patients": "post", "/patients/{patient}/appointments": "get", "/patients/{patient}/papers": "get",
    "/patients/{patient}/notices": "get", "/notices/{notice}/seen": "post", "/holds": "post",
    "/holds/{hold}/release": "post", "/holds/{hold}/confirm": "post", "/charges": "post", "/orders": "post",
    "/orders/{no}": "get", "/obligations": "get", "/obligations/mine": "put",
    "/orders/{no}/close": "post", "/appointments/{appointment}/cancel": "post", "/papers": "post",
    "/patients/{patient}/queue": "get", "/appointments/{appointment}/checkin": "post",
    "/tickets/{ticket}/rejoin": "post",
    "/papers/outcome": "post", "/facts": "post", "/offers/{offer}/answer": "post",
    "/patients/{patient}/dependants": "get", "/departments/{department}/similar/{practitioner}": "get",
    "/patients/{patient}/examinations/{kind}": "get", "/patients/{patient}/examination-times": "get",
    "/examination-bookings": "post", "/examination-bookings/{booking}/move": "post",
    "/examination-bookings/{booking}/cancel": "post", "/examination-bookings/{booking}/slip": "post",
}


def refusals(described: dict[str, Any], path: str, method: str) -> set[str]:
    """The words a call may refuse with, as OpenAPI tells them."""
    found: set[str] = set()
    for status, answer in described["paths"][API + path][method]["responses"].items():
        if int(status) >= 400:
            name = answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            code = described["components"]["schemas"][name]["properties"]["code"]
            found |= set(code.get("enum", [code.get("const")]))
    return found


def test_openapi_describes_every_call_and_its_refusals(hospital: Hospital) -> None:
    described = json.loads(Client().get(f"{API}/openapi.json").content)
    paths = {path.removeprefix(API): next(iter(methods)) for path, methods in described["paths"].items()}
    assert paths == CONTRACT
    for path, method in CONTRACT.items():
        keyed = any(one["name"] == "Idempotency-Key" and one["required"]
                    for one in described["paths"][API + path][method].get("parameters", []))
        assert keyed == (method == "post" and path != "/patients/find"), path
        assert "unauthorized" in refusals(described, path, method)
    assert {"slot_full", "already_booked", "daily_limit", "session_stopped", "past", "unknown_segment",
            "blacklisted", "in_progress", "key_reused"} <= refusals(described, "/holds", "post")
    assert {"hold_ended", "channel_refused", "channel_away"} <= refusals(described, "/orders", "post")
    assert {"code_gone", "channel_refused"} <= refusals(described, "/charges", "post")
    assert "Payer-Code" in {one["name"] for one in described["paths"][f"{API}/charges"]["post"]["parameters"]}


KEY = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


def test_nothing_without_a_token(hospital: Hospital) -> None:
    for path, method in CONTRACT.items():
        for name in ("department", "patient", "appointment", "ticket", "booking", "practitioner"):
            path = path.replace(f"{{{name}}}", "1")
        path = path.replace("{hold}", KEY).replace("{offer}", KEY).replace("{", "").replace("}", "")
        answer = getattr(Client(headers={"Authorization": "Bearer guess"}), method)(API + path)
        assert (answer.status_code, answer.json()) == (401, {"code": "unauthorized", "data": {}}), path


def test_departments_in_order_with_what_is_left_today(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    hospital.session(hospital.skin, start=8, hours=1, fee=300)                   # over at nine
    hospital.session(hospital.skin, days=1, fee=700)
    hospital.session(start=14, fee=1000)
    hospital.session(start=15, kind="expert", practitioner=hospital.doctor, fee=5000, hours=2, places=1)
    hospital.session(start=16, state="draft", fee=1)
    hospital.session(start=17, released_at=time.now() + dt.timedelta(minutes=1), fee=1)
    hospital.session(start=18, state="stopped", fee=1)
    heart, skin = kiosk.get("/departments").body
    assert heart == {"id": hospital.heart.pk, "code": "CARD", "name": {"zh": "心血管内科", "en": "Card"},
                     "place": {"zh": "门诊楼2层", "en": "2F"}, "key": True, "general_left_today": 4,
                     "expert_left_today": 4, "fee_from": 1000, "open_today": True}
    assert (skin["general_left_today"], skin["open_today"], skin["fee_from"]) == (0, False, 300)


def test_departments_keep_the_order_the_hospital_set(hospital: Hospital, kiosk: Kiosk) -> None:
    first = hospital.department("AAA", "甲")
    hospital.skin.rank = 1
    hospital.skin.save()
    assert [one["id"] for one in kiosk.get("/departments").body] == [hospital.heart.pk, hospital.skin.pk, first.pk]


def test_sessions_from_now_on_only_released_ones(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    running = hospital.session(start=8, hours=2)
    expert = hospital.session(days=2, kind="expert", practitioner=hospital.doctor, fee=5000)
    hospital.session(start=7, hours=1)
    hospital.session(days=1, state="draft")
    hospital.session(days=3, released_at=time.now() + dt.timedelta(minutes=1))
    hospital.session(days=14)
    kiosk.hold(hospital.patient(), segment(expert))
    found = kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body
    assert [one["id"] for one in found] == [running.pk, expert.pk]
    assert [one["id"] for one in found[0]["segments"]] == [f"{running.pk}-0900", f"{running.pk}-0930"]
    assert found[1]["practitioner"] == {
        "id": hospital.doctor.pk, "name": {"zh": "陈试", "en": "Chen Shi"}, "title": "chief",
        "speciality": {"zh": "冠心病", "en": "coronary disease"}}
    assert (found[1]["left"], found[1]["fee"], found[1]["day"], found[1]["half"]) == (3, 5000, "2026-11-22", "pm")
    assert found[1]["segments"][0] == {"id": f"{expert.pk}-1400", "start": "2026-11-22T14:00:00.000+08:00",
                                       "end": "2026-11-22T14:30:00.000+08:00", "left": 1}
    assert len(kiosk.get(f"/departments/{hospital.heart.pk}/sessions?days=15").body) == 3
    assert kiosk.get("/departments/999/sessions").code == "unknown_department"
    assert kiosk.get(f"/departments/{hospital.heart.pk}/sessions?days=0").code == "bad_request"


def test_a_session_that_ends_at_midnight_can_be_booked_at_ten_to(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    session = hospital.session(start=23, hours=1)
    time.time = time.time.replace(hour=23, minute=50)
    found = kiosk.get(f"/departments/{hospital.heart.pk}/sessions?days=1").body[0]["segments"]
    assert [one["id"] for one in found] == [f"{session.pk}-2330"] and found[0]["end"].startswith("2026-11-21T00:00")
    assert kiosk.get("/departments").body[0]["open_today"] is True
    assert kiosk.hold(hospital.patient(), found[0]["id"]).status == 200


def test_lists_cost_two_and_three_queries(hospital: Hospital) -> None:
    for day in range(3):
        hospital.session(days=day, kind="expert", practitioner=hospital.doctor)
        hospital.session(hospital.skin, days=day)
    with CaptureQueriesContext(connection) as asked:
        roster.departments()
    assert len(asked) <= 2
    with CaptureQueriesContext(connection) as asked:
        assert len(availability.sessions(hospital.heart.pk, 14)) == 3
    assert len(asked) <= 3


NEW = {"id_number": "81000019000101000X", "card_kind": "hmt", "name": "测试 丙", "english_name": "TEST", "sex": "1",
       "born": "1900-01-01", "nation": "", "address": "某处", "phone": "19900001111"}


def test_a_new_file_is_opened_once(hospital: Hospital, kiosk: Kiosk) -> None:
    assert kiosk.post("/patients/find", {"id_number": NEW["id_number"]}).code == "unknown_patient"
    made = kiosk.post("/patients", NEW)
    assert made.status == 201
    assert made.body | {"id": 0} == {
        "id": 0, "record_no": "00000001", "name": "测试 丙", "sex": "male", "born": "1900-01-01", "id_last4": "000X",
        "phone_masked": "199****1111", "visit_card": None, "dependants": 0}
    again = kiosk.post("/patients", NEW | {"name": "测试丙", "phone": "19900002222", "id_number": "81000019000101000x"})
    assert again.status == 200 and again.body == made.body | {"phone_masked": "199****2222"}
    assert Patient.objects.count() == 1
    other = kiosk.post("/patients", NEW | {"name": "测试丁"})
    assert (other.status, other.code) == (409, "name_mismatch")


@pytest.mark.parametrize("word, value, code", [
    ("id_number", "810000190001010001", "bad_id_number"), ("id_number", "999999199013010018", "bad_id_number"),
    ("id_number", "12345", "bad_id_number"), ("phone", "1990000111", "bad_phone"), ("phone", "", "bad_phone"),
    ("sex", "boat", "bad_request"), ("card_kind", "library", "bad_request")])
def test_what_cannot_be_a_file(hospital: Hospital, kiosk: Kiosk, word: str, value: str, code: str) -> None:
    answer = kiosk.post("/patients", NEW | {word: value})
    assert (answer.status, answer.code) == (422, code)
    assert NEW["name"] not in answer.text and not Patient.objects.exists()


def test_finding_somebody(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient(name="欧阳·测试", english_name="OUYANG CESHI", visit_card="V1")
    number = person.id_number
    for body in ({"id_number": number}, {"id_number": number, "name": "欧阳•测试"}, {"visit_card": "V1"},
                 {"id_number": number, "name": "Ouyang Ceshi"}):
        assert kiosk.post("/patients/find", body).body["id"] == person.pk, body
    wrong = kiosk.post("/patients/find", {"id_number": number, "name": "别人"})
    assert (wrong.status, wrong.code) == (409, "name_mismatch")
    for body in ({}, {"visit_card": "V2"}, {"id_number": "1"}):
        missing = kiosk.post("/patients/find", body)
        assert (missing.status, missing.code) == (404, "unknown_patient")
    assert number not in kiosk.post("/patients/find", {"visit_card": "V1"}).text, "the kiosk needs no more than four"


def test_news_of_a_machine_reaches_the_staff(hospital: Hospital, kiosk: Kiosk) -> None:
    news = {"at": "2026-11-20T09:00:00+08:00", "kind": "paper_low", "data": {"device": "printer"}}
    assert kiosk.post("/facts", {"facts": [news]}).body == {}
    fact = Fact.objects.get()
    assert (fact.kiosk.name, fact.kind, fact.data) == ("K1", "paper_low", {"device": "printer"})


def test_log_lines_tell_nobodys_name_number_or_token(hospital: Hospital, kiosk: Kiosk,
                                                     caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        kiosk.post("/patients", NEW)
        kiosk.post("/patients", NEW | {"phone": "1"})
        kiosk.post("/patients/find", {"id_number": NEW["id_number"], "name": "别人"})
        kiosk.post("/holds", {"patient": NEW["id_number"], "segment": NEW["name"]})
    shown = "\n".join(Discreet("%(message)s").format(record) for record in caplog.records
                      if not record.name.startswith("django.db"))
    assert "POST api/kiosk/v1/patients 201" in shown
    for secret in (NEW["name"], NEW["id_number"], NEW["phone"], NEW["address"], kiosk.token):
        assert secret not in shown


def test_even_a_traceback_is_discreet() -> None:
    told = "Key (id_number)=(999999199001010016)\nDETAIL:  Failing row contains (1, 测试甲, 19900000001)"
    try:
        raise ValueError(told)
    except ValueError as error:
        trouble = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "phone %s", ("19900000001",), trouble)
    shown = Discreet("%(message)s").format(record)
    assert "999999199001010016" not in shown and "测试甲" not in shown and "19900000001" not in shown
    assert "ValueError" in shown


def test_news_told_twice_stands_once(hospital: Hospital, kiosk: Kiosk) -> None:
    first, second = ({"id": number, "at": "2026-11-20T09:00:00+08:00", "kind": "paper_low", "data": {}} for number in (1, 2))
    kiosk.post("/facts", {"facts": [first]})
    kiosk.post("/facts", {"facts": [first, second]})
    assert Fact.objects.count() == 2
    Kiosk("K2").post("/facts", {"facts": [first]})
    assert Fact.objects.count() == 3, "every machine counts for itself"
    kiosk.post("/facts", {"facts": [first | {"at": "2026-11-21T09:00:00+08:00"}]})
    assert Fact.objects.count() == 4, "a machine set up anew begins again"
    nameless = {word: first[word] for word in ("at", "kind")}
    kiosk.post("/facts", {"facts": [nameless, nameless]})
    assert Fact.objects.count() == 6, "what has no number cannot be compared"
