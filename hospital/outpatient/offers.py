"""The consent of everybody who has booked a session that was changed.

An offer is pending until its person says yes or no (at a kiosk, or to the office on the telephone), or the session would
have begun: that is a no. A no gives the booking and the fee back. A booking that slips in while the session is being
changed is asked about by the next pass. The person is locked whenever an offer changes, before anything else.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from hospital import clock
from hospital.care import booking, notices, reserving
from hospital.care.models import Appointment, Notice, Schedule, Slot
from hospital.money import cancelling
from hospital.money.models import Refund
from hospital.outpatient import messages
from hospital.outpatient.models import Change, Offer
from hospital.refusal import Refusal

_BOOKED = Appointment.State.BOOKED
_LOOKS_BACK_DAYS = 30       # a server that was down so long has more to make up for
_ALL = ("change__before", "change__after", "change__to__practitioner", "appointment__slot__schedule__practitioner",
        "appointment__department", "appointment__patient", "slot")


def spread(change: Change) -> int:
    """Ask everybody who has booked and was not asked yet. Returns how many were."""
    found = Appointment.objects.filter(state=_BOOKED, slot__schedule=change.schedule_id).exclude(offers__change=change)
    if change.kind == Change.Kind.SUBSTITUTE:       # who began to book after it, chose the new doctor
        found = found.filter(Q(hold__made_at__lt=change.at) | Q(hold__isnull=True, booked_at__lt=change.at))
    return sum(_ask(one, change) for one in found.select_related("hold").order_by("slot__number"))


def _ask(appointment: Appointment, change: Change) -> bool:
    now, until = clock.now(), change.schedule.start
    with transaction.atomic():
        booking.lock_person(appointment.patient_id)
        found = _booked(appointment.pk)
        if found is None or Offer.objects.filter(change=change, appointment=found).exists():
            return False
        for before in Offer.objects.filter(appointment=found, state=Offer.State.PENDING):
            _let_go(before)
            _close(before, Offer.State.VOID, "")
        if change.kind == Change.Kind.SUBSTITUTE and change.after_id in _agreed(found):
            return False
        slot = reserving.reserve(change.to_id, until) if change.to_id and until > now else None
        if until <= now or (change.to_id and slot is None):
            _give_back(found)
            return False
        offer = Offer.objects.create(change=change, appointment=found, slot_id=slot, made_at=now, until=until)
        messages.ask(Offer.objects.select_related(*_ALL).get(pk=offer.pk))
    return True


def _agreed(appointment: Appointment) -> set[int | None]:
    """The doctors this person has chosen or agreed to: whoever had the session when they began to book, and who came after
    with their consent. Nobody is asked about these: a substitution that is taken back is none."""
    chosen = appointment.hold.made_at if appointment.hold else appointment.booked_at
    first = Change.objects.filter(kind=Change.Kind.SUBSTITUTE, schedule=appointment.slot.schedule_id,
                                  at__gt=chosen).order_by("at", "pk").first()
    said = Offer.objects.filter(appointment=appointment, state=Offer.State.ACCEPTED).select_related("change")
    return {first.before_id if first else appointment.slot.schedule.practitioner_id,
            *(one.change.before_id if one.change.to_id else one.change.after_id for one in said)}


def _booked(appointment: int) -> Appointment | None:
    return (Appointment.objects.select_related("slot__schedule", "hold").filter(pk=appointment, state=_BOOKED).first())


def _give_back(appointment: Appointment, **why: str) -> None:
    """Booking and fee go back, and the person is told at the next machine."""
    refund = cancelling.cancel(appointment, by_staff=True)
    money = {"refund": refund.no, "amount": refund.amount} if refund else {}
    notices.leave(appointment.patient_id, Notice.Kind.SESSION_STOPPED, appointment, **money, **why)


def pending(patient: int) -> QuerySet[Offer]:
    """What this person is asked, soonest first."""
    return (Offer.objects.filter(appointment__patient=patient, state=Offer.State.PENDING, until__gt=clock.now(),
                                 appointment__state=_BOOKED).select_related(*_ALL).order_by("until"))


@dataclass(frozen=True)
class Answered:
    """What an answer came to."""

    offer: Offer
    refund: Refund | None


def get_offer(offer: uuid.UUID) -> Offer:
    """Raises unknown_offer."""
    found = Offer.objects.select_related(*_ALL).filter(pk=offer).first()
    if found is None:
        raise Refusal("unknown_offer")
    return found


def answer(offer: uuid.UUID, accept: bool, by: str) -> Answered:
    """Yes or no, once. `by`: the kiosk, or who asked on the telephone.

    Raises unknown_offer, offer_over (answered, or too late, or the booking was given back), already_booked {appointment}
    (they have another booking at the time it would move to), session_stopped (that one does not take place either).
    """
    with transaction.atomic():
        booking.lock_person(get_offer(offer).appointment.patient_id)
        found = get_offer(offer)
        if found.state != Offer.State.PENDING or found.until <= clock.now() or found.appointment.state != _BOOKED:
            raise Refusal("offer_over")
        refund = None
        if accept:
            _accept(found)
        else:
            refund = cancelling.cancel(found.appointment, by_staff=True)
            _let_go(found)
        _close(found, Offer.State.ACCEPTED if accept else Offer.State.DECLINED, by)
        return Answered(get_offer(offer), refund)


def _accept(offer: Offer) -> None:
    """A substitute needs nothing more; a move takes the place that was kept."""
    target = offer.change.to
    if target is None or offer.slot_id is None:
        return
    appointment = offer.appointment
    other = Appointment.objects.filter(
        patient=appointment.patient_id, department=target.department_id, day=target.day, half=target.half,
        state__in=("booked", "arrived", "fulfilled")).exclude(pk=appointment.pk).first()
    if other is not None:
        raise Refusal("already_booked", appointment=other)
    open_ = Schedule.objects.filter(pk=target.pk, state=Schedule.State.OPEN).exists()
    if not open_ or not reserving.take(offer.slot_id):
        raise Refusal("session_stopped")
    before = appointment.slot_id
    Appointment.objects.filter(pk=appointment.pk).update(slot=offer.slot_id, day=target.day, half=target.half)
    Slot.objects.filter(pk=before).update(booked=False, hold=None, held_until=None)


def _let_go(offer: Offer) -> None:
    if offer.slot_id is not None:
        reserving.let_go(offer.slot_id)


def _close(offer: Offer, state: str, by: str) -> None:
    Offer.objects.filter(pk=offer.pk).update(state=state, answered_at=clock.now(), answered_by=by[:80])


def tend() -> int:
    """Ask those who slipped in, about the latest change of their session; what was not answered in time, or cannot be any
    more because the other session is off, too, is a no. Returns how many answers that made."""
    now = clock.now()
    later = Change.objects.filter(schedule=OuterRef("schedule"), pk__gt=OuterRef("pk"))
    late = Change.objects.filter(~Exists(later), kind__in=(Change.Kind.SUBSTITUTE, Change.Kind.MOVE),
                                 schedule__start__gt=now - dt.timedelta(days=_LOOKS_BACK_DAYS))
    for change in late.select_related("schedule"):
        spread(change)
    off = Q(change__to__isnull=False) & ~Q(change__to__state=Schedule.State.OPEN)
    over = Offer.objects.filter(Q(until__lte=now) | ~Q(appointment__state=_BOOKED) | off, state=Offer.State.PENDING)
    return sum(_expire(one.pk) for one in over.order_by("until"))


def _expire(offer: uuid.UUID) -> bool:
    with transaction.atomic():
        booking.lock_person(get_offer(offer).appointment.patient_id)
        found = get_offer(offer)
        if found.state != Offer.State.PENDING:
            return False
        _let_go(found)
        if found.appointment.state != _BOOKED:      # given back, or they came: that says it
            _close(found, Offer.State.VOID, "")
            return False
        late = found.until <= clock.now()           # or the session it would move to is off
        _give_back(found.appointment, **({"why": messages.UNANSWERED} if late else {}))
        _close(found, Offer.State.EXPIRED if late else Offer.State.VOID, "")
    return True
