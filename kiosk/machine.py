"""One kiosk without its face: journal, devices, hospital, desk and stage, put together from settings."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from drivers.contract import Status
from drivers.service import Service
from kiosk.cabinet import AROUND, Cabinet
from kiosk.desk import Desk, News, Shut
from kiosk.dialogue import Ports
from kiosk.ears import works
from kiosk.hospital import Hospital
from kiosk.hospital_fhir import FhirHospital
from kiosk.hours import Sleep
from kiosk.journal import Journal, machine_key
from kiosk.journeys import stories, tiles
from kiosk.lights import Lit
from kiosk.lobby import Lobby
from kiosk.mouth import Mouth
from kiosk.numbers import code_rules
from kiosk.offer import EndProgram
from kiosk.power import Shutdown
from kiosk.requests import READERS, Ways
from kiosk.service import survey
from kiosk.service.acts import Acts
from kiosk.service.local import Local
from kiosk.service.menu import maintain
from kiosk.service.staff import Staff
from kiosk.settings import OPTIONAL, Settings
from kiosk.stage import SERVICE, Stage
from kiosk.sync import Sync
from kiosk.visit import Comfort
from kiosk.watchdog import Device, Dog, Heart, Supervisor
from kiosk.words import Language, Name


class InUse(Exception):
    """Another program has this state folder. Two would settle each other's visits under the same keys."""


