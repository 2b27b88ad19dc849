"""The machine around the devices: what its lights, door, sensor and power mean for whoever stands there."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import Core
from drivers.contract import Flash, Lights, Power
from drivers.service import Service
from drivers.sim.bench import Bench
from kiosk import cabinet as module
from kiosk.around import Door, Presence, Sensed, Supplied
from kiosk.cabinet import Cabinet
from kiosk.headless import Loop
from kiosk.journal import Journal, machine_key
from kiosk.lights import Lit, lights_of
from kiosk.machine import Machine
from kiosk.power import PARK, STOP, Outage, Shutdown, Supply
from kiosk.requests import READERS, Ask, Done, Identify, Waiting, Ways, Welcome
from kiosk.settings import BadSetting
from kiosk.settings import read as settings
from kiosk.visit import Scene
from kiosk.words import Language, read, say
from leftovers import Mark
from tables import Player, tables
from town import Town

WIRING = {"idcard": "0", "scanner": "1", "printer": "2", "door": "!i0", "presence": "i1", "mains": "i2", "smoke": "i3"}
KNOWN = {table.title: table for table in tables("register")}["register: known ID card, general clinic, today, paid"]


# Lights.


@pytest.mark.parametrize("ask, lights", [
    (Welcome(title="", services=()), {"idcard": Flash.STEADY, "scanner": Flash.STEADY}),
    (Identify(title=""), {"idcard": Flash.SLOW, "scanner": Flash.SLOW}),
    (Waiting(title=say("wait.print")), {"printer": Flash.STEADY}),
    (Waiting(title=say("wait.hospital")), {}),
    (Done(title=""), {"printer": Flash.QUICK}),
    (Done(title="", picture="refund"), {}),
], ids=lambda value: type(value).__name__)
def test_every_page_has_its_lights(ask: Ask[Any], lights: dict[str, Flash]) -> None:
    assert lights_of(Scene(ask, 1)) == lights


@pytest.mark.parametrize("slot", READERS)
def test_every_slot_that_a_page_waits_at_has_a_light_that_can_be_wired(slot: str) -> None:
    """By its name in the contract, where the reader's own is another."""
    asked = Identify(ways=Ways((slot,)))
    [light] = lights_of(Scene(asked, 1))
    assert f"`{light}`" in (Lights.shine.__doc__ or ""), light


