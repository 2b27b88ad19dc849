"""签到: I am here. From a booking to a place in the queue; back with results, too."""

from __future__ import annotations

from kiosk.care import Patient
from kiosk.journeys.identify import identify
from kiosk.journeys.queue import check_in, refuse, rejoin
from kiosk.journeys.tile import Tile
from kiosk.journeys.waiting import tell
from kiosk.queue_care import Arrival, Place, QueueToday
from kiosk.requests import ChooseFrom, Done, MyQueue, Option
from kiosk.tickets import doctor, when
from kiosk.words import say

TILE = Tile(order=2, icon="checkin")


async def checkin() -> None:
    await checkin_for(await identify(owed=False))


async def checkin_for(patient: Patient) -> None:
    """One thing to check in is checked in without another question."""
    today = await MyQueue(patient.id)
    ready: tuple[Arrival | Place, ...] = (*today.ready, *today.returns)
    if not ready:
        await _nothing(patient, today)
        return
    chosen = ready[0]
    if len(ready) > 1:
        chosen = await ChooseFrom(title=say("checkin.title"), options=(
            *map(_option, today.arrivals), *map(_option, today.returns)))
    if isinstance(chosen, Arrival):
        await check_in(patient, chosen)
    else:
        await rejoin(patient, chosen)


async def _nothing(patient: Patient, today: QueueToday) -> None:
    """Checked in already, too early, or not at all: each is told."""
    if today.standing:
        await tell(patient, today.standing)
    elif today.arrivals:
        await refuse(today.arrivals[0], today.arrivals[0].why)
    else:
        await Done(title=say("checkin.none"), remark=say("checkin.none_text"), picture="none")


def _option(one: Arrival | Place) -> Option[Arrival | Place]:
    if isinstance(one, Place):
        return Option(one, one.department.name, note=say("checkin.returns"), icon="reprint",
                      badge=say("cancel.badge", number=one.number))
    booking = one.appointment
    return Option(one, booking.department.name, note=say("cancel.option", doctor=doctor(booking), when=when(booking)),
                  icon="booking", enabled=not one.why, why=say(f"checkin.{one.why}") if one.why else None)
