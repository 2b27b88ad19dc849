"""Magnetic stripe readers: a swipe is whole or it is swiped again, and of a bank card nothing is kept."""

from __future__ import annotations

import errno
import os
import struct
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from conformance import stripe_hid, stripe_serial
from conformance.memory import memory
from drivers import link_hid
from drivers.contract import (
    Cancelled, CardMoved, CardRefused, DeviceError, Gone, NoAnswer, NothingPresented, State, Status, Stripe)
from drivers.links import open_link
from drivers.sim.bench import Bench
from drivers.sim.hid import StripeKeysTwin
from drivers.sim.stripe import bits, track2
from drivers.stripe_hid import EVENT, LOST, Keys
from drivers.stripe_hid import Device as KeyboardReader
from drivers.stripe_serial import BitSwipes, FramedSwipes, TextSwipes, impersonal
from drivers.stripe_serial import Device as SerialReader
from drivers.stripe_track import LONGEST, Form, from_bits, lrc
from far_end import Answering, Pty
from leftovers import Mark
from twin_desk import Desk
from vectors import vectors

VECTORS = vectors("stripe")
TRACK = VECTORS["3.20"]                 # a bank card's, without its LRC
NUMBER = "1000000000000007"
CARD = track2(NUMBER)
SILENCE = b""


# The track.


def test_the_lrc_of_the_standard() -> None:
    assert lrc(TRACK) == 1 and TRACK + b"1" == track2("6000000000000000", "4912")
    assert Form("yes").read(TRACK + b"1") == Form("no").read(TRACK) == Stripe("", bank=True)


def test_a_hospital_s_card() -> None:
    assert Form().read(CARD) == Form("yes").read(CARD) == Stripe(NUMBER)
    assert Form().read(CARD[:-1]) == Form("no").read(CARD[:-1]) == Stripe(NUMBER), "readers may keep the LRC"
    assert Form().read(track2("6200000000000000000")) == Stripe("6200000000000000000"), "no separator: no bank's"
    assert Form().read(track2("7123", "99")) == Stripe("7123")


@pytest.mark.parametrize("number", ["6200000000000000000", "4000000000000000", "300000000000000", "9558000000000000000"])
def test_of_a_bank_card_nothing_is_kept(number: str) -> None:
    card = Form(form=r"\d{16}").read(track2(number, "49121200000"))
    assert card == Stripe("", bank=True) and number not in repr(vars(card))
    assert not impersonal(track2(number, "4912"))


@pytest.mark.parametrize("track", [
    b"", b";", b";?", CARD[1:], CARD[:-2], CARD[:8], b"E" + CARD, b"%A?" + CARD, CARD + b"0",
    CARD[:-1] + bytes((CARD[-1] ^ 1,)), b";E?", b";12 34?", b";12=34", b";" + b"1" * 20 + b"?", b";1=" + b"2" * 40 + b"?",
    "；1？".encode(), CARD.replace(b";", b":")])
def test_what_is_not_whole_is_swiped_again(track: bytes) -> None:
    with pytest.raises(CardMoved):
        Form().read(track)


def test_an_lrc_that_must_be_there_or_must_not() -> None:
    with pytest.raises(CardMoved):
        Form("yes").read(CARD[:-1])
    with pytest.raises(CardMoved):
        Form("no").read(CARD)


def test_another_hospital_s_card_is_refused() -> None:
    with pytest.raises(CardRefused):
        Form(form=r"2\d{15}").read(CARD)


@settings(max_examples=300)
@given(some.integers(0, len(CARD) - 1), some.integers(0, 7))
def test_one_wrong_bit_is_always_seen(at: int, bit: int) -> None:
    wrong = CARD[:at] + bytes((CARD[at] ^ 1 << bit,)) + CARD[at + 1:]
    with pytest.raises(DeviceError):
        Form("yes").read(wrong)


@settings(max_examples=300)
@given(some.binary(max_size=60))
def test_any_bytes_are_a_card_or_an_error(track: bytes) -> None:
    try:
        card = Form().read(b";" + track)
    except DeviceError:
        return
    assert card.bank or card.number.isdigit() and len(track) < LONGEST


