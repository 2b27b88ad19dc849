"""The pages people work with: the consulting room, the boards, the desks. Every act does what its verb says, is in the
trail, and nobody's whole name is where others look."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import signing
from django.db import transaction
from django.test import Client

from console_fixtures import staff
from exam_rooms import Rooms
from hospital import clock
from hospital.care.models import Patient
from hospital.examining import booking
from hospital.examining.models import Booking, Segment, Turn
from hospital.queueing import alarms, boards
from hospital.queueing.models import Room, Sitting, Ticket
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import Clock, Hospital
from queue_fixtures import Area

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)


@pytest.fixture
def area(hospital: Hospital) -> Area:
    """Expert Chen's morning, and a room to sit in."""
    Room.objects.create(code="R0", department=hospital.heart, name_zh="3 诊室", name_en="Room 3", area="2F-B")
    hospital.doctor.departments.add(hospital.heart)
    return Area(hospital, practitioner=hospital.doctor, kind="expert")


class Desk:
    """The doctor at the page."""

    def __init__(self, area: Area) -> None:
        self.client = staff(Role.DOCTOR, area.hospital.doctor)
        self.area = area
        self.status = 0

    def sit(self) -> str:
        return self._post("sit", room=Room.objects.get().pk, schedule=self.area.session.pk)

    def do(self, verb: str, **words: object) -> str:
        return self._post(verb, **words)

    def _post(self, verb: str, **words: object) -> str:
        answer = self.client.post(f"/console/room/{verb}", words, headers={"HX-Request": "true"})
        self.status = answer.status_code
        return answer.content.decode()


@pytest.fixture
def desk(area: Area) -> Desk:
    return Desk(area)


def inside() -> Ticket | None:
    return Ticket.objects.filter(state="called").first()


def test_a_morning_in_the_consulting_room(area: Area, desk: Desk) -> None:
    first, second, third = area.comes(patient=area.hospital.patient(name="测试甲")), area.comes(), area.comes()
    assert "开诊" in desk.client.get("/console/room").content.decode()
    assert "候诊 3 人" in desk.sit()
    shown = desk.do("next", current=0)
    assert inside() == first and "测试甲" in shown, "the doctor sees whom they have before them"
    assert desk.do("again").count("叫号 2 次") == 1
    assert "换了" in desk.do("next", current=0) and desk.status == 409 and inside() == first, "two touches are one call"
    desk.do("skip")
    shown = desk.do("next", current=0)
    assert inside() == second and "测试甲" not in shown and "测**" in shown, "but nobody else by their whole name"
    desk.do("recall", ticket=first.pk)
    assert inside() == first
    desk.do("results")
    assert Ticket.objects.get(pk=first.pk).comes_back
    desk.do("pause")
    assert "先继续" in desk.do("next", current=0) and inside() is None
    desk.do("resume")
    desk.do("next", current=0)
    assert inside() == third
    desk.do("rise")
    assert Sitting.objects.get().ended_at and Ticket.objects.get(pk=third.pk).state == "done"
    assert "重新开诊" in desk.do("next", current=0) and desk.status == 409


def test_every_call_is_in_the_trail_with_the_numbers_and_no_names(area: Area, desk: Desk) -> None:
    area.comes(patient=area.hospital.patient(name="测试甲"))
    desk.sit()
    desk.do("next", current=0)
    desk.do("skip")
    steps = Step.objects.order_by("pk")
    assert [step.what for step in steps] == ["开诊", "叫下一位", "过号"]
    assert steps[1].after["state"] == "called" and steps[1].thing == f"queueing.ticket {Ticket.objects.get().pk}"
    assert (steps[2].before["state"], steps[2].after["state"]) == ("called", "waiting")
    assert not [step for step in steps if "测试甲" in f"{step.label}{step.before}{step.after}"]


def test_a_referral_gives_a_place_elsewhere(area: Area, desk: Desk) -> None:
    area.comes()
    desk.sit()
    desk.do("next", current=0)
    assert "没有出诊" in desk.do("refer", department=area.hospital.skin.pk) and inside() is not None
    area.hospital.session(area.hospital.skin, start=9, hours=3)
    desk.do("refer", department=area.hospital.skin.pk)
    assert inside() is None and Ticket.objects.get(department=area.hospital.skin).standing == "referred"


