"""Hospitals' own cards before their twins, in memory: UIDs, blocks, files, keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import Subject, visitcard_icm522, visitcard_pcsc
from conformance.memory import Memory, memory
from drivers.contract import CardMoved, CardRefused, DeviceError, NothingPresented, VisitCard

SUBJECTS = {"visitcard": visitcard_pcsc.SUBJECT, "icm522": visitcard_icm522.SUBJECT}


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture
def keys(tmp_path: Path) -> str:
    path = tmp_path / "keys"
    path.write_text("a = A1A2A3A4A5A6\nb = B1B2B3B4B5B6\n", encoding="ascii")
    path.chmod(0o600)
    return str(path)


@contextmanager
def reader(subject: Subject, **options: str) -> Iterator[Callable[..., Any]]:
    """A function that puts a card on the empty reader and tells what came of it."""
    with memory(replace(subject, options=options)) as world:
        yield lambda card="plain": read(world, card)


def read(world: Memory, card: str) -> Any:
    world.twin.lift()
    if isinstance(seen := world.do(lambda device: device.status()), DeviceError):
        return seen
    return world.do(lambda device: device.read_card(2), lambda: world.twin.put(card))


@pytest.mark.parametrize(("options", "card", "number"), [
    ({}, "plain", "01020304"), ({"order": "reversed"}, "plain", "04030201"), ({"form": "decimal"}, "plain", "0016909060"),
    ({}, "long_uid", "04010203040506"), ({"number": "block"}, "plain", "C000000000001"),
    ({"number": "block", "length": "4"}, "plain", "C000"),
    ({"number": "block", "encoding": "bcd", "offset": "2", "length": "8"}, "bcd", "0000000000012345")])
def test_a_card_in_every_layout(subject: Subject, options: dict[str, str], card: str, number: str) -> None:
    with reader(subject, **options) as put:
        found = put(card)
    assert isinstance(found, VisitCard)
    assert found.number == number and len(found.uid) in (8, 14)
    assert number not in repr(found) and found.uid not in repr(found)


@pytest.mark.parametrize("key_type", ["a", "b"])
def test_a_sector_with_the_hospital_s_own_keys(subject: Subject, keys: str, key_type: str) -> None:
    place = {"number": "block", "sector": "2", "block": "1", "key_type": key_type, "keys": keys}
    with reader(subject, **place, key=key_type) as put:
        assert put("ours") == VisitCard("V000000000001", "0A0B0C0D")
    with reader(subject, **place, key="ab".replace(key_type, "")) as put:
        assert isinstance(put("ours"), CardRefused)
    with reader(subject, **place, key=key_type) as put:
        assert isinstance(put("plain"), CardRefused)            # another hospital's: nothing but the maker's keys


def test_a_card_without_a_number_is_refused_once(subject: Subject) -> None:
    with memory(replace(subject, options={"number": "block"})) as world:
        assert isinstance(read(world, "blank"), CardRefused)
        assert isinstance(world.do(lambda device: device.read_card(1)), NothingPresented)
        assert isinstance(read(world, "plain"), VisitCard)


def test_a_wrong_key(subject: Subject) -> None:
    with memory(subject) as world:
        world.twin.wrong_key()
        assert isinstance(read(world, "plain"), CardRefused)
        world.twin.heal()
        assert isinstance(read(world, "plain"), VisitCard)


def test_a_card_is_read_once_until_it_is_lifted(subject: Subject) -> None:
    with memory(subject) as world:
        assert isinstance(read(world, "plain"), VisitCard)
        assert isinstance(world.do(lambda device: device.read_card(1)), NothingPresented)
        assert isinstance(read(world, "plain"), VisitCard)


def test_a_card_lifted_between_any_two_commands() -> None:
    with memory(SUBJECTS["visitcard"]) as world:
        assert isinstance(read(world, "plain"), VisitCard)
        for number in range(len(world.twin.commands)):
            world.twin.lift_after(number)
            assert isinstance(read(world, "plain"), CardMoved), number
        assert isinstance(read(world, "plain"), VisitCard)


def test_a_card_lifted_before_the_module_reads_it() -> None:
    with memory(SUBJECTS["icm522"]) as world:
        world.twin.lift_before_read()
        assert isinstance(read(world, "plain"), CardMoved)
        world.twin.heal()
        assert isinstance(read(world, "plain"), VisitCard)


def test_another_card_in_its_place_is_found_by_its_uid() -> None:
    with memory(SUBJECTS["icm522"]) as world:
        assert isinstance(read(world, "plain"), VisitCard)
        world.twin.put({"uid": "0F0E0D0C"})
        found = world.do(lambda device: device.read_card(1))
        assert isinstance(found, VisitCard) and found.uid == "0F0E0D0C"


@pytest.mark.parametrize("fault", ["t0", "wrong_length"])
def test_a_cpu_card_s_file(fault: str) -> None:
    options = {"number": "file", "aid": "A00000999901", "sfi": "1", "length": "13"}
    with memory(replace(SUBJECTS["visitcard"], options=options)) as world:
        getattr(world.twin, fault)()
        assert read(world, "cpu") == VisitCard("V000000000002", "08010203")
        assert isinstance(read(world, "plain"), CardRefused)
    with reader(SUBJECTS["visitcard"], **options | {"sfi": "2"}) as put:
        assert isinstance(put("cpu"), CardRefused)
    with reader(SUBJECTS["visitcard"], number="block") as put:
        assert isinstance(put("cpu"), DeviceError)
