"""What must be true outside, whatever happened: the kiosk's promises, held against everybody's books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from core import Core
from kiosk.care import OrderState
from tables import Body

ONCE = ("confirm", "cancel", "close", "cancel exam")
"""Acts that a story wants once for each thing: every repeat carries the same key."""


def mend(core: Core) -> None:
    """Whatever a table broke in the town works again."""
    core.town.fuse.disarm()
    core.town.away, core.town.lose = False, 0
    core.town.office_back()
    core.printer.trouble, core.printer.torn = None, False
    for service in core.services:
        if not service.plugged:
            service.plug()
    core.settle(30)


def settled(core: Core, dark: bool = False) -> None:
    """The person has left; everything comes to its end by itself, and the promises are kept.

    `dark`: the power was cut, so that a place nobody remembers may be held until its time is over.
    """
    mend(core)
    core.walk_away()
    core.settle(300 if dark else 30)
    broken = list(_broken(core))
    assert not broken, "\n".join(broken)


def come_back(core: Core, person: str = "测试甲") -> str:
    """The same person at the next kiosk: what is said to them before anything else, each taken note of."""
    core.card(person)
    told = []
    while core.page() == "confirm":
        told.append(core.words())
        asked = [words for words in ("现在打印", "知道了", "正确，建档", "同意") if words in told[-1]]
        if asked[0] == "正确，建档":
            break
        core.touch(asked[0])
    core.walk_away()
    return "\n".join(told)


def _broken(core: Core) -> Iterator[str]:
    yield from _money(core)
    yield from _places(core)
    yield from _exams(core)
    yield from _paper(core)
    yield from _memory(core)


def _money(core: Core) -> Iterator[str]:
    town = core.town
    bought = {one.appointment.order for one in town.bookings.values() if one.appointment.state == "booked"}
    for no, paid in town.orders.items():
        if paid.order.state is OrderState.OPEN:
            yield f"{no} can still be paid"
        if not paid.known:
            yield f"{no}: nobody knows of the money"
        if paid.order.state is OrderState.DISPUTED:
            if paid.back or no in bought:
                yield f"{no}: disputed money was used"
        elif (no in bought) != (paid.came - paid.back == paid.order.amount) or paid.back not in (0, paid.came):
            yield f"{no}: {paid.came} came, {paid.back} went back, booked: {no in bought}"
    tickets = {piece.code for piece in core.printer.pieces if piece.kind == "registration"}
    for one in (booked.appointment for booked in town.bookings.values()):
        if one.due and (one.code in tickets or one.id in town.queue.places):
            yield f"{one.code} was handed out, and its fee is due"
        if one.state == "booked" and one.fee and not (one.order or one.due or one.id in town.queue.cash):
            yield f"{one.code} was never paid"
    keys = Counter(what for what, _ in town.answers.values() if what[0] in ONCE)
    yield from (f"{what} was done under {count} keys" for what, count in keys.items() if count > 1)


def _places(core: Core) -> Iterator[str]:
    for held in core.town.holds.values():
        if core.town.live(held):
            yield f"{held.hold.id} is still held"
    mine = Counter((one.appointment.patient, one.appointment.day, one.appointment.half, one.appointment.department.id)
                   for one in core.town.bookings.values() if one.appointment.state == "booked")
    yield from (f"{whose} booked {count} times" for whose, count in mine.items() if count > 1)


def _exams(core: Core) -> Iterator[str]:
    served = Counter(order for one in core.town.exams.live() for order in one.bundle.orders)
    yield from (f"order {order} is booked {count} times" for order, count in served.items() if count > 1)
    for full in core.town.exams.overbooked():
        yield f"{full} is overbooked"


def _paper(core: Core) -> Iterator[str]:
    pieces = [piece for piece in core.printer.pieces if piece.kind not in ("reference", "checkin")]
    copies = Counter((piece.kind, piece.code, piece.copy) for piece in pieces)
    yield from (f"{what} was printed {count} times" for what, count in copies.items() if count > 1)
    for state in (core.town.hospital.paper_state(one) for one in core.town.bookings.values()):
        whole = any(piece.whole and (piece.kind, piece.code) == (state.kind, state.appointment.code) for piece in pieces)
        if state.delivered and not whole:
            yield f"{state.appointment.code}: nobody has the {state.kind}, and nobody will offer it"


def _memory(core: Core) -> Iterator[str]:
    yield from (f"visit {visit.journey} is still open {visit.held}" for visit in core.journal.open_visits())
    yield from (f"{owed.request} was never delivered" for owed in core.journal.owed())
    if core.journal.broken_link() is not None:
        yield "the facts were changed"


def honest(body: Body) -> None:
    """What stands on the page is true now."""
    words, town = body.words(), body.town
    newest = list(town.orders.values())[-1:]
    if "没有扣费" in words or "nothing was charged" in words.lower():
        assert not any(paid.came for paid in newest), "they were charged"
    if "挂号成功" in words or "You are registered" in words:
        assert any(one.appointment.state == "booked" for one in town.bookings.values()), "nothing is booked"
    if "已退号" in words:
        assert any(one.appointment.state == "cancelled" for one in town.bookings.values()), "nothing is cancelled"
    if "已约好" in words:
        assert town.exams.live(), "no examination is booked"
    if "已取消预约" in words:
        assert town.exams.cancelled, "no examination is cancelled"
    if "全部原路退回" in words:
        assert any(paid.came and paid.back == paid.came for paid in town.orders.values()), "nothing went back"
