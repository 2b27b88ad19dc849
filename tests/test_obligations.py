"""One list of what is not settled: the machine and the hospital, each told the other's part, in the same words and order."""

from __future__ import annotations

import datetime as dt
import json
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from core import Core
from hospital import commands
from hospital_fixtures import API, Clock, Hospital as Books, Kiosk, segment
from kiosk import obligations
from kiosk.__main__ import main
from kiosk.care import PaperKind
from kiosk.hospital import Hospital, Obligation, Unknown
from kiosk.journal import Journal
from kiosk.play import Entry, Result
from kiosk.requests import ConfirmHold, FindPatient, ReportPaper
from kiosk.sync import Sync
from paper_channel import PaperChannel
from tables import Player, tables
from town import Town
from town_hospital import TownHospital
from townsfolk import PEOPLE

OFFLINE = {"hospital_url": "http://127.0.0.1:9", "idcard_url": "serial:///dev/null-a", "scanner_url": "serial:///dev/null-b",
           "printer_url": "serial:///dev/null-c"}
NOW = dt.datetime.now(dt.UTC)


class Wired(Hospital):
    """The kiosk's own client, straight into the real server."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__("http://hospital.invalid", kiosk.token)
        self._kiosk, self.away, self.calls = kiosk, False, 0

    def _call(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        if self.away:
            raise Unknown("ConnectTimeout")
        self.calls += 1
        answer = self._kiosk._client.generic(method, API + path, json.dumps(body), "application/json", headers=headers)
        if answer.status_code >= 400:
            raise self._refusal(answer.status_code, answer.json())
        return answer.json()


def kept(journal: Journal) -> None:
    """A visit that is kept for staff."""
    journal.write("c" * 32, "register", 0, [Entry(0, 0, Result.DONE, 1, FindPatient(PEOPLE["测试甲"].number))])
    journal.hold("c" * 32, "ValueError at register.py:40")


def unsettled(journal: Journal) -> None:
    """One that is kept for staff, one whose outcome is not known, and news that does not arrive."""
    kept(journal)
    journal.write("d" * 32, "cancel", 0, [Entry(0, 0, Result.INTENT, request=ConfirmHold("h"))],
                  (f"{'d' * 32}-0-1", ReportPaper(1, PaperKind.REGISTRATION, 1, "printed")))


def test_what_a_machine_has_not_settled_and_what_happens_next(disk: Path) -> None:
    core = Core(Town(), disk)
    assert obligations.owed(core.journal) == ()
    unsettled(core.journal)
    held, *going_on = obligations.owed(core.journal)
    assert (held.kind, held.no, held.person) == ("visit_held", "CCCCCCCC", True)
    assert held.what == "“挂号”没有办完，留待人工处理：ValueError at register.py:40" and "--retry CCCCCCCC" in held.next
    assert {(one.kind, one.no, one.person) for one in going_on} == {("visit_open", "DDDDDDDD", False),
                                                                    ("news", "DDDDDDDD", False)}
    later = dt.datetime.now(dt.UTC)
    assert obligations.lasting(core.journal, later) == (held,), "who stands here just now is nobody's business"
    later += dt.timedelta(minutes=10)
    assert len(obligations.lasting(core.journal, later)) == 3
    assert obligations.line(held, later) == f"！CCCCCCCC  10分钟  {held.what}  → {held.next}"


def test_nothing_on_the_list_tells_of_anybody(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(next(table for table in tables("register") if "no printer" not in table.title), until=6)
    found = str(obligations.owed(core.journal))
    assert "visit_open" in found
    assert not any(word in found for person in PEOPLE.values() for word in (person.name, person.number, person.phone))


def test_a_record_that_was_tampered_with_comes_first(disk: Path) -> None:
    core = Core(Town(), disk)
    unsettled(core.journal)
    with sqlite3.connect(disk / "journal.sqlite3") as db:
        db.execute("INSERT INTO visit (id, journey, epoch, opened_at, held) VALUES (?, 'gone', 0, '2026', 'x')", ("b" * 32,))
        db.execute("INSERT INTO later (key, at, sealed) VALUES ('k', '?', ?)", (b"of another key",))
    db.close()
    kinds = [one.kind for one in obligations.owed(core.journal)]
    assert kinds[:3] == ["visit_held", "news_unreadable", "visit_held"]


def test_news_that_cannot_be_read_waits_since_it_was_written_and_costs_no_look_through_all_facts(
        disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = Core(Town(), disk)
    with sqlite3.connect(disk / "journal.sqlite3") as db:
        db.executemany("INSERT INTO later (key, at, sealed) VALUES (?, ?, ?)", [
            ("k1", "2026-11-20T08:00:00+00:00", b"of another key"), ("k2", "2026-11-19T08:00:00+00:00", b"of another key")])
    db.close()
    monkeypatch.setattr(core.journal, "facts", None)
    [one] = obligations.owed(core.journal)
    assert (one.kind, one.no, one.since) == ("news_unreadable", "NEWS", dt.datetime(2026, 11, 19, 8, tzinfo=dt.UTC))
    assert one.what.startswith("2 条") and "--drop NEWS" in one.next


def test_the_hospital_is_told_once_when_it_changes_and_again_after_a_while(disk: Path, books: str, kiosk: Kiosk) -> None:
    core, wire, time = Core(Town(), disk), Wired(kiosk), [0.0]
    telling = obligations.Telling(core.journal, wire, lambda: time[0])
    for _ in range(3):
        telling.tell()
    assert wire.calls == 1, "also that there is nothing: it may have been told otherwise before the crash"
    unsettled(core.journal)
    wire.away = True
    telling.tell()
    wire.away = False
    telling.tell()
    telling.tell()
    assert wire.calls == 2 and [one.no for one in told()] == ["K1 CCCCCCCC"]
    time[0] = obligations.AGAIN
    telling.tell()
    assert wire.calls == 3 and len(told()) == 1
    core.journal.close("c" * 32)
    telling.tell()
    assert told() == []


def test_the_background_tells_it_when_the_server_is_there(disk: Path) -> None:
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

    class Listening(TownHospital):
        def tell_obligations(self, owed: Any) -> None:
            heard.put(owed)
            threading.Event().wait()        # it has done what it is asked about

    core = Core(Town(), disk)
    kept(core.journal)
    Sync(core.journal, Listening(core.town), lambda message: None).start()      # type: ignore[arg-type]
    assert [one.no for one in heard.get(timeout=20)] == ["CCCCCCCC"]


def told() -> list[Any]:
    from hospital.money.obligations import owed
    return owed()


def test_settle_and_the_hospital_say_the_same_list(tmp_path: Path, hospital: Books, kiosk: Kiosk, channel: PaperChannel,
                                                   time: Clock, monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    hold = kiosk.hold(hospital.patient(), segment(hospital.session(fee=2500))).body["id"]
    disputed = kiosk.order(hold).body["no"]
    channel.pay(disputed, 1)
    kiosk.get(f"/orders/{disputed}")
    state, wire = tmp_path / "kiosk", Wired(kiosk)
    monkeypatch.setattr("kiosk.machine.Hospital", lambda url, token: wire)
    monkeypatch.setattr("kiosk.sync.Sync.start", lambda self: None)
    keep(state)

    said = settle(state, capsys)
    commands.obligations(commands._parser().parse_args(["obligations"]))
    staffs = [words(line.replace("！K1 ", "！")) for line in capsys.readouterr().out.splitlines()]
    assert said == staffs and [one[0] for one in said] == [f"！{disputed}", "！CCCCCCCC"]
    assert said[0][1:] == ["0.01元", "付款有疑：amount", "→ 由工作人员核对渠道账单后处理"]

    wire.away = True
    said = settle(state, capsys)
    assert said[0] == ["联系不上医院的服务器，下面只有本机的待处理账务。"] and [one[0] for one in said[1:]] == ["！CCCCCCCC"]


def keep(state: Path) -> None:
    from kiosk.machine import Machine
    from kiosk.settings import read

    one = Machine(state, read(OFFLINE), lambda message: None)
    one.journal.write("c" * 32, "gone", 0, [Entry(0, 0, Result.DONE, 1, FindPatient("x"))])
    one.journal.hold("c" * 32, "no such journey")
    one.close()


def settle(state: Path, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The lines of its list, without ages: each side has a clock of its own here."""
    given = [word for name, value in OFFLINE.items() for word in ("--set", f"{name}={value}")]
    assert main(["settle", "--state", str(state), "--seconds", "0", *given]) == 1
    lines = capsys.readouterr().out.splitlines()
    return [words(line) for line in lines if not line.startswith(("20", "open visits"))]


def words(line: str) -> list[str]:
    return [word for word in line.split("  ") if not word[:1].isdigit() or "元" in word]


def test_an_obligation_of_the_hospital_reads_as_it_writes_it() -> None:
    one = Obligation("refunding", "R1", 2505, NOW - dt.timedelta(hours=49), "退款处理中：退号", "系统自动向渠道申请", person=False)
    assert obligations.line(one, NOW) == "　R1  25.05元  2天  退款处理中：退号  → 系统自动向渠道申请"
