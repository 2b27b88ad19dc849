"""The promises, held against the books outside: the payment office, the hospital, paper, screen, the disk's bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from kiosk.care import OrderState, PaperKind
from remains import remains
from torture.machine import Machine
from torture.outside import Outside
from torture.patient import CARDLESS, PAYER_CODE
from townsfolk import PEOPLE


def broken(machine: Machine) -> list[str]:
    """Every promise that does not hold, once everything has come to its end and everybody was there again."""
    return [*outside(machine.outside), *stuck(machine)]


def outside(town: Outside) -> Iterator[str]:
    yield from town.told
    yield from _money(town)
    yield from _acts(town)
    yield from _places(town)
    yield from _paper(town)


def _money(town: Outside) -> Iterator[str]:
    """Charged if and only if booked, or given back in full; once."""
    bought = {one.hold: one.appointment for one in town.bookings.values() if one.appointment.state == "booked"}
    kept: Counter[str] = Counter()
    for no, paid in town.orders.items():
        if paid.order.state is OrderState.OPEN:
            yield f"{no} can still be paid, and nobody waits for it"
        if not paid.known:
            yield f"{no}: nobody knows of the money"
        if paid.order.state is OrderState.DISPUTED:
            if not any(notice.data.order == no for _, notice in town.notices):
                yield f"{no}: disputed, and nobody was told"
            if paid.back:
                yield f"{no}: disputed money went somewhere"
            continue
        if paid.back not in (0, paid.came):
            yield f"{no}: {paid.came} came, {paid.back} went back"
        if paid.came not in (0, paid.order.amount):
            yield f"{no}: {paid.came} came for {paid.order.amount}, and it counts"
        kept[paid.order.hold] += paid.came - paid.back
    for hold, held in town.holds.items():
        owed = bought[hold].fee if hold in bought and not bought[hold].due else 0       # due: a doctor booked it, unpaid yet
        if kept[hold] != owed:
            yield f"{hold}: {kept[hold]} kept, {owed} owed"


def _acts(town: Outside) -> Iterator[str]:
    """What a visit wants once is asked for under one key, however often."""
    once = Counter((key.split("-")[0], what) for key, (what, _) in town.answers.items() if what[0] in ("confirm", "cancel"))
    yield from (f"{what} was asked for under {count} keys in one visit" for (_, what), count in once.items() if count > 1)


def _places(town: Outside) -> Iterator[str]:
    ordered = {paid.order.hold for paid in town.orders.values()}
    for held in town.holds.values():
        # A hold alone may be forgotten (a death, a lost answer): it ends by itself. One with an order must not.
        if town.live(held) and held.hold.id in ordered:
            yield f"{held.hold.id} is held for nobody"
    booked = [(one, town.holds[one.hold]) for one in town.bookings.values() if one.appointment.state == "booked"]
    places = Counter(id(held.place) for _, held in booked)
    yield from (f"one place was given {count} times" for count in places.values() if count > 1)
    numbers = Counter((held.place.session.id, one.appointment.number) for one, held in booked)
    yield from (f"number {what} was given {count} times" for what, count in numbers.items() if count > 1)
    mine = Counter((one.appointment.patient, held.place.session.day, held.place.session.half, held.place.session.department)
                   for one, held in booked)
    yield from (f"{who} is booked {count} times" for who, count in mine.items() if count > 1)


def _paper(town: Outside) -> Iterator[str]:
    pieces = [piece for piece in town.printer.pieces if piece.kind != "reference"]
    prints = Counter((piece.kind, piece.code, piece.copy) for piece in pieces)
    yield from (f"{what} was printed {count} times" for what, count in prints.items() if count > 1)
    whole = {(piece.kind, piece.code) for piece in pieces if piece.whole}
    for booked in town.bookings.values():
        code = booked.appointment.code
        # Who has no valid card is offered nothing by a machine; the hospital must still know that it owes them paper.
        offered = town.patients[booked.appointment.patient].name in CARDLESS \
            and not town.hospital.paper_state(booked).delivered
        if booked.appointment.state == "booked" and not booked.appointment.due and ("registration", code) not in whole \
                and not offered:
            yield f"{code}: booked, and nobody has a ticket"
        if booked.refund and ("refund", code) not in whole and not offered:
            yield f"{code}: given back, and nobody has a slip"
        for kind, papers in booked.papers.items():
            yield from (f"{code}: nobody said what became of {kind} {paper.copy}"
                        for paper in papers if paper.outcome == "issued")
            sure = {paper.copy for paper in papers if paper.outcome in ("printed", "sent")}
            yield from (f"{code}: {kind} {copy} is on no paper"
                        for copy in sure if not prints[(PaperKind(kind).value, code, copy)])


def stuck(machine: Machine) -> Iterator[str]:
    """Every visit is closed. (A visit kept for staff has a name for it; nothing here gives a reason to keep one.)"""
    for visit in machine.journal.open_visits():
        yield f"visit {visit.journey} is open: {visit.held or 'and nobody sees it'}"
    for owed in machine.journal.owed():
        yield f"{type(owed.request).__name__} was never delivered"
    if not machine.stage.idle:
        yield "the machine is still busy"
    if machine.journal.broken_link() is not None:
        yield "the chain of facts is broken"
    facts = {(fact.id, fact.at): (fact.kind, fact.data) for fact in machine.journal.facts()}
    yield from (f"the hospital was told of fact {number}, which the machine does not have"
                for (number, at), fact in machine.outside.heard.items() if facts.get((number, at)) != fact)


def untold(machine: Machine) -> Iterator[str]:
    """After a life without a death: of each visit that began it is known how it ended."""
    kinds = Counter(fact.kind for fact in machine.journal.facts())
    if kinds["visit"] != kinds["end"]:
        yield f"{kinds['visit']} visits began, {kinds['end']} ended"


# The bytes.

PERSONAL = (PAYER_CODE.encode(), *(word.encode() for person in PEOPLE.values()
                                   for word in (person.name, person.number, person.phone)))


def personal(folder: Path, key: bytes, words: Iterable[bytes] = PERSONAL) -> Iterator[str]:
    """Personal data in the machine's files, plain or sealed (who has the disk has the key)."""
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        yield from (f"{path.name} says {word.decode()}" for word in words if word in data)
        for clear in remains(data, key):
            yield from (f"{path.name} says {word.decode()} to who has the key" for word in words if word in clear)
