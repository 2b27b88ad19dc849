"""替诊、换诊: a booked session was changed; does its person agree?"""

from __future__ import annotations

from kiosk.care import Appointment, Offer, PaperKind, Patient
from kiosk.journeys.paper import hand_over
from kiosk.requests import AnswerOffer, Confirm, Dependants, IssuePaper, Refused, Row
from kiosk.words import say


async def ask_consent(patient: Patient, offer: Offer) -> None:
    """Yes: a new ticket. No: the booking and the fee are given back. Who leaves without a word is asked again next time."""
    was, doctor = offer.appointment, offer.doctor
    rows = [Row(say("row.department"), was.department.name),
            Row(say("offer.was"), say("trail.time", day=was.day, start=was.start))]
    if doctor is not None:
        named = say("doctor", name=doctor.name, title=say(f"title.{doctor.title}"))
        rows.append(Row(say("offer.doctor"), named, strong=True))
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
        whose = await _owner(patient, answered.appointment)
        copy = await IssuePaper(answered.appointment.id, PaperKind.REGISTRATION)
        await hand_over(whose, PaperKind.REGISTRATION, answered.appointment, copy)
    else:
        amount = answered.refund.amount if answered.refund else 0
        await Confirm(title=say("offer.declined"), yes=say("understood"),
                      rows=(Row(say("row.refund"), say("sum", fee=amount), strong=True),))


async def _owner(here: Patient, appointment: Appointment) -> Patient:
    """The ticket bears the name of who will be seen: a child of theirs, where it is the child's."""
    if appointment.patient == here.id:
        return here
    return next((child for child in await Dependants(here.id) if child.id == appointment.patient), here)
