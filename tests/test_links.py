"""Lines over pseudo-terminals and local sockets: bytes, deadlines, cancels, and how a lost line looks."""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import drivers
from drivers.contract import Cancelled, Gone, Link, NoAnswer
from drivers.links import Spy, open_link
from far_end import End, Pty, Socket
from leftovers import Mark


@pytest.fixture(params=[Pty, Socket])
def end(request: pytest.FixtureRequest) -> Iterator[End]:
    other: End = request.param()
    yield other
    other.hang_up()


@pytest.fixture
def link(end: End) -> Iterator[Link]:
    line = open_link(end.url)
    if isinstance(end, Socket):
        assert end.peer
    yield line
    line.close()


def exactly(link: Link, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = link.read(20)
        assert more, f"only {len(data)} of {size} bytes came"
        data += more
    return data


def test_every_byte_passes_unchanged_both_ways(end: End, link: Link) -> None:
    alphabet = bytes(range(256))
    end.send(alphabet)
    assert exactly(link, 256) == alphabet
    link.write(alphabet)
    got = b""
    while len(got) < 256:
        got += end.receive()
    assert got == alphabet


def test_silence_lasts_its_timeout_and_is_empty(link: Link) -> None:
    began = time.monotonic()
    assert link.read(0.05) == b""
    assert 0.05 <= time.monotonic() - began < 10


def test_a_read_returns_as_soon_as_a_byte_is_there(end: End, link: Link) -> None:
    end.send(b"x")
    began = time.monotonic()
    assert link.read(30) == b"x"
    assert time.monotonic() - began < 10


def test_cancel_wakes_the_waiting_read(link: Link) -> None:
    canceller = threading.Timer(0.05, link.cancel)
    canceller.start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        link.read(30)
    assert time.monotonic() - began < 10
    canceller.join()


def test_cancel_before_the_read_is_not_lost_and_counts_once(end: End, link: Link) -> None:
    for _ in range(3):
        link.cancel()
    with pytest.raises(Cancelled):
        link.read(10)
    end.send(b"after")
    assert exactly(link, 5) == b"after"


def test_many_cancels_from_many_threads_never_lose_one(link: Link) -> None:
    """Each cancel is sent while the reader is anywhere around its read; each must end one wait."""
    ended = threading.Semaphore(0)
    begin = threading.Semaphore(0)

    def reader() -> None:
        for _ in range(300):
            begin.acquire()
            with pytest.raises(Cancelled):
                link.read(30)
            ended.release()

    thread = threading.Thread(target=reader)
    thread.start()
    for _ in range(300):
        begin.release()
        link.cancel()
        assert ended.acquire(timeout=20)
    thread.join()


def test_rearm_forgets_a_late_cancel(end: End, link: Link) -> None:
    link.cancel()
    link.rearm()
    assert link.read(0.01) == b""


def test_dropped_input_never_comes_back(end: End, link: Link) -> None:
    end.send(b"old")
    select.select([link], [], [], 20)
    link.drop_input()
    end.send(b"new")
    assert exactly(link, 3) == b"new"


def test_a_hung_up_line_is_gone_for_reader_and_writer(end: End, link: Link) -> None:
    end.hang_up()
    with pytest.raises(Gone):
        link.read(20)
    with pytest.raises(Gone):
        for _ in range(10):
            link.write(b"x" * 1000)


def test_hang_up_wakes_the_waiting_read(end: End, link: Link) -> None:
    unplug = threading.Timer(0.05, end.hang_up)
    unplug.start()
    with pytest.raises(Gone):
        link.read(10)
    unplug.join()


def test_a_line_that_takes_nothing_times_out(end: End, link: Link) -> None:
    if isinstance(end, Socket):
        end.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        link.write(b"x" * 20_000_000, timeout=0.3)
    assert time.monotonic() - began < 10
    began = time.monotonic()
    link.close()
    assert time.monotonic() - began < 10


def test_a_closed_line_is_gone_and_cancel_and_close_do_nothing(link: Link) -> None:
    link.close()
    link.close()
    link.cancel()
    link.rearm()
    for use in (lambda: link.read(1), lambda: link.write(b"x"), link.drop_input):
        with pytest.raises(Gone):
            use()


def test_closing_releases_every_descriptor(end: End) -> None:
    open_link(end.url).close()
    mark = Mark()
    for _ in range(200):
        if isinstance(end, Socket):
            end = Socket()
        open_link(end.url).close()
        if isinstance(end, Socket):
            end.hang_up()
    assert mark.left() == []


def test_a_serial_line_is_exclusive_and_free_after_close() -> None:
    other = Pty()
    first = open_link(other.url)
    with pytest.raises(Gone):
        open_link(other.url)
    first.close()
    open_link(other.url).close()
    other.hang_up()


def test_a_symbolic_link_names_a_line_and_its_speed_can_change(tmp_path: os.PathLike[str]) -> None:
    other = Pty()
    name = os.path.join(tmp_path, "idcard")
    os.symlink(other.path, name)
    line = open_link(f"serial://{name}?baud=9600&parity=E&flow=none")
    line.set_baud(57600)
    line.write(b"hello")
    assert other.receive() == b"hello"
    line.close()
    other.hang_up()


@pytest.mark.parametrize("url", ["serial:///dev/no-such-port", "serial:///dev/null", "tcp://127.0.0.1:1"])
def test_what_cannot_be_opened_is_gone(url: str) -> None:
    with pytest.raises(Gone):
        open_link(url)


@pytest.mark.parametrize("url", [
    "", "usb://1", "tcp://host", "tcp://host:1/path", "serial://dev/x", "serial:///dev/x?boud=9600",
    "serial:///dev/x?baud=fast", "serial:///dev/x?flow=maybe", "serial:///dev/x?baud", "tcp://host:port"])
def test_an_address_nobody_understands_is_an_error_of_the_settings(url: str) -> None:
    with pytest.raises(ValueError):
        open_link(url)


def test_other_kinds_of_lines_are_files_loaded_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link_mirror.py").write_text("def open(parts):\n    return (parts.netloc, parts.path, parts.query)\n")
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(tmp_path)])
    assert open_link("mirror://wall/left?tilt=3") == ("wall", "/left", "tilt=3")
    monkeypatch.delitem(sys.modules, "drivers.link_mirror")
    with pytest.raises(ValueError, match="no such kind of line"):
        open_link("mirror.x://wall")


def test_the_spy_tells_direction_and_length_and_no_personal_byte(end: End) -> None:
    seen: list[str] = []
    line = open_link(end.url, Spy(seen.append, lambda data: data == b"\x10\x04\x01"))
    line.write(b"\x10\x04\x01")
    line.write("测试".encode())
    end.send(b"secret")
    got = exactly(line, 6)
    line.close()
    assert got == b"secret"
    assert seen[:2] == ["> 3 bytes 10 04 01", "> 6 bytes"]
    assert all(line.startswith("< ") and line.endswith("bytes") for line in seen[2:])
