"""Who is here, and what the hospital has to tell them before anything else."""

from __future__ import annotations

from kiosk.care import Document, Notice, PaperKind, Patient
from kiosk.journeys.consent import ask_consent
from kiosk.journeys.paper import hand_over
from kiosk.requests import (Confirm, Declined, Enroll, EnterNumber, FindPatient, Identify, IssuePaper, Notices, Option,
                            PROOFS, Refused, Row, SeenNotice, Shown, SocialCard, Trouble, TypeInstead)
from kiosk.words import Text, say

ADULT = 18     # years; below, the phone number asked for is a guardian's


CARDS = ("idcard", "social", "visit_card")
"""What shows or changes a person's bookings asks for: numbers are known to others."""


async def identify(accepts: tuple[str, ...] = PROOFS, owed: bool = True) -> Patient:
    """The person's file: found by card, code or typed number; made here when their ID card is new to the hospital.

    Whoever only knows a number gets a number: what the hospital has to tell is told to the holder of a card;
    not which papers are `owed` to them, where they have come for just those.
    """
    complaint: Text | None = None
    while True:
        shown: Shown | str = await Identify(accepts=accepts, complaint=complaint)
        complaint = None
        if isinstance(shown, TypeInstead):
            shown = await EnterNumber(title=say("identify.type"), kind="id_number", hint=say("identify.type_hint"))
        try:
            patient = await FindPatient(shown)
        except Refused as no:
            if no.reason != "unknown_patient":
                raise
            if isinstance(shown, Document):
                patient = await make_file(shown)
            elif isinstance(shown, SocialCard) and shown.withheld:
                complaint = say("identify.withheld")
                continue
            else:
                await Trouble(title=say("unknown.title"), text=say("unknown.text"), picture="idcard",
                              options=(Option("again", say("unknown.again"), icon="idcard"),))
                continue
        if isinstance(shown, str):
            await _is_it_you(patient)
        else:
            await _tell(patient, owed)
        return patient


async def make_file(document: Document) -> Patient:
    """建档: one confirmation and a phone number."""
    agreed = await Confirm(title=say("enroll.title"), yes=say("enroll.yes"), no=say("enroll.no"), rows=(
        Row(say("row.name"), say("person", who=document.name), strong=True),
        Row(say("row.sex"), say(f"sex.{document.sex}" if document.sex in "12" else "sex.0")),
        Row(say("row.id_number"), say("id", number=document.number)),
    ))
    if not agreed:
        raise Declined
    phone = await EnterNumber(title=say("enroll.phone_guardian" if _is_child(document) else "enroll.phone"), kind="phone",
                              hint=say("enroll.phone_hint"))
    return await Enroll(document, phone)


def _is_child(document: Document) -> bool:
    born, today = document.born, document.read_on
    return born is not None and (today.year - born.year - ((today.month, today.day) < (born.month, born.day))) < ADULT


async def _is_it_you(patient: Patient) -> None:
    """A typed number is easily somebody else's: ask before anything of theirs is shown."""
    yes = await Confirm(title=say("you.title"), yes=say("you.yes"), no=say("you.no"), rows=(
        Row(say("row.name"), say("person", who=patient.name), strong=True),
        Row(say("row.id_number"), say("id_end", last4=patient.id_last4)),
    ))
    if not yes:
        raise Declined


async def _tell(patient: Patient, owed: bool) -> None:
    """What happened since the last visit: a late payment given back, a ticket never handed over."""
    for notice in await Notices(patient.id):
        if notice.kind == "paper_owed":
            if owed:
                await _offer_paper(patient, notice)
        elif notice.data.offer is not None:
            await ask_consent(patient, notice.data.offer)
        else:
            await Confirm(title=say(f"notice.{notice.data.why or notice.kind}"), yes=say("understood"), rows=_rows(notice),
                          remark=_remark(notice))
            await SeenNotice(notice.id)


def _remark(notice: Notice) -> Text:
    """Nobody is told of money that they never paid."""
    if notice.kind == "session_stopped" and notice.data.amount is None:
        return say("notice_text.session_stopped_free")
    return say(f"notice_text.{notice.kind}")


def _rows(notice: Notice) -> tuple[Row, ...]:
    data, rows = notice.data, []
    if data.amount is not None:
        rows.append(Row(say("row.amount"), say("sum", fee=data.amount), strong=True))
    if data.appointment is not None:
        rows.append(Row(say("row.department"), data.appointment.department.name))
    if data.order is not None:
        rows.append(Row(say("row.order"), data.order))
    return tuple(rows)


async def _offer_paper(patient: Patient, notice: Notice) -> None:
    appointment = notice.data.appointment
    if appointment is None:
        return
    kind = notice.data.paper or PaperKind.REGISTRATION
    wanted = await Confirm(title=say("notice.paper_owed"), yes=say("notice.paper_owed.yes"), no=say("notice.later"), rows=(
        Row(say("row.department"), appointment.department.name),
        Row(say("row.time"), say("trail.time", day=appointment.day, start=appointment.start)),
        Row(say("row.number"), str(appointment.number), strong=True),
    ))
    if wanted:
        await hand_over(patient, kind, appointment, await IssuePaper(appointment.id, kind))
