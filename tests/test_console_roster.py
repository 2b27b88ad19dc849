"""The office's week: moved, copied, begun, ended; drafts follow at once, what people may have booked stays; one review."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from console_fixtures import staff
from hospital import clock
from hospital.care.models import Schedule
from hospital.outpatient import rosters
from hospital.outpatient.models import Template
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import MORNING, Hospital

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)
TODAY = MORNING.date()      # a Friday


@pytest.fixture
def office(hospital: Hospital) -> Client:
    return staff(Role.OFFICE)


@pytest.fixture
def expert(hospital: Hospital) -> Template:
    """Chen, on Monday mornings from 8 to 11."""
    return Template.objects.create(department=hospital.heart, practitioner=hospital.doctor, kind="expert", weekday=0,
                                   half="am", start=480, end=660, minutes=30, places=2, fee=5000)


def place(office: Client, template: Template, weekday: int, half: str, **more: object) -> tuple[int, str]:
    answer = office.post(f"/console/roster/{template.pk}/place", {"weekday": weekday, "half": half, **more},
                         headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def sessions() -> list[tuple[int, str, str]]:
    return [(one.day.weekday(), f"{clock.local(one.start):%H:%M}", one.state)
            for one in Schedule.objects.order_by("day")[:2]]


def test_a_session_is_moved_and_its_drafts_with_it(office: Client, expert: Template) -> None:
    rosters.plan(TODAY, TODAY + dt.timedelta(days=13))
    assert sessions() == [(0, "08:00", "draft")] * 2
    status, shown = place(office, expert, 2, "pm")
    assert status == 200 and "13:30–16:30" in shown
    assert sessions() == [(2, "13:30", "draft")] * 2, "and none on Mondays"
    step = Step.objects.get()
    assert (step.what, step.before["weekday"], step.after["weekday"]) == ("移动排班", 0, 2)


def test_what_was_reviewed_stays_where_it_is(office: Client, expert: Template) -> None:
    rosters.plan(TODAY, TODAY + dt.timedelta(days=6))
    rosters.approve(list(Schedule.objects.values_list("pk", flat=True)), "office")
    place(office, expert, 2, "am")
    assert (0, "08:00", "open") in sessions() and (2, "08:00", "draft") in sessions()


def test_a_copy_leaves_the_first_where_it_is(office: Client, expert: Template) -> None:
    assert place(office, expert, 3, "am", copy="1")[0] == 200
    assert sorted(Template.objects.values_list("weekday", "half", "start", "fee")) == [
        (0, "am", 480, 5000), (3, "am", 480, 5000)]


def test_a_doctor_is_not_at_two_places_at_once(office: Client, expert: Template, hospital: Hospital) -> None:
    Template.objects.create(department=hospital.skin, practitioner=hospital.doctor, kind="special", weekday=1, half="am",
                            start=600, end=720, fee=0)
    status, shown = place(office, expert, 1, "am")
    assert status == 409 and "已有出诊" in shown and Template.objects.get(pk=expert.pk).weekday == 0
    assert place(office, expert, 1, "pm")[0] == 200
    assert place(office, expert, 1, "pm", copy="1")[0] == 409, "nor twice at one"
    assert place(office, expert, 7, "pm")[0] == place(office, expert, 1, "night")[0] == 422


def test_a_session_is_added_by_its_form_and_ended(office: Client, hospital: Hospital) -> None:
    words = {"practitioner": hospital.doctor.pk, "kind": "expert", "weekday": 4, "start": "13:30", "end": "16:30",
             "minutes": 0, "places": 12, "fee": "50.5"}
    url = f"/console/roster/departments/{hospital.heart.pk}/add"
    for wrong in ({"end": "13:00"}, {"kind": "general"}, {"fee": "-1"}, {"minutes": 7}, {"start": ""}):
        assert office.post(url, words | wrong, headers={"HX-Request": "true"}).status_code == 422, wrong
    assert office.post(url, words).headers["Location"] == f"/console/roster?department={hospital.heart.pk}"
    made = Template.objects.get()
    assert (made.half, made.start, made.end, made.fee, made.places) == ("pm", 810, 990, 5050, 12)
    assert Schedule.objects.filter(state="draft").count() == 5 and Schedule.objects.first().slots.count() == 12
    office.post(f"/console/roster/{made.pk}/end")
    assert not Schedule.objects.exists() and "陈试" not in office.get(
        f"/console/roster?department={hospital.heart.pk}").content.decode().split("new")[0]


def test_one_review_opens_them(office: Client, expert: Template) -> None:
    rosters.plan(TODAY, TODAY + dt.timedelta(days=13))
    first, second = Schedule.objects.order_by("day")
    Schedule.objects.update(released_at=MORNING + dt.timedelta(days=1))
    shown = office.get("/console/review").content.decode()
    assert "2 个草稿" in shown and "已到放号时间" not in shown
    Schedule.objects.filter(pk=first.pk).update(released_at=MORNING - dt.timedelta(minutes=1))
    shown = office.get("/console/review").content.decode()
    assert "1 个草稿已到放号时间" in shown and shown.count("已到时间") == 1
    office.post("/console/review/open", {"drafts": [first.pk]})
    assert [one.state for one in Schedule.objects.order_by("day")] == ["open", "draft"]
    assert first.planned.__class__.objects.get(schedule=first).reviewed_by == "one-office"
    office.post("/console/review/open", {"drafts": [first.pk, second.pk, "x"], "discard": "1"})
    assert list(Schedule.objects.values_list("pk", "state")) == [(first.pk, "open")], "what is open cannot be thrown away"
    assert [step.what for step in Step.objects.order_by("pk")] == ["审核开放", "退回排班草稿"]
    assert "没有待审核" in office.get("/console/review").content.decode()


def test_a_month_of_the_whole_hospital_is_reviewed_at_once(office: Client, expert: Template) -> None:
    rosters.plan(TODAY, TODAY + dt.timedelta(days=13))
    chosen = [one.pk for one in Schedule.objects.all()] + list(range(1_000_000, 1_003_000))
    assert office.post("/console/review/open", {"drafts": chosen}).status_code == 302
    assert not Schedule.objects.exclude(state="open").exists()
