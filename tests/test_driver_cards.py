"""Three card movers before their twins, in time that costs nothing: what becomes of a card, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance import subject
from conformance.memory import Memory, memory
from drivers.card_path import To
from drivers.cards_k720 import Device as K720
from drivers.cards_crt571 import Device as Crt571
from drivers.contract import (
    Bin, BinFull, Cancelled, CardJam, CardMoved, CardPlace, CardRefused, CardWent, Gone, MoveUnknown, NoAnswer, NoCards,
    NotTaken, NothingPresented, OutOfService, State, Status, Stock, give_back)

DISPENSERS = ("cards_crt571", "cards_k720")
MOVERS = (*DISPENSERS, "cards_crt310")


@pytest.fixture(params=MOVERS)
def mover(request: pytest.FixtureRequest) -> Iterator[Memory]:
    with memory(subject(request.param)) as world:
        yield world


@pytest.fixture(params=DISPENSERS)
def dispenser(request: pytest.FixtureRequest) -> Iterator[Memory]:
    with memory(subject(request.param)) as world:
        world.open()
        yield world


def with_a_card(world: Memory) -> Any:
    """A card at the reading position, however it came there."""
    world.open()
    world.twin.insert("0DEC0DE7")
    uid = world.device.admit(5)
    assert uid == ("" if world.subject.driver == "cards_crt310" else "0DEC0DE7")
    assert world.device.place() is CardPlace.READER
    return world.device


def told(device: Any) -> list[str]:
    """What the driver has to tell of its cards, taken out."""
    words = list(device.happened)
    device.happened.clear()
    return words


def balanced(world: Memory) -> bool:
    """Every card that left the hopper is in a hand, in the box, or in the path."""
    twin = world.twin
    return len([card for card in twin.taken + twin.captured + [twin.card] if card.startswith("04A1")]) == twin.drawn


def test_a_blank_card_is_drawn_read_given_and_taken(dispenser: Memory) -> None:
    twin, device = dispenser.twin, dispenser.device
    assert device.draw(20) == "04A10001" and device.place() is CardPlace.READER
    twin.line.loop.later(4, twin.take)
    device.present(20)
    assert twin.taken == ["04A10001"] and device.place() is CardPlace.NONE
    assert twin.hopper == 99 and balanced(dispenser) and told(device) == ["issued"]


def test_a_person_s_card_comes_in_and_goes_back(mover: Memory) -> None:
    device = with_a_card(mover)
    assert not mover.twin.entry, "the mouth is shut again"
    mover.twin.line.loop.later(4, mover.twin.take)
    assert give_back(device, 20) is CardWent.RETURNED
    assert mover.twin.taken == ["0DEC0DE7"] and told(device) == ["returned"]


def test_nobody_puts_a_card_in(mover: Memory) -> None:
    mover.open()
    began = mover.loop.seconds
    with pytest.raises(NothingPresented):
        mover.device.admit(5)
    assert 5 <= mover.loop.seconds - began < 7 and not mover.twin.entry


def test_a_forgotten_card_is_captured(mover: Memory) -> None:
    device = with_a_card(mover)
    with pytest.raises(NotTaken):
        device.present(3)
    assert device.place() is CardPlace.SLOT
    assert give_back(device, 3) is CardWent.CAPTURED
    assert mover.twin.captured == ["0DEC0DE7"] and not mover.twin.taken
    assert device.capture() is False, "there is no other"
    assert told(device) == ["captured"]


def test_a_forgotten_card_that_the_full_box_cannot_take_is_held_inside(dispenser: Memory) -> None:
    twin, device = dispenser.twin, dispenser.device
    twin.insert("0DEC0DE7")
    device.admit(5)
    twin.bin_full()
    assert give_back(device, 3) is CardWent.HELD and device.place() is CardPlace.READER
    twin.take()
    assert not twin.taken, "nobody can"
    twin.empty_bin()
    dispenser.reopen()
    dispenser.open()
    assert twin.captured == ["0DEC0DE7"] and told(dispenser.device) == ["captured"]


def test_what_is_not_there_is_not_held(dispenser: Memory) -> None:
    with pytest.raises(MoveUnknown):
        dispenser.device.hold()
    assert dispenser.twin.drawn == 0


def test_a_card_taken_at_the_last_moment_counts_as_taken(mover: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    device = with_a_card(mover)
    present = device.present

    def and_then_it_is_taken(timeout: float) -> None:
        try:
            present(timeout)
        finally:
            mover.twin.take()

    monkeypatch.setattr(device, "present", and_then_it_is_taken)
    assert give_back(device, 3) is CardWent.RETURNED
    assert mover.twin.taken == ["0DEC0DE7"] and not mover.twin.captured and told(device) == ["returned"]


def test_whoever_gives_a_card_may_wait_for_its_owner_without_moving_it(mover: Memory) -> None:
    device = with_a_card(mover)
    with pytest.raises(NotTaken):
        device.present(0)
    assert not device.taken(0) and not device.taken(1) and not told(device)
    mover.twin.line.loop.later(2, mover.twin.take)
    assert device.taken(5) and device.taken(0) and told(device) == ["returned"], "once"


def test_a_card_found_at_the_start_is_captured(mover: Memory) -> None:
    with_a_card(mover)
    mover.reopen()
    mover.open()
    assert mover.twin.captured == ["0DEC0DE7"] and mover.device.place() is CardPlace.NONE
    assert told(mover.device) == ["captured"]


def test_a_card_in_the_path_is_never_handed_on_as_a_blank_one(dispenser: Memory) -> None:
    dispenser.twin.insert("0DEC0DE8")
    dispenser.device.admit(5)
    assert dispenser.device.draw(20) == "04A10001"
    assert dispenser.twin.captured == ["0DEC0DE8"] and told(dispenser.device) == ["captured"]


def test_nobody_s_card_is_ever_a_blank_one(dispenser: Memory) -> None:
    """A card that was offered and taken back draws nothing out of the hopper."""
    twin = dispenser.twin
    twin.line.loop.later(1, lambda: twin.insert("0DEC0DE9"))
    twin.line.loop.later(1.05, twin.take)
    with pytest.raises((NothingPresented, MoveUnknown, CardMoved)):
        dispenser.device.admit(3)
    assert twin.drawn == 0


def test_the_hopper_runs_low_and_empty(dispenser: Memory) -> None:
    twin, device = dispenser.twin, dispenser.device
    assert device.status() == Status(State.ONLINE, cards=Stock.OK, bin=Bin.OK)
    twin.hopper_after(1)
    assert device.status().cards is Stock.LOW
    device.draw(20)
    device.capture()
    assert device.status().cards is Stock.EMPTY
    with pytest.raises(NoCards):
        device.draw(20)
    twin.refill(50)
    assert device.status().cards is Stock.OK and device.draw(20) == "04A10002"


def test_the_box_is_full(dispenser: Memory) -> None:
    twin, device = dispenser.twin, dispenser.device
    device.draw(20)
    twin.bin_full()
    assert device.status() == Status(State.ONLINE, cards=Stock.OK, bin=Bin.FULL)
    with pytest.raises(BinFull):
        device.capture()
    with pytest.raises(BinFull):
        device.draw(20)
    assert device.place() is CardPlace.READER, "and nobody gets it"
    twin.empty_bin()
    assert device.capture() is True and balanced(dispenser)


def test_a_motor_reader_has_no_hopper_and_does_not_feel_its_box() -> None:
    with memory(subject("cards_crt310")) as world:
        world.open()
        assert world.status == Status(State.ONLINE)
        with pytest.raises(OutOfService):
            world.device.draw(20)


def test_a_jam_is_said_until_somebody_has_mended_it(mover: Memory) -> None:
    device = with_a_card(mover)
    mover.twin.jam()
    with pytest.raises(CardJam):
        device.present(5)
    with pytest.raises(Gone):
        device.status()                         # so the service connects again, which prepares the device anew
    for _ in range(2):
        mover.reopen()
        with pytest.raises(CardJam):
            mover.open()
    mover.twin.heal()
    mover.open()
    assert mover.twin.captured == ["0DEC0DE7"] and mover.status and mover.status.state is State.ONLINE


@pytest.mark.parametrize("work", ["present", "capture"])
def test_a_card_pulled_out_by_hand_is_its_owner_s(mover: Memory, work: str) -> None:
    device = with_a_card(mover)
    mover.twin.pull()
    if mover.subject.driver == "cards_k720":    # it says no more than that the move failed
        with pytest.raises(OutOfService):
            device.present(5) if work == "present" else device.capture()
    elif work == "present":
        device.present(5)
    else:
        assert device.capture() is False
    assert mover.twin.taken == ["0DEC0DE7"] and not mover.twin.captured
    assert device.place() is CardPlace.NONE and device.capture() is False and told(device) == ["returned"]


def test_refused_once_is_sent_again(mover: Memory) -> None:
    device = with_a_card(mover)
    for times in (1, 2):
        mover.twin.nak(times)
        assert device.place() is CardPlace.READER
    mover.twin.nak(3)
    with pytest.raises(NoAnswer):
        device.place()
    assert device.capture() is True


def test_a_wrong_check_is_asked_for_again_and_never_used(mover: Memory) -> None:
    device = with_a_card(mover)
    mover.twin.wrong_bcc(2)
    assert device.place() is CardPlace.READER
    mover.twin.wrong_bcc(3)
    with pytest.raises(NoAnswer):
        device.place()
    mover.twin.wrong_bcc(0)
    assert device.place() is CardPlace.READER


def test_nobody_listens(mover: Memory) -> None:
    device = with_a_card(mover)
    mover.twin.no_ack()
    began = mover.loop.seconds
    with pytest.raises(NoAnswer):
        device.status()
    assert mover.loop.seconds - began <= 1.01
    mover.twin.no_ack(False)
    assert device.place() is CardPlace.READER


def test_a_move_whose_end_nobody_told(mover: Memory) -> None:
    """The device heard, and then the line was dead for a while: where the card is, `place` says."""
    device = with_a_card(mover)
    mover.twin.line.loop.later(0.1, mover.twin.silent)
    with pytest.raises(MoveUnknown):
        device._move(To.SLOT)
    mover.twin.silent(False)
    assert device.place() is CardPlace.SLOT
    mover.twin.take()
    assert device.place() is CardPlace.NONE


def test_a_crt571_is_asked_nothing_before_what_it_may_still_do_was_taken_back() -> None:
    with memory(subject("cards_crt571")) as world:
        device = with_a_card(world)
        world.loop.later(0.1, world.twin.silent)
        with pytest.raises(MoveUnknown):
            device.capture()
        world.twin.silent(False)
        sent: list[bytes] = []
        write = world.link.write

        def noted(data: bytes, timeout: float = 5.0) -> None:
            sent.append(data)
            write(data, timeout)

        world.link.write = noted
        device.place()
        device.place()
        assert [data[:1] for data in sent] == [b"\x04", b"\xf2", b"\x06", b"\xf2", b"\x06"]


def test_what_was_not_heard_was_not_done() -> None:
    for driver, error in (("cards_crt571", MoveUnknown), ("cards_k720", NoAnswer), ("cards_crt310", NoAnswer)):
        with memory(subject(driver)) as world:
            device = with_a_card(world)
            calls = 0
            ask = device.place

            def then_nobody_listens() -> CardPlace:
                nonlocal calls
                calls += 1
                place: CardPlace = ask()
                world.twin.no_ack()
                return place

            device.place = then_nobody_listens
            with pytest.raises(error):
                device.present(5)
            assert calls == 1 and world.twin.spot.value == "at the reader"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("after", [0.01, 0.5, 0.99])
def test_a_cancelled_move_ends_and_the_next_question_is_answered(mover: Memory, after: float, late: bool) -> None:
    device = with_a_card(mover)
    mover.twin.late(late)
    mover.link.cancel(after)
    with pytest.raises(Cancelled):
        device.present(20)
    seen = {"at the reader": CardPlace.READER, "at the mouth": CardPlace.SLOT}
    for _ in range(3):
        try:
            place = device.place()
        except NoAnswer:
            continue
        if mover.twin._work is None and not getattr(mover.twin, "_moving", 0):
            assert place is seen[mover.twin.spot.value] or late
    mover.loop.pass_time(3, lambda: False)
    assert device.place() is seen[mover.twin.spot.value]
    assert device.capture() is True and mover.twin.captured == ["0DEC0DE7"]


def test_a_cancelled_wait_shuts_the_mouth(mover: Memory) -> None:
    mover.open()
    mover.link.cancel(3)
    with pytest.raises(Cancelled):
        mover.device.admit(20)
    mover.loop.pass_time(0.1, lambda: False)
    assert not mover.twin.entry


def test_a_crt571_that_restarted_is_prepared_again() -> None:
    with memory(subject("cards_crt571")) as world:
        with_a_card(world)
        world.twin.restart()
        with pytest.raises(Gone):
            world.device.status()
        world.reopen()
        world.open()
        assert world.identity == "CRT-571 CRT-TEST-V1" and world.twin.captured == ["0DEC0DE7"]


def test_a_dead_chip_is_not_issued(dispenser: Memory) -> None:
    dispenser.twin.no_chip()
    with pytest.raises(CardRefused):
        dispenser.device.draw(20)
    dispenser.twin.no_chip(False)
    assert dispenser.device.draw(20) == "04A10002"
    assert dispenser.twin.captured == ["04A10001"] and balanced(dispenser)


@pytest.mark.parametrize("options", [{"model": "500"}, {"gate": "31"}, {"rf": "maybe"}])
def test_options_of_a_crt571(options: dict[str, str]) -> None:
    with memory(subject("cards_crt571")) as world:
        world.open()
        with pytest.raises(ValueError):
            Crt571(world.link, **options)
        assert Crt571(world.link, model="591", gate="39", rf="no").identify().startswith("CRT-591")


@pytest.mark.parametrize("options", [{"address": "16"}, {"address": "x"}, {"reader": "4"}, {"slot": ""}, {"slot": "1,,2"},
                                     {"rf": "1"}])
def test_options_of_a_k720(options: dict[str, str]) -> None:
    with memory(subject("cards_k720")) as world:
        world.open()
        with pytest.raises(ValueError):
            K720(world.link, **options)
        assert K720(world.link, reader="32", slot="1").identify() == "K720 K720-TEST V1.0"
