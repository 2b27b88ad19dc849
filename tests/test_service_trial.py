"""Every device's test in the service menu: its real work once, before twins, with what passed on its line."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL.PdfParser import PdfParser

from conformance.cards_crt571 import hand
from drivers.contract import State
from drivers.sim.bench import Bench
from kiosk import fittings
from kiosk.machine import Machine
from kiosk.requests.service import GiveBack, Reading, TestDevice
from kiosk.service import page, trial
from kiosk.service.menu import TESTED
from kiosk.settings import OPTIONAL, REQUIRED, read
from kiosk.words import Language
from kiosk.words import read as say_in

BY = "1001"
CARD = "0DEC0DE7"


class Lobby:
    """A machine, the twins of its devices, and a technician in front of it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        lines = fittings.settings((name, bench.urls[name]) for name in bench.devices)
        self.twins: dict[str, Any] = dict(bench.devices)
        self.machine = Machine(folder, read({"hospital_url": "http://127.0.0.1:9", **lines}), lambda message: None)

    def test(self, name: str) -> tuple[Reading, str]:
        """What the page shows, and its sentence."""
        self.ready(name)
        reading: Reading = self.machine.desk.service(TestDevice(name, BY))
        assert self.machine.journal.facts()[-1].data == {"what": name, "well": reading.well, "by": BY}
        return reading, say_in(reading.words, Language.ZH)

    def ready(self, *names: str) -> None:
        """Until these have said how they are."""
        some, services = next(iter(self.twins.values())), self.machine.services
        some.until(lambda: all(services[name].status.state is not State.UNKNOWN for name in names), timeout=20)

    def facts(self) -> list[str]:
        return [fact.kind for fact in self.machine.journal.facts()]


@pytest.fixture
def lobby(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lobby]:
    monkeypatch.setattr(trial, "SHINE", 0.1)
    monkeypatch.setattr(trial, "TAKE_TIME", 1.0)
    with Bench(tmp_path / "bench", speed=50, devices=(*fittings.NEEDED, *request.param)) as bench:
        one = Lobby(bench, tmp_path / "kiosk")
        yield one
        one.machine.close()


