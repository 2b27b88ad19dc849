"""The service menu as a technician and a nurse use it: the story on the real stage, real acts on the bench's devices."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import State
from drivers.service import Service
from drivers.sim.bench import Bench
from kiosk.around import Door
from kiosk.desk import Heard, Job, News, Outcome, Recalled, Shut
from kiosk.fittings import NEEDED
from kiosk.hospital import Hello, Unknown
from kiosk.journal import Journal, machine_key
from kiosk.journeys import stories, tiles
from kiosk.machine import Machine
from kiosk.play import Entry
from kiosk.requests import Ask, Choose, CodeKind, CodeShown, Confirm, OutOfService, Refused, Trouble, Welcome
from kiosk.requests.service import (Board, EnterDigits, Guide, Level, Role, ScreenTest, ShowReading, TouchTest)
from kiosk.service import survey, trial
from kiosk.service.acts import Acts
from kiosk.service.local import Local
from kiosk.service.menu import maintain
from kiosk.service.staff import Staff
from kiosk.settings import read
from kiosk.stage import SERVICE, Stage
from kiosk.words import Language, Name
from kiosk.words import read as say_in

from conformance.cards_crt571 import hand
from traces import kept
from virtual import Clock

DRIVERS = {"idcard": "idcard_sdt", "scanner": "scanner_line", "printer": "printer_escpos", "cards": "cards_crt571"}
TWINS = {"crt571": "cards"}         # which device a twin of the bench is, where its name is another

NUMBER = "1001"


class Server:
    """A hospital that says hello, or is away."""

    away = False
    channels: tuple[str, ...] = ("wechat", "alipay")

    def hello(self) -> Hello:
        if self.away:
            raise Unknown("ConnectionError")
        return Hello(Clock().wall(), "9.9", Name("医院", "Hospital"), "Asia/Shanghai", self.channels)


class Room:
    """A machine whose stage is real, and whose acts are done where they are asked for, one after the other."""

    def __init__(self, folder: Path, bench: Bench, role: Role) -> None:
        self.clock, self.scenes, self.jobs = Clock(), [], list[Job]()
        self.reports: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.services = {name: Service[Any](name, DRIVERS[name], bench.urls[twin], self._report, self._card_went,
                                            period="0.05")
                         for twin in bench.devices for name in (TWINS.get(twin, twin),)}
        self.journal = Journal(folder / "journal.sqlite3", machine_key(folder / "machine.key"))
        self.server, self.restarts = Server(), 0
        self.local = Local(folder / "local.json", self.clock.wall)
        self.settings = read({})
        hospital: Any = self.server
        self.view = survey.Machine(self.services, hospital, self.journal, self.settings, self.local, folder, self.clock.wall)
        staff = Staff(folder / "staff.json", self.clock.now)
        self.pin = staff.add(NUMBER, role)
        self.acts = Acts(self.view, staff, self._fact, self._restart, self._closures)
        self.stage = Stage(self, self, {**stories(), SERVICE: maintain}, tiles(), self.clock.wall)
        self.stage.start()
        self.stage.receive(Recalled(()))

    def _report(self, name: str, *_: Any) -> None:
        self.reports.put(name)

    def _card_went(self, name: str, what: str) -> None:
        self._fact(f"card_{what}")

    def _fact(self, kind: str, **data: Any) -> None:
        self.journal.note([(kind, data)])

    def _restart(self) -> None:
        self.restarts += 1

    def _closures(self) -> None:
        self.stage.receive(Shut("staff", {closure.what: closure.reason for closure in self.local.closed}))

    # Ports and desk.

    def show(self, scene: Any) -> None:
        self.scenes.append(scene)

    def after(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self.clock.after(seconds, call)

    def now(self) -> float:
        return self.clock.now()

    def perform(self, job: Job) -> None:
        self.jobs.append(job)

    def note(self, kind: str, **data: Any) -> None:
        self.journal.note([(kind, data)])

    def prepare(self, entries: Sequence[Entry]) -> None: ...
    def drop(self, job: Job) -> None: ...
    def close(self, visit: str) -> None: ...
    def hold(self, visit: str, why: str) -> None: ...
    def slip(self, ticket: Any, comfort: Any) -> None: ...
    def recall(self) -> None: ...
    def left_card(self) -> None: ...
    def listen(self, ask: Ask[Any], serial: int) -> None: ...
    def hush(self) -> None: ...

    # What a test does.

    @property
    def ask(self) -> Ask[Any]:
        """The question that stands, after everything that was to be done is done."""
        while self.jobs:
            job = self.jobs.pop(0)
            value: Any
            try:
                value = self.acts.perform(job.request)
            except Refused as no:
                value = no
            self.stage.receive(Outcome(job, value))
        ask: Ask[Any] = self.scenes[-1].ask
        return ask

    def answer(self, value: Any) -> Ask[Any]:
        assert self.ask
        self.stage.answer(self.scenes[-1].serial, value)
        return self.ask

    def enter(self, pin: str = "") -> Ask[Any]:
        self.stage.serve()
        self.answer(NUMBER)
        return self.answer(pin or self.pin)

    def choose(self, *titles: str) -> Ask[Any]:
        """Touch what says so, in Chinese, one after the other."""
        for title in titles:
            options = getattr(self.ask, "options")
            found = [option for option in options if say_in(option.title, Language.ZH) == title]
            assert found and found[0].enabled, [say_in(option.title, Language.ZH) for option in options]
            self.answer(found[0].value)
        return self.ask

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        return [(fact.kind, fact.data) for fact in self.journal.facts() if fact.kind.startswith(("service", "counted"))]

    def online(self) -> None:
        while any(service.status.state is State.UNKNOWN for service in self.services.values()):
            self.reports.get(timeout=20)

    def until_level(self, key: str, level: Level) -> None:
        while self.lamp(key).level is not level:
            self.reports.get(timeout=20)

    def lamp(self, key: str) -> Any:
        return next(lamp for lamp in survey.look(self.view).lamps if lamp.key == key)


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path / "bench", speed=50, devices=(*NEEDED, *getattr(request, "param", ()))) as twins:
        yield twins


@pytest.fixture
def enter(tmp_path: Path, bench: Bench) -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(role: Role = Role.TECHNICIAN) -> Room:
        rooms.append(Room(tmp_path, bench, role))
        rooms[-1].online()
        return rooms[-1]

    yield make
    for room in rooms:
        for service in room.services.values():
            service.close()


def test_a_technician_sees_everything_in_one_look(enter: Callable[..., Room]) -> None:
    room = enter()
    board = room.enter()
    assert isinstance(board, Board)
    levels = {lamp.key: lamp.level for lamp in board.lamps}
    assert set(levels) == {"idcard", "scanner", "printer", "server", "channels", "clock", "disk", "memory", "facts",
                           "obligations"}
    assert set(levels.values()) == {Level.GOOD}, levels
    assert [say_in(option.title, Language.ZH) for option in board.options] == [
        "换纸", "暂停服务", "最近的办理", "整机测试", "设置", "本机改动", "导出日志", "修改我的密码", "重新启动", "结束维护"]
    assert isinstance(room.choose("结束维护"), Welcome)
    assert room.facts() == [("service_entered", {"by": NUMBER, "role": "technician"}), ("service_begin", {"by": NUMBER}),
                            ("service_end", {"by": NUMBER})]


def test_the_menu_sends_nobody_to_the_desk(enter: Callable[..., Room]) -> None:
    """Who maintains the machine is the help that its pages else speak of."""
    room = enter()
    assert not room.scenes[-1].maintained
    room.enter()
    pages = [scene for scene in room.scenes if not isinstance(scene.ask, Welcome)]
    assert pages and all(scene.maintained for scene in pages)
    room.choose("结束维护")
    assert not room.scenes[-1].maintained


def test_a_nurse_gets_what_nurses_do(enter: Callable[..., Room]) -> None:
    board = enter(Role.NURSE).enter()
    assert [say_in(option.title, Language.ZH) for option in board.options] == [
        "换纸", "暂停服务", "最近的办理", "修改我的密码", "结束维护"]


def test_a_hospital_without_a_way_to_pay_is_noticed_and_when_it_has_one_again(tmp_path: Path) -> None:
    posted: list[Any] = []
    machine = Machine(tmp_path, read({"hospital_url": "http://127.0.0.1:9"}), posted.append)
    server: Any = Server()
    machine.view.hospital = server
    for server.channels in ((), (), ("wechat",)):
        machine.view.forget()
        machine._look_around()
    machine.close()
    assert [news for news in posted if isinstance(news, News) and news.what == "pay"] == [
        News("pay", False), News("pay", True)]


def test_of_the_pin_nothing_is_kept(enter: Callable[..., Room]) -> None:
    room = enter()
    pin, room.pin = room.pin, ""
    room.enter(pin)
    room.choose("结束维护")
    room.scenes.clear()
    assert kept((pin,), [room.stage, room.journal, room.acts, room.view], [room, room.services]) == []


def test_who_opens_the_door_is_asked_who_they_are_until_it_is_shut(enter: Callable[..., Room]) -> None:
    room = enter()
    room.stage.receive(Door(True))
    assert isinstance(room.ask, EnterDigits)
    room.stage.receive(Door(False))
    assert isinstance(room.ask, Welcome)
    room.stage.receive(Door(True))
    room.stage.leave(room.scenes[-1].serial)
    assert isinstance(room.ask, OutOfService) and "机门打开" in say_in(room.ask.text, Language.ZH)


def test_a_technician_in_the_menu_is_not_moved_by_a_door(enter: Callable[..., Room]) -> None:
    room = enter()
    board = room.enter()
    for is_open in (True, False, True):
        room.stage.receive(Door(is_open))
        assert room.ask is board
    assert isinstance(room.choose("结束维护"), OutOfService), "nobody is asked a second time who they are"
    room.stage.receive(Door(False))
    assert isinstance(room.ask, Welcome)


def test_a_wrong_pin_is_said_and_the_numbers_are_asked_for_again(enter: Callable[..., Room]) -> None:
    room = enter()
    again = room.enter(pin=f"{(int(room.pin) + 1) % 1_000_000:06d}")
    assert isinstance(again, EnterDigits) and again.remark is not None
    assert say_in(again.remark, Language.ZH) == "工号或密码不对，请重新输入。"
    room.answer(NUMBER)
    too_soon = room.answer(room.pin)
    assert isinstance(too_soon, EnterDigits) and "请等 3 秒" in say_in(too_soon.remark or "", Language.ZH)
    assert [kind for kind, _ in room.facts()] == ["service_refused", "service_refused"]
    assert room.pin not in str(room.journal.facts())


def test_where_nobody_can_sign_in_any_more_it_is_said_with_the_way_on(enter: Callable[..., Room], tmp_path: Path) -> None:
    room = enter()
    (tmp_path / "staff.json").write_bytes(b"{")
    page = room.enter()
    assert isinstance(page, Trouble) and "python -m kiosk staff 工号" in say_in(page.text, Language.ZH)
    assert room.facts() == [("service_refused", {"number": "unknown", "reason": "staff_damaged"})]
    assert isinstance(room.choose("返回"), Welcome)


def test_the_pin_is_not_on_the_page_nor_in_what_is_said_of_a_question(enter: Callable[..., Room]) -> None:
    room = enter()
    room.stage.serve()
    pin = room.answer(NUMBER)
    assert isinstance(pin, EnterDigits) and pin.hidden
    room.answer(room.pin)
    assert room.pin not in repr(room.jobs) + repr(room.scenes)


def test_a_roll_is_changed_and_tested(enter: Callable[..., Room], bench: Bench) -> None:
    room = enter(Role.NURSE)
    bench.printer.paper_out(True)
    room.until_level("printer", Level.BAD)
    board = room.enter()
    lamp = next(lamp for lamp in getattr(board, "lamps") if lamp.key == "printer")
    assert say_in(lamp.words, Language.ZH) == "没有纸" and say_in(lamp.advice, Language.ZH) == "换一卷新纸。"
    guide = room.choose("换纸")
    assert isinstance(guide, Guide) and len(guide.steps) == 4 and not guide.options[0].enabled
    bench.printer.paper_out(False)
    room.until_level("printer", Level.GOOD)
    room.answer("refresh")
    reading = room.choose("已完成")
    assert isinstance(reading, ShowReading) and reading.well, reading
    assert "请看纸上" in say_in(reading.words, Language.ZH)
    assert any(line.startswith("> ") for line in reading.lines)
    ticket = bench.printer.ticket(1)
    assert "测试页" in ticket.text and not ticket.unknown
    assert ("counted", {"what": "printer", "by": NUMBER}) in room.facts()
    assert isinstance(room.choose("返回"), Board)


def test_a_reader_is_tested_and_its_exchange_shows_no_person(enter: Callable[..., Room], bench: Bench) -> None:
    room = enter()
    room.enter()
    assert isinstance(room.answer("lamp:idcard"), Board)
    assert isinstance(room.choose("测试"), Guide)
    bench.idcard.put("resident")
    reading = room.choose("好了，开始")
    assert isinstance(reading, ShowReading) and reading.well
    assert "末四位" in say_in(reading.words, Language.ZH)
    frames = [line for line in reading.lines if "AA AA AA 96 69".lower() in line]
    record = [line for line in reading.lines if "1295 bytes" in line or "aa" not in line]
    assert frames and record and all(len(line) < 60 for line in record)


@pytest.mark.parametrize("bench", [("crt571",)], indirect=True)
def test_an_emptied_box_and_a_refilled_hopper_are_counted_from_nothing(
        enter: Callable[..., Room], bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One card is taken, the next is left to be captured; each task sets back its own counter, and no other."""
    monkeypatch.setattr(trial, "TAKE_TIME", 1.0)
    room, twin = enter(), bench.devices["crt571"]
    room.enter()

    def counted() -> tuple[str, str]:
        (section,) = [section for section in getattr(room.ask, "sections") if say_in(section.title, Language.ZH) == "计数"]
        rows = {say_in(row.label, Language.ZH): say_in(row.value, Language.ZH) for row in section.rows}
        return rows["上次补卡后发卡"], rows["回收卡箱里"]

    def do(task: str) -> Any:
        room.answer("lamp:cards")
        return room.choose(task)

    twin.line.loop.call(lambda: hand(twin))
    do("测试")
    room.choose("好了，开始", "再试一次", "好了，开始", "返回")
    assert counted() == ("1 张", "1 张")
    twin.bin_full()
    room.until_level("cards", Level.BAD)
    assert not getattr(do("清空回收卡箱"), "options")[0].enabled
    twin.empty_bin()
    room.until_level("cards", Level.GOOD)
    room.answer("refresh")
    assert isinstance(room.choose("已完成"), Board) and counted() == ("1 张", "0 张")
    do("补充空白卡")
    assert isinstance(room.choose("已完成"), Board) and counted() == ("0 张", "0 张")
    assert [data["what"] for kind, data in room.facts() if kind == "counted"] == ["box", "cards"]


