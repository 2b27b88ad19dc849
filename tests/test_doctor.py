"""`python -m kiosk doctor`: the service menu's own lamps, said in a terminal, after every device was asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import State
from drivers.sim.bench import Bench
from kiosk import fittings
from kiosk.doctor import examine, staff
from kiosk.machine import Machine
from kiosk.requests.service import Lamp, Level, Role
from kiosk.service.survey import look
from kiosk.settings import read
from kiosk.words import Language
from kiosk.words import read as say_in

ROOT = Path(__file__).resolve().parent.parent
DEVICES = ("idcard", "scanner", "printer", "terminal")
NOWHERE = {"hospital_url": "http://127.0.0.1:9"}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path / "bench", speed=50, devices=DEVICES) as twins:
        yield twins


def settings_of(bench: Bench) -> dict[str, str]:
    return NOWHERE | fittings.settings((name, bench.urls[name]) for name in DEVICES)


@pytest.fixture
def machine(bench: Bench, tmp_path: Path) -> Iterator[Machine]:
    one = Machine(tmp_path / "kiosk", read(settings_of(bench)), lambda message: None)
    yield one
    one.close()


def lamps(machine: Machine) -> dict[str, Lamp]:
    return {lamp.key: lamp for lamp in examine(machine)}


def in_english(text: Any) -> str:
    return say_in(text, Language.EN)


def test_every_device_is_asked_and_the_menu_says_the_same(machine: Machine) -> None:
    found = lamps(machine)
    assert {found[name].level for name in DEVICES} == {Level.GOOD}
    assert found["terminal"].identity.startswith("bank terminal") and found["server"].level is Level.BAD
    menu = {lamp.key: lamp for lamp in look(machine.view).lamps}
    assert {key: (lamp.level, in_english(lamp.words)) for key, lamp in menu.items() if key != "memory"} == {
        key: (lamp.level, in_english(lamp.words)) for key, lamp in found.items() if key != "memory"}


def test_a_terminal_that_cannot_be_asked_is_a_fault(machine: Machine, bench: Bench) -> None:
    bench.devices["terminal"].no_query()
    bench.devices["terminal"].unplug()
    bench.devices["terminal"].plug()
    bench.devices["terminal"].until(lambda: machine.services["terminal"].status.state is State.FAULT)
    lamp = lamps(machine)["terminal"]
    assert lamp.level is Level.BAD and "earlier payment" in in_english(lamp.words)
    assert "Have the bank open its query" in in_english(lamp.advice)


def test_the_command_says_each_in_a_line_and_fails_where_one_is_bad(bench: Bench, tmp_path: Path) -> None:
    bench.devices["terminal"].no_query()
    words = [word for name, value in settings_of(bench).items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run([sys.executable, "-m", "kiosk", "doctor", "--state", str(tmp_path / "kiosk"), *words], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    said = {line[8:].split()[0]: line for line in done.stdout.splitlines()}
    assert said["terminal"].startswith("FAULT") and "it takes no money" in said["terminal"]
    assert said["idcard"].startswith("good") and said["server"].startswith("FAULT")
    assert said["staff"].startswith("good")


def test_a_file_of_the_staff_that_cannot_be_read_is_a_fault(machine: Machine, tmp_path: Path) -> None:
    machine.staff.add("1001", Role.NURSE)
    assert (staff(machine.staff).level, in_english(staff(machine.staff).words)) == (Level.GOOD, "1")
    (tmp_path / "kiosk" / "staff.json").write_bytes(b"{")
    lamp = staff(machine.staff)
    assert lamp.level is Level.BAD and "nobody can sign in" in in_english(lamp.words)
