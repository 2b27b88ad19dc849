"""Somebody put a card down without choosing anything: greet them, then ask."""

from __future__ import annotations

from kiosk.journeys.blood import blood_for
from kiosk.journeys.cancel import cancel_for
from kiosk.journeys.examine import examine_for
from kiosk.journeys.identify import identify
from kiosk.journeys.register import register_for
from kiosk.journeys.reprint import reprint_for
from kiosk.journeys.tile import Tile
from kiosk.requests import Choose, Option
from kiosk.words import say

TILE = Tile(order=None, icon="person")

SERVICES = {"register": register_for, "cancel": cancel_for, "reprint": reprint_for, "examine": examine_for, "blood": blood_for}


async def attend() -> None:
    patient = await identify()
    service = await Choose(title=say("attend.title", who=patient.name), options=tuple(
        Option(name, say(f"tile.{name}"), say(f"tile.{name}.note"), icon=name) for name in SERVICES))
    await SERVICES[service](patient)
