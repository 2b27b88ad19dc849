"""A print queue of CUPS: how it is, and what became of a job. Speaks IPP over a `cups:` line.

Sources: RFC 8011 (printer-state-reasons 5.4.12, job-state 5.3.7), PWG 5100.13 (marker supplies), the CUPS documentation
(operations, STATE messages of backends). A queue knows what the printer's backend told it, often only while it prints:
what was not told is unknown.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.contract import (
    CoverOpen, DeviceError, Link, NoAnswer, OutOfService, Paper, PaperJam, PaperOut, PrintUnknown, State, Status, Stock,
    TonerOut, WrongDevice)
from drivers.ipp import FAILED, NOT_FOUND, Answer, Attribute, Attributes, Operation, Tag, Value, decode, encode

ASK = 0.7                   # seconds for an answer: CUPS answers in milliseconds, and a status is wanted within one second
TAKE = 0.9                  # seconds in which the line must take a request: no cancel ends a write
HAND_OVER = 5.0             # seconds for its word that it has taken a document
IDLE, PROCESSING, STOPPED = 3, 4, 5         # printer-state
COMPLETED, OVER = 9, (7, 8, 9)      # job-state: cancelled, aborted, completed
OVER_ALREADY = 0x0404       # client-error-not-possible: a job that is over cannot be cancelled
USER = f"kiosk-{platform.node()}"[:127]     # several kiosks may share a queue: each takes back its own jobs only
PRINTER_WANTED = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "printer-make-and-model",
                  "marker-levels", "printer-up-time", "printer-state-change-time")
JOB_WANTED = ("job-state", "job-state-reasons", "time-at-processing", "job-media-sheets-completed")

# What a reason means where it stops the printer.
TROUBLES: dict[str, type[DeviceError]] = {
    "media-empty": PaperOut, "media-needed": PaperOut, "input-tray-missing": PaperOut, "media-jam": PaperJam,
    "cover-open": CoverOpen, "door-open": CoverOpen, "interlock-open": CoverOpen,
    "toner-empty": TonerOut, "marker-supply-empty": TonerOut}
# What a nurse mends first.
GRAVEST: tuple[type[DeviceError], ...] = (CoverOpen, PaperJam, PaperOut, TonerOut, OutOfService)
SCARCE_PAPER = {"media-low", "media-empty", "media-needed"}
SCARCE_TONER = {"toner-low", "toner-empty", "marker-supply-low", "marker-supply-empty"}
AWAY = {"offline", "paused", "shutdown", "timed-out"}       # these stop it however mildly they are said


@dataclass(frozen=True)
class Condition:
    """How the queue says that it is."""

    stopped: bool
    accepting: bool
    reasons: frozenset[str]
    model: str = ""
    levels: tuple[int, ...] = ()        # of its toner, per cent; below 0: unknown

    @property
    def trouble(self) -> DeviceError | None:
        """What keeps it from printing."""
        found = [error for reason in sorted(self.reasons) if (error := _error(reason))]
        if found:
            return min(found, key=lambda error: GRAVEST.index(type(error)))
        if self.stopped or not self.accepting:
            return OutOfService("the queue is stopped" if self.stopped else "the queue takes no jobs")
        return None

    @property
    def status(self) -> Status:
        error = self.trouble
        state = State.OFFLINE if error else State.ONLINE
        return Status(state, self._paper(error), error.cause if error else "", toner=self._toner())

    def _paper(self, error: DeviceError | None) -> Paper:
        named = {reason for reason in map(_name, self.reasons)}
        if "media-jam" in named and isinstance(error, PaperJam):
            return Paper.JAMMED
        if any(isinstance(_error(reason), PaperOut) for reason in self.reasons):
            return Paper.OUT
        return Paper.LOW if named & SCARCE_PAPER else Paper.UNKNOWN

    def _toner(self) -> Stock:
        if any(isinstance(_error(reason), TonerOut) for reason in self.reasons):
            return Stock.EMPTY
        if {_name(reason) for reason in self.reasons} & SCARCE_TONER:
            return Stock.LOW
        return Stock.OK if self.levels and min(self.levels) > 0 else Stock.UNKNOWN


def _name(reason: str) -> str:
    return re.sub("-(error|warning|report)$", "", reason)


def _error(reason: str) -> DeviceError | None:
    """What a reason stops with: a warning or a report does not, a word without a suffix does if it is known."""
    name = _name(reason)
    if name in AWAY:
        return OutOfService(name)
    if reason.endswith(("-warning", "-report")):
        return None
    if kind := TROUBLES.get(name):
        return kind()
    return OutOfService(re.sub("[^a-z-]", "", name)[:40]) if reason.endswith("-error") else None


@dataclass(frozen=True)
class Job:
    """What became of a job so far. `sheets` is None while nobody counted one."""

    state: int
    begun: bool                 # the printer's backend was started for it
    sheets: int | None = None

    @property
    def completed(self) -> bool:
        return self.state == COMPLETED

    @property
    def over(self) -> bool:
        """Cancelled, aborted or completed: nothing more will come."""
        return self.state in OVER


class Queue:
    """One queue. Every call asks the print server and raises Gone, NoAnswer, OutOfService when it refuses, WrongDevice when
    it knows no such queue."""

    def __init__(self, link: Link, believe: str = "300") -> None:
        """`believe`: seconds an idle queue's reasons count for, 0: always. Most backends look at the printer only while
        they print: paper that was put in since is not known to the queue before the next job, and there would be none."""
        if not believe.isdecimal():
            raise ValueError("believe is a number of seconds, 0: always")
        self._link, self._believe = link, int(believe)
        self._uri = str(getattr(link, "uri", "")) or "ipp://localhost/ipp/print"
        self._number = 0
        self._nonsense = False

    def identify(self) -> Condition:
        """Take back what this machine left there, whose person has gone long ago. Raises WrongDevice when no such queue, or
        no print server, answers."""
        self._nonsense = False
        try:
            condition = self.look()
            try:
                self._ask(Operation.CANCEL_MY_JOBS, [])
            except OutOfService:
                pass                            # a server without it, or an idle queue
            return condition
        except NoAnswer as error:
            if self._nonsense:
                raise WrongDevice("what answers is no print server") from error
            raise

    def look(self) -> Condition:
        found = self._ask(Operation.PRINTER, [(Tag.KEYWORD, "requested-attributes", PRINTER_WANTED)]).first
        state, accepting = _one(found, "printer-state"), _one(found, "printer-is-accepting-jobs")
        if state not in (IDLE, PROCESSING, STOPPED) or not isinstance(accepting, bool):
            raise NoAnswer("no printer's attributes")
        reasons = frozenset(str(reason) for reason in found.get("printer-state-reasons", ()) if reason != "none")
        if state == IDLE and self._stale(_one(found, "printer-up-time"), _one(found, "printer-state-change-time")):
            reasons = frozenset()
        levels = tuple(level for level in found.get("marker-levels", ()) if isinstance(level, int))
        return Condition(state == STOPPED, accepting, reasons, str(_one(found, "printer-make-and-model") or ""), levels)

    def _stale(self, now: Value | None, since: Value | None) -> bool:
        return isinstance(now, int) and isinstance(since, int) and 0 < self._believe < now - since

    def create(self, title: str, wishes: Sequence[Attribute] = ()) -> int:
        """A job without a document: nothing can come of it yet. Its id."""
        found = self._ask(Operation.CREATE_JOB, [
            (Tag.NAME, "job-name", title)], wishes).first
        number = _one(found, "job-id")
        if not isinstance(number, int) or number <= 0:
            raise NoAnswer("no job id")
        return number

    def send(self, job: int, document: bytes, kind: str) -> None:
        """Give the job its document, of MIME type `kind`. After any error it is unknown if it was taken."""
        self._ask(Operation.SEND_DOCUMENT, [
            (Tag.INTEGER, "job-id", job), (Tag.MIME, "document-format", kind),
            (Tag.BOOLEAN, "last-document", True)], document=document, patience=HAND_OVER)

    def job(self, job: int, patience: float = ASK) -> Job:
        """Raises PrintUnknown, too, when the server knows it no more: it may have been printed, and forgotten then."""
        found = self._ask(Operation.JOB, [(Tag.INTEGER, "job-id", job), (Tag.KEYWORD, "requested-attributes", JOB_WANTED)],
                          patience=patience).first
        state = _one(found, "job-state")
        if not isinstance(state, int) or not 3 <= state <= 9:
            raise NoAnswer("no job's attributes")
        sheets = _one(found, "job-media-sheets-completed")
        return Job(state, isinstance(_one(found, "time-at-processing"), int),
                   sheets if isinstance(sheets, int) and sheets > 0 else None)

    def cancel(self, job: int, patience: float = ASK) -> None:
        """Take it back; nothing when it is over."""
        self._ask(Operation.CANCEL_JOB, [(Tag.INTEGER, "job-id", job)], patience=patience)

    def pause(self, seconds: float) -> None:
        """Wait. Raises Cancelled."""
        self._link.drop_input()
        self._link.read(seconds)

    def _ask(self, operation: Operation, attributes: Sequence[Attribute], wishes: Sequence[Attribute] = (),
             document: bytes = b"", patience: float = ASK) -> Answer:
        self._number += 1
        deadline = time.monotonic() + patience
        self._link.drop_input()
        to = [(Tag.URI, "printer-uri", self._uri), *attributes, (Tag.NAME, "requesting-user-name", USER)]
        self._link.write(encode(operation, self._number, to, wishes, document), min(patience, TAKE))
        answer = self._answer(deadline)
        if answer.status == NOT_FOUND and operation is Operation.PRINTER:
            raise WrongDevice("no such queue")
        if answer.status == NOT_FOUND and operation is Operation.JOB:
            raise PrintUnknown("the job is forgotten")
        if answer.status >= FAILED and not (operation is Operation.CANCEL_JOB and answer.status == OVER_ALREADY):
            raise OutOfService(f"the print server refuses: {answer.status:04x}")
        return answer

    def _answer(self, deadline: float) -> Answer:
        """The answer to the last request; older ones may come before it."""
        heard = b""
        while (left := deadline - time.monotonic()) > 0:
            try:
                heard += self._link.read(left)
                while whole := decode(heard):
                    answer, size = whole
                    if answer.number == self._number:
                        return answer
                    heard = heard[size:]
            except NoAnswer:
                self._nonsense = True
                raise
        raise NoAnswer("the print server is silent")


def _one(attributes: Attributes, name: str) -> Value | None:
    values = attributes.get(name, ())
    return values[0] if values else None
