"""The desk does what it is asked: intent on disk, act, outcome on disk; unknown is asked again by the same key."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from drivers import contract as d
from kiosk.care import Order, PaperKind
from kiosk.desk import LOOKING, PAUSES, Desk, Heard, Job, Lobby, News, Outcome, Recalled
from kiosk.hands import Task, Threads
from kiosk.hospital import Unknown
from kiosk.journal import Journal
from kiosk.numbers import RULES
from kiosk.play import Entry, Result
from kiosk.requests import (Done, Ask, CardRead, CardTrouble, CodeKind, CodeShown, ConfirmHold, Departments, Do, HoldSlot,
                            Identify, OpenPayment, Papers, Pay, PayByCode, PayerCode, PaymentNews, Print, Refused,
                            ReportPaper, SeenNotice)
from kiosk.requests.service import TestNetwork
from kiosk.sync import AWAY, MISSES, PERIOD, Sync
from kiosk.tickets import ReferenceSlip
from kiosk.visit import Comfort
from kiosk.words import Language, Name, say
from lobby import Printer, Service, Slot
from town import Town
from townsfolk import PEOPLE

VISIT, KEY = "a" * 32, os.urandom(32)


class Room:
    """A desk, its journal, its devices and its inbox; it works on the town's clock unless `hands` says otherwise."""

    def __init__(self, folder: Path, hands: Any = None) -> None:
        self.town = Town()
        self.path = folder / "journal.sqlite3"
        self.journal = Journal(self.path, KEY)
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.woken = 0
        self.printer = Printer(self.town.fuse)
        self.reader, self.scanner, self.paper = (Service(name, self.town.clock, device) for name, device in (
            ("idcard", Slot()), ("scanner", Slot()), ("printer", self.printer)))
        hospital = cast(Any, self.town.hospital)
        self.desk = Desk(self.journal, hospital, Lobby(*cast(Any, (self.reader, self.scanner, self.paper))),
                         Name("医院", "Hospital"), RULES, self.inbox.put, self._wake, hospital.departments,
                         self.town.clock.wall, hands or self)
        self.sync = Sync(self.journal, hospital, self.inbox.put)

    def do(self, task: Task) -> None:
        self.town.clock.after(0, task)

    def after(self, seconds: float, task: Task) -> None:
        self.town.clock.after(seconds, task)

    def _wake(self) -> None:
        self.woken += 1

    def go(self, seconds: float = 0) -> list[Any]:
        """Let time pass; what came to the inbox."""
        self.town.clock.go(seconds)
        came = []
        while not self.inbox.empty():
            came.append(self.inbox.get())
        return came

    def perform(self, request: Do[Any], **more: Any) -> Job:
        job = Job(VISIT, "register", request, f"{VISIT}-0-0", Entry(0, 0, Result.INTENT, request=request), **more)
        self.desk.perform(job)
        return job

    def disk(self) -> list[tuple[Result, Any]]:
        """What another program finds on the disk now."""
        return [(entry.result, entry.value) for visit in Journal(self.path, KEY).open_visits() for entry in visit.history]

    def watch(self) -> list[Any]:
        """What is on disk at each moment of the acts to come."""
        found: list[Any] = []
        self.town.fuse.pass_ = lambda moment: found.append((moment, self.disk()))       # type: ignore[method-assign]
        return found

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        return [(fact.kind, fact.data) for fact in self.journal.facts()]


@pytest.fixture
def room(disk: Path) -> Room:
    return Room(disk)


def a_hold(room: Room, department: int = 2) -> str:
    session = next(one for one in room.town.sessions.values() if one.department == department)
    return room.town.hospital.hold(1, session.segments[0].id, "k-hold").id


# Acts.


def test_an_act_lies_on_disk_before_it_is_tried_and_its_outcome_after(room: Room) -> None:
    hold = a_hold(room)
    found = room.watch()
    job = room.perform(ConfirmHold(hold))
    [outcome] = room.go()
    assert found == [("before confirm", [(Result.INTENT, None)]), ("after confirm", [(Result.INTENT, None)])]
    assert outcome == Outcome(job, outcome.value) and room.disk() == [(Result.DONE, outcome.value)]


