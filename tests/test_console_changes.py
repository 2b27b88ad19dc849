"""Stop, substitute, move at the office's page; missed visits forgiven; a return visit booked in the consulting room."""

from __future__ import annotations

import pytest
from django.test import Client

from console_fixtures import staff
from hospital.care.models import Appointment, Practitioner, Schedule
from hospital.outpatient import noshows
from hospital.outpatient.models import Change, DepartmentRule, Miss, Offer
from hospital.queueing import calling
from hospital.queueing.models import Room
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital.tending import tend
from hospital_fixtures import Clock, Hospital, segment
from queue_fixtures import Area

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


@pytest.fixture
def office(hospital: Hospital) -> Client:
    return staff(Role.OFFICE)


@pytest.fixture
def area(hospital: Hospital) -> Area:
    """Expert Chen the day after tomorrow, booked by one."""
    hospital.doctor.departments.add(hospital.heart)
    made = Area(hospital, practitioner=hospital.doctor, kind="expert", days=2)
    made.booking(patient=hospital.patient(name="测试甲", phone="19900001234"))
    return made


def url(area: Area, verb: str = "") -> str:
    return f"/console/changes/sessions/{area.session.pk}" + (f"/{verb}" if verb else "")


def test_who_is_affected_is_seen_before_anything_is_done(area: Area, office: Client) -> None:
    listed = office.get("/console/changes").content.decode()
    assert url(area) in listed and "1 / 160" in listed
    assert url(area) in office.get(f"/console/changes?department={area.session.department_id}").content.decode()
    elsewhere = office.get(f"/console/changes?department={area.hospital.skin.pk}").content.decode()
    assert url(area) not in elsewhere and "没有开放的出诊" in elsewhere
    for nonsense in ("0", "x", "9" * 30):
        assert url(area) in office.get(f"/console/changes?department={nonsense}").content.decode()
    shown = office.get(url(area)).content.decode()
    assert "受影响的患者 1 人" in shown and "测**" in shown and "测试甲" not in shown
    assert "/stop" in shown and "/stop" not in staff(Role.REGISTRAR).get(url(area)).content.decode(), "who may only look"


def test_a_stopped_session_with_its_reason(area: Area, office: Client) -> None:
    assert office.post(url(area, "stop"), {"why": " "}).status_code == 422 and not Change.objects.exists()
    answer = office.post(url(area, "stop"), {"why": "医生生病"})
    change = Change.objects.get()
    assert answer.headers["Location"] == f"/console/changes/{change.pk}"
    assert (change.kind, change.by, change.why) == ("stop", "one-office", "医生生病")
    assert Schedule.objects.get(pk=area.session.pk).state == "stopped"
    tend()
    assert Appointment.objects.get().state == "cancelled"
    assert "已退号" in office.get(f"/console/changes/{change.pk}").content.decode()
    step = Step.objects.get()
    assert (step.what, step.before, step.after) == ("停诊：医生生病", {"state": "open"}, {"state": "stopped"})
    assert office.post(url(area, "stop"), {"why": "再来"}).status_code == 409


def test_a_substitute_is_asked_about_and_answers_by_telephone_are_taken(area: Area, office: Client,
                                                                        hospital: Hospital) -> None:
    other = Practitioner.objects.create(code="D2", name_zh="林试", name_en="Lin Shi", title="chief")
    other.departments.add(hospital.heart)
    lower = Practitioner.objects.create(code="D3", name_zh="方试", name_en="Fang Shi", title="attending")
    shown = office.get(url(area)).content.decode()
    assert "林试" in shown and "方试" not in shown
    assert "职称须相同" in office.post(url(area, "substitute"), {"why": "进修", "doctor": lower.pk}).content.decode()
    page = office.post(url(area, "substitute"), {"why": "进修", "doctor": other.pk}).headers["Location"]
    assert "待答复" in office.get(page).content.decode()
    assert "19900001234" not in office.get(page).content.decode()
    whole = office.post(f"{page}/contacts").content.decode()
    assert "19900001234" in whole and "测试甲" in whole
    assert Step.objects.first().what == "查看受影响患者的联系方式", "and that it was looked at is known"
    assert office.post(f"/console/changes/offers/{Offer.objects.get().pk}/yes").status_code == 302
    assert Offer.objects.get().state == "accepted"
    assert office.post(f"/console/changes/offers/{Offer.objects.get().pk}/no").status_code == 409


def test_a_session_is_moved_to_the_doctors_next(area: Area, office: Client, hospital: Hospital) -> None:
    later = hospital.session(practitioner=hospital.doctor, kind="expert", days=3, start=9)
    page = office.post(url(area, "move"), {"why": "会议", "to": later.pk}).headers["Location"]
    assert Schedule.objects.get(pk=area.session.pk).state == "moved" and "待答复" in office.get(page).content.decode()
    assert office.post(url(area, "move"), {"why": "会议", "to": 0}).status_code == 409


def test_a_missed_visit_is_forgiven_with_a_reason(hospital: Hospital, office: Client, time: Clock) -> None:
    DepartmentRule.objects.create(department=hospital.heart, check_in=True)
    area = Area(hospital)
    area.booking(patient=hospital.patient(name="测试甲", no_shows=2))
    time.go(days=1)
    office = staff(Role.OFFICE)
    assert noshows.count() == 1
    shown = office.get("/console/noshows").content.decode()
    assert "测**" in shown and "名单内" in shown and "测试甲" not in shown
    forgive = f"/console/noshows/{Miss.objects.get().pk}/forgive"
    assert office.post(forgive).status_code == 422
    assert office.post(forgive, {"why": "医院停电"}).status_code == 302
    assert Miss.objects.get().forgiven_by == "one-office" and "没有爽约" in office.get("/console/noshows").content.decode()
    assert Step.objects.get().after["why"] == "医院停电"


def test_the_doctor_books_the_next_visit(hospital: Hospital) -> None:
    hospital.doctor.departments.add(hospital.heart)
    area = Area(hospital, practitioner=hospital.doctor, kind="expert")
    room = Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3")
    calling.sit(hospital.doctor, room, area.session)
    doctor = staff(Role.DOCTOR, hospital.doctor)
    next_week = hospital.session(practitioner=hospital.doctor, kind="expert", days=7, start=9)
    words = {"segment": segment(next_week)}
    assert doctor.post("/console/room/return", words).status_code == 409, "nobody is in the room"
    person = area.comes().patient
    calling.call_next(hospital.doctor, room)
    assert segment(next_week) in doctor.get("/console/room").content.decode()
    assert doctor.post("/console/room/return", words).status_code == 302
    booked = Appointment.objects.get(slot__schedule=next_week)
    assert (booked.patient, booked.channel) == (person, "consulting")
    assert Step.objects.get().what == "诊间预约"
    again = doctor.post("/console/room/return", words)
    assert again.status_code == 409 and "已有该科预约" in again.content.decode()
