"""What a journal costs by itself: its calls of one journey made again, beside a bare SQLite that does the same statements.

During the journey, threads take turns with the drawing of pages; here nothing else happens in the process.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

TURNS = 60          # of each, one after the other
WATCHED = ("write", "close", "hold", "note", "delivered", "tell", "flush", "told", "facts_on_disk", "owed")
"""The methods of a journal that a journey calls."""

Statement = tuple[str, Any, bool]               # SQL, parameters, whether they are many
Call = tuple[str, tuple[Any, ...], dict[str, Any], tuple[bool, ...]]    # …, which of its entries were prepared before


class Recorder(sqlite3.Connection):
    """A connection that writes down every statement, whole transactions at a time, for a bare SQLite to do the same."""

    statements: list[Statement] = []

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self._open: list[Statement] = []

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        cursor = super().execute(sql, parameters)
        self._note((sql, parameters, False))
        return cursor

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        rows = list(parameters)
        cursor = super().executemany(sql, rows)
        self._note((sql, rows, True))
        return cursor

    def _note(self, statement: Statement) -> None:
        self._open.append(statement)
        if not self.in_transaction:
            self.statements.extend(self._open)
            self._open.clear()


class Rehearsal:
    """Is told of every call of a journal (`saw`), sees every statement, and makes again what came since `begin`."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._begun = 0
        self._connect = sqlite3.connect
        setattr(sqlite3, "connect", lambda *words, **options: self._connect(*words, factory=Recorder, **options))

    def begin(self) -> None:
        self._calls.clear()
        self._begun = len(Recorder.statements)

    def saw(self, name: str, words: tuple[Any, ...], options: dict[str, Any]) -> None:
        """A method of a journal is called with these. To be told before the call."""
        entries = words[3] if name == "write" else ()
        self._calls.append((name, words, options, tuple(bool(entry._sealed) for entry in entries)))

    def held(self, folder: Path) -> dict[str, float]:
        """How many commits and acts there were, and the least of the seconds that a journal and a bare SQLite need."""
        before, done = Recorder.statements[:self._begun], Recorder.statements[self._begun:]
        calls, self._calls = self._calls, []
        setattr(sqlite3, "connect", self._connect)
        turns = [(_journal(folder / f"again-{turn}.sqlite3", calls), _bare(folder / f"bare-{turn}.sqlite3", before, done))
                 for turn in range(TURNS)]
        return {"commits": sum(sql == "COMMIT" for sql, _, _ in done), "acts": sum(_begins(call) for call in calls),
                "rest": min(one for one, _ in turns), "floor": min(one for _, one in turns)}


def _begins(call: Call) -> bool:
    """Is it the intent of an act?"""
    name, words, *_ = call
    return name == "write" and bool(words[3]) and words[3][-1].result == "intent"


def _journal(path: Path, calls: list[Call]) -> float:
    """Seconds for the same calls of a fresh journal. Entries are made anew; those are prepared that were."""
    from kiosk.journal import Journal

    journal, seconds = Journal(path, os.urandom(32)), 0.0
    for name, words, options, prepared in calls:
        if name == "write":
            entries = [replace(entry) for entry in words[3]]
            journal.prepare([entry for entry, ready in zip(entries, prepared) if ready])
            words = (*words[:3], entries, *words[4:])
        call, at = getattr(journal, name), time.perf_counter()
        call(*words, **options)
        seconds += time.perf_counter() - at
    return seconds


def _bare(path: Path, before: list[Statement], measured: list[Statement]) -> float:
    """Seconds that one bare connection in WAL mode with synchronous=FULL needs for the measured statements."""
    db = sqlite3.Connection(path, isolation_level=None)
    _play(db, before)
    at = time.perf_counter()
    _play(db, measured)
    seconds = time.perf_counter() - at
    db.close()
    return seconds


def _play(db: sqlite3.Connection, statements: list[Statement]) -> None:
    for sql, parameters, many in statements:
        if many:
            db.executemany(sql, parameters)
        else:
            db.execute(sql, parameters).fetchall()
