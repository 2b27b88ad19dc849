"""Playing a journey: what goes to the desk, what the person sees meanwhile, and who is waited for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from kiosk.desk import Job, News, Outcome, Recalled
from kiosk.journal import OpenVisit
from kiosk.journeys import tiles
from kiosk.offer import EndProgram
from kiosk.play import Entry, Result
from kiosk.requests import (Ask, CancelBooking, Confirm, ConfirmHold, Declined, Do, Done, FindPatient, HoldSlot, Left,
                            Manner, OutOfService, Papers, Print, Refused, Release, Request)
from kiosk.stage import BLINK, Stage
from kiosk.tickets import ReferenceSlip, Ticket
from kiosk.visit import Comfort, Scene
from kiosk.words import Language, say
from virtual import Clock

YES_NO = Confirm(title=say("you.title"), rows=(), yes=say("you.yes"), no=say("you.no"))
DONE = Done(title=say("register.done"))
Story = Callable[[], Coroutine[Request[Any], Any, None]]


class Hall:
    """A stage, its screen, its timers, and a desk that does nothing but write down what it is asked."""

    def __init__(self, story: Story) -> None:
        self.clock, self.scenes = Clock(), list[Scene]()
        self.jobs: list[Job] = []
        self.dropped: list[Job] = []
        self.closed: list[str] = []
        self.held: list[tuple[str, str]] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.slips: list[Ticket] = []
        self.stage = Stage(self, self, {"register": story}, tiles(), self.clock.wall)
        self.stage.start()
        self.stage.receive(Recalled(()))

    # Ports.

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self.clock.after(seconds, call)

    def now(self) -> float:
        return self.clock.now()

    # The desk.

    def perform(self, job: Job) -> None:
        self.jobs.append(job)

    def drop(self, job: Job) -> None:
        self.dropped.append(job)

    def close(self, visit: str) -> None:
        self.closed.append(visit)

    def hold(self, visit: str, why: str) -> None:
        self.held.append((visit, why))

    def slip(self, ticket: Ticket, comfort: Comfort) -> None:
        self.slips.append(ticket)

    def prepare(self, entries: Sequence[Entry]) -> None: ...
    def recall(self) -> None: ...
    def left_card(self) -> None: ...
    def listen(self, ask: Ask[Any], serial: int) -> None: ...
    def hush(self) -> None: ...

    def note(self, kind: str, **data: Any) -> None:
        self.notes.append((kind, data))

    # What a test does.

    @property
    def scene(self) -> Scene:
        return self.scenes[-1]

    @property
    def page(self) -> str:
        return self.scene.ask.page

    def begin(self) -> None:
        self.answer("register")

    def answer(self, value: Any) -> None:
        self.stage.answer(self.scene.serial, value)

    def came(self, value: Any, job: int = -1) -> None:
        self.stage.receive(Outcome(self.jobs[job], value))


def asks_and_does(request: Do[Any]) -> Story:
    async def story() -> None:
        await Confirm(title=say("you.title"), rows=(), yes=say("you.yes"), no=say("you.no"))
        await request
        await Done(title=say("register.done"))
    return story


READ, STAKE = Papers(1), ConfirmHold("h")


def standing_at(request: Do[Any]) -> Hall:
    hall = Hall(asks_and_does(request))
    hall.begin()
    hall.answer(True)
    return hall


# While something is done.


def test_what_takes_less_than_a_blink_shows_nothing() -> None:
    hall = standing_at(READ)
    hall.clock.go(0.14)
    hall.came(())
    hall.clock.go(60)
    assert "wait" not in [scene.ask.page for scene in hall.scenes]


def test_after_a_blink_the_person_sees_what_happens() -> None:
    hall = standing_at(STAKE)
    shown = len(hall.scenes)
    hall.clock.go(0.14)
    assert len(hall.scenes) == shown, "the page does not flicker"
    hall.clock.go(0.02)
    assert hall.page == "wait" and hall.scene.ask.title == say("wait.confirm")
    assert not hall.scene.can_back and not hall.scene.can_leave
    hall.came(None)
    assert hall.page == "done"


@pytest.mark.parametrize("request_, sentence", [(READ, "slow.text"), (STAKE, "slow.stake")])
def test_after_its_deadline_the_truth_and_a_choice(request_: Do[Any], sentence: str) -> None:
    hall = standing_at(request_)
    hall.clock.go(BLINK + request_.deadline + 0.01)
    assert hall.page == "trouble" and getattr(hall.scene.ask, "text") == say(sentence)
    hall.answer("wait")
    assert hall.page == "wait"
    hall.clock.go(request_.deadline + 0.01)
    assert hall.page == "trouble", "and again"
    hall.came(())
    assert hall.page == "done"
    assert [data for kind, data in hall.notes if kind == "slow"] == [
        {"request": type(request_).__name__, "reference": hall.jobs[0].visit[:8].upper()}] * 2


def test_who_leaves_a_question_to_the_hospital_leaves_nothing_behind() -> None:
    hall = standing_at(READ)
    hall.clock.go(11)
    hall.answer("leave")
    assert hall.page == "welcome" and hall.stage.idle
    assert hall.dropped == hall.jobs and hall.slips == []
    hall.came(())
    assert hall.page == "welcome", "an answer that comes later is nobody's"


def test_who_leaves_money_behind_takes_the_reference_along() -> None:
    hall = standing_at(STAKE)
    hall.clock.go(16)
    hall.answer("leave")
    visit = hall.jobs[0].visit
    assert hall.page == "done" and hall.slips == [ReferenceSlip(visit[:8].upper())]
    assert not hall.dropped and not hall.stage.idle and hall.closed == []
    hall.answer(None)
    assert hall.page == "welcome"
    hall.begin()
    assert hall.scene.ask == YES_NO, "the next person is served meanwhile"
    hall.came(None, job=0)
    assert hall.scene.ask == YES_NO and hall.closed == [visit]


def test_who_walks_off_gets_no_slip_for_the_next_to_find() -> None:
    hall = standing_at(STAKE)
    hall.clock.go(16)
    hall.clock.go(61)
    assert hall.page == "welcome" and hall.slips == [] and not hall.stage.idle
    hall.came(None)
    assert hall.stage.idle and hall.closed == [hall.jobs[0].visit]


# Outcomes.


def test_an_outcome_counts_once_and_only_for_its_job() -> None:
    hall = standing_at(READ)
    other = Job("f" * 32, "register", READ, "k", Entry(0, 0, Result.INTENT, request=READ))
    hall.stage.receive(Outcome(other, ()))
    assert hall.page == "confirm"
    hall.came(())
    shown = len(hall.scenes)
    hall.came(())
    assert hall.page == "done" and len(hall.scenes) == shown


def test_what_is_written_with_an_act_is_what_was_not_written_before() -> None:
    async def story() -> None:
        await Papers(1)
        await Confirm(title=say("you.title"), rows=(), yes=say("you.yes"), no=say("you.no"))
        await CancelBooking(1)
        await Release("h")
        await Done(title=say("register.done"))

    hall = Hall(story)
    hall.begin()
    hall.came(())
    hall.answer(True)
    hall.came("cancelled")
    read, act, later = hall.jobs
    assert read.entries == () and read.request.manner is Manner.FREE
    assert [entry.position for entry in act.entries] == [0, 1] and act.intent.position == 2
    assert later.entries == () and later.intent.position == 3
    assert [job.key.rsplit("-", 1)[1] for job in hall.jobs] == ["0", "2", "3"]
    assert {job.key.split("-")[0] for job in hall.jobs} == {act.visit} and len(act.key) <= 64


def test_a_visit_that_was_never_written_needs_no_erasing() -> None:
    hall = standing_at(READ)
    hall.came(())
    hall.answer(None)
    assert hall.page == "welcome" and hall.closed == [] and hall.stage.idle


def test_the_person_s_language_goes_with_the_act() -> None:
    hall = Hall(asks_and_does(READ))
    hall.stage.comfort(Comfort(Language.EN))
    hall.begin()
    hall.answer(True)
    assert hall.jobs[0].comfort.language is Language.EN
    hall.came(())
    hall.answer(None)
    assert hall.scene.comfort == Comfort()


# Endings.


def ends_with(error: Exception) -> Story:
    async def story() -> None:
        raise error
    return story


def test_a_refusal_is_said_and_then_home() -> None:
    hall = Hall(ends_with(Refused("daily_limit")))
    hall.begin()
    assert hall.page == "trouble" and getattr(hall.scene.ask, "text") == say("refused.daily_limit")
    hall.answer("home")
    assert hall.page == "welcome"


@pytest.mark.parametrize("end, how", [(Declined(), "declined"), (Left("home"), "left home"),
                                      (Refused("daily_limit"), "refused daily_limit")])
def test_how_it_ended_is_a_fact(end: Exception, how: str) -> None:
    hall = Hall(ends_with(end))
    hall.begin()
    assert hall.notes[-1] == ("end", {"journey": "register", "how": how})


def test_who_is_gone_is_asked_nothing_and_given_no_paper() -> None:
    heard: list[Any] = []

    async def story() -> None:
        try:
            await ConfirmHold("h")
            await Print(ReferenceSlip("A"))
        except Refused as no:
            heard.append(no.reason)
        try:
            await YES_NO
        except Left as left:
            heard.append(left.why)

    hall = Hall(story)
    hall.begin()
    hall.clock.go(100)
    assert hall.page == "welcome"
    hall.came(None)
    assert heard == ["nobody", "gone"] and hall.page == "welcome"


def test_a_warned_person_who_leaves_settles_behind_the_welcome_page() -> None:
    async def story() -> None:
        try:
            await YES_NO
        except Left:
            await CancelBooking(1)

    hall = Hall(story)
    hall.begin()
    hall.clock.go(81)
    assert hall.page == "welcome" and not hall.stage.idle
    assert ("left", {"why": "timeout", "page": "Confirm"}) in hall.notes


# After a crash.


def open_visit(*entries: Entry, held: str = "") -> OpenVisit:
    return OpenVisit("a" * 32, "register", 0, "2026-11-23T00:00:00+00:00", held, entries)


def test_an_act_without_an_outcome_is_asked_about_under_its_key() -> None:
    hall = Hall(asks_and_does(STAKE))
    hall.stage.receive(Recalled((open_visit(Entry(0, 0, Result.DONE, True, YES_NO),
                                            Entry(1, 0, Result.INTENT, None, STAKE)),)))
    [job] = hall.jobs
    assert (job.again, job.key, job.request) == (True, f"{'a' * 32}-0-1", STAKE) and job.entries == ()
    assert hall.page == "welcome" and not hall.stage.idle
    hall.came(None)
    assert hall.stage.idle and hall.closed == ["a" * 32]


def test_a_question_without_an_answer_was_left() -> None:
    hall = Hall(asks_and_does(STAKE))
    hall.stage.receive(Recalled((open_visit(),)))
    assert hall.jobs == [] and hall.stage.idle and ("end", {"journey": "register", "how": "left crash"}) in hall.notes


def test_a_held_visit_stays_as_it_is() -> None:
    hall = Hall(asks_and_does(STAKE))
    hall.stage.receive(Recalled((open_visit(held="diverged"),)))
    assert hall.jobs == [] and hall.held == [("a" * 32, "diverged")] and hall.closed == [] and hall.stage.idle
    assert ("held", {"journey": "register", "reference": "AAAAAAAA"}) in hall.notes, "staff hear of it at each start"


def test_another_request_than_recorded_is_held() -> None:
    hall = Hall(asks_and_does(STAKE))
    hall.stage.receive(Recalled((open_visit(Entry(0, 0, Result.DONE, None, FindPatient("1"))),)))
    assert hall.jobs == [] and [visit for visit, _ in hall.held] == ["a" * 32]


# News.


def test_what_does_not_work_is_said_on_the_welcome_page() -> None:
    hall = Hall(asks_and_does(READ))
    serial = hall.scene.serial
    for what in ("printer", "server", "scanner"):
        hall.stage.receive(News(what, False))
        hall.stage.receive(News(what, False))
    ask = hall.scene.ask
    assert set(getattr(ask, "notices")) == {say("welcome.no_printer"), say("welcome.no_server")}
    assert hall.scene.serial == serial
    assert not any(tile.enabled for tile in getattr(ask, "services"))
    assert [kind for kind, _ in hall.notes].count("fails") == 3, "a change is reported once"
    hall.stage.receive(News("server", True))
    assert all(tile.enabled for tile in getattr(hall.scene.ask, "services"))


def test_when_nothing_works_a_sentence_stands_and_not_a_dead_screen() -> None:
    hall = Hall(asks_and_does(READ))
    for what in ("printer", "server", "scanner", "idcard"):
        assert hall.page == "welcome"
        hall.stage.receive(News(what, False))
    ask = hall.scene.ask
    assert isinstance(ask, OutOfService) and ask.text == say("closed.broken")
    hall.stage.receive(News("idcard", True))
    assert hall.page == "welcome", "what comes back is offered again"


def test_that_nothing_can_be_paid_here_is_said_before_anybody_chooses() -> None:
    hall = Hall(asks_and_does(READ))
    hall.stage.receive(News("pay", False))
    assert say("welcome.no_pay") in hall.scene.ask.notices  # type: ignore[attr-defined]
    assert all(tile.enabled for tile in getattr(hall.scene.ask, "services")), "what is free is done as ever"


def test_news_does_not_disturb_who_stands_here() -> None:
    hall = Hall(asks_and_does(READ))
    hall.begin()
    shown = len(hall.scenes)
    hall.stage.receive(News("server", False))
    assert len(hall.scenes) == shown and hall.page == "confirm"


def test_a_hold_is_released_by_a_step_back_and_taken_anew() -> None:
    async def story() -> None:
        await Confirm(title=say("fee.title"), rows=(), yes=say("you.yes"))
        await HoldSlot(1, "s")
        try:
            await YES_NO
        except Left:
            await Release("h")
            raise

    hall = Hall(story)
    hall.begin()
    assert not hall.scene.can_back, "there is nothing before the first question"
    hall.answer(True)
    hall.came("hold")
    assert hall.scene.can_back
    hall.stage.back(hall.scene.serial)
    assert isinstance(hall.jobs[-1].request, Release)
    hall.came(None)
    assert getattr(hall.scene.ask, "title") == say("fee.title")
    hall.answer(True)
    first, _, second = hall.jobs
    assert (first.key, second.key) == (f"{first.visit}-0-1", f"{first.visit}-1-1")


def test_the_program_ends_for_new_settings_when_nobody_stands_here() -> None:
    ended: list[str] = []
    hall = Hall(asks_and_does(READ))
    hall.stage.end_program = lambda: ended.append(hall.page)
    hall.begin()
    hall.stage.receive(EndProgram())
    assert ended == []
    hall.stage.leave(hall.scene.serial)
    assert len(ended) == 1
    idle = Hall(asks_and_does(READ))
    idle.stage.end_program = lambda: ended.append(idle.page)
    idle.stage.receive(EndProgram())
    assert ended[1:] == ["welcome"]