def test_at_the_payment_the_scanner_waits_for_the_phone(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(KNOWN, until=6)
    assert core.page() == "pay" and lights_of(core.scene) == {"scanner": Flash.SLOW}


# Power.


class Blackout:
    def __init__(self) -> None:
        self.outage, self.seconds = Outage(), 1000.0

    def goes(self, seconds: float, power: Power | None) -> Supply:
        self.seconds += seconds
        return self.outage.told(power, self.seconds)


OFF, ON, LOW = Power(False), Power(True), Power(False, low=True)


def test_a_short_failure_is_nothing() -> None:
    one = Blackout()
    steps = ((0, OFF), (PARK - 1, OFF), (0.5, ON), (1, OFF), (PARK - 1, OFF))
    assert {one.goes(*step) for step in steps} == {Supply.WELL}


def test_a_failure_parks_and_its_end_opens_again() -> None:
    one = Blackout()
    assert [one.goes(*step) for step in ((0, OFF), (PARK, OFF), (100, OFF), (1, ON))] == [
        Supply.WELL, Supply.PARKED, Supply.PARKED, Supply.WELL]


@pytest.mark.parametrize("steps", [[(0, OFF), (STOP, OFF)], [(0, OFF), (20, LOW)], [(0, OFF), (20, OFF), (STOP, None)],
                                   [(0, LOW)]])
def test_the_machine_stops_before_its_battery(steps: list[tuple[float, Power | None]]) -> None:
    one = Blackout()
    assert [one.goes(*step) for step in steps][-1] is Supply.ENDING
    assert one.goes(1, ON) is Supply.ENDING, "the machine is being stopped: only if it lives on is it open again"


def test_a_machine_that_lives_on_goes_by_what_is_measured() -> None:
    one = Blackout()
    assert [one.goes(*step) for step in ((0, OFF), (STOP, OFF), (5, ON))][-1] is Supply.ENDING and one.outage.mains
    assert one.outage.lives_on(one.seconds) is Supply.WELL and one.goes(1, ON) is Supply.WELL
    one = Blackout()
    assert [one.goes(*step) for step in ((0, OFF), (STOP, OFF))][-1] is Supply.ENDING and not one.outage.mains
    assert one.outage.lives_on(one.seconds) is Supply.PARKED
    assert [one.goes(*step) for step in ((STOP - 1, OFF), (1, OFF))] == [Supply.PARKED, Supply.ENDING], "tried once more"
    one.outage.lives_on(one.seconds)
    assert one.goes(1, LOW) is Supply.ENDING


def test_a_low_battery_on_the_mains_is_being_charged() -> None:
    assert Blackout().goes(0, Power(True, low=True)) is Supply.WELL
    assert Blackout().goes(1000, None) is Supply.WELL, "a UPS that never said anything"


def test_the_command_stops_the_machine_or_says_that_it_does_not(tmp_path: Path) -> None:
    Shutdown(f"{sys.executable} -c \"open('{tmp_path}/stopped', 'w')\"")()
    assert (tmp_path / "stopped").exists()
    with pytest.raises(BadSetting, match="shutdown"):
        settings({"shutdown": " "})
    assert settings({}).shutdown == "systemctl poweroff" and settings({}).away == 20
    for command in ("false", f"{tmp_path}/none"):
        with pytest.raises((OSError, module.subprocess.SubprocessError)):
            Shutdown(command)()


# What it means for whoever stands there.


@pytest.fixture
def core(disk: Path) -> Core:
    return Core(Town(), disk)


def told(core: Core, *messages: Any) -> None:
    for message in messages:
        core.post(message)
    core.settle()


def kinds(core: Core) -> list[str]:
    core.desk.finish()
    return [kind for kind, _ in core.facts()]


def test_a_failing_mains_lets_finish_and_nobody_begin(core: Core) -> None:
    Player(core).play(KNOWN, until=6)
    told(core, Supplied(Supply.PARKED))
    assert core.page() == "pay"
    core.home()
    core.settle(60)
    assert core.page() == "closed" and "停电" in core.words()
    told(core, Supplied(Supply.WELL))
    assert core.page() == "welcome"
    assert [data for kind, data in core.facts() if kind == "supply"] == [{"now": "parked"}, {"now": "well"}]


def test_a_battery_that_ends_sends_everybody_away(core: Core) -> None:
    Player(core).play(KNOWN, until=6)
    told(core, Supplied(Supply.PARKED), Supplied(Supply.ENDING))
    assert core.page() == "closed"
    core.settle(15)
    assert core.stage.idle


def test_a_door_and_a_blackout_are_two_reasons(core: Core) -> None:
    told(core, Door(True), Supplied(Supply.PARKED), Door(False))
    assert core.page() == "closed" and "停电" in core.words()
    told(core, Supplied(Supply.WELL))
    assert core.page() == "welcome"


def test_who_is_not_seen_is_warned_at_once_and_has_their_twenty_seconds(core: Core) -> None:
    Player(core).play(KNOWN, until=3)
    asked = core.scene.ask
    told(core, Presence(False))
    assert core.page() == "still" and core.scene.seconds_left == 20
    core.settle(19)
    core.stay()
    assert core.scene.ask == asked and core.scene.seconds_left is None, "a person who stood still"
    told(core, Presence(True), Presence(False))
    core.settle(20)
    assert core.page() == "welcome"


def test_a_sensor_never_shortens_a_warning_nor_a_payment(core: Core) -> None:
    Player(core).play(KNOWN, until=6)
    told(core, Presence(False))
    assert core.page() == "pay"
    core.home()
    core.settle(60)
    Player(core).play(KNOWN, until=3)
    core.settle(60 + 5)
    left = core.scene.seconds_left
    told(core, Presence(False))
    assert left is not None and core.scene.seconds_left == left


def test_who_comes_is_greeted_as_at_first(core: Core) -> None:
    core.language("en")
    told(core, Presence(False))
    assert core.scene.comfort.language is Language.ZH, "whoever chose English has gone"
    shown = len(core.scenes)
    told(core, Presence(True))
    assert len(core.scenes) == shown + 1 and core.page() == "welcome" and "arrived" in kinds(core)


def test_other_sensors_are_facts(core: Core) -> None:
    told(core, Sensed("smoke", True))
    core.desk.finish()
    assert ("sensed", {"name": "smoke", "on": True}) in core.facts()


@pytest.mark.parametrize("reason", ["door", "power"])
def test_both_languages_have_a_sentence(reason: str) -> None:
    assert all(read(say(f"closed.{reason}"), language) for language in Language)


# With real drivers, before twins.


class House:
    """A cabinet, its devices, and what it posted."""

    def __init__(self, bench: Bench, away: float = 0.0) -> None:
        self.bench, self.posted, self.stops = bench, queue.SimpleQueue[Any](), queue.SimpleQueue[float]()
        drivers = {"board": ("board_modbus", WIRING), "lightbar": ("lights_bar", {}), "ups": ("ups_megatec", {})}
        names = {"lightbar": "lights"}
        self.services = {
            names.get(name, name): Service[Any](name, drivers[name][0], url, lambda *news: None, **drivers[name][1])
            for name, url in bench.urls.items()}
        self.obeys = True
        self.cabinet = Cabinet(self.services, self.posted.put, self._stop, away)

    def _stop(self) -> None:
        self.stops.put(time.monotonic())
        if not self.obeys:
            raise OSError("not allowed")

    def next(self) -> Any:
        return self.posted.get(timeout=20)

    def close(self) -> None:
        self.cabinet.close()
        for service in self.services.values():
            service.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    opened: list[tuple[House, Bench]] = []

    def build(*devices: str, away: float = 0.0, prepare: Callable[[Any], None] = lambda bench: None) -> House:
        bench = Bench(tmp_path, devices=devices)
        bench.start()
        prepare(bench)
        opened.append((House(bench, away), bench))
        return opened[-1][0]

    yield build
    for one, bench in opened:
        one.close()
        bench.stop()


def shut(bench: Bench) -> None:
    """The door is shut, somebody is there, the mains is."""
    for number in (0, 1, 2):
        bench.devices["board"].input(number, True)      # type: ignore[attr-defined]


class Screen:
    """Ports that show nothing."""

    def show(self, scene: Scene) -> None: ...
    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]: return lambda: None
    def now(self) -> float: return 0.0


