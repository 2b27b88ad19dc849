"""The hospital's own rules of its queues, read from their rows."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from hospital import clock
from hospital.care.models import Patient
from hospital.composed import asked
from hospital.queueing.models import PriorityClass, Rules

REFERRED, RESULTS = "referred", "results"


def of(department: int) -> Rules:
    """A department's own rules, else the hospital's, else the defaults. One query."""
    found = sorted(_rules(department), key=lambda one: one.department_id is None)
    return found[0] if found else Rules()


@asked
def _rules(department: int) -> QuerySet[Rules]:
    return Rules.objects.filter(Q(department=department) | Q(department=None)).order_by()


def priority(patient: Patient, standing: str = "", besides: str = "") -> PriorityClass | None:
    """The best priority a person has now: by age, by a paper shown at a desk, by how they come (`standing`, `besides`)."""
    today = clock.local(clock.now()).date()
    old = -1 if patient.born is None else age(patient.born, today)
    return _rights.first(patient.pk, today, old, standing, besides)


@asked
def _rights(patient: int, today: dt.date, old: int, standing: str, besides: str) -> QuerySet[PriorityClass]:
    shown = Q(privilege__patient=patient) & (Q(privilege__until=None) | Q(privilege__until__gte=today))
    return (PriorityClass.objects.filter(shown | Q(code=standing) | Q(code=besides) | Q(from_age__lte=old))
            .distinct().order_by("-credit", "code")[:1])


def age(born: dt.date, today: dt.date) -> int:
    """Whole years."""
    return max(0, today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
