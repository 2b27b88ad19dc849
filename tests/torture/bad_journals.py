"""Journals with a fault planted into them, for tests/torture/mutants.py."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from kiosk.hospital import Unknown
from kiosk.journal import Fact, Journal, OpenVisit
from kiosk.requests import Refused
from kiosk.rides import Ride
from kiosk.sync import Sync
from townsfolk import PEOPLE


class NotErased(Journal):
    """A closed visit's rows are gone; the pages they lay on stay in the log."""

    def close(self, visit: str) -> None:
        with self._commit() as db:
            db.execute("DELETE FROM visit WHERE id = ?", (visit,))


class ErasesWithTheNext(Journal):
    """A closed visit is seen no more, and erased with whatever is committed next."""

    closed: frozenset[str] = frozenset()

    def close(self, visit: str) -> None:
        self.closed |= {visit}

    def open_visits(self) -> tuple[OpenVisit, ...]:
        return tuple(visit for visit in super().open_visits() if visit.id not in self.closed)

    def _take_along(self, db: sqlite3.Connection) -> Ride:
        db.executemany("DELETE FROM visit WHERE id = ?", [(visit,) for visit in self.closed])
        return super()._take_along(db)


class Remembers(Journal):
    """Somebody's number is kept, for good."""

    def delivered(self, keys: Sequence[str]) -> None:
        super().delivered(keys)
        with self._commit() as db:
            db.execute("INSERT OR REPLACE INTO mark VALUES (?, 1)", (PEOPLE["测试甲"].number,))


class DropsFacts(Journal):
    """A commit that erases a visit takes no facts along, and yet they wait no more."""

    def close(self, visit: str) -> None:
        self._rides.arrived(self._rides.now)
        super().close(visit)


def round_early(self: Sync) -> float:
    """Facts are told first, and then written."""
    waiting = self._journal._rides.now.facts
    facts = [Fact(number, at, kind, json.loads(data)) for number, (at, kind, data) in
             enumerate(waiting, max((fact.id for fact in self._journal.facts_on_disk()), default=0) + 1)]
    try:
        self._hospital.tell_facts(facts, "early")
    except (Unknown, Refused):
        pass
    return _round(self)


_round = Sync.round
