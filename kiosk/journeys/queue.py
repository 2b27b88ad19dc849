"""What check-in, collecting and the waiting page share: what is said of a place, and why there is none."""

from __future__ import annotations

from kiosk.care import Appointment, Patient
from kiosk.journeys.due import pay
from kiosk.queue_care import Arrival, Place
from kiosk.requests import CheckIn, Done, Print, Refused, Rejoin, Row
from kiosk.tickets import QueueSlip, doctor, room, wait, when
from kiosk.words import say

NO = ("too_early", "wrong_day", "already_cancelled", "changed", "session_stopped", "session_over")
"""Refusals that have a page of their own: what it means, and what to do."""


async def check_in(patient: Patient, arrival: Arrival) -> None:
    """Give the place, print it, say it; or say why there is none. A fee that is due is paid first."""
    if arrival.appointment.due and await pay(patient, arrival.appointment) is None:
        return
    try:
        place = await CheckIn(arrival.appointment.id)
    except Refused as no:
        if no.reason not in NO:
            raise
        await refuse(arrival, no.reason)
    else:
        await hand_out(patient, place)


async def rejoin(patient: Patient, place: Place) -> None:
    """Back into the line."""
    try:
        again = await Rejoin(place.id)
    except Refused as no:
        if no.reason != "session_over":
            raise
        await Done(title=say("checkin.session_over"), remark=say("checkin.session_over.text"), picture="none",
                   rows=(Row(say("row.department"), place.department.name),))
    else:
        await hand_out(patient, again)


async def hand_out(patient: Patient, place: Place) -> None:
    """The slip and the page; whoever gets no paper reads the same on the page, and at any machine."""
    try:
        await Print(QueueSlip(patient.name, place))
        printed = True
    except Refused:
        printed = False
    await Done(title=say("checkin.done"), picture="ticket" if printed else "none", rows=rows(place),
               remark=say("checkin.no_slip" if not printed else "checkin.late" if place.late else "checkin.take_slip"))


async def refuse(arrival: Arrival, why: str) -> None:
    """Why a booking cannot be checked in now, and what to do."""
    booking = arrival.appointment
    await Done(title=say(f"checkin.{why}"), remark=say(f"checkin.{why}.text"), picture="none", rows=(
        *((Row(say("row.checkin_from"), say("at", time=arrival.opens), strong=True),) if why == "too_early" else ()),
        *booked(booking)))


def booked(booking: Appointment) -> tuple[Row, ...]:
    """What a booking is about, in rows."""
    return (Row(say("row.department"), booking.department.name), Row(say("row.doctor"), doctor(booking)),
            Row(say("row.time"), when(booking)))


def rows(place: Place) -> tuple[Row, ...]:
    """Where somebody stands."""
    ahead: tuple[Row, ...] = ()
    if place.state == "waiting":
        ahead = (Row(say("row.ahead"), say("queue.people", ahead=place.ahead)),
                 Row(say("row.wait"), wait(place.wait)))
    called = place.state == "called"            # then the room is what matters
    return (Row(say("row.number"), str(place.number), strong=not called), Row(say("row.department"), place.department.name),
            Row(say("row.place"), room(place), strong=called), *ahead)
