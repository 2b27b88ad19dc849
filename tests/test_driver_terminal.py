"""Both bank terminals before their twins, in time that costs nothing: no money without the book, and no doubt for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import subject
from conformance.memory import Memory, memory
from conformance.terminal_codepay import agrees
from drivers.contract import (
    Cancelled, DeviceError, Gone, NoAnswer, NoQuery, OutcomeUnknown, OutOfService, Settled, Slip, State)
from drivers.terminal_codepay import Device as CodePay

TERMINALS = ("terminal_codepay", "terminal_exec")


@pytest.fixture(params=TERMINALS)
def terminal(request: pytest.FixtureRequest) -> Iterator[Memory]:
    with memory(subject(request.param)) as world:
        world.open()
        yield world


def state(world: Memory, reference: str) -> str:
    entry = world.twin.book.get(reference)
    return str(entry.state) if entry else "never"


def heard(world: Memory, reference: str = "K1") -> Slip:
    """What the terminal says of it once all is well again, to a kiosk that has just been started."""
    world.twin.heal()
    world.reopen()
    world.open()
    told: Slip = world.device.query(reference)
    return told


def test_a_payment(terminal: Memory) -> None:
    began = terminal.loop.seconds
    slip = terminal.device.pay("K1", 1205, 60)
    assert slip == Slip("K1", Settled.APPROVED, 1205, "000001", "T0000001", "621700******0012", "00")
    assert terminal.loop.seconds - began >= 3 and terminal.twin.book["K1"].amount == 1205
    assert terminal.device.query("K1") == slip
    assert "0012" not in repr(slip)


def test_a_refund_of_part_of_it(terminal: Memory) -> None:
    paid = terminal.device.pay("K1", 1205, 60)
    back = terminal.device.refund("R1", paid, 205, 60)
    assert (back.settled, back.amount) == (Settled.APPROVED, 205)
    assert (terminal.twin.book["R1"].kind, terminal.twin.book["R1"].original) == ("refund", "K1")
    with pytest.raises((OutcomeUnknown, OutOfService)):         # more than is left
        terminal.device.refund("R2", paid, 1001, 60)
    assert terminal.device.query("R2").settled is Settled.NEVER


def test_a_payment_that_never_was(terminal: Memory) -> None:
    assert terminal.device.query("K0") == Slip("K0", Settled.NEVER)


def test_a_bank_that_declines_says_why(terminal: Memory) -> None:
    terminal.twin.declines()
    slip = terminal.device.pay("K1", 1205, 60)
    assert (slip.settled, slip.words, slip.code) == (Settled.DECLINED, "余额不足", "51")


def test_a_person_who_cancels_there(terminal: Memory) -> None:
    terminal.twin.absent()
    terminal.loop.later(8, terminal.twin.cancel)
    slip = terminal.device.pay("K1", 1205, 60)
    assert (slip.settled, slip.words) == (Settled.DECLINED, "用户取消")
    assert terminal.device.query("K1").settled is Settled.DECLINED


def test_somebody_takes_a_minute(terminal: Memory) -> None:
    terminal.twin.absent()
    terminal.loop.later(55, terminal.twin.tap)
    assert terminal.device.pay("K1", 1205, 60).settled is Settled.APPROVED


def test_nobody_taps_in_time(terminal: Memory) -> None:
    terminal.twin.absent()
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("K1", 1205, 20)
    assert terminal.device.query("K1").settled is Settled.DECLINED, "the terminal waits for nobody any more"
    terminal.twin.tap()
    assert state(terminal, "K1") == "declined"


def test_while_the_person_stands_there_it_is_running(terminal: Memory) -> None:
    terminal.twin.bank.begin("K8", "pay", 500)
    assert terminal.device.query("K8").settled is Settled.RUNNING


@pytest.mark.parametrize("after", [0.01, 0.3, 2.0])
def test_taken_back_by_the_kiosk(terminal: Memory, after: float) -> None:
    terminal.twin.absent()
    began = terminal.loop.seconds
    terminal.link.cancel(after)
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("K1", 1205, 60)
    assert terminal.loop.seconds - began < after + 1
    assert terminal.device.query("K1").settled is Settled.DECLINED


def test_taken_back_before_it_was_begun(terminal: Memory) -> None:
    terminal.link.cancel()
    with pytest.raises(Cancelled):
        terminal.link.read(0)
    assert terminal.device.pay("K1", 1205, 60).settled is Settled.APPROVED


def test_paid_and_the_answer_lost(terminal: Memory) -> None:
    terminal.twin.answer_lost()
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("K1", 1205, 20)
    assert heard(terminal).settled is Settled.APPROVED


def test_an_answer_that_speaks_of_another_payment_is_never_ours(terminal: Memory) -> None:
    terminal.twin.other_reference()
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("KIOSK00000001", 1205, 60)
    with pytest.raises(NoAnswer):
        terminal.device.query("KIOSK00000001")
    assert heard(terminal, "KIOSK00000001").settled is Settled.APPROVED


def test_an_answer_that_speaks_of_another_amount_is_never_ours(terminal: Memory) -> None:
    terminal.twin.other_amount()
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("K1", 1205, 60)
    told = heard(terminal)
    assert (told.settled, told.amount) == (Settled.APPROVED, 1206), "as the book says: the caller sees that it is wrong"


def test_a_reference_is_never_begun_twice(terminal: Memory) -> None:
    terminal.device.pay("K1", 1205, 60)
    with pytest.raises(OutcomeUnknown):
        terminal.device.pay("K1", 1205, 20)
    assert [entry.amount for entry in terminal.twin.book.values()] == [1205]


def test_a_terminal_that_cannot_be_asked_is_refused(terminal: Memory) -> None:
    terminal.twin.no_query()
    terminal.reopen()
    with pytest.raises(NoQuery, match="cannot be asked|cannot query"):
        terminal.open()
    terminal.twin.no_query(False)
    terminal.open()
    assert terminal.identity.startswith("bank terminal")


def test_what_a_program_says_that_it_can_is_tried() -> None:
    with memory(subject("terminal_exec")) as world:
        world.twin.boasts()
        with pytest.raises(NoQuery, match="cannot be asked"):
            world.open()
        world.twin.heal()
        world.open()


@pytest.mark.parametrize(("reference", "amount"), [("", 1), ("K" * 33, 1), ("K-1", 1), ("单", 1), ("K1", 0), ("K1", -5)])
def test_what_no_terminal_may_be_given(terminal: Memory, reference: str, amount: int) -> None:
    with pytest.raises(ValueError):
        terminal.device.pay(reference, amount, 60)
    assert not terminal.twin.book


def test_a_line_that_was_lost_before_has_begun_nothing(terminal: Memory) -> None:
    terminal.twin.unplug()
    with pytest.raises(Gone):
        terminal.device.pay("K1", 1205, 60)
    assert not terminal.twin.book


@pytest.mark.parametrize("after", [0.05, 1.5, 2.99])
def test_switched_off_in_the_middle(after: float) -> None:
    with memory(subject("terminal_codepay")) as world:
        world.open()
        world.loop.later(after, world.twin.power_off)
        began = world.loop.seconds
        with pytest.raises(OutcomeUnknown):
            world.device.pay("K1", 1205, 120)
        assert world.loop.seconds - began < 20, "nobody waits two minutes for a dark screen"
        with pytest.raises(NoAnswer):
            world.device.status()
        assert heard(world).settled.value == state(world, "K1") == "declined"


def test_a_terminal_that_is_off_has_begun_nothing() -> None:
    with memory(subject("terminal_codepay")) as world:
        world.open()
        world.twin.power_off()
        world.loop.pass_time(10, lambda: False)
        with pytest.raises(NoAnswer):
            world.device.pay("K1", 1205, 60)
        assert not world.twin.book


def test_a_heartbeat_goes_out_while_somebody_looks_for_their_card() -> None:
    with memory(subject("terminal_codepay")) as world:
        world.open()
        world.twin.absent()
        world.loop.later(30, world.twin.tap)
        sent: list[bytes] = []
        write = world.link.write

        def noted(data: bytes, timeout: float = 5.0) -> None:
            sent.append(data)
            write(data, timeout)

        world.link.write = noted
        world.device.pay("K1", 1205, 60)
        assert sent.count(bytes.fromhex("55AA000000000000CC33")) >= 14


def test_a_program_that_is_not_ready_says_so() -> None:
    with memory(subject("terminal_exec")) as world:
        world.open()
        world.twin.not_ready()
        assert world.device.status().state is State.OFFLINE
        with pytest.raises(OutOfService):
            world.device.pay("K1", 1205, 60)
        assert heard(world).settled is Settled.NEVER


def test_names_of_another_acquirer() -> None:
    with memory(subject("terminal_codepay")) as world:
        world.open()
        with pytest.raises(ValueError):
            CodePay(world.link, names="refrence=orderNo")
        device = CodePay(world.link, names="never=405,terminal=tid")
        with pytest.raises(NoQuery):
            device.identify()                   # for this twin an unknown order is 404


# Any fault, at any byte, in either direction.


def spoiled(at: int, kind: str, bit: int) -> Callable[[bytes], bytes]:
    """A fault at the `at`-th byte of all that passes."""
    passed = 0

    def spoil(data: bytes) -> bytes:
        nonlocal passed
        here, passed = at - passed, passed + len(data)
        if not 0 <= here < len(data):
            return b"" if kind == "dead" and here < 0 else data
        before, byte, after = data[:here], data[here:here + 1], data[here + 1:]
        return {"drop": before + after, "double": before + byte + byte + after, "cut": before, "dead": before,
                "insert": before + bytes((bit * 37 & 0xFF,)) + byte + after,
                "flip": before + bytes((byte[0] ^ 1 << bit,)) + after}[kind]

    return spoil


@settings(max_examples=300)
@given(driver=st.sampled_from(TERMINALS), ours=st.booleans(), at=st.integers(0, 700), bit=st.integers(0, 7),
       kind=st.sampled_from(["drop", "double", "cut", "dead", "insert", "flip"]),
       person=st.sampled_from(["taps", "cancels", "leaves", "is declined"]))
def test_any_fault_at_any_byte_of_a_payment(driver: str, ours: bool, at: int, bit: int, kind: str, person: str) -> None:
    with memory(subject(driver)) as world:
        world.open()
        twin = world.twin
        twin.declines(person == "is declined")
        twin.absent(person in ("cancels", "leaves"))
        if person == "cancels":
            world.loop.later(4, twin.cancel)
        spoil = spoiled(at, kind, bit)
        if ours:
            write = world.link.write
            world.link.write = lambda data, timeout=5.0: write(spoil(data), timeout)
        else:
            world.line.spoil = lambda number, data: spoil(data)
        try:
            ended: Any = world.device.pay("KIOSK00000001", 1205, 20)
        except DeviceError as error:
            ended = error
        entry = twin.book.get("KIOSK00000001")
        if isinstance(ended, Slip):
            assert entry and (ended.settled.value, ended.reference) == (entry.state, "KIOSK00000001")
            assert ended.settled is not Settled.APPROVED or ended.amount == entry.amount == 1205
        else:
            assert isinstance(ended, OutcomeUnknown) or entry is None, "nothing begun means nothing in the book"
        world.line.spoil = lambda number, data: data
        told = heard(world, "KIOSK00000001")
        entry = twin.book.get("KIOSK00000001")
        assert agrees(told, entry)
        assert not isinstance(ended, Slip) or told == ended or driver == "terminal_exec"    # whose numbers have no check
