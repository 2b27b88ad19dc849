"""Which days a template means. What the office left out, holidays, and days that work as another weekday come first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from hospital.outpatient.models import Holiday, Omission, Template


@dataclass(frozen=True)
class Calendar:
    """The days that are different, of a stretch of days."""

    closed: frozenset[dt.date]
    works_as: dict[dt.date, int]
    omitted: frozenset[tuple[int, dt.date]]     # (template, day)

    def weekday(self, day: dt.date) -> int:
        """Of which weekday the roster is, 0 for Monday."""
        return self.works_as.get(day, day.weekday())

    def means(self, template: Template, day: dt.date) -> bool:
        """Does this template have a session on that day?

        "The second Monday" is counted by the calendar's own days, not by those that work as Mondays.
        """
        if not template.active or not _valid(template, day) or (template.pk, day) in self.omitted:
            return False
        if template.date is not None:
            return template.date == day
        if day in self.closed and not template.on_holidays:
            return False
        if template.nth is not None:
            return day.weekday() == template.weekday and (day.day - 1) // 7 + 1 == template.nth
        return self.weekday(day) == template.weekday


def _valid(template: Template, day: dt.date) -> bool:
    return (template.from_day or day) <= day <= (template.until_day or day)


def of(first: dt.date, last: dt.date) -> Calendar:
    found: Iterable[Holiday] = Holiday.objects.filter(day__range=(first, last))
    return Calendar(frozenset(one.day for one in found if one.works_as is None),
                    {one.day: one.works_as for one in found if one.works_as is not None},
                    frozenset(Omission.objects.filter(day__range=(first, last)).values_list("template", "day")))
