"""Holding and booking: what the hospital promises about its numbers."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from waitress.server import create_server

from hospital.care.models import Appointment, Hold, Schedule, Slot
from hospital_fixtures import API, Clock, Hospital, Kiosk, segment


def test_a_held_number_is_shown_taken_and_booked_without_payment_when_it_is_free(hospital: Hospital,
                                                                                 kiosk: Kiosk) -> None:
    person, session = hospital.patient(), hospital.session()
    held = kiosk.hold(person, segment(session))
    assert held.status == 200
    assert (held.body["number"], held.body["fee"], held.body["segment"]) == (1, 0, segment(session))
    assert kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body[0]["segments"][0]["left"] == 1

    confirmed = kiosk.confirm(held.body["id"])
    assert confirmed.status == 200 and confirmed.body["copy"] == 1
    appointment = confirmed.body["appointment"]
    assert appointment["code"] == "A2611200001" and appointment["state"] == "booked"
    assert appointment["arrive_by"] == "2026-11-20T13:55:00.000+08:00"
    assert appointment["cancellable_until"] == "2026-11-20T13:30:00.000+08:00"
    assert [one["id"] for one in kiosk.get(f"/patients/{person.pk}/appointments").body] == [appointment["id"]]


def test_nobody_is_told_to_arrive_in_the_past(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    session = hospital.session(start=9)
    time.go(minutes=20)
    appointment = kiosk.confirm(kiosk.hold(hospital.patient(), segment(session)).body["id"]).body["appointment"]
    assert appointment["start"] == "2026-11-20T09:00:00.000+08:00", "under way, and still open"
    assert appointment["arrive_by"] == appointment["booked_at"] == "2026-11-20T09:20:00.000+08:00"
    assert appointment["cancellable"] is False and kiosk.cancel(appointment["id"]).code == "not_cancellable"


def test_a_hold_ends_by_itself_and_is_free_without_a_sweeper(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    session = hospital.session(places=1)
    first = kiosk.hold(hospital.patient(), segment(session))
    second = hospital.patient()
    time.go(seconds=179)
    assert kiosk.hold(second, segment(session)).code == "slot_full"
    time.go(seconds=1)
    assert kiosk.get("/departments").body[0]["general_left_today"] == 2
    assert kiosk.hold(second, segment(session)).body["number"] == first.body["number"]
    assert kiosk.confirm(first.body["id"]).code == "hold_ended"


def test_an_ended_hold_cannot_be_confirmed_even_if_nobody_took_the_slot(hospital: Hospital, kiosk: Kiosk,
                                                                        time: Clock) -> None:
    held = kiosk.hold(hospital.patient(), segment(hospital.session()))
    time.go(seconds=181)
    assert kiosk.confirm(held.body["id"]).code == "hold_ended"


def test_releasing_is_never_an_error(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    person, session = hospital.patient(), hospital.session(places=1)
    held = kiosk.hold(person, segment(session)).body["id"]
    assert kiosk.post(f"/holds/{held}/release").body == {"state": "released"}
    assert kiosk.post(f"/holds/{held}/release").body == {"state": "ended"}

    late = kiosk.hold(person, segment(session)).body["id"]
    time.go(seconds=200)
    assert kiosk.post(f"/holds/{late}/release").body == {"state": "ended"}

    booked = kiosk.hold(person, segment(session)).body["id"]
    kiosk.confirm(booked)
    assert kiosk.post(f"/holds/{booked}/release").body == {"state": "booked"}
    assert Appointment.objects.get().state == "booked"


def test_a_released_number_of_somebody_else_is_not_released_twice(hospital: Hospital, kiosk: Kiosk,
                                                                  time: Clock) -> None:
    session = hospital.session(places=1)
    first = kiosk.hold(hospital.patient(), segment(session)).body["id"]
    time.go(seconds=181)
    second = kiosk.hold(hospital.patient(), segment(session)).body["id"]
    assert kiosk.post(f"/holds/{first}/release").body == {"state": "ended"}
    assert kiosk.confirm(second).status == 200


def test_a_person_holds_one_number_a_half_day_and_department(hospital: Hospital, kiosk: Kiosk) -> None:
    person, session = hospital.patient(), hospital.session(places=1)
    first = kiosk.hold(person, segment(session, 0)).body["id"]
    second = kiosk.hold(person, segment(session, 1))
    assert second.status == 200
    assert kiosk.hold(hospital.patient(), segment(session, 0)).status == 200, "the older hold was let go"
    assert kiosk.confirm(first).code == "hold_ended"


def test_a_live_hold_at_another_machine_is_not_taken_away(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    person, session, other = hospital.patient(), hospital.session(), Kiosk("K2")
    kiosk.hold(person, segment(session))
    refused = other.hold(person, segment(session))
    assert refused.code == "held_elsewhere"
    assert refused.body["data"]["until"] == "2026-11-20T09:03:00+08:00"
    time.go(seconds=180)
    assert other.hold(person, segment(session)).status == 200


def test_no_second_booking_for_the_same_department_day_and_half(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient()
    morning, afternoon = hospital.session(start=10), hospital.session(start=14)
    also = hospital.session(start=15, kind="expert", practitioner=hospital.doctor)
    booked = kiosk.confirm(kiosk.hold(person, segment(afternoon)).body["id"]).body["appointment"]
    refused = kiosk.hold(person, segment(also))
    assert refused.code == "already_booked" and refused.body["data"]["appointment"] == booked
    assert kiosk.hold(person, segment(morning)).status == 200


def test_at_most_three_bookings_a_day_and_live_holds_count(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient()
    sessions = [hospital.session(hospital.department(f"X{n}", f"科{n}")) for n in range(4)]
    for session in sessions[:2]:
        kiosk.confirm(kiosk.hold(person, segment(session)).body["id"])
    held = kiosk.hold(person, segment(sessions[2])).body["id"]
    assert kiosk.hold(person, segment(sessions[3])).code == "daily_limit"
    assert kiosk.confirm(held).status == 200
    tomorrow = hospital.session(days=1)
    assert kiosk.hold(person, segment(tomorrow)).status == 200


def test_refusals_of_what_cannot_be_held(hospital: Hospital, kiosk: Kiosk, time: Clock) -> None:
    person, session = hospital.patient(), hospital.session(start=10)
    name = segment(session)
    assert kiosk.hold(person, "7").code == kiosk.hold(person, f"{session.pk}-0959").code == "unknown_segment"
    assert kiosk.post("/holds", {"patient": 999999, "segment": name}).code == "unknown_patient"
    Schedule.objects.update(released_at=time.now() + (time.now() - session.released_at))
    assert kiosk.hold(person, name).code == "unknown_segment", "not released yet"
    Schedule.objects.update(released_at=time.now(), state="stopped")
    assert kiosk.hold(person, name).code == "session_stopped"
    Schedule.objects.update(state="open")
    time.go(hours=1, minutes=29)
    assert kiosk.hold(person, name).status == 200, "the segment is under way"
    time.go(minutes=1)
    assert kiosk.hold(person, name).code == "past"


def test_who_missed_three_times_registers_on_the_day_only(hospital: Hospital, kiosk: Kiosk) -> None:
    person = hospital.patient(no_shows=3)
    assert kiosk.hold(person, segment(hospital.session(days=1))).code == "blacklisted"
    assert kiosk.hold(person, segment(hospital.session())).status == 200


def test_holding_is_one_guarded_statement(hospital: Hospital, kiosk: Kiosk, books: str) -> None:
    person, name = hospital.patient(), segment(hospital.session())
    with CaptureQueriesContext(connection) as asked:
        assert kiosk.hold(person, name).status == 200
    takes = [one["sql"] for one in asked if one["sql"].startswith("UPDATE care_slot SET hold_id")]
    assert len(takes) == 1 and "WHERE id = ( SELECT id FROM care_slot" in takes[0] and "RETURNING id" in takes[0]
    assert ("FOR UPDATE SKIP LOCKED" in takes[0]) == (books == "postgresql")


def test_the_database_itself_refuses_a_number_twice(hospital: Hospital, kiosk: Kiosk) -> None:
    session = hospital.session()
    slot = session.slots.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.create(schedule=session, number=slot.number, start=slot.start, end=slot.end)
    person = hospital.patient()
    kiosk.confirm(kiosk.hold(person, segment(session)).body["id"])
    booked = Appointment.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(code="other", patient=hospital.patient(), slot=booked.slot, day=booked.day,
                                   department=booked.department, half=booked.half, fee=0, booked_at=booked.booked_at)


def test_64_people_for_10_slots_at_once_over_http(hospital: Hospital, kiosk: Kiosk) -> None:
    """Exactly ten get a number, nobody the same, on both databases and through the real server."""
    session = hospital.session(places=10, hours=1, minutes=60)
    name, people = segment(session), [hospital.patient() for _ in range(64)]
    for one in people:
        kiosk.meet(one)
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=16)
    serving = threading.Thread(target=server.run)
    serving.start()
    root, gate = f"http://127.0.0.1:{server.effective_port}{API}", threading.Barrier(64)
    headers = {"Authorization": f"Bearer {kiosk.token}"}

    def book(person: int) -> tuple[int, str]:
        gate.wait(timeout=30)
        held = requests.post(f"{root}/holds", json={"patient": person, "segment": name}, timeout=60,
                             headers={**headers, "Idempotency-Key": f"h{person}"})
        if held.status_code != 200:
            return held.status_code, held.json()["code"]
        done = requests.post(f"{root}/holds/{held.json()['id']}/confirm", json={}, timeout=60,
                             headers={**headers, "Idempotency-Key": f"c{person}"})
        return done.status_code, str(done.json()["appointment"]["number"])
    try:
        with ThreadPoolExecutor(64) as pool:
            ends = list(pool.map(book, [person.pk for person in people]))
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        serving.join(timeout=10)
    assert Counter(ends) == Counter([(200, str(number)) for number in range(1, 11)] + [(409, "slot_full")] * 54)
    assert Appointment.objects.filter(state="booked").count() == 10
    assert Hold.objects.count() == 10


def test_one_person_at_eight_machines_at_once_gets_one_number(hospital: Hospital) -> None:
    person, session = hospital.patient(), hospital.session(places=8)
    kiosks, gate, name = [Kiosk(f"K{n}") for n in range(8)], threading.Barrier(8), segment(session)

    def hold(kiosk: Kiosk) -> str:
        gate.wait(timeout=30)
        try:
            answer = kiosk.hold(person, name)
            return "held" if answer.status == 200 else answer.code
        finally:
            connections.close_all()
    with ThreadPoolExecutor(8) as pool:
        ends = Counter(pool.map(hold, kiosks))
    assert ends == {"held": 1, "held_elsewhere": 7}
    assert Slot.objects.filter(held_until__gt=hospital.time.now()).count() == 1
