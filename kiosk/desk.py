"""Does what requests ask of the world: intent on disk, act, outcome on disk.

An act ends done or refused; while neither is known, the desk asks again by the same key, more and more slowly, for as
long as it takes: a payment or a booking is never guessed. Work happens on a few threads of its own; what came of it goes to
the inbox.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.contract import DeviceError, Printed
from kiosk import requests as r
from kiosk import tickets
from kiosk.care import Hold
from kiosk.hands import Hands, Threads
from kiosk.hearing import Hearing
from kiosk.hospital import Hospital, Unknown
from kiosk.journal import Journal, OpenVisit
from kiosk.lobby import Lobby
from kiosk.moments import moment
from kiosk.mouth import CardLeft, Mouth
from kiosk.numbers import CodeRule
from kiosk.play import Entry
from kiosk.requests.service import ServiceDo
from kiosk.visit import Comfort
from kiosk.words import Name

HANDS = 4                                   # acts at once, for whoever stands here
BACK_HANDS = 2                              # acts at once that nobody waits for: they never keep a person waiting
PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)    # seconds before the next try of an act whose outcome is unknown
PRINT_TIME = 25.0                           # seconds a ticket may take, cutting and confirming included
LOOKING = 0.25                              # seconds after which a new page is drawn, and somebody looks at it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One Do of one visit. `entries`: answers since the last commit; `again`: its intent is on disk from before a crash."""

    visit: str
    journey: str
    request: r.Do[Any]
    key: str
    intent: Entry
    entries: tuple[Entry, ...] = ()
    comfort: Comfort = Comfort()
    again: bool = False
    front: bool = True
    """Whether somebody stands here and waits for it."""


