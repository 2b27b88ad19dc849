"""The overview's lamps when something is wrong: how bad it is, in which words, and what to do about it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.contract import Bin, Paper, State, Status, Stock
from drivers.service import Snapshot
from kiosk.hospital import Hello, Unknown
from kiosk.journal import Journal, machine_key
from kiosk.requests.service import Lamp, Level
from kiosk.service import survey
from kiosk.service.local import Local
from kiosk.settings import read
from kiosk.words import Language, Name
from kiosk.words import read as say_in
from virtual import Clock

OLD = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Room:
    """A machine that has no devices, and a hospital whose clock is `ahead` by so many seconds."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.ahead, self.away = Clock(), 0.0, False
        self.channels: tuple[str, ...] = ("wechat",)
        self.file = folder / "journal.sqlite3"
        self.journal = Journal(self.file, machine_key(folder / "machine.key"))
        hospital: Any = self
        self.view = survey.Machine({}, hospital, self.journal, read({}), Local(folder / "local.json", self.clock.wall),
                                   folder, self.clock.wall)

    def hello(self) -> Hello:
        if self.away:
            raise Unknown("ConnectionError")
        return Hello(self.clock.wall() + dt.timedelta(seconds=self.ahead), "9.9", Name("医院", "Hospital"),
                     "Asia/Shanghai", self.channels)

    def lamps(self) -> dict[str, Lamp]:
        return {lamp.key: lamp for lamp in survey.look(self.view).lamps}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def words(lamp: Lamp) -> tuple[Level, str, str]:
    """How bad, what is said, and the advice, in Chinese."""
    return lamp.level, say_in(lamp.words, Language.ZH), say_in(lamp.advice, Language.ZH) if lamp.advice else ""


def test_a_machine_without_a_fault_has_no_lamp_that_is_not_good(room: Room) -> None:
    room.journal.note([("visit", {"journey": "register"})])
    room.journal.write("0" * 32, "register", 0, [])
    assert {lamp.level for lamp in room.lamps().values()} == {Level.GOOD}
    assert words(room.lamps()["obligations"]) == (Level.GOOD, "1 未完，0 待送", "")


def its_clock(seconds: float) -> Callable[[Room, pytest.MonkeyPatch], None]:
    return lambda room, patch: setattr(room, "ahead", seconds)


def its_disk_is_full(room: Room, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=499 * 2 ** 20))


def its_memory_is_used_up(room: Room, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(survey, "_kilobytes", lambda file, name: 199 * 2 ** 10)


def a_fact_was_changed(room: Room, patch: pytest.MonkeyPatch) -> None:
    room.journal.note([("visit", {"journey": "register"}), ("end", {"journey": "register", "how": "done"})])
    with sqlite3.connect(room.file) as book:
        book.execute("UPDATE fact SET data = replace(data, 'done', 'left') WHERE kind = 'end'")


def a_visit_is_held(room: Room, patch: pytest.MonkeyPatch) -> None:
    room.journal.write("abcdef12" + "0" * 24, "register", 0, [])
    room.journal.hold("abcdef12" + "0" * 24, "diverged")


@pytest.mark.parametrize("wrong, key, level, said, advice", [
    (its_clock(30), "clock", Level.GOOD, "相差 30.0 秒", ""),
    (its_clock(31), "clock", Level.BAD, "相差 31.0 秒", "校准本机时钟（NTP）。"),
    (its_clock(-31), "clock", Level.BAD, "相差 31.0 秒", "校准本机时钟（NTP）。"),
    (lambda room, patch: setattr(room, "channels", ()), "channels", Level.WARN, "没有可用的支付渠道", ""),
    (lambda room, patch: setattr(room, "away", True), "server", Level.BAD, "连不上", "做一次网络测试，看断在哪一步。"),
    (its_disk_is_full, "disk", Level.BAD, "剩余 499 MB", "剩余空间太少，请技术员清理。"),
    (its_memory_is_used_up, "memory", Level.BAD, "可用 199 MB", "可用内存太少，请重新启动。"),
    (a_fact_was_changed, "facts", Level.BAD, "从第 2 条起被人改动过", "不要重装，联系信息科。"),
    (a_visit_is_held, "obligations", Level.BAD, "需要人工处理：ABCDEF12", "在服务器的“待处理账务”里查看。")])
def test_what_is_wrong_with_the_machine_is_said(
        room: Room, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Room, pytest.MonkeyPatch], None], key: str,
        level: Level, said: str, advice: str) -> None:
    wrong(room, monkeypatch)
    lamps = room.lamps()
    assert words(lamps.pop(key)) == (level, said, advice)
    assert {lamp.level for lamp in lamps.values()} <= {Level.GOOD, Level.UNKNOWN}, "and nothing else is"