def test_lights_follow_the_page_within_a_fifth_of_a_second(house: Callable[..., House]) -> None:
    one = house("board", "lightbar", prepare=shut)
    board: Any = one.bench.devices["board"]
    bar: Any = one.bench.devices["lightbar"]
    ports = Lit(Screen(), one.cabinet.light)
    ports.show(Scene(Welcome(title="", services=()), 1))
    board.until(lambda: board.relays[:3] == [True, True, False], 10)
    pages: list[tuple[Ask[Any], list[bool], int]] = [
        (Done(title=""), [False, False, True], 1), (Welcome(title="", services=()), [True, True, False], 0),
        (Waiting(title=say("wait.hospital")), [False] * 3, 0)]
    for ask, relays, mask in pages:
        shown, lit_up = [], []
        while len(shown) < 50 and not (shown and min(shown) < 0.01 and min(lit_up) < 0.2):
            ports.show(Scene(pages[-1][0], 2))
            board.until(lambda: board.relays[:3] == pages[-1][1])
            begun = time.monotonic()
            ports.show(Scene(ask, 2))
            shown.append(time.monotonic() - begun)
            board.until(lambda: board.relays[:3] == relays and bar.mask == mask)
            lit_up.append(time.monotonic() - begun)
        assert min(shown) < 0.01 and min(lit_up) < 0.2, "the machine that tests may be busy: its best counts"
    ports.show(Scene(Welcome(title="", services=()), 3))
    board.until(lambda: board.relays[0])
    one.cabinet.close()
    assert not any(board.relays), "lights out at the end"


def test_a_dead_board_is_waited_for_by_nobody(house: Callable[..., House]) -> None:
    one = house("board", prepare=lambda bench: bench.devices["board"].silent())
    begun = time.monotonic()
    for lights in ({"idcard": Flash.SLOW}, {}) * 50:
        one.cabinet.light(lights)
    assert time.monotonic() - begun < 5 and one.posted.empty(), "each would be 0.3 s"
    board: Any = one.bench.devices["board"]
    shut(one.bench)
    one.cabinet.light({"idcard": Flash.STEADY})
    board.heal()
    board.until(lambda: board.relays[0], 20)
    assert one.posted.empty(), "nothing happened around it"


def test_door_presence_and_the_rest_are_told_once(house: Callable[..., House]) -> None:
    one = house("board", prepare=shut)
    board: Any = one.bench.devices["board"]
    board.input(0, False)
    assert one.next() == Door(True)
    board.input(0, True)
    assert one.next() == Door(False)
    board.input(1, False)
    assert one.next() == Presence(False)
    board.input(3, True)
    assert one.next() == Sensed("smoke", True)
    board.unplug()
    assert one.next() == Presence(True), "a sensor that is gone sees nobody, and means nothing"
    board.plug()
    assert one.next() == Presence(False)
    assert one.posted.empty()


def test_a_glance_away_is_no_absence(house: Callable[..., House]) -> None:
    one = house("board", away=600.0, prepare=shut)
    board: Any = one.bench.devices["board"]
    for on in (False, True, False):
        board.input(1, on)
    board.input(0, False)
    assert one.next() == Door(True) and one.posted.empty()


def test_on_the_battery_the_machine_stops_and_the_ups_brings_it_back(
        house: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.1)
    monkeypatch.setattr(module, "UPS_POLL", 0.05)
    monkeypatch.setattr("kiosk.power.PARK", 0.3)
    one = house("ups")
    ups: Any = one.bench.devices["ups"]
    ups.mains(False)
    assert one.next() == Supplied(Supply.PARKED)
    ups.low()
    assert one.next() == Supplied(Supply.ENDING)
    one.stops.get(timeout=20)
    assert ups.orders == ["S01R0003"] and one.stops.empty()


