"""From templates to sessions with their slots, reviewed once before anybody sees them.

Sessions that exist are never touched: planning again adds what is missing and nothing else. A doctor may work in several
departments, but not twice at one time; a second session at that time is not planned, and told.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from hospital import clock
from hospital.care import numbers, roster
from hospital.care.models import Practitioner, Schedule, Slot
from hospital.outpatient import calendar, releasing
from hospital.outpatient.models import Change, Pace, Planned, Template
from hospital.refusal import Refusal

_GIVES_UP = (Schedule.State.STOPPED, Schedule.State.MOVED)
_Span = tuple[dt.datetime, dt.datetime]
DEFAULT_PACE = 6        # minutes a patient, where nothing is known of a doctor


@dataclass
class Plans:
    """What planning came to."""

    made: int = 0
    clashes: list[Schedule] = field(default_factory=list)       # not planned, for the doctor works elsewhere then


def plan(first: dt.date, last: dt.date, department: int | None = None) -> Plans:
    """The sessions of all templates (or of one department's) from `first` to `last`, as drafts with their slots. A
    transaction for each day."""
    of = Q(department=department) if department else Q()
    templates = list(Template.objects.filter(of, active=True).select_related("department", "practitioner"))
    paces = dict(Pace.objects.values_list("practitioner", "minutes"))
    days = calendar.of(first, last)
    plans = Plans()
    day = first
    while day <= last:
        with transaction.atomic():
            _plan_day([one for one in templates if days.means(one, day)], day, paces, plans)
        day += dt.timedelta(days=1)
    return plans


def _plan_day(templates: Sequence[Template], day: dt.date, paces: dict[int, int], plans: Plans) -> None:
    _alone()
    known = _known(day)
    busy = _busy(day)
    fresh, of = list[Schedule](), list[Template]()
    for schedule, template in ((_session(one, day), one) for one in templates):
        spans = busy[schedule.practitioner_id] if schedule.practitioner_id else []
        if _key(schedule) in known:
            continue
        known.add(_key(schedule))
        if any(start < schedule.end and schedule.start < end for start, end in spans):
            plans.clashes.append(schedule)
            continue
        spans.append((schedule.start, schedule.end))
        fresh.append(schedule)
        of.append(template)
    _write_down(fresh, of, paces)
    plans.made += len(fresh)


def _write_down(fresh: list[Schedule], of: list[Template], paces: dict[int, int]) -> None:
    rules = releasing.rules()
    for schedule in fresh:
        schedule.released_at = rules.release(schedule)
    Schedule.objects.bulk_create(fresh, batch_size=500)
    Planned.objects.bulk_create([Planned(schedule=schedule, template=template)
                                 for schedule, template in zip(fresh, of)], batch_size=500)
    slots = list[Slot]()
    for schedule, template in zip(fresh, of):
        cut_ = cut(schedule, template, paces.get(template.practitioner_id or 0, DEFAULT_PACE))
        rules.share_out(schedule, cut_)
        slots += cut_
    Slot.objects.bulk_create(slots, batch_size=2000)


def _session(template: Template, day: dt.date) -> Schedule:
    return Schedule(department=template.department, practitioner=template.practitioner, kind=template.kind, day=day,
                    half=template.half, start=clock.at(day, template.start), end=clock.at(day, template.end),
                    fee=template.fee, state=Schedule.State.DRAFT)


def _known(day: dt.date) -> set[tuple[int, int | None, str, dt.datetime]]:
    """The sessions there are, by `_key`; those that another doctor took over, by both."""
    found = set(Schedule.objects.filter(day=day).values_list("department", "practitioner", "kind", "start"))
    return found | set(Change.objects.filter(kind=Change.Kind.SUBSTITUTE, schedule__day=day).values_list(
        "schedule__department", "before", "schedule__kind", "schedule__start"))


def _key(schedule: Schedule) -> tuple[int, int | None, str, dt.datetime]:
    return schedule.department_id, schedule.practitioner_id, schedule.kind, schedule.start


def cut(schedule: Schedule, template: Template, pace: int) -> list[Slot]:
    """The slots of a session, unsaved. `pace`: minutes that its doctor needs for a patient."""
    if template.minutes == 0:
        whole = template.end - template.start
        return roster.cut_to_the_minute(schedule, template.places or max(whole // pace, 1))
    return roster.cut(schedule, template.minutes, template.places or max(template.minutes // pace, 1))


def _alone() -> None:
    """Who plans, plans alone, until the transaction ends: two rosters at once could each find a doctor free."""
    numbers.following("planning")


def _busy(day: dt.date) -> dict[int, list[_Span]]:
    """When each doctor works already. Sessions of the day before may last past midnight."""
    spans: dict[int, list[_Span]] = defaultdict(list)
    rows = (Schedule.objects.filter(practitioner__isnull=False, day__range=(day - dt.timedelta(days=1), day))
            .exclude(state__in=_GIVES_UP).values_list("practitioner", "start", "end"))
    for doctor, start, end in rows:
        spans[doctor].append((start, end))
    return spans


def make_sure_free(doctor: Practitioner, start: dt.datetime, end: dt.datetime) -> None:
    """The doctor is free at that time, and stays so until the transaction ends. Raises busy_elsewhere."""
    _alone()
    if (Schedule.objects.filter(practitioner=doctor, start__lt=end, end__gt=start)
            .exclude(state__in=_GIVES_UP).exists()):
        raise Refusal("busy_elsewhere")


def approve(schedules: Iterable[int], by: str) -> int:
    """The one review step: these drafts are open from now on, seen from their release on. Returns how many were drafts."""
    wanted, now = list(schedules), clock.now()
    with transaction.atomic():
        drafts = list(Schedule.objects.select_for_update().filter(pk__in=wanted, state=Schedule.State.DRAFT)
                      .order_by("pk"))
        releasing.rearrange(drafts)
        passed = [one.pk for one in drafts]
        for part in (passed[at:at + 500] for at in range(0, len(passed), 500)):
            Schedule.objects.filter(pk__in=part).update(state=Schedule.State.OPEN)
        Planned.objects.bulk_create([Planned(schedule=one) for one in drafts], ignore_conflicts=True, batch_size=500)
        for part in (passed[at:at + 500] for at in range(0, len(passed), 500)):
            Planned.objects.filter(schedule__in=part).update(reviewed_by=by[:80], reviewed_at=now)
    return len(passed)


def discard(schedules: Iterable[int]) -> int:
    """Throw drafts away; planning makes them anew from what their templates say then. Returns how many."""
    with transaction.atomic():
        drafts = Schedule.objects.select_for_update().filter(pk__in=list(schedules), state=Schedule.State.DRAFT)
        passed = [one.pk for one in drafts]
        Schedule.objects.filter(pk__in=passed).delete()
    return len(passed)


def drafts(first: dt.date, last: dt.date, department: int | None = None) -> list[Schedule]:
    """What waits for review, with its templates and slots counted, soonest first."""
    of = Q(department=department) if department else Q()
    return list(Schedule.objects.filter(of, state=Schedule.State.DRAFT, day__range=(first, last))
                .select_related("department", "practitioner", "planned__template").order_by("day", "start", "department"))
