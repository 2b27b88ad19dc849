"""The mouth of a motor reader, with real drivers before their twins: a card comes in, is read, and goes back."""

from __future__ import annotations

import datetime as dt
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import CardPlace, State
from drivers.service import Service
from drivers.sim.bench import Bench
from kiosk import fittings
from kiosk import mouth as module
from kiosk.ears import works
from kiosk.hands import Threads
from kiosk.machine import Machine
from kiosk.mouth import CardLeft, CardOut, Mouth
from kiosk.numbers import code_rules
from kiosk.requests import CardGone, CardTrouble, CodeKind, CodeShown
from kiosk.settings import read

RULES = code_rules(visit_card="[0-9A-F]{8}")
TODAY = dt.date(2026, 11, 23)
CARD = "0DEC0DE7"
DRIVERS = {"crt571": "cards_crt571", "k720": "cards_k720", "crt310": "cards_crt310"}


class Slot:
    """A reader, its twin, its mouth, and what was heard there."""

    def __init__(self, bench: Bench, device: str) -> None:
        self.twin: Any = bench.devices[device]
        self.heard, self.posted, self.told = (queue.SimpleQueue[Any]() for _ in range(3))
        self.mouth: Mouth | None = None
        self.service = Service[Any](device, DRIVERS[device], bench.urls[device], lambda *news: None, self._went,
                                    period="0.05")
        self.mouth = Mouth(self.service, Threads(2), self.posted.put)

    def _went(self, name: str, what: str) -> None:
        self.told.put(what)
        if self.mouth is not None:
            self.mouth.went(what)

    def listen(self) -> Any:
        assert self.mouth is not None
        return self.mouth.ear(self.heard.put, RULES, lambda: TODAY)

    def back(self) -> Any:
        assert self.mouth is not None
        return self.mouth.back(self.heard.put)

    def hears(self) -> Any:
        return self.heard.get(timeout=20)

    def until(self, true: Callable[[], bool]) -> None:
        self.twin.until(true, timeout=20)

    @property
    def left(self) -> CardLeft | None:
        assert self.mouth is not None
        return self.mouth.left()

    def at_mouth(self) -> bool:
        return bool(self.twin.state()["spot"] == "at the mouth")


@pytest.fixture
def slot(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slot]:
    monkeypatch.setattr(module, "TAKE", 0.5)
    monkeypatch.setattr(module, "LOOK", 0.02)
    device = getattr(request, "param", "crt571")
    with Bench(tmp_path, speed=50, devices=(device,)) as bench:
        one = Slot(bench, device)
        yield one
        one.service.close()


each = pytest.mark.parametrize("slot", ["crt571", "k720"], indirect=True)


@each
def test_a_card_is_read_and_lies_at_the_mouth_until_its_owner_takes_it(slot: Slot) -> None:
    ear = slot.listen()
    slot.until(lambda: bool(slot.twin.entry))
    slot.twin.insert(CARD)
    assert slot.hears() == CodeShown(CodeKind.VISIT_CARD, CARD)
    slot.until(slot.at_mouth)
    assert slot.left is CardLeft.OUT
    slot.twin.take()
    assert slot.told.get(timeout=20) == "returned"
    slot.until(lambda: slot.left is None)
    ear.close()
    assert slot.twin.taken == [CARD] and not slot.twin.captured


@each
def test_a_forgotten_card_is_captured_and_said_to_be_kept_once(slot: Slot) -> None:
    ear = slot.listen()
    slot.twin.insert(CARD)
    slot.hears()
    ear.close()
    slot.until(slot.at_mouth)
    ear = slot.back()
    assert slot.hears() == CardGone() and slot.told.get(timeout=20) == "captured"
    ear.close()
    assert slot.left is CardLeft.KEPT and slot.left is None
    assert slot.twin.captured == [CARD] and not slot.twin.taken


