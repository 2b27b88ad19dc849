"""Checking in and waiting, as a machine sees it: whose affairs, what is refused, what is told."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hospital.care.models import Patient, Schedule
from hospital.queueing.models import Ticket
from hospital_fixtures import Clock, Hospital, Kiosk
from queue_fixtures import Area


@pytest.fixture
def area(hospital: Hospital) -> Area:
    return Area(hospital)


@pytest.fixture
def person(hospital: Hospital, kiosk: Kiosk) -> Patient:
    found = hospital.patient()
    kiosk.meet(found)
    return found


def test_today_at_the_kiosk(area: Area, kiosk: Kiosk, person: Patient, time: Clock) -> None:
    now = area.booking(patient=person)
    later = area.booking(patient=person, session=area.hospital.session(area.hospital.skin, start=14))
    told = kiosk.get(f"/patients/{person.pk}/queue").body
    assert [(one["appointment"]["id"], one["why"], one["opens"]) for one in told["arrivals"]] == [
        (now.pk, "", "2026-11-20T08:00:00.000+08:00"), (later.pk, "too_early", "2026-11-20T13:00:00.000+08:00")]
    assert told["places"] == []
    place = kiosk.post(f"/appointments/{now.pk}/checkin").body
    assert (place["number"], place["state"], place["ahead"], place["wait"], place["rooms"]) == (1, "waiting", 0, None, [])
    after = kiosk.get(f"/patients/{person.pk}/queue").body
    assert [one["appointment"]["id"] for one in after["arrivals"]] == [later.pk] and after["places"] == [place]


def test_the_place_says_who_calls_and_for_how_long_one_waits(area: Area, kiosk: Kiosk, person: Patient) -> None:
    doctor = area.opens()
    for _ in range(4):
        area.comes()
    place = kiosk.post(f"/appointments/{area.booking(patient=person).pk}/checkin").body
    assert place["ahead"] == 4 and 0 < place["wait"]["low"] < 28 < place["wait"]["high"]
    assert place["rooms"] == [{"zh": "1 诊室", "en": "Room 1"}]
    for _ in range(5):
        doctor.next()
    [called] = kiosk.get(f"/patients/{person.pk}/queue").body["places"]
    assert (called["state"], called["ahead"], called["wait"]) == ("called", 0, None)
    doctor.done()
    assert kiosk.get(f"/patients/{person.pk}/queue").body == {"arrivals": [], "places": []}


def test_checking_in_happens_once_under_its_key(area: Area, kiosk: Kiosk, person: Patient) -> None:
    path = f"/appointments/{area.booking(patient=person).pk}/checkin"
    first, same, again = kiosk.post(path, key="k"), kiosk.post(path, key="k"), kiosk.post(path)
    assert first.body == same.body == again.body and same.headers["Idempotent-Replay"] == "true"
    assert Ticket.objects.count() == 1


def test_refusals_say_why(area: Area, kiosk: Kiosk, person: Patient) -> None:
    early = kiosk.post(f"/appointments/{area.booking(at=3, patient=person).pk}/checkin")
    assert (early.status, early.code, early.body["data"]) == (409, "too_early", {"opens": "2026-11-20T09:30:00+08:00"})
    Schedule.objects.update(state="stopped")
    [arrival] = kiosk.get(f"/patients/{person.pk}/queue").body["arrivals"]
    assert arrival["why"] == "session_stopped"
    assert kiosk.post("/appointments/999/checkin").code == "unknown_appointment"
    assert kiosk.post("/tickets/999/rejoin").status == 404


def test_who_has_not_shown_themselves_here_is_unknown(area: Area, hospital: Hospital) -> None:
    other = Kiosk("K2")
    ticket = area.comes()
    assert other.get(f"/patients/{ticket.patient_id}/queue").code == "unknown_patient"
    assert other.post(f"/appointments/{ticket.appointment_id}/checkin").code == "unknown_appointment"
    assert other.post(f"/tickets/{ticket.pk}/rejoin").code == "unknown_ticket"


def test_missed_and_back_in_the_line(area: Area, kiosk: Kiosk, person: Patient) -> None:
    doctor = area.opens()
    place = kiosk.post(f"/appointments/{area.booking(patient=person).pk}/checkin").body
    for _ in range(2):
        doctor.next()
        doctor.skip()
    [missed] = kiosk.get(f"/patients/{person.pk}/queue").body["places"]
    assert missed["state"] == "missed"
    back = kiosk.post(f"/tickets/{place['id']}/rejoin").body
    assert (back["state"], back["number"], back["behind"]) == ("waiting", 1, 3)


def test_back_with_results(area: Area, kiosk: Kiosk, person: Patient) -> None:
    doctor = area.opens()
    place = kiosk.post(f"/appointments/{area.booking(patient=person).pk}/checkin").body
    doctor.next()
    doctor.done(comes_back=True)
    [done] = kiosk.get(f"/patients/{person.pk}/queue").body["places"]
    assert done["state"] == "done"
    back = kiosk.post(f"/tickets/{place['id']}/rejoin").body
    assert (back["state"], back["number"], back["priority"]["zh"]) == ("waiting", 1, "回诊")
    doctor.next()
    doctor.done()
    assert kiosk.post(f"/tickets/{place['id']}/rejoin").code == "session_over"


def test_checking_in_costs_as_many_questions_in_a_full_area(area: Area, kiosk: Kiosk, hospital: Hospital) -> None:
    area.opens()
    counts = []
    for _ in range(2):
        person = hospital.patient()
        kiosk.meet(person)
        booked = area.booking(patient=person)
        with CaptureQueriesContext(connection) as asked:
            assert kiosk.post(f"/appointments/{booked.pk}/checkin").status == 200
        counts.append(len(asked))
        for _ in range(20):
            area.comes(at=1)
    assert counts[1] <= counts[0] <= 40
