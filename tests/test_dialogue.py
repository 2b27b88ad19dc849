"""One question at a time, with patience: who is asked, warned, believed to have left, and what a late touch means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk.care import Document, Order, OrderState
from kiosk.dialogue import PAY_TIME, WARNING, Dialogue
from kiosk.requests import (Ask, CardRead, CardTrouble, Choose, CodeKind, CodeShown, Confirm, DeviceNews, Done, EnterNumber,
                            Identify, Left, Option, Pay, PayEnd, PaymentNews, Row, VisitCard, Welcome)
from kiosk.visit import Comfort, Scene, Size
from kiosk.words import Language, Words, say
from virtual import MORNING, Clock

HOME = Comfort()
ENGLISH = Comfort(Language.EN, Size.LARGE)
YES_NO = Confirm(title=say("you.title"), rows=(), yes=say("you.yes"), no=say("you.no"))
WELCOME = Welcome(title=say("welcome.title"), services=())
CARD = CardRead(Document("resident", "999999199001010016", "测试甲", valid_to=MORNING.date(), read_on=MORNING.date()))


class Table:
    """The screen, the timers and the ears of one dialogue."""

    def __init__(self, patience: int = 60) -> None:
        self.clock = Clock()
        self.scenes: list[Scene] = []
        self.listening: list[tuple[Ask[Any], int] | None] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Any] = []
        self.dialogue = Dialogue(self, self, self.clock.wall, HOME, patience)

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self.clock.after(seconds, call)

    def now(self) -> float:
        return self.clock.now()

    def listen(self, ask: Ask[Any], serial: int) -> None:
        self.listening.append((ask, serial))

    def hush(self) -> None:
        self.listening.append(None)

    def note(self, kind: str, **data: Any) -> None:
        self.notes.append((kind, data))

    def ask(self, ask: Ask[Any], **more: Any) -> int:
        self.dialogue.ask(ask, self.answers.append, **more)
        return self.scene.serial

    @property
    def scene(self) -> Scene:
        return self.scenes[-1]


@pytest.fixture
def table() -> Table:
    return Table()


# Answers.


def test_an_answer_ends_the_question(table: Table) -> None:
    serial = table.ask(YES_NO)
    table.dialogue.answer(serial, True)
    assert table.answers == [True]
    assert table.dialogue.asking is None and table.listening[0] == (YES_NO, serial)


def test_only_the_first_of_two_touches_counts(table: Table) -> None:
    serial = table.ask(YES_NO, can_back=True, can_leave=True)
    table.dialogue.answer(serial, True)
    table.dialogue.answer(serial, False)
    table.dialogue.back(serial)
    table.dialogue.leave(serial)
    table.dialogue.stay(serial)
    assert table.answers == [True]


def test_back_and_an_answer_at_once_is_back(table: Table) -> None:
    serial = table.ask(YES_NO, can_back=True)
    table.dialogue.back(serial)
    table.dialogue.answer(serial, True)
    assert [answer.why for answer in table.answers] == ["back"]


def test_a_touch_on_the_page_before_means_nothing_here(table: Table) -> None:
    old = table.ask(YES_NO, can_back=True, can_leave=True)
    table.dialogue.answer(old, True)
    new = table.ask(YES_NO, can_back=True, can_leave=True)
    assert new > old
    for act in (lambda: table.dialogue.answer(old, True), lambda: table.dialogue.back(old),
                lambda: table.dialogue.leave(old), lambda: table.dialogue.hear(old, CARD)):
        act()
    assert table.answers == [True] and table.dialogue.asking == YES_NO


def test_back_and_home_only_where_there_is_a_way(table: Table) -> None:
    serial = table.ask(YES_NO)
    table.dialogue.back(serial)
    table.dialogue.leave(serial)
    assert table.answers == []
    table.dialogue.back(table.ask(YES_NO, can_back=True))
    table.dialogue.leave(table.ask(YES_NO, can_leave=True))
    assert [answer.why for answer in table.answers] == ["back", "home"]


def test_nothing_can_be_answered_while_waiting_or_paused(table: Table) -> None:
    table.dialogue.wait(say("wait.hospital"))
    assert table.scene.ask.page == "wait"
    table.dialogue.answer(table.scene.serial, True)
    serial = table.ask(YES_NO)
    table.dialogue.pause()
    table.dialogue.answer(serial, True)
    table.clock.go(1000)
    assert table.answers == []


# Wrong answers.


def test_a_wrong_answer_is_said_below_the_question_and_noted_once(table: Table) -> None:
    serial = table.ask(EnterNumber(title=say("identify.type"), kind="id_number"))
    for _ in range(2):
        table.dialogue.answer(serial, "999999199001010017")
    assert table.scene.complaint == say("keypad.bad_id_number") and table.scene.serial == serial
    assert table.notes == [("complaint", {"what": "bad_id_number", "page": "keypad"})]
    table.dialogue.answer(serial, "999999199001010016")
    assert table.answers == ["999999199001010016"]


@pytest.mark.parametrize("event, sentence", [
    (CardTrouble("card_moved"), "card.card_moved"), (CodeShown(CodeKind.RUBBISH, ""), "code.rubbish"),
    (CodeShown(CodeKind.PAYMENT, ""), "code.payment"), (CodeShown(CodeKind.HEALTH_CARD, ""), "code.health_card"),
    (CodeShown(CodeKind.INSURANCE_CODE, ""), "code.insurance_code"), (DeviceNews("idcard", False), "reader.gone"),
    (DeviceNews("idcard", True), "reader.back")], ids=str)
def test_what_the_world_says_may_be_a_complaint(table: Table, event: Any, sentence: str) -> None:
    serial = table.ask(Identify(title=say("identify.title")))
    table.dialogue.hear(serial, event)
    assert isinstance(table.scene.complaint, Words) and table.scene.complaint.key == sentence and table.answers == []


def test_a_card_answers_and_an_expired_one_does_not(table: Table) -> None:
    serial = table.ask(Identify(title=say("identify.title")))
    expired = Document("resident", "1", "测试", valid_to=MORNING.date(), read_on=MORNING.date() + dt.timedelta(days=1))
    table.dialogue.hear(serial, CardRead(expired))
    assert table.scene.complaint == say("card.expired", until=MORNING.date())
    table.dialogue.hear(serial, CARD)
    assert table.answers == [CARD.document]


def test_what_a_question_does_not_listen_for_is_nothing(table: Table) -> None:
    serial = table.ask(YES_NO)
    table.dialogue.hear(serial, CARD)
    table.dialogue.tell(DeviceNews("idcard", False))
    assert table.scene.complaint is None and table.answers == [] and len(table.scenes) == 1


def test_the_card_that_begins_a_visit_also_identifies(table: Table) -> None:
    table.dialogue.ask(WELCOME, lambda journey: table.ask(Identify(title=say("identify.title"))))
    table.dialogue.hear(table.scene.serial, CARD)
    assert table.answers == [CARD.document]


def test_what_was_kept_is_told_to_the_next_question_only(table: Table) -> None:
    table.dialogue.ask(WELCOME, lambda journey: None)
    table.dialogue.hear(table.scene.serial, CodeShown(CodeKind.VISIT_CARD, "V000000000002"))
    table.ask(Identify(title=say("identify.title")))
    assert table.answers == [VisitCard("V000000000002")]
    table.ask(Identify(title=say("identify.title")))
    assert len(table.answers) == 1


def test_what_was_kept_is_forgotten_with_the_person(table: Table) -> None:
    table.dialogue.ask(WELCOME, lambda journey: None)
    table.dialogue.hear(table.scene.serial, CARD)
    table.dialogue.fresh()
    table.ask(Identify(title=say("identify.title")))
    assert table.answers == []


# Patience.


def test_silence_is_warned_of_and_then_believed(table: Table) -> None:
    table.ask(YES_NO)
    table.clock.go(59.9)
    assert table.scene.seconds_left is None
    table.clock.go(0.2)
    assert table.scene.seconds_left == WARNING >= 20, "WCAG 2.2, 2.2.1: at least 20 s to answer the warning"
    table.clock.go(19.5)
    assert table.scene.seconds_left == 1 and table.answers == []
    table.clock.go(1)
    assert [answer.why for answer in table.answers] == ["timeout"]
    assert [scene.seconds_left for scene in table.scenes if scene.seconds_left] == list(range(20, 0, -1))


def test_one_touch_extends(table: Table) -> None:
    serial = table.ask(YES_NO)
    for _ in range(10):
        table.clock.go(75)
        assert table.scene.seconds_left is not None
        table.dialogue.stay(serial)
        assert table.scene.seconds_left is None
    table.clock.go(81)
    assert isinstance(table.answers[0], Left)


def test_a_patient_machine_is_patient_on_every_page() -> None:
    table = Table(patience=120)
    table.ask(YES_NO)
    table.clock.go(119)
    assert table.scene.seconds_left is None
    table.clock.go(1.5)
    assert table.scene.seconds_left == 20


def test_silence_is_an_answer_where_it_is_a_good_one(table: Table) -> None:
    table.ask(Done(title=say("register.done")))
    table.clock.go(Done.patience - 0.1)
    assert table.answers == []
    table.clock.go(0.2)
    assert table.answers == [None] and all(scene.seconds_left is None for scene in table.scenes)


def test_welcome_waits_for_ever(table: Table) -> None:
    table.ask(WELCOME)
    table.clock.go(100_000)
    assert table.answers == [] and len(table.scenes) == 1


def order(seconds: float) -> Order:
    return Order("R1", "h", "wechat", 1000, "weixin://x", MORNING + dt.timedelta(seconds=seconds), OrderState.OPEN, None)


@pytest.mark.parametrize("life, lasts", [(180, 180), (0, PAY_TIME[0]), (-3600, PAY_TIME[0]), (86400, PAY_TIME[1])])
def test_a_code_lives_as_long_as_its_order_within_reason(table: Table, life: float, lasts: float) -> None:
    """The clocks of kiosk and hospital may differ."""
    table.ask(Pay(title=say("pay.title"), order=order(life)))
    assert table.scene.ends_at == lasts
    table.clock.go(lasts - 0.1)
    assert table.answers == []
    table.clock.go(0.2)
    assert table.answers == [PayEnd.EXPIRED]


def test_a_touch_does_not_make_a_code_live_longer(table: Table) -> None:
    serial = table.ask(Pay(title=say("pay.title"), order=order(180)))
    table.clock.go(170)
    table.dialogue.stay(serial)
    table.dialogue.change(ENGLISH)
    table.dialogue.hear(serial, PaymentNews(None))
    table.clock.go(11)
    assert table.answers == [PayEnd.EXPIRED]


@pytest.mark.parametrize("state, end", [
    (OrderState.PAID, PayEnd.PAID), (OrderState.REFUSED, PayEnd.REFUSED), (OrderState.DISPUTED, PayEnd.DISPUTED),
    (OrderState.CLOSED, PayEnd.EXPIRED), (OrderState.REFUNDING, PayEnd.EXPIRED), (OrderState.OPEN, None)])
def test_how_the_order_stands_answers_the_page(table: Table, state: OrderState, end: PayEnd | None) -> None:
    serial = table.ask(Pay(title=say("pay.title"), order=order(180)))
    table.dialogue.hear(serial, PaymentNews(replace(order(180), state=state)))
    assert table.answers == ([] if end is None else [end])


# Language and size.


def test_a_change_of_language_redraws_the_same_question(table: Table) -> None:
    serial = table.ask(YES_NO, trail=(say("kind.general"),), can_back=True)
    table.clock.go(65)
    table.dialogue.change(ENGLISH)
    before = table.scenes[0]
    assert (table.scene.ask, table.scene.serial, table.scene.trail) == (before.ask, serial, before.trail)
    assert table.scene.comfort == ENGLISH and table.scene.seconds_left is None
    table.dialogue.answer(serial, True)
    table.ask(YES_NO)
    assert table.scene.comfort == ENGLISH, "it stays for the visit"


def test_the_next_person_finds_everything_as_at_first(table: Table) -> None:
    table.dialogue.change(ENGLISH)
    table.dialogue.fresh()
    table.ask(WELCOME)
    assert table.scene.comfort == HOME


def test_the_welcome_page_goes_back_by_itself(table: Table) -> None:
    """Somebody chose English, put a strange card down, and went."""
    serial = table.ask(WELCOME)
    table.dialogue.change(ENGLISH)
    table.dialogue.hear(serial, CardTrouble("card_refused"))
    assert table.scene.comfort == ENGLISH and table.scene.complaint is not None
    table.clock.go(61)
    assert table.scene.comfort == HOME and table.scene.complaint is None and table.scene.serial == serial
    drawn = len(table.scenes)
    table.clock.go(10_000)
    assert len(table.scenes) == drawn, "and then rests"


def test_the_same_question_with_other_contents(table: Table) -> None:
    serial = table.ask(WELCOME)
    other = Welcome(title=say("welcome.title"), services=(), notices=(say("welcome.no_printer"),))
    table.dialogue.replace(other)
    assert (table.scene.ask, table.scene.serial) == (other, serial) and table.dialogue.asking == other


def test_a_choice_says_itself_in_the_trail() -> None:
    ask = Choose(title=say("department.title"), options=(Option(1, say("kind.general")), Option(2, say("kind.expert"))))
    assert ask.trail(2) == say("kind.expert") and ask.trail(3) is None
    assert Row(say("row.fee"), say("sum", fee=1)).strong is False