# What the desk posts to the inbox.


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the answer, or `Refused`."""

    job: Job
    value: Any = field(repr=False)


@dataclass(frozen=True)
class Heard:
    """An event, for the question that was asked under `serial`."""

    serial: int
    event: r.Event = field(repr=False)


@dataclass(frozen=True)
class Recalled:
    """The visits that were open when the program last stopped."""

    visits: tuple[OpenVisit, ...]


@dataclass(frozen=True)
class News:
    """The server, or a device, works or does not."""

    what: str
    works: bool


@dataclass(frozen=True)
class Shut:
    """What patients cannot use now, and why; all that `by` has closed. `what`: `all`, a journey, `pay`, or a device."""

    by: str
    what: Mapping[str, str]


class Desk:
    """`post` takes messages from any thread to the stage. `wake` is called when news lies ready to be sent. `hands`: by
    whom and when work is done; threads of its own where nobody says otherwise."""

    def __init__(self, journal: Journal, hospital: Hospital, lobby: Lobby, names: Name, codes: Sequence[CodeRule],
                 post: Callable[[Any], None], wake: Callable[[], None],
                 departments: Callable[[], Any], today: Callable[[], dt.datetime],
                 hands: Hands | None = None) -> None:
        self._journal, self._hospital, self._lobby = journal, hospital, lobby
        self._names, self._post, self._wake = names, post, wake
        self._departments, self._now = departments, today
        self._hands, self._back = hands or Threads(HANDS), hands or Threads(BACK_HANDS)
        self.mouth = Mouth(lobby.cards, self._hands, post) if lobby.cards is not None else None
        self._hearing = Hearing(lobby, self.mouth, hospital, self._hands, codes, lambda: today().date(),
                                lambda serial, event: post(Heard(serial, event)))
        self._dropped: set[str] = set()
        self._waiting: dict[str, Job] = {}      # acts whose next try the clock will ring for
        self.closed: Collection[str] = ()
        """What patients cannot use now, by the will of staff: devices, and `pay`."""
        self.service: Callable[[Any], Any] = _no_service
        """Performs what the service menu asks; raises Refused."""

    # What the stage asks.

    def perform(self, job: Job) -> None:
        """Do it; its Outcome comes by the inbox, once."""
        (self._hands if job.front else self._back).do(lambda: self._perform(job))

    def prepare(self, entries: Sequence[Entry]) -> None:
        """A page is shown and these answers are not on disk yet: while somebody looks at it, make them ready to be."""
        if entries:
            self._back.after(LOOKING, lambda: self._journal.prepare(entries))

    def drop(self, job: Job) -> None:
        """Nobody waits for this job any more: stop trying, and forget whom it is about. Only for requests that leave
        nothing to be settled."""
        if self._waiting.pop(job.key, None) is None:
            self._dropped.add(job.key)

    def listen(self, ask: r.Ask[Any], serial: int) -> None:
        """Open the ears of a question, and close the others."""
        self._hearing.listen(ask, serial, self.closed)

    def hush(self) -> None:
        """Close every ear."""
        self._hearing.hush()

    def left_card(self) -> CardLeft | None:
        """A card of whoever has just left."""
        return self.mouth.left() if self.mouth is not None else None

    def close(self, visit: str) -> None:
        """Erase the visit from the disk."""
        self._back.do(lambda: self._surely(lambda: self._journal.close(visit)))

    def hold(self, visit: str, why: str) -> None:
        """Keep the visit for staff."""
        self._back.do(lambda: self._surely(lambda: self._journal.hold(visit, why)))

    def note(self, kind: str, **data: Any) -> None:
        """A fact. `data` holds nothing personal. It reaches the disk with the next commit, or when the sync flushes."""
        self._journal.note([(kind, data)], now=False)

    def slip(self, ticket: tickets.Ticket, comfort: Comfort) -> None:
        """A piece of paper outside any story; its outcome is a fact."""
        def work() -> None:
            try:
                self.note("slip", outcome=self._print(ticket, comfort))
            except r.Refused as no:
                self.note("slip", outcome=no.reason)
        self._hands.do(work)

    def finish(self) -> None:
        """Close the ears and write the last facts. Acts in flight are taken up at the next start."""
        self.hush()
        try:
            self._journal.flush()
        except sqlite3.Error as error:
            log.error("the last facts are lost: %s", type(error).__name__)

    def alive(self, then: Callable[[], None]) -> None:
        """`then` is called as soon as a hand is free for it: the proof that whoever stands here would be served."""
        self._hands.do(then)

    def recall(self) -> None:
        """Read the open visits; they come by the inbox."""
        self._hands.do(lambda: self._post(Recalled(self._journal.open_visits())))

    # On the desk's own threads.

    def _perform(self, job: Job) -> None:
        match job.request.manner:
            case r.Manner.LATER:
                self._surely(lambda: self._write(job, [*job.entries, job.intent.came(None)],
                                                 later=(job.key, job.request)), lambda: self._handed_over(job))
            case r.Manner.ACT if not job.again:
                self._surely(lambda: self._write(job, [*job.entries, job.intent]), lambda: self._try(job, 0))
            case _:
                self._try(job, 0)

    def _handed_over(self, job: Job) -> None:
        self._wake()
        self._post(Outcome(job, None))

    def _try(self, job: Job, tries: int) -> None:
        value: Any
        if job.key in self._dropped:
            self._dropped.discard(job.key)
            return
        try:
            if job.again and not job.request.repeats:
                raise r.Refused("print_unknown")
            moment("before act")
            if tries == 0 and not job.again:
                self._refuse_what_is_closed(job.request)
            value = self._act(job)
            moment("after act")
        except r.Refused as no:
            value = no
        except Exception as error:          # Unknown; and a fault of our own concludes nothing either
            why = error.why if isinstance(error, Unknown) else f"fault {type(error).__name__}"
            self.note("unknown", request=type(job.request).__name__, why=why, tries=tries + 1)
            if isinstance(job.request, ServiceDo):      # whoever stands there with a screwdriver sees to it
                self._conclude(job, r.Refused("fault"))
                return
            if job.request.repeats:
                self._try_later(job, tries)
                return
            value = r.Refused("print_unknown")      # it may be on paper: never twice under one number
        self._conclude(job, value)

    def _try_later(self, job: Job, tries: int) -> None:
        """The clock knows the key alone: who leaves meanwhile is forgotten at once, not when it rings."""
        if job.key in self._dropped:
            self._dropped.discard(job.key)
            return
        key = job.key
        self._waiting[key] = job
        self._back.after(_pause(tries), lambda: self._try_again(key, tries + 1))

    def _try_again(self, key: str, tries: int) -> None:
        job = self._waiting.pop(key, None)
        if job is not None:
            self._try(job, tries)

    def _refuse_what_is_closed(self, request: r.Do[Any]) -> None:
        """Only what was never begun: whatever may have happened already is asked about to its end."""
        match request:
            case r.OpenPayment() | r.PayByCode() if "pay" in self.closed:
                raise r.Refused("channel_refused", channels=())     # nor by any other way
            case r.HoldSlot() if "register" in self.closed:
                raise r.Refused("closed_here")
            case r.Print() if "printer" in self.closed:
                raise r.Refused("closed")

    def _conclude(self, job: Job, value: Any) -> None:
        if job.request.manner is r.Manner.FREE:
            if job.key in self._dropped:
                self._give_back(job, value)
            self._post(Outcome(job, value))
            return
        self._surely(lambda: self._write(job, [job.intent.came(value)]),
                     lambda: self._post(Outcome(job, value)))

    def _give_back(self, job: Job, value: Any) -> None:
        """Its person left while it was done: a place that was kept for them is free again."""
        self._dropped.discard(job.key)
        if isinstance(value, Hold):
            try:
                self._hospital.release(value.id, f"{job.key}-r")
            except (Unknown, r.Refused):
                pass                        # the hold ends by itself

    def _surely(self, write: Callable[[], None], then: Callable[[], None] = lambda: None, tries: int = 0) -> None:
        """Write, and only then go on. A disk that does not take it now (full, locked) is asked again."""
        try:
            write()
        except sqlite3.Error as error:
            log.error("the journal does not take it: %s", type(error).__name__)
            self._back.after(_pause(tries), lambda: self._surely(write, then, tries + 1))
        else:
            then()

    def _write(self, job: Job, entries: Sequence[Entry], later: tuple[str, r.Do[None]] | None = None) -> None:
        self._journal.write(job.visit, job.journey, job.intent.epoch, entries, later)

    def _act(self, job: Job) -> Any:
        key, hospital = job.key, self._hospital
        match job.request:
            case r.Departments():
                return self._departments()
            case r.Sessions(department, patient):
                return hospital.sessions(department, patient=patient)
            case r.SimilarDoctors(department, doctor, patient):
                return hospital.similar(department, doctor, patient)
            case r.Dependants(patient):
                return hospital.dependants(patient)
            case r.AnswerOffer(offer, accept):
                return hospital.answer_offer(offer, accept, key)
            case r.FindPatient(shown):
                return hospital.find_patient(shown)
            case r.Enroll(document, phone):
                return hospital.enroll(document, phone, key)
            case r.Notices(patient):
                return hospital.notices(patient)
            case r.Appointments(patient):
                return hospital.appointments(patient)
            case r.MyQueue(patient):
                return hospital.my_queue(patient)
            case r.CheckIn(appointment):
                return hospital.check_in(appointment, key)
            case r.Rejoin(place):
                return hospital.rejoin(place, key)
            case r.Papers(patient):
                return hospital.papers(patient)
            case r.HoldSlot(patient, segment):
                return hospital.hold(patient, segment, key)
            case r.OpenPayment(hold, channel):
                return hospital.open_payment(hold, channel, key)
            case r.PayByCode(hold, code):
                return hospital.charge(hold, code, key)
            case r.ClosePayment(order):
                return hospital.close_payment(order, key)
            case r.ConfirmHold(hold):
                return hospital.confirm(hold, key)
            case r.CancelBooking(appointment):
                return hospital.cancel(appointment, key)
            case r.IssuePaper(appointment, kind):
                return hospital.issue_paper(appointment, kind, key)
            case r.Examinations(patient, kind):
                return hospital.examinations(patient, kind)
            case r.ExamTimes(patient, orders, booking):
                return hospital.exam_times(patient, orders, booking)
            case r.BookExam(patient, orders, start):
                return hospital.book_exam(patient, orders, start, key)
            case r.MoveExam(booking, start):
                return hospital.move_exam(booking, start, key)
            case r.CancelExam(booking):
                return hospital.cancel_exam(booking, key)
            case r.IssueExamSlip(booking):
                return hospital.issue_exam_slip(booking, key)
            case r.Print(ticket):
                return self._print(ticket, job.comfort)
        if isinstance(job.request, ServiceDo):
            return self.service(job.request)
        raise TypeError(f"the desk does not know {type(job.request).__name__}")

    def _print(self, ticket: tickets.Ticket, comfort: Comfort) -> str:
        lines = tickets.lines(ticket, comfort.language, self._names, self._now())
        answers: queue.SimpleQueue[Printed | DeviceError] = queue.SimpleQueue()
        self._lobby.printer.submit(lambda printer: printer.print_ticket(lines, PRINT_TIME), answers.put)
        answer = answers.get()
        if type(answer) is DeviceError:     # a fault of the driver, perhaps behind the last byte: it may be on paper
            raise r.Refused("print_unknown")
        if isinstance(answer, DeviceError):
            raise r.Refused(answer.cause)
        self.note("printed")
        return answer.value


def _no_service(request: Any) -> Any:
    raise r.Refused("not_ready", why=type(request).__name__)


def _pause(tries: int) -> float:
    """Seconds before the next try."""
    return PAUSES[min(tries, len(PAUSES) - 1)]
