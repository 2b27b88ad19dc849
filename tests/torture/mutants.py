"""Faults planted into our own order of things. A harness that does not find every one of them proves nothing.

Each says what was done wrong, where, and within how many seeds of which part of the torture it has to be found.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

import kiosk.journeys.paper as paper
import kiosk.journeys.settle as settle
from kiosk.care import OrderState
from kiosk.desk import Desk, Job, Outcome
from kiosk.hospital import Unknown
from kiosk.journal import Journal, OpenVisit, Owed, machine_key
from kiosk.play import Entry, Play, Result
from kiosk.requests import Answered, ClosePayment, Do, Pay, PayEnd, PaymentNews, Print, Refused, Release, ReportPaper
from kiosk.sync import Sync
from kiosk.tickets import RefundSlip
from torture.bad_journals import DropsFacts, ErasesWithTheNext, NotErased, Remembers, round_early
from torture.machine import Machine
from torture.memory import Memory
from torture.power import Mains
from torture.runs import undisturbed
from torture.simulation import simulate
from town import Town
from town_books import Held, Paid
from town_hospital import TownHospital


@dataclass(frozen=True)
class Mutant:
    """`machine`, `memory`: with the fault in them; `journal` and `connection`: one for a real disk, one for a drive that
    loses its power."""

    name: str
    machine: type[Machine] = Machine
    memory: type[Memory] = Memory
    patches: tuple[tuple[Any, str, Any], ...] = ()
    journal: type[Journal] | None = None
    connection: type[apsw.Connection] | None = None
    within: int = 3000

    def planted(self) -> AbstractContextManager[Any]:
        stack = ExitStack()
        for owner, name, new in self.patches:
            stack.enter_context(patch.object(owner, name, new))
        return stack

    def hunt(self, folder: Path) -> int | None:
        """The first seed that finds it; None when all of them pass it by. `folder` is empty, and used up."""
        with self.planted():
            return next((seed for seed in range(self.within) if self._breaks(seed, folder)), None)

    def _breaks(self, seed: int, folder: Path) -> bool:
        if self.connection is not None:
            mains = Mains(self.connection)
            try:
                return bool(mains.run(seed)[1])
            finally:
                mains.close()
        if self.journal is not None:
            disk, journal = folder / str(seed), self.journal
            disk.mkdir()
            return bool(undisturbed(seed, disk, self.machine,
                                    lambda path: journal(path / "journal.sqlite3", machine_key(path / "machine.key"))))
        return bool(simulate(seed, self.machine, self.memory)[1])


def desk(kind: type[Desk]) -> type[Machine]:
    return type("Mutant", (Machine,), {"desk_type": kind})


def sync(kind: type[Sync]) -> type[Machine]:
    return type("Mutant", (Machine,), {"sync_type": kind})


class Nothing:
    """A request that is not made: the story gets `answer` at once."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self._answer


# At the desk.


class PrintsFirst(Desk):
    def _perform(self, job: Job) -> None:
        if not isinstance(job.request, Print) or job.again:
            super()._perform(job)
            return
        try:
            value: Any = self._act(job)
        except Refused as no:
            value = no
        result = Result.REFUSED if isinstance(value, Refused) else Result.DONE
        self._write(job, [*job.entries, replace(job.intent, result=result, value=value)])
        self._post(Outcome(job, value))


class OutcomeFirst(Desk):
    def _perform(self, job: Job) -> None:
        if isinstance(job.request, Print) and not job.again:
            self._write(job, [*job.entries, replace(job.intent, result=Result.DONE, value="printed")])
        super()._perform(job)


class NewKeys(Desk):
    count = itertools.count()

    def _act(self, job: Job) -> Any:
        return super()._act(replace(job, key=f"{job.key}.{next(self.count)}"))


class SilenceIsNo(Desk):
    def _act(self, job: Job) -> Any:
        try:
            return super()._act(job)
        except Unknown:
            raise Refused("hold_ended") from None


