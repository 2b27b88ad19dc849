"""`kill -9` at every border of every commit and act, and again in the recovery, and again.

A warm parent forks each of a machine's lives. A life that dies does so by SIGKILL, in the middle of whatever it is doing:
no handler, no `finally`, no closing of files. What the next life finds is the disk (a real file, WAL and FULL) and the
outside, which is carried over in shared memory at the very moment of death.
"""

from __future__ import annotations

import gc
import itertools
import mmap
import os
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.journal import Journal, machine_key
from tables import Player, Table, tables
from torture.machine import Machine, reckoned
from torture.outside import FRESH, Outside, dice
from torture.runs import at_rest, bytes_left, people
from townsfolk import PEOPLE

ROOM = 4 << 20      # bytes for the outside in shared memory
LIFE = 90           # moments in a life that is to die: up to two visits
RECOVERY = 16       # moments of a new life within which it takes up what the last one left

Live = Callable[[Machine], None]


@dataclass
class Ends:
    """How the lives of one run ended."""

    seed: str = ""
    kills: int = 0
    broken: list[str] = field(default_factory=list)


class Runner:
    """Forks lives. `machine` is the type of machine that lives them."""

    def __init__(self, machine: type[Machine] = Machine) -> None:
        self._machine = machine
        memory = Path("/dev/shm")
        self._scratch = tempfile.TemporaryDirectory(prefix="torture-", dir=memory if memory.is_dir() else None)
        self._template = Path(self._scratch.name) / "fresh"
        self._template.mkdir()
        journal = Journal(self._template / "journal.sqlite3", machine_key(self._template / "machine.key"))
        journal.open_visits()
        journal._connection().close()
        self._shared = mmap.mmap(-1, ROOM)
        gc.collect()
        gc.freeze()             # what is warm stays one copy for all the lives

    def close(self) -> None:
        self._scratch.cleanup()

    def run(self, seed: str, lives: Sequence[tuple[Live, int]]) -> Ends:
        """Each life is lived until its moment of death; then one that stays alive, and the books are opened."""
        folder = Path(self._scratch.name) / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._template, folder)
        self._carry(FRESH)
        ends = Ends(seed)
        for number, (live, death) in enumerate(lives):
            died, said = self._fork(folder, f"{seed} {number}", live, death)
            ends.kills += died
            if said:
                ends.broken += said
                return ends
        ends.broken += self._last_life(folder, f"{seed} last")
        return ends

    def _last_life(self, folder: Path, seed: str) -> list[str]:
        outside = Outside.from_carried(self._carried())
        with reckoned(outside, dice("uuid", seed)):
            machine = self._machine(outside, folder)
            said = at_rest(outside, machine)
            machine.die()
        return said + bytes_left(machine)

    def _fork(self, folder: Path, seed: str, live: Live, death: int) -> tuple[bool, list[str]]:
        child = os.fork()
        if child == 0:
            self._life(folder, seed, live, death)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL, f"the life died of {os.WTERMSIG(status)}"
            return True, []
        if os.WEXITSTATUS(status) == 0:
            return False, []
        return False, self._carried().decode().splitlines()

    def _life(self, folder: Path, seed: str, live: Live, death: int) -> None:
        """In the child: never returns."""
        outside = Outside.from_carried(self._carried())
        left = death

        def happens(moment: str) -> None:
            nonlocal left
            if left == 0:
                outside.deaths += 1
                self._carry(outside.carried())
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

        said = []
        try:
            with reckoned(outside, dice("uuid", seed), happens):
                live(self._machine(outside, folder))
        except BaseException as error:
            said = [f"{type(error).__name__}: {error}", *traceback.format_exc().splitlines()[-6:]]
        self._carry("\n".join(said).encode() if said else outside.carried())
        os._exit(1 if said else 0)

    def _carry(self, data: bytes) -> None:
        self._shared.seek(0)
        self._shared.write(len(data).to_bytes(4, "big") + data)

    def _carried(self) -> bytes:
        self._shared.seek(0)
        return self._shared.read(int.from_bytes(self._shared.read(4), "big"))


# By chance.


def by_chance(runner: Runner, seed: int) -> Ends:
    """The seed says who comes, what fails, and when the machine dies: once, or again and again in its recovery."""
    chance = dice("kill", seed)
    lives: list[tuple[Live, int]] = []
    for number in range(chance.choice((1, 2, 3, 5, 8))):
        life = dice("life", seed, number)
        within = LIFE if number == 0 or chance.random() < 0.25 else RECOVERY
        lives.append((lambda machine, life=life: people(machine, life), chance.randrange(within)))
    return runner.run(f"kill {seed}", lives)


# By the tables.

TABLES = {table.title: table for table in tables()}


def played(table: Table) -> Live:
    def live(machine: Machine) -> None:
        said = " ".join(act for step in table.steps for act in step.acts)
        machine.outside.visitors += [name for name in PEOPLE if name in said]
        Player(machine).play(table)
    return live


def again(machine: Machine) -> None:
    """Only what a new life does by itself."""
    machine.settle(60)


def every_pair(runner: Runner, first: int = 0) -> Iterator[Ends]:
    """Death at every moment of every table, and then at every moment of what a new life makes of it."""
    left = dict(TABLES)
    for death in itertools.count(first):
        for title in list(left):
            for ends in _seconds(runner, left[title], death):
                if ends.kills == 0 and not ends.broken:
                    del left[title]             # the table is over before its moment comes
                else:
                    yield ends
        if not left:
            return


def _seconds(runner: Runner, table: Table, first: int) -> Iterator[Ends]:
    for second in itertools.count():
        ends = runner.run(f"{table.title}, {first}, {second}", [(played(table), first), (again, second)])
        yield ends
        if ends.kills < 2 or ends.broken:
            return
