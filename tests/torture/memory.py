"""A journal in memory, for the simulation: every commit whole or not at all, what was not committed is lost by a death.

It keeps records as they are and turns them into bytes only when a new life reads them: what a story remembers after a
death has been through the same sealing words as on disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.journal import Fact, OpenVisit, Owed
from kiosk.moments import moment
from kiosk.play import Entry, unpacked
from kiosk.requests import Do


@dataclass
class Kept:
    journey: str
    epoch: int
    held: str = ""
    entries: list[Entry] = field(default_factory=list)


class Memory:
    """kiosk.journal.Journal's methods."""

    def __init__(self) -> None:
        self.visits: dict[str, Kept] = {}
        self.later: dict[str, Do[None]] = {}
        self.struck: set[str] = set()

    def reopened(self) -> Memory:
        """By the next life: what rode along with no commit is lost."""
        self.struck.clear()
        return self

    def prepare(self, entries: Sequence[Entry]) -> None: ...

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        moment("before commit")
        self._take_along()
        kept = self.visits.setdefault(visit, Kept(journey, epoch))
        kept.epoch = epoch
        if entries:
            kept.entries = [entry for entry in kept.entries if entry.position < entries[0].position]
            kept.entries += entries
        if later is not None:
            self.later.setdefault(*later)
        moment("after commit")

    def close(self, visit: str) -> None:
        moment("before commit")
        self._take_along()
        self.visits.pop(visit, None)
        moment("after commit")

    def hold(self, visit: str, why: str) -> None:
        self.visits[visit].held = why

    def open_visits(self) -> tuple[OpenVisit, ...]:
        return tuple(OpenVisit(visit, kept.journey, kept.epoch, "", kept.held, tuple(map(_read, kept.entries)))
                     for visit, kept in self.visits.items())

    def owed(self) -> tuple[Owed, ...]:
        return tuple(Owed(key, "", request) for key, request in self.later.items() if key not in self.struck)

    def delivered(self, keys: Sequence[str]) -> None:
        self.struck.update(keys)

    def note(self, facts: Sequence[tuple[str, dict[str, Any]]], now: bool = True) -> None:
        """What happened is told to nobody here."""

    def facts(self) -> tuple[Fact, ...]:
        return ()

    def facts_on_disk(self, after: int = 0, most: int = -1) -> tuple[Fact, ...]:
        return ()

    def flush(self) -> None:
        if self.struck:
            moment("before commit")
            self._take_along()
            moment("after commit")

    def _take_along(self) -> None:
        for key in self.struck:
            self.later.pop(key, None)
        self.struck.clear()

    def told(self) -> int:
        return 0

    def broken_link(self) -> int | None:
        return None


def _read(entry: Entry) -> Entry:
    """As it comes back from the disk."""
    name, seal = entry.asked
    value = unpacked(entry.result, json.loads(json.dumps(entry.packed)))
    return replace(entry, value=value, request=None, name=name, fingerprint=seal)