class NoNewsIsUnpaid(Desk):
    def _act(self, job: Job) -> Any:
        try:
            return super()._act(job)
        except Unknown:
            if not isinstance(job.request, ClosePayment):
                raise
            order = self._hospital._town.orders[job.request.order].order      # type: ignore[attr-defined]
            return replace(order, state=OrderState.CLOSED)


class UnknownIsPrinted(Desk):
    def _act(self, job: Job) -> Any:
        try:
            return super()._act(job)
        except Refused as no:
            if no.reason == "print_unknown":
                return "printed"
            raise


class UnknownIsNotPrinted(Desk):
    def _act(self, job: Job) -> Any:
        try:
            return super()._act(job)
        except Refused as no:
            raise Refused("paper_out") if no.reason == "print_unknown" else no from None


class GivesUp(Desk):
    def _try(self, job: Job, tries: int) -> None:
        if tries < 3:
            super()._try(job, tries)


class AgainIsSafe(Desk):
    """A print of which nobody knows is simply made again."""

    def _perform(self, job: Job) -> None:
        object.__setattr__(job, "again", False)         # the stage knows its job by identity
        super()._perform(job)


# In the journal.


class NoIntent(Memory):
    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        super().write(visit, journey, epoch, [entry for entry in entries if entry.result is not Result.INTENT], later)


class OnlyActs(Memory):
    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        super().write(visit, journey, epoch, entries[-1:], later)


class KeepsTail(Memory):
    """What lay behind a step back is not erased."""

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        kept = self.visits.get(visit)
        tail = [] if kept is None or not entries else [
            entry for entry in kept.entries if entry.position > entries[-1].position]
        super().write(visit, journey, epoch, entries, later)
        self.visits[visit].entries += tail


class ClosesFirst(Memory):
    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        super().write(visit, journey, epoch, entries, later)
        if entries and entries[-1].result is Result.INTENT:
            self.close(visit)


class ForgetsPrint(Memory):
    """A print that is known to be done is played again."""

    def open_visits(self) -> tuple[OpenVisit, ...]:
        return tuple(replace(visit, history=tuple(itertools.takewhile(lambda entry: entry.name != "Print", visit.history)))
                     for visit in super().open_visits())


class Forgets(Memory):
    def open_visits(self) -> tuple[OpenVisit, ...]:
        return ()


class LosesNews(Memory):
    """What is owed later is not written in the commit of its story."""

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        super().write(visit, journey, epoch, entries)
        if later is not None:
            super().write(visit, journey, epoch, (), later)


class Lazy(apsw.Connection):
    """Commits do not wait for the disk."""

    def execute(self, statement: str, *args: Any, **words: Any) -> Any:
        return super().execute(statement.replace("synchronous = FULL", "synchronous = NORMAL"), *args, **words)


class Gossip(Desk):
    """A fact says who was here."""

    def note(self, kind: str, **data: Any) -> None:
        super().note(kind, **data, who="测试甲")


# In the background.


def deaf(*kinds: type[Do[None]]) -> type[Sync]:
    class Deaf(Sync):
        def _send(self, news: Owed) -> None:
            if not isinstance(news.request, kinds):
                super()._send(news)
    return Deaf


class DeliversFirst(Sync):
    def deliver(self) -> tuple[int, int]:
        owed = self._journal.owed()
        self._journal.delivered([news.key for news in owed])
        for news in owed:
            try:
                self._send(news)
            except (Unknown, Refused):
                pass
        return len(owed), 0


# In the story, and at the hospital.


def _same_copy(appointment: int, kind: Any) -> Nothing:
    return Nothing(1)


def _always_original(patient: Any, kind: Any, appointment: Any, copy: int, refund: Any) -> Any:
    ticket = _ticket(patient, kind, appointment, copy, refund)
    return replace(ticket, refund=None, copy=1) if isinstance(ticket, RefundSlip) else replace(ticket, copy=1)


_ticket = paper._ticket


def _unclosed(order: str) -> Nothing:
    return Nothing(_Closed)


class _Closed:
    state = OrderState.CLOSED


def _hear_any_amount(self: Pay, event: Any) -> Any:
    if isinstance(event, PaymentNews) and event.order is not None and event.order.state is OrderState.DISPUTED:
        return Answered(PayEnd.PAID)
    return _hear(self, event)


