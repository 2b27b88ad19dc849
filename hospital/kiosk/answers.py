"""From the books to the words on the wire."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from hospital.care import availability, masking, models, papers, roster
from hospital.kiosk import schemas as wire
from hospital.money import channels
from hospital.money.models import Order, Refund


def department_lite(one: models.Department) -> wire.DepartmentLite:
    return wire.DepartmentLite(id=one.pk, code=one.code, name=wire.Name(zh=one.name_zh, en=one.name_en),
                               place=wire.Name(zh=one.place_zh, en=one.place_en))


def department(one: models.Department, today: roster.Today, fee_from: int) -> wire.Department:
    return wire.Department(**dict(department_lite(one)), key=one.key, general_left_today=today.general,
                           expert_left_today=today.expert, fee_from=fee_from, open_today=today.open)


def practitioner(one: models.Practitioner | None) -> wire.Practitioner | None:
    if one is None:
        return None
    return wire.Practitioner(id=one.pk, name=wire.Name(zh=one.name_zh, en=one.name_en), title=one.title,
                             speciality=wire.Name(zh=one.speciality_zh, en=one.speciality_en))


def session(one: availability.Session) -> wire.Session:
    """Made once for each: they are shared, and never change."""
    made = _sessions.get(one)
    if made is None:
        made = _sessions[one] = _session(one)
    return made


_sessions: WeakKeyDictionary[availability.Session, wire.Session] = WeakKeyDictionary()


def _session(one: availability.Session) -> wire.Session:
    schedule = one.schedule
    segments = [wire.Segment(id=models.segment_id(schedule.pk, part.start), start=part.start, end=part.end,
                             left=part.left) for part in one.segments]
    return wire.Session(id=schedule.pk, department=schedule.department_id, day=schedule.day, half=schedule.half,
                        kind=schedule.kind, practitioner=practitioner(schedule.practitioner), fee=schedule.fee,
                        left=sum(part.left for part in one.segments), segments=segments)


def patient(one: models.Patient, dependants: int = 0) -> wire.Patient:
    return wire.Patient(id=one.pk, record_no=one.record_no, name=one.name, sex=one.sex, born=one.born,
                        id_last4=one.id_number[-4:], phone_masked=masking.mask_phone(one.phone),
                        visit_card=one.visit_card, dependants=dependants)


def hold(one: models.Hold) -> wire.Hold:
    slot, schedule = one.slot, one.slot.schedule
    return wire.Hold(id=one.pk, segment=slot.segment, number=slot.number, day=schedule.day, half=schedule.half,
                     start=slot.start, end=slot.end, fee=one.fee, until=one.until,
                     department=department_lite(schedule.department),
                     practitioner=practitioner(schedule.practitioner), kind=schedule.kind)


def appointment(one: models.Appointment) -> wire.Appointment:
    slot, schedule = one.slot, one.slot.schedule
    paid: Order | None = getattr(one, "order", None)
    return wire.Appointment(
        id=one.pk, code=one.code, state=one.state, number=slot.number, day=one.day, half=one.half,
        kind=schedule.kind, start=slot.start, end=slot.end, arrive_by=one.arrive_by,
        department=department_lite(one.department), practitioner=practitioner(schedule.practitioner), fee=one.fee,
        order=paid.no if paid else None, transaction=transaction(paid),
        cancellable_until=one.cancellable_until, cancellable=one.cancellable, booked_at=one.booked_at,
        patient=one.patient_id, channel=one.channel, due=one.hold_id if one.due else None)


def refund(one: Refund | None) -> wire.Refund | None:
    return wire.Refund(no=one.no, amount=one.amount, state=one.state) if one else None


def refund_of(one: models.Appointment) -> wire.Refund | None:
    """What went back, or is going back, for an appointment."""
    return refund(getattr(getattr(one, "order", None), "refund", None))


def transaction(one: Order | None) -> str | None:
    """The channel's own number of the money that came for it."""
    return one.received.transaction or None if one and one.received else None


def order(one: Order) -> wire.Order:
    return wire.Order(no=one.no, hold=one.invoice.hold_id, channel=one.channel, amount=one.amount, code_url=one.code_url,
                      expires_at=one.expires_at, state=one.state, transaction=transaction(one),
                      channels=channels.names())


def paper_state(one: papers.PaperState) -> wire.PaperState:
    return wire.PaperState(appointment=appointment(one.appointment), kind=one.kind, copies=one.copies,
                           delivered=one.delivered, refund=refund_of(one.appointment))


def notice(one: models.Notice) -> wire.Notice:
    data = dict(one.data)
    if one.appointment is not None:
        data["appointment"] = appointment(one.appointment).model_dump(mode="json")
    return wire.Notice(id=str(one.pk), kind=one.kind, at=one.at, data=data)


OWED = "paper-"


def paper_owed(one: papers.PaperState) -> wire.Notice:
    """A ticket or slip that never reached its owner, as a notice. It is gone when the paper was handed over."""
    data: dict[str, Any] = {"paper": one.kind, "appointment": appointment(one.appointment).model_dump(mode="json")}
    back = refund_of(one.appointment)
    if back is not None:
        data |= {"refund": back.no, "amount": back.amount}
    return wire.Notice(id=f"{OWED}{one.appointment.pk}-{one.kind}", kind="paper_owed",
                       at=one.appointment.cancelled_at or one.appointment.booked_at, data=data)