def looked_at(driver: str, found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on `found` has the driver's name whenever its device is asked who it is."""
    device = importlib.import_module(f"drivers.{driver}").Device
    identify = device.identify

    def note(self: Any) -> str:
        found.append(driver)
        said: str = identify(self)
        return said

    monkeypatch.setattr(device, "identify", note)


def has(*devices: str) -> Callable[..., Any]:
    return pytest.mark.parametrize("lobby", [devices], indirect=True, ids=",".join)


def test_every_device_but_those_that_need_none_can_be_tested() -> None:
    assert set(TESTED) == {*REQUIRED, *OPTIONAL}


@has("crt571")
def test_a_card_comes_to_the_mouth_and_goes_into_the_box(lobby: Lobby) -> None:
    reading, words = lobby.test("cards")
    assert reading.well and "没有取走，已收进卡箱" in words and "末四位 0001" in words
    assert lobby.twins["crt571"].captured == ["04A10001"] and "card_captured" in lobby.facts()
    assert any(line.startswith("> ") for line in reading.lines) and not any("04 a1 00 01" in line for line in reading.lines)


@has("k720")
def test_a_card_comes_to_the_mouth_and_is_taken(lobby: Lobby) -> None:
    twin = lobby.twins["k720"]
    twin.line.loop.call(lambda: hand(twin))
    reading, words = lobby.test("cards")
    assert reading.well and "已被取走" in words and twin.taken == ["04A10001"] and "card_issued" in lobby.facts()


@has("crt310")
def test_where_there_is_no_hopper_a_card_is_put_in(lobby: Lobby) -> None:
    lobby.twins["crt310"].insert(CARD)
    reading, words = lobby.test("cards")
    assert reading.well and "已收进卡箱" in words and lobby.twins["crt310"].captured == [CARD]


@has("crt571")
def test_a_hopper_without_cards_is_said(lobby: Lobby) -> None:
    lobby.twins["crt571"].hopper_after(0)
    reading, words = lobby.test("cards")
    assert not reading.well and words == "没有成功：空白卡用完"


@has("crt571")
def test_patients_get_every_device_back_as_it_is_when_it_was_found(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that staff left in the path is in the box, and one device that is away keeps no other from being looked at."""
    twin, found = lobby.twins["crt571"], list[str]()
    lobby.ready(*lobby.machine.services)
    for driver in ("scanner_line", "printer_escpos", "cards_crt571"):
        looked_at(driver, found, monkeypatch)
    lobby.twins["idcard"].unplug()
    twin.line.loop.call(twin.from_hopper)
    lobby.machine.desk.service(GiveBack(BY))
    assert twin.captured == ["04A10001"] and lobby.facts()[-2:] == ["card_captured", "service_end"]
    assert sorted(found) == ["cards_crt571", "printer_escpos", "scanner_line"]


@has("terminal")
def test_a_terminal_is_asked_about_a_payment_that_never_was(lobby: Lobby) -> None:
    reading, words = lobby.test("terminal")
    assert reading.well and "它说没有" in words and any("bytes" in line for line in reading.lines)
    assert not lobby.twins["terminal"].book


@has("a4")
def test_a_report_printer_prints_a_page(lobby: Lobby) -> None:
    reading, words = lobby.test("report")
    [report] = lobby.twins["a4"].reports
    assert reading.well and words == "打印机数到 1 张，请看纸上。" and report.whole and report.document.startswith(b"%PDF-1.4")


@pytest.mark.parametrize("lobby", [("icm522", "stripe", "crt310")], indirect=True)
@pytest.mark.parametrize("name", ["idcard", "visit_card_reader", "stripe", "scanner", "cards"])
def test_a_reader_at_which_nobody_shows_anything_is_not_said_to_be_broken(
        lobby: Lobby, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "CARD_TIME", 0.3)
    reading, words = lobby.test(name)
    assert not reading.well and words == "没有成功：在规定时间内没有看到卡或码，请再放一次"
    assert say_in(reading.words, Language.EN).endswith("No card or code was seen within the time: put it down again")


@has()
def test_a_card_that_is_moved_too_soon_is_to_be_put_down_again(lobby: Lobby) -> None:
    lobby.twins["idcard"].lift_after(700)
    lobby.twins["idcard"].put("resident")
    reading, words = lobby.test("idcard")
    assert not reading.well and words == "没有成功：没有读完卡就移开了，请放好再试"
    assert say_in(reading.words, Language.EN).endswith("The card was moved while it was read: put it down again")


@has()
def test_a_reader_that_is_broken_is_said_to_be(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("drivers.idcard_sdt.Device.read_card", fail)
    assert lobby.test("idcard")[1] == "没有成功：设备故障"


@has("ups", "board", "lightbar")
def test_power_inputs_and_lights(lobby: Lobby) -> None:
    assert "市电正常" in lobby.test("ups")[1]
    lobby.twins["ups"].mains(False)
    assert "没有市电，用电池" in lobby.test("ups")[1]
    assert "看清了吗" in lobby.test("lights")[1]
    lobby.test("board")
    lobby.twins["board"].input(0, True)
    lobby.test("board")
    words = lobby.test("board")[1]
    assert "机门开着" in words and "有人" in words and "市电正常" in words


@has("icm522")
def test_a_reader_of_visit_cards(lobby: Lobby) -> None:
    lobby.twins["icm522"].put("blank")
    assert lobby.test("visit_card_reader")[0].well


def test_the_page_is_a_proper_pdf_of_one_page() -> None:
    """As another program's parser reads it: every object is where the table says."""
    made = page.sample("K01", dt.datetime(2026, 11, 23, 8, 57))
    read_back = PdfParser(buf=made)
    assert len(read_back.pages) == 1
    for reference in read_back.xref_table.existing_entries:
        assert made[read_back.xref_table.existing_entries[reference][0]:].startswith(b"%d 0 obj" % reference)
    assert "测试页".encode("utf-16-be").hex().encode() in made and made.count(b"K01".hex().encode()) == 1
