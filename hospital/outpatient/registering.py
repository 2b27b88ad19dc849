"""Booking by the rules of the outpatient office, through any channel.

`hold` is what every channel calls; what follows (paying, confirming, cancelling) is the same for all.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet

from hospital.care import booking
from hospital.care.models import Appointment, Channel, Hold, Patient, Schedule, Slot
from hospital.composed import asked
from hospital.outpatient import noshows, referral
from hospital.outpatient.models import Limit
from hospital.refusal import Refusal

REMOTE = frozenset({Channel.PHONE, Channel.WEB, Channel.APP})
"""From afar: nobody has shown who they are at a machine or a window of ours."""

_ACTIVE = (Appointment.State.BOOKED, Appointment.State.ARRIVED, Appointment.State.FULFILLED)


def hold(patient: int, segment: str, by: str, channel: str = Channel.KIOSK) -> Hold:
    """Keep the first free number of a segment that this person may take through this channel, for HOLD_SECONDS.

    `by`: the machine or client that asks. Inside the caller's transaction. Raises unknown_patient, unknown_segment,
    session_stopped, past, held_elsewhere, already_booked, daily_limit {limit}, blacklisted,
    remote_withdrawn {until}, held_too_often {until}, booking_limit {days, limit}, slot_full.
    """
    return booking.hold(patient, segment, by, channel, rules_of(channel))


def rules_of(channel: str) -> booking.Rules:
    """What is asked of everybody who books through this channel."""
    def rules(person: Patient, schedule: Schedule, now: dt.datetime) -> frozenset[str]:
        if channel in REMOTE:
            noshows.make_sure_not_withdrawn(person, now)
        return shares_of(channel, person.pk, schedule.department_id, schedule.day)
    return rules


def shares_of(channel: str, patient: int | None = None, department: int | None = None,
              day: dt.date | None = None) -> frozenset[str]:
    """Whose places may be taken through this channel; by this person, where one is named. Without a day: of a referral
    that is not over."""
    mine = {str(channel)}
    if patient is not None and department is not None:
        first = referral.referred(patient, department) if day is None else referral.priority_of(patient, department, day)
        mine |= {referral.SHARE} if first else set()
    return frozenset(mine)


@asked
def _limits(department: int) -> QuerySet[Limit]:
    return Limit.objects.filter(Q(department__isnull=True) | Q(department=department))


def keep_limits(person: Patient, schedule: Schedule, now: dt.datetime, in_hand: int) -> None:
    """The limits of the outpatient office, as care.booking asks. Raises booking_limit {days, limit}."""
    limits = _limits(schedule.department_id)
    if not limits:
        return
    reach = dt.timedelta(days=max(limit.days for limit in limits) - 1)
    near = (schedule.day - reach, schedule.day + reach)
    visits = list(Appointment.objects.filter(patient=person, day__range=near, state__in=_ACTIVE)
                  .values_list("department", "day"))
    visits += list(Slot.objects.filter(hold__patient=person, booked=False, held_until__gt=now, schedule__day__range=near)
                   .exclude(pk=in_hand).values_list("schedule__department", "schedule__day"))
    for limit in limits:
        alone = limit.each or limit.department_id is not None
        days = [day for department, day in visits if not alone or department == schedule.department_id]
        if _most(days, schedule.day, limit.days) >= limit.most:
            raise Refusal("booking_limit", days=limit.days, limit=limit.most)


def _most(days: list[dt.date], day: dt.date, stretch: int) -> int:
    """The most of these days that lie in one stretch of days together with `day`."""
    firsts = (day - dt.timedelta(days=back) for back in range(stretch))
    return max(sum(first <= one < first + dt.timedelta(days=stretch) for one in days) for first in firsts)


def return_visit(patient: int, segment: str, by: str) -> Appointment:
    """诊间预约: the doctor books the next visit at once, out of the consulting room's share.

    It stands on the person's list at every kiosk. Its fee, if any, is due before the visit: at a kiosk, where the ticket is
    collected, or at the window. Raises as `hold`.
    """
    with transaction.atomic():
        held = booking.get_hold(hold(patient, segment, by, Channel.CONSULTING).pk)
        booked = booking.book(held)
        if booked is None:
            raise Refusal("slot_full")
        return booked
