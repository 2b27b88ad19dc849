"""A month of a department's roster: what stands on each day, what is still missing, how far it is reviewed.

The weekly templates say what a month looks like. What is different on one date is a template of that date or an omission;
both outlast every planning. Sessions that were reviewed stay as they are, for people may have booked them: those are
stopped, substituted or moved one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Q

from hospital import clock
from hospital.care.models import Department, Half, Practitioner, Schedule
from hospital.console import weekly
from hospital.outpatient import calendar, rosters
from hospital.outpatient.models import Holiday, Omission, Template
from hospital.refusal import Refusal

DUE, OMITTED = "due", "omitted"     # beside a session's states: meant by a template and not planned; left out
_STANDS = (Schedule.State.DRAFT, Schedule.State.OPEN, DUE)
_GIVEN_UP = (Schedule.State.STOPPED, Schedule.State.MOVED)


@dataclass(frozen=True)
class Entry:
    """What stands on a day. `start`, `end`: minutes of the day; `session` has its places and how many are booked."""

    state: str
    half: str
    start: int
    end: int
    kind: str
    practitioner: Practitioner | None
    template: Template | None = None
    session: Schedule | None = None
    omission: Omission | None = None

    @property
    def key(self) -> tuple[int | None, str, int]:
        return self.practitioner.pk if self.practitioner else None, self.kind, self.start


@dataclass
class Day:
    day: dt.date
    holiday: Holiday | None
    entries: list[Entry] = field(default_factory=list)

    def count(self, state: str) -> int:
        return sum(one.state == state for one in self.entries)

    @property
    def drafts(self) -> int:
        return self.count(Schedule.State.DRAFT)

    @property
    def reviewed(self) -> bool:
        """Something stands here, and nothing of it waits."""
        return any(one.session for one in self.entries) and not self.drafts

    @property
    def halves(self) -> list[tuple[str, list[Entry]]]:
        return [(half.value, [one for one in self.entries if one.half == half]) for half in Half]


def days(department: Department, first: dt.date, last: dt.date) -> list[Day]:
    """Five queries, however many days."""
    today, ahead = clock.now().date(), calendar.of(first, last)
    holidays = {one.day: one for one in Holiday.objects.filter(day__range=(first, last))}
    found = {day: Day(day, holidays.get(day)) for day in _each(first, last)}
    sessions = (Schedule.objects.filter(department=department, day__range=(first, last))
                .select_related("practitioner", "planned__template")
                .annotate(places=Count("slots"), booked=Count("slots", filter=Q(slots__booked=True))))
    for one in sessions:
        found[one.day].entries.append(_of_session(one))
    for omission in Omission.objects.select_related("template__practitioner").filter(
            template__department=department, template__active=True, day__range=(first, last)):
        found[omission.day].entries.append(_of_template(omission.template, OMITTED, omission))
    templates = list(Template.objects.select_related("practitioner").filter(department=department, active=True))
    for day in _each(max(first, today), last):
        stands = {one.key for one in found[day].entries}
        due = (_of_template(one, DUE) for one in templates if ahead.means(one, day))
        found[day].entries += [one for one in due if one.key not in stands and clock.at(day, one.end) > clock.now()]
    for one_day in found.values():
        one_day.entries.sort(key=lambda one: (one.start, one.kind, one.practitioner.code if one.practitioner else ""))
    return list(found.values())


def add(template: Template) -> Template:
    """A session on one date. Raises past, busy_elsewhere, stands_already."""
    _make_sure_free(template)
    template.save(force_insert=True)
    return template


@dataclass
class Copied:
    """`left`: how many were not, for the doctor works elsewhere, nobody works that day, or it was left out there."""

    made: list[Template] = field(default_factory=list)
    left: int = 0


def copy(department: Department, monday: dt.date, to: Iterable[dt.date]) -> Copied:
    """What stands in the week of `monday`, into these other weeks, as sessions of their dates. Adds what is missing, and
    takes nothing away."""
    copied, today = Copied(), clock.now().date()
    source = days(department, monday, monday + dt.timedelta(days=6))
    for other in sorted(set(to) - {monday}):
        for day, there in zip(source, days(department, other, other + dt.timedelta(days=6)), strict=True):
            if there.day < today:
                continue
            closed = there.holiday is not None and there.holiday.works_as is None
            for entry in day.entries:
                if entry.state not in _STANDS or entry.key in {one.key for one in there.entries if one.state in _STANDS}:
                    continue
                try:
                    if closed or entry.key in {one.key for one in there.entries}:
                        raise Refusal("stands_already")
                    copied.made.append(add(_on(department, entry, there.day)))
                except Refusal:
                    copied.left += 1
    return copied


def omit(template: Template, day: dt.date) -> Omission | None:
    """No session of it on that day, whatever is planned; of a single date: none at all. Raises reviewed_already, past."""
    if day < clock.now().date():
        raise Refusal("past")
    if template.date is not None:
        weekly.end(template)
        omission = None
    else:
        omission, _ = Omission.objects.get_or_create(template=template, day=day)
        rosters.discard(Schedule.objects.filter(planned__template=template, day=day).values_list("pk", flat=True))
    if Schedule.objects.filter(planned__template=template, day=day).exclude(state__in=_GIVEN_UP).exists():
        raise Refusal("reviewed_already")
    return omission


def plan(department: Department, first: dt.date, last: dt.date) -> rosters.Plans:
    """What is due from `first` to `last`, and not past, becomes drafts."""
    return rosters.plan(max(first, clock.now().date()), last, department.pk)


def anew(day: dt.date) -> int:
    """A day became a holiday, or is none any more: all departments' drafts follow. Returns how many sessions it no longer
    means that stay, because they were reviewed."""
    means = calendar.of(day, day).means
    planned = list(Schedule.objects.filter(day=day, planned__template__isnull=False).exclude(state__in=_GIVEN_UP)
                   .select_related("planned__template"))
    unmeant = [one for one in planned if not means(one.planned.template, day)]
    rosters.discard(one.pk for one in unmeant)
    if planned or day <= clock.now().date() + dt.timedelta(days=settings.ROSTER_DAYS):
        rosters.plan(day, day)
    return sum(one.state == Schedule.State.OPEN for one in unmeant)


def _each(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=one) for one in range((last - first).days + 1)]


def _of_session(one: Schedule) -> Entry:
    planned = getattr(one, "planned", None)
    start = clock.local(one.start)
    minute = start.hour * 60 + start.minute
    return Entry(one.state, one.half, minute, minute + (one.end - one.start) // dt.timedelta(minutes=1), one.kind,
                 one.practitioner, planned.template if planned else None, one)


def _of_template(one: Template, state: str, omission: Omission | None = None) -> Entry:
    return Entry(state, one.half, one.start, one.end, one.kind, one.practitioner, one, omission=omission)


def _on(department: Department, entry: Entry, day: dt.date) -> Template:
    """The same on another date."""
    minutes, places = (entry.template.minutes, entry.template.places) if entry.template else _cut(entry.session)
    fee = entry.session.fee if entry.session else entry.template.fee
    return Template(department=department, practitioner=entry.practitioner, kind=entry.kind, date=day, half=entry.half,
                    start=entry.start, end=entry.end, minutes=minutes, places=places, fee=fee)


def _cut(session: Schedule) -> tuple[int, int]:
    """How a session of no template was cut: minutes of a segment, places in it."""
    slots = list(session.slots.order_by("number"))
    first = slots[0]
    return (first.end - first.start) // dt.timedelta(minutes=1), sum(one.start == first.start for one in slots)


def _make_sure_free(template: Template) -> None:
    day, start, end = template.date, clock.at(template.date, template.start), clock.at(template.date, template.end)
    if end <= clock.now():
        raise Refusal("past")
    who = (Q(practitioner=template.practitioner) if template.practitioner_id
           else Q(practitioner=None, department=template.department, kind=template.kind))
    others = Template.objects.filter(who, active=True, start__lt=template.end, end__gt=template.start)
    means = calendar.of(day, day).means
    if any(means(one, day) for one in others):
        raise Refusal("busy_elsewhere")
    sessions = Schedule.objects.filter(who, day=day, start__lt=end, end__gt=start)
    if sessions.exclude(state__in=_GIVEN_UP).exists():
        raise Refusal("busy_elsewhere")
    if sessions.filter(department=template.department, start=start).exists():
        raise Refusal("stands_already")     # it was stopped or moved: the same cannot be planned again
