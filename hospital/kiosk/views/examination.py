"""Examinations and blood draws: what is ordered, when it can be, booked, moved, cancelled, and its slip."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated

from ninja import Query, Router

from hospital import clock
from hospital.examining import booking as book, models as m
from hospital.kiosk import acquaintance, schemas_examination as wire
from hospital.kiosk.door import Request, act, read
from hospital.kiosk.schemas import Copy, Name, Segment
from hospital.refusal import Refusal

router = Router(tags=["examinations"])
LATE = ("slot_full", "past", "fasting_apart", "other_booking", "first_other", "too_young", "exam_booked")


@read(router, "/patients/{int:patient}/examinations/{kind}", wire.Worklist, ("unknown_patient",))
def worklist(request: Request, patient: int, kind: wire.ExamKind) -> wire.Worklist:
    """Open orders, by what may be chosen together, and bookings still to come."""
    acquaintance.here(request.auth, patient)
    return wire.Worklist(today=clock.now().date(),
                         bundles=[_bundle(orders, why) for orders, why in book.bundles(patient, kind)],
                         bookings=[_booking(one) for one in book.bookings(patient, kind)])


@read(router, "/patients/{int:patient}/examination-times", list[wire.Session],
      ("unknown_patient", "unknown_service_request", "too_young", "first_other", "exam_booked"))
def times(request: Request, patient: int, order: Annotated[list[int], Query()],
          booking: int | None = None) -> list[wire.Session]:
    """When these orders can be done together; `booking`: the one that is to be moved."""
    acquaintance.here(request.auth, patient)
    moving = _own(request, booking) if booking is not None else None
    found = book.diary(patient, order, moving)
    halves: dict[tuple[dt.date, str], list[Segment]] = defaultdict(list)
    for plan in found.plans():
        first, at = plan[0].segment, clock.local(plan[0].start)
        halves[at.date(), "am" if at.hour < 12 else "pm"].append(Segment(
            id=f"{at:%Y%m%d%H%M}", start=first.start, end=first.end, left=found.room(plan)))
    station = found.steps[0].station.pk
    return [wire.Session(id=int(f"{day:%y%m%d}{half == 'pm':d}"), department=station, day=day, half=half,
                         left=sum(one.left for one in segments), segments=segments)
            for (day, half), segments in halves.items()]


@act(router, "/examination-bookings", wire.Booked, ("unknown_patient", "unknown_service_request", *LATE))
def make(request: Request, body: wire.NewBooking) -> wire.Booked:
    """Book these orders from that start; issues the slip."""
    acquaintance.here(request.auth, body.patient)
    return _with_slip(book.book(body.patient, body.orders, body.start))


@act(router, "/examination-bookings/{int:booking}/move", wire.Booked,
     ("unknown_booking", "unknown_service_request", "already_cancelled", "exam_fixed", *LATE))
def move(request: Request, booking: int, body: wire.NewTime) -> wire.Booked:
    """Another time for the same orders; issues a new slip."""
    return _with_slip(book.move(_own(request, booking), body.start))


@act(router, "/examination-bookings/{int:booking}/cancel", wire.Booking,
     ("unknown_booking", "already_cancelled", "exam_fixed"))
def cancel(request: Request, booking: int) -> wire.Booking:
    """Give the time back; the orders can be booked again."""
    return _booking(book.cancel(_own(request, booking)))


@act(router, "/examination-bookings/{int:booking}/slip", Copy, ("unknown_booking",))
def slip(request: Request, booking: int) -> Copy:
    """The number of the next slip: every one after the first is a copy."""
    return Copy(copy_=book.issue_slip(_own(request, booking).pk))


def _own(request: Request, booking: int) -> m.Booking:
    """A booking of somebody who is here."""
    found = book.get(booking)
    try:
        acquaintance.here(request.auth, found.patient_id)
    except Refusal:
        raise Refusal("unknown_booking") from None
    return found


def _with_slip(booking: m.Booking) -> wire.Booked:
    return wire.Booked(booking=_booking(booking), copy_=book.issue_slip(booking.pk))


# From the books to the words on the wire.


def _joined(tests: Iterable[m.Test], field: str, zh: str, en: str) -> Name:
    """What the tests say in one field, each thing once."""
    tests = list(tests)
    say_zh = dict.fromkeys(filter(None, (getattr(test, f"{field}_zh") for test in tests)))
    say_en = dict.fromkeys(filter(None, (getattr(test, f"{field}_en") for test in tests)))
    return Name(zh=zh.join(say_zh), en=en.join(say_en))


def _before(tests: Iterable[m.Test]) -> list[Name]:
    """What to do before all of them, each sentence once."""
    said = dict.fromkeys(pair for test in tests
                         for pair in zip(test.before_zh.splitlines(), test.before_en.splitlines(), strict=False))
    return [Name(zh=zh, en=en) for zh, en in said]


def _bundle(orders: Sequence[m.ServiceRequest], why: str) -> wire.Bundle:
    tests = [one.test for one in orders]
    stations = {test.station for test in tests}
    return wire.Bundle(
        orders=[one.pk for one in orders], name=_joined(tests, "name", "、", ", "), why=why,
        place=Name(zh="；".join(dict.fromkeys(one.place_zh for one in stations)),
                   en="; ".join(dict.fromkeys(one.place_en for one in stations))),
        before=_before(tests), fasting=any(test.fasting for test in tests),
        escort=any(test.escort for test in tests))


def _booking(one: m.Booking) -> wire.Booking:
    orders = [served.order for served in one.served.all()]
    tests = [order.test for order in orders]
    return wire.Booking(
        id=one.pk, code=one.code, kind=one.kind, state=one.state, day=clock.local(one.start).date(), start=one.start,
        bundle=_bundle(orders, ""), tubes=_joined(tests, "tubes", "、", ", "), changeable=one.changeable,
        turns=[_turn(turn) for turn in one.turns.all()])


def _turn(one: m.Turn) -> wire.Turn:
    station = one.segment.station
    return wire.Turn(station=Name(zh=station.name_zh, en=station.name_en),
                     place=Name(zh=station.place_zh, en=station.place_en),
                     tests=_joined(one.tests.all(), "name", "、", ", "), start=one.start, end=one.end)
