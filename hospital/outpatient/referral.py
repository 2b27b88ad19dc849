"""双向转诊: who was sent by a family doctor or a community clinic has places of their own, and goes first."""

from __future__ import annotations

import datetime as dt
from functools import reduce
from operator import or_

from django.db.models import Q

from django.db.models import QuerySet

from hospital import clock
from hospital.care.models import Channel, Department, Patient
from hospital.composed import asked
from hospital.outpatient.models import Referral
from hospital.refusal import Refusal

SHARE: str = Channel.COMMUNITY
"""Whose places they may take, through whatever channel they come."""


def priority_of(patient: int, department: int, day: dt.date) -> bool:
    """Was this person referred to this department, for this day? Then they go first. One query."""
    return bool(_covering(patient, department, day))


@asked
def _covering(patient: int, department: int, day: dt.date) -> QuerySet[Referral]:
    return Referral.objects.filter(patient=patient, department=department, withdrawn_at__isnull=True,
                                   from_day__lte=day, until_day__gte=day)[:1]


def referred(patient: int, department: int) -> bool:
    """Has this person a referral to this department that is not over?"""
    return Referral.objects.filter(patient=patient, department=department, withdrawn_at__isnull=True,
                                   until_day__gte=clock.now().date()).exists()


def sent_to(patient: int) -> Q | None:
    """The sessions, by department and day, that this person was referred to; None: to none. One query."""
    found = Referral.objects.filter(patient=patient, withdrawn_at__isnull=True, until_day__gte=clock.now().date())
    days = [Q(department=one.department_id, day__range=(one.from_day, one.until_day)) for one in found]
    return reduce(or_, days) if days else None


def refer(patient: Patient, department: Department, origin: str, from_day: dt.date, until_day: dt.date, by: str,
          doctor: str = "", number: str = "") -> Referral:
    """Write a referral down. Raises bad_request where it ends before it begins."""
    if until_day < from_day:
        raise Refusal("bad_request", where=["until_day"])
    return Referral.objects.create(patient=patient, department=department, origin=origin[:80], doctor=doctor[:40],
                                   number=number[:40], from_day=from_day, until_day=until_day, made_at=clock.now(),
                                   made_by=by[:80])


def withdraw(referral: Referral) -> bool:
    """It counts no more; bookings made with it stay. False where it was withdrawn already."""
    return bool(Referral.objects.filter(pk=referral.pk, withdrawn_at__isnull=True).update(withdrawn_at=clock.now()))
