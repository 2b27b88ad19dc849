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


def priority(patient: Patient, *standing: str) -> PriorityClass | None:
    """The best priority a person has now: by age, by a paper shown at a desk, by how they come (`standing`)."""
    today = clock.local(clock.now()).date()
    shown = Q(privilege__patient=patient) & (Q(privilege__until=None) | Q(privilege__until__gte=today))
    rights = shown | Q(code__in=standing)
    if patient.born is not None:
        rights |= Q(from_age__lte=age(patient.born, today))
    return PriorityClass.objects.filter(rights).distinct().order_by("-credit", "code").first()


def age(born: dt.date, today: dt.date) -> int:
    """Whole years."""
    return max(0, today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
