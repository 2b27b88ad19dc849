"""Somebody put a card down without choosing anything: greet them, then ask; what is due today comes first."""

from __future__ import annotations

from kiosk.journeys.blood import blood_for
from kiosk.journeys.cancel import cancel_for
from kiosk.journeys.checkin import checkin_for
from kiosk.journeys.examine import examine_for
from kiosk.journeys.identify import identify
from kiosk.journeys.register import register_for
from kiosk.journeys.reprint import reprint_for
from kiosk.journeys.tile import Tile
from kiosk.journeys.waiting import waiting_for
from kiosk.requests import ChooseService, MyQueue, Option
from kiosk.words import say

TILE = Tile(order=None, icon="person")

SERVICES = {"checkin": checkin_for, "waiting": waiting_for, "register": register_for, "cancel": cancel_for,
            "reprint": reprint_for, "examine": examine_for, "blood": blood_for}
ICONS = {"waiting": "queue"}


async def attend() -> None:
    patient = await identify()
    today = await MyQueue(patient.id)
    due = {"checkin": today.ready or today.returns, "waiting": today.standing}
    service = await ChooseService(title=say("attend.title", who=patient.name), options=tuple(
        Option(name, say(f"tile.{name}"), say(f"tile.{name}.note"), icon=ICONS.get(name, name))
        for name in SERVICES if due.get(name, True)))
    await SERVICES[service](patient)
