"""Whole days at machines in a town, thousands of journeys a minute: virtual time, virtual devices, a journal in memory.

The machine dies between any two moments, in its recovery too, and starts again in the middle of everything; two machines
share a town; people come while the last one's visit is still being settled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torture.ledgers import outside as books
from torture.ledgers import stuck
from torture.machine import Machine, reckoned
from torture.memory import Memory
from torture.outside import Outside, dice, town
from torture.patient import Patient
from torture.runs import STEADY, at_rest
from virtual import PowerCut

NOWHERE = Path("/nonexistent")


def deaths(outside: Outside, chance: random.Random) -> Callable[[str], None]:
    """Some runs have none; the others a few, anywhere, or one upon the other."""
    left = [chance.randrange(chance.choice((12, 100))) for _ in range(chance.choice((0, 0, 1, 2, 4)))]

    def happens(moment: str) -> None:
        if left:
            left[0] -= 1
            if left[0] < 0:
                left.pop(0)
                raise PowerCut(moment)
    return happens


def days(machines: list[Machine], chance: random.Random, visits: int) -> None:
    """So many visits, on whichever machine is free; where there are two, their people take turns."""
    steady = chance.choice(STEADY)
    at: dict[str, Iterator[None]] = {}
    while visits or at:
        for machine in machines:
            if machine.name not in at and visits:
                visits -= 1
                at[machine.name] = Patient(machine, chance, steady=steady).steps()
            if machine.name in at and (len(machines) == 1 or chance.random() < 0.7):
                if chance.random() < 0.004:
                    machine.reboot()            # between two touches, too
                if next(at[machine.name], at) is at:
                    del at[machine.name]


def simulate(seed: int, machine: type[Machine] = Machine, memory: Callable[[], Any] = Memory) -> tuple[int, list[str]]:
    """How many journeys were made, and what broke."""
    chance = dice("simulation", seed)
    outside, visits = town(), chance.randrange(3, 12)
    happens = deaths(outside, chance)
    try:
        with reckoned(outside, chance, happens):
            machines = []
            for name in ("one", "two") if chance.random() < 0.15 else ("one",):
                kept = memory()
                machines.append(machine(outside, NOWHERE, lambda _, kept=kept: kept.reopened(), name))  # type: ignore[misc]
            days(machines, chance, visits)
            with reckoned(outside, chance):
                for other in machines[1:]:
                    other.walk_away()
                broken = at_rest(outside, machines[0])
                for other in machines[1:]:
                    broken += stuck(other)
        return visits + len(set(outside.visitors)), broken
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return visits, [f"{type(error).__name__}: {error}", *list(books(outside))[:3]]