def test_bits_have_odd_parity() -> None:
    assert bits(b";0=?") == bytes((0x0B, 0x10, 0x0D, 0x1F))
    assert from_bits(bits(CARD)) == CARD
    for at in range(len(CARD)):
        for bit in range(8):
            raw = bytearray(bits(CARD))
            raw[at] ^= 1 << bit
            assert from_bits(bytes(raw)) == b""


@pytest.mark.parametrize("options", [{"framing": "xml"}, {"lrc": "maybe"}, {"form": "("}, {"bank": "["}])
def test_an_option_that_is_none(options: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        SerialReader(Answering(lambda data: ()), **options)


# The line.


def test_framings() -> None:
    assert FramedSwipes().feed(VECTORS["3.21"]) == [TRACK]
    assert FramedSwipes().feed(b"noise" + VECTORS["3.21"] * 2) == [TRACK, TRACK]
    assert FramedSwipes().feed(VECTORS["3.21"][:-1] + b"\x33") == [b""] == FramedSwipes().feed(VECTORS["3.21"][1:])
    assert TextSwipes().feed(b"\r\n\r" + CARD + b"\r\n" + CARD + b"\r") == [CARD, CARD]
    assert BitSwipes().feed(bits(CARD) * 2) == [CARD, CARD]
    for swipes in (TextSwipes(), FramedSwipes(), BitSwipes()):
        assert not swipes.begun and swipes.end() is None
        assert swipes.feed(b"\x18" * 600) in ([], [b""]) and not swipes.begun, "what has no end fills no memory"


def read(*coming: bytes, timeout: float = 0.05, **options: str) -> Stripe:
    """What a reader gives when its reads give these pieces, and silence from then on."""
    link = Answering(lambda data: ())
    link.coming.extend(coming)
    return SerialReader(link, **options).read_card(timeout)


@pytest.mark.parametrize("framing, whole", [
    ("text", CARD + b"\r"), ("text", CARD + b"\r\n"), ("text", CARD + b"\n"), ("bits", bits(CARD)),
    ("stx", b"\x02" + CARD + b"\x03" + bytes((reduce(xor, CARD + b"\x03"),)))])
def test_a_swipe_in_pieces(framing: str, whole: bytes) -> None:
    for cut in range(1, len(whole)):
        assert read(SILENCE, whole[:cut], whole[cut:], framing=framing) == Stripe(NUMBER)


def test_a_swipe_without_its_end() -> None:
    assert read(SILENCE, CARD) == Stripe(NUMBER), "a reader without a terminator"
    for part in (CARD[:-2], CARD[3:], b";E?"):
        with pytest.raises(CardMoved):
            read(SILENCE, part)
        with pytest.raises(CardMoved):
            read(SILENCE, b"\x02" + part, framing="stx")
        with pytest.raises(CardMoved):
            read(SILENCE, bits(part.replace(b"E", b">"))[:-1], framing="bits")


def test_nobody_swipes_and_what_was_swiped_before() -> None:
    for coming in ((), (CARD + b"\r",), (CARD[:5], CARD[5:] + b"\r"), (SILENCE, b"\r\n", b"\xff\r")):
        with pytest.raises(NothingPresented):
            read(*coming)
    assert read(CARD + b"\r", SILENCE, track2("7") + b"\r") == Stripe("7")


# Key strokes.


def strokes(*events: tuple[int, int, int]) -> bytes:
    return b"".join(struct.pack("@llHHi", 1, 2, *event) for event in events)


def typed(text: str) -> bytes:
    with memory(stripe_hid.SUBJECT) as world:
        return b"".join(world.twin._stroke(character) for character in text)


def test_what_is_typed_is_read() -> None:
    track = CARD.decode() + "\r%E+:<>=?\r"
    assert Keys().feed(typed(track)) == track.encode()
    keys = Keys()
    assert b"".join(keys.feed(typed(track)[at:at + 7]) for at in range(0, len(typed(track)), 7)) == track.encode()
    assert EVENT.size == 24


def test_a_key_held_down_is_one_stroke_and_shift_is_no_letter() -> None:
    assert Keys().feed(strokes((1, 2, 1), (1, 2, 2), (1, 2, 2), (1, 2, 0))) == b"1"
    assert Keys().feed(strokes((1, 42, 1), (1, 54, 1), (1, 54, 0), (1, 30, 1), (1, 42, 0), (1, 30, 1))) == b"Aa"
    assert Keys().feed(strokes((1, 79, 1), (1, 96, 1), (1, 125, 1), (4, 4, 458782), (17, 0, 1))) == b"1\r"


@pytest.mark.parametrize("event", [(0, 3, 0), (1, 2, 7), (0x20, 0, 0), (1, 0x300, 1)])
def test_what_is_lost_is_told(event: tuple[int, int, int]) -> None:
    assert Keys().feed(strokes(event)) == LOST
    with pytest.raises(CardMoved):
        Form().read(CARD[:5] + LOST + CARD[5:])


def test_half_an_event_does_not_spoil_the_next_swipe() -> None:
    link = Answering(lambda data: ())
    link.coming.extend((SILENCE, b"\0" * 5, SILENCE, typed(CARD.decode() + "\r")))
    assert KeyboardReader(link).read_card(0.5) == Stripe(NUMBER)


@settings(max_examples=200)
@given(some.lists(some.binary(max_size=60), max_size=5))
def test_any_bytes_are_some_text(pieces: list[bytes]) -> None:
    keys = Keys()
    assert all(byte < 0x80 for piece in pieces for byte in keys.feed(piece))


# Before its twin.


@pytest.fixture(params=[stripe_serial.SUBJECT, stripe_hid.SUBJECT], ids=["serial", "keyboard"])
def world(request: pytest.FixtureRequest) -> Iterator[Any]:
    with memory(replace(request.param, options={})) as world:
        world.open()
        yield world


def swipe(world: Any, act: Any, timeout: float = 5) -> Any:
    return world.do(lambda device: device.read_card(timeout), once_it_waits=act)


def test_swipes(world: Any) -> None:
    twin = world.twin
    assert swipe(world, lambda: twin.swipe("0123456789", "4")) == Stripe("0123456789")
    assert swipe(world, twin.bank_card) == Stripe("", bank=True)
    for act in (twin.half, twin.misread, twin.blank):
        assert isinstance(swipe(world, act), CardMoved)
    assert isinstance(swipe(world, lambda: None), NothingPresented)
    twin.lrc(False)
    assert swipe(world, twin.swipe) == Stripe(NUMBER)
    assert world.identity.startswith("stripe reader") and world.status == Status(State.ONLINE)


def test_after_half_a_swipe_the_next_is_read(world: Any) -> None:
    began = world.loop.seconds
    assert isinstance(swipe(world, world.twin.half, 30), CardMoved) and world.loop.seconds - began < 1
    world.twin.truncate(29)
    assert isinstance(swipe(world, world.twin.swipe, 2), DeviceError | Stripe)
    assert swipe(world, world.twin.swipe) == Stripe(NUMBER)


@pytest.mark.parametrize("framing", ["text", "stx", "bits"])
def test_each_framing(framing: str) -> None:
    with memory(replace(stripe_serial.SUBJECT, options={"framing": framing, "lrc": "yes"})) as world:
        world.twin.framing(framing)
        assert swipe(world, world.twin.swipe) == Stripe(NUMBER)
        assert isinstance(swipe(world, world.twin.misread), CardMoved)


# The line of a keyboard.


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, devices=("stripe_keys",)) as bench:
        yield bench