def test_a_refusal_is_an_outcome(room: Room) -> None:
    hold = a_hold(room)
    room.town.clock.go(200)
    room.perform(ConfirmHold(hold))
    [outcome] = room.go()
    assert isinstance(outcome.value, Refused) and outcome.value.reason == "hold_ended"
    [(result, value)] = room.disk()
    assert result is Result.REFUSED and value.reason == "hold_ended"


def test_a_question_leaves_nothing_on_disk(room: Room) -> None:
    room.perform(Papers(1))
    assert [outcome.value for outcome in room.go()] == [()] and room.disk() == []


def test_unknown_is_asked_again_by_the_same_key_until_it_is_known(room: Room) -> None:
    hold = a_hold(room)
    room.town.away = True
    room.perform(ConfirmHold(hold))
    assert room.go(sum(PAUSES) + 35) == [], "there is no such outcome as unknown"
    tries = [data["tries"] for kind, data in room.facts() if kind == "unknown"]
    assert tries == list(range(1, len(PAUSES) + 5)), "more and more slowly, and never given up"
    assert room.disk() == [(Result.INTENT, None)]
    room.town.away = False
    [outcome] = room.go(PAUSES[-1])
    assert outcome.value.appointment.number == 1
    assert [key for key, (what, _) in room.town.answers.items() if what[0] == "confirm"] == [f"{VISIT}-0-0"]


def test_an_answer_that_got_lost_is_fetched_not_earned_twice(room: Room) -> None:
    hold = a_hold(room)
    room.town.lose = 1
    room.perform(ConfirmHold(hold))
    [outcome] = room.go(1)
    assert outcome.value.copy == 1 and len(room.town.bookings) == 1
    assert ("unknown", {"request": "ConfirmHold", "why": "ReadTimeout", "tries": 1}) in room.facts()


def test_a_fault_of_our_own_concludes_nothing(room: Room) -> None:
    hold, confirm = a_hold(room), room.town.hospital.confirm
    calls = []

    def stumble(hold: str, key: str) -> Any:
        calls.append(key)
        if len(calls) == 1:
            raise ZeroDivisionError("测试甲")
        return confirm(hold, key)

    room.town.hospital.confirm = stumble        # type: ignore[method-assign]
    room.perform(ConfirmHold(hold))
    [outcome] = room.go(1)
    assert outcome.value.copy == 1
    assert ("unknown", {"request": "ConfirmHold", "why": "fault ZeroDivisionError", "tries": 1}) in room.facts()
    assert "测试甲" not in str(room.facts())


def test_a_fault_while_printing_is_not_answered_by_printing_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Any] = []

    def stumble(*what: Any) -> Any:
        tries.append(what)
        raise ZeroDivisionError

    monkeypatch.setattr(room.desk, "_print", stumble)
    room.perform(Print(ReferenceSlip("A1")))
    [outcome] = room.go(60)
    assert outcome.value.reason == "print_unknown" and len(tries) == 1