def test_what_fails_is_said_with_its_cause(enter: Callable[..., Room], bench: Bench) -> None:
    room = enter()
    room.enter()
    room.answer("lamp:printer")
    bench.printer.cover_open(True)
    reading = room.choose("测试")
    assert isinstance(reading, ShowReading) and not reading.well
    assert say_in(reading.words, Language.ZH) == "没有成功：打印机盖没有关好"


def test_one_service_is_closed_and_opened_again(enter: Callable[..., Room]) -> None:
    room = enter(Role.NURSE)
    room.enter()
    room.choose("暂停服务", "挂号", "请到人工窗口办理")
    assert isinstance(room.choose("结束维护"), Welcome)
    tiles_now = {tile.value: tile for tile in room.scenes[-1].ask.services}
    assert not tiles_now["register"].enabled and say_in(tiles_now["register"].why, Language.ZH) == "请到人工窗口办理"
    assert tiles_now["reprint"].enabled
    room.clock.go(5)
    room.enter()
    room.choose("暂停服务")
    assert isinstance(room.choose("挂号"), Confirm)
    room.answer(True)
    room.choose("结束维护")
    assert all(tile.enabled for tile in room.scenes[-1].ask.services)


def test_all_that_this_machine_has_can_be_closed(enter: Callable[..., Room]) -> None:
    room = enter(Role.NURSE)
    room.enter()
    offered = [option.value for option in getattr(room.choose("暂停服务"), "options")]
    assert offered == ["all", "pay", *(tile.value for tile in tiles()), "idcard", "scanner", "printer"]


