"""The machine's memory: one SQLite file that survives every crash and cut.

Three things lie in it. Open *visits*, with every answer of their story so far, so that it can be played again. What is
owed *later*: news for the hospital that nobody waits for. And *facts*: what happened on this machine, without names,
each sealed by the hash of the one before it, so that none can be changed or taken out unseen.

Answers are encrypted with the machine's key; a closed visit is erased. WAL with synchronous=FULL: a commit that
returned survives a power cut (NORMAL lost acknowledged commits in two of three simulated cuts).

A commit is a wait for the disk, so what nobody waits for has none of its own: facts, news struck off, the mark of what
the hospital was told *ride* along with the next one, whatever that is for (kiosk/rides.py).
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.durable import write
from kiosk.moments import moment
from kiosk.play import RECORDS, Entry, Result, unpacked
from kiosk.requests import Do
from kiosk.rides import NOTHING, Ride, Rides
from kiosk.seal import Seal
from kiosk.wire import ordered_text, text, to_json

SCHEMA = """
CREATE TABLE IF NOT EXISTS visit (
    id TEXT PRIMARY KEY, journey TEXT NOT NULL, epoch INTEGER NOT NULL, opened_at TEXT NOT NULL,
    held TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    visit TEXT NOT NULL REFERENCES visit ON DELETE CASCADE, position INTEGER NOT NULL, epoch INTEGER NOT NULL,
    name TEXT NOT NULL, fingerprint TEXT NOT NULL, result TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (visit, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS later (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, at TEXT NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), seal TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS fact (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
"""

CHUNK = 500     # facts that are checked in one turn

UNREADABLE = (ValueError, KeyError, TypeError)
"""What reading an answer of another key or another version of the program can raise."""


@dataclass(frozen=True)
class OpenVisit:
    """A visit that was not closed. `held`: why its story cannot be played on (staff must look), or ""."""

    id: str
    journey: str
    epoch: int
    opened_at: str
    held: str
    history: tuple[Entry, ...]


@dataclass(frozen=True)
class Owed:
    """News that still has to reach the hospital."""

    key: str
    at: str
    request: Do[None]


@dataclass(frozen=True)
class Fact:
    id: int
    at: str
    kind: str
    data: dict[str, Any]


class Journal:
    """The file at `path`. Any thread may use it: they share one connection and take turns. (With one each, SQLite lets
    the second sleep for milliseconds where it would wait for a fraction of one.)"""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._seal = path, Seal(key)
        self._chain_key = hmac.digest(key, b"facts", "sha256")
        self._turn = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._rides = Rides()
        with self._commit() as db:
            for statement in SCHEMA.split(";")[:-1]:
                db.execute(statement)
        self._empty_log()

    # Visits.

    def prepare(self, entries: Sequence[Entry]) -> None:
        """Do now, while nobody waits, most of the work that `write` would have with these."""
        for entry in entries:
            self._row(entry)

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        """Answers and the next intent (or outcome) in one commit. What lay at and after the first entry is replaced.

        `later`: news to be sent, under its key, written in the same commit.
        """
        now = _now()
        rows = [(visit, *self._row(entry)) for entry in entries]
        with self._commit() as db:
            db.execute("INSERT INTO visit (id, journey, epoch, opened_at) VALUES (?, ?, ?, ?) "
                       "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch", (visit, journey, epoch, now))
            if entries:
                db.execute("DELETE FROM entry WHERE visit = ? AND position >= ?", (visit, entries[0].position))
                db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            if later is not None:
                key, request = later
                db.execute("INSERT OR IGNORE INTO later (key, at, sealed) VALUES (?, ?, ?)",
                           (key, now, self._sealed(RECORDS.pack(request))))

    def close(self, visit: str) -> None:
        """Erase a visit: rows, the bytes they lay on (secure_delete), and what the write-ahead log still has of them."""
        with self._turn:
            with self._commit() as db:
                db.execute("DELETE FROM visit WHERE id = ?", (visit,))      # and with it its entries
            busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the write-ahead log is being read; erase again")

    def hold(self, visit: str, why: str) -> None:
        """Keep a visit whose story cannot be played on, for staff."""
        with self._commit() as db:
            db.execute("UPDATE visit SET held = ? WHERE id = ?", (why, visit))

    def let_go(self, visit: str) -> None:
        """A held visit may be played again at the next start."""
        self.hold(visit, "")

    def open_visits(self) -> tuple[OpenVisit, ...]:
        """Every visit that is not closed, oldest first; one that cannot be read (another key, another version) is held."""
        visits = self._rows("SELECT id, journey, epoch, opened_at, held FROM visit ORDER BY opened_at, id")
        return tuple(self._open_visit(*visit) for visit in visits)

    def _open_visit(self, id: str, journey: str, epoch: int, opened_at: str, held: str) -> OpenVisit:
        try:
            history = self._history(id)
        except UNREADABLE:
            return OpenVisit(id, journey, epoch, opened_at, held or "unreadable", ())
        return OpenVisit(id, journey, epoch, opened_at, held, history)

    def _history(self, visit: str) -> tuple[Entry, ...]:
        rows = self._rows("SELECT position, epoch, name, fingerprint, result, sealed FROM entry WHERE visit = ? "
                          "ORDER BY position", (visit,))
        return tuple(Entry(position, epoch, Result(result), unpacked(Result(result), self._opened(sealed)), name=name,
                           fingerprint=seal) for position, epoch, name, seal, result, sealed in rows)

    # What is owed later.

    def owed(self) -> tuple[Owed, ...]:
        """News not yet delivered, oldest first; what cannot be read (another key) stays where it is."""
        return tuple(owed for _, _, owed in self._later() if owed is not None)

    def unreadable(self) -> tuple[tuple[str, str], ...]:
        """News that can be read no more (another key): under what key, and of when, each; oldest first."""
        return tuple((key, at) for key, at, owed in self._later() if owed is None)

    def delivered(self, keys: Sequence[str]) -> None:
        """These have arrived, or are given up. Rides: after a crash they may be owed again, and are sent again under the
        same key."""
        self._rides.add(Ride(struck=frozenset(keys)))

    def _later(self) -> Iterator[tuple[str, str, Owed | None]]:
        struck = self._rides.now.struck         # before the rows: what rides off meanwhile is in neither
        for key, at, sealed in self._rows("SELECT key, at, sealed FROM later ORDER BY id"):
            if key not in struck:
                yield key, at, self._owed(key, at, sealed)

    def _owed(self, key: str, at: str, sealed: bytes) -> Owed | None:
        try:
            return Owed(key, at, RECORDS.unpack(self._opened(sealed)))
        except UNREADABLE:
            return None

    # Facts.

    def note(self, facts: Sequence[tuple[str, dict[str, Any]]], now: bool = True) -> None:
        """Add facts: a kind each, and data without anything personal.

        now: on disk when this returns (raises sqlite3.Error when they are not; they ride then). Else they ride, with the
        time of this moment, and a crash may lose those of the last seconds: never the only record of anything.
        """
        at = _now()
        self._rides.add(Ride(facts=tuple((at, kind, ordered_text(to_json(data))) for kind, data in facts)))
        if now:
            self.flush()

    def facts(self, after: int = 0, most: int = -1) -> tuple[Fact, ...]:
        """The facts behind number `after`, in order; at most so many (-1: all)."""
        self.flush()
        return self.facts_on_disk(after, most)

    def facts_on_disk(self, after: int = 0, most: int = -1) -> tuple[Fact, ...]:
        """Those of them that no crash can take back any more."""
        rows = self._rows("SELECT id, at, kind, data FROM fact WHERE id > ? ORDER BY id LIMIT ?", (after, most))
        return tuple(Fact(id, at, kind, json.loads(data)) for id, at, kind, data in rows)

    def last_fact(self) -> int:
        """The number of the last fact, or 0."""
        self.flush()
        return int(self._rows("SELECT ifnull(max(id), 0) FROM fact")[0][0])

    def count(self, kind: str, since: str, what: str) -> int:
        """How many facts of a kind there are behind the last one of kind `since` whose data say `what`."""
        self.flush()
        return int(self._rows(
            "SELECT count(*) FROM fact WHERE kind = ? AND id > (SELECT ifnull(max(id), 0) FROM fact "
            "WHERE kind = ? AND json_extract(data, '$.what') = ?)", (kind, since, what))[0][0])

    def count_from(self, kind: str, moment: dt.datetime) -> int:
        """How many facts of a kind there are since a moment; what is older is not looked at."""
        self.flush()
        return int(self._rows(
            "SELECT count(*) FROM fact WHERE kind = ? AND id > ifnull((SELECT id FROM fact WHERE at < ? "
            "ORDER BY id DESC LIMIT 1), 0)", (kind, _written(moment)))[0][0])

    def told(self) -> int:
        """The number of the last fact that the hospital has."""
        riding = self._rides.now.told
        return max([riding, *(int(value) for value, in self._rows("SELECT value FROM mark WHERE name = 'told'"))])

    def tell(self, fact: int) -> None:
        """The hospital has every fact up to number `fact`. Rides: it is no harm to tell one again."""
        self._rides.add(Ride(told=fact))

    def broken_link(self) -> int | None:
        """The id of the first fact whose seal does not hold; behind the last one, when the end was cut off; None when the
        chain is whole. (Who puts a whole older file back is found by the hospital, which has the facts too.)"""
        self.flush()
        chain, id = "", 0
        while True:
            with self._turn:        # a year of facts takes seconds: whoever must write meanwhile gets a turn between
                rows = self._rows("SELECT id, at, kind, data, hash FROM fact WHERE id > ? ORDER BY id LIMIT ?", (id, CHUNK))
                if not rows:
                    return None if self._head_fits(chain, id) else id + 1
            for id, at, kind, data, seal in rows:
                chain = self._chained(chain, at, kind, data)
                if chain != seal:
                    return int(id)

    def _head_fits(self, chain: str, id: int) -> bool:
        head = self._rows("SELECT seal FROM head")
        return not id if not head else bool(head[0][0] == self._chained(chain, "", "head", ""))

    # What rides.

    def flush(self) -> None:
        """A commit for what no other has taken along, if there is any. Raises sqlite3.Error; it goes on waiting then."""
        if self._rides.now != NOTHING:
            with self._commit():
                pass

    def _take_along(self, db: sqlite3.Connection) -> Ride:
        ride = self._rides.now
        if ride.facts:
            self._link(db, ride.facts)
        if ride.struck:
            db.executemany("DELETE FROM later WHERE key = ?", [(key,) for key in sorted(ride.struck)])
        if ride.told:
            db.execute("INSERT OR REPLACE INTO mark VALUES ('told', ?)", (ride.told,))
        return ride

    def _link(self, db: sqlite3.Connection, facts: Sequence[tuple[str, str, str]]) -> None:
        """Add facts to the chain."""
        last, rows = db.execute("SELECT hash FROM fact ORDER BY id DESC LIMIT 1").fetchone(), []
        chain = last[0] if last else ""
        for fact in facts:
            chain = self._chained(chain, *fact)
            rows.append((*fact, chain))
        db.executemany("INSERT INTO fact (at, kind, data, hash) VALUES (?, ?, ?, ?)", rows)
        db.execute("INSERT OR REPLACE INTO head VALUES (1, ?)", (self._chained(chain, "", "head", ""),))

    # The file.

    def _chained(self, before: str, at: str, kind: str, data: str) -> str:
        """The seal of a fact behind the one before it; nobody makes it without the machine's key."""
        return hmac.digest(self._chain_key, "\n".join((before, at, kind, data)).encode(), "sha256").hex()

    def _row(self, entry: Entry) -> tuple[int, int, str, str, str, bytes]:
        return entry.position, entry.epoch, *entry.asked, entry.result, entry.sealed(self._sealed)

    def _sealed(self, data: Any) -> bytes:
        return self._seal.seal(text(data).encode())

    def _opened(self, sealed: bytes) -> Any:
        return json.loads(self._seal.opened(sealed))

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with self._turn:
            return self._connection().execute(sql, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            try:
                self._open = self._opened_file(alone=False)
            except sqlite3.OperationalError:
                # A full disk has no room for the file in which programs share their view of the log; an orderly end has
                # deleted the last one. Who has the journal alone needs none: a kiosk starts, and says what is wrong.
                self._open = self._opened_file(alone=True)
        return self._open

    def _opened_file(self, alone: bool) -> sqlite3.Connection:
        db = self._connect(self._path)
        try:
            if alone:
                db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("SELECT 1 FROM sqlite_schema").fetchone()       # it can be read: the log is open
        except BaseException:
            db.close()
            raise
        return db

    def _empty_log(self) -> None:
        """WAL keeps old pages, erased rows among them, until it is written over: nothing may lie there that long."""
        self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _commit(self) -> Iterator[sqlite3.Connection]:
        """One turn: what is done within, and what rides along, all or nothing."""
        with self._turn:
            db = self._connection()
            moment("before commit")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                ride = self._take_along(db)
                moment("in commit")
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:           # a failed COMMIT may have rolled back by itself
                    db.execute("ROLLBACK")
                raise
            self._rides.arrived(ride)
            moment("after commit")


def machine_key(path: Path) -> bytes:
    """The key that seals answers at rest: made on this machine at its first start, readable by its owner only."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        write(path, secrets.token_urlsafe(32).encode())      # on disk, name and all, before anything is sealed with it
        return path.read_bytes()


def _now() -> str:
    return _written(dt.datetime.now(dt.UTC))


def _written(moment: dt.datetime) -> str:
    """In order of time, as letters too."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
