"""The machine's memory: what survives, what is erased, and what cannot be changed unseen."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import kiosk.journal
from core import Core
from kiosk import moments
from kiosk.care import Document, PaperKind
from kiosk.journal import Journal, machine_key
from kiosk.play import Entry, Result
from kiosk.requests import FindPatient, Left, Refused, ReportPaper
from remains import remains
from tables import Player, tables
from town import Town
from townsfolk import PEOPLE

KEY = os.urandom(32)
STRANGER = PEOPLE["测试己"]
DOCUMENT = Document("resident", STRANGER.number, STRANGER.name)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite3", KEY)


def entry(position: int, result: Result = Result.DONE, value: object = None, epoch: int = 0) -> Entry:
    return Entry(position, epoch, result, value, FindPatient(DOCUMENT))


def raw(journal: Journal) -> sqlite3.Connection:
    return sqlite3.connect(journal._path, isolation_level=None)


# Visits.


def test_a_visit_is_there_after_the_next_start(journal: Journal, tmp_path: Path) -> None:
    journal.write("v1", "register", 2, [entry(0, value=DOCUMENT), entry(1, Result.REFUSED, Refused("full", left=0)),
                                        entry(2, Result.LEFT, Left("back")), entry(3, Result.INTENT)])
    [visit] = Journal(tmp_path / "journal.sqlite3", KEY).open_visits()
    assert (visit.id, visit.journey, visit.epoch, visit.held) == ("v1", "register", 2, "")
    document, refused, left, intent = visit.history
    assert document.value == DOCUMENT
    assert (refused.value.reason, refused.value.data) == ("full", {"left": 0})
    assert left.value.why == "back" and intent.result is Result.INTENT
    assert all(one.records(FindPatient(DOCUMENT)) for one in visit.history)
    assert not document.records(FindPatient("999999199001010016"))


def test_an_outcome_takes_the_place_of_its_intent(journal: Journal) -> None:
    journal.write("v1", "register", 0, [entry(0), entry(1, Result.INTENT)])
    journal.write("v1", "register", 0, [entry(1, Result.DONE, 7)])
    assert [(one.result, one.value) for one in journal.open_visits()[0].history] == [(Result.DONE, None), (Result.DONE, 7)]


def test_after_a_step_back_the_old_way_is_gone(journal: Journal) -> None:
    journal.write("v1", "register", 0, [entry(at) for at in range(5)])
    journal.write("v1", "register", 1, [entry(2, epoch=1)])
    [visit] = journal.open_visits()
    assert visit.epoch == 1 and [one.epoch for one in visit.history] == [0, 0, 1]


def test_a_closed_visit_is_gone_and_a_held_one_says_why(journal: Journal) -> None:
    journal.write("v1", "register", 0, [entry(0)])
    journal.write("v2", "cancel", 0, [entry(0)])
    journal.close("v1")
    journal.hold("v2", "diverged")
    assert [(visit.id, visit.held) for visit in journal.open_visits()] == [("v2", "diverged")]


def test_a_commit_is_all_or_nothing(journal: Journal) -> None:
    journal.write("v1", "register", 0, [entry(0)])
    with pytest.raises(TypeError):
        journal.write("v1", "register", 0, [entry(1), entry(2, value=object())])
    assert len(journal.open_visits()[0].history) == 1


def test_every_acknowledged_commit_survives_a_power_cut(journal: Journal) -> None:
    """The settings on which that rests (measured: NORMAL loses acknowledged commits)."""
    db = journal._connection()
    assert [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "secure_delete")] \
        == ["wal", 2, 1]


# What is owed later.


def test_news_lies_in_its_order_until_it_is_delivered(journal: Journal) -> None:
    reports = [ReportPaper(7, PaperKind.REGISTRATION, copy, "printed") for copy in (1, 2, 3)]
    for number, report in enumerate(reports):
        journal.write("v1", "register", 0, [entry(number)], later=(f"k{number}", report))
    assert [(owed.key, owed.request) for owed in journal.owed()] == [(f"k{at}", report) for at, report in enumerate(reports)]
    journal.close("v1")
    journal.delivered(["k0", "k2"])
    assert [owed.key for owed in journal.owed()] == ["k1"]


def test_the_same_news_is_owed_once(journal: Journal) -> None:
    for _ in range(2):
        journal.write("v1", "register", 0, [entry(0)], later=("k", ReportPaper(7, PaperKind.REFUND, 1, "none")))
    assert len(journal.owed()) == 1


# Nothing personal.


def stored(folder: Path) -> bytes:
    """Every byte of the journal: the file, its write-ahead log, its index."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("journal.sqlite3*")))


