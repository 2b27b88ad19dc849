"""Who may open the service menu: staff numbers, roles and PINs of this machine.

A PIN is kept as its Argon2id hash (RFC 9106, the library's present parameters): whoever takes the file has to guess, and
pays for each guess. At the machine a guess costs time: after each wrong PIN the next may be tried only after twice as
long, whoever's number it is, and a number with five wrong PINs in a row is locked until somebody unlocks it. A power cut
gives nobody a new try: failures are on disk before they are told.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.durable import save
from kiosk.requests import Refused
from kiosk.requests.service import PIN_DIGITS, Member, Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TRIES = 5                # wrong PINs in a row that lock a number
FIRST_WAIT = 2.0         # seconds after the first wrong PIN; each further one doubles it
LONGEST_WAIT = 300.0     # seconds


@dataclass(frozen=True)
class Entry:
    """One person of the staff. `failures`: wrong PINs since the last right one."""

    role: Role
    hash: str
    failures: int = 0


@dataclass(frozen=True)
class Book:
    """What the file says. `wrong`: wrong PINs of anybody since the last right one; the next may be tried at `again`."""

    members: dict[str, Entry]
    wrong: int = 0
    again: float = 0.0


class Staff:
    """The staff in the file at `path` (none: nobody may). `now` is the time of day in seconds. Any thread may ask.

    Where the file cannot be read everything raises Refused staff_damaged, but `add`, which begins a new one. `kept`: the
    name that it gave the old one.
    """

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path, self._now = path, now
        self.kept: Path | None = None
        self._turn = threading.Lock()

    def sign_in(self, number: str, pin: str) -> Member:
        """Who that is. Raises Refused: pin_wait (seconds), wrong_pin, pin_locked."""
        with self._turn:
            book = self._read()
            # A clock that was set back must not keep everybody out for longer than the longest wait.
            wait = min(book.again - self._now(), LONGEST_WAIT)
            if wait > 0:
                raise Refused("pin_wait", seconds=int(wait) + 1)
            entry = book.members.get(number)
            if entry is not None and entry.failures >= TRIES:
                raise Refused("pin_locked")
            if self._fits(entry.hash if entry else self._nobody, pin) and entry is not None:
                if book.wrong or entry.failures:        # else nothing is to be written: a full disk keeps nobody out
                    self._write(_with(replace(book, wrong=0, again=0.0), number, replace(entry, failures=0)))
                return Member(number, entry.role)
            pause = min(FIRST_WAIT * 2 ** book.wrong, LONGEST_WAIT)
            book = replace(book, wrong=min(book.wrong + 1, 20), again=self._now() + pause)
            if entry is not None:
                book = _with(book, number, replace(entry, failures=entry.failures + 1))
            self._write(book)
            raise Refused("pin_locked" if entry and entry.failures + 1 >= TRIES else "wrong_pin")

    def set_pin(self, number: str, pin: str) -> None:
        """Raises Refused: weak_pin, no_member."""
        if weak(pin):
            raise Refused("weak_pin")
        with self._turn:
            book = self._read()
            if number not in book.members:
                raise Refused("no_member")
            self._write(_with(book, number, replace(book.members[number], hash=self._hasher.hash(pin), failures=0)))

    def add(self, number: str, role: Role) -> str:
        """Somebody new, or somebody's new role; their first PIN. Raises ValueError for what is no staff number."""
        if not (number.isascii() and number.isdigit() and 3 <= len(number) <= 8):
            raise ValueError("A staff number has 3 to 8 digits.")
        pin = strong_pin()
        with self._turn:
            try:
                book = self._read()
            except Refused:
                book, self.kept = Book({}), self._path.with_name(f"staff.damaged-{int(self._now())}.json")
                self._path.rename(self.kept)
            self._write(_with(book, number, Entry(role, self._hasher.hash(pin))))
        return pin

    def remove(self, number: str) -> bool:
        """False: there was nobody of that number."""
        with self._turn:
            book = self._read()
            found = book.members.pop(number, None)
            self._write(book)
        return found is not None

    def unlock(self, number: str) -> bool:
        """False: there is nobody of that number."""
        with self._turn:
            book = self._read()
            if number not in book.members:
                return False
            self._write(_with(replace(book, wrong=0, again=0.0), number, replace(book.members[number], failures=0)))
        return True

    def members(self) -> dict[str, tuple[Role, bool]]:
        """Everybody's role, and whether they are locked out."""
        with self._turn:
            return {number: (entry.role, entry.failures >= TRIES) for number, entry in self._read().members.items()}

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher     # not before somebody signs in: the welcome page need not wait for it
        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        """Checking it takes as long as checking somebody's."""
        return self._hasher.hash(secrets.token_hex())

    def _fits(self, hash: str, pin: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError
        try:
            return self._hasher.verify(hash, pin)
        except (VerificationError, InvalidHashError):
            return False

    def _read(self) -> Book:
        try:
            data = json.loads(self._path.read_text("utf-8"))
            members = {number: Entry(Role(entry["role"]), str(entry["hash"]), int(entry["failures"]))
                       for number, entry in data["members"].items()}
            return Book(members, int(data["wrong"]), float(data["again"]))
        except FileNotFoundError:
            return Book({})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):      # damaged, another's, of another version
            raise Refused("staff_damaged") from None

    def _write(self, book: Book) -> None:
        save(self._path, asdict(book))


def weak(pin: str) -> bool:
    """All one digit, a run up or down, a pair or a triple repeated, or something else than six digits."""
    if not (pin.isascii() and pin.isdigit() and len(pin) == PIN_DIGITS):
        return True
    steps = {int(b) - int(a) for a, b in zip(pin, pin[1:])}
    return steps in ({0}, {1}, {-1}) or pin == pin[:2] * 3 or pin == pin[:3] * 2


def strong_pin() -> str:
    """Six digits by chance."""
    while weak(pin := "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))):
        pass
    return pin


def _with(book: Book, number: str, entry: Entry) -> Book:
    return replace(book, members={**book.members, number: entry})
