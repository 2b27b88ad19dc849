"""What a doctor has ordered: choose it, choose a time, read what to do before, take the slip. Also: change, cancel, print
again. Shared by 检查预约 and 采血预约."""

from __future__ import annotations

import datetime as dt

from kiosk.care import Patient, Session
from kiosk.exam_care import Bundle, ExamBooked, ExamBooking
from kiosk.journeys.paper import PICTURES
from kiosk.requests import (BookExam, CancelExam, Choose, ChooseFrom, ChooseTime, Confirm, Declined, Done, Examinations,
                            ExamTimes, IssueExamSlip, MoveExam, Option, Print, Refused, Row, Trouble)
from kiosk.tickets import ExamSlip
from kiosk.words import Text, say

LOST = ("slot_full", "past", "fasting_apart", "other_booking")
"""Refusals after which the same person may simply choose another time."""


async def ordered(patient: Patient, kind: str) -> None:
    work = await Examinations(patient.id, kind)
    if not work.bundles and not work.bookings:
        await Done(title=say(f"exam.none.{kind}"), remark=say("exam.none_text"), picture="none")
        return
    chosen: Bundle | ExamBooking
    if not work.bookings and len(work.bundles) == 1 and not work.bundles[0].why:
        chosen = work.bundles[0]
    else:
        chosen = await ChooseFrom(title=say(f"exam.title.{kind}"), options=(
            *(_open(bundle, kind) for bundle in work.bundles), *(_booked(booking) for booking in work.bookings)))
    if isinstance(chosen, ExamBooking):
        await _change(patient, chosen, work.today)
    else:
        await _finish(patient, await _book(patient, chosen, work.today))


def _open(bundle: Bundle, kind: str) -> Option[Bundle | ExamBooking]:
    several, fasting = len(bundle.orders) > 1, say("exam.fasting" if bundle.fasting else "exam.not_fasting")
    return Option(bundle, say("exam.together", count=len(bundle.orders)) if several else bundle.name,
                  note=bundle.name if several else fasting, badge=say("exam.to_book"),
                  icon="blood" if kind == "blood" else "examine", enabled=not bundle.why,
                  why=say(f"exam.why.{bundle.why}") if bundle.why else None)


def _booked(booking: ExamBooking) -> Option[Bundle | ExamBooking]:
    return Option(booking, booking.bundle.name, note=say("trail.time", day=booking.day, start=booking.start),
                  badge=say("exam.is_booked"), icon="booking")


async def _change(patient: Patient, booking: ExamBooking, today: dt.date) -> None:
    """Somebody who has a booking already: another time, none, or the slip once more."""
    fixed = say("exam.fixed")
    way = await Choose(title=say("exam.change"), options=(
        Option("move", say("exam.move"), icon="book", enabled=booking.changeable, why=fixed),
        Option("cancel", say("exam.cancel"), icon="cancel", enabled=booking.changeable, why=fixed),
        Option("print", say("exam.print"), icon="reprint")))
    match way:
        case "move":
            await _finish(patient, await _book(patient, booking.bundle, today, booking))
        case "cancel":
            agreed = await Confirm(title=say("exam.cancel_title"), yes=say("exam.cancel_yes"), no=say("exam.cancel_no"),
                                   danger=True, rows=_what(booking.bundle, booking.start))
            if not agreed:
                raise Declined
            await CancelExam(booking.id)
            await Done(title=say("exam.cancelled"), remark=say("exam.cancelled_text"), picture="none")
        case _:
            await _finish(patient, ExamBooked(booking, await IssueExamSlip(booking.id)))


async def _book(patient: Patient, bundle: Bundle, today: dt.date, moving: ExamBooking | None = None) -> ExamBooked:
    """A time, what to do before, the booking. Whoever loses the time meanwhile chooses again."""
    number = moving.id if moving else None
    sessions = await ExamTimes(patient.id, bundle.orders, number)
    remark: Text | None = None
    told = False
    while True:
        if not any(session.left for session in sessions):
            raise Refused("no_exam_times")
        choice = await ChooseTime(title=say("exam.time"), sessions=sessions, remark=remark)
        start = choice.segment.start
        if bundle.fasting and choice.session.day == today and not await _still_fasting(patient, bundle):
            sessions, remark = _later(sessions, today), say("exam.eaten")
            continue
        if not told:
            await _tell_before(bundle)
        told = True
        agreed = await Confirm(title=say("exam.check"), yes=say("exam.agree"), no=say("exam.disagree"), rows=(
            *_what(bundle, start), Row(say("row.fasting"), say("exam.fasting" if bundle.fasting else "exam.not_fasting"))))
        if not agreed:
            raise Declined
        try:
            return await (MoveExam(moving.id, start) if moving else BookExam(patient.id, bundle.orders, start))
        except Refused as no:
            if no.reason not in LOST:
                raise
            remark = say(f"exam.lost.{no.reason}")
            sessions = await ExamTimes(patient.id, bundle.orders, number)


async def _tell_before(bundle: Bundle) -> None:
    """What to do before, a page of its own: nothing else is to be read there."""
    lines: tuple[Text, ...] = (*bundle.before, *((say("ticket.escort"),) if bundle.escort else ()))
    if lines and not await Confirm(title=say("exam.read"), yes=say("exam.understood"), no=say("exam.disagree"),
                                   rows=tuple(Row(str(number), line) for number, line in enumerate(lines, 1))):
        raise Declined


async def _still_fasting(patient: Patient, bundle: Bundle) -> bool:
    """For today: who has had breakfast comes another day."""
    return await Confirm(title=say("exam.empty"), yes=say("exam.empty_yes"), no=say("exam.empty_no"),
                         rows=(Row(say("row.name"), say("person", who=patient.name)),
                               Row(say("row.tests"), bundle.name)))


def _later(sessions: tuple[Session, ...], today: dt.date) -> tuple[Session, ...]:
    return tuple(session for session in sessions if session.day != today)


def _what(bundle: Bundle, start: dt.datetime) -> tuple[Row, ...]:
    return (Row(say("row.tests"), bundle.name),
            Row(say("row.exam_time"), say("trail.time", day=start.date(), start=start), strong=True),
            Row(say("row.exam_place"), bundle.place))


async def _finish(patient: Patient, booked: ExamBooked) -> None:
    booking = booked.booking
    printed = await _hand_over(patient, booking, booked.copy)
    await Done(title=say(f"exam.done.{booking.kind}"), picture="ticket" if printed else "none",
               remark=say("exam.take_slip" if printed else "exam.no_slip"),
               rows=(Row(say("row.exam_time"), say("trail.time", day=booking.day, start=booking.start), strong=True),
                     Row(say("row.exam_place"), booking.turns[0].place), Row(say("row.exam_code"), booking.code)))


async def _hand_over(patient: Patient, booking: ExamBooking, copy: int) -> bool:
    """Print the slip; True when it is on paper. What may be on paper has used its number up: the next one is a copy."""
    while True:
        try:
            await Print(ExamSlip(patient.name, booking, copy))
            return True
        except Refused as no:
            again = await Trouble(
                title=say("printer.title"), text=say(f"printer.{no.reason}"), picture=PICTURES.get(no.reason, "printer"),
                rows=(*_what(booking.bundle, booking.start), Row(say("row.exam_code"), booking.code)),
                options=(Option("again", say("printer.again"), icon="printer"),
                         Option("without", say("printer.without"), icon="home")))
            if again != "again":
                return False
            if no.reason == "print_unknown":
                copy = await IssueExamSlip(booking.id)
