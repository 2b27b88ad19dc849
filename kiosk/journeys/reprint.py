"""补打: today's tickets of this person once more, marked as copies."""

from __future__ import annotations

from kiosk.care import PaperKind, PaperState, Patient
from kiosk.journeys.identify import CARDS, identify
from kiosk.journeys.paper import hand_over
from kiosk.journeys.tile import Tile
from kiosk.requests import ChooseFrom, Done, IssuePaper, Option, Papers
from kiosk.tickets import when
from kiosk.words import say

TILE = Tile(order=11, icon="reprint")


async def reprint() -> None:
    await reprint_for(await identify(CARDS))


async def reprint_for(patient: Patient) -> None:
    papers = [paper for paper in await Papers(patient.id) if not paper.appointment.due]     # no ticket before the fee
    if not papers:
        await Done(title=say("reprint.none"), remark=say("reprint.none_text"), picture="none")
        return
    paper = await ChooseFrom(title=say("reprint.title"), options=tuple(_option(paper) for paper in papers))
    copy = await IssuePaper(paper.appointment.id, paper.kind)
    printed = await hand_over(patient, paper.kind, paper.appointment, copy, paper.refund)
    await Done(title=say("reprint.done"), picture="ticket" if printed else "none",
               remark=say("done.take_ticket" if printed else "done.no_ticket"))


def _option(paper: PaperState) -> Option[PaperState]:
    return Option(paper, say("reprint.refund" if paper.kind is PaperKind.REFUND else "reprint.registration",
                             department=paper.appointment.department.name), note=when(paper.appointment),
                  badge=say("cancel.badge", number=paper.appointment.number), icon="ticket")
