"""A program as a line: it speaks, dies, is started again, and leaves nobody behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from drivers.contract import Cancelled, Gone, Link, OutcomeUnknown, Settled
from drivers.link_exec import ExecLink
from drivers.links import open_link
from drivers.terminal_exec import Device
from leftovers import Mark

ECHO = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"


def url(*words: str, program: str = sys.executable) -> str:
    return f"exec://{program}" + ("?" + "&".join(f"arg={quote(word)}" for word in words) if words else "")


def python(script: str) -> str:
    return url("-c", script)


@pytest.fixture
def links() -> Iterator[list[Link]]:
    opened: list[Link] = []
    yield opened
    for link in opened:
        link.close()


def open_one(links: list[Link], address: str) -> Link:
    links.append(open_link(address))
    return links[-1]


def read(link: Link, size: int) -> bytes:
    data = b""
    deadline = time.monotonic() + 30
    while len(data) < size and time.monotonic() < deadline:
        data += link.read(1)
    return data


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_bytes_go_and_come(links: list[Link]) -> None:
    link = open_one(links, python(ECHO))
    link.write(b"hello\n")
    assert read(link, 6) == b"HELLO\n"
    assert link.read(0) == b""


def test_arguments_are_words_and_no_shell_reads_them(links: list[Link]) -> None:
    words = ("a b", "$HOME;`id`", "", "张")
    link = open_one(links, url("-c", "import sys; print(sys.argv[1:], flush=True); sys.stdin.read()", *words))
    expected = (repr(list(words)) + "\n").encode()
    assert read(link, len(expected)) == expected


def test_the_environment_is_minimal(links: list[Link], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_SECRET", "x")
    link = open_one(links, url(program="/usr/bin/env"))
    with pytest.raises(Gone):
        said = b""
        while True:
            said += link.read(5)
    assert sorted(line.split(b"=")[0] for line in said.split()) == [b"LANG", b"PATH"]


@pytest.mark.parametrize("address", [
    "exec:relative", "exec://host/bin/cat", "exec:///bin/cat?word=1", "exec:///bin/cat?arg"])
def test_what_is_no_program(address: str) -> None:
    with pytest.raises(ValueError):
        open_link(address)


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/etc/hostname", "/tmp"])
def test_what_cannot_be_started_is_gone(path: str) -> None:
    with pytest.raises(Gone):
        open_link(f"exec://{path}")


def test_a_program_that_dies_is_gone(links: list[Link]) -> None:
    link = open_one(links, python("import sys; sys.stdin.readline()"))
    link.write(b"\n")
    with pytest.raises(Gone):
        for _ in range(300):
            link.read(0.1)
    with pytest.raises(Gone):
        for _ in range(100):
            link.write(b"anybody?\n")


def test_one_whose_child_holds_the_line_open_is_gone_too(links: list[Link]) -> None:
    link = open_one(links, python("import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"))
    child = int(read(link, 2).split()[0])
    with pytest.raises(Gone):
        for _ in range(300):
            link.read(0.1)
    link.close()
    deadline = time.monotonic() + 30
    while not gone(child) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert gone(child)


def test_closing_ends_it_politely_or_not(links: list[Link]) -> None:
    for script in (ECHO, "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)"):
        link = open_one(links, python(script))
        assert isinstance(link, ExecLink)
        pid = link._process.pid
        if script is not ECHO:
            assert read(link, 3) == b"up\n"
        began = time.monotonic()
        link.close()
        assert gone(pid) and time.monotonic() - began < 15
        with pytest.raises(Gone):
            link.read(0)


def test_a_cancel_ends_the_wait(links: list[Link]) -> None:
    link = open_one(links, python(ECHO))
    threading.Timer(0.05, link.cancel).start()
    with pytest.raises(Cancelled):
        link.read(30)


def test_fifty_times_leave_nothing() -> None:
    mark, pids = Mark(), []
    for _ in range(50):
        link = open_link("exec:///bin/cat")
        assert isinstance(link, ExecLink)
        pids.append(link._process.pid)
        link.close()
    assert mark.left() == []
    assert all(map(gone, pids))


# A bank's program behind it.


def vendor(links: list[Link], book: Path, *more: str) -> Device:
    device = Device(open_one(links, url("-m", "drivers.sim.vendor", str(book), *more)))
    assert device.identify() == "bank terminal, VENDOR-TEST 1.0"
    return device


def test_a_payment_by_a_bank_s_program_killed_before_it_has_answered(links: list[Link], tmp_path: Path) -> None:
    book = tmp_path / "book.json"
    device = vendor(links, book)
    assert device.pay("K1", 1205, 30).settled is Settled.APPROVED
    with pytest.raises(OutcomeUnknown):
        vendor(links, book, "dies").pay("K2", 500, 30)
    told = vendor(links, book).query("K2")              # connecting again starts it again
    assert (told.settled, told.amount) == (Settled.APPROVED, 500)
    assert vendor(links, book).query("K3").settled is Settled.NEVER


def test_a_program_that_is_killed_while_nobody_looks(links: list[Link], tmp_path: Path) -> None:
    device = vendor(links, tmp_path / "book.json")
    link = links[-1]
    assert isinstance(link, ExecLink)
    os.kill(link._process.pid, signal.SIGKILL)
    with pytest.raises(Gone):
        for _ in range(100):
            device.status()
    with pytest.raises(Gone):
        device.pay("K1", 500, 10)
