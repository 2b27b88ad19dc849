"""Social security cards before their twin, in memory: generations, what cards do differently, and what they keep back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.memory import Memory, memory
from conformance.socialcard_pcsc import SUBJECT, is_the_card
from drivers.chip import frame
from drivers.contract import CardMoved, CardRefused, NothingPresented, SocialCard
from drivers.sim.socialcard import DECK, Person
from drivers.socialcard_pcsc import NAME_END, SSSE, read_by_tag


@pytest.fixture
def world() -> Iterator[Memory]:
    with memory(SUBJECT) as found:
        yield found


def read(world: Memory, card: Any = "second", timeout: float = 5.0) -> Any:
    """What came of a card that is put into the empty slot."""
    world.twin.lift()
    return world.do(lambda device: device.read_card(timeout), lambda: world.twin.put(card))


@pytest.mark.parametrize("name", ["first", "second", "third", "long", "odd"])
def test_every_card_of_the_deck(world: Memory, name: str) -> None:
    card = read(world, name)
    assert isinstance(card, SocialCard) and is_the_card(card, DECK[name])


@pytest.mark.parametrize("fault", ["t0", "wrong_length", "old_select", "by_number_only"])
@pytest.mark.parametrize("name", ["first", "second", "third", "long"])
def test_what_cards_do_differently_makes_no_difference(world: Memory, name: str, fault: str) -> None:
    getattr(world.twin, fault)()
    world.twin.t0(fault in ("t0", "wrong_length"))
    card = read(world, name)
    assert isinstance(card, SocialCard) and is_the_card(card, DECK[name])


def test_a_card_without_room_for_long_names(world: Memory) -> None:
    world.twin.no_name_end()
    card = read(world)
    assert isinstance(card, SocialCard) and is_the_card(card, DECK["second"])
    assert read_by_tag(NAME_END) in world.twin.commands
    assert isinstance(read(world, "long"), CardRefused)         # half a letter is no name, and is not guessed


@pytest.mark.parametrize("version", ["1.00", "2.00", "3.00"])
def test_a_holder_that_is_locked_is_withheld(world: Memory, version: str) -> None:
    world.twin.locked()
    card = read(world, Person(version=version))
    assert isinstance(card, SocialCard)
    assert (card.withheld, card.card_number, card.region) == (True, "Z00000013", "999999")
    assert (card.name, card.number, card.sex, card.nation, card.born) == ("", "", "0", "", None)


def test_a_bank_s_card_is_refused_once_until_it_is_pulled(world: Memory) -> None:
    refused = read(world, "bank")
    assert isinstance(refused, CardRefused) and "6A82" in str(refused)
    assert isinstance(world.do(lambda device: device.read_card(2)), NothingPresented)
    assert isinstance(read(world), SocialCard)


def test_a_card_is_read_once_until_it_is_pulled(world: Memory) -> None:
    assert isinstance(read(world), SocialCard)
    world.do(lambda device: device.status())
    assert isinstance(world.do(lambda device: device.read_card(2)), NothingPresented)
    world.twin.lift()
    assert isinstance(world.do(lambda device: device.read_card(1)), NothingPresented)
    world.twin.put()
    assert isinstance(world.do(lambda device: device.read_card(1)), SocialCard)


def test_a_card_pulled_between_any_two_commands(world: Memory) -> None:
    assert isinstance(read(world), SocialCard)
    for number in range(len(world.twin.commands)):
        world.twin.lift_after(number)
        assert isinstance(read(world), CardMoved), number
    assert isinstance(read(world), SocialCard)


def test_the_card_is_without_power_before_and_after(world: Memory) -> None:
    heard: list[bytes] = []
    said = world.line.said
    world.line.said = lambda data: (heard.append(data), said(data))[1]  # type: ignore[method-assign,func-returns-value]
    assert isinstance(read(world, "bank"), CardRefused)
    assert heard[-3:] == [frame(b"\x01"), frame(b"\x00\xA4\x04\x00\x0F" + SSSE), frame(b"\x00")]


def test_a_wrong_check_character_is_told_without_the_number(world: Memory, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert isinstance(read(world), SocialCard)
        assert not caplog.records
        card = read(world, "odd")
    assert isinstance(card, SocialCard) and card.card_number == "Z00000010"
    assert len(caplog.records) == 1 and "999999" in caplog.text
    assert "Z0000" not in caplog.text and "测试" not in caplog.text


def test_waiting_asks_twice_a_second_and_reads_soon_after(world: Memory) -> None:
    assert isinstance(world.do(lambda device: device.status()), object)
    world.loop.later(2.2, lambda: world.twin.put("second"))
    began = world.loop.seconds
    assert isinstance(world.do(lambda device: device.read_card(10)), SocialCard)
    assert 2.2 <= world.loop.seconds - began <= 2.8