def test_nothing_is_done_that_is_not_on_disk(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: no act before its intent is written, and no answer before its outcome is; then all goes on."""
    hold, write, full = a_hold(room), room.journal.write, [True]

    def refuse(*what: Any, **more: Any) -> None:
        if full[0]:
            raise sqlite3.OperationalError("database or disk is full")
        write(*what, **more)

    monkeypatch.setattr(room.journal, "write", refuse)
    room.perform(ConfirmHold(hold))
    assert room.go(30) == [] and room.town.bookings == {}
    room.town.fuse.pass_ = lambda moment: full.__setitem__(0, moment == "after confirm")      # type: ignore[method-assign]
    full[0] = False
    assert room.go(30) == [] and len(room.town.bookings) == 1
    assert room.disk() == [(Result.INTENT, None)]
    full[0] = False
    [outcome] = room.go(PAUSES[-1])
    assert outcome.value.appointment.number == 1 and room.disk() == [(Result.DONE, outcome.value)]


def test_what_nobody_waits_for_is_not_tried_again(room: Room) -> None:
    room.town.away = True
    segment = room.town.places[0].segment.id
    job = room.perform(HoldSlot(1, segment))
    room.go(0.1)
    room.desk.drop(job)
    room.town.away = False
    assert room.go(60) == [] and room.town.holds == {}


def test_news_lies_on_disk_before_anybody_hears_that_it_is_sent(room: Room) -> None:
    report = ReportPaper(1, PaperKind.REGISTRATION, 1, "printed")
    job = room.perform(report)
    assert room.go() == [Outcome(job, None)] and room.woken == 1
    assert [(owed.key, owed.request) for owed in room.journal.owed()] == [(job.key, report)]
    assert room.disk() == [(Result.DONE, None)]


# Paper.


def test_a_ticket_is_printed_in_its_owner_s_language(room: Room) -> None:
    room.perform(Print(ReferenceSlip("A1")), comfort=Comfort(Language.EN))
    assert [outcome.value for outcome in room.go()] == ["printed"]
    assert "Reference slip" in room.printer.pieces[0].text


@pytest.mark.parametrize("trouble", [d.PaperOut(), d.CoverOpen(), d.PrintUnknown(), d.Gone(), d.Cancelled()],
                         ids=lambda trouble: trouble.cause)
def test_a_printer_s_trouble_is_a_refusal_with_its_cause(room: Room, trouble: d.DeviceError) -> None:
    room.printer.trouble = trouble
    room.perform(Print(ReferenceSlip("A1")))
    [outcome] = room.go()
    assert outcome.value.reason == trouble.cause and room.disk()[0][0] is Result.REFUSED


def test_a_fault_of_the_printer_s_driver_does_not_say_that_nothing_is_on_paper(room: Room) -> None:
    room.printer.trouble = d.DeviceError("IndexError at escpos_status.py:40")
    room.perform(Print(ReferenceSlip("A1")))
    [outcome] = room.go()
    assert outcome.value.reason == "print_unknown" and room.disk()[0][0] is Result.REFUSED


def test_paper_is_never_printed_again_to_find_out(room: Room) -> None:
    room.perform(Print(ReferenceSlip("A1")), again=True)
    [outcome] = room.go()
    assert outcome.value.reason == "print_unknown" and room.printer.pieces == []
    assert room.disk()[0][0] is Result.REFUSED


def test_a_slip_outside_any_story_leaves_a_fact(room: Room) -> None:
    room.desk.slip(ReferenceSlip("A1"), Comfort())
    room.go()
    room.printer.trouble = d.PaperOut()
    room.desk.slip(ReferenceSlip("A2"), Comfort())
    room.go()
    assert room.facts() == [("printed", {}), ("slip", {"outcome": "printed"}), ("slip", {"outcome": "paper_out"})]
    assert [piece.code for piece in room.printer.pieces] == ["A1"]


# Ears.


IDENTIFY = Identify(title=say("identify.title"))


def heard(room: Room, seconds: float = 0) -> list[Any]:
    return [(message.serial, message.event) for message in room.go(seconds) if isinstance(message, Heard)]


def test_a_card_is_heard_by_the_question_that_stands(room: Room) -> None:
    room.desk.listen(IDENTIFY, 7)
    room.reader.present(PEOPLE["测试甲"].card)
    [(serial, event)] = heard(room)
    assert serial == 7 and isinstance(event, CardRead) and event.document.number == PEOPLE["测试甲"].number
    assert event.document.read_on == room.town.clock.wall().date()


def test_what_the_question_takes_is_not_a_secret_from_it(room: Room) -> None:
    """And an ear that stays open asks for what the question of that moment takes."""
    room.desk.listen(IDENTIFY, 7)
    room.desk.listen(replace(IDENTIFY, accepts=("idcard", "insurance_code")), 8)
    room.scanner.present("2" * 28)
    assert heard(room) == [(8, CodeShown(CodeKind.INSURANCE_CODE, "2" * 28))]
    room.scanner.present("V000000000002")
    assert heard(room) == [(8, CodeShown(CodeKind.VISIT_CARD, ""))]


def test_after_the_question_nothing_is_heard(room: Room) -> None:
    room.desk.listen(IDENTIFY, 7)
    room.desk.hush()
    room.scanner.present("V000000000002")
    assert heard(room, 5) == []


def test_an_ear_goes_on_listening(room: Room) -> None:
    room.desk.listen(IDENTIFY, 7)
    room.go(100)
    room.reader.present(d.CardMoved())
    assert heard(room) == [(7, CardTrouble("card_moved"))]
    room.reader.unplug()
    room.go(10)
    room.reader.plug()
    room.go(2)
    room.reader.present(PEOPLE["测试甲"].card)
    assert [type(event) for _, event in heard(room, 2)] == [CardRead]


@pytest.mark.parametrize("code, event", [
    ("V000000000002", CodeShown(CodeKind.VISIT_CARD, "V000000000002")),
    ("99999920190909001x", CodeShown(CodeKind.ID_NUMBER, "")),
    ("2" * 28, CodeShown(CodeKind.INSURANCE_CODE, "")), ("a" * 64 + ":1", CodeShown(CodeKind.HEALTH_CARD, "")),
    ("130000000000000001", CodeShown(CodeKind.PAYMENT, "")), ("whatever", CodeShown(CodeKind.RUBBISH, ""))])
def test_a_code_is_heard_as_what_it_is_and_secrets_are_not_passed_on(room: Room, code: str, event: CodeShown) -> None:
    room.desk.listen(IDENTIFY, 7)
    room.scanner.present(code)
    assert heard(room) == [(7, event)]


def an_order(room: Room) -> Order:
    return room.town.hospital.open_payment(a_hold(room, department=1), "wechat", "k-order")


def test_a_payment_is_asked_about_every_second(room: Room) -> None:
    order = an_order(room)
    room.desk.listen(Pay(title=say("pay.title"), order=order), 7)
    assert len(heard(room, 3.5)) == 4
    room.town.pay()
    assert heard(room, 1)[-1][1].order.state == "paid"
    room.desk.hush()
    assert heard(room, 10) == []


def test_a_hospital_that_is_silent_for_a_moment_frightens_nobody(room: Room) -> None:
    order = an_order(room)
    room.desk.listen(Pay(title=say("pay.title"), order=order), 7)
    heard(room)
    room.town.away = True
    assert heard(room, 2.5) == []
    assert heard(room, 20) == [(7, PaymentNews(None))], "and is said once"


def test_a_question_that_listens_to_nothing_opens_no_ear(room: Room) -> None:
    room.desk.listen(cast(Ask[Any], Done(title=say("register.done"))), 7)
    assert room.reader.waiting == room.scanner.waiting == []


def test_nobody_listens_at_what_staff_closed(room: Room) -> None:
    room.desk.closed = ("idcard", "scanner")
    room.desk.listen(IDENTIFY, 7)
    room.desk.listen(Pay(title=say("pay.title"), order=an_order(room)), 8)
    assert room.reader.waiting == room.scanner.waiting == []


def test_an_ear_at_what_staff_close_is_shut(room: Room) -> None:
    room.desk.listen(IDENTIFY, 7)
    assert room.reader.waiting and room.scanner.waiting
    room.desk.closed = ("idcard", "scanner")
    room.desk.listen(IDENTIFY, 8)
    assert room.reader.waiting == room.scanner.waiting == []


# The book of facts, and what was left open.


def test_facts_are_written_in_their_order(room: Room) -> None:
    for number in range(5):
        room.desk.note("step", number=number)
    room.go()
    assert [data["number"] for _, data in room.facts()] == list(range(5)) and room.journal.broken_link() is None


def test_what_is_open_is_recalled_held_and_erased(room: Room) -> None:
    for visit in ("v1", "v2"):
        room.journal.write(visit, "register", 0, [])
    room.desk.close("v1")
    room.desk.hold("v2", "diverged")
    room.desk.recall()
    [recalled] = room.go()
    assert isinstance(recalled, Recalled) and [(visit.id, visit.held) for visit in recalled.visits] == [("v2", "diverged")]


# On real threads.


def test_real_hands_bring_the_outcome(disk: Path) -> None:
    room = Room(disk, Threads(2))
    hold = a_hold(room)
    job = room.perform(ConfirmHold(hold))
    outcome = room.inbox.get(timeout=20)
    assert outcome.job is job and outcome.value.copy == 1
    assert room.disk()[0][0] is Result.DONE, "on disk before it is told"


def test_a_hand_survives_a_bad_task_and_each_works_alone() -> None:
    hands, done = Threads(2), threading.Event()
    together = threading.Barrier(2, timeout=20)

    def meet() -> None:
        together.wait()
        together.wait()

    def fail() -> None:
        raise ValueError("a bad task")

    for task in (fail, fail, fail, meet, meet):
        hands.do(task)
    hands.after(0.01, done.set)
    assert done.wait(20), "two tasks met, so two hands live"


def test_at_the_end_every_fact_is_on_disk(disk: Path) -> None:
    room = Room(disk, Threads(1))
    for number in range(50):
        room.desk.note("step", number=number)
    room.desk.finish()
    assert [data["number"] for _, data in room.facts()] == list(range(50))


# In the background.


def on_disk(room: Room) -> list[str]:
    return [fact.kind for fact in room.journal.facts_on_disk()]


def test_what_no_commit_took_along_is_written_in_the_next_round(room: Room) -> None:
    room.desk.note("fails", what="printer")
    room.go(60)
    assert on_disk(room) == []
    room.sync.round()
    assert on_disk(room) == ["fails"] and list(room.town.facts.values()) == [("fails", {"what": "printer"})]


def test_the_hospital_hears_no_fact_that_a_crash_could_take_back(room: Room) -> None:
    room.desk.note("visit", journey="register")
    room.sync.report()
    assert room.town.facts == {}
    room.desk.finish()
    room.sync.report()
    assert list(room.town.facts) == [1]


def test_a_full_disk_does_not_silence_the_machine(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    owe(room, "printed")
    room.desk.note("visit", journey="register")

    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(room.journal, "flush", full)
        assert room.sync.round() == PERIOD and room.go() == [News("server", True)]
        assert room.town.bookings[1].papers[PaperKind.REGISTRATION][0].outcome == "printed"
        room.desk.finish()
    assert [kind for kind, _ in room.facts()] == ["visit"]


def test_answers_are_made_ready_while_somebody_looks_at_the_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[Any] = []
    monkeypatch.setattr(room.journal, "prepare", prepared.append)
    entries = [Entry(0, 0, Result.DONE, 7, ConfirmHold("h"))]
    room.desk.prepare(entries)
    room.desk.prepare([])
    room.go()
    assert prepared == [], "not while the page is drawn"
    room.go(LOOKING)
    assert prepared == [entries] and room.journal.open_visits() == ()


def owe(room: Room, *outcomes: str) -> None:
    hospital = room.town.hospital
    booked = hospital.confirm(a_hold(room), "k-confirm")
    for number, outcome in enumerate(outcomes):
        room.journal.write(VISIT, "register", 0, [], later=(
            f"k{number}", ReportPaper(booked.appointment.id, PaperKind.REGISTRATION, 1, outcome)))


def test_what_is_owed_is_delivered_in_its_order(room: Room) -> None:
    owe(room, "unknown", "printed")
    room.town.away = True
    assert room.sync.deliver() == (0, 2)
    room.town.away = False
    assert room.sync.deliver() == (2, 0) and room.journal.owed() == ()
    assert room.town.bookings[1].papers[PaperKind.REGISTRATION][0].outcome == "printed"


def news_of(room: Room, *visits: str, request: Any = None) -> None:
    for visit in visits:
        room.journal.write(VISIT, "register", 0, [], later=(f"{visit}-0-1", request or SeenNotice(visit)))


def test_news_that_a_server_never_takes_does_not_stand_before_all_other(room: Room) -> None:
    heard: list[str] = []

    def hear(notice: str, key: str) -> None:
        heard.append(notice)
        if notice.startswith("bad"):
            raise Unknown("http_500")

    room.town.hospital.seen_notice = hear           # type: ignore[method-assign]
    news_of(room, "bad1", "bad2", "bad3", "bad4", "good1", "good2")
    for _ in range(2):
        room.sync.deliver()
    assert {"good1", "good2"} <= {*heard} and len(room.journal.owed()) == 4
    heard.clear()
    news_of(room, "good3")
    assert room.sync.deliver() == (1, 4) and heard[0] == "good3" and len(heard) <= 1 + MISSES
    for _ in range(4):
        room.sync.deliver()
    assert {f"bad{number}" for number in (1, 2, 3, 4)} <= {*heard}, "and each of those is tried again"


def test_a_visit_s_news_keeps_its_order_though_the_visit_was_missed(room: Room) -> None:
    heard: list[str] = []
    room.town.hospital.seen_notice = lambda notice, key: heard.append(notice)       # type: ignore[method-assign]
    for number in (1, 2):
        room.journal.write(VISIT, "register", 0, [], later=(f"a-0-{number}", SeenNotice(f"a{number}")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room.sync, "_send", lambda news: (_ for _ in ()).throw(Unknown("ReadTimeout")))
        assert room.sync.deliver() == (0, 2)
    news_of(room, "b")
    assert room.sync.deliver() == (3, 0) and heard == ["b", "a1", "a2"]


def test_news_of_an_unknown_kind_is_kept(room: Room) -> None:
    news_of(room, "a", request=Departments())
    news_of(room, "b")
    room.town.hospital.seen_notice = lambda notice, key: None       # type: ignore[method-assign]
    assert room.sync.deliver() == (1, 1)
    assert [owed.key for owed in room.journal.owed()] == ["a-0-1"]


def test_what_the_hospital_will_not_hear_is_noted_and_over(room: Room) -> None:
    owe(room, "printed")

    def refuse(*args: Any) -> None:
        raise Refused("unknown_paper")

    room.town.hospital.report_paper = refuse        # type: ignore[method-assign]
    assert room.sync.deliver() == (1, 0)
    assert ("news_refused", {"request": "ReportPaper", "reason": "unknown_paper"}) in room.facts()


def test_the_hospital_is_told_the_facts_once_and_what_it_missed_later(room: Room) -> None:
    room.desk.note("visit", journey="register")
    room.go()
    room.sync.round()
    assert list(room.town.facts.values()) == [("visit", {"journey": "register"})]
    room.town.away = True
    room.desk.note("left", why="home")
    room.go()
    room.sync.round()
    room.town.away = False
    room.sync.round()
    room.sync.round()
    assert list(room.town.facts.values()) == [("visit", {"journey": "register"}), ("left", {"why": "home"})]


def test_the_server_is_gone_after_three_misses_and_back_at_once(room: Room) -> None:
    assert room.sync.round() == PERIOD and room.go() == [News("server", True)]
    room.town.away = True
    assert [room.sync.round() for _ in range(2)] == [AWAY, AWAY] and room.go() == []
    room.sync.round()
    assert room.go() == [News("server", False)]
    room.sync.round()
    assert room.go() == []
    room.town.away = False
    assert room.sync.round() == PERIOD and room.go() == [News("server", True)]


def test_a_server_that_is_away_at_the_start_is_said_at_once(room: Room) -> None:
    room.town.away = True
    room.sync.round()
    assert room.go() == [News("server", False)]


@pytest.mark.parametrize("request_, closed, reason", [
    (OpenPayment("1", "wechat"), "pay", "channel_refused"),
    (PayByCode("1", PayerCode("wechat", "130000000000000000")), "pay", "channel_refused"),
    (HoldSlot(1, "1-0800"), "register", "closed_here"), (Print(ReferenceSlip("AAAAAAAA")), "printer", "closed")])
def test_what_staff_closed_is_not_begun_but_what_was_begun_is_asked_about(
        tmp_path: Path, request_: Do[Any], closed: str, reason: str) -> None:
    room = Room(tmp_path)
    room.desk.closed = (closed,)
    room.perform(request_)
    (outcome,) = [message for message in room.go() if isinstance(message, Outcome)]
    assert isinstance(outcome.value, Refused) and outcome.value.reason == reason and not room.town.answers
    room.perform(request_, again=True)
    assert [message.value.reason for message in room.go() if isinstance(message, Outcome)
            and isinstance(message.value, Refused)] != [reason]


def test_an_act_of_the_service_menu_that_fails_is_not_done_again(tmp_path: Path) -> None:
    room, tried = Room(tmp_path), []

    def fail(request: Any) -> None:
        tried.append(request)
        raise OSError("No space left on device")

    room.desk.service = fail
    room.perform(TestNetwork())
    (outcome,) = [message for message in room.go(60) if isinstance(message, Outcome)]
    assert len(tried) == 1 and outcome.value.reason == "fault"
