"""Where the machine's time goes in one journey: calls, commits and bytes, timed by wrapping them in this process."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = 3          # bytes of a question for the status; whatever is longer is part of a ticket

Statement = tuple[str, Any, bool]       # SQL, parameters, whether they are many


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


class Hooks:
    """Wraps what is to be timed. To be made before the kiosk opens its journal, `begin` before the journey."""

    def __init__(self) -> None:
        self._log: list[dict[str, Any]] = []
        self._begun = 0
        self._printing = False
        self._install()

    def begin(self) -> None:
        self._log.clear()
        self._begun = len(Recorder.statements)

    def ended(self, folder: Path) -> dict[str, Any]:
        """What happened since `begin`, and what a bare SQLite in `folder` needs for the same statements."""
        log = list(self._log)
        commits = [entry for entry in log if entry["what"] == "journal"]
        done = Recorder.statements[self._begun:]
        return {"log": log, "journal": {
            "commits": sum(sql == "COMMIT" for sql, _, _ in done), "seconds": sum(one["seconds"] for one in commits),
            "floor": replayed(folder / "bare.sqlite3", Recorder.statements[:self._begun], done)}}

    def _install(self) -> None:
        import requests as http

        from drivers import links, printer_escpos
        from kiosk import journal
        from kiosk.dialogue import Dialogue
        from kiosk.hospital import Hospital

        connect = sqlite3.connect
        setattr(sqlite3, "connect", lambda *words, **options: connect(*words, factory=Recorder, **options))
        for name in ("write", "close", "note", "delivered"):
            self._time(journal.Journal, name, lambda *_, name=name: {"what": "journal", "name": name})
        self._time(http.Session, "request", lambda _, method, url, **__: {
            "what": "web", "name": f"{method} {re.sub(r'[^/]*[0-9][^/]*', '…', url.partition('/v1')[2])}"})
        self._time(Hospital, "order", lambda *_: {"what": "order"})
        self._time(Dialogue, "hear", lambda _, serial, event: {"what": "heard", "name": type(event).__name__})
        self._time(printer_escpos.Device, "print_ticket", lambda *_: {"what": "print"}, self._print)
        self._time(links.FdLink, "write", lambda _, data, *__: {"what": "bytes", "count": len(data)} if (
            self._printing and len(data) > STATUS) else None)

    def _print(self, printing: bool) -> None:
        self._printing = printing

    def _time(self, owner: type, name: str, entry: Callable[..., dict[str, Any] | None],
              during: Callable[[bool], None] = lambda _: None) -> None:
        """Every call of owner.name is logged with its begin, its seconds, and the state of what it gave, if any."""
        real = getattr(owner, name)

        def timed(*words: Any, **options: Any) -> Any:
            made = entry(*words, **options)
            during(True)
            at = time.perf_counter()
            try:
                answer = real(*words, **options)
            finally:
                during(False)
            if made is not None:
                self._log.append({"at": at, "seconds": time.perf_counter() - at, **made,
                                  "state": str(getattr(answer, "state", ""))})
            return answer

        setattr(owner, name, timed)


def replayed(path: Path, before: list[Statement], measured: list[Statement]) -> float:
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
