"""停诊、替诊、换诊: what the office does to a session that people have booked.

Stop: everybody is told and gets the fee back. Substitute: a doctor of the same rank takes the session over. Move: to a
later session of the same doctor. The last two need the consent of everybody who has booked: see `offers`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from hospital import clock
from hospital.bell import wake
from hospital.care.masking import mask_name, mask_phone
from hospital.care.models import Appointment, Practitioner, Schedule
from hospital.money import cancelling
from hospital.outpatient import family, offers, rosters
from hospital.outpatient.models import Change, Offer
from hospital.refusal import Refusal


def stop(schedule: int, by: str, why: str) -> Change:
    """It does not take place. Who has booked is worked through in the background. Raises session_stopped."""
    with transaction.atomic():
        found = _locked(schedule)
        if found.state == Schedule.State.STOPPED:
            raise Refusal("session_stopped")
        change = _change(Change.Kind.STOP, found, by, why)
        cancelling.stop(found)
        transaction.on_commit(wake)
    return change


def substitute(schedule: int, doctor: Practitioner, by: str, why: str) -> Change:
    """Another doctor takes the session, at once for who books from now on; who has booked is asked.

    Raises session_stopped, past, no_doctor (a general clinic has none to stand in for), other_rank, other_department,
    busy_elsewhere.
    """
    with transaction.atomic():
        found = _still_open(schedule)
        before = found.practitioner
        if before is None:
            raise Refusal("no_doctor")
        if doctor.title != before.title or doctor == before:
            raise Refusal("other_rank")
        if not doctor.departments.filter(pk=found.department_id).exists():
            raise Refusal("other_department")
        rosters.make_sure_free(doctor, found.start, found.end)
        Schedule.objects.filter(pk=found.pk).update(practitioner=doctor)
        change = _change(Change.Kind.SUBSTITUTE, found, by, why, before=before, after=doctor)
    offers.spread(change)
    return change


def move(schedule: int, to: int, by: str, why: str) -> Change:
    """To a later session of the same doctor in the same department; places there are kept for who has booked, until they
    answer. Who finds no place there gets the fee back. Raises session_stopped, past, other_session."""
    with transaction.atomic():
        found, target = _still_open(schedule), _still_open(to)
        same = (found.practitioner_id, found.department_id) == (target.practitioner_id, target.department_id)
        if not same or found.practitioner_id is None or target.start <= found.start:
            raise Refusal("other_session")
        Schedule.objects.filter(pk=found.pk).update(state=Schedule.State.MOVED)
        change = _change(Change.Kind.MOVE, found, by, why, to=target)
    offers.spread(change)
    return change


def next_session(schedule: Schedule) -> Schedule | None:
    """The next session of the same doctor in the same department: where to move it."""
    return (Schedule.objects.filter(practitioner=schedule.practitioner_id, department=schedule.department_id,
                                    state=Schedule.State.OPEN, start__gt=schedule.start)
            .exclude(practitioner__isnull=True).order_by("start").first())


def stand_ins(schedule: Schedule) -> list[Practitioner]:
    """Doctors of the same rank and department who are free at that time."""
    if schedule.practitioner is None:
        return []
    busy = (Schedule.objects.filter(practitioner__isnull=False, start__lt=schedule.end, end__gt=schedule.start)
            .exclude(state__in=(Schedule.State.STOPPED, Schedule.State.MOVED)).values("practitioner"))
    return list(Practitioner.objects.filter(title=schedule.practitioner.title, departments=schedule.department_id)
                .exclude(pk__in=busy).exclude(pk=schedule.practitioner_id))


def _locked(schedule: int) -> Schedule:
    found = Schedule.objects.select_for_update().filter(pk=schedule).first()
    if found is None:
        raise Refusal("unknown_segment")
    return found


def _still_open(schedule: int) -> Schedule:
    found = _locked(schedule)
    if found.state != Schedule.State.OPEN:
        raise Refusal("session_stopped")
    if found.start <= clock.now():
        raise Refusal("past")
    return found


def _change(kind: Change.Kind, schedule: Schedule, by: str, why: str, before: Practitioner | None = None,
            after: Practitioner | None = None, to: Schedule | None = None) -> Change:
    return Change.objects.create(kind=kind, schedule=schedule, before=before or schedule.practitioner, after=after, to=to,
                                 at=clock.now(), by=by[:80], why=why[:200])


@dataclass(frozen=True)
class Affected:
    """Somebody whom a change concerns, as the office sees them. Personal: `repr` shows nothing."""

    appointment: Appointment
    name: str
    phone: str          # of the guardian, where it is a child
    number: int
    start: dt.datetime
    offer: Offer | None
    messages: list[str]     # how each message stands, newest first

    def __repr__(self) -> str:
        return f"<Affected {self.appointment.pk}>"


def affected(change: Change, unmasked: bool = False) -> list[Affected]:
    """Everybody a change concerns, in the order of their numbers. Masked, unless the caller has made sure of the right to
    see more (and written down that it was used)."""
    here = Q(slot__schedule=change.schedule_id)
    whom = here & (Q(state=Appointment.State.BOOKED) | Q(cancelled_at__gte=change.at))
    asked = Q(pk__in=Offer.objects.filter(change=change).order_by().values("appointment"))
    found = (Appointment.objects.filter(whom | asked).select_related("patient", "slot", "department")
             .prefetch_related("offers", "messages").order_by("slot__start", "slot__number"))
    return [_affected(one, change, unmasked) for one in found]


def _affected(appointment: Appointment, change: Change, unmasked: bool) -> Affected:
    patient, reader = appointment.patient, family.recipient(appointment.patient)
    offer = next((one for one in appointment.offers.all() if one.change_id == change.pk), None)
    return Affected(appointment, patient.name if unmasked else mask_name(patient.name),
                    reader.phone if unmasked else mask_phone(reader.phone), appointment.slot.number,
                    appointment.slot.start, offer, [one.state for one in appointment.messages.all()])
