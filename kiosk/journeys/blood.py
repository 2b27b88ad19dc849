"""采血预约: a time at the blood draw; all tests in one needle, as far as they go."""

from __future__ import annotations

from kiosk.care import Patient
from kiosk.journeys.identify import CARDS, identify
from kiosk.journeys.ordered import ordered
from kiosk.journeys.tile import Tile

TILE = Tile(order=9, icon="blood")


async def blood() -> None:
    await blood_for(await identify(CARDS))


async def blood_for(patient: Patient) -> None:
    await ordered(patient, "blood")
