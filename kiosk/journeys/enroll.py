"""建档: a file at the hospital, by ID card."""

from __future__ import annotations

from kiosk.journeys.identify import identify
from kiosk.journeys.tile import Tile
from kiosk.requests import Done, Row
from kiosk.words import say

TILE = Tile(order=12, icon="enroll")


async def enroll() -> None:
    patient = await identify(accepts=("idcard",))
    await Done(title=say("enroll.done"), picture="file", remark=say("enroll.done_text"), rows=(
        Row(say("row.name"), say("person", who=patient.name)),
        Row(say("row.record_no"), patient.record_no, strong=True),
        Row(say("row.phone"), patient.phone_masked)))
