"""The weekly roster as the office edits it: what stands on which weekday, moved, copied, begun, ended.

What is edited are the templates. Drafts made from one are made anew at once; sessions that were reviewed stay as they are,
for people may have booked them: those are stopped, substituted or moved one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from hospital import clock
from hospital.care.models import Department, Half, Schedule
from hospital.outpatient import rosters
from hospital.outpatient.models import Template
from hospital.outpatient.models.rosters import WEEKDAYS
from hospital.refusal import Refusal

_NOON = 720
_BEGINS = {Half.AM: 480, Half.PM: 810}       # where a session goes that comes from the other half of a day: 8:00, 13:30


@dataclass(frozen=True)
class Cell:
    weekday: int
    half: str
    templates: list[Template]


def week(department: Department) -> list[tuple[str, list[Cell]]]:
    """Morning and afternoon, each with its seven cells."""
    every = list(of(department))
    return [(half.value, [Cell(day, half.value, [one for one in every if (one.weekday, one.half) == (day, half.value)])
                          for day, _ in WEEKDAYS]) for half in Half]


def of(department: Department) -> QuerySet[Template]:
    """Everything that repeats and is not over."""
    return (Template.objects.select_related("department", "practitioner")
            .filter(Q(until_day=None) | Q(until_day__gte=clock.now().date()), department=department, active=True, date=None)
            .order_by("start", "kind", "practitioner__code"))


def place(template: Template, weekday: int, half: str) -> Template:
    """Move it there. Its length stays; in its own half of the day its hours, too. Raises busy_elsewhere, past."""
    _set(template, weekday, half)
    _make_sure_free(template)
    template.save()
    _plan_anew(template)
    return template


def copy(template: Template, weekday: int, half: str) -> Template:
    """The same there, besides. Raises busy_elsewhere, past."""
    twin = Template.objects.get(pk=template.pk)
    twin.pk = None
    _set(twin, weekday, half)
    return begin(twin)


def begin(template: Template) -> Template:
    """A new one. Raises busy_elsewhere."""
    _make_sure_free(template)
    template.save(force_insert=True)
    _plan_anew(template)
    return template


def end(template: Template) -> None:
    """No more of it; what was reviewed stays."""
    Template.objects.filter(pk=template.pk).update(active=False)
    rosters.discard(_drafts(template))


def _set(template: Template, weekday: int, half: str) -> None:
    if template.half != half:
        length = template.end - template.start
        template.start = _BEGINS[Half(half)]
        template.end = template.start + length
        if template.end > 1440 or half == Half.AM and template.end > _NOON:
            raise Refusal("past")
    template.weekday, template.half = weekday, half


def _make_sure_free(template: Template) -> None:
    """A doctor is not at two places at once, nor a general clinic twice at one time."""
    who = (Q(practitioner=template.practitioner) if template.practitioner_id
           else Q(practitioner=None, department=template.department, kind=template.kind))
    today = clock.now().date()
    others = Template.objects.filter(who, active=True, weekday=template.weekday, start__lt=template.end,
                                     end__gt=template.start).exclude(pk=template.pk)
    for other in others.filter(Q(until_day=None) | Q(until_day__gte=today)):
        if template.nth is None or other.nth is None or template.nth == other.nth:
            raise Refusal("busy_elsewhere")


def _plan_anew(template: Template) -> None:
    """As far ahead as everybody is planned; where this one's drafts reach further, its department as far as they do."""
    drafts, today = _drafts(template), clock.now().date()
    rosters.discard(drafts)
    usual = today + timedelta(days=settings.ROSTER_DAYS)
    rosters.plan(today, usual)
    rosters.plan(usual + timedelta(days=1), max(drafts.values(), default=usual), template.department_id)


def _drafts(template: Template) -> dict[int, date]:
    """And their days."""
    return dict(Schedule.objects.filter(planned__template=template, state=Schedule.State.DRAFT,
                                        day__gte=clock.now().date()).values_list("pk", "day"))
