"""One run: people at a machine that dies and comes back, until everything is at rest and the books are opened."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.journal import machine_key
from torture.ledgers import broken, personal, untold
from torture.machine import Machine, on_disk, reckoned
from torture.outside import Outside, dice, town
from torture.patient import Patient, come_back

VISITS = 3          # people at a machine in one life, at most
STEADY = (1.0, 0.95, 0.9, 0.8)


def people(machine: Machine, chance: random.Random, visits: int = VISITS) -> None:
    """Some come one after the other."""
    for _ in range(visits):
        Patient(machine, chance, steady=chance.choice(STEADY)).visit()


def at_rest(outside: Outside, machine: Machine) -> list[str]:
    """Everything works again, everything comes to its end, everybody comes back; what is broken then."""
    outside.mend()
    machine.unplug(machine.reader, True)
    machine.unplug(machine.scanner, True)
    machine.settle(25)
    machine.walk_away()
    machine.settle(25)
    for name in dict.fromkeys(outside.visitors):
        come_back(machine, name)
        machine.settle(2)
    machine.settle(5)
    return broken(machine)


def bytes_left(machine: Machine) -> list[str]:
    """Personal data in the files of a machine at rest."""
    return list(personal(machine.folder, machine_key(machine.folder / "machine.key")))


def undisturbed(seed: int, folder: Path, machine: type[Machine] = Machine,
                open_journal: Callable[[Path], Any] = on_disk) -> list[str]:
    """A life on a real disk without a death; what is broken then, and what the files still say."""
    outside = town()
    with reckoned(outside, dice("undisturbed", seed)):
        alive = machine(outside, folder, open_journal)
        people(alive, dice("people", seed))
        broken = at_rest(outside, alive) + list(untold(alive))
        alive.die()
    return broken + bytes_left(alive)
