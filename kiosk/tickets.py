"""Facts become the lines of a ticket; what printer there is, nobody here knows.

A ticket in a story is facts only. Its words are chosen when it is printed: Chinese, and the same in the person's
language when that is another, because the nurse who reads it may not read theirs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from drivers.contract import Align, Barcode, Feed, Pair, PaperLine, Qr, Rule
from drivers.contract import Text as Line
from kiosk.care import Appointment, Kind, Refund
from kiosk.exam_care import ExamBooking
from kiosk.queue_care import Place, Wait
from kiosk.words import Language, Name, Text, mask_person, read, say


@dataclass(frozen=True)
class RegistrationTicket:
    """挂号凭条: what to do next, largest first. `copy` 1 is the original."""

    patient: str = field(repr=False)
    record_no: str
    appointment: Appointment
    copy: int


@dataclass(frozen=True)
class RefundSlip:
    """退号凭条."""

    patient: str = field(repr=False)
    appointment: Appointment
    refund: Refund | None
    copy: int


@dataclass(frozen=True)
class ExamSlip:
    """检查预约单, 采血预约单: when, what, which tubes, and what to do before. `copy` 1 is the original."""

    patient: str = field(repr=False)
    booking: ExamBooking
    copy: int


@dataclass(frozen=True)
class QueueSlip:
    """签到凭条: the number that is called, where, and how long it will be."""

    patient: str = field(repr=False)
    place: Place


@dataclass(frozen=True)
class ReferenceSlip:
    """What a person is given while the outcome is not known: the numbers by which staff find it."""

    reference: str
    amount: int | None = None
    order: str | None = None


Ticket = RegistrationTicket | RefundSlip | QueueSlip | ReferenceSlip | ExamSlip


def lines(ticket: Ticket, language: Language, hospital: Name, printed_at: dt.datetime) -> tuple[PaperLine, ...]:
    """The ticket on paper."""
    page = _Page(language)
    page.head(read(hospital, Language.ZH))
    match ticket:
        case RegistrationTicket():
            _registration(page, ticket)
        case RefundSlip():
            _refund(page, ticket)
        case ExamSlip():
            _exam(page, ticket)
        case QueueSlip():
            _queue(page, ticket)
        case ReferenceSlip():
            _reference(page, ticket)
    page.add(Rule())
    page.add(Line(f"{printed_at:%Y-%m-%d %H:%M}", Align.RIGHT))
    return tuple(page.lines)


def sample(hospital: Name, kiosk: str, printed_at: dt.datetime) -> tuple[PaperLine, ...]:
    """What a technician prints to see whether a printer is well: every size, Chinese, rules, a code of each kind."""
    page = _Page(Language.EN)
    page.head(read(hospital, Language.ZH))
    page.title("ticket.sample")
    for scale in (1, 2, 3):
        page.add(Line(f"{scale} 永国酬爱郁灵鹰袋 ABC 0123", Align.CENTRE, scale=scale))
    page.pair("ticket.fee", say("sum", fee=12345), bold=True)
    page.add(Line("■" * 20, Align.CENTRE))           # a dot of the head that is dead leaves a white line
    page.add(Rule())
    page.add(Qr(f"{kiosk} {printed_at:%Y-%m-%d %H:%M}"))
    page.add(Barcode(f"{kiosk}-{printed_at:%Y%m%d}"))
    page.add(Line(f"{kiosk}  {printed_at:%Y-%m-%d %H:%M:%S}", Align.RIGHT))
    return tuple(page.lines)


class _Page:
    """Lines in Chinese, each followed by the person's own language where that is another."""

    def __init__(self, language: Language) -> None:
        self.second = language if language is not Language.ZH else None
        self.lines: list[PaperLine] = []

    def add(self, line: PaperLine) -> None:
        self.lines.append(line)

    def head(self, hospital: str) -> None:
        self.add(Line(hospital, Align.CENTRE, bold=True))

    def title(self, key: str, copy: int = 1) -> None:
        self.add(Line(self.both(say(key), " "), Align.CENTRE, scale=2 if not self.second else 1, bold=True))
        if copy > 1:
            self.add(Line(self.both(say("ticket.copy", copy=copy), " "), Align.CENTRE, bold=True))
        self.add(Rule())

    def both(self, text: Text, between: str) -> str:
        zh = read(text, Language.ZH)
        if self.second is None:
            return zh
        other = read(text, self.second)
        return zh if other == zh else f"{zh}{between}{other}"

    def pair(self, key: str, value: Text, bold: bool = False) -> None:
        self.add(Pair(self.both(say(key), " "), self.both(value, " "), bold))

    def say(self, key: str, align: Align = Align.LEFT, bold: bool = False) -> None:
        self.add(Line(read(say(key), Language.ZH), align, bold=bold))
        if self.second is not None:
            self.add(Line(read(say(key), self.second), align, bold=bold))


def doctor(appointment: Appointment) -> Text:
    """Who: the doctor with their rank, or the general clinic."""
    if appointment.practitioner is None:
        return say(f"kind.{appointment.kind}")
    return say("doctor", name=appointment.practitioner.name, title=say(f"title.{appointment.practitioner.title}"))


