"""Handing over a ticket or slip, until it is surely in its owner's hand or its owner goes without it."""

from __future__ import annotations

from kiosk.care import Appointment, PaperKind, Patient, Refund
from kiosk.requests import IssuePaper, Left, Option, Print, Refused, ReportPaper, Row, Trouble
from kiosk.tickets import RefundSlip, RegistrationTicket
from kiosk.words import say

PICTURES = {"paper_out": "paper", "paper_jam": "paper", "cover_open": "printer", "print_unknown": "paper"}


async def hand_over(patient: Patient, kind: PaperKind, appointment: Appointment, copy: int,
                    refund: Refund | None = None) -> bool:
    """Print paper number `copy`; True when it is on paper.

    What surely is not on paper keeps its number for the next try. What may be on paper has used its number up: the
    next one is marked as a copy, so that there are never two originals.
    """
    while True:
        try:
            outcome = await Print(_ticket(patient, kind, appointment, copy, refund))
        except Refused as no:
            perhaps = no.reason == "print_unknown"
            outcome = "unknown" if perhaps else "none"
            try:
                again = await _trouble(no.reason, appointment) == "again"
            except Left:
                await ReportPaper(appointment.id, kind, copy, outcome)
                raise
            if perhaps or not again:
                await ReportPaper(appointment.id, kind, copy, outcome)
            if not again:
                return False
            if perhaps:
                copy = await IssuePaper(appointment.id, kind)
        else:
            await ReportPaper(appointment.id, kind, copy, outcome)
            return True


async def _trouble(reason: str, appointment: Appointment) -> str:
    return await Trouble(
        title=say("printer.title"), text=say(f"printer.{reason}"), picture=PICTURES.get(reason, "printer"),
        rows=(Row(say("row.number"), str(appointment.number), strong=True),
              Row(say("row.department"), appointment.department.name),
              Row(say("row.time"), say("trail.time", day=appointment.day, start=appointment.start))),
        options=(Option("again", say("printer.again"), icon="printer"),
                 Option("without", say("printer.without"), icon="home")))


def _ticket(patient: Patient, kind: PaperKind, appointment: Appointment, copy: int,
            refund: Refund | None) -> RegistrationTicket | RefundSlip:
    if kind is PaperKind.REFUND:
        return RefundSlip(patient.name, appointment, refund, copy)
    return RegistrationTicket(patient.name, patient.record_no, appointment, copy)
