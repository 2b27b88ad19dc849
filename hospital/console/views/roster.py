"""The outpatient office: the weekly roster, edited by dragging, copying or by its forms; and the one review step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from hospital import clock
from hospital.care.models import Department, Half, Practitioner, Schedule
from hospital.console import weekly
from hospital.console.door import act as act_for, page as page_for, show
from hospital.console.refusals import words
from hospital.console.span import Span
from hospital.console.words import Both
from hospital.outpatient import rosters
from hospital.outpatient.models import Template
from hospital.outpatient.models.rosters import WEEKDAYS
from hospital.refusal import Refusal
from hospital.registrar import rights, trail

DAYS = tuple(Both(zh, en) for (_, zh), en in zip(WEEKDAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))
HALVES = {Half.AM.value: Both("上午", "Morning"), Half.PM.value: Both("下午", "Afternoon")}
BAD = Both("填写有误，请核对。", "Something is not filled in rightly.")


class Where(forms.Form):
    """A cell of the week."""

    weekday = forms.IntegerField(min_value=0, max_value=6)
    half = forms.ChoiceField(choices=Half.choices)
    copy = forms.BooleanField(required=False)


class New(forms.Form):
    """A session that repeats; fee in yuan, times as HH:MM."""

    practitioner = forms.ModelChoiceField(Practitioner.objects.all(), required=False)
    kind = forms.ChoiceField(choices=Schedule.Kind.choices)
    weekday = forms.IntegerField(min_value=0, max_value=6)
    start = forms.TimeField()
    end = forms.TimeField()
    minutes = forms.TypedChoiceField(choices=[(one, one) for one in (0, 10, 30, 60)], coerce=int)
    places = forms.IntegerField(min_value=1, max_value=100, required=False)
    fee = forms.DecimalField(min_value=0, max_value=10000, decimal_places=2)

    def template(self, department: Department) -> Template:
        said = self.cleaned_data
        start, end = (said[name].hour * 60 + said[name].minute for name in ("start", "end"))
        return Template(department=department, practitioner=said["practitioner"], kind=said["kind"],
                        weekday=said.get("weekday"), date=said.get("date"), half=Half.AM if start < 720 else Half.PM,
                        start=start, end=end, minutes=said["minutes"], places=said["places"], fee=int(said["fee"] * 100))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        start, end, kind = said.get("start"), said.get("end"), said.get("kind")
        if start and end and start >= end:
            raise forms.ValidationError("end")
        if kind and (kind == Schedule.Kind.GENERAL) is not (said.get("practitioner") is None):
            raise forms.ValidationError("kind")      # experts and special clinics are somebody's, general ones nobody's
        return said


def asked_for(request: HttpRequest) -> Department | None:
    """?department; the first where none is asked for, None where there is none at all."""
    asked = request.GET.get("department", "")
    departments = list(Department.objects.all())
    return next((one for one in departments if str(one.pk) == asked), departments[0] if departments else None)


@page_for("roster")
def page(request: HttpRequest) -> HttpResponse:
    """?department; the first where none is asked for."""
    return _page(request, asked_for(request))


@act_for("roster-plan")
def place(request: HttpRequest, template: int) -> HttpResponse:
    """POST weekday, half, copy: move it there, or put the same there, too."""
    found = get_object_or_404(Template.objects.select_related("department", "practitioner"), pk=template, active=True,
                              weekday__isnull=False)
    form = Where(request.POST)
    if not form.is_valid():
        return _page(request, found.department, BAD, status=422)
    where = form.cleaned_data["weekday"], form.cleaned_data["half"]
    if form.cleaned_data["copy"]:
        return _do(request, found.department, "复制排班", lambda also: also.append(weekly.copy(found, *where)))
    return _do(request, found.department, "移动排班", lambda also: weekly.place(found, *where), found)


@act_for("roster-plan")
def add(request: HttpRequest, department: int) -> HttpResponse:
    """POST what `New` asks for."""
    of = get_object_or_404(Department, pk=department)
    form = New(request.POST)
    if not form.is_valid():
        return _page(request, of, BAD, status=422)
    return _do(request, of, "新增排班", lambda also: also.append(weekly.begin(form.template(of))))


@act_for("roster-plan")
def end(request: HttpRequest, template: int) -> HttpResponse:
    found = get_object_or_404(Template.objects.select_related("department"), pk=template, active=True)
    return _do(request, found.department, "停用排班", lambda also: weekly.end(found), found)


def _do(request: HttpRequest, department: Department, what: str, run: Callable[[list[Any]], object],
        *things: Template) -> HttpResponse:
    try:
        with trail.act(request, what, *things) as also:
            run(also)
    except Refusal as no:
        return _page(request, department, words(no), status=409)
    if "HX-Request" in request.headers:
        return _page(request, department)
    answer = redirect("console:roster")
    answer["Location"] += f"?department={department.pk}"
    return answer


def _page(request: HttpRequest, department: Department | None, trouble: Both | None = None,
          status: int = 200) -> HttpResponse:
    part = "HX-Request" in request.headers
    return show(request, "roster_part.html" if part else "roster.html", status=status, trouble=trouble,
                department=department, departments=Department.objects.all(), days=list(enumerate(DAYS)),
                week=[(HALVES[half], cells) for half, cells in weekly.week(department)] if department else [],
                halves=HALVES.items(), may_plan=rights.may(request.user, "roster-plan"), kinds=Schedule.Kind.choices,
                doctors=department.practitioners.all() if department else [])


@page_for("review")
def review(request: HttpRequest) -> HttpResponse:
    """?first, last, department: the drafts of these days, to be opened or thrown away."""
    span, department = Span.of(request, back=0, on=27), only(request)
    drafts = rosters.drafts(span.first, span.last, department.pk if department else None)
    counted = dict(Schedule.objects.filter(pk__in=[one.pk for one in drafts]).annotate(places=Count("slots"))
                   .values_list("pk", "places"))
    days: dict[dt.date, list[tuple[Schedule, int]]] = {}
    for one in drafts:
        days.setdefault(one.day, []).append((one, counted[one.pk]))
    return show(request, "review.html", span=span, department=department, departments=Department.objects.all(),
                days=[(day, DAYS[day.weekday()], rows) for day, rows in days.items()], count=len(drafts),
                late=sum(one.released_at <= clock.now() for one in drafts),
                may_open=rights.may(request.user, "review-open"))


@act_for("review-open")
def open_drafts(request: HttpRequest) -> HttpResponse:
    """POST drafts (ids), and `discard` to throw them away instead."""
    wanted = [int(one) for one in request.POST.getlist("drafts") if one.isascii() and one.isdigit() and len(one) < 16]
    chosen = list(Schedule.objects.select_related("department", "practitioner").filter(
        pk__in=wanted, state=Schedule.State.DRAFT))
    if chosen and "discard" in request.POST:
        with trail.act(request, "退回排班草稿", *chosen):
            rosters.discard(wanted)
    elif chosen:
        with trail.act(request, "审核开放", *chosen):
            rosters.approve(wanted, request.user.get_username())
    answer = redirect("console:review")
    span = Span.of(request, back=0, on=27)
    department = only(request)
    answer["Location"] += f"?first={span.first}&last={span.last}&department={department.pk if department else ''}"
    return answer


def only(request: HttpRequest) -> Department | None:
    """?department; None for all."""
    asked = request.GET.get("department", "")
    return Department.objects.filter(pk=asked).first() if asked.isascii() and asked.isdigit() and len(asked) < 16 else None