def test_the_whole_machine_is_closed_and_the_menu_still_opens(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    room.choose("暂停服务", "整机", "正在维护")
    assert isinstance(room.choose("结束维护"), OutOfService)
    board = room.enter()
    assert [say_in(row.label, Language.ZH) for section in getattr(board, "sections")[-1:] for row in section.rows] == ["整机"]
    room.choose("暂停服务", "整机")
    room.answer(True)
    assert isinstance(room.choose("结束维护"), Welcome)


def test_no_payment_today(enter: Callable[..., Room]) -> None:
    room = enter()
    room.stage.receive(Shut("staff", {"pay": "maintenance"}))
    (notice,) = room.scenes[-1].ask.notices
    assert "不能缴费" in say_in(notice, Language.ZH)


def test_a_setting_is_changed_listed_and_ends_when_told(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    settings = room.choose("设置")
    names = {option.value.name for option in getattr(settings, "options")}
    assert {"language", "volume", "sleep", "idcard_url"} <= names
    assert not names & {"hospital_url", "visit_card", "patience", "export_key"}
    chosen = next(option.value for option in getattr(settings, "options") if option.value.name == "language")
    assert isinstance(room.answer(chosen), Choose)
    room.answer("en")
    board = room.choose("直到改回来")
    assert isinstance(board, Board) and room.local.overrides == {"language": "en"}
    change = room.choose("本机改动").options[0].value            # type: ignore[attr-defined]
    assert (change.was, change.value, change.by) == ("zh", "en", NUMBER)
    assert isinstance(room.answer(change), Confirm)
    room.answer(True)
    assert room.local.overrides == {} and room.restarts == 0
    assert isinstance(room.choose("结束维护"), Welcome)
    assert room.restarts == 1                                    # settings are read when the program starts
    assert [data.get("value") for kind, data in room.facts() if kind == "service_setting"] == ["en", None]


def test_a_value_out_of_bounds_is_a_sentence(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    settings = room.choose("设置")
    room.answer(next(option.value for option in getattr(settings, "options") if option.value.name == "volume"))
    room.answer("300")
    trouble = room.choose("只到今天")
    assert isinstance(trouble, Trouble) and "0 to 100" in say_in(trouble.text, Language.ZH)
    assert room.local.overrides == {} and isinstance(room.choose("返回"), Board)


def test_an_administrator_may_change_what_is_the_hospitals(enter: Callable[..., Room]) -> None:
    room = enter(Role.ADMINISTRATOR)
    room.enter()
    names = {option.value.name for option in getattr(room.choose("设置"), "options")}
    assert "visit_card" in names and "export_key" not in names


def test_the_network_step_by_step(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    reading = room.choose("整机测试", "网络测试")
    assert isinstance(reading, ShowReading) and not reading.well           # nobody listens at the default address
    assert [check.well for check in reading.checks] == [True, True, False, None, None]


def test_touch_and_screen(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    assert isinstance(room.choose("整机测试", "触摸测试"), TouchTest)
    reading = room.answer(2)
    assert isinstance(reading, ShowReading) and "有 2 格没有反应" in say_in(reading.words, Language.ZH)
    room.choose("返回")
    assert isinstance(room.choose("整机测试", "屏幕测试"), ScreenTest)
    assert isinstance(room.answer(None), Board)


def test_without_a_stick_or_a_key_nothing_is_exported(enter: Callable[..., Room], tmp_path: Path) -> None:
    room = enter()
    room.view.settings = read({"usb": str(tmp_path / "media")})
    room.enter()
    trouble = room.choose("导出日志")
    assert isinstance(trouble, Trouble) and "没有找到 U 盘" in say_in(trouble.text, Language.ZH)
    (tmp_path / "media" / "STICK").mkdir(parents=True)
    room.choose("返回")
    assert "公钥" in say_in(getattr(room.choose("导出日志"), "text"), Language.ZH)


def test_the_last_visits_without_names(enter: Callable[..., Room]) -> None:
    room = enter()
    room.answer("register")
    room.stage.leave(room.scenes[-1].serial)
    room.clock.go(5)
    room.enter()
    board = room.choose("最近的办理")
    (section,) = getattr(board, "sections")
    assert [say_in(row.value, Language.ZH) for row in section.rows] == ["挂号：离开"]


def test_back_leads_to_the_menu_and_not_out(enter: Callable[..., Room]) -> None:
    room = enter()
    room.enter()
    room.choose("整机测试")
    room.stage.back(room.scenes[-1].serial)
    assert isinstance(room.ask, Board)
    assert [kind for kind, _ in room.facts()][-1] == "service_begin"


def test_who_goes_away_is_signed_out_and_the_devices_are_patients_again(enter: Callable[..., Room]) -> None:
    room = enter()
    assert isinstance(room.enter(), Board)
    for _ in range(40):
        room.clock.go(5)
        if isinstance(room.ask, Welcome):
            break
    assert isinstance(room.ask, Welcome)
    assert ("service_end", {"by": NUMBER}) in room.facts()


@pytest.mark.parametrize("where", [("lamp:printer",), ("visits",), ("paper",)])
def test_who_goes_away_from_anywhere_in_the_menu_is_signed_out(enter: Callable[..., Room], where: tuple[str, ...]) -> None:
    room = enter()
    room.answer("register")
    room.stage.leave(room.scenes[-1].serial)
    room.clock.go(5)
    room.enter()
    for answer in where:
        assert not isinstance(room.answer(answer), Welcome)
    for _ in range(400):
        room.clock.go(5)
        if isinstance(room.ask, Welcome):
            break
    assert isinstance(room.ask, Welcome) and ("service_end", {"by": NUMBER}) in room.facts()


def test_a_devices_page_follows_the_device(enter: Callable[..., Room], bench: Bench) -> None:
    room = enter()
    room.enter()
    assert getattr(room.answer("lamp:printer"), "lamps")[0].level is Level.GOOD
    bench.printer.cover_open(True)
    room.until_level("printer", Level.BAD)
    assert getattr(room.answer("refresh"), "lamps")[0].level is Level.BAD


def test_a_pin_typed_where_the_number_belongs_is_in_no_fact(enter: Callable[..., Room]) -> None:
    room = enter()
    room.stage.serve()
    room.answer(room.pin)
    room.answer(room.pin)
    assert ("service_refused", {"number": "unknown", "reason": "wrong_pin"}) in room.facts()
    assert room.pin not in str(room.journal.facts())


@pytest.mark.parametrize("name, value", [
    ("printer", "printer_nobody"), ("printer_options", "fence=gs_h colour=red"), ("idcard", "contract"),
    ("terminal_url", "exec:///bin/sh?arg=-c")])
def test_nothing_is_set_with_which_the_machine_could_not_start(enter: Callable[..., Room], name: str, value: str) -> None:
    room = enter()
    room.enter()
    settings = room.choose("设置")
    room.answer(next(option.value for option in getattr(settings, "options") if option.value.name == name))
    room.answer(value)
    assert isinstance(room.choose("直到改回来"), Trouble)
    assert room.local.overrides == {}


def test_where_the_token_goes_is_not_set_at_the_machine(enter: Callable[..., Room]) -> None:
    room = enter(Role.ADMINISTRATOR)
    room.enter()
    names = {option.value.name for option in getattr(room.choose("设置"), "options")}
    assert not names & {"hospital_url", "hospital_fhir", "usb", "watchdog", "shutdown"}


def test_a_server_that_is_away_is_a_lamp_not_a_wait(enter: Callable[..., Room]) -> None:
    room = enter()
    room.server.away = True
    levels = {lamp.key: lamp.level for lamp in getattr(room.enter(), "lamps")}
    assert (levels["server"], levels["clock"]) == (Level.BAD, Level.UNKNOWN)


def test_what_a_patient_does_meanwhile_answers_nothing(enter: Callable[..., Room]) -> None:
    room = enter()
    board = room.enter()
    room.stage.receive(Heard(room.scenes[-1].serial, CodeShown(CodeKind.VISIT_CARD, "V000000000001")))
    assert room.ask is board
