"""One kiosk without its face: journal, devices, hospital, desk and stage, put together from settings."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers.contract import CardReader, Printer, Scanner, Status
from drivers.service import Service
from kiosk.desk import Desk, Lobby, News
from kiosk.dialogue import Ports
from kiosk.ears import works
from kiosk.hospital import Hospital
from kiosk.journal import Journal, machine_key
from kiosk.journeys import stories, tiles
from kiosk.numbers import code_rules
from kiosk.settings import Settings
from kiosk.stage import Stage
from kiosk.sync import Sync
from kiosk.visit import Comfort
from kiosk.words import Language, Name


class InUse(Exception):
    """Another program has this state folder. Two would settle each other's visits under the same keys."""


class Machine:
    """`state` is the folder of what this machine keeps; `post` takes messages from any thread to the stage.

    Raises InUse.
    """

    def __init__(self, state: Path, settings: Settings, post: Callable[[Any], None]) -> None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _alone(state / "lock")
        self.settings, self._post = settings, post
        self._zone = ZoneInfo(settings.zone)
        lost = (state / "journal.sqlite3").exists() and not (state / "machine.key").exists()
        self.journal = Journal(state / "journal.sqlite3", machine_key(state / "machine.key"))
        if lost:
            self.journal.note([("key_lost", {})])
        self.hospital = Hospital(settings.hospital_url, token(state))
        self.sync = Sync(self.journal, self.hospital, post)
        self.lobby = Lobby(idcard=self._service(CardReader, "idcard"), scanner=self._service(Scanner, "scanner"),
                           printer=self._service(Printer, "printer"))
        self.desk = Desk(self.journal, self.hospital, self.lobby, Name(settings.hospital_zh, settings.hospital_en),
                         code_rules(visit_card=settings.visit_card, insurance_code=settings.insurance_code,
                                    health_card=settings.health_card),
                         post, self.sync.wake, self.sync.departments, self.now)

    def now(self) -> dt.datetime:
        """The time of day where the hospital is."""
        return dt.datetime.now(self._zone)

    def stage(self, ports: Ports) -> Stage:
        """The stage, with every journey; the background begins its rounds."""
        self.sync.start()
        return Stage(ports, self.desk, stories(), tiles(), self.now, Comfort(Language(self.settings.language)),
                     self.settings.patience)

    def close(self) -> None:
        """Let go of the devices. What is open stays on disk for the next start."""
        self.desk.finish()
        for service in (self.lobby.idcard, self.lobby.scanner, self.lobby.printer):
            service.close()
        os.close(self._lock)

    def _service(self, kind: type[Any], name: str) -> Service[Any]:
        settings = self.settings

        def report(name: str, status: Status, detail: str) -> None:
            self._post(News(name, works(status)))

        return Service(name, getattr(settings, name), getattr(settings, f"{name}_url"), report,
                       **getattr(settings, f"{name}_options"))


def _alone(path: Path) -> int:
    """The lock of a state folder, held until it is closed or the program ends, however it ends."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise InUse(f"A kiosk is running in {path.parent}; stop it first.") from None
    return lock


def token(state: Path) -> str:
    """This kiosk's token for the hospital: a file that the installer put there, readable by its owner only."""
    try:
        return (state / "token").read_text("ascii").strip()
    except FileNotFoundError:
        return os.environ.get("KIOSK_TOKEN", "")
