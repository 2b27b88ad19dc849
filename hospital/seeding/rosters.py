"""The invented hospital's week: who works when, which part is kept for whom, how much one person may book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hospital import clock
from hospital.care.models import Department, Practitioner, Schedule
from hospital.outpatient import rosters, rounds
from hospital.outpatient.models import DepartmentRule, Limit, ReleaseRule, ShareRule, Template
from hospital.seeding.hospital_data import DEPARTMENTS, Dept

_FEES = {"chief": 5000, "associate_chief": 3000, "attending": 2000, "resident": 1500}
_NOON = 12 * 60
_HOURS = {      # of the general clinic, in minutes of the day
    "day": ((480, 720), (810, 1050)),
    "evening": ((480, 720), (810, 1050), (1050, 1260)),
    "night": ((480, 720), (810, 1050), (1050, 1440)),
    "always": ((0, 720), (720, 1440)),
}
_SHARES = (("web", 20), ("phone", 10), ("community", 10), ("consulting", 10))     # of experts, until 18:00 the day before


def plan(first: dt.date, days: int, departments: Mapping[str, Department],
         doctors: Mapping[str, Sequence[Practitioner]]) -> int:
    """Templates and rules, where there are none yet; `days` days of reviewed sessions from `first`. Returns how many
    are new."""
    if not Template.objects.exists():
        Template.objects.bulk_create([template for one in DEPARTMENTS for weekday in range(7)
                                      for template in _week(weekday, one, departments[one.code], doctors[one.code])])
        _rules(departments.values(), days)
    last = first + dt.timedelta(days=days - 1)
    plans = rosters.plan(first, last)
    rosters.approve((one.pk for one in rosters.drafts(first, last)), "示例数据")
    if first == clock.now().date():
        rounds.remember(first, plans)       # tomorrow's plans the weeks after
    return plans.made


def _week(weekday: int, dept: Dept, department: Department, doctors: Sequence[Practitioner]) -> Iterator[Template]:
    for start, end in _HOURS[dept.hours]:
        yield _template(weekday, department, None, Schedule.Kind.GENERAL, start, end, dept.fee, 5)
    for place, doctor in enumerate(doctors):
        morning = (weekday + place) % 2 == 0
        start, end = (480, 720) if morning else (810, 1050)
        if weekday >= 5 and place not in (0, 2):
            continue        # at weekends one expert and one special clinic of each department
        kind = Schedule.Kind.EXPERT if place < 2 else Schedule.Kind.SPECIAL
        yield _template(weekday, department, doctor, kind, start, end, _FEES[doctor.title], 2 + place)


def _template(weekday: int, department: Department, doctor: Practitioner | None, kind: str, start: int, end: int, fee: int,
              places: int) -> Template:
    return Template(weekday=weekday, department=department, practitioner=doctor, kind=kind,
                    half="am" if start < _NOON else "pm", start=start, end=end, minutes=30, places=places, fee=fee,
                    on_holidays=True)


def _rules(departments: Iterable[Department], days: int) -> None:
    ReleaseRule.objects.create(days=days, minute=420)
    ShareRule.objects.bulk_create([ShareRule(kind=Schedule.Kind.EXPERT, channel=channel, percent=percent)
                                   for channel, percent in _SHARES])
    Limit.objects.create(each=True, days=7, most=3)
    DepartmentRule.objects.bulk_create([DepartmentRule(department=one, check_in=True) for one in departments],
                                       ignore_conflicts=True)
