"""The line scanner: what was shown to nobody stays unseen, and a code ends when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from drivers.contract import Cancelled, Gone, NothingPresented, State, Status
from drivers.links import open_link
from drivers.scanner_line import Device
from far_end import Answering, Pty, Watched

CODE = b"134567890123456789"
SILENCE = b""


def scan(*coming: bytes, suffix: str = "any", timeout: float = 0.05) -> str:
    """What a scan answers when its reads give these pieces, and silence from then on."""
    link = Answering(lambda data: ())
    link.coming.extend(coming)
    return Device(link, suffix).scan(timeout)


@pytest.mark.parametrize(("suffix", "end"), [("any", b"\r"), ("any", b"\r\n"), ("cr", b"\r"), ("lf", b"\n"),
                                             ("crlf", b"\r\n")])
def test_a_code_shown_while_waiting_is_the_answer(suffix: str, end: bytes) -> None:
    whole = CODE + end
    for cut in range(1, len(whole)):
        assert scan(SILENCE, whole[:cut], whole[cut:], suffix=suffix) == CODE.decode()


@pytest.mark.parametrize("suffix", ["any", "none"])
def test_a_gap_ends_a_code_that_has_no_suffix(suffix: str) -> None:
    assert scan(SILENCE, CODE[:5], CODE[5:], SILENCE, b"later", suffix=suffix) == CODE.decode()


@pytest.mark.parametrize("suffix", ["cr", "lf", "crlf"])
def test_a_code_without_its_suffix_is_half_a_code(suffix: str) -> None:
    with pytest.raises(NothingPresented):
        scan(SILENCE, CODE, suffix=suffix)
    assert scan(SILENCE, CODE[:5], SILENCE, CODE[5:] + b"\r\n", suffix=suffix) == CODE.decode()


def test_what_was_shown_before_is_not_the_answer() -> None:
    with pytest.raises(NothingPresented):
        scan(b"000000000000000000\r", b"111111111111111111\r")
    assert scan(b"000000000000000000\r", SILENCE, CODE + b"\r") == CODE.decode()


def test_the_tail_of_an_earlier_code_is_not_a_code() -> None:
    with pytest.raises(NothingPresented):
        scan(CODE[:9], CODE[9:] + b"\r")


def test_noise_is_waited_through() -> None:
    assert scan(SILENCE, b"\r\n", b"\xff\xff\r", b"\r" + CODE + b"\r") == CODE.decode()


def test_nobody_shows_anything() -> None:
    with pytest.raises(NothingPresented):
        scan()
    with pytest.raises(NothingPresented):
        scan(timeout=0)


def test_a_line_is_all_that_can_be_known() -> None:
    device = Device(Answering(lambda data: ()), "crlf")
    assert device.identify() == "line scanner, suffix crlf"
    assert device.status() == Status(State.ONLINE)
    with pytest.raises(ValueError):
        Device(Answering(lambda data: ()), "tab")


# On a real line: time, and a line that goes.


@pytest.fixture
def end() -> Iterator[Pty]:
    other = Pty()
    yield other
    other.hang_up()


@pytest.fixture
def link(end: Pty) -> Iterator[Watched]:
    line = Watched(open_link(end.url))
    yield line
    line.close()


def test_a_code_in_single_bytes(end: Pty, link: Watched) -> None:
    def show() -> None:
        assert link.waits.wait(20)
        for byte in CODE + b"\r":
            end.send(bytes((byte,)))

    person = threading.Thread(target=show)
    person.start()
    began = time.monotonic()
    assert Device(link).scan(30) == CODE.decode()
    assert time.monotonic() - began < 15
    person.join()


def test_cancel_and_a_lost_line_end_the_wait(end: Pty, link: Watched) -> None:
    for act, error in ((link.cancel, Cancelled), (end.hang_up, Gone)):
        link.waits.clear()
        person = threading.Thread(target=lambda: link.waits.wait(20) and act())
        person.start()
        began = time.monotonic()
        with pytest.raises(error):
            Device(link).scan(30)
        assert time.monotonic() - began < 15
        person.join()
    with pytest.raises(Gone):
        Device(link).status()
    with pytest.raises(Gone):
        Device(link).identify()
