"""What was changed or closed at this machine by hand: dated, with who did it, until told or until the day ends.

kiosk.ini is the installer's; this file lies over it. An entry that has ended is taken out when it is next looked at, and
said to the book of facts by whoever looks.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from kiosk.durable import save
from kiosk.requests.service import Closure, LocalChange


class Local:
    """The file at `path` (none: nothing was changed). `now` is the hospital's time of day. Any thread may ask."""

    def __init__(self, path: Path, now: Callable[[], dt.datetime]) -> None:
        self._path, self._now = path, now
        self._turn = threading.RLock()
        try:
            self._changes, self._closed = self._read()
        except (ValueError, KeyError, TypeError):
            self._changes, self._closed = {}, {}       # damaged, or of another version: the machine starts all the same

    @property
    def changes(self) -> tuple[LocalChange, ...]:
        """What holds today, the oldest first."""
        today = self._now().date()
        with self._turn:
            return tuple(change for change in self._changes.values() if change.until is None or today <= change.until)

    @property
    def overrides(self) -> Mapping[str, str]:
        """Settings as they were changed, for kiosk/settings.py to read over kiosk.ini."""
        return {change.name: change.value for change in self.changes}

    @property
    def closed(self) -> tuple[Closure, ...]:
        with self._turn:
            return tuple(self._closed.values())

    def ended(self) -> tuple[LocalChange, ...]:
        """Take out the changes whose last day is over; which these were."""
        today = self._now().date()
        with self._turn:
            over = tuple(change for change in self._changes.values() if change.until is not None and change.until < today)
            for change in over:
                del self._changes[change.name]
            if over:
                self._write()
        return over

    def change(self, name: str, value: str, was: str, by: str, today_only: bool) -> None:
        """`was`: what kiosk.ini says. A second change of the same setting replaces the first."""
        now = self._now()
        with self._turn:
            self._changes[name] = LocalChange(name, value, was, by, now, now.date() if today_only else None)
            self._write()

    def end_change(self, name: str) -> bool:
        """False: there was none."""
        with self._turn:
            found = self._changes.pop(name, None)
            self._write()
        return found is not None

    def close(self, what: str, reason: str, by: str) -> None:
        with self._turn:
            self._closed[what] = Closure(what, reason, by, self._now())
            self._write()

    def reopen(self, what: str) -> bool:
        """False: it was open."""
        with self._turn:
            found = self._closed.pop(what, None)
            self._write()
        return found is not None

    def _read(self) -> tuple[dict[str, LocalChange], dict[str, Closure]]:
        try:
            data = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}, {}
        changes = [LocalChange(**{**row, "at": dt.datetime.fromisoformat(row["at"]),
                                  "until": dt.date.fromisoformat(row["until"]) if row["until"] else None})
                   for row in data["changes"]]
        closed = [Closure(**{**row, "at": dt.datetime.fromisoformat(row["at"])}) for row in data["closed"]]
        return {change.name: change for change in changes}, {closure.what: closure for closure in closed}

    def _write(self) -> None:
        changes = [{**asdict(change), "at": change.at.isoformat(), "until": change.until and change.until.isoformat()}
                   for change in self._changes.values()]
        closed = [{**asdict(closure), "at": closure.at.isoformat()} for closure in self._closed.values()]
        save(self._path, {"changes": changes, "closed": closed})
