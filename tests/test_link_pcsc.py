"""A real PC/SC service, a virtual reader in it, twins of cards in the reader, and the real drivers before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from smartcard import scard

from conformance.socialcard_pcsc import is_the_card
from drivers import link_pcsc, socialcard_pcsc, visitcard_pcsc
from drivers.contract import (
    Cancelled, CardMoved, CardRefused, DeviceError, Gone, Link, NoAnswer, NothingPresented, SocialCard, State, VisitCard)
from drivers.links import Spy, open_link
from drivers.sim.bench import Bench
from drivers.sim.socialcard import DECK
from drivers.sim.vpcd import PCSCD
from leftovers import Mark
from twin_desk import Desk

SLOTS = {"socialcard": "Virtual PCD 00 00", "visitcard": "Virtual PCD 00 01"}
EF05 = socialcard_pcsc.select_file(socialcard_pcsc.ISSUED)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench"), devices=("socialcard", "visitcard")) as bench:
        yield bench


@pytest.fixture
def bench(standing: Bench) -> Iterator[Bench]:
    """With both slots empty, as far as PC/SC knows, and everything well."""
    for twin in standing.devices.values():
        twin.lift()             # type: ignore[attr-defined]
        twin.heal()
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    assert not code
    for name in SLOTS.values():
        known = scard.SCARD_STATE_UNAWARE
        while not known & scard.SCARD_STATE_EMPTY:
            code, states = scard.SCardGetStatusChange(context, 20_000, [(name, known)])
            assert not code
            known = states[0][1]
    scard.SCardReleaseContext(context)
    yield standing


def opened(bench: Bench, name: str = "socialcard") -> Link:
    return open_link(bench.urls[name])


def outcome(read: Any, timeout: float = 20.0) -> Any:
    try:
        return read(timeout)
    except DeviceError as error:
        return error


def emptied(device: Any, twin: Any) -> None:
    """The card is pulled, and PC/SC has noticed."""
    twin.lift()
    end = time.monotonic() + 20
    while not isinstance(outcome(device.read_card, 0.05), NothingPresented) or device._slot._known:
        assert time.monotonic() < end, "PC/SC does not notice that the card left"


def test_cards_come_and_go(bench: Bench) -> None:
    link, twin = opened(bench), bench.devices["socialcard"]
    device = socialcard_pcsc.Device(link)
    assert device.identify() == "PC/SC card slot" and device.status().state is State.ONLINE
    for name, fault in (("second", "t0"), ("third", "wrong_length"), ("long", "heal")):
        getattr(twin, fault)()
        threading.Timer(0.05, twin.put, (name,)).start()        # type: ignore[attr-defined]
        card = outcome(device.read_card)
        assert isinstance(card, SocialCard) and is_the_card(card, DECK[name])
        assert isinstance(outcome(device.read_card, 0.1), NothingPresented)
        emptied(device, twin)
    link.close()


def test_a_card_that_was_changed_while_nobody_looked_is_another_card(bench: Bench) -> None:
    link, twin = opened(bench), bench.devices["socialcard"]
    device = socialcard_pcsc.Device(link)
    twin.put("second")                                          # type: ignore[attr-defined]
    assert isinstance(outcome(device.read_card), SocialCard)
    twin.put("third")                                           # type: ignore[attr-defined]
    card = outcome(device.read_card)
    assert isinstance(card, SocialCard) and is_the_card(card, DECK["third"])
    link.close()


@pytest.mark.parametrize(("name", "fault", "error"), [
    ("bank", "heal", CardRefused), ("second", "mute", CardRefused), ("second", "pulled", CardMoved),
    ("second", "silent", CardMoved), ("second", "garble", CardMoved)])
def test_cards_that_are_not_read(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, fault: str,
                                 error: type[DeviceError]) -> None:
    link, twin = opened(bench), bench.devices["socialcard"]
    device = socialcard_pcsc.Device(link)
    if fault == "mute":
        twin.mute()                                             # type: ignore[attr-defined]
    elif fault == "pulled":
        twin.lift_after(5)                                      # type: ignore[attr-defined]
    twin.put(name)                                              # type: ignore[attr-defined]
    if fault in ("silent", "garble"):                           # in the middle of it
        command = device._slot.command
        monkeypatch.setattr(device._slot, "command", lambda apdu: (
            apdu == EF05 and getattr(twin, fault)(), command(apdu))[1])
    assert isinstance(outcome(device.read_card), error)
    assert device.status().state is State.ONLINE
    link.close()


def test_a_visit_card_beside_it(bench: Bench) -> None:
    bench.devices["socialcard"].put("second")                   # type: ignore[attr-defined]
    bench.devices["visitcard"].put("plain")                     # type: ignore[attr-defined]
    links = [opened(bench), opened(bench, "visitcard")]
    assert isinstance(outcome(socialcard_pcsc.Device(links[0]).read_card), SocialCard)
    assert outcome(visitcard_pcsc.Device(links[1], number="block").read_card) == VisitCard("C000000000001", "01020304")
    for link in links:
        link.close()


def test_a_card_that_another_program_holds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_pcsc, "HELD_FOR", 0.1)
    link, twin = opened(bench, "visitcard"), bench.devices["visitcard"]
    device = visitcard_pcsc.Device(link)
    twin.put("plain")                                           # type: ignore[attr-defined]
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    assert not scard.SCardGetStatusChange(context, 20_000, [(SLOTS["visitcard"], scard.SCARD_STATE_EMPTY)])[0]
    code, card, _ = scard.SCardConnect(
        context, SLOTS["visitcard"], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1)
    assert not code
    held = outcome(device.read_card)
    assert isinstance(held, NoAnswer) and "another program" in str(held)
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)
    assert isinstance(outcome(device.read_card), VisitCard)
    link.close()


def test_a_wait_is_taken_back_at_once(bench: Bench) -> None:
    link = opened(bench)
    device = socialcard_pcsc.Device(link)
    device.identify()
    began = time.monotonic()
    threading.Timer(0.2, link.cancel).start()
    assert isinstance(outcome(device.read_card, 30), Cancelled)
    assert time.monotonic() - began < 15
    link.close()


def test_readers_that_are_not_there(bench: Bench) -> None:
    for url in ("pcsc:///No%20such%20reader", "pcsc:///Virtual*"):      # none; two
        with pytest.raises(Gone, match="Virtual PCD 00 01"):
            open_link(url)
    for url in ("pcsc:///", "pcsc://host/x", "pcsc:///x?baud=9600"):
        with pytest.raises(ValueError, match="pcsc:///"):
            open_link(url)
    open_link("pcsc:///*00%2001").close()


def test_opening_and_closing_leaves_nothing_behind(bench: Bench) -> None:
    opened(bench).close()
    mark = Mark()
    for _ in range(100):
        link = opened(bench)
        link.write(b"\x00\x01\x04")
        link.close()
        link.close()
    assert mark.left() == []
    with pytest.raises(Gone):
        link.read(0.1)


def test_the_spy_sees_commands_and_no_person(bench: Bench) -> None:
    lines: list[str] = []
    link = open_link(bench.urls["socialcard"], Spy(lines.append, socialcard_pcsc.impersonal))
    bench.devices["socialcard"].put("second")                   # type: ignore[attr-defined]
    assert isinstance(outcome(socialcard_pcsc.Device(link).read_card), SocialCard)
    link.close()
    said = "\n".join(lines)
    assert "00 b2 08 00 14" in said and "< 24 bytes\n" in said
    assert b"99999919900101".hex(" ") not in said and "测试甲".encode("gbk").hex(" ") not in said


def test_the_service_loses_the_reader_and_finds_it_again(bench: Bench) -> None:
    twin: Any = bench.devices["socialcard"]
    desk = Desk(bench, "socialcard", "socialcard_pcsc")
    try:
        desk.online()
        twin.unplug()
        assert desk.until(lambda status: status.state is State.NO_DEVICE).cause == Gone.cause
        assert isinstance(desk.do(lambda device: device.read_card(1)), Gone)
        twin.plug()
        desk.online()
        twin.put("second")
        assert isinstance(desk.do(lambda device: device.read_card(20)), SocialCard)
        assert isinstance(desk.do(lambda device: device.read_card(30), twin.unplug), Gone)
        twin.plug()
    finally:
        desk.service.close()


def test_a_service_that_crashed_is_gone(bench: Bench) -> None:
    link = opened(bench)
    device = socialcard_pcsc.Device(link)
    device.status()
    bench.loop.call(PCSCD.kill)
    with pytest.raises(Gone):
        device.status()
    with pytest.raises(Gone):
        opened(bench)
    link.close()
    bench.devices["socialcard"].unplug()
    bench.devices["visitcard"].unplug()
    for twin in bench.devices.values():
        twin.plug()
    again = opened(bench)
    assert socialcard_pcsc.Device(again).status().state is State.ONLINE
    again.close()