def sealed(folder: Path) -> list[bytes]:
    """What somebody who has the disk and the machine's key can read of it."""
    return list(remains(stored(folder), (folder / "machine.key").read_bytes()))


SECRETS = [text.encode() for text in (STRANGER.name, STRANGER.number, STRANGER.phone)]


def visit_of_a_stranger(folder: Path, until: int | None) -> Core:
    core = Core(Town(), folder)
    table = next(table for table in tables("register") if "stranger" in table.title)
    Player(core).play(table, until=until)
    return core


def test_an_open_visit_is_sealed(disk: Path) -> None:
    core = visit_of_a_stranger(disk, until=6)
    assert not [secret for secret in SECRETS if secret in stored(disk)]
    core.home()
    core.settle(5)


def test_a_visit_in_flight_can_be_read_with_the_key_and_is_gone_when_closed(disk: Path) -> None:
    core = visit_of_a_stranger(disk, until=7)
    written = sealed(disk)
    assert core.page() == "done" and any(SECRETS[1] in data for data in written), "the test looks in the right place"
    core.touch("完成")
    core.settle(5)
    assert core.journal.open_visits() == ()
    assert not [secret for secret in SECRETS if secret in stored(disk)]
    assert not [data for data in sealed(disk) if any(secret in data for secret in SECRETS)], "erased, not only unlinked"


def test_facts_have_no_names(disk: Path) -> None:
    core = visit_of_a_stranger(disk, until=None)
    told = str(core.facts())
    assert "register" in told and not any(secret.decode() in told for secret in SECRETS)


# Facts.


@pytest.fixture
def facts(journal: Journal) -> Journal:
    journal.note([("visit", {"journey": "register"}), ("left", {"why": "home"})])
    journal.note([("refused", {"reason": "slot_full"}), ("end", {"how": "done"})])
    assert journal.broken_link() is None
    return journal


def test_facts_are_kept_in_order_with_their_time(facts: Journal) -> None:
    assert [(fact.kind, fact.data) for fact in facts.facts()] == [
        ("visit", {"journey": "register"}), ("left", {"why": "home"}), ("refused", {"reason": "slot_full"}),
        ("end", {"how": "done"})]
    assert [fact.kind for fact in facts.facts(after=2, most=1)] == ["refused"]
    assert all(fact.at.endswith("+00:00") for fact in facts.facts())


TAMPERED: dict[str, tuple[str, int]] = {
    "a changed word": ("UPDATE fact SET data = '{\"reason\": \"fee\"}' WHERE id = 3", 3),
    "a changed kind": ("UPDATE fact SET kind = 'visit' WHERE id = 2", 2),
    "a changed time": ("UPDATE fact SET at = '2026-01-01T00:00:00.000+00:00' WHERE id = 1", 1),
    "one taken out": ("DELETE FROM fact WHERE id = 2", 3),
    "the first taken out": ("DELETE FROM fact WHERE id = 1", 2),
    "one put in": ("INSERT INTO fact (at, kind, data, hash) SELECT at, kind, data, hash FROM fact WHERE id = 2", 5),
    "two exchanged": ("UPDATE fact SET id = CASE id WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE id END; "
                      "UPDATE fact SET id = -id WHERE id < 0", 2),
}


@pytest.mark.parametrize("tampering", TAMPERED)
def test_no_fact_can_be_changed_unseen(facts: Journal, tampering: str) -> None:
    statements, first_wrong = TAMPERED[tampering]
    raw(facts).executescript(statements)
    assert facts.broken_link() == first_wrong