def keyboard(bench: Bench) -> StripeKeysTwin:
    twin = bench.devices["stripe_keys"]
    assert isinstance(twin, StripeKeysTwin)
    return twin


def test_a_keyboard_s_line_with_real_events(bench: Bench) -> None:
    assert bench.urls["stripe_keys"].startswith("hid:///")
    desk = Desk(bench, "stripe_keys", "stripe_hid")
    try:
        desk.online()
        for _ in range(3):
            assert desk.do(lambda device: device.read_card(20), once_it_waits=keyboard(bench).swipe) == Stripe(NUMBER)
        command = desk.begin(lambda device: device.read_card(20))
        command.cancel()
        assert isinstance(desk.end(), Cancelled)
        bench.devices["stripe_keys"].unplug()
        desk.until(lambda status: status.state is State.NO_DEVICE)
        bench.devices["stripe_keys"].plug()
        desk.online()
        assert desk.do(lambda device: device.read_card(20), once_it_waits=keyboard(bench).swipe) == Stripe(NUMBER)
    finally:
        desk.service.close()


def test_a_keyboard_is_only_listened_to(bench: Bench) -> None:
    link = open_link(bench.urls["stripe_keys"])
    with pytest.raises(NoAnswer):
        link.write(b"?")
    link.close()
    with pytest.raises(Gone):
        link.write(b"?")