_hear = Pay.hear


def _key(play: Play) -> str:
    return f"{play.visit}-{len(play.history)}"


def _stepped_back(self: Play) -> Play:
    again = _step_back(self)
    again.epoch = self.epoch
    return again


_step_back = Play.stepped_back


def _refund_again(self: TownHospital, appointment: int, key: str) -> Any:
    """A repeat is answered with a fresh refund."""
    booked = self._town.bookings[appointment]
    if booked.appointment.state == "cancelled" and booked.appointment.order:
        paid = self._town.orders[booked.appointment.order]
        paid.back += paid.came
    return _cancel(self, appointment, key)


_cancel = TownHospital.cancel


def _learn_any_amount(self: Town, paid: Paid) -> None:
    came, paid.came = paid.came, paid.order.amount if paid.came else 0
    _learn(self, paid)
    paid.came = came


_learn = Town.learn


def _stands_always(self: Town, held: Held) -> bool:
    return not held.released


MUTANTS = (
    Mutant("a ticket is printed before its intent is written", desk(PrintsFirst)),
    Mutant("the outcome of a print is written before the print", desk(OutcomeFirst)),
    Mutant("every try has a new key", desk(NewKeys)),
    Mutant("no answer counts as a no", desk(SilenceIsNo)),
    Mutant("an order that cannot be queried counts as not paid", desk(NoNewsIsUnpaid)),
    Mutant("a print of which nobody knows counts as printed", desk(UnknownIsPrinted)),
    Mutant("a print of which nobody knows counts as not printed", desk(UnknownIsNotPrinted)),
    Mutant("an act is given up after three tries", desk(GivesUp)),
    Mutant("a print of which nobody knows is made again", desk(AgainIsSafe)),
    Mutant("no intent is written", memory=NoIntent),
    Mutant("answers are not written, only acts", memory=OnlyActs),
    Mutant("what lay behind a step back is not erased", memory=KeepsTail),
    Mutant("the visit is erased before its act is done", memory=ClosesFirst),
    Mutant("a print that is done is played again", memory=ForgetsPrint),
    Mutant("open visits are not taken up", memory=Forgets),
    Mutant("news is written after the story went on", memory=LosesNews),
    Mutant("commits do not wait for the disk", connection=Lazy, within=100),
    Mutant("a closed visit stays in the write-ahead log", journal=NotErased, within=100),
    Mutant("a closed visit is erased with the next commit", journal=ErasesWithTheNext, within=100),
    Mutant("a number stays in the file", journal=Remembers, within=100),
    Mutant("facts are lost when a visit is closed", journal=DropsFacts, within=100),
    Mutant("the hospital is told facts that a cut can take back", connection=apsw.Connection, within=300,
           patches=((Sync, "round", round_early),)),
    Mutant("a fact says who was here", desk(Gossip), journal=Journal, within=100),
    Mutant("places are not released", sync(deaf(Release))),
    Mutant("nobody is told what became of a paper", sync(deaf(ReportPaper))),
    Mutant("news is struck off before it is sent", sync(DeliversFirst)),
    Mutant("a number that may be on paper is used again", patches=((paper, "IssuePaper", _same_copy),)),
    Mutant("every print is an original", patches=((paper, "_ticket", _always_original),)),
    Mutant("an order is not closed when its person leaves", patches=((settle, "ClosePayment", _unclosed),)),
    Mutant("another amount counts as paid, on the page", patches=((Pay, "hear", _hear_any_amount),)),
    Mutant("the epoch is not in the key", patches=((Play, "key", property(_key)),)),
    Mutant("a step back does not raise the epoch", patches=((Play, "stepped_back", _stepped_back),)),
    Mutant("a repeated cancellation gives the money back again", patches=((TownHospital, "cancel", _refund_again),)),
    Mutant("another amount counts as paid, at the hospital", patches=((Town, "learn", _learn_any_amount),)),
    Mutant("late money books a place that is somebody else's", patches=((Town, "stands", _stands_always),)),
)