# What rides along with other commits.


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One word for every commit that came through."""
    found: list[str] = []
    monkeypatch.setattr(moments, "happens", lambda moment: found.append(moment) if moment == "after commit" else None)
    return found


def kinds_on_disk(journal: Journal) -> list[str]:
    """What another program finds."""
    return [kind for kind, in raw(journal).execute("SELECT kind FROM fact ORDER BY id")]


def test_a_fact_rides_along_with_the_next_commit(journal: Journal, commits: list[str], monkeypatch: pytest.MonkeyPatch
                                                 ) -> None:
    times = iter(("at eight", "at nine", "at ten"))
    monkeypatch.setattr(kiosk.journal, "_now", lambda: next(times))
    journal.note([("visit", {})], now=False)
    journal.note([("left", {})], now=False)
    assert commits == [] and kinds_on_disk(journal) == []
    journal.write("v1", "register", 0, [entry(0)])
    assert len(commits) == 1 and kinds_on_disk(journal) == ["visit", "left"]
    assert [fact.at for fact in journal.facts()] == ["at eight", "at nine"], "each with its own time"
    assert len(commits) == 1 and journal.broken_link() is None


@pytest.mark.parametrize("read", [lambda journal: [fact.kind for fact in journal.facts()] == ["visit"],
                                  lambda journal: journal.last_fact() == 1,
                                  lambda journal: journal.broken_link() is None], ids=("facts", "last_fact", "broken_link"))
def test_who_reads_facts_reads_those_that_wait_too(journal: Journal, commits: list[str],
                                                   read: Callable[[Journal], bool]) -> None:
    journal.note([("visit", {})], now=False)
    assert journal.facts_on_disk() == () and read(journal)
    assert kinds_on_disk(journal) == ["visit"] and len(commits) == 1


def test_what_must_not_be_lost_is_on_disk_at_once_behind_what_waited(journal: Journal) -> None:
    journal.note([("visit", {})], now=False)
    journal.note([("decided", {})])
    assert kinds_on_disk(journal) == ["visit", "decided"]


def test_nothing_waits_no_commit(journal: Journal, commits: list[str]) -> None:
    journal.flush()
    journal.delivered([])
    journal.flush()
    assert commits == []


@pytest.mark.parametrize("trouble", [sqlite3.OperationalError("database or disk is full"), TypeError("a fault of our own")],
                         ids=("full", "fault"))
def test_what_rode_with_a_commit_that_failed_waits_for_the_next(journal: Journal, trouble: Exception,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(moment: str) -> None:
        if moment == "in commit":
            journal.note([("meanwhile", {})], now=False)
            raise trouble

    news = ReportPaper(7, PaperKind.REGISTRATION, 1, "printed")
    journal.write("v1", "register", 0, [entry(0)], later=("k", news))
    for kind in ("visit", "left"):
        journal.note([(kind, {})], now=False)
    journal.delivered(["k"])
    journal.tell(3)
    monkeypatch.setattr(moments, "happens", fail)
    with pytest.raises(type(trouble)):
        journal.close("v1")
    monkeypatch.setattr(moments, "happens", None)
    assert kinds_on_disk(journal) == [] and len(journal.open_visits()) == 1, "all or nothing"
    assert journal.owed() == () and journal.told() == 3
    journal.close("v1")
    assert kinds_on_disk(journal) == ["visit", "left", "meanwhile"] and journal.broken_link() is None
    again = Journal(journal._path, KEY)
    assert (again.open_visits(), again.owed(), again.told()) == ((), (), 3)


def test_delivered_news_is_owed_no_more_and_after_a_crash_it_is_owed_again(journal: Journal) -> None:
    for number in (1, 2):
        journal.write("v1", "register", 0, [entry(number)],
                      later=(f"k{number}", ReportPaper(7, PaperKind.REGISTRATION, number, "printed")))
    journal.delivered(["k1"])
    assert [owed.key for owed in journal.owed()] == ["k2"] and journal.unreadable() == ()
    assert [owed.key for owed in Journal(journal._path, KEY).owed()] == ["k1", "k2"], "the same key: sent twice, heard once"
    journal.close("v1")
    assert [owed.key for owed in Journal(journal._path, KEY).owed()] == ["k2"]


def test_what_is_prepared_is_not_sealed_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed: list[object] = []
    seal = journal._sealed
    monkeypatch.setattr(journal, "_sealed", lambda data: [sealed.append(data), seal(data)][1])
    entries = [entry(0, value=DOCUMENT), entry(1, value=7)]
    journal.prepare(entries)
    assert len(sealed) == 2 and not raw(journal).execute("SELECT 1 FROM entry").fetchall()
    journal.write("v1", "register", 0, entries)
    assert len(sealed) == 2 and [one.value for one in journal.open_visits()[0].history] == [DOCUMENT, 7]


def test_a_registration_has_two_commits_for_each_irrevocable_act_and_two_more(disk: Path, commits: list[str]) -> None:
    """The payment's order, the booking, the print: intent and outcome each; the news of the paper; the end."""
    core = Core(Town(), disk)
    core.settle(30)
    commits.clear()
    Player(core).play(next(iter(tables("register"))))
    assert core.page() == "welcome" and core.journal.open_visits() == ()
    acts = [what for what, _ in core.town.answers.values()]
    assert len(commits) == 2 * (3 + 1), acts


