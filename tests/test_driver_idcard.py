"""The SDT reader as its driver sees it: cards that come, leave, break and lie there, and readers that fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from drivers.contract import (
    Cancelled, CardMoved, CardRefused, DeviceError, NoAnswer, NothingPresented, OutOfService, State, Status,
    WrongDevice)
from drivers.idcard_sdt import FIND, MODULE_ID, READ, SELECT, SELF_TEST, Device
from drivers.links import open_link
from far_end import Answering, Pty
from test_codec_idcard import answer_frame
from vectors import vectors

VECTORS = vectors("idcard")
FOUND, SELECTED, RECORD, OK = (VECTORS[name] for name in ("1.21", "1.22", "1.70", "1.20"))
NO_CARD = answer_frame(0x80)


class Reader:
    """A reader that answers each request with the next of its answers, the last one again and again."""

    def __init__(self, **answers: list[bytes]) -> None:
        self.answers = {SELF_TEST: [OK], MODULE_ID: [VECTORS["1.50"]], FIND: [FOUND], SELECT: [SELECTED],
                        READ: [RECORD]}
        self.answers |= {globals()[name.upper()]: list(given) for name, given in answers.items()}
        self.link = Answering(self.answer)
        self.device = Device(self.link)

    def answer(self, request: bytes) -> Iterator[bytes]:
        left = self.answers[request]
        yield left.pop(0) if len(left) > 1 else left[0]

    def asked(self, request: bytes) -> int:
        return self.link.written.count(request)


def test_identify_and_status() -> None:
    reader = Reader()
    assert reader.device.identify() == "SDT 05.01-20200101-0000000001-0000000002"
    assert reader.device.status() == Status(State.ONLINE)
    assert reader.link.speeds == []
    assert Reader(module_id=[answer_frame(0x21)], self_test=[OK]).device.status() == Status(State.ONLINE)


def test_a_card_is_found_selected_read() -> None:
    reader = Reader()
    card = reader.device.read_card(1)
    assert (card.name, len(card.photo)) == ("测试甲", 1024)
    assert reader.link.written == [FIND, SELECT, READ]


def test_a_card_that_comes_later_and_slips_once() -> None:
    reader = Reader(find=[NO_CARD, NO_CARD, FOUND], select=[VECTORS["1.31"], SELECTED])
    assert reader.device.read_card(5).number == "999999199001010016"
    assert reader.link.written == [FIND, FIND, FIND, SELECT, FIND, SELECT, READ]


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_nobody_comes(timeout: float) -> None:
    reader = Reader(find=[NO_CARD])
    with pytest.raises(NothingPresented):
        reader.device.read_card(timeout)
    assert reader.asked(FIND) >= 1


@pytest.mark.parametrize(("status", "error"), [
    (0x41, CardMoved), (0x33, CardMoved), (0x3F, CardMoved), (0x47, CardMoved), (0x31, CardRefused),
    (0x32, CardRefused), (0x40, CardRefused), (0x91, CardRefused), (0x60, OutOfService), (0x66, OutOfService),
    (0x23, OutOfService), (0x10, NoAnswer), (0x11, NoAnswer), (0x21, NoAnswer), (0x24, NoAnswer), (0x77, NoAnswer)])
def test_each_status_has_its_meaning(status: int, error: type[DeviceError]) -> None:
    for step in ("find", "select", "read"):
        reader = Reader(**{step: [answer_frame(status)]})
        with pytest.raises(error):
            reader.device.read_card(0)


def test_a_reader_that_misheard_is_asked_once_more() -> None:
    for status in (0x10, 0x11, 0x21, 0x24):
        again = answer_frame(status)
        reader = Reader(find=[again, FOUND], select=[again, SELECTED], read=[again, RECORD])
        assert reader.device.read_card(0).name == "测试甲"
        assert [reader.asked(request) for request in (FIND, SELECT, READ)] == [2, 2, 2]


BROKEN = {"half": RECORD[:700], "check": RECORD[:-1] + b"\x00", "one too many": RECORD[:900] + b"\x82" + RECORD[900:],
          "lying lengths": answer_frame(0x90, bytes.fromhex("0100 0300") + bytes(1280))}


@pytest.mark.parametrize("broken", ["half", "check", "one too many"])
def test_a_broken_record_is_asked_again_and_never_used(broken: str) -> None:
    assert Reader(read=[BROKEN[broken], RECORD]).device.read_card(0).name == "测试甲"
    for end in (answer_frame(0x41), BROKEN[broken]):
        reader = Reader(read=[BROKEN[broken], end])
        with pytest.raises(CardMoved):
            reader.device.read_card(0)
        assert reader.asked(READ) == 2


def test_lengths_that_lie_are_no_card() -> None:
    with pytest.raises(NoAnswer):
        Reader(read=[BROKEN["lying lengths"]]).device.read_card(0)


def test_an_answer_to_an_older_question_is_not_taken_for_ours() -> None:
    reader = Reader(find=[RECORD, OK, FOUND])
    assert reader.device.read_card(5).name == "测试甲"
    assert reader.asked(FIND) == 3


def test_three_silences_in_a_row_are_no_answer_two_are_nothing() -> None:
    with pytest.raises(NoAnswer):
        Reader(find=[b""]).device.read_card(30)
    assert Reader(find=[b"", b"", NO_CARD, b"", b"\xaa\xaa", FOUND]).device.read_card(30)


@pytest.mark.parametrize("status", [0x60, 0x66])
def test_a_reader_out_of_service_says_so(status: int) -> None:
    reader = Reader(self_test=[answer_frame(status)])
    assert reader.device.status() == Status(State.FAULT, cause="out_of_service")
    with pytest.raises(OutOfService):
        reader.device.identify()


@pytest.mark.parametrize("answer", [b"", b"\xaa\xaa\xaa\x96", answer_frame(0x80), answer_frame(0x10)])
def test_a_status_that_makes_no_sense_is_none(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        Reader(self_test=[answer]).device.status()


def test_the_speed_is_found() -> None:
    reader = Reader(self_test=[b"", b"\x00\xfe", OK])
    assert reader.device.identify().startswith("SDT 05.01")
    assert reader.link.speeds == [115200, 9600]
    silent = Reader(self_test=[b""])
    with pytest.raises(NoAnswer):
        silent.device.identify()
    assert silent.link.speeds == [115200, 9600, 57600, 38400, 19200]


@pytest.mark.parametrize("answers", [
    {"self_test": [b"\x12"]}, {"self_test": [answer_frame(0x9F)]}, {"module_id": [answer_frame(0x90, b"short")]}])
def test_something_else_on_the_line_is_the_wrong_device(answers: dict[str, list[bytes]]) -> None:
    with pytest.raises(WrongDevice):
        Reader(**answers).device.identify()


def test_a_module_without_a_number_is_still_a_reader() -> None:
    assert Reader(module_id=[answer_frame(0x91)]).device.identify() == "SDT without a number (SW3 91)"


# On a real line: time.


def play(end: Pty, reader: Reader, stop: threading.Event, delay: float = 0.0, size: int = 4096) -> None:
    """Answer requests on the wire, in pieces of `size`, until the line ends."""
    while True:
        try:
            request = end.receive()
        except OSError:
            return
        if stop.wait(delay):
            return
        for answer in reader.answer(request):
            for at in range(0, len(answer), size):
                end.send(answer[at:at + size])


@pytest.fixture
def end() -> Iterator[Pty]:
    other = Pty()
    yield other
    other.hang_up()


def on_the_wire(end: Pty, reader: Reader, delay: float = 0.0, size: int = 4096) -> tuple[Device, threading.Event]:
    device, stop = Device(open_link(end.url)), threading.Event()
    threading.Thread(target=play, args=(end, reader, stop, delay, size), daemon=True).start()
    return device, stop


def test_single_bytes_on_a_real_line(end: Pty) -> None:
    device, stop = on_the_wire(end, Reader(find=[NO_CARD, FOUND]), size=1)
    assert device.identify().startswith("SDT")
    assert device.read_card(20).name == "测试甲"
    stop.set()
    device._link.close()


def test_a_quick_card_is_not_missed() -> None:
    """Between two questions for a card lie at most 200 ms, as long as the reader itself answers in time."""
    took: list[float] = []
    while len(took) < 10 and not (took and min(took) < 6 * 0.2 + 0.5):      # a busy machine hurries nobody: its best counts
        end = Pty()
        device, stop = on_the_wire(end, Reader(find=[NO_CARD] * 5 + [FOUND]), delay=0.05)
        began = time.monotonic()
        assert device.read_card(30)
        took.append(time.monotonic() - began)
        stop.set()
        device._link.close()
        end.hang_up()
    assert min(took) < 6 * 0.2 + 0.5


@pytest.mark.parametrize("answers", [{"find": [NO_CARD]}, {"find": [b""]}, {"read": [RECORD[:700]]}])
def test_cancel_ends_every_step_within_a_second(answers: dict[str, list[bytes]]) -> None:
    took: list[float] = []
    while len(took) < 10 and not (took and min(took) < 1):
        end = Pty()
        device, stop = on_the_wire(end, Reader(**answers))
        threading.Timer(0.1, device._link.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            device.read_card(30)
        took.append(time.monotonic() - began)
        stop.set()
        device._link.close()
        end.hang_up()
    assert min(took) < 1
