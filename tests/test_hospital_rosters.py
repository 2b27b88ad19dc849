"""排班: what repeats becomes sessions with slots, reviewed once before anybody sees them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from hospital import clock
from hospital.care.models import Practitioner, Schedule, Slot
from hospital.outpatient import rosters
from hospital.outpatient.models import Holiday, Omission, Pace, Template
from hospital_fixtures import Hospital, Kiosk, segment

FRIDAY = dt.date(2026, 11, 20)
MONDAY = dt.date(2026, 11, 23)
MONTH = (FRIDAY, FRIDAY + dt.timedelta(days=34))


def template(hospital: Hospital, **words: Any) -> Template:
    """Mondays from 8:00 to 9:00, general clinic, half hours of two places."""
    words = {"department": hospital.heart, "kind": "general", "weekday": 0, "half": "am", "start": 480, "end": 540,
             "minutes": 30, "places": 2, "fee": 1000, **words}
    if words.get("date"):
        words["weekday"] = None
    return Template.objects.create(**words)


def days() -> list[dt.date]:
    return list(Schedule.objects.order_by("day", "start").values_list("day", flat=True))


def times(schedule: Schedule | None = None) -> list[str]:
    slots = (schedule or Schedule.objects.get()).slots.order_by("number")
    return [f"{clock.local(slot.start):%H:%M}" for slot in slots]


def test_a_weekly_template_makes_a_session_each_week(hospital: Hospital) -> None:
    template(hospital)
    assert rosters.plan(*MONTH).made == 5
    assert days() == [MONDAY + dt.timedelta(weeks=week) for week in range(5)]


def test_every_second_monday_of_a_month(hospital: Hospital) -> None:
    template(hospital, nth=2)
    rosters.plan(dt.date(2026, 11, 1), dt.date(2027, 1, 31))
    assert days() == [dt.date(2026, 11, 9), dt.date(2026, 12, 14), dt.date(2027, 1, 11)]


def test_a_single_date(hospital: Hospital) -> None:
    template(hospital, date=FRIDAY)
    rosters.plan(*MONTH)
    assert days() == [FRIDAY]


def test_a_day_that_is_left_out(hospital: Hospital) -> None:
    of = template(hospital)
    other = template(hospital, department=hospital.skin)
    Omission.objects.create(template=of, day=MONDAY)
    rosters.plan(MONDAY, MONDAY + dt.timedelta(days=7))
    assert list(Schedule.objects.filter(department=hospital.heart).values_list("day", flat=True)) == [
        MONDAY + dt.timedelta(days=7)]
    assert Schedule.objects.filter(planned__template=other).count() == 2, "and nobody else"


def test_one_department_is_planned_alone(hospital: Hospital) -> None:
    template(hospital)
    template(hospital, department=hospital.skin)
    assert rosters.plan(MONDAY, MONDAY, hospital.skin.pk).made == 1
    assert Schedule.objects.get().department == hospital.skin


def test_on_holidays_nobody_works_but_who_always_does(hospital: Hospital) -> None:
    Holiday.objects.create(day=MONDAY, name="测试节")
    template(hospital)
    template(hospital, department=hospital.skin, on_holidays=True)
    rosters.plan(MONDAY, MONDAY)
    assert Schedule.objects.get().department == hospital.skin


def test_a_day_that_works_as_another_weekday(hospital: Hospital) -> None:
    saturday = dt.date(2026, 11, 21)
    Holiday.objects.create(day=saturday, name="调休", works_as=0)
    template(hospital)
    rosters.plan(FRIDAY, saturday)
    assert days() == [saturday]


def test_a_template_counts_from_its_first_day_to_its_last(hospital: Hospital) -> None:
    template(hospital, from_day=MONDAY + dt.timedelta(days=7), until_day=MONDAY + dt.timedelta(days=14))
    rosters.plan(*MONTH)
    assert days() == [MONDAY + dt.timedelta(days=7), MONDAY + dt.timedelta(days=14)]


@pytest.mark.parametrize("minutes, expected", [
    (10, ["08:00", "08:10", "08:20", "08:30", "08:40", "08:50"]), (30, ["08:00", "08:30"]), (60, ["08:00"]),
    (0, ["08:00", "08:12", "08:24", "08:36", "08:48"])])
def test_segments_of_10_30_and_60_minutes_and_to_the_minute(hospital: Hospital, minutes: int,
                                                            expected: list[str]) -> None:
    template(hospital, minutes=minutes, places=5 if minutes == 0 else 1)
    rosters.plan(MONDAY, MONDAY)
    assert times() == expected
    ends = [clock.local(slot.end) for slot in Slot.objects.order_by("number")]
    assert f"{ends[-1]:%H:%M}" == "09:00"


def test_places_follow_the_doctors_pace(hospital: Hospital) -> None:
    Pace.objects.create(practitioner=hospital.doctor, minutes=15)
    template(hospital, practitioner=hospital.doctor, kind="expert", places=None)
    template(hospital, practitioner=hospital.doctor, kind="expert", places=None, minutes=0, start=600, end=660)
    rosters.plan(MONDAY, MONDAY)
    first, second = Schedule.objects.order_by("start")
    assert times(first) == ["08:00", "08:00", "08:30", "08:30"]
    assert times(second) == ["10:00", "10:15", "10:30", "10:45"]


def test_to_the_minute_no_two_places_share_a_minute(hospital: Hospital) -> None:
    template(hospital, minutes=0, places=100, start=480, end=537)
    rosters.plan(MONDAY, MONDAY)
    assert len(times()) == len(set(times())) == 57


def test_planning_again_adds_nothing_and_touches_nothing(hospital: Hospital, kiosk: Kiosk) -> None:
    made = template(hospital)
    rosters.plan(*MONTH)
    rosters.approve(Schedule.objects.values_list("pk", flat=True), "office")
    Schedule.objects.update(released_at=clock.now())
    first = Schedule.objects.order_by("day").first()
    assert kiosk.hold(hospital.patient(), segment(first)).status == 200
    before = list(Slot.objects.order_by("pk").values())
    made.fee, made.places = 9900, 7
    made.save()
    assert rosters.plan(*MONTH).made == 0
    assert list(Slot.objects.order_by("pk").values()) == before
    assert set(Schedule.objects.values_list("fee", flat=True)) == {1000}


def test_a_doctor_works_in_several_departments_but_not_twice_at_one_time(hospital: Hospital) -> None:
    doctor = {"practitioner": hospital.doctor, "kind": "expert"}
    template(hospital, **doctor)
    template(hospital, **doctor, department=hospital.skin, start=510, end=600)
    template(hospital, **doctor, department=hospital.skin, start=540, end=600)
    plans = rosters.plan(MONDAY, MONDAY)
    assert plans.made == 2 and len(plans.clashes) == 1
    assert {one.department for one in Schedule.objects.all()} == {hospital.heart, hospital.skin}
    assert rosters.plan(MONDAY, MONDAY).made == 0


def test_another_doctor_may_work_at_that_time(hospital: Hospital) -> None:
    other = Practitioner.objects.create(code="D2", name_zh="李试", name_en="Li Shi", title="chief")
    template(hospital, practitioner=hospital.doctor, kind="expert")
    template(hospital, practitioner=other, kind="expert")
    assert not rosters.plan(MONDAY, MONDAY).clashes


def test_nothing_is_seen_before_the_office_has_reviewed_it(hospital: Hospital, kiosk: Kiosk) -> None:
    template(hospital)
    rosters.plan(MONDAY, MONDAY)
    draft = Schedule.objects.get()
    assert kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body == []
    assert kiosk.hold(hospital.patient(), segment(draft)).code == "unknown_segment"
    assert rosters.drafts(MONDAY, MONDAY) == [draft]
    assert rosters.approve([draft.pk], "测试员") == 1 and rosters.approve([draft.pk], "测试员") == 0
    draft.refresh_from_db()
    assert (draft.planned.reviewed_by, draft.planned.reviewed_at) == ("测试员", clock.now())
    assert [one["id"] for one in kiosk.get(f"/departments/{hospital.heart.pk}/sessions").body] == [draft.pk]


def test_a_draft_is_thrown_away_and_planned_as_its_template_says_then(hospital: Hospital) -> None:
    made = template(hospital)
    rosters.plan(MONDAY, MONDAY)
    Template.objects.filter(pk=made.pk).update(fee=2500)
    assert rosters.discard(Schedule.objects.values_list("pk", flat=True)) == 1
    rosters.plan(MONDAY, MONDAY)
    assert Schedule.objects.get().fee == 2500
    rosters.approve([Schedule.objects.get().pk], "office")
    assert rosters.discard([Schedule.objects.get().pk]) == 0, "what is open stays"
