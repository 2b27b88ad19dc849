"""The claim of the time slots: nobody waits over twenty minutes, where people waited half an hour and more before."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from hospital.examining import rules
from hospital.figures import blood

SEEDS = range(100, 110)       # others than those whose numbers are published


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_waits_over_20_minutes_with_slots(seed: int) -> None:
    with_slots = blood.slots(random.Random(seed))
    assert with_slots.longest <= blood.TARGET
    assert with_slots.turned_away <= blood.PEOPLE * 0.05, "and hardly anybody has to come another day"


@pytest.mark.parametrize("seed", SEEDS)
def test_without_slots_people_wait_30_to_60_minutes(seed: int) -> None:
    assert 30 <= blood.before(random.Random(seed)).longest <= 60


def test_both_mornings_draw_everybody_as_often_as_ordered() -> None:
    persons = blood.people(random.Random(5))
    draws = sum(len(person.draws) for person in persons)
    assert len(blood.before(random.Random(5)).waits) == draws
    kinds = Counter(person.kind for person in persons)
    assert kinds["elderly"] > kinds["ogtt"] and set(kinds) == {kind for kind, _ in blood.MIX}


def test_the_same_seed_is_the_same_morning() -> None:
    assert blood.slots(random.Random(7)) == blood.slots(random.Random(7))


def test_four_windows_then_six_then_two() -> None:
    windows = blood._windows(blood.DAY)
    for minute in (rules.opens(blood.DAY), 8 * 60, 9 * 60, 10 * 60, 11 * 60):
        assert sum(opens <= minute < close for opens, close in windows) == rules.windows(minute)


def test_the_picture_shows_both(tmp_path: Path) -> None:
    path = tmp_path / "day.png"
    blood.draw(blood.before(random.Random(1)), blood.slots(random.Random(1)), path)
    assert path.read_bytes().startswith(b"\x89PNG")
