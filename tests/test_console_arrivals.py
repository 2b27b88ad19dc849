"""签到台: who cannot use a machine gets the same place in line at a desk, and nobody else's name is seen there."""

from __future__ import annotations

import pytest
from django.test import Client

from console_fixtures import staff
from hospital.care.models import Appointment
from hospital.outpatient import registering
from hospital.queueing import calling
from hospital.queueing.models import Room, Ticket
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import Clock, Hospital, segment
from queue_fixtures import Area

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


@pytest.fixture
def area(hospital: Hospital) -> Area:
    return Area(hospital, practitioner=hospital.doctor, kind="expert")


class Desk:
    """A nurse at the page."""

    def __init__(self) -> None:
        self.client: Client = staff(Role.NURSE)
        self.status = 0

    def find(self, said: str) -> str:
        return self.post("find", said=said)

    def post(self, where: str, **words: str) -> str:
        answer = self.client.post(f"/console/arrivals/{where}", words, headers={"HX-Request": "true"})
        self.status = answer.status_code
        return answer.content.decode()


@pytest.fixture
def desk(hospital: Hospital) -> Desk:
    return Desk()


def test_somebody_without_a_machine_is_checked_in(area: Area, desk: Desk) -> None:
    person = area.hospital.patient(name="测试甲", visit_card="C0001")
    booked = area.booking(patient=person)
    for said in (booked.code, booked.code.lower(), person.record_no, "C0001", f"  {person.id_number}\n"):
        shown = desk.find(said)
        assert desk.status == 200 and "测**" in shown and "测试甲" not in shown and person.id_number not in shown, said
    shown = desk.post(f"{booked.pk}/check-in")
    ticket = Ticket.objects.get()
    assert (ticket.appointment, ticket.state, ticket.standing) == (booked, "waiting", "booked")
    assert f'<p class="bignumber">{ticket.number}</p>' in shown and "前面 0 人" in shown
    desk.post(f"{booked.pk}/check-in")
    assert desk.status == 200 and Ticket.objects.count() == 1, "twice is once"
    assert [step.what for step in Step.objects.order_by("pk")][0] == "签到"


def test_after_a_missed_call_they_are_put_back(area: Area, desk: Desk) -> None:
    hospital = area.hospital
    room = Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3")
    ticket = area.comes()
    calling.sit(hospital.doctor, room, area.session)
    for _ in range(2):
        calling.call_next(hospital.doctor, room)
        calling.skip(hospital.doctor, room)
    assert Ticket.objects.get().state == "missed"
    assert "重新排队" in desk.find(ticket.patient.record_no)
    desk.post(f"tickets/{ticket.pk}/rejoin")
    assert Ticket.objects.get().state == "waiting"


def test_what_is_in_the_way_is_said(area: Area, desk: Desk, time: Clock) -> None:
    booked = area.booking(at=3)
    assert "还不到签到时间" in desk.find(booked.code) and "起。" in desk.find(booked.code)
    assert "还不到签到时间" in desk.post(f"{booked.pk}/check-in") and desk.status == 409 and not Ticket.objects.exists()
    tomorrow = area.hospital.session(area.hospital.skin, days=1)
    other = registering.return_visit(area.hospital.patient().pk, segment(tomorrow), "R1")
    assert "今天没有预约" in desk.find(other.code)
    assert "不是今天的预约" in desk.post(f"{other.pk}/check-in") and desk.status == 409


def test_a_fee_that_is_due_comes_first(hospital: Hospital, desk: Desk) -> None:
    session = hospital.session(fee=2500, start=9)
    booked = registering.return_visit(hospital.patient().pk, segment(session), "R1")
    assert "挂号费未交" in desk.find(booked.code) and "check-in" not in desk.find(booked.code)
    desk.post(f"{booked.pk}/check-in")
    assert desk.status == 409 and not Ticket.objects.exists() and Appointment.objects.get().state == "booked"


def test_who_is_not_found_is_nobody(area: Area, desk: Desk) -> None:
    area.booking()
    for said in ("", " ", "999", "%", "测试", "A" * 500, "\0", "' OR 1=1 --"):
        shown = desk.find(said)
        assert desk.status == 422 and "没有找到" in shown and "测**" not in shown, said
    desk.post("12345/check-in")
    assert desk.status == 404


def test_the_page_in_english_and_without_scripts(area: Area) -> None:
    client = staff(Role.REGISTRAR)
    client.post("/console/language", {"language": "en", "next": "/console/"})
    booked = area.booking()
    assert "Check-in desk" in client.get("/console/arrivals").content.decode()
    shown = client.post("/console/arrivals/find", {"said": booked.code}).content.decode()
    assert "<html" in shown and "Booked for today" in shown
    shown = client.post(f"/console/arrivals/{booked.pk}/check-in").content.decode()
    assert "In line" in shown and "0 ahead" in shown
