"""Does what the service menu asks: each act is a fact with the staff number of who did it.

Devices are used through their services like everywhere else: one command at a time, so that nothing here can disturb an
act that is still under way.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.contract import DeviceError
from drivers.service import Service, known
from kiosk import settings as table
from kiosk.requests import Refused
from kiosk.requests import service as r
from kiosk.requests.service import Check, Member, Reading, Role, Setting
from kiosk.service import export, network, survey, trial
from kiosk.service.staff import Staff
from kiosk.settings import BadSetting
from kiosk.sounds import Silent, play
from kiosk.words import Language, read, say

BACK_TIME = 12.0        # seconds for a device to be found again at any of its speeds
ELSEWHERE = ("hospital_url", "hospital_fhir", "hospital_interface", "usb", "watchdog")
"""Set in kiosk.ini by whoever has the machine's shell: where its token goes, and which files it opens."""
SHOWN = 60              # lines of the wire that a page shows

Note = Callable[..., None]


@dataclass
class Acts:
    """`note` is the book of facts (written at once), `restart` ends the program, `changed` is called when something was
    closed, opened or set: patients' pages follow."""

    machine: survey.Machine
    staff: Staff
    note: Note
    restart: Callable[[], None]
    changed: Callable[[], None]
    _stale: bool = False

    def perform(self, request: Any) -> Any:
        """Its answer. Raises Refused."""
        match request:
            case r.SignIn(number, pin):
                return self._sign_in(number, pin)
            case r.ChangePin(number, pin):
                self.staff.set_pin(number, pin)
                self.note("service_pin", by=number)
            case r.TakeDevices(by):
                self.note("service_begin", by=by)
            case r.GiveBack(by):
                self._give_back(by)
            case r.Look():
                return survey.look(self.machine)
            case r.TestDevice(device, by):
                return self._test(device, by)
            case r.TestNetwork():
                return self._network()
            case r.Settings(role):
                return tuple(self._setting(row) for row in table.TABLE if _may(role, row))
            case r.ChangeSetting():
                self._change(request)
            case r.EndChange(name, by):
                self._stale = self.machine.local.end_change(name) or self._stale
                self._did("service_setting", by, name=name, value=None)
            case r.CloseFor(what, reason, by):
                self.machine.local.close(what, reason, by)
                self._did("service_closed", by, what=what, reason=reason)
            case r.Reopen(what, by):
                self.machine.local.reopen(what)
                self._did("service_opened", by, what=what)
            case r.Counted(what, by):
                self.note("counted", what=what, by=by)
            case r.ExportLogs(by):
                return self._export(by)
            case r.Restart(by):
                self.note("service_restart", by=by)
                self.restart()
            case _:
                raise TypeError(f"the service menu does not know {type(request).__name__}")
        return None

    def _did(self, kind: str, by: str, **data: Any) -> None:
        self.note(kind, by=by, **data)
        self.changed()

    def _sign_in(self, number: str, pin: str) -> Member:
        try:
            member = self.staff.sign_in(number, pin)
        except Refused as no:
            # People type their PIN where the number belongs, and facts leave the machine.
            known = number if no.reason != "staff_damaged" and number in self.staff.members() else "unknown"
            self.note("service_refused", number=known, reason=no.reason)
            raise
        self.note("service_entered", by=number, role=member.role)
        return member

    # Devices.

    def _give_back(self, by: str) -> None:
        """Every device says who and how it is, before patients get it."""
        for service in self.machine.services.values():
            try:
                self._ask(service, lambda device: (device.identify(), device.status()), BACK_TIME)
            except DeviceError:
                pass                     # its lamp says so, and patients' pages too
        self.note("service_end", by=by)
        if self._stale:                  # settings are read when the program starts
            self.restart()

    @staticmethod
    def _ask(service: Service[Any], work: Callable[[Any], Any], seconds: float) -> Any:
        """Raises DeviceError."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        command = service.submit(work, answers.put)
        try:
            answer = answers.get(timeout=seconds)
        except queue.Empty:
            command.cancel()
            answer = answers.get()       # every command ends, a cancelled one too
        if isinstance(answer, DeviceError):
            raise answer
        return answer

    def _test(self, name: str, by: str) -> Reading:
        if name == "sound":
            return self._sound()
        service = self.machine.services.get(name)
        if service is None:
            raise Refused("not_ready", why=say("state.no_device"))
        lines: list[str] = []
        service.tap = lines.append
        try:
            said = self._ask(service, lambda device: trial.work(name, device, self.machine), trial.DEVICE_TIME)
            reading = Reading(True, said)
        except DeviceError as no:
            reading = Reading(False, say("reading.failed", why=say(f"cause.{no.cause}")))
        finally:
            service.tap = None
        self.note("service_tested", what=name, well=reading.well, by=by)
        return Reading(reading.well, reading.words, tuple(lines[-SHOWN:]))

    def _sound(self) -> Reading:
        try:
            play("chime", self.machine.settings.volume)
        except Silent as why:
            return Reading(False, say("reading.no_sound", why=str(why)))
        return Reading(True, say("reading.sound"))

    def _network(self) -> tuple[Check, ...]:
        checks, hello = network.walk(self.machine.hospital, self.machine.settings.hospital_url)
        if hello is None:
            return checks
        off = abs((hello.time - self.machine.now()).total_seconds())
        return (*checks, Check(say("check.clock"), off <= survey.CLOCK, say("lamp.clock", seconds=off)),
                Check(say("check.channels"), bool(hello.channels),
                      ", ".join(hello.channels) if hello.channels else say("lamp.no_channels")))

    # Settings.

    def _setting(self, row: table.Setting) -> Setting:
        changed = {change.name: change.value for change in self.machine.local.changes}
        value = changed.get(row.name, self.machine.settings.texts[row.name])
        return Setting(row.name, value, row.sentence, row.choices, *row.bounds)

    def _change(self, request: r.ChangeSetting) -> None:
        row = next(row for row in table.TABLE if row.name == request.name)
        if not _may(request.role, row):
            raise Refused("bad_setting", why=row.name)
        local = self.machine.local
        wanted = {**self.machine.settings.texts, **local.overrides, request.name: request.value}
        try:
            start_with(table.read(wanted))
        except BadSetting as bad:
            raise Refused("bad_setting", why=str(bad)) from None
        was = next((change.was for change in local.changes if change.name == row.name),
                   self.machine.settings.texts[row.name])
        self._stale = True
        local.change(row.name, request.value, was, request.by, request.today_only)
        self._did("service_setting", request.by, name=row.name, value=request.value)

    # Logs.

    def _export(self, by: str) -> str:
        machine = self.machine
        now = machine.now()
        lamps = "".join(f"{lamp.key}: {lamp.level} {read(lamp.words, Language.EN)}\n" for lamp in survey.lamps(machine))
        name = export.write(export.stick(machine.settings.usb), f"{machine.settings.kiosk}-{now:%Y%m%d-%H%M%S}",
                            machine.settings.export_key, machine.journal.facts(), {"survey.txt": lamps})
        self.note("service_exported", by=by)
        return name


def start_with(settings: table.Settings) -> None:
    """Raises BadSetting where the program could not start with these: a machine must not be talked into a state from
    which no menu leads back."""
    for name in (*table.REQUIRED, *table.OPTIONAL):
        driver, url = getattr(settings, name), settings.texts[f"{name}_url"]
        if url.startswith("exec:"):
            raise BadSetting("A program of a vendor is set in kiosk.ini, not at the machine.")
        try:
            if driver:
                known(driver, getattr(settings, f"{name}_options"))
        except (ImportError, TypeError, ValueError) as why:
            raise BadSetting(f"The setting {name} or {name}_options fits no driver: {why}.") from None


def _may(role: Role, row: table.Setting) -> bool:
    return row.name not in ELSEWHERE and row.who in (Role.TECHNICIAN, Role.ADMINISTRATOR) and role.may(Role(row.who))
