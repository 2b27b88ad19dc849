"""The command behind scripts/torture: kills, power cuts, lost answers by the thousand, and how often a promise was broken.

    --quick      two minutes: part of the tests
    --nightly    two core-hours
    --full       the figures of docs/reliability.md
    <part>       one part alone, with --goal, --seed, --seconds
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torture.tally import Tally, until

Part = Callable[[int, int, float], Tally]


def kills(goal: int, seed: int, seconds: float) -> Tally:
    from torture.kill import Runner, by_chance
    with closing(Runner()) as runner:
        def one(seed: int) -> tuple[int, list[str]]:
            ends = by_chance(runner, seed)
            return ends.kills, ends.broken
        return until(Tally("kill", "kills", goal), one, seed, seconds)


def pairs(goal: int, seed: int, seconds: float) -> Tally:
    """Every moment of every table, and every moment of each recovery from it."""
    from torture.kill import Runner, every_pair
    tally = Tally("pairs", "kills", goal)
    with closing(Runner()) as runner:
        for ends in every_pair(runner, first=seed):
            tally.count(ends.seed, ends.kills, ends.broken)
            if not tally.going_on or tally.seconds > seconds:
                break
    print(tally, flush=True)
    return tally


def cuts(goal: int, seed: int, seconds: float) -> Tally:
    from torture.power import Mains
    with closing(Mains()) as mains:
        return until(Tally("power", "cuts", goal), mains.run, seed, seconds)


def calls(goal: int, seed: int, seconds: float) -> Tally:
    from torture.calls import Tracer
    with closing(Tracer()) as tracer:
        return until(Tally("calls", "kills", goal), tracer.run, seed, seconds)


def simulated(goal: int, seed: int, seconds: float) -> Tally:
    from torture.simulation import simulate
    return until(Tally("simulation", "journeys", goal), simulate, seed, seconds)


def planted(goal: int, seed: int, seconds: float) -> Tally:
    """Faults of our own making; here a violation is a fault that was not found."""
    from torture.mutants import MUTANTS
    tally = Tally("planted", "faults", len(MUTANTS))
    for mutant in MUTANTS:
        with tempfile.TemporaryDirectory() as folder:
            found = mutant.hunt(Path(folder))
        print(f"  {'NOT FOUND' if found is None else f'seed {found:5}'}  {mutant.name}", flush=True)
        tally.count(mutant.name, 1, ["not found"] if found is None else [])
    print(tally, flush=True)
    return tally


def lines(goal: int, seed: int, seconds: float) -> Tally:
    """The whole matrix of broken lines, or as much of it as the time allows."""
    from torture.network import Matrix
    tally = Tally("network", "cells", goal)
    with closing(Matrix()) as matrix:
        for name, broken in matrix.cells():
            tally.count(name, 1, broken)
            if not tally.going_on or tally.seconds > seconds:
                break
        tally.count("the hospital's books", 0, matrix.books())
    print(tally, flush=True)
    return tally


PARTS: dict[str, Part] = {"kill": kills, "pairs": pairs, "power": cuts, "calls": calls, "network": lines,
                          "simulation": simulated, "planted": planted}

LEVELS: dict[str, tuple[tuple[tuple[str, int], ...], ...]] = {
    # What each of two processes does, part after part. Seconds are bounds.
    "quick": ((("kill", 25), ("pairs", 10), ("simulation", 30)), (("power", 20), ("calls", 10), ("planted", 60))),
    "nightly": ((("kill", 2400), ("pairs", 1000)),
                (("network", 600), ("power", 1000), ("calls", 400), ("simulation", 1200), ("planted", 120))),
    "full": ((("kill", 7200), ("pairs", 3600)),
             (("network", 1800), ("power", 3600), ("calls", 1800), ("simulation", 7200), ("planted", 120))),
}
GOALS = {"kill": 100_000, "pairs": 100_000, "power": 100_000, "calls": 2_000, "network": 10_000, "simulation": 3_000_000,
         "planted": 0}


def level(name: str, seed: int) -> int:
    """All parts, in one process a core; the number of processes that found something broken."""
    words = (sys.executable, "-m", "torture", "--seed", str(seed))
    shares = [subprocess.Popen((*words, f"--{name}", "--share", str(share))) for share in range(len(LEVELS[name]))]
    return sum(process.wait() != 0 for process in shares)


def share(parts: tuple[tuple[str, int], ...], seed: int) -> int:
    """One process' part of a level; the number of violations."""
    return sum(len(PARTS[part](GOALS[part], seed if part != "pairs" else 0, seconds).violations) for part, seconds in parts)


@contextmanager
def closing(what: Any) -> Iterator[Any]:
    try:
        yield what
    finally:
        what.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS)
    for name in LEVELS:
        parser.add_argument(f"--{name}", dest="level", action="store_const", const=name)
    parser.add_argument("--goal", type=int, default=1000, help="how many kills, cuts or journeys")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (pairs: the first moment)")
    parser.add_argument("--seconds", type=float, default=86400.0, help="at most so long")
    parser.add_argument("--share", type=int, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.share is not None:
        return 1 if share(LEVELS[said.level][said.share], said.seed) else 0
    if said.part is None:
        return 1 if level(said.level or "quick", said.seed) else 0
    return 1 if PARTS[said.part](said.goal, said.seed, said.seconds).violations else 0


if __name__ == "__main__":
    sys.exit(main())
