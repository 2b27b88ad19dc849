"""替诊、换诊: a booked session was changed; does its person agree?"""

from __future__ import annotations

from kiosk.care import Appointment, Offer, PaperKind, Patient
from kiosk.journeys.paper import hand_over
from kiosk.requests import AnswerOffer, Confirm, Dependants, IssuePaper, Refused, Row
from kiosk.tickets import doctor as named, when
from kiosk.words import say


async def ask_consent(patient: Patient, offer: Offer) -> None:
    """Yes: a new ticket. No: the booking and the fee are given back. Who leaves without a word is asked again next time."""
    was, doctor = offer.appointment, offer.doctor
    whose = await _owner(patient, was)
    rows = [Row(say("row.department"), was.department.name),
            Row(say("offer.was"), say("trail.time", day=was.day, start=was.start))]
    if whose != patient:
        rows.insert(0, Row(say("row.name"), say("whose.child", who=whose.name)))
    if doctor is not None:
        other = say("doctor", name=doctor.name, title=say(f"title.{doctor.title}"))
        rows.append(Row(say("offer.doctor"), other, strong=True))
    if offer.day is not None and offer.start is not None:
        rows.append(Row(say("offer.time"), say("trail.time", day=offer.day, start=offer.start), strong=True))
    yes = await Confirm(title=say(f"offer.{offer.kind}"), rows=tuple(rows), yes=say("offer.yes"), no=say("offer.no"),
                        remark=say("offer.text"))
    try:
        answered = await AnswerOffer(offer.id, yes)
    except Refused as no:
        await Confirm(title=say("offer.failed"), rows=(), yes=say("understood"), remark=say(f"offer_failed.{no.reason}"))
        return
    if answered.accepted:
        await _changed(whose, answered.appointment)
    else:
        refund = answered.refund
        await Confirm(title=say("offer.declined"), yes=say("understood"), remark=None if refund else say("offer.cash"),
                      rows=(Row(say("row.refund"), say("sum", fee=refund.amount if refund else 0), strong=True),))


async def _changed(whose: Patient, now: Appointment) -> None:
    """The visit as it is now, and a ticket for it; the old one is worth nothing. No ticket before a fee that is due."""
    remark = "offer.due"
    if not now.due:
        copy = await IssuePaper(now.id, PaperKind.REGISTRATION)
        printed = await hand_over(whose, PaperKind.REGISTRATION, now, copy)
        remark = "offer.take" if printed else "done.no_ticket"
    await Confirm(title=say("offer.changed"), yes=say("understood"), remark=say(remark), rows=(
        Row(say("row.department"), now.department.name), Row(say("row.doctor"), named(now)),
        Row(say("row.time"), when(now)), Row(say("row.number"), str(now.number), strong=True)))


async def _owner(here: Patient, appointment: Appointment) -> Patient:
    """The ticket bears the name of who will be seen: a child of theirs, where it is the child's."""
    if appointment.patient == here.id:
        return here
    return next((child for child in await Dependants(here.id) if child.id == appointment.patient), here)
