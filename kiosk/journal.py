"""The machine's memory: one SQLite file that survives every crash and cut.

Three things lie in it. Open *visits*, with every answer of their story so far, so that it can be played again. What is
owed *later*: news for the hospital that nobody waits for. And *facts*: what happened on this machine, without names,
each sealed by the hash of the one before it, so that none can be changed or taken out unseen.

Answers are encrypted with the machine's key; a closed visit is erased. WAL with synchronous=FULL: a commit that
returned survives a power cut (NORMAL lost acknowledged commits in two of three simulated cuts).
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from kiosk import care, requests, tickets, words
from kiosk.moments import moment
from kiosk.play import Entry, Result, fingerprint
from kiosk.requests import Do, Left, Refused
from kiosk.wire import Registry, to_json

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

UNREADABLE = (InvalidToken, zlib.error, ValueError, KeyError, TypeError)
"""What reading an answer of another key or another version of the program can raise."""

RECORDS = Registry(care, requests, tickets, words)


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
    """The file at `path`. Any thread may use it; each has a connection of its own, and SQLite keeps them in order."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._seal = path, Fernet(key)
        self._chain_key = hmac.digest(key, b"facts", "sha256")
        self._local = threading.local()
        with self._commit() as db:
            for statement in SCHEMA.split(";")[:-1]:
                db.execute(statement)
        self._empty_log()

    # Visits.

    def write(self, visit: str, journey: str, epoch: int, entries: Sequence[Entry],
              later: tuple[str, Do[None]] | None = None) -> None:
        """Answers and the next intent (or outcome) in one commit. What lay at and after the first entry is replaced.

        `later`: news to be sent, under its key, written in the same commit.
        """
        now = _now()
        with self._commit() as db:
            db.execute("INSERT INTO visit (id, journey, epoch, opened_at) VALUES (?, ?, ?, ?) "
                       "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch", (visit, journey, epoch, now))
            if entries:
                db.execute("DELETE FROM entry WHERE visit = ? AND position >= ?", (visit, entries[0].position))
            db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)",
                           [(visit, entry.position, entry.epoch, *_asked(entry), entry.result, self._sealed(_outcome(entry)))
                            for entry in entries])
            if later is not None:
                key, request = later
                db.execute("INSERT OR IGNORE INTO later (key, at, sealed) VALUES (?, ?, ?)",
                           (key, now, self._sealed(RECORDS.pack(request))))

    def close(self, visit: str) -> None:
        """Erase a visit: rows, the bytes they lay on (secure_delete), and what the write-ahead log still has of them."""
        with self._commit() as db:
            db.execute("DELETE FROM entry WHERE visit = ?", (visit,))
            db.execute("DELETE FROM visit WHERE id = ?", (visit,))
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
        visits = self._connection().execute("SELECT id, journey, epoch, opened_at, held FROM visit ORDER BY opened_at, id")
        return tuple(self._open_visit(*visit) for visit in visits.fetchall())

    def _open_visit(self, id: str, journey: str, epoch: int, opened_at: str, held: str) -> OpenVisit:
        try:
            history = self._history(self._connection(), id)
        except UNREADABLE:
            return OpenVisit(id, journey, epoch, opened_at, held or "unreadable", ())
        return OpenVisit(id, journey, epoch, opened_at, held, history)

    def _history(self, db: sqlite3.Connection, visit: str) -> tuple[Entry, ...]:
        rows = db.execute("SELECT position, epoch, name, fingerprint, result, sealed FROM entry WHERE visit = ? "
                          "ORDER BY position", (visit,))
        return tuple(Entry(position, epoch, Result(result), _value(Result(result), self._opened(sealed)), name=name,
                           fingerprint=seal) for position, epoch, name, seal, result, sealed in rows)

    # What is owed later.

    def owed(self) -> tuple[Owed, ...]:
        """News not yet delivered, oldest first; what cannot be read (another key) stays where it is."""
        rows = self._connection().execute("SELECT key, at, sealed FROM later ORDER BY id").fetchall()
        return tuple(owed for row in rows if (owed := self._owed(*row)) is not None)

    def _owed(self, key: str, at: str, sealed: bytes) -> Owed | None:
        try:
            return Owed(key, at, RECORDS.unpack(self._opened(sealed)))
        except UNREADABLE:
            return None

    def unreadable(self) -> int:
        """How many pieces of news can be read no more."""
        return int(self._connection().execute("SELECT count(*) FROM later").fetchone()[0]) - len(self.owed())

    def delivered(self, keys: Sequence[str]) -> None:
        with self._commit() as db:
            db.executemany("DELETE FROM later WHERE key = ?", [(key,) for key in keys])

    # Facts.

    def note(self, facts: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Add facts: a kind each, and data without anything personal."""
        with self._commit() as db:
            last = db.execute("SELECT hash FROM fact ORDER BY id DESC LIMIT 1").fetchone()
            chain = last[0] if last else ""
            for kind, data in facts:
                at, text = _now(), json.dumps(to_json(data), sort_keys=True, ensure_ascii=False)
                chain = self._chained(chain, at, kind, text)
                db.execute("INSERT INTO fact (at, kind, data, hash) VALUES (?, ?, ?, ?)", (at, kind, text, chain))
            db.execute("INSERT OR REPLACE INTO head VALUES (1, ?)", (self._chained(chain, "", "head", ""),))

    def facts(self, after: int = 0, most: int = -1) -> tuple[Fact, ...]:
        """The facts behind number `after`, in order; at most so many (-1: all)."""
        rows = self._connection().execute("SELECT id, at, kind, data FROM fact WHERE id > ? ORDER BY id LIMIT ?",
                                          (after, most))
        return tuple(Fact(id, at, kind, json.loads(data)) for id, at, kind, data in rows)

    def told(self) -> int:
        """The number of the last fact that the hospital has."""
        row = self._connection().execute("SELECT value FROM mark WHERE name = 'told'").fetchone()
        return int(row[0]) if row else 0

    def tell(self, fact: int) -> None:
        """The hospital has every fact up to number `fact`."""
        with self._commit() as db:
            db.execute("INSERT OR REPLACE INTO mark VALUES ('told', ?)", (fact,))

    def broken_link(self) -> int | None:
        """The id of the first fact whose seal does not hold; behind the last one, when the end was cut off; None when the
        chain is whole. (Who puts a whole older file back is found by the hospital, which has the facts too.)"""
        db, chain, id = self._connection(), "", 0
        for id, at, kind, data, seal in db.execute("SELECT id, at, kind, data, hash FROM fact ORDER BY id"):
            chain = self._chained(chain, at, kind, data)
            if chain != seal:
                return int(id)
        head = db.execute("SELECT seal FROM head").fetchone()
        return None if head is None and not id or head and head[0] == self._chained(chain, "", "head", "") else int(id) + 1

    # The file.

    def _chained(self, before: str, at: str, kind: str, data: str) -> str:
        """The seal of a fact behind the one before it; nobody makes it without the machine's key."""
        return hmac.digest(self._chain_key, "\n".join((before, at, kind, data)).encode(), "sha256").hex()

    def _sealed(self, data: Any) -> bytes:
        # Two weeks of times are a hundred kilobytes of much the same words, and wait for the disk with a person.
        return self._seal.encrypt(zlib.compress(json.dumps(data, ensure_ascii=False).encode(), 1))

    def _opened(self, sealed: bytes) -> Any:
        return json.loads(zlib.decompress(self._seal.decrypt(sealed)))

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect(self._path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
        return connection

    def _empty_log(self) -> None:
        """WAL keeps old pages, erased rows among them, until it is written over: nothing may lie there that long."""
        self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=10, isolation_level=None)

    @contextmanager
    def _commit(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        moment("before commit")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        moment("in commit")
        db.execute("COMMIT")
        moment("after commit")


def machine_key(path: Path) -> bytes:
    """The key that seals answers at rest: made on this machine at its first start, readable by its owner only."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)
        return path.read_bytes()


def _asked(entry: Entry) -> tuple[str, str]:
    if entry.request is None:
        return entry.name, entry.fingerprint
    return type(entry.request).__name__, fingerprint(entry.request)


def _outcome(entry: Entry) -> Any:
    match entry.value:
        case Refused(reason=reason, data=data):
            return {"reason": reason, "data": to_json(data)}
        case Left(why=why):
            return {"why": why}
    return RECORDS.pack(entry.value)


def _value(result: Result, data: Any) -> Any:
    match result:
        case Result.REFUSED:
            return Refused(data["reason"], **data["data"])
        case Result.LEFT:
            return Left(data["why"])
    return RECORDS.unpack(data)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
