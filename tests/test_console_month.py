"""The office's month: planned by the templates, copied week by week, changed on single dates and for holidays; what was
reviewed stays, and everything is in the trail."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from console_fixtures import staff
from hospital import clock
from hospital.care.models import Department, Schedule
from hospital.console import weekly
from hospital.console.views.month import Month
from hospital.outpatient import rosters, rounds
from hospital.outpatient.models import Holiday, Omission, Template
from hospital.registrar.models import Step
from hospital.registrar.rights import Role
from hospital_fixtures import MORNING, Clock, Hospital

pytestmark = pytest.mark.parametrize("books", ["sqlite"], indirect=True)
NOVEMBER, DECEMBER = "2026-11", "2026-12"
MONDAY = dt.date(2026, 12, 7)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


class Office:
    """At the page of the heart department."""

    def __init__(self, hospital: Hospital) -> None:
        self.client, self.heart = staff(Role.OFFICE), hospital.heart
        self.status = 0

    def sees(self, month: str = DECEMBER) -> str:
        return str(self.client.get(f"/console/month?department={self.heart.pk}&month={month}").content.decode())

    def does(self, what: str, month: str = DECEMBER, **words: object) -> str:
        return self._post(f"departments/{self.heart.pk}/{what}", month=month, **words)

    def omits(self, template: Template, day: dt.date) -> str:
        return self._post(f"templates/{template.pk}/omit", month=f"{day:%Y-%m}", day=day)

    def restores(self, omission: Omission) -> str:
        return self._post(f"omissions/{omission.pk}/restore", month=f"{omission.day:%Y-%m}")

    def _post(self, path: str, **words: object) -> str:
        answer = self.client.post(f"/console/month/{path}", words, headers={"HX-Request": "true"})
        self.status = answer.status_code
        return str(answer.content.decode())


@pytest.fixture
def office(hospital: Hospital) -> Office:
    return Office(hospital)


@pytest.fixture
def expert(hospital: Hospital) -> Template:
    """Chen, on Monday mornings from 8 to 11."""
    return Template.objects.create(department=hospital.heart, practitioner=hospital.doctor, kind="expert", weekday=0,
                                   half="am", start=480, end=660, minutes=30, places=2, fee=5000)


def on(day: dt.date, page: str) -> str:
    """What the page shows on a day: its cell's words."""
    found = re.search(rf'<td class="[^"]*" data-day="{day}">(.*?)</td>', page, re.DOTALL)
    assert found, day
    return re.sub(r"<[^>]+>|\s+", " ", found[1])


def days(**words: object) -> list[dt.date]:
    return list(Schedule.objects.filter(**words).order_by("day", "start").values_list("day", flat=True))


def steps() -> list[str]:
    return list(Step.objects.order_by("pk").values_list("what", flat=True))


def session(hospital: Hospital, day: dt.date, department: Department) -> Schedule:
    """Chen, from nine to ten, open."""
    return hospital.session(department, days=(day - MORNING.date()).days, start=9, practitioner=hospital.doctor)


EXTRA = {"kind": "special", "start": "08:30", "end": "11:30", "minutes": 30, "places": 2, "fee": "30"}


def test_a_month_has_whole_weeks_and_its_neighbours(hospital: Hospital) -> None:
    month = Month.of(DECEMBER)
    assert (month.first, month.last) == (dt.date(2026, 12, 1), dt.date(2026, 12, 31))
    assert month.mondays == [dt.date(2026, 11, 30) + week * WEEK for week in range(5)]
    assert (str(month.before), str(month.next), str(month.next.before)) == ("2026-11", "2027-01", DECEMBER)
    assert Month.of("2027-02").mondays == [dt.date(2027, 2, 1) + week * WEEK for week in range(4)]
    for wrong in ("", "2026-13", "1900-01", "x"):
        assert Month.of(wrong) == Month(clock.now().year, clock.now().month)


def test_what_the_templates_mean_is_seen_before_it_is_planned_and_planned_at_once(office: Office, expert: Template) -> None:
    shown = office.sees()
    assert "未排" in on(MONDAY, shown) and "陈试" in on(MONDAY, shown) and "陈试" not in on(MONDAY + DAY, shown)
    shown = office.does("plan")
    assert "新排了 4 个草稿" in shown and "待审 1" in on(MONDAY, shown)
    assert days(state="draft") == [MONDAY + week * WEEK for week in range(4)], "of this month, and no day besides"
    assert steps() == ["按模板排班：2026-12"]
    assert "新排了 0 个草稿" in office.does("plan")


