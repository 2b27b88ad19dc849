"""Guardians and children: who may act for whom, and who is told what a child must know."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from hospital import clock
from hospital.care.models import Patient
from hospital.outpatient.models import Link
from hospital.refusal import Refusal

ADULT = 18      # years


def is_child(patient: Patient) -> bool:
    born, today = patient.born, clock.now().date()
    return born is not None and (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) < ADULT


def link(guardian: Patient, child: Patient, by: str) -> Link:
    """From now on the one acts for the other; the link there is, if there is one. Raises not_a_child, not_a_guardian."""
    if not is_child(child):
        raise Refusal("not_a_child")
    if guardian.pk == child.pk or is_child(guardian):
        raise Refusal("not_a_guardian")
    try:
        with transaction.atomic():
            return Link.objects.create(guardian=guardian, child=child, made_at=clock.now(), made_by=by[:80])
    except IntegrityError:
        return Link.objects.get(guardian=guardian, child=child, ended_at__isnull=True)


def link_by_phone(child: Patient, by: str) -> Link | None:
    """建档 of a child asks for the guardian's telephone: the one adult who has it is the guardian. None: nobody, or
    several, have it."""
    if not is_child(child) or not child.phone:
        return None
    found = [one for one in Patient.objects.filter(phone=child.phone).exclude(pk=child.pk)[:20] if not is_child(one)]
    return link(found[0], child, by) if len(found) == 1 else None


def unlink(link: Link) -> bool:
    return bool(Link.objects.filter(pk=link.pk, ended_at__isnull=True).update(ended_at=clock.now()))


def dependants(guardian: int) -> list[Patient]:
    """The children this person acts for, eldest first. Who has grown up acts for themselves."""
    found = Patient.objects.filter(guardians__guardian=guardian, guardians__ended_at__isnull=True)
    return [one for one in found.order_by("born", "pk").distinct() if is_child(one)]


def recipient(patient: Patient) -> Patient:
    """Who is told what this person must know: a child's guardian, who linked first; else the person."""
    if not is_child(patient):
        return patient
    first = Link.objects.filter(child=patient, ended_at__isnull=True).order_by("made_at", "pk").first()
    return first.guardian if first else patient
