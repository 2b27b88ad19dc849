"""Booking success, no-shows, failures and places left: counted by hand here, and compared; as table, picture and CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from django.db import transaction
from django.test import Client

from hospital.care import booking
from hospital.care.models import Appointment, Hold
from hospital.console import figures, pictures
from hospital.kiosk import tokens
from hospital.kiosk.models import Fact
from hospital.kiosk.models import Kiosk as Machine
from hospital.money.models import MachineObligation
from hospital.outpatient import noshows
from hospital.outpatient.models import DepartmentRule, Miss
from hospital.registrar import rights
from hospital.registrar.rights import Role
from hospital.tending import tend
from hospital_fixtures import MORNING, Clock, Hospital, Kiosk, segment

TODAY = MORNING.date()


@pytest.fixture
def office(hospital: Hospital) -> Client:
    client = Client()
    client.force_login(rights.make_staff("office", "a long password", Role.OFFICE))
    return client


def a_day(hospital: Hospital, time: Clock) -> None:
    """Heart: 4 places; two booked (one comes, one does not), one person gives up. Skin: one booked and given back."""
    heart = hospital.session(hospital.heart, practitioner=hospital.doctor, kind="expert")
    skin = hospital.session(hospital.skin)
    first, second = Kiosk("K1"), Kiosk("K2")
    comes, misses, gives_up, gives_back = (hospital.patient() for _ in range(4))
    for machine, person, schedule in ((first, comes, heart), (second, misses, heart), (first, gives_back, skin)):
        assert machine.confirm(machine.hold(person, segment(schedule)).body["id"]).status == 200
    for _ in range(2):      # tries twice, which is one failure
        assert second.hold(gives_up, segment(heart, 1)).status == 200
        time.go(minutes=4)
    assert second.hold(comes, segment(skin)).status == 200      # and another who booked elsewhere gives up here
    time.go(minutes=4)
    booking.cancel(Appointment.objects.get(patient=gives_back))
    Appointment.objects.filter(patient=comes).update(state="fulfilled")
    Appointment.objects.filter(patient=misses).update(channel="app", state="noshow")
    time.go(hours=5, minutes=30)        # 14:42: the first segments are over, the second are not


def counted(row: figures.Row) -> tuple[object, ...]:
    return row.label.zh, row.booked, row.lost, row.cancelled, row.due, row.missed, row.places, row.left


def test_what_is_counted(hospital: Hospital, time: Clock) -> None:
    a_day(hospital, time)

    def by(what: str) -> list[tuple[object, ...]]:
        return [counted(row) for row in figures.rows(TODAY, TODAY, what)]

    assert by("hospital") == [("全院", 3, 2, 1, 2, 1, 8, 4)]
    assert by("day") == [("2026-11-20", 3, 2, 1, 2, 1, 8, 4)]
    assert by("month") == [("2026-11", 3, 2, 1, 2, 1, 8, 4)]
    assert by("hour") == [("14:00", 3, 2, 1, 2, 1, 8, 4)]
    assert by("department") == [("心血管内科", 2, 1, 0, 2, 1, 4, 2), ("皮肤科", 1, 1, 1, 0, 0, 4, 2)]
    assert by("doctor") == [("陈试", 2, 1, 0, 2, 1, 4, 2), ("普通门诊", 1, 1, 1, 0, 0, 4, 2)]
    assert by("channel") == [("自助机", 2, 2, 1, 1, 0, None, None), ("手机应用", 1, 0, 0, 1, 1, None, None)]
    whole = figures.rows(TODAY, TODAY, "hospital")[0]
    assert (whole.success, whole.failure, whole.no_show) == (60.0, 40.0, 50.0)
    tomorrow = TODAY + dt.timedelta(days=1)
    assert figures.rows(tomorrow, tomorrow, "department") == []


def test_who_may_still_come_and_who_was_forgiven_has_not_missed(hospital: Hospital, time: Clock) -> None:
    def due() -> tuple[int, int]:
        row = figures.rows(TODAY, TODAY, "hospital")[0]
        return row.due, row.missed
    DepartmentRule.objects.create(department=hospital.heart, check_in=True)
    person = hospital.patient()
    for department in (hospital.heart, hospital.skin):
        with transaction.atomic():
            booking.confirm(booking.hold(person.pk, segment(hospital.session(department)), "K1"))
    time.go(hours=9)
    assert due() == (0, 0), "late is not missed, while the day lasts"
    time.go(days=1)
    assert tend().no_shows == 1 and due() == (1, 1), "and where nobody checks in, nothing is known"
    noshows.forgive(Miss.objects.get(), "office", "下雪")
    assert due() == (1, 0)


def test_a_number_still_held_is_no_failure_yet(hospital: Hospital, kiosk: Kiosk) -> None:
    kiosk.hold(hospital.patient(), segment(hospital.session()))
    row = figures.rows(TODAY, TODAY, "hospital")[0]
    assert (row.wanted, row.success, row.places, row.left) == (0, None, 4, 3)
    assert Hold.objects.count() == 1


def test_the_page_its_pictures_and_its_csv_say_the_same(hospital: Hospital, time: Clock, office: Client) -> None:
    a_day(hospital, time)
    words = {"first": "2026-11-20", "last": "2026-11-20", "by": "department"}
    shown = office.get("/console/statistics", words).content.decode()
    assert "60.0%" in shown and "50.0%" in shown
    assert len(re.findall(r"<svg ", shown)) == 4 and "<title>预约成功率</title>" in shown
    answer = office.get("/console/statistics.csv", words)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="booking-department-2026-11-20-2026-11-20.csv"'
    sheet = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sheet[0][:5] == ["科室", "应约", "已约", "成功率%", "失败"]
    assert [line[:5] for line in sheet[1:]] == [["心血管内科", "3", "2", "66.67", "1"], ["皮肤科", "2", "1", "50", "1"]]
    for line in sheet[1:]:
        for cell in filter(None, line):
            assert cell in shown


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_days_that_make_no_sense_do_no_harm(hospital: Hospital, office: Client) -> None:
    for words in ({"first": "x"}, {"first": "9999-12-31"}, {"first": "2026-11-20", "last": "2001-01-01"},
                  {"first": "2000-01-01", "last": "2099-12-31", "by": "nothing"}):
        assert office.get("/console/statistics", words).status_code == 200, words


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_cell_is_no_formula(hospital: Hospital, office: Client) -> None:
    hospital.session(hospital.department("EVIL", "=1+1"))
    sheet = office.get("/console/statistics.csv?by=department&first=2026-11-20&last=2026-11-20").content.decode()
    assert "'=1+1" in sheet


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = pictures.bars("x", [("a", 50, 0), ("b", 100, 25)], "%")
    assert [(bar.width, bar.inside, bar.text) for bar in drawn.bars] == [(235, 0, "50%"), (470, 117.5, "100%")]
    assert pictures.bars("x", [("a", 83, 0)]).ticks[-1][1] == "200", "a round end of the scale"
    assert pictures.bars("x", []).bars == []


def news(kiosk: str, at: int, kind: str, **data: str) -> None:
    Fact.objects.create(kiosk=Machine.objects.get(name=kiosk), number=at, at=MORNING - dt.timedelta(minutes=60 - at),
                        kind=kind, data=data)


def test_kiosks_at_a_glance(hospital: Hospital, time: Clock, office: Client) -> None:
    for name in ("well", "faulty", "silent", "empty", "off", "gone"):
        Kiosk(name)
        Machine.objects.filter(name=name).update(seen_at=time.now(), active=name not in ("off", "gone"))
    Machine.objects.filter(name="silent").update(seen_at=time.now() - dt.timedelta(minutes=4))
    tokens.recognise(tokens.register("well"), "hospital-kiosk/0.1.0")
    news("well", 1, "fails", what="idcard")
    news("well", 2, "works", what="idcard")
    news("well", 3, "refused", request="Print", reason="paper_out")
    news("well", 4, "counted", what="roll")
    news("well", 5, "visit", journey="register")
    news("faulty", 1, "works", what="printer")
    news("faulty", 2, "fails", what="printer")
    news("empty", 1, "refused", request="Print", reason="paper_out")
    MachineObligation.objects.create(kiosk="empty", kind="held", no="A1", since=time.now(), what="未放行", next="工作人员查看",
                                     person=True)
    MachineObligation.objects.create(kiosk="off", kind="news", no="A2", since=time.now(), what="未送达", next="等待",
                                     person=False)
    shown = office.get("/console/kiosks").content.decode()
    rows = {re.findall(r'row">(\w+)', row)[0]: re.sub(r"<[^>]+>|\s+", " ", row)
            for row in shown.split("<tbody>")[1].split("</tr>")[:-1]}
    assert list(rows) == ["empty", "faulty", "silent", "well", "off"], "alarms first; switched off, and not settled yet"
    assert re.search("已停用：\\s*gone", shown), "who is gone is named, and no more"
    assert "正常" in rows["well"] and "挂号 11-20 08:05" in rows["well"] and "缺纸" not in rows["well"].replace(
        "未报缺纸", "")
    assert "有故障" in rows["faulty"] and "凭条打印机" in rows["faulty"] and "失联" in rows["silent"] and "停用" in rows["off"]
    assert "缺纸" in rows["empty"].replace("未报缺纸", "") and "待人工" in rows["empty"]
    assert "0.1.0" in rows["well"] and "—" in rows["empty"], "the version of its program, where it has told it"
    part = office.get("/console/kiosks", headers={"X-By-Itself": "1"}).content.decode()
    assert "<html" not in part and "faulty" in part