@pytest.mark.parametrize("status, level, said, advice", [
    (Status(State.ONLINE, paper=Paper.FULL), Level.GOOD, "正常，有纸", ""),
    (Status(State.ONLINE, paper=Paper.LOW), Level.WARN, "正常，纸快用完", ""),
    (Status(State.OFFLINE, paper=Paper.OUT, cause="paper_out"), Level.BAD, "没有纸", "换一卷新纸。"),
    (Status(State.OFFLINE, paper=Paper.JAMMED, cause="paper_jam"), Level.BAD, "卡纸", "按“清除卡纸”的步骤做。"),
    (Status(State.ONLINE, paper=Paper.UNKNOWN), Level.UNKNOWN, "正常，纸量未知", ""),
    (Status(State.ONLINE, cards=Stock.LOW, bin=Bin.OK), Level.WARN, "正常，卡不多，卡箱有空位", ""),
    (Status(State.ONLINE, cards=Stock.EMPTY, bin=Bin.OK), Level.BAD, "正常，没有卡，卡箱有空位", "补充空白卡。"),
    (Status(State.ONLINE, cards=Stock.OK, bin=Bin.FULL), Level.BAD, "正常，卡足够，回收卡箱已满", "清空回收卡箱。"),
    (Status(State.ONLINE, toner=Stock.LOW), Level.WARN, "正常，墨粉不多", ""),
    (Status(State.ONLINE, toner=Stock.EMPTY), Level.BAD, "正常，没有墨粉", "换墨粉盒。"),
    (Status(State.NO_DEVICE, paper=Paper.FULL, cause="gone"), Level.BAD, "线断了或设备没电",
     "检查电源和数据线，两头都拔下再插上。"),
    (Status(State.UNKNOWN), Level.UNKNOWN, "还不知道", "")])
def test_what_a_device_says_of_itself(status: Status, level: Level, said: str, advice: str) -> None:
    assert words(survey.device("printer", Snapshot(status, OLD))) == (level, said, advice)


def test_visits_of_today_are_all_counted_and_none_of_yesterday(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day is the hospital's, in Beijing, and a lively one has thousands of facts."""
    midnight = room.clock.wall().replace(hour=0, minute=0, second=0)
    for moment, visits in ((midnight - dt.timedelta(seconds=1), 5), (midnight, 2), (room.clock.wall(), 1)):
        written = moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
        monkeypatch.setattr("kiosk.journal._now", lambda written=written: written)
        room.journal.note([("visit", {"journey": "register"})] * visits + [("step", {})] * survey.FACTS)
    [row] = [row for section in survey.look(room.view).sections for row in section.rows
             if say_in(row.label, Language.ZH) == "今天办理"]
    assert say_in(row.value, Language.ZH) == "3 人次"


def test_the_last_fault_is_said_whatever_it_was() -> None:
    lamp = survey.device("printer", Snapshot(Status(State.ONLINE), OLD, last_fault="print_unknown: no answer to the fence"))
    assert lamp.level is Level.GOOD and lamp.fault is not None
    assert say_in(lamp.fault, Language.ZH).startswith("不知道印好没有")


def test_the_machine_says_which_it_is_and_since_when_it_runs(room: Room, tmp_path: Path) -> None:
    def rows() -> dict[str, str]:
        section = survey.look(room.view).sections[0]
        return {say_in(row.label, Language.ZH): say_in(row.value, Language.ZH) for row in section.rows}

    room.view.begun -= 3 * 3600 + 5 * 60
    assert rows() == {"机器名": room.view.settings.kiosk, "软件版本": importlib.metadata.version("hospital-kiosk"),
                      "设置文件": "没有", "已运行": "3 小时 5 分"}
    (tmp_path / "kiosk.ini").write_text("[kiosk]\n")
    one = rows()["设置文件"]
    (tmp_path / "kiosk.ini").write_text("[kiosk]\nvolume = 30\n")
    assert one[:8] != rows()["设置文件"][:8], "two machines' files are told apart"


def test_only_the_last_twenty_visits_are_shown_the_newest_first(room: Room) -> None:
    for how in (*["left"] * 5, *["refused"] * 19, "done"):
        room.journal.note([("visit", {"journey": "register"}), ("end", {"journey": "register", "how": how})])
    shown = [say_in(row.value, Language.ZH) for row in survey.look(room.view).visits]
    assert shown == ["挂号：完成", *["挂号：没有办成"] * 19]
