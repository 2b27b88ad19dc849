"""候诊查询: where am I, how many are before me, how long; and what to do when my call was missed."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.care import Patient
from kiosk.journeys.identify import identify
from kiosk.journeys.queue import booked, check_in, rejoin, rows
from kiosk.journeys.tile import Tile
from kiosk.queue_care import Arrival, Place
from kiosk.requests import ChooseFrom, Confirm, Declined, Done, MyQueue, Option
from kiosk.words import Text, say

TILE = Tile(order=3, icon="queue")


async def waiting() -> None:
    await waiting_for(await identify(owed=False))


async def waiting_for(patient: Patient) -> None:
    today = await MyQueue(patient.id)
    if today.standing:
        await tell(patient, today.standing)
    elif today.ready:
        await _check_in_first(patient, today.ready[0])
    else:
        await Done(title=say("waiting.none"), remark=say("waiting.none_text"), picture="none")


async def tell(patient: Patient, places: Sequence[Place]) -> None:
    """One of them; which, is asked where there are several. Who missed the call is back in the line by one touch."""
    place = places[0]
    if len(places) > 1:
        place = await ChooseFrom(title=say("waiting.which"), options=tuple(
            Option(one, one.department.name, note=_state(one), icon="queue",
                   badge=say("cancel.badge", number=one.number)) for one in places))
    if place.state == "missed":
        again = await Confirm(title=say("waiting.missed"), remark=say("waiting.missed.text"), rows=rows(place),
                              yes=say("waiting.rejoin"), no=say("waiting.not_now"))
        if not again:
            raise Declined
        await rejoin(patient, place)
        return
    await Done(title=_state(place), remark=_advice(place), rows=rows(place), picture="none")


async def _check_in_first(patient: Patient, arrival: Arrival) -> None:
    yes = await Confirm(title=say("waiting.first"), yes=say("waiting.checkin"), no=say("waiting.not_now"),
                        rows=booked(arrival.appointment))
    if not yes:
        raise Declined
    await check_in(patient, arrival)


def _state(place: Place) -> Text:
    if place.state == "waiting" and place.behind:
        return say("waiting.behind", behind=place.behind)
    return say(f"waiting.{place.state}")


def _advice(place: Place) -> Text:
    return say("waiting.called.text" if place.state == "called" else "waiting.text")