def when(appointment: Appointment) -> Text:
    """Which day, and the segment."""
    return say("ticket.when", day=appointment.day, start=appointment.start, end=appointment.end)


def _registration(page: _Page, ticket: RegistrationTicket) -> None:
    appointment = ticket.appointment
    page.title("ticket.registration", ticket.copy)
    page.add(Line(page.both(appointment.department.name, " "), Align.CENTRE, scale=2 if not page.second else 1, bold=True))
    page.add(Line(page.both(doctor(appointment), " "), Align.CENTRE))
    page.add(Line(str(appointment.number), Align.CENTRE, scale=5, bold=True))
    page.add(Line(page.both(say("ticket.number"), " "), Align.CENTRE))
    page.add(Rule())
    page.pair("ticket.name", mask_person(ticket.patient))
    page.pair("ticket.record_no", ticket.record_no)
    page.pair("ticket.time", when(appointment), bold=True)
    page.pair("ticket.arrive_by", say("at", time=appointment.arrive_by), bold=True)
    page.pair("ticket.place", appointment.department.place, bold=True)
    page.pair("ticket.fee", say("sum", fee=appointment.fee))
    if appointment.order:
        page.pair("ticket.order", appointment.order)
    page.add(Rule())
    page.say("ticket.keep" if appointment.kind is not Kind.GENERAL else "ticket.wait_for_call")
    page.add(Feed())
    page.add(Barcode(appointment.code))


def _refund(page: _Page, ticket: RefundSlip) -> None:
    appointment = ticket.appointment
    page.title("ticket.refund", ticket.copy)
    page.pair("ticket.name", mask_person(ticket.patient))
    page.pair("ticket.department", appointment.department.name)
    page.pair("ticket.time", when(appointment))
    page.pair("ticket.code", appointment.code)
    if ticket.refund is not None:
        page.pair("ticket.refunded", say("sum", fee=ticket.refund.amount), bold=True)
        page.pair("ticket.refund_no", ticket.refund.no)
        page.say("ticket.refund_way")


def _exam(page: _Page, ticket: ExamSlip) -> None:
    booking, bundle = ticket.booking, ticket.booking.bundle
    page.title("ticket.blood" if booking.kind == "blood" else "ticket.exam", ticket.copy)
    page.add(Line(page.both(say("trail.time", day=booking.day, start=booking.start), " "), Align.CENTRE,
                  scale=2 if not page.second else 1, bold=True))
    page.pair("ticket.name", mask_person(ticket.patient))
    page.pair("ticket.tests", bundle.name, bold=True)
    if booking.tubes.zh:
        page.pair("ticket.tubes", booking.tubes)
    if len(booking.turns) > 1:
        for number, turn in enumerate(booking.turns, 1):
            page.add(Pair(page.both(say("ticket.draw", number=number, at=turn.start), " "),
                          page.both(turn.tests if booking.kind == "exam" else turn.station, " ")))
    page.pair("ticket.exam_place", bundle.place, bold=True)
    page.add(Rule())
    page.say("ticket.fasting" if bundle.fasting else "ticket.not_fasting", bold=True)
    for sentence in bundle.before:
        page.add(Line(page.both(sentence, " ")))
    if bundle.escort:
        page.say("ticket.escort", bold=True)
    page.say("ticket.on_time")
    page.add(Feed())
    page.add(Barcode(booking.code))


def room(place: Place) -> Text:
    """Where to wait for the call, or to go: the room, or where the department is while nobody sits there."""
    return place.rooms[0] if len(place.rooms) == 1 else place.department.place


def wait(estimate: Wait | None) -> Text:
    """约 20–40 分钟; or that nobody can say."""
    if estimate is None:
        return say("queue.wait_unknown")
    return say("queue.wait" if estimate.low else "queue.wait_less", low=estimate.low, high=estimate.high)


def _queue(page: _Page, ticket: QueueSlip) -> None:
    place = ticket.place
    page.title("ticket.checkin")
    page.add(Line(page.both(place.department.name, " "), Align.CENTRE, scale=2 if not page.second else 1, bold=True))
    if place.practitioner is not None:
        page.add(Line(page.both(place.practitioner.name, " "), Align.CENTRE))
    page.add(Line(str(place.number), Align.CENTRE, scale=5, bold=True))
    page.add(Line(page.both(say("ticket.queue_number"), " "), Align.CENTRE))
    page.add(Rule())
    page.pair("ticket.name", mask_person(ticket.patient))
    page.pair("ticket.place", room(place), bold=True)
    page.pair("row.ahead", say("queue.people", ahead=place.ahead))
    page.pair("row.wait", wait(place.wait), bold=True)
    if place.priority is not None:
        page.pair("row.priority", place.priority)
    if place.code:
        page.pair("ticket.code", place.code)
    page.add(Rule())
    page.say("ticket.queue_text")


def _reference(page: _Page, ticket: ReferenceSlip) -> None:
    page.title("ticket.reference")
    page.pair("ticket.reference_no", ticket.reference, bold=True)
    if ticket.order:
        page.pair("ticket.order", ticket.order)
    if ticket.amount is not None:
        page.pair("ticket.fee", say("sum", fee=ticket.amount))
    page.say("ticket.reference_text")