def test_a_doctor_calls_from_their_own_sessions_only(area: Area, desk: Desk) -> None:
    other = area.hospital.session(area.hospital.skin, start=9)
    answer = desk.client.post("/console/room/sit", {"room": Room.objects.get().pk, "schedule": other.pk})
    assert answer.status_code == 404 and not Sitting.objects.exists()
    assert staff(Role.DOCTOR).get("/console/room").status_code == 404, "an account that is no doctor's calls nobody"


def test_a_board_needs_its_key_and_nobody_s_password(area: Area, desk: Desk) -> None:
    area.comes(patient=area.hospital.patient(name="测试甲"))
    area.comes(patient=area.hospital.patient(name="欧阳测试"))
    desk.sit()
    screen = Client()
    page = f"/console/board/{boards.key('2F-B')}"
    assert screen.get(page).status_code == 200
    first = screen.get(f"{page}/state")
    assert "准备" in first.content.decode() and "测**" in first.content.decode()
    assert screen.get(f"{page}/state", {"version": first.headers["X-Version"]}).status_code == 204
    desk.do("next", current=0)
    told = screen.get(f"{page}/state", {"version": first.headers["X-Version"]}).content.decode()
    assert "请 1 号，到3 诊室就诊。" in told and "测**" in told and 'data-times="1"' in told
    assert not [name for name in ("测试甲", "欧阳测试") if name in told]
    for forged in ("x", signing.dumps("2F-B"), boards.key("2F-B")[:-1]):
        assert screen.get(f"/console/board/{forged}").status_code == 404
        assert screen.get(f"/console/board/{forged}/state").status_code == 404
    assert screen.get("/console/boards").status_code == 302


def test_the_corridor_shows_every_department_in_one_line(area: Area, desk: Desk) -> None:
    area.comes()
    area.comes()
    desk.sit()
    told = Client().get(f"/console/board/{boards.key('')}/state").content.decode()
    row = re.sub(r"<[^>]+>|\s+", " ", told).split()
    assert row == ["心血管内科", "候诊", "2", "开放诊室", "1"]
    listed = staff(Role.OFFICE).get("/console/boards").content.decode()
    assert listed.count("/console/board/") == 2 * 3, "the corridor, the area, the department"


def test_the_office_sees_where_nobody_calls(area: Area, time: Clock) -> None:
    area.comes()
    office = staff(Role.OFFICE)
    assert "现在没有告警" in office.get("/console/alarms").content.decode()
    time.go(minutes=21)
    assert alarms.watch() == 1
    shown = office.get("/console/alarms", headers={"X-By-Itself": "1"}).content.decode()
    assert "停叫：已 21 分钟无人叫号" in shown and "陈" in shown and "<html" not in shown


@pytest.fixture
def blood(hospital: Hospital, time: Clock) -> Turn:
    """Tomorrow at eight, somebody's blood."""
    rooms = Rooms(hospital, time)
    person: Patient = rooms.patient(name="测试甲")
    with transaction.atomic():
        made = booking.book(person.pk, rooms.order(person, "CBC"), clock.at(dt.date(2026, 11, 21), 480))
    time.go(days=1)
    return made.turns.get()


def test_the_desk_s_day(blood: Turn) -> None:
    nurse = staff(Role.NURSE)
    page = f"/console/desks?station={blood.segment.station_id}"
    shown = nurse.get(page).content.decode()
    assert "已约 1 人，已到 0 人。需开 1 个窗口，现开 6 个。" in shown and "测**" in shown and "测试甲" not in shown
    part = nurse.post(f"/console/desks/turns/{blood.pk}/arrived", headers={"HX-Request": "true"}).content.decode()
    assert "已到 1 人" in part and "<html" not in part
    assert nurse.post(f"/console/desks/turns/{blood.pk}/done").headers["Location"] == f"{page}&day=2026-11-21"
    again = nurse.post(f"/console/desks/turns/{blood.pk}/missed", headers={"HX-Request": "true"})
    assert again.status_code == 409 and "状态已经改变" in again.content.decode()
    assert [(step.who, step.what, step.after.get("state")) for step in Step.objects.order_by("pk")] == [
        ("one-nurse", "已到", "arrived"), ("one-nurse", "完成", "done")]


