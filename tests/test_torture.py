"""A few minutes' worth of the torture, and the proof that it can fail. scripts/torture does it at length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.calls import Tracer
from torture.kill import Runner, by_chance, every_pair
from torture.mutants import MUTANTS, Mutant
from torture.power import Mains
from torture.simulation import simulate

REGRESSIONS = [line.split()[:2] for line in (Path(__file__).parent / "torture" / "regressions.txt").read_text().splitlines()
               if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def mains() -> Iterator[Mains]:
    mains = Mains()
    yield mains
    mains.close()


def test_kills_break_no_promise(runner: Runner) -> None:
    kills = 0
    for seed in range(40):
        ends = by_chance(runner, seed)
        assert not ends.broken, f"seed {seed}: {ends.broken}"
        kills += ends.kills
    assert kills > 80


def test_a_kill_in_the_recovery_breaks_no_promise(runner: Runner) -> None:
    kills = 0
    for ends in every_pair(runner, first=24):
        assert not ends.broken, f"{ends.seed}: {ends.broken}"
        kills += ends.kills
        if kills > 100:
            break


def test_power_cuts_break_no_promise(mains: Mains) -> None:
    cuts = 0
    for seed in range(60):
        done, broken = mains.run(seed)
        assert not broken, f"seed {seed}: {broken}"
        cuts += done
    assert cuts > 200


def test_kills_at_system_calls_break_no_promise() -> None:
    tracer = Tracer()
    try:
        kills = 0
        for seed in range(12):
            killed, broken = tracer.run(seed)
            assert not broken, f"seed {seed}: {broken}"
            kills += killed
        assert kills > 5
    finally:
        tracer.close()


def test_days_at_the_machine_break_no_promise() -> None:
    journeys = 0
    for seed in range(600):
        made, broken = simulate(seed)
        assert not broken, f"seed {seed}: {broken}"
        journeys += made
    assert journeys > 5000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_found(mutant: Mutant, disk: Path) -> None:
    assert mutant.hunt(disk) is not None, f"{mutant.within} seeds pass it by"


@pytest.mark.parametrize("part, seed", REGRESSIONS)
def test_what_once_broke_holds(part: str, seed: str, runner: Runner, mains: Mains) -> None:
    match part:
        case "kill":
            broken = by_chance(runner, int(seed)).broken
        case "power":
            _, broken = mains.run(int(seed))
        case _:
            _, broken = simulate(int(seed))
    assert not broken