def test_a_stop_that_fails_is_tried_again_and_does_not_close_the_machine_for_ever(
        house: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("GRACE", 0.05), ("UPS_POLL", 0.05), ("OFF", 0.2), ("SPARE", 0.1)):
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.setattr(module, "BACK", 180.0)
    one = house("ups")
    one.obeys = False
    ups: Any = one.bench.devices["ups"]
    ups.low()
    ups.mains(False)
    assert [one.next() for _ in range(3)] == [Supplied(Supply.ENDING), Supplied(Supply.PARKED), Supplied(Supply.ENDING)]
    ups.mains(True)
    told = [one.next()]
    while told[-1] != Supplied(Supply.WELL):
        told.append(one.next())
    assert one.stops.qsize() >= 1


@pytest.mark.parametrize("device", ["board", "ups"])
def test_a_mains_that_is_back_in_time_leaves_the_machine_on(house: Callable[..., House], monkeypatch: pytest.MonkeyPatch,
                                                            device: str) -> None:
    """Switched off it would stay so: the supply never lost its mains."""
    monkeypatch.setattr(module, "GRACE", 4.0)
    monkeypatch.setattr(module, "UPS_POLL", 0.05)
    monkeypatch.setattr("kiosk.power.PARK", 0.1)
    monkeypatch.setattr("kiosk.power.STOP", 0.2)
    one = house(device, prepare=shut if device == "board" else lambda bench: None)
    twin: Any = one.bench.devices[device]
    mains = twin.mains if device == "ups" else lambda on: twin.input(2, on)
    mains(False)
    while one.next() != Supplied(Supply.ENDING):
        pass
    mains(True)
    assert one.next() == Supplied(Supply.WELL)
    assert one.stops.empty() and (device == "board" or twin.orders == [])


def test_a_board_without_a_ups_tells_of_the_mains_too(house: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.power.PARK", 0.2)
    one = house("board", prepare=shut)
    one.bench.devices["board"].input(2, False)      # type: ignore[attr-defined]
    assert one.next() == Supplied(Supply.PARKED)
    one.bench.devices["board"].input(2, True)       # type: ignore[attr-defined]
    assert one.next() == Supplied(Supply.WELL)


def test_nothing_of_it_is_left_when_it_is_closed(house: Callable[..., House]) -> None:
    marks: list[Mark] = []
    one = house("board", "ups", prepare=lambda bench: (shut(bench), marks.append(Mark())))
    assert {f"thread {name}" for name in ("rounds-board", "rounds-ups", "device-ups")} <= set(marks[0].left(0))
    one.close()
    assert marks[0].left() == []


class Watching(Loop):
    """A kiosk's loop without a screen, that remembers what would be on it."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    def show(self, scene: Scene) -> None:
        self.pages.append(scene.ask.page)


def test_a_machine_with_a_board_lights_its_slots_and_knows_its_door(tmp_path: Path) -> None:
    """Put together from settings alone, as in a lobby."""
    with Bench(tmp_path, devices=("board", "idcard", "scanner")) as bench:
        shut(bench)
        board: Any = bench.devices["board"]
        loop = Watching()
        machine = Machine(tmp_path / "kiosk", settings({
            "hospital_url": "http://127.0.0.1:9", "printer_url": "serial:///dev/null-printer",
            **{f"{name}_url": bench.urls[name] for name in ("idcard", "scanner")},
            "board": "board_modbus", "board_url": bench.urls["board"],
            "board_options": " ".join(f"{name}={wire}" for name, wire in WIRING.items())}), loop.post)
        stage = machine.stage(loop)
        stage.start()
        assert loop.run(stage.receive, lambda: board.relays[:3] == [True, True, False], 20)
        board.input(0, False)
        assert loop.run(stage.receive, lambda: loop.pages[-1] == "keypad" and not any(board.relays), 20)
        board.input(0, True)
        assert loop.run(stage.receive, lambda: loop.pages[-1] == "welcome" and board.relays[0], 20)
        machine.close()
        assert not any(board.relays)
        kept = Journal(tmp_path / "kiosk" / "journal.sqlite3", machine_key(tmp_path / "kiosk" / "machine.key"))
        assert [fact.data["open"] for fact in kept.facts() if fact.kind == "door"] == [True, False]


def test_a_machine_without_these_devices_has_nothing_of_them(tmp_path: Path) -> None:
    loop = Watching()
    machine = Machine(tmp_path, settings({"hospital_url": "http://127.0.0.1:9"}), loop.post)
    stage = machine.stage(loop)
    stage.start()
    assert loop.run(stage.receive, lambda: "welcome" in loop.pages, 20)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("rounds-")]
    machine.close()
