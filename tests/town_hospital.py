"""The hospital's server as a kiosk sees it: kiosk.hospital.Hospital's methods and its three ends, over a town's books."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kiosk import care
from kiosk.hospital import Unknown
from kiosk.requests import PayerCode, Refused, SocialCard, VisitCard
from town_books import Booked, Held, Paid, Paper
from town_exam import ExamRooms
from town_outpatient import OfficeDesk
from town_queue import QueueDesk
from townsfolk import PEOPLE, Person, patient as file_of

if TYPE_CHECKING:
    from town import Town

HOLD, ORDER, PASSWORD, GRACE, LONGEST = 180, 180, 30, 60, 900        # seconds, as the hospital's
PER_DAY = 3


class Misused(BaseException):
    """A promise to the server was broken. Not an `Exception`, which the desk would take for an unknown outcome."""


class TownHospital(ExamRooms, OfficeDesk, QueueDesk):
    """Done, refused or unknown; the same key gets the same answer."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def departments(self) -> tuple[care.Department, ...]:
        with self._asked():
            return tuple(self._counted(department) for department in self._town.departments)

    def sessions(self, department: int, days: int = 14, patient: int | None = None) -> tuple[care.Session, ...]:
        with self._asked():
            now = self._town.clock.wall()
            return tuple(self._open(session) for session in self._town.sessions.values()
                         if session.department == department and session.segments[-1].end > now)

    def find_patient(self, shown: care.Document | SocialCard | VisitCard | str) -> care.Patient:
        with self._asked():
            for person in PEOPLE.values():
                match shown:
                    case SocialCard(number=number, name=name) if number and number == person.number:
                        if name != person.name:
                            raise Refused("name_mismatch")
                        return self._known(person)
                    case SocialCard(number="", card_number=number) if number == person.social and person.social_on_file:
                        return self._known(person)
                    case care.Document(number=number) | str(number) if number == person.number:
                        return self._known(person)
                    case VisitCard(number) if number == person.visit_card:
                        return self._known(person)
            raise Refused("unknown_patient")

    def enroll(self, document: care.Document, phone: str, key: str) -> care.Patient:
        def work() -> care.Patient:
            person = next(one for one in PEOPLE.values() if one.number == document.number)
            found = [patient for patient in self._town.patients.values() if patient.name == person.name]
            if not found:
                file = max(self._town.patients) + 1
                self._town.patients[file] = file_of(file, person, phone)
                return self._town.patients[file]
            return found[0]
        return self._did(key, ("enroll", document.number, phone), work)

    def appointments(self, patient: int) -> tuple[care.Appointment, ...]:
        with self._asked():
            return tuple(booked.appointment for booked in self._of(patient)
                         if booked.appointment.state == "booked" and booked.appointment.id not in self._town.queue.places)

    def papers(self, patient: int) -> tuple[care.PaperState, ...]:
        with self._asked():
            return tuple(self.paper_state(booked) for booked in self._of(patient)
                         if booked.appointment.state == "booked" or booked.refund)

    def notices(self, patient: int) -> tuple[care.Notice, ...]:
        with self._asked():
            left = [notice for whose, notice in self._town.notices
                    if whose == patient and notice.id not in self._town.seen]
            owed = [self._owed(booked) for booked in self._of(patient)
                    if (booked.appointment.state == "booked" and not booked.appointment.due or booked.refund)
                    and not self.paper_state(booked).delivered]
            return tuple(left + owed)

    def seen_notice(self, notice: str, key: str) -> None:
        self._did(key, ("seen", notice), lambda: self._town.seen.add(notice))

    def hold(self, patient: int, segment: str, key: str) -> care.Hold:
        return self._did(key, ("hold", patient, segment), lambda: self._hold(patient, segment))

    def release(self, hold: str, key: str) -> None:
        self._did(key, ("release", hold), lambda: self._let_go(self._town.holds[hold]))

    def confirm(self, hold: str, key: str) -> care.Confirmed:
        def work() -> care.Confirmed:
            town, held = self._town, self._town.holds[hold]
            booked = next((one for one in town.bookings.values() if one.hold == hold), None)
            if booked is None:
                if held.hold.fee and town.live(held):
                    raise Refused("unpaid")
                if not town.live(held):
                    raise Refused("hold_ended")
                booked = town.book(held)
            return care.Confirmed(booked.appointment, self._issue(booked, care.PaperKind.REGISTRATION))
        return self._did(key, ("confirm", hold), work)

    def open_payment(self, hold: str, channel: str, key: str) -> care.Order:
        return self._did(key, ("order", hold, channel),
                         lambda: self._ordered(hold, channel, ORDER, "weixin://wxpay/bizpayurl?pr={}").order)

    def charge(self, hold: str, code: PayerCode, key: str) -> care.Order:
        def work() -> care.Order:
            if not code.code:
                raise Refused("code_gone")
            paid = self._ordered(hold, code.wallet, PASSWORD, "")
            if not paid.order.code_url and paid.order.state is care.OrderState.OPEN and not self._town.typing:
                paid.came, paid.known = paid.order.amount, False
                self._town.learn(paid)
            return paid.order
        return self._did(key, ("charge", hold, code.wallet), work)

    def _ordered(self, hold: str, channel: str, seconds: int, url: str) -> Paid:
        """A new order; or the older one of this hold, if there is money on it."""
        town, held = self._town, self._town.holds[hold]
        if town.office_away:
            raise Unknown("channel_away")
        for older in (paid for paid in town.orders.values() if paid.order.hold == hold):
            if self._conclude(older).state not in (care.OrderState.CLOSED, care.OrderState.REFUSED):
                return older
        if channel in town.shut_channels:
            raise Refused("channel_refused", reason="SYSTEM", channels=list(town.channels))
        now = town.clock.wall()
        if not town.owing(held):
            if not town.live(held) or now + dt.timedelta(seconds=seconds) > held.made_at + dt.timedelta(seconds=LONGEST):
                raise Refused("hold_ended")
            held.place.until = now + dt.timedelta(seconds=seconds + GRACE)
        no = town.next("R2611230800{:06d}")
        order = care.Order(no, hold, channel, held.hold.fee, url.format(no), now + dt.timedelta(seconds=seconds),
                           care.OrderState.OPEN, None, town.channels)
        town.orders[no] = Paid(order)
        return town.orders[no]

    def order(self, no: str) -> care.Order:
        with self._asked():
            return self._town.orders[no].order

    def close_payment(self, no: str, key: str) -> care.Order:
        return self._did(key, ("close", no), lambda: self._conclude(self._town.orders[no]))

    def cancel(self, appointment: int, key: str) -> care.CancelledBooking:
        def work() -> care.CancelledBooking:
            town, booked = self._town, self._town.bookings[appointment]
            was = booked.appointment
            if was.state != "booked":
                raise Refused("already_cancelled")
            if appointment in town.queue.places:
                raise Refused("not_cancellable", until=was.cancellable_until.isoformat())
            if town.clock.wall() > was.cancellable_until:
                raise Refused("not_cancellable", until=was.cancellable_until.isoformat())
            booked.appointment = replace(was, state="cancelled", due=None)
            place = town.holds[booked.hold].place
            place.booked, place.hold, place.until = False, "", None
            if was.order is not None:
                paid = town.orders[was.order]
                paid.back = paid.came
                booked.refund = care.Refund(f"{was.order}R1", paid.came, "processing")
            return care.CancelledBooking(booked.appointment, booked.refund)
        return self._did(key, ("cancel", appointment), work)

    def issue_paper(self, appointment: int, kind: care.PaperKind, key: str) -> int:
        return self._did(key, ("paper", appointment, kind),
                         lambda: self._issue(self._town.bookings[appointment], kind))

    def tell_facts(self, facts: Sequence[Any], key: str) -> None:
        if self._town.away:
            raise Unknown("ConnectTimeout")
        self._town.facts.update({fact.id: (fact.kind, fact.data) for fact in facts})

    def report_paper(self, appointment: int, kind: care.PaperKind, copy: int, outcome: str, key: str) -> None:
        def work() -> None:
            for paper in self._town.bookings[appointment].papers[kind]:
                if paper.copy == copy and paper.outcome in ("issued", "unknown"):
                    paper.outcome = outcome
        self._did(key, ("outcome", appointment, kind, copy, outcome), work)

    # The line.

    @contextmanager
    def _asked(self) -> Iterator[None]:
        if self._town.away:
            raise Unknown("ConnectTimeout")
        yield

    def _did(self, key: str, what: tuple[Any, ...], work: Callable[[], Any]) -> Any:
        """An act under its key: done once, answered as often as asked. The key is never used for anything else."""
        town = self._town
        town.fuse.pass_(f"before {what[0]}")
        if town.away:
            raise Unknown("ConnectTimeout")
        if key not in town.answers:
            try:
                town.answers[key] = what, work()
            except Refused as no:
                town.answers[key] = what, Refused(no.reason, **no.data)      # without the frames it came through
        before, answer = town.answers[key]
        if before != what:
            raise Misused(f"one key for two acts: {before[0]}, {what[0]}")
        town.fuse.pass_(f"after {what[0]}")
        if town.lose > 0:
            town.lose -= 1
            raise Unknown("ReadTimeout")
        if isinstance(answer, Refused):
            raise Refused(answer.reason, **answer.data)
        return answer

    # The books.

    def _known(self, person: Person) -> care.Patient:
        found = [patient for patient in self._town.patients.values() if patient.name == person.name]
        if not found:
            raise Refused("unknown_patient")
        return found[0]

    def _of(self, patient: int) -> list[Booked]:
        return [booked for booked in self._town.bookings.values() if booked.appointment.patient == patient]

    def _left(self, segment: care.Segment) -> int:
        return sum(map(self._town.free, self._town.segments[segment.id]))

    def _open(self, session: care.Session) -> care.Session:
        now = self._town.clock.wall()
        segments = tuple(replace(segment, left=self._left(segment)) for segment in session.segments if segment.end > now)
        return replace(session, segments=segments, left=sum(segment.left for segment in segments))

    def _counted(self, department: care.Department) -> care.Department:
        today = [self._open(session) for session in self._town.sessions.values()
                 if (session.department, session.day) == (department.id, self._town.clock.wall().date())]
        experts = sum(session.left for session in today if session.kind is care.Kind.EXPERT)
        return replace(department, general_left_today=sum(session.left for session in today) - experts,
                       expert_left_today=experts)

    def _hold(self, patient: int, segment: str) -> care.Hold:
        town = self._town
        places = town.segments[segment]
        session, part, now = places[0].session, places[0].segment, town.clock.wall()
        for held in town.holds.values():
            if held.patient == patient and town.live(held) and held.place.session.day == session.day \
                    and held.place.session.half == session.half and held.place.session.department == session.department:
                self._let_go(held)
        if session.id in town.stopped:
            raise Refused("session_stopped")
        if part.end <= now:
            raise Refused("past")
        mine = [one.appointment for one in self._of(patient)
                if one.appointment.state == "booked" and one.appointment.day == session.day]
        if any((one.department.id, one.half) == (session.department, session.half) for one in mine):
            raise Refused("already_booked")
        if len(mine) >= PER_DAY:
            raise Refused("daily_limit")
        place = next((place for place in places if town.free(place)), None)
        if place is None:
            raise Refused("slot_full")
        place.hold, place.until = town.next("hold-{}"), now + dt.timedelta(seconds=HOLD)
        department = next(one for one in town.departments if one.id == session.department)
        hold = care.Hold(place.hold, segment, place.number, session.day, session.half, session.kind, part.start, part.end,
                         session.fee, place.until, care.Clinic(department.id, department.code, department.name,
                                                               department.place), session.practitioner)
        town.holds[hold.id] = Held(hold, patient, place, now)
        return hold

    def _let_go(self, held: Held) -> None:
        if self._town.stands(held):
            held.released, held.place.hold, held.place.until = True, "", None

    def _conclude(self, paid: Paid) -> care.Order:
        """Query, close, query once more."""
        if self._town.office_away:
            raise Unknown("channel_away")
        self._town.learn(paid)
        if paid.order.state is care.OrderState.OPEN:
            paid.shut = True
            paid.order = replace(paid.order, state=care.OrderState.CLOSED)
        return paid.order

    def _issue(self, booked: Booked, kind: care.PaperKind) -> int:
        if (kind is care.PaperKind.REGISTRATION) != (booked.appointment.state == "booked"):
            raise Refused("unknown_paper")
        if kind is care.PaperKind.REGISTRATION and booked.appointment.due:
            raise Refused("unpaid")
        papers = booked.papers.setdefault(kind, [])
        taken = {paper.copy for paper in papers if paper.outcome != "none"}
        copy = next(number for number in itertools.count(1) if number not in taken)
        papers.append(Paper(copy))
        return copy

    def paper_state(self, booked: Booked) -> care.PaperState:
        kind = care.PaperKind.REGISTRATION if booked.appointment.state == "booked" else care.PaperKind.REFUND
        papers = [paper for paper in booked.papers.get(kind, []) if paper.outcome != "none"]
        return care.PaperState(booked.appointment, kind, len(papers),
                               any(paper.outcome in ("printed", "sent") for paper in papers), booked.refund)

    def _owed(self, booked: Booked) -> care.Notice:
        state = self.paper_state(booked)
        return care.Notice(f"paper-{booked.appointment.id}-{state.kind}", "paper_owed", booked.appointment.booked_at,
                           care.NoticeData(appointment=booked.appointment, paper=state.kind,
                                           amount=booked.refund.amount if booked.refund else None,
                                           refund=booked.refund.no if booked.refund else None))
