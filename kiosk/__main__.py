"""The command line, and the only place where all parts meet."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kiosk import fittings
from kiosk.machine import InUse
from kiosk.service.local import Local
from kiosk.settings import TABLE, BadSetting, Settings, load

STATE = Path("var/kiosk")
LOCAL = """\
What staff change in the service menu (local.json) lies over kiosk.ini, and --set over both. A change "for today" ends with
the day, another when it is changed back there; either holds from the next start.

"""
AGAIN = 75          # exit status (EX_TEMPFAIL of sysexits.h): start me again
SIZES = {"portrait": (1080, 1920), "landscape": (1920, 1080)}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    asked = _arguments().parse_args(words)
    command: Callable[[argparse.Namespace], int] = asked.command
    os.umask(0o077)              # what a kiosk writes is nobody else's
    try:
        return command(asked)
    except BadSetting as bad:
        print(bad, file=sys.stderr)
        return 2
    except InUse as busy:
        print(busy, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kiosk", description="The hospital's self-service kiosk.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], meaning: str, machine: bool = True) -> Any:
        sub = commands.add_parser(name, help=meaning, description=meaning,
                                  formatter_class=argparse.RawDescriptionHelpFormatter,
                                  epilog=_settings_help() if machine else None)
        sub.set_defaults(command=command)
        if machine:
            sub.add_argument("--state", type=Path, default=STATE, metavar="DIR",
                             help=f"what this machine keeps: kiosk.ini, token, journal (default: {STATE})")
            sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, over kiosk.ini")
        return sub

    add("run", _run, "Run the kiosk.")
    around = add("try", _try, "Run the kiosk with everything around it: hospital, payment twin, devices on a bench.", False)
    around.add_argument("--state", type=Path, default=Path("var"), metavar="DIR", help="what is kept (default: var)")
    around.add_argument("--orientation", choices=sorted(SIZES), default="portrait", help="how the screen stands")
    around.add_argument("--virtual", action="store_true", help="a virtual screen, even where there is a real one")
    around.add_argument("--devices", type=_twins, default=",".join(fittings.USUAL), metavar="A,B,C",
                        help="what stands on the bench besides reader, scanner and printer, of "
                             f"{', '.join(name for name in fittings.FITTINGS if name not in fittings.NEEDED)}; '' for "
                             "nothing (default: %(default)s)")
    around.add_argument("--host", default="127.0.0.1", help="address of the panel (default: this machine only)")
    demo = add("demo", _demo, "Play a patient at a kiosk with everything around it, and compare everybody's books.", False)
    demo.add_argument("journey", help="one of the journeys that `journeys` lists")
    demo.add_argument("--out", type=Path, required=True, metavar="DIR", help="where pictures, ticket and books.json go")
    demo.add_argument("--lang", choices=("zh", "en"), default="zh", help="the patient's language")
    demo.add_argument("--size", choices=("normal", "large"), default="normal", help="the size of letters")
    demo.add_argument("--orientation", choices=sorted(SIZES), default="portrait", help="how the screen stands")
    add("journeys", _journeys, "List what a patient can do here.", False)
    settle = add("settle", _settle, "Settle what is owed, say what was done and what remains; 1 when something does.")
    settle.add_argument("--retry", metavar="VISIT", help="play a visit again that is kept for staff")
    settle.add_argument("--drop", metavar="VISIT", help="forget a visit that is kept for staff and has been settled "
                        "by hand; NEWS: all news that this machine can read no more")
    settle.add_argument("--seconds", type=float, default=60, help="how long to try (default: 60)")
    doctor = add("doctor", _doctor, "Examine devices, server, clock, disk, records and fonts; 1 when something is wrong.")
    doctor.add_argument("--lang", choices=("zh", "en"), default="en", help="the language of its sentences")
    staff = add("staff", _staff, "List the staff of the service menu; with a number: add, remove or unlock.", False)
    staff.add_argument("number", nargs="?", metavar="NUMBER", help="a staff number, 3 to 8 digits")
    staff.add_argument("--role", choices=("nurse", "technician", "administrator"), default="nurse", help="what they may")
    staff.add_argument("--remove", action="store_true", help="they may no more")
    staff.add_argument("--unlock", action="store_true", help="after too many wrong PINs")
    staff.add_argument("--state", type=Path, default=STATE, metavar="DIR", help=f"this machine's folder (default: {STATE})")
    logs = add("open-logs", _open_logs, "Open logs that a kiosk sealed on a USB stick; for the fleet team.", False)
    logs.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the .kiosklogs file")
    logs.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="the fleet team's private key, 32 bytes")
    logs.add_argument("--new-key", action="store_true", help="make KEYFILE, and print the setting export_key for kiosks")
    return parser


def _twins(words: str) -> tuple[str, ...]:
    try:
        return fittings.chosen(words)
    except ValueError as no:
        raise argparse.ArgumentTypeError(str(no)) from None


def _settings_help() -> str:
    return LOCAL + "settings:\n" + "\n".join(f"  {s.name:16} {s.sentence} (default: {s.default or 'none'})" for s in TABLE)


def _settings(asked: argparse.Namespace) -> Settings:
    given = {}
    for pair in asked.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadSetting(f"--set wants NAME=VALUE, not {pair}.")
        given[name] = value
    changed = Local(asked.state / "local.json", dt.datetime.now).overrides
    try:
        return load(asked.state / "kiosk.ini", **{**changed, **given})
    except BadSetting as bad:
        if not changed:
            raise
        # What was changed at the machine may fit another version of the program; no menu leads back if it does not start.
        settings = load(asked.state / "kiosk.ini", **given)
        print(f"What was changed at the machine is left out: {bad}", file=sys.stderr)
        return settings


def _run(asked: argparse.Namespace) -> int:
    return open_kiosk(asked.state, _settings(asked))


def open_kiosk(state: Path, settings: Settings, watch: Callable[[Any], None] | None = None) -> int:
    """The kiosk's window, until it is closed; AGAIN when it asks to be started again. `watch` is given the shell before it
    runs."""
    from kiosk.app import Shell, Window
    from kiosk.machine import Machine
    from kiosk.words import Name

    machines: list[Machine] = []
    again = threading.Event()

    def open_stage(ports: Any) -> Any:
        def restart() -> None:
            again.set()
            ports.stop()

        machine = Machine(state, settings, ports.post, restart)
        machines.append(machine)
        return machine.stage(ports)

    width, height = SIZES[settings.orientation]
    shell = Shell(open_stage, Window(width, height, settings.fullscreen == "yes"),
                  hospital=Name(settings.hospital_zh, settings.hospital_en), px_per_mm=settings.px_per_mm,
                  wall=lambda: dt.datetime.now(ZoneInfo(settings.zone)))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: shell.stop())
    if watch is not None:
        watch(shell)
    shell.run()
    for machine in machines:
        machine.close()
    return AGAIN if again.is_set() else 0


def _try(asked: argparse.Namespace) -> int:
    from kiosk.bring_up import House, NotStarted, greeting
    from kiosk.demo import STAFF, furnish, hire

    environment = dict(os.environ)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        with House(asked.state, virtual=asked.virtual or None, window=SIZES[asked.orientation],
                   panel_host=asked.host, devices=asked.devices) as house:
            os.environ["DISPLAY"] = house.addresses.display
            state, settings = furnish(house.addresses, asked.orientation)
            print(greeting(house.addresses, {f"{who} {STAFF[who]}": pin for who, pin in hire(state).items()}), flush=True)
            status = open_kiosk(state, settings)
    except NotStarted as no:
        print(no, file=sys.stderr)
        return 1
    if status == AGAIN:             # what systemd does for a real one; a window cannot be opened twice in a process
        os.execve(sys.executable, [sys.executable, "-m", "kiosk", *sys.argv[1:]], environment)
    return status


def _demo(asked: argparse.Namespace) -> int:
    from kiosk.demo import play
    from kiosk.robot import NotPlayed

    try:
        return play(asked.journey, asked.out, asked.lang, asked.size, asked.orientation, SIZES[asked.orientation],
                    open_kiosk)
    except NotPlayed as no:
        print(no, file=sys.stderr)
        return 1


def _journeys(asked: argparse.Namespace) -> int:
    from kiosk.journeys import tiles
    from kiosk.words import Language, read

    for tile in tiles():
        print(f"{tile.value:10} {read(tile.title, Language.ZH)}  {read(tile.title, Language.EN)}")
    return 0


def _settle(asked: argparse.Namespace) -> int:
    from kiosk.headless import Loop
    from kiosk.machine import Machine

    loop = Loop()
    machine = Machine(asked.state, _settings(asked), loop.post)
    first = machine.journal.facts()
    if asked.retry or asked.drop:
        _decide(machine.journal, asked.retry or asked.drop, machine.journal.let_go if asked.retry else machine.journal.close)
    stage = machine.stage(loop, attended=False)
    stage.take_up()
    settled = loop.run(stage.receive, lambda: stage.idle and not machine.journal.owed(), asked.seconds)
    machine.close()
    for fact in machine.journal.facts(after=first[-1].id if first else 0):
        print(fact.at, fact.kind, " ".join(f"{name}={value}" for name, value in fact.data.items()))
    _print_obligations(machine)
    remaining = machine.journal.open_visits()
    print(f"open visits: {len(remaining)}, still to be delivered: {len(machine.journal.owed())}")
    return 0 if settled and not remaining else 1


def _print_obligations(machine: Any) -> None:
    """This machine's, and the hospital's of what was begun here: the list that staff have at the hospital."""
    from kiosk import obligations
    from kiosk.hospital import Unknown
    from kiosk.requests import Refused

    owed = obligations.owed(machine.journal)
    try:
        machine.hospital.tell_obligations(owed[:obligations.MOST])
        owed = obligations.in_order([*owed, *machine.hospital.obligations()])
    except (Unknown, Refused):
        print("联系不上医院的服务器，下面只有本机的待处理账务。")
    now = dt.datetime.now(dt.UTC)
    print("\n".join(obligations.line(one, now) for one in owed) or "没有待处理的账务")


def _decide(journal: Any, reference: str, decision: Callable[[str], None]) -> None:
    """What staff decided about a kept visit, or about NEWS. Raises BadSetting when there is none of that reference."""
    if reference.upper() == "NEWS" and decision == journal.close and (lost := journal.unreadable()):
        journal.delivered([key for key, _ in lost])
        journal.note([("decided", {"reference": "NEWS", "how": "dropped", "count": len(lost)})])     # one commit
        return
    kept = [visit for visit in journal.open_visits() if visit.held and visit.id[:8].upper() == reference.upper()]
    if not kept:
        raise BadSetting(f"No visit {reference} is kept for staff.")
    decision(kept[0].id)
    journal.note([("decided", {"reference": reference.upper(), "how": decision.__name__})])


def _doctor(asked: argparse.Namespace) -> int:
    from kiosk.doctor import examine, fonts, sentence, staff
    from kiosk.machine import Machine
    from kiosk.requests.service import Level
    from kiosk.words import Language
    from screens.fonts import find

    machine = Machine(asked.state, _settings(asked), lambda message: None)
    well = True
    for lamp in [*examine(machine), staff(machine.staff), fonts(find)]:
        fault = lamp.level is Level.BAD
        well = well and not fault
        print(f"{'FAULT' if fault else lamp.level:7} {lamp.key:12} {sentence(lamp, Language(asked.lang))}")
    machine.close()
    return 0 if well else 1


def _staff(asked: argparse.Namespace) -> int:
    from kiosk.requests import Refused
    from kiosk.requests.service import Role
    from kiosk.service.staff import Staff
    from kiosk.words import Language, read, say

    asked.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    staff = Staff(asked.state / "staff.json", time.time)
    try:
        if asked.number is None:
            for number, (role, locked) in staff.members().items():
                print(f"{number:10} {role}{'  locked' if locked else ''}")
            return 0
        if asked.remove or asked.unlock:
            found = staff.remove(asked.number) if asked.remove else staff.unlock(asked.number)
            print("Done." if found else f"There is nobody of number {asked.number}.")
            return 0 if found else 1
        pin = staff.add(asked.number, Role(asked.role))
    except ValueError as no:
        print(no, file=sys.stderr)
        return 2
    except Refused as no:
        print(read(say(f"service.{no.reason}"), Language.EN), file=sys.stderr)
        return 1
    if staff.kept is not None:
        print(f"The file of the staff could not be read. It is kept as {staff.kept}; everybody is to be added anew.",
              file=sys.stderr)
    print(f"PIN of {asked.number}: {pin}\nIt is shown this once; its owner changes it in the service menu.")
    return 0


def _open_logs(asked: argparse.Namespace) -> int:
    import base64

    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from kiosk.service.export import unseal

    if asked.new_key:
        key = X25519PrivateKey.generate()
        with open(os.open(asked.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes_raw())
        print(f"export_key = {base64.b64encode(key.public_key().public_bytes_raw()).decode()}")
        return 0
    if asked.file is None:
        print("Name the file to open, or --new-key.", file=sys.stderr)
        return 2
    try:
        archive = unseal(asked.file.read_bytes(), asked.key.read_bytes())
    except (InvalidTag, ValueError, OSError) as no:
        print(f"{asked.file} cannot be opened: {no or 'another key, or a damaged file'}", file=sys.stderr)
        return 1
    out = asked.file.with_suffix(".tar.gz")
    out.write_bytes(archive)
    print(out)
    return 0


if __name__ == "__main__":
    threading.current_thread().name = "main"
    sys.exit(main())
