"""The outpatient office: a month of a department's roster, planned, copied week by week, and changed on single dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.care.models import Department, Schedule
from hospital.console import monthly
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.views.roster import BAD, DAYS, HALVES, New, asked_for
from hospital.console.words import Both, language
from hospital.outpatient.models import Holiday, Omission, Template
from hospital.refusal import Refusal
from hospital.registrar import rights, trail

_CLASHES = 5        # so many are named
_STATES = {Schedule.State.DRAFT.value: Both("待审核", "For review"), Schedule.State.OPEN.value: Both("开放", "Open"),
           Schedule.State.STOPPED.value: Both("停诊", "Stopped"), Schedule.State.MOVED.value: Both("换诊", "Moved"),
           monthly.DUE: Both("未排", "Not planned"), monthly.OMITTED: Both("不出诊", "Left out")}


class Month(NamedTuple):
    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> Month:
        """"2026-12"; the month of today for anything else."""
        try:
            day = dt.date.fromisoformat(f"{text}-01")
            if not 2000 <= day.year < 2100:
                raise ValueError
        except ValueError:
            day = clock.now().date()
        return cls(day.year, day.month)

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        return self.next.first - dt.timedelta(days=1)

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def before(self) -> Month:
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def mondays(self) -> list[dt.date]:
        """Of its weeks, the first and the last of which may belong to its neighbours, too."""
        monday = self.first - dt.timedelta(days=self.first.weekday())
        return [monday + dt.timedelta(weeks=week) for week in range((self.last - monday).days // 7 + 1)]

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class Once(New):
    """A session on one date."""

    weekday = None
    date = forms.DateField()


class Different(forms.Form):
    """A day that is not what its weekday says. `means`: holiday, ordinary, or the weekday it works as."""

    day = forms.DateField()
    means = forms.ChoiceField(choices=[(one, one) for one in ("holiday", "ordinary", *map(str, range(7)))])
    name = forms.CharField(max_length=40, required=False)


class Told(NamedTuple):
    """What an act came to. `trouble`: somebody has to look at it."""

    words: Both
    trouble: bool = False


@page_for("roster")
def page(request: HttpRequest) -> HttpResponse:
    """?department, month; the first one, and this month, where nothing is asked for."""
    return _page(request, asked_for(request), Month.of(request.GET.get("month", "")))


@act_for("roster-plan")
def plan(request: HttpRequest, department: int) -> HttpResponse:
    """POST month: what the templates mean becomes drafts."""
    of, month = get_object_or_404(Department, pk=department), _month(request)
    with trail.act(request, f"按模板排班：{month}", of):
        pass
    return _done(request, of, month, _planned(monthly.plan(of, month.first, month.last)))


@act_for("roster-plan")
def copy(request: HttpRequest, department: int) -> HttpResponse:
    """POST month, monday, to (mondays): that week into these."""
    of, month = get_object_or_404(Department, pk=department), _month(request)
    try:
        monday = dt.date.fromisoformat(request.POST.get("monday", ""))
        to = [dt.date.fromisoformat(one) for one in request.POST.getlist("to")]
        if not to or {*to, monday} - {*month.mondays}:
            raise ValueError
    except ValueError:
        return _page(request, of, month, Told(BAD, trouble=True), status=422)
    with trail.act(request, f"复制一周：{monday}", of) as also:
        copied = monthly.copy(of, monday, to)
        also += copied.made
    if copied.made:
        monthly.plan(of, min(one.date for one in copied.made), max(one.date for one in copied.made))
    left = Both(f"；{copied.left} 场未复制：医生已有出诊、放假或单日不出诊。",
                f"; {copied.left} were not: the doctor works elsewhere, nobody works that day, or it was left out there.")
    many = Both(f"复制了 {len(copied.made)} 场", f"{len(copied.made)} copied")
    end = left if copied.left else Both("。", ".")
    return _done(request, of, month, Told(Both(many.zh + end.zh, many.en + end.en)))


@act_for("roster-plan")
def add(request: HttpRequest, department: int) -> HttpResponse:
    """POST month, and what `Once` asks for."""
    of, month = get_object_or_404(Department, pk=department), _month(request)
    form = Once(request.POST)
    if not form.is_valid():
        return _page(request, of, month, Told(BAD, trouble=True), status=422)

    def run(also: list[Any]) -> Told:
        made = monthly.add(form.template(of))
        also.append(made)
        return _planned(monthly.plan(of, made.date, made.date))
    return _do(request, of, month, "新增单日出诊", run)


@act_for("roster-plan")
def omit(request: HttpRequest, template: int) -> HttpResponse:
    """POST month, day: none of it on that day."""
    found = get_object_or_404(Template.objects.select_related("department"), pk=template, active=True)
    month = _month(request)
    try:
        day = dt.date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        return _page(request, found.department, month, Told(BAD, trouble=True), status=422)

    def run(also: list[Any]) -> Told:
        omission = monthly.omit(found, day)
        also += [omission] if omission else []
        return Told(Both(f"{day} 已取消该出诊。", f"Left out on {day}."))
    return _do(request, found.department, month, "取消单日出诊", run, found)


@act_for("roster-plan")
def restore(request: HttpRequest, omission: int) -> HttpResponse:
    """POST month: what was left out takes place again."""
    found = get_object_or_404(Omission.objects.select_related("template__department"), pk=omission)
    department = found.template.department

    def run(also: list[Any]) -> Told:
        Omission.objects.filter(pk=found.pk).delete()
        return _planned(monthly.plan(department, found.day, found.day))
    return _do(request, department, _month(request), "恢复单日出诊", run, found)


@act_for("roster-plan")
def holiday(request: HttpRequest, department: int) -> HttpResponse:
    """POST month, and what `Different` asks for: for all departments; the one named is shown afterwards."""
    of, month = get_object_or_404(Department, pk=department), _month(request)
    form = Different(request.POST)
    if not form.is_valid() or form.cleaned_data["day"] < clock.now().date():
        return _page(request, of, month, Told(BAD, trouble=True), status=422)
    day, means = form.cleaned_data["day"], form.cleaned_data["means"]
    before = Holiday.objects.filter(day=day).first()
    with trail.act(request, "设置节假日", *([before] if before else [])) as also:
        if means == "ordinary":
            Holiday.objects.filter(day=day).delete()
        else:
            works_as = int(means) if means.isdigit() else None
            now, new = Holiday.objects.update_or_create(day=day, defaults={"works_as": works_as,
                                                                           "name": form.cleaned_data["name"]})
            also += [now] if new else []
    open_ = monthly.anew(day)
    return _done(request, of, month, Told(
        Both(f"{day} 已设置；{open_} 场已开放的出诊不变，请停诊、替诊或换诊。",
             f"{day} is set; {open_} open sessions stay: stop, substitute or move them.") if open_ else
        Both(f"{day} 已设置。", f"{day} is set."), trouble=bool(open_)))


def _do(request: HttpRequest, department: Department, month: Month, what: str, run: Callable[[list[Any]], Told],
        *things: Any) -> HttpResponse:
    try:
        with trail.act(request, what, *things) as also:
            told = run(also)
    except Refusal as no:
        return _page(request, department, month, Told(words(no), trouble=True), status=409)
    return _done(request, department, month, told)


def _planned(plans: Any) -> Told:
    many = Both(f"新排了 {plans.made} 个草稿。", f"{plans.made} drafts planned.")
    if not plans.clashes:
        return Told(many)
    named = [(f"{clock.local(one.start):%Y-%m-%d %H:%M}", one.practitioner) for one in plans.clashes[:_CLASHES]]
    zh, en = "；".join(f"{at} {who.name_zh}" for at, who in named), "; ".join(f"{at} {who.name_en}" for at, who in named)
    return Told(Both(f"{many.zh}有 {len(plans.clashes)} 场因医生同时在别处出诊而未排：{zh}。",
                     f"{many.en} {len(plans.clashes)} were not, for the doctor works elsewhere then: {en}."), True)


def _month(request: HttpRequest) -> Month:
    return Month.of(request.POST.get("month", ""))


def _done(request: HttpRequest, department: Department, month: Month, told: Told) -> HttpResponse:
    if "HX-Request" in request.headers:
        return _page(request, department, month, told)
    messages.add_message(request, messages.WARNING if told.trouble else messages.INFO, told.words.say(language(request)))
    answer = redirect("console:month")
    answer["Location"] += f"?department={department.pk}&month={month}"
    return answer


def _page(request: HttpRequest, department: Department | None, month: Month, told: Told | None = None,
          status: int = 200) -> HttpResponse:
    part, today = "HX-Request" in request.headers, clock.now().date()
    mondays, weeks = month.mondays, []
    if department:
        days = monthly.days(department, mondays[0], mondays[-1] + dt.timedelta(days=6))
        weeks = [(monday, days[7 * week:7 * week + 7]) for week, monday in enumerate(mondays)]
    inside = [one for _, week in weeks for one in week if (one.day.year, one.day.month) == month]
    return show(request, "month_part.html" if part else "month.html", status=status, told=told, department=department,
                departments=Department.objects.all(), month=month, weekdays=list(enumerate(DAYS)), weeks=weeks,
                halves=HALVES,
                states=_STATES, given_up=("stopped", "moved", monthly.OMITTED), today=today,
                this_week=today - dt.timedelta(days=today.weekday()),
                counts=[(state, _STATES[state], sum(one.count(state) for one in inside))
                        for state in (monthly.DUE, "draft", "open")],
                may_plan=rights.may(request.user, "roster-plan"), may_open=rights.may(request.user, "review-open"),
                may_review=rights.may(request.user, "review"), may_change=rights.may(request.user, "changes"),
                doctors=department.practitioners.all() if department else [])
