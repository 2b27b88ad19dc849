"""The card movers' codecs against published frames."""

from __future__ import annotations

import pytest

from drivers import cards_crt310, cards_crt571, cards_k720
from drivers.cards_crt571 import FORM as CRT571
from drivers.cards_crt310 import FORM as CRT310
from drivers.contract import Bin, CardPlace, CardRefused, Stock
from drivers.handshake import ACK, ENQ, NAK, Decoder, Form
from vectors import vectors

VECTORS = vectors("cards")
K720 = cards_k720.form(0)


@pytest.mark.parametrize(("name", "form", "text"), [
    ("5.03", CRT571, cards_crt571.INIT), ("5.05", CRT571, cards_crt571.STATUS),
    ("5.13", CRT571, cards_crt571.TO_READER), ("5.16", CRT571, cards_crt571.GATES["30"]),
    ("5.18", CRT571, cards_crt571.GATES["39"]), ("5.19", CRT571, cards_crt571.TO_BOX),
    ("5.25", CRT571, cards_crt571.ALLOW), ("5.26", CRT571, cards_crt571.FORBID), ("5.27", CRT571, cards_crt571.RF_ON),
    ("5.40", CRT310, cards_crt310.RESET), ("5.43", CRT310, cards_crt310.STATUS),
    ("5.50", K720, b"RS"), ("5.52", K720, b"CP"), ("5.54", K720, b"AP"), ("5.55", K720, b"FC0"), ("5.58", K720, b"FC7"),
    ("5.59", K720, b"FC8"), ("5.60", K720, b"GV"), ("5.78", K720, b";0"), ("5.79", K720, b";1")])
def test_every_request_is_the_published_frame(name: str, form: Form, text: bytes) -> None:
    assert form.frame(text) == VECTORS[name]


def test_control_characters() -> None:
    assert (CRT571.control(ACK), CRT571.control(NAK)) == (VECTORS["5.32"], VECTORS["5.33"])
    assert CRT310.control(ENQ) == VECTORS["5.47"]
    assert K720.control(ENQ) == VECTORS["5.62"]


@pytest.mark.parametrize(("name", "place", "cards"), [
    ("5.06", CardPlace.NONE, Stock.OK), ("5.07", CardPlace.SLOT, Stock.OK), ("5.08", CardPlace.READER, Stock.OK),
    ("5.09", CardPlace.NONE, Stock.LOW), ("5.10", CardPlace.NONE, Stock.EMPTY), ("5.17", CardPlace.SLOT, Stock.OK),
    ("5.20", CardPlace.NONE, Stock.OK), ("5.04", CardPlace.NONE, Stock.OK)])
def test_states_of_a_crt571(name: str, place: CardPlace, cards: Stock) -> None:
    reply = cards_crt571.decode(VECTORS[name])
    assert reply and (reply.error, reply.place, reply.cards, reply.bin) == ("", place, cards, Bin.OK)


def test_what_a_crt571_does_not_tell_is_unknown() -> None:
    reply = cards_crt571.parse(b"P10???")
    assert reply and (reply.place, reply.cards, reply.bin) == (CardPlace.UNKNOWN, Stock.UNKNOWN, Bin.UNKNOWN)


@pytest.mark.parametrize(("name", "error"), [("5.21", "A0"), ("5.23", "B0")])
def test_refusals_of_a_crt571(name: str, error: str) -> None:
    reply = cards_crt571.decode(VECTORS[name])
    assert reply and reply.error == error
    printed = cards_crt571.parse(b"E" + b"22" + error.encode())     # as one manual prints the mark
    assert printed and printed.error == error


def test_a_uid_at_the_radio_reader() -> None:
    reply = cards_crt571.decode(VECTORS["5.28"])
    assert reply and cards_crt571.uid(reply.data) == "01020304"
    assert cards_crt571.uid(b"B\x01\x02\x03") == ""
    for broken in (b"", b"M\x04\x00", b"M\x04\x00\x04\x01\x02", b"M\x04\x00\x05\x01\x02\x03\x04\x05\x08",
                   reply.data + b"\x00"):
        with pytest.raises(CardRefused):
            cards_crt571.uid(broken)


def test_answers_of_a_crt310() -> None:
    reply = cards_crt310.decode(VECTORS["5.44"], b"00")
    assert reply and (reply.error, reply.data) == (None, b"CRT-TEST-310")
    failed = cards_crt310.decode(VECTORS["5.49"], b"23")
    assert failed and failed.error == 0x10
    assert cards_crt310.decode(VECTORS["5.49"], b"10") is None, "it answers another command"


@pytest.mark.parametrize(("name", "bits"), [
    ("5.65", 0x0001), ("5.66", 0x0003), ("5.68", 0x0008), ("5.69", 0x0020), ("5.70", 0x0040), ("5.72", 0x0200),
    ("5.73", 0x0800), ("5.74", 0x0400), ("5.76", 0x4000)])
def test_states_of_a_k720(name: str, bits: int) -> None:
    state = cards_k720.decode(VECTORS[name])
    assert isinstance(state, cards_k720.Word) and state.bits == bits
    assert (state.cards is Stock.EMPTY) == (bits == 8) and state.stuck == (bits in (0x20, 0x40))


@pytest.mark.parametrize(("form", "name"), [(CRT571, "5.28"), (CRT310, "5.44"), (K720, "5.73")])
def test_a_frame_counts_only_when_it_is_whole_and_nothing_follows(form: Form, name: str) -> None:
    frame = VECTORS[name]
    decoder = Decoder(form)
    for byte in frame[:-1]:
        assert decoder.feed(bytes((byte,))) is None
    text = decoder.feed(frame[-1:])
    assert text and form.frame(text) == frame
    assert decoder.feed(b"\x00") is None, "a byte too many"
    assert Decoder(form).feed(b"\xfe\x83" + frame) == text, "noise before it"
    assert Decoder(form).feed(frame + frame) == text, "said twice"
    assert Decoder(form, sent=b"\x02what we sent").feed(b"\x02what we sent" + frame) == text, "a line with an echo"
    for at in range(len(frame)):
        assert Decoder(form).feed(frame[:at] + bytes((frame[at] ^ 0x10,)) + frame[at + 1:]) is None


def test_the_spy_sees_no_uid() -> None:
    assert not cards_crt571.impersonal(VECTORS["5.28"]) and cards_crt571.impersonal(VECTORS["5.06"])
    assert cards_crt571.impersonal(VECTORS["5.32"])
    uid = K720.frame(b"P;1\x01\x02\x03\x04")
    assert cards_k720.uid(b"P;1\x01\x02\x03\x04") == "01020304" and not cards_k720.impersonal(uid)
    assert cards_k720.impersonal(VECTORS["5.73"]) and cards_crt310.impersonal(VECTORS["5.43"])