class Machine:
    """`state` is the folder of what this machine keeps; `post` takes messages from any thread to the stage; `restart` ends
    the program, to be started again.

    Raises InUse.
    """

    def __init__(self, state: Path, settings: Settings, post: Callable[[Any], None],
                 restart: Callable[[], None] = lambda: None) -> None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _alone(state / "lock")
        self.settings, self._post = settings, post
        self._zone = ZoneInfo(settings.zone)
        self._paid = True
        self._cabinet: Cabinet | None = None
        self._heart: Heart | None = None
        self._mouth: Mouth | None = None
        lost = (state / "journal.sqlite3").exists() and not (state / "machine.key").exists()
        self.journal = Journal(state / "journal.sqlite3", machine_key(state / "machine.key"))
        if lost:
            self.journal.note([("key_lost", {})])
        self.hospital = hospital(settings, token(state), lambda: self.now().date())
        self.sync = Sync(self.journal, self.hospital, post, self._look_around)
        self.services: dict[str, Service[Any]] = {
            name: self._service(name) for name in dict.fromkeys((*Lobby.__dataclass_fields__, *OPTIONAL))
            if getattr(settings, name)}
        apart = {"cards"} if settings.card_mouth == "shut" else set()
        self.lobby = Lobby(**{name: self.services[name] for name in Lobby.__dataclass_fields__
                              if name in self.services and name not in apart})
        self.local = Local(state / "local.json", self.now)
        self.desk = Desk(self.journal, self.hospital, self.lobby, Name(settings.hospital_zh, settings.hospital_en),
                         code_rules(visit_card=settings.visit_card, insurance_code=settings.insurance_code,
                                    health_card=settings.health_card),
                         post, self.sync.wake, self.sync.departments, self.now)
        self._mouth = self.desk.mouth
        self.view = survey.Machine(self.services, self.hospital, self.journal, settings, self.local, state, self.now)
        self._restart = restart
        self.staff = Staff(state / "staff.json", time.time)
        self.desk.service = Acts(self.view, self.staff, self._fact, lambda: post(EndProgram()), self._closures).perform
        self._closures()

    def now(self) -> dt.datetime:
        """The time of day where the hospital is."""
        return dt.datetime.now(self._zone)

    def stage(self, ports: Ports, attended: bool = True) -> Stage:
        """The stage, with every journey; the background begins its rounds. Not `attended`: nobody will stand here, and
        neither doors nor a watchdog nor the service menu concern it."""
        self.sync.start()
        shown = self._lit(ports) if attended else ports
        if attended:
            ports.after(0, lambda: self._live(ports))
        stage = Stage(shown, self.desk, {**stories(), **({SERVICE: maintain} if attended else {})}, tiles(), self.now,
                      Comfort(Language(self.settings.language)), self.settings.patience,
                      Ways(tuple(reader for reader in READERS if self.lobby.has(reader)), self.settings.accepts))
        stage.end_program = self._restart
        return stage

    def close(self) -> None:
        """Let go of the devices. What is open stays on disk for the next start."""
        for part in (self._heart, self._cabinet):
            if part is not None:
                part.close()
        self.desk.finish()
        for service in self.services.values():
            service.close()
        os.close(self._lock)

    def _lit(self, ports: Ports) -> Ports:
        """Where the machine has something around its devices, its lights follow what is shown."""
        if not AROUND & self.services.keys():
            return ports
        self._cabinet = Cabinet(self.services, self._post, Shutdown(self.settings.shutdown), self.settings.away)
        return Lit(ports, self._cabinet.light)

    def _live(self, ports: Ports) -> None:
        """The main loop runs: from now on its clock says when to sleep, and somebody watches that it does run, where there
        is somebody."""
        if self.settings.sleep is not None:
            Sleep(self.settings.sleep, ports.after, self.now, self._sleep)
        dogs: list[Dog] = []
        if (supervisor := Supervisor.of(os.environ)) is not None:
            dogs.append(supervisor)
        if self.settings.watchdog:
            try:
                device = Device(Path(self.settings.watchdog))
            except OSError:
                self.desk.note("fails", what="watchdog")
            else:
                dogs.append(device)
                self.desk.note("watchdog", by_watchdog=device.last_boot.by_watchdog, flags=device.last_boot.flags)
        if dogs:
            self._heart = Heart(dogs, ports.after, self.desk.alive)

    def _fact(self, kind: str, **data: Any) -> None:
        """A fact about staff: on disk before they go on."""
        self.journal.note([(kind, data)])

    def _closures(self) -> None:
        """What staff closed here is closed for patients, at the desk and on the screen."""
        closed = {closure.what: closure.reason for closure in self.local.closed}
        self.desk.closed = frozenset(closed)
        self._post(Shut("staff", closed))

    def _sleep(self, now: bool) -> None:
        self._post(Shut("sleep", {"all": "sleep"} if now else {}))

    def _look_around(self) -> None:
        """Now and then: can the hospital be paid at all, and which local changes ended with their day?"""
        hello, _ = self.view.hello()
        if hello is not None and bool(hello.channels) is not self._paid:
            self._paid = bool(hello.channels)
            self._post(News("pay", self._paid))     # said before anybody chooses what costs money
        for change in self.local.ended():
            self._fact("service_setting", by="", name=change.name, value=None)
            self._post(EndProgram())            # settings are read when the program starts

    def _service(self, name: str) -> Service[Any]:
        settings = self.settings

        def report(name: str, status: Status, detail: str) -> None:
            self._post(News(name, works(status)))

        return Service(name, getattr(settings, name), getattr(settings, f"{name}_url"), report, self._card_went,
                       **getattr(settings, f"{name}_options"))

    def _card_went(self, name: str, what: str) -> None:
        """Where a card went is a fact: whoever misses theirs asks for it."""
        self._fact(f"card_{what}")
        if self._mouth is not None:
            self._mouth.went(what)


def _alone(path: Path) -> int:
    """The lock of a state folder, held until it is closed or the program ends, however it ends."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise InUse(f"A kiosk is running in {path.parent}; stop it first.") from None
    return lock


def hospital(settings: Settings, token: str, today: Callable[[], dt.date]) -> Hospital:
    """The hospital, by the interface that is set."""
    if settings.hospital_interface == "kiosk":
        return Hospital(settings.hospital_url, token)
    fhir = settings.hospital_fhir or f"{settings.hospital_url.rstrip('/')}/fhir/R4"
    return FhirHospital(settings.hospital_url, fhir, token, today)


def token(state: Path) -> str:
    """This kiosk's token for the hospital: a file that the installer put there, readable by its owner only."""
    try:
        return (state / "token").read_text("ascii").strip()
    except FileNotFoundError:
        return os.environ.get("KIOSK_TOKEN", "")