@each
def test_a_card_that_is_asked_for_and_taken_is_gone(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAKE", 20.0)
    ear = slot.listen()
    slot.twin.insert(CARD)
    slot.hears()
    ear.close()
    slot.until(slot.at_mouth)
    ear = slot.back()
    slot.twin.take()
    assert slot.hears() == CardGone()
    ear.close()
    assert slot.left is None and slot.told.get(timeout=20) == "returned"


@each
@pytest.mark.parametrize("moment", ["as it comes", "when it was read"])
def test_a_card_that_came_when_nobody_asked_any_more_is_at_the_mouth_and_told(slot: Slot, moment: str) -> None:
    ear = slot.listen()
    slot.until(lambda: bool(slot.twin.entry))
    slot.twin.insert(CARD)
    if moment == "when it was read":
        slot.hears()
        slot.until(slot.at_mouth)
    ear.close()
    if moment == "as it comes":
        assert slot.posted.get(timeout=20) == CardOut()
    slot.until(slot.at_mouth)
    assert slot.left is CardLeft.OUT and not slot.twin.captured


def test_who_gives_a_card_is_never_given_another_one(slot: Slot) -> None:
    """A card that the machine holds for its owner goes into the box, and never to the mouth again."""
    ear = slot.listen()
    slot.twin.insert(CARD)
    slot.hears()
    ear.close()
    slot.until(slot.at_mouth)
    slot.twin.bin_full()
    ear = slot.back()
    assert slot.hears() == CardGone() and slot.left is CardLeft.KEPT
    ear.close()
    assert slot.twin.state()["spot"] == "at the reader"
    slot.until(lambda: not works(slot.service.status))
    ear = slot.listen()
    slot.twin.empty_bin()
    slot.until(lambda: bool(slot.twin.captured == [CARD] and slot.twin.entry))
    slot.twin.insert("0DEC0DE8")
    assert slot.hears() == CodeShown(CodeKind.VISIT_CARD, "0DEC0DE8")
    ear.close()


def test_another_hospital_s_card_is_given_back(slot: Slot) -> None:
    slot.twin.no_chip()
    ear = slot.listen()
    slot.twin.insert(CARD)
    assert slot.hears() == CardTrouble("visit_card_refused")
    slot.until(slot.at_mouth)
    ear.close()


@pytest.mark.parametrize("slot", ["crt310"], indirect=True)
def test_a_reader_that_reads_no_number_gives_the_card_back(slot: Slot) -> None:
    ear = slot.listen()
    slot.twin.insert(CARD)
    assert slot.hears() == CardTrouble("visit_card_refused")
    slot.until(slot.at_mouth)
    ear.close()


def test_a_card_that_is_stuck_is_staff_s(slot: Slot) -> None:
    ear = slot.listen()
    slot.twin.insert(CARD)
    slot.hears()
    ear.close()
    slot.until(slot.at_mouth)
    slot.twin.jam()
    ear = slot.back()
    assert slot.hears() == CardGone()
    ear.close()
    assert slot.left is CardLeft.KEPT


def test_what_became_of_every_card_is_a_fact_also_of_one_found_at_the_start(tmp_path: Path) -> None:
    """In a machine: the power fails with a card in the path, and comes back."""
    with Bench(tmp_path / "bench", speed=50, devices=(*fittings.NEEDED, "crt571")) as bench:
        settings = read({"hospital_url": "http://127.0.0.1:9", "card_mouth": "open", "visit_card": "[0-9A-F]{8}",
                         **fittings.settings((name, bench.urls[name]) for name in (*fittings.NEEDED, "crt571"))})
        twin: Any = bench.devices["crt571"]
        twin.allow(True)
        twin.insert(CARD)
        assert twin.state()["spot"] == "at the mouth"
        machine = Machine(tmp_path / "kiosk", settings, lambda message: None)
        twin.until(lambda: machine.services["cards"].status.state is State.ONLINE, timeout=20)
        assert machine.lobby.has("cards") and machine.desk.left_card() is None
        assert [fact.kind for fact in machine.journal.facts()] == ["card_captured"] and twin.captured == [CARD]
        done = queue.SimpleQueue[Any]()
        machine.services["cards"].submit(lambda mover: (mover.draw(20), mover.place(), mover.capture()), done.put)
        assert done.get(timeout=20)[1:] == (CardPlace.READER, True)
        assert machine.journal.count("card_captured", "counted", "box") == 2
        machine.close()


def test_a_machine_whose_mouth_is_shut_listens_at_none(tmp_path: Path) -> None:
    settings = {"hospital_url": "http://127.0.0.1:9", "cards": "cards_crt571", "cards_url": "serial:///dev/null/none"}
    machine = Machine(tmp_path, read(settings), lambda message: None)
    assert "cards" in machine.services and not machine.lobby.has("cards") and machine.desk.mouth is None
    machine.close()
