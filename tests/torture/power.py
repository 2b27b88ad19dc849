"""Power cuts: the machine's memory on a drive that loses what was not synced; reopened by SQLite itself, and recovered.

One run of a machine is cut at many of its moments. Each cut leaves a disk, and the outside as it was; from there a
new life begins, on a real disk, with the journal as it is (or on the same kind of drive, to be cut again).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from kiosk.journal import Journal, machine_key
from torture.drive import Drive
from torture.machine import Machine, on_disk, reckoned
from torture.outside import FRESH, Outside, dice
from torture.runs import at_rest, bytes_left, people

CUTS = 12           # of one run, at most
NAME = "journal.sqlite3"


def on_drive(drive: Drive, connection: type[apsw.Connection]) -> Callable[[Path], Any]:
    """A journal whose file lies on the drive. (A file system of ours has no shared memory: one connection, locked.)"""
    class OnDrive(Journal):
        @staticmethod
        def _connect(path: Path) -> Any:
            db = connection(f"/{NAME}", vfs=drive.name)
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            return db

    return lambda folder: OnDrive(folder / NAME, machine_key(folder / "machine.key"))


@dataclass
class Cut:
    """What a power cut left: the disk, the outside, and which life of which run it was."""

    disk: dict[str, bytes]
    outside: bytes
    seed: str


class Mains:
    """Runs machines and cuts their power. `connection` opens the files on the drive."""

    def __init__(self, connection: type[apsw.Connection] = apsw.Connection) -> None:
        memory = Path("/dev/shm")
        self._scratch = tempfile.TemporaryDirectory(prefix="torture-", dir=memory if memory.is_dir() else None)
        self._folder = Path(self._scratch.name) / "disk"
        self._folder.mkdir()
        self._key = machine_key(self._folder / "machine.key")
        self._drive = Drive("drive that loses its power")
        self._open = on_drive(self._drive, connection)
        journal = Journal(self._folder / NAME, self._key)
        journal._connection().close()
        self._fresh = {NAME: (self._folder / NAME).read_bytes()}

    def close(self) -> None:
        self._drive.unregister()
        self._scratch.cleanup()

    def run(self, seed: int) -> tuple[int, list[str]]:
        """How many cuts, and what they broke."""
        cuts = self._cuts(Cut(self._fresh, FRESH, f"power {seed}"), CUTS)
        done = 0
        for cut in cuts:
            # Some recoveries are cut too, once each.
            for after in self._cuts(cut, 1) if dice(cut.seed, "again").random() < 0.15 else [cut]:
                broken = self._recover(after)
                done += 1 if after is cut else 2
                if broken:
                    return done, [after.seed, *broken]
        return done, []

    def _cuts(self, before: Cut, most: int) -> list[Cut]:
        """A life that begins after `before`, and what it leaves where it is cut."""
        chance = dice("cuts", before.seed)
        often = chance.choice((0.02, 0.05)) if most > 1 else chance.choice((0.02, 0.1))
        self._drive.load(before.disk)
        outside = Outside.from_carried(before.outside)
        cuts: list[Cut] = []

        def moves(moment: str = "") -> None:
            if len(cuts) < most and chance.random() < often:
                outside.deaths += 1
                cuts.append(Cut(self._drive.cut(chance), outside.carried(), f"{before.seed}.{len(cuts)}"))
                outside.deaths -= 1

        self._drive.moves = moves
        with reckoned(outside, chance, moves):
            machine = Machine(outside, self._folder, self._open)
            people(machine, dice("people", before.seed), 2 if most > 1 else 1)
            machine.die()
            self._drive.moves = lambda: None
            machine.journal._connection().close()
        return cuts

    def _recover(self, cut: Cut) -> list[str]:
        """A new life on what is left, with SQLite's own file system; until everything is at rest."""
        for path in self._folder.glob(f"{NAME}*"):
            path.unlink()
        for name, data in cut.disk.items():
            (self._folder / name).write_bytes(data)
        outside = Outside.from_carried(cut.outside)
        with reckoned(outside, dice("after", cut.seed)):
            machine = Machine(outside, self._folder, on_disk)
            broken = at_rest(outside, machine)
            machine.die()
        broken += bytes_left(machine)
        machine.journal._connection().close()
        return broken
