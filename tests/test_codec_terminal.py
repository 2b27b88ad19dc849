"""The bank terminals' codecs: published frames, amounts to the fen, and what no terminal may make us believe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drivers import terminal_exec
from drivers.contract import OutcomeUnknown, Settled, Slip
from drivers.contract.terminal import ended, masked
from drivers.terminal_codepay import (
    CONFIRM, HANDSHAKE, NAMES, NORMAL, Decoder, Message, fen, fields, impersonal, slip, yuan)
from vectors import vectors

VECTORS = vectors("terminal")


def told(code: str = "000", **business: Any) -> dict[str, Any]:
    return {"response_code": code, "response_msg": "", "biz_data": {
        "merchant_order_no": "K1", "order_amount": "12.50", "trans_status": "2", **business}}


def test_published_frames() -> None:
    assert Message(HANDSHAKE).frame() == bytes.fromhex("55AA010000000001CC33")
    assert Message(CONFIRM).frame() == VECTORS["6.21"] and Message(NORMAL).frame() == VECTORS["6.22"]
    assert Decoder().feed(VECTORS["6.21"] + VECTORS["6.22"]) == [Message(CONFIRM), Message(NORMAL)]
    assert impersonal(VECTORS["6.22"]) and not impersonal(Message(NORMAL, 0, 1, b"{}").frame())


def test_frames_in_pieces_behind_noise_and_behind_half_a_frame() -> None:
    frame = Message(NORMAL, 0, 7, b'{"a": 1}').frame()
    decoder = Decoder()
    assert [message for byte in b"\x00\x55" + frame for message in decoder.feed(bytes((byte,)))] == [
        Message(NORMAL, 0, 7, b'{"a": 1}')]
    assert decoder.noise
    decoder = Decoder()
    assert decoder.feed(frame[:9]) == [] and decoder.begun
    found = decoder.feed(frame)
    while decoder.begun:
        found += decoder.gave_up()
    assert found == [Message(NORMAL, 0, 7, b'{"a": 1}')]


def test_no_single_byte_wrong_passes() -> None:
    frame = Message(NORMAL, 0, 7, b'{"amount": "12.50"}').frame()
    for at in range(len(frame)):
        for bit in range(8):
            assert Decoder().feed(frame[:at] + bytes((frame[at] ^ 1 << bit,)) + frame[at + 1:]) == []


@pytest.mark.parametrize(("amount", "text"), [
    (1, "0.01"), (10, "0.10"), (1205, "12.05"), (100, "1.00"), (99999999, "999999.99")])
def test_amounts(amount: int, text: str) -> None:
    assert yuan(amount) == text and fen(text) == amount


@pytest.mark.parametrize(("text", "amount"), [
    ("12", 1200), ("12.5", 1250), ("12.505", -1), ("1e3", -1), ("-1", -1), ("", -1), (12, -1), (None, -1), ("1,200", -1),
    (" 1", -1), ("１", -1)])
def test_amounts_as_others_write_them(text: object, amount: int) -> None:
    assert fen(text) == amount


@pytest.mark.parametrize(("answer", "settled"), [
    (told(), Settled.APPROVED), (told("0"), Settled.APPROVED), (told(trans_status="0"), Settled.RUNNING),
    (told(trans_status="9"), Settled.RUNNING), (told("001", trans_status="1"), Settled.DECLINED),
    (told(trans_status="3"), Settled.DECLINED), ({"response_code": "110", "biz_data": ""}, Settled.DECLINED),
    ({"response_code": "404"}, Settled.NEVER), ({"response_code": "000", "biz_data": json.dumps(told()["biz_data"])},
                                                Settled.APPROVED)])
def test_how_a_transaction_stands(answer: dict[str, Any], settled: Settled) -> None:
    read = slip(answer, NAMES)
    assert read and read.settled is settled
    assert read.settled is not Settled.APPROVED or (read.reference, read.amount) == ("K1", 1250)


@pytest.mark.parametrize("answer", [
    {}, told("001"), told(trans_status="7"), told(trans_status=2), told(trans_status=None), told(order_amount="?"),
    told(order_amount=12.5), {"response_code": "000"}, {"response_code": "001", "response_msg": "Transaction timeout"},
    {"biz_data": [1]}])
def test_what_says_neither_yes_nor_no(answer: dict[str, Any]) -> None:
    assert slip(answer, NAMES) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"\xff", b'{"a"', b"[" * 5000])
def test_what_is_no_object(data: bytes) -> None:
    assert fields(data) == {} and terminal_exec.Decoder().feed(data + b"\n") == []


def test_an_end_is_ours_by_reference_and_amount_alone() -> None:
    good = Slip("K1", Settled.APPROVED, 1250)
    assert ended(good, "K1", 1250) is good
    for other in (Slip("K2", Settled.APPROVED, 1250), Slip("K1", Settled.APPROVED, 1251), Slip("K1", Settled.RUNNING, 1250),
                  Slip("K1", Settled.NEVER)):
        with pytest.raises(OutcomeUnknown):
            ended(other, "K1", 1250)
    assert ended(Slip("K1", Settled.DECLINED), "K1", 1250)


@pytest.mark.parametrize(("card", "shown"), [
    ("6217000000000000012", "621700*********0012"), ("621700******0012", "621700******0012"),
    ("6217 0000 0000 0012", "621700******0012"), ("****0012", "****0012"), ("", "")])
def test_a_card_s_number_is_masked_even_if_the_terminal_did_not(card: str, shown: str) -> None:
    assert masked(card) == shown


def test_lines_too_long_are_dropped_whole() -> None:
    decoder = terminal_exec.Decoder()
    good = terminal_exec.line({"id": 1})
    assert decoder.feed(b'{"id": "' + b"x" * 9000) == [] and decoder.feed(b'"}\n' + good) == [{"id": 1}]
    assert decoder.noise and terminal_exec.Decoder().feed(good + good[:-1]) == [{"id": 1}]


@pytest.mark.parametrize("answer", [
    {}, {"settled": "yes"}, {"settled": "approved", "amount": -1}, {"settled": "approved", "amount": "5"},
    {"settled": "approved", "amount": True}, {"settled": ["approved"]}])
def test_lines_that_are_no_transaction(answer: dict[str, Any]) -> None:
    assert terminal_exec.slip(answer) is None