class Events:
    """A pipe in the place of an event device, in the kernel's words: what this machine's kernel has none of."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        os.mkfifo(path)
        self.url = f"hid://{path}"
        self.asked: list[tuple[int, Any]] = []
        self.refuses: dict[int, int] = {}
        monkeypatch.setattr(link_hid, "stat", _NoPipes)
        monkeypatch.setattr(link_hid.fcntl, "ioctl", self._ioctl)
        self._writer = os.open(path, os.O_RDWR)

    def _ioctl(self, fd: int, request: int, argument: Any) -> int:
        self.asked.append((request, argument))
        if request in self.refuses:
            raise OSError(self.refuses[request], os.strerror(self.refuses[request]))
        return 0

    def type(self, events: bytes) -> None:
        os.write(self._writer, events)

    def close(self) -> None:
        os.close(self._writer)


class _NoPipes:
    """`stat`, to which nothing is a pipe or a terminal."""

    S_ISFIFO = S_ISCHR = staticmethod(lambda mode: False)


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Events]:
    device = Events(tmp_path / "event0", monkeypatch)
    yield device
    device.close()


def test_an_event_device_is_grabbed(events: Events) -> None:
    link = open_link(events.url)
    assert events.asked[1:] == [(link_hid.EVIOCGRAB, 1)] and events.asked[0][0] == link_hid.EVIOCGVERSION
    begun = threading.Event()
    threading.Thread(target=lambda: (begun.wait(20), events.type(typed(CARD.decode() + "\r")))).start()
    assert KeyboardReader(_Telling(link, begun)).read_card(20) == Stripe(NUMBER)
    link.close()


class _Telling:
    """A link that tells when somebody waits on it."""

    def __init__(self, link: Any, begun: threading.Event) -> None:
        self._link, self._begun = link, begun

    def read(self, timeout: float) -> bytes:
        if timeout > 1:
            self._begun.set()
        return bytes(self._link.read(timeout))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)


@pytest.mark.parametrize("request_, error, says", [
    (link_hid.EVIOCGVERSION, errno.ENOTTY, "no event device"), (link_hid.EVIOCGRAB, errno.EBUSY, "in use")])
def test_one_that_cannot_be_grabbed_is_not_opened(events: Events, request_: int, error: int, says: str) -> None:
    events.refuses[request_] = error
    mark = Mark()
    with pytest.raises(Gone, match=says):
        open_link(events.url)
    assert mark.left() == []


@pytest.mark.parametrize("url", ["hid:///dev/null", "hid:///dev/zero", "hid:///dev/kiosk/nobody"])
def test_what_is_no_keyboard_is_not_opened(url: str) -> None:
    mark = Mark()
    with pytest.raises(Gone):
        open_link(url)
    assert mark.left() == []


def urls() -> Iterable[str]:
    return "hid:dev", "hid://host/dev/x", "hid:///dev/x?baud=9600"


@pytest.mark.parametrize("url", urls())
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="hid:///"):
        open_link(url)


def test_a_line_that_goes_ends_the_wait() -> None:
    end = Pty()
    link = open_link(f"hid://{end.path}")
    reader = KeyboardReader(link)
    assert reader.identify() and reader.status() == Status(State.ONLINE)
    end.hang_up()
    with pytest.raises(Gone):
        reader.read_card(20)
    link.close()
