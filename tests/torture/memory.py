"""A journal in memory, for the simulation: every commit whole or not at all, what was not committed is lost by a death.

It keeps records as they are and turns them into bytes only when a new life reads them: what a story remembers after a
death has been through the same sealing words as on disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.journal import Fact, OpenVisit, Owed, _asked, _outcome, _value
from kiosk.moments import moment
from kiosk.play import Entry
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
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        moment("before commit")
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
        self.visits.pop(visit, None)
        moment("after commit")

    def hold(self, visit: str, why: str) -> None:
        self.visits[visit].held = why

    def open_visits(self) -> tuple[OpenVisit, ...]:
        return tuple(OpenVisit(visit, kept.journey, kept.epoch, "", kept.held, tuple(map(_read, kept.entries)))
                     for visit, kept in self.visits.items())

    def owed(self) -> tuple[Owed, ...]:
        return tuple(Owed(key, "", request) for key, request in self.later.items())

    def delivered(self, keys: Sequence[str]) -> None:
        moment("before commit")
        for key in keys:
            self.later.pop(key, None)
        moment("after commit")

    def note(self, facts: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.notes += facts

    def facts(self, after: int = 0, most: int = -1) -> tuple[Fact, ...]:
        """None: what happened is told to nobody here."""
        return ()

    def told(self) -> int:
        return 0

    def broken_link(self) -> int | None:
        return None


def _read(entry: Entry) -> Entry:
    """As it comes back from the disk."""
    name, seal = _asked(entry)
    value = _value(entry.result, json.loads(json.dumps(_outcome(entry))))
    return replace(entry, value=value, request=None, name=name, fingerprint=seal)