def test_what_was_told_is_remembered(facts: Journal, tmp_path: Path) -> None:
    assert facts.told() == 0
    facts.tell(3)
    assert facts.told() == 3
    facts.flush()
    assert Journal(tmp_path / "journal.sqlite3", KEY).told() == 3


# Threads.


def at_once(*works: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures and not any(thread.is_alive() for thread in threads), failures


def test_many_threads_write_one_memory(journal: Journal) -> None:
    def write(number: int) -> Callable[[], None]:
        def work() -> None:
            for at in range(20):
                journal.note([("step", {"thread": number, "at": at})])
                journal.write(f"v{number}", "register", 0, [entry(at, value=at)])
        return work

    at_once(*(write(number) for number in range(6)))
    assert journal.broken_link() is None and len(journal.facts()) == 120
    assert [[one.value for one in visit.history] for visit in journal.open_visits()] == [list(range(20))] * 6
    for number in range(6):
        mine = [fact.data["at"] for fact in journal.facts() if fact.data["thread"] == number]
        assert mine == list(range(20)), "each thread's own order is kept"


# A full disk.


@contextmanager
def no_room() -> Iterator[None]:
    """Nothing on the disk can grow beyond 16 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_after_an_orderly_end_it_opens_on_a_full_disk_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.sqlite3", KEY)
    first.write("v1", "register", 0, [entry(0, value=DOCUMENT)])
    first.note([("visit", {})])
    first._connection().close()
    assert not list(tmp_path.glob("*-shm")), "the last to leave takes it away"
    with no_room():
        journal = Journal(tmp_path / "journal.sqlite3", KEY)
        assert [one.history[0].value for one in journal.open_visits()] == [DOCUMENT]
        with pytest.raises(sqlite3.Error):
            journal.note([("large", {"words": "x" * 20_000})])
    journal.flush()
    journal.close("v1")
    assert [fact.kind for fact in journal.facts()] == ["visit", "large"] and journal.broken_link() is None
    assert PEOPLE["测试己"].number.encode() not in stored(tmp_path)


# The key.


def test_the_key_is_made_once_and_is_its_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "machine.key"
    key = machine_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert machine_key(path) == key == path.read_bytes()
    assert len(key) == 43       # 32 random bytes, as text
    assert machine_key(tmp_path / "other.key") != key
    assert sorted(file.name for file in tmp_path.iterdir()) == ["machine.key", "other.key"]


def test_a_half_written_key_is_never_used(tmp_path: Path) -> None:
    """A cut while the key was written leaves a file of another name; the next start makes a whole key."""
    (tmp_path / "machine.new").write_bytes(b"half")
    assert len(machine_key(tmp_path / "machine.key")) == 43


def test_the_key_and_its_name_are_on_the_disk_before_anything_is_sealed_with_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[tuple[bool, bool]] = []
    fsync = os.fsync

    def watched(fd: int) -> None:
        forced.append((stat.S_ISDIR(os.fstat(fd).st_mode), (tmp_path / "machine.key").exists()))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", watched)
    machine_key(tmp_path / "machine.key")
    assert forced == [(False, False), (True, True)], "the file, then the folder with its name"
