"""The twins of chip cards against published commands and answers, without their drivers."""

from __future__ import annotations

import pytest

from drivers.sim.socialcard import DECK, Person, SocialChip
from drivers.sim.visitcard import Mifare, Plastic, VisitChip
from vectors import vectors

SOCIAL, VISIT = vectors("socialcard"), vectors("visitcard")
SELECT = bytes.fromhex("00A404000F") + SOCIAL["2.02"][4:19]


def card(person: Person = DECK["second"], file: str = "") -> SocialChip:
    chip = SocialChip(person)
    if file:
        assert chip.answer(SELECT)[-2:] == b"\x90\x00" and chip.answer(SOCIAL[file]) == b"\x90\x00"
    return chip


def test_selection_and_atr() -> None:
    chip = card(Person(version="3.00"))
    assert chip.answer(SELECT) == SOCIAL["2.02"]
    assert chip.atr == SOCIAL["2.86"] and chip.atr[4:] == SOCIAL["2.84"] and chip.atr[-8:] == SOCIAL["2.85"]
    assert card(DECK["bank"]).answer(SELECT) == SOCIAL["2.63"]
    assert card().answer(SOCIAL["2.05"]) == SOCIAL["2.63"], "no application is selected"


@pytest.mark.parametrize(("file", "command", "answer"), [
    ("2.05", "2.11", "2.21"), ("2.05", "2.12", "2.22"), ("2.05", "2.15", "2.25"), ("2.05", "2.52", "2.53"),
    ("2.06", "2.32", "2.42"), ("2.06", "2.35", "2.45"), ("2.06", "2.60", "2.40"), ("2.06", "2.54", "2.55")])
def test_records(file: str, command: str, answer: str) -> None:
    assert card(file=file).answer(SOCIAL[command]) == SOCIAL[answer]


def test_the_third_generation_opens_after_authentication_only() -> None:
    chip = card(Person(version="3.00"), "2.05")
    assert chip.answer(SOCIAL["2.12"]) == SOCIAL["2.29"]
    assert chip.answer(SOCIAL["2.06"]) == b"\x90\x00" and chip.answer(SOCIAL["2.60"]) == SOCIAL["2.64"]
    assert chip.answer(SOCIAL["2.75"]) == SOCIAL["2.76"]
    raw, factor = (chip.answer(bytes.fromhex("0084000008"))[:8] for _ in range(2))
    proof = bytes(one ^ other ^ 0x5A for one, other in zip(factor, raw))
    assert chip.answer(bytes.fromhex("0082000A10") + proof + raw) == b"\x90\x00"
    assert chip.answer(SOCIAL["2.60"]) == SOCIAL["2.40"]
    chip.powered()
    assert chip.answer(SOCIAL["2.60"]) != SOCIAL["2.40"]


def test_the_stand_in_cryptogram() -> None:
    chip = card()
    assert chip.answer(SOCIAL["2.73"])[:-2] == SOCIAL["2.75"][5:13]


def test_a_storage_card_proves_a_sector_at_a_time() -> None:
    chip = VisitChip(Plastic())
    assert chip.answer(bytes.fromhex("FFCA000000")) == bytes.fromhex("010203049000")
    assert chip.answer(bytes.fromhex("FFB0000410")) == VISIT["3.10"]
    assert chip.answer(VISIT["3.04"]) == VISIT["3.08"], "no key was loaded"
    assert chip.answer(bytes.fromhex("FF82000006" + "FF" * 6)) == b"\x90\x00"
    assert chip.answer(VISIT["3.04"]) == b"\x90\x00"
    assert chip.answer(bytes.fromhex("FFB0000410")) == VISIT["3.06"]
    assert chip.answer(bytes.fromhex("FFB0000810")) == VISIT["3.10"], "another sector"


def test_a_storage_card_is_written() -> None:
    chip = VisitChip(Plastic())
    write = bytes.fromhex("FFD6000510") + b"V000000000009".ljust(16, b"\0")
    assert chip.answer(write) == VISIT["3.10"]
    chip.answer(bytes.fromhex("FF82000006" + "FF" * 6))
    chip.answer(VISIT["3.04"])
    assert chip.answer(write) == b"\x90\x00"
    assert chip.answer(bytes.fromhex("FFB0000510"))[:13] == b"V000000000009"
    assert chip.answer(bytes.fromhex("FFD6000710") + bytes(16)) == VISIT["3.10"], "the trailer is not for tests to lose"


def test_a_name_that_no_card_has_room_for() -> None:
    with pytest.raises(ValueError):
        SocialChip(Person(name="测" * 26))


def test_a_trailer_shows_no_key() -> None:
    memory = Mifare(Plastic(key_a="A1A2A3A4A5A6"))
    assert memory.prove(4, 0x60, bytes.fromhex("A1A2A3A4A5A6"))
    assert bytes.fromhex("A1A2A3A4A5A6") not in (memory.read(7) or b"")