def test_each_day_says_how_far_it_is_reviewed(office: Office, expert: Template, hospital: Hospital) -> None:
    Template.objects.create(department=hospital.heart, kind="general", weekday=0, half="pm", start=810, end=990, places=2,
                            fee=0)
    office.does("plan")
    assert "待审 2" in on(MONDAY, office.sees())
    rosters.approve([Schedule.objects.filter(day=MONDAY).first().pk], "office")
    assert "待审 1" in on(MONDAY, office.sees())
    review = f"/console/review?department={hospital.heart.pk}&amp;first={MONDAY}&amp;last={MONDAY}"
    assert review in office.sees()
    assert "1 个草稿" in office.client.get(review.replace("&amp;", "&")).content.decode()
    rosters.approve(Schedule.objects.filter(day=MONDAY).values_list("pk", flat=True), "office")
    assert "已审" in on(MONDAY, office.sees()) and "待审" not in on(MONDAY, office.sees())


def test_an_extra_clinic_on_a_saturday(office: Office, hospital: Hospital) -> None:
    saturday = MONDAY + dt.timedelta(days=5)
    words = EXTRA | {"practitioner": hospital.doctor.pk, "date": saturday}
    for wrong in ({"date": ""}, {"end": "08:00"}, {"kind": "general"}):
        office.does("add", **words | wrong)
        assert office.status == 422, wrong
    shown = office.does("add", **words)
    assert "陈试" in on(saturday, shown) and "待审 1" in on(saturday, shown) and "单日" in on(saturday, shown)
    assert days() == [saturday] and Schedule.objects.get().slots.count() == 12
    assert steps() == ["新增单日出诊"] and Step.objects.get().after["date"] == str(saturday)
    assert "已有出诊" in office.does("add", **words) and office.status == 409
    rounds.daily()
    assert days() == [saturday], "once, and not every week"
    office.omits(Template.objects.get(), saturday)
    assert not days() and "陈试" not in on(saturday, office.sees())
    assert "已过" in office.does("add", **words | {"date": "2026-11-20", "start": "07:00", "end": "08:00"})


def test_one_day_is_left_out_and_stays_out_until_it_is_restored(office: Office, expert: Template) -> None:
    office.does("plan")
    shown = office.omits(expert, MONDAY)
    assert "不出诊" in on(MONDAY, shown) and MONDAY not in days() and MONDAY + WEEK in days()
    office.does("plan")
    rounds.daily()
    assert MONDAY not in days(), "no planning brings it back"
    shown = office.restores(Omission.objects.get())
    assert MONDAY in days(state="draft") and "待审 1" in on(MONDAY, shown)
    assert steps() == ["按模板排班：2026-12", "取消单日出诊", "按模板排班：2026-12", "恢复单日出诊"]
    left = Step.objects.get(what="取消单日出诊")
    assert (left.after["day"], left.after["template_id"]) == (str(MONDAY), expert.pk)


def test_what_was_reviewed_cannot_be_left_out(office: Office, expert: Template, hospital: Hospital) -> None:
    office.does("plan")
    office.does("add", **EXTRA | {"practitioner": hospital.doctor.pk, "date": MONDAY + DAY})
    rosters.approve(Schedule.objects.values_list("pk", flat=True), "office")
    before = len(steps())
    assert "已审核开放" in office.omits(expert, MONDAY) and office.status == 409
    office.omits(Template.objects.get(date=MONDAY + DAY), MONDAY + DAY)
    assert office.status == 409 and Template.objects.filter(active=True).count() == 2
    assert MONDAY in days(state="open") and not Omission.objects.exists() and len(steps()) == before


def test_a_week_is_copied_over_the_month(office: Office, expert: Template, hospital: Hospital) -> None:
    """With what was added in it; what stands there already is not doubled, and what cannot be is counted."""
    wednesday = MONDAY + dt.timedelta(days=2)
    office.does("add", **EXTRA | {"practitioner": hospital.doctor.pk, "date": wednesday})
    Holiday.objects.create(day=wednesday + 2 * WEEK, name="测试节")
    busy = session(hospital, wednesday + 3 * WEEK, hospital.skin)
    shown = office.does("copy", monday=MONDAY, to=[MONDAY + week * WEEK for week in range(4)])
    assert "复制了 1 场；2 场未复制" in shown
    assert days(department=hospital.heart) == [wednesday, wednesday + WEEK], "the Mondays were there by their template"
    copy = Template.objects.get(date=wednesday + WEEK)
    assert (copy.practitioner, copy.kind, copy.start, copy.end, copy.places, copy.fee) == (
        hospital.doctor, "special", 510, 690, 2, 3000)
    assert "单日" in on(wednesday + WEEK, shown) and steps()[-1] == "复制一周：2026-12-07"
    assert "复制了 0 场" in office.does("copy", monday=MONDAY, to=[MONDAY + WEEK])
    for wrong in ({"to": []}, {"to": ["2027-05-03"]}, {"monday": "x"}, {"monday": "2026-12-08"}):
        office.does("copy", **{"monday": MONDAY, "to": [MONDAY + WEEK], **wrong})
        assert office.status == 422, wrong
    assert busy.state == "open"


