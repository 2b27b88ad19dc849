"""同类专家: when a doctor is full, others of the same rank and speciality who still have a place.

Best first: who is most sought after and stops least, by the last RECORD_DAYS: the share of places that were booked, and of
sessions that took place.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from hospital import clock
from hospital.care import availability
from hospital.care.models import Practitioner, Schedule
from hospital.refusal import Refusal

RECORD_DAYS = 90
_NO_RECORD = 0.5        # of a doctor who is new here: neither praised nor blamed


@dataclass(frozen=True)
class Similar:
    """A doctor to go to instead, and where they have a place next."""

    practitioner: Practitioner
    session: availability.Session
    segment: availability.Segment
    score: float        # 0 to 1


def similar(doctor: int, department: int, shares: frozenset[str] = availability.EVERYBODY, most: int = 3) -> list[Similar]:
    """At most `most` doctors of this department with the rank of `doctor` who have a place within SIMILAR_DAYS.

    Those who share a word of the speciality come before the others. Raises unknown_practitioner, unknown_department.
    """
    of = Practitioner.objects.filter(pk=doctor).first()
    if of is None:
        raise Refusal("unknown_practitioner")
    first: dict[int, tuple[availability.Session, availability.Segment]] = {}
    for session in availability.sessions(department, settings.SIMILAR_DAYS, shares):
        other = session.schedule.practitioner
        if other is None or other.pk == doctor or other.title != of.title or other.pk in first:
            continue
        segment = next((one for one in session.segments if one.left), None)
        if segment is not None:
            first[other.pk] = session, segment
    scores = records(first)
    found = [Similar(session.schedule.practitioner, session, segment, scores[pk])
             for pk, (session, segment) in first.items() if session.schedule.practitioner is not None]
    words = _words(of)
    return sorted(found, key=lambda one: (not words & _words(one.practitioner), -one.score, one.segment.start))[:most]


def _words(doctor: Practitioner) -> frozenset[str]:
    """What a doctor is good at, word by word: 甲状腺、乳腺."""
    return frozenset(word.strip() for word in doctor.speciality_zh.replace("，", "、").split("、") if word.strip())


def records(doctors: Iterable[int]) -> dict[int, float]:
    """How sought after and how reliable, from 0 to 1: places booked, times sessions that took place. Two queries."""
    wanted, today = list(doctors), clock.now().date()
    past = Schedule.objects.filter(practitioner__in=wanted, day__gte=today - dt.timedelta(days=RECORD_DAYS),
                                   day__lte=today).exclude(state=Schedule.State.DRAFT).order_by()
    gone = (Schedule.State.STOPPED, Schedule.State.MOVED)
    kept = {row["practitioner"]: 1 - row["stopped"] / row["all"] for row in past.values("practitioner").annotate(
        all=Count("id"), stopped=Count("id", filter=Q(state__in=gone)))}
    booked = {row["practitioner"]: row["booked"] / row["places"] for row in past.exclude(state__in=gone)
              .values("practitioner").annotate(places=Count("slots"), booked=Count("slots", filter=Q(slots__booked=True)))
              if row["places"]}
    scores: dict[int, float] = defaultdict(float)
    for doctor in wanted:
        scores[doctor] = booked.get(doctor, _NO_RECORD) * kept.get(doctor, 1.0)
    return scores
