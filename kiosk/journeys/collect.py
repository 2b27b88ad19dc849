"""预约取号: the ticket of a booking that was made elsewhere, and checked in at the same time when it is time."""

from __future__ import annotations

from kiosk.care import Patient, PaperKind, PaperState
from kiosk.journeys.due import pay
from kiosk.journeys.identify import CARDS, identify
from kiosk.journeys.paper import hand_over
from kiosk.journeys.queue import booked, check_in
from kiosk.journeys.tile import Tile
from kiosk.requests import ChooseFrom, Done, IssuePaper, MyQueue, Option, Papers, Row
from kiosk.tickets import doctor, when
from kiosk.words import say

TILE = Tile(order=4, icon="ticket")


async def collect() -> None:
    await collect_for(await identify(CARDS, owed=False))


async def collect_for(patient: Patient) -> None:
    """Every booking is paid or free, but those that a doctor made: their fee comes first."""
    owed = [paper for paper in await Papers(patient.id) if paper.kind is PaperKind.REGISTRATION and not paper.delivered]
    if not owed:
        await Done(title=say("collect.none"), remark=say("collect.none_text"), picture="none")
        return
    paper = owed[0]
    if len(owed) > 1:
        paper = await ChooseFrom(title=say("collect.title"), options=tuple(_option(one) for one in owed))
    booking = paper.appointment
    if booking.due:
        paid = await pay(patient, booking)
        if paid is None:
            return
        booking, printed = paid
    else:
        copy = await IssuePaper(booking.id, PaperKind.REGISTRATION)
        printed = await hand_over(patient, PaperKind.REGISTRATION, booking, copy)
    today = await MyQueue(patient.id)
    arrival = next((one for one in today.arrivals if one.appointment.id == booking.id), None)
    if arrival is not None and not arrival.why:
        await check_in(patient, arrival)
        return
    early = arrival is not None and arrival.why == "too_early"
    await Done(title=say("collect.done"), picture="ticket" if printed else "none",
               remark=say("done.no_ticket" if not printed else "collect.later" if early else "collect.take"), rows=(
        *((Row(say("row.checkin_from"), say("at", time=arrival.opens), strong=True),) if arrival and early else ()),
        *booked(booking)))


def _option(paper: PaperState) -> Option[PaperState]:
    booking = paper.appointment
    return Option(paper, booking.department.name, note=say("cancel.option", doctor=doctor(booking), when=when(booking)),
                  icon="booking", badge=say("due.badge", fee=booking.fee) if booking.due else None)