def test_a_week_as_it_is_now_is_copied_without_what_was_left_out_or_stopped(office: Office, expert: Template) -> None:
    office.does("plan")
    Template.objects.filter(pk=expert.pk).update(until_day=MONDAY + dt.timedelta(days=1))
    Schedule.objects.filter(day__gt=MONDAY).delete()
    office.does("copy", monday=MONDAY, to=[MONDAY + WEEK])
    assert days() == [MONDAY, MONDAY + WEEK], "the last Monday of the template, again"
    Schedule.objects.filter(day=MONDAY).update(state="stopped")
    assert "复制了 0 场" in office.does("copy", monday=MONDAY, to=[MONDAY + 2 * WEEK])


def test_a_holiday_takes_its_drafts_away_and_an_exchanged_saturday_gets_them(office: Office, expert: Template) -> None:
    saturday = MONDAY - dt.timedelta(days=2)
    office.does("plan")
    shown = office.does("holiday", day=MONDAY, means="holiday", name="测试节")
    assert MONDAY not in days() and "测试节" in on(MONDAY, shown)
    shown = office.does("holiday", day=saturday, means="0")
    assert days(state="draft")[0] == saturday and "调休" in on(saturday, shown) and "周一" in on(saturday, shown)
    office.does("holiday", day=MONDAY, means="ordinary")
    assert MONDAY in days(state="draft") and not Holiday.objects.filter(day=MONDAY).exists()
    assert steps() == ["按模板排班：2026-12", "设置节假日", "设置节假日", "设置节假日"]
    assert Step.objects.filter(what="设置节假日").order_by("pk").last().before["name"] == "测试节"
    for wrong in ({"day": ""}, {"means": "7"}, {"day": "2026-11-19"}):
        office.does("holiday", **{"day": MONDAY, "means": "holiday", **wrong})
        assert office.status == 422, wrong
    rosters.approve(Schedule.objects.filter(day=MONDAY).values_list("pk", flat=True), "office")
    shown = office.does("holiday", day=MONDAY, means="holiday")
    assert "1 场已开放的出诊不变" in shown and MONDAY in days(state="open")


def test_clashes_are_named(office: Office, expert: Template, hospital: Hospital) -> None:
    session(hospital, MONDAY, hospital.skin)
    shown = office.does("plan")
    assert "新排了 3 个草稿" in shown and "1 场因医生同时在别处出诊" in shown and str(MONDAY) in shown


def test_a_month_planned_ahead_follows_its_week(office: Office, expert: Template) -> None:
    """Further than everybody is planned: what is moved in the week is moved there, too."""
    office.does("plan", month="2027-01")
    assert days()[-1] == dt.date(2027, 1, 25)
    weekly.place(expert, 2, "am")
    assert days()[-1] == dt.date(2027, 1, 20) and {day.weekday() for day in days()} == {2}


def test_the_past_is_shown_and_not_changed(office: Office, expert: Template, hospital: Hospital, time: Clock) -> None:
    session(hospital, dt.date(2026, 11, 2), hospital.heart)
    shown = office.sees(NOVEMBER)
    assert "陈试" in on(dt.date(2026, 11, 2), shown) and "陈试" not in on(dt.date(2026, 11, 9), shown)
    assert "不能" not in office.omits(expert, dt.date(2026, 11, 9)) and office.status == 409
    office.does("plan", month=NOVEMBER)
    assert min(days(state="draft")) >= time.now().date()


def test_who_only_looks_is_given_nothing_to_do(office: Office, expert: Template) -> None:
    office.does("plan")
    nurse = staff(Role.NURSE).get(f"/console/month?month={DECEMBER}").content.decode()
    assert "待审 1" in on(MONDAY, nurse) and "/console/review" not in nurse
    assert re.findall(r'action="([^"]+)"', nurse.split("<main")[1]) == []


def test_without_scripts_the_same_and_back_to_the_month(office: Office, expert: Template, hospital: Hospital) -> None:
    answer = office.client.post(f"/console/month/departments/{hospital.heart.pk}/plan", {"month": DECEMBER})
    there = f"/console/month?department={hospital.heart.pk}&month={DECEMBER}"
    assert answer.headers["Location"] == there
    assert "新排了 4 个草稿" in office.client.get(there).content.decode()
