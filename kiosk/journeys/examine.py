"""检查预约: a time for what the doctor has ordered."""

from __future__ import annotations

from kiosk.care import Patient
from kiosk.journeys.identify import CARDS, identify
from kiosk.journeys.ordered import ordered
from kiosk.journeys.tile import Tile

TILE = Tile(order=8, icon="examine")


async def examine() -> None:
    await examine_for(await identify(CARDS))


async def examine_for(patient: Patient) -> None:
    await ordered(patient, "exam")