def test_the_desk_gives_another_time_when_a_machine_may_not(blood: Turn, time: Clock) -> None:
    """It is eight, the person telephones: nine suits them better."""
    time.time = clock.at(dt.date(2026, 11, 21), 470)
    nurse, page = staff(Role.NURSE), f"/console/desks/bookings/{blood.booking_id}"
    listed = nurse.get(f"/console/desks?station={blood.segment.station_id}").content.decode()
    assert f'href="{page}"' in listed
    shown = nurse.get(page).content.decode()
    assert "测**" in shown and "测试甲" not in shown and 'value="2026-11-21T09:00"' in shown
    assert nurse.post(f"{page}/move", {"start": "2026-11-21T09:00"}).status_code == 302
    moved = Booking.objects.get()
    assert clock.local(moved.start).hour == 9 and moved.turns.get().segment.taken > 0
    assert Segment.objects.get(pk=blood.segment_id).taken == 0, "and the old place is free"
    other = nurse.get(f"{page}?day=2026-11-22").content.decode()
    assert 'value="2026-11-22T09:00"' in other and "2026-11-21T" not in other
    for wrong in ("", "x", "2026-11-21T09:01", "2026-11-21T07:00", "2027-11-21T09:00"):
        assert nurse.post(f"{page}/move", {"start": wrong}).status_code == 409
    assert nurse.post(f"{page}/cancel").status_code == 302
    assert Booking.objects.get().state == "cancelled" and "已取消" in nurse.get(page).content.decode()
    answer = nurse.post(f"{page}/cancel")
    assert answer.status_code == 409 and "已退号" in answer.content.decode()
    assert [step.what for step in Step.objects.order_by("pk")] == ["检查改期", "取消检查"]


def test_what_has_begun_stays(blood: Turn) -> None:
    nurse, page = staff(Role.NURSE), f"/console/desks/bookings/{blood.booking_id}"
    nurse.post(f"/console/desks/turns/{blood.pk}/arrived")
    shown = nurse.get(page).content.decode()
    assert "取消预约" not in shown and "改到" not in shown
    answer = nurse.post(f"{page}/cancel")
    assert answer.status_code == 409 and "已经开始" in answer.content.decode()
    assert Booking.objects.get().state == "booked"
    assert nurse.get("/console/desks/bookings/12345").status_code == 404


def test_the_windows_of_tomorrow(blood: Turn, time: Clock) -> None:
    """The evening before, by what is booked."""
    time.go(days=-1)
    nurse, station = staff(Role.NURSE), blood.segment.station_id
    assert "已约 1 人" not in nurse.get(f"/console/desks?station={station}").content.decode()
    page = f"/console/desks?station={station}&day=2026-11-21"
    assert "已约 1 人" in nurse.get(page).content.decode() and "<h1>2026-11-21" in nurse.get(page).content.decode()
    assert nurse.post(f"/console/desks/segments/{blood.segment_id}/windows", {"windows": 2}).headers["Location"] == page
    for nonsense in ("", "x", "0001-01-01", "2026-02-30"):
        assert nurse.get(f"/console/desks?station={station}&day={nonsense}").status_code == 200


def test_windows_are_opened_and_said_to_be_too_few(blood: Turn) -> None:
    nurse, segment = staff(Role.NURSE), blood.segment
    url = f"/console/desks/segments/{segment.pk}/windows"
    assert "窗口不足" in nurse.post(url, {"windows": 0}, headers={"HX-Request": "true"}).content.decode()
    assert Segment.objects.get(pk=segment.pk).windows == 0
    step = Step.objects.get()
    assert (step.before["windows"], step.after["windows"]) == (6, 0)
    for wrong in ("", "-1", "x", "41", "²"):
        assert nurse.post(url, {"windows": wrong}, headers={"HX-Request": "true"}).status_code == 422
