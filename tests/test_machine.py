"""What keeps a kiosk whole when its own folder, its key or its records are not as they should be."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core import Core
from kiosk.__main__ import main
from kiosk.hospital import Unknown
from kiosk.machine import InUse, Machine
from kiosk.play import Entry, Result
from kiosk.requests import ConfirmHold, EnterNumber, FindPatient, Release, Row, SeenNotice
from kiosk.settings import BadSetting, read
from kiosk.words import say
from tables import Player, tables
from town import Town

TABLES = {table.title: table for table in tables("register")}
KNOWN = TABLES["register: known ID card, general clinic, today, paid"]
OFFLINE = {"hospital_url": "http://127.0.0.1:9", "idcard_url": "serial:///dev/null-a", "scanner_url": "serial:///dev/null-b",
           "printer_url": "serial:///dev/null-c"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "kiosk"


def machine(state: Path) -> Machine:
    return Machine(state, read(OFFLINE), lambda message: None)


def at_the_payment(folder: Path) -> Core:
    core = Core(Town(), folder)
    Player(core).play(KNOWN, until=6)
    assert core.page() == "pay"
    return core


def test_two_programs_never_share_a_state_folder(state: Path) -> None:
    first = machine(state)
    with pytest.raises(InUse):
        machine(state)
    first.close()
    machine(state).close()


def test_settle_beside_a_running_kiosk_touches_nothing(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = machine(state)
    given = [word for name, value in OFFLINE.items() for word in ("--set", f"{name}={value}")]
    assert main(["settle", "--state", str(state), *given]) == 1
    assert "stop it first" in capsys.readouterr().err
    first.close()


def test_a_lost_key_is_said_and_stops_nobody(state: Path) -> None:
    first = machine(state)
    request = ConfirmHold("h")
    first.journal.write("a" * 32, "register", 0, [Entry(0, 0, Result.INTENT, request=request)], ("k", request))
    first.close()
    (state / "machine.key").unlink()
    again = machine(state)
    [visit] = again.journal.open_visits()
    assert visit.held == "unreadable" and again.journal.owed() == ()
    assert [key for key, _ in again.journal.unreadable()] == ["k"]
    assert [fact.kind for fact in again.journal.facts()] == ["key_lost"]
    again.close()


def test_one_unreadable_visit_keeps_no_other_from_being_settled(disk: Path) -> None:
    core = at_the_payment(disk)
    with sqlite3.connect(disk / "journal.sqlite3") as db:
        db.execute("INSERT INTO visit (id, journey, epoch, opened_at) VALUES (?, 'register', 0, '2026')", ("b" * 32,))
        db.execute("INSERT INTO entry VALUES (?, 0, 0, 'Identify', '', 'done', ?)", ("b" * 32, b"of another key"))
    db.close()
    core.cut()
    core.settle(300)
    [visit] = core.journal.open_visits()
    assert (visit.id, visit.held) == ("b" * 32, "unreadable")
    assert ("held", {"journey": "register", "reference": "BBBBBBBB"}) in core.facts()


def test_staff_decide_about_a_kept_visit(state: Path) -> None:
    def keep() -> None:
        one = machine(state)
        one.journal.write("c" * 32, "gone", 0, [Entry(0, 0, Result.DONE, 1, FindPatient("x"))])
        one.journal.hold("c" * 32, "no such journey")
        one.close()

    def settle(*words: str) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
        given = [word for name, value in OFFLINE.items() for word in ("--set", f"{name}={value}")]
        main(["settle", "--state", str(state), "--seconds", "0", *given, *words])
        one = machine(state)
        found = [visit.held for visit in one.journal.open_visits()], [(f.kind, f.data) for f in one.journal.facts()]
        one.close()
        return found

    keep()
    assert settle("--retry", "CCCCCCCC")[0] in ([""], ["no such journey"]), "it is played, and may be kept again"
    keep()
    held, facts = settle("--drop", "cccccccc")
    assert held == [] and ("decided", {"reference": "CCCCCCCC", "how": "close"}) in facts


def test_news_that_nobody_can_read_any_more_is_dropped_by_staff(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [word for name, value in OFFLINE.items() for word in ("--set", f"{name}={value}")]
    first = machine(state)
    for number in (1, 2):
        first.journal.write("a" * 32, "register", 0, [], (f"k{number}", ConfirmHold("h")))
    first.journal.close("a" * 32)
    first.close()
    (state / "machine.key").unlink()
    settle = ["settle", "--state", str(state), "--seconds", "0", *given]
    main(settle)
    assert "2 条消息读不出来" in capsys.readouterr().out
    main([*settle, "--drop", "news"])
    assert "读不出来" not in capsys.readouterr().out
    again = machine(state)
    assert again.journal.unreadable() == ()
    assert [fact.data for fact in again.journal.facts() if fact.kind == "decided"] == [
        {"reference": "NEWS", "how": "dropped", "count": 2}]
    again.close()
    assert main([*settle, "--drop", "NEWS"]) == 2, "once"


def test_nobody_can_drop_a_visit_that_is_not_kept(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [word for name, value in OFFLINE.items() for word in ("--set", f"{name}={value}")]
    assert main(["settle", "--state", str(state), "--drop", "DDDDDDDD", *given]) == 2
    assert "No visit DDDDDDDD" in capsys.readouterr().err


def test_the_end_of_the_facts_cannot_be_cut_off_nor_sealed_anew_without_the_key(disk: Path) -> None:
    core = Core(Town(), disk)
    core.journal.note([("visit", {"journey": "register"}), ("end", {"journey": "register", "how": "done"})])
    assert core.journal.broken_link() is None
    with sqlite3.connect(disk / "journal.sqlite3") as db:
        last = db.execute("SELECT max(id) FROM fact").fetchone()[0]
        db.execute("DELETE FROM fact WHERE id = ?", (last,))
    db.close()
    assert core.journal.broken_link() == last


def test_names_travel_in_the_clear_only_inside_the_machine() -> None:
    assert read({"hospital_url": "http://127.0.0.1:8200"}) and read({"hospital_url": "https://his.hospital.example"})
    with pytest.raises(BadSetting, match="https"):
        read({"hospital_url": "http://his.hospital.example"})


def test_no_repr_shows_a_person() -> None:
    number = "999999199001010016"
    shown = [Entry(0, 0, Result.DONE, number, EnterNumber(title=say("identify.type"), kind="id_number")),
             Row(say("row.name"), say("person", who=number)), FindPatient(number), say("id", number=number)]
    assert number not in repr(shown)


def test_what_cannot_be_delivered_keeps_back_only_its_own_visit(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(KNOWN)
    core.settle(30)
    core.journal.write("e" * 32, "register", 0, [], ("e-0-0", SeenNotice("broken")))
    core.journal.write("e" * 32, "register", 0, [], ("e-0-1", SeenNotice("later")))
    core.journal.write("f" * 32, "register", 0, [], ("f-0-0", Release("nothing")))
    seen: list[str] = []

    def see(notice: str, key: str) -> None:
        seen.append(notice)
        if notice == "broken":
            raise Unknown("http_500")

    core.town.hospital.seen_notice = see        # type: ignore[method-assign]
    core.town.hospital.release = lambda hold, key: None     # type: ignore[method-assign]
    core.sync.deliver()
    assert seen == ["broken"], "the news of one visit goes in its order"
    assert [owed.key for owed in core.journal.owed()] == ["e-0-0", "e-0-1"]


def test_back_from_a_place_that_was_lost_leads_to_another_question(disk: Path) -> None:
    """Not to the same list as it was before."""
    table = next(table for table in tables("mishaps") if "taken" in table.title)
    core = Core(Town(), disk)
    lost = next(at for at, step in enumerate(table.steps) if step.page == "time" and "reads" in step.acts[0])
    Player(core).play(table, until=lost)
    assert core.page() == "time"
    core.back()
    core.settle(5)
    assert core.page() == "choose"


def test_a_place_kept_for_somebody_who_left_meanwhile_is_given_back(disk: Path) -> None:
    core = Core(Town(), disk)
    Player(core).play(KNOWN, until=4)
    assert core.page() == "time"
    held = core.town.hospital.hold

    def slowly(patient: int, segment: str, key: str) -> Any:
        hold = held(patient, segment, key)
        core.desk.drop(core.stage._jobs[next(iter(core.stage._jobs))])
        return hold

    core.town.hospital.hold = slowly        # type: ignore[method-assign]
    core.take_time()
    assert all(core.town.free(place) for places in core.town.segments.values() for place in places)
