"""IPP as bytes: requests as RFC 8010 writes them, answers in its form, and whatever else may come."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import DeviceError, NoAnswer
from drivers.ipp import Answer, Operation, Tag, decode, encode

CHARSET = bytes.fromhex("47 0012") + b"attributes-charset" + bytes.fromhex("0005") + b"utf-8"
LANGUAGE = bytes.fromhex("48 001b") + b"attributes-natural-language"
URI = bytes.fromhex("45 000b") + b"printer-uri" + bytes.fromhex("0018") + b"ipp://localhost/printers"

# The example of a printed job in RFC 8010, appendix A.2: status, then the job's own attributes.
PRINTED = (bytes.fromhex("0101 0000 00000001 01 47 0012") + b"attributes-charset" + bytes.fromhex("0008") + b"us-ascii"
           + LANGUAGE + bytes.fromhex("0005") + b"en-us" + bytes.fromhex("41 000e") + b"status-message"
           + bytes.fromhex("000d") + b"successful-ok" + bytes.fromhex("02 21 0006") + b"job-id"
           + bytes.fromhex("0004 00000093") + bytes.fromhex("23 0009") + b"job-state" + bytes.fromhex("0004 00000003 03"))


def value(tag: int, name: bytes, data: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(data)) + data


def test_a_request_is_the_published_bytes() -> None:
    made = encode(Operation.PRINTER, 7, [(Tag.URI, "printer-uri", "ipp://localhost/printers"),
                                         (Tag.KEYWORD, "requested-attributes", ("printer-state", "x"))])
    assert made == (bytes.fromhex("0200 000b 00000007 01") + CHARSET + LANGUAGE + b"\0\2en" + URI
                    + value(0x44, b"requested-attributes", b"printer-state") + value(0x44, b"", b"x") + b"\3")


def test_a_document_comes_behind_its_attributes_and_wishes_have_a_group() -> None:
    made = encode(Operation.SEND_DOCUMENT, 1, [(Tag.INTEGER, "job-id", 147), (Tag.BOOLEAN, "last-document", True)],
                  [(Tag.KEYWORD, "sides", "one-sided")], b"%PDF-")
    assert made.endswith(value(0x21, b"job-id", b"\0\0\0\x93") + value(0x22, b"last-document", b"\1") + b"\2"
                         + value(0x44, b"sides", b"one-sided") + b"\3%PDF-")


def test_the_published_answer_is_read() -> None:
    job = {"job-id": (147,), "job-state": (3,)}
    assert decode(PRINTED + b"more") == (Answer(0, 1, (job,)), len(PRINTED))
    for cut in range(len(PRINTED)):
        assert decode(PRINTED[:cut]) is None, "not whole yet"


def test_values_of_every_kind_and_several_of_one() -> None:
    group = b"".join((
        value(0x44, b"printer-state-reasons", b"media-low-warning"), value(0x44, b"", b"toner-low-report"),
        value(0x22, b"printer-is-accepting-jobs", b"\1"), value(0x13, b"time-at-processing", b""),
        value(0x35, b"printer-info", b"\0\2zh\0\6" + "打印".encode()), value(0x21, b"marker-levels", b"\xff\xff\xff\xfe"),
        value(0x21, b"odd", b"\1")))
    found = decode(b"\2\0\4\6\0\0\0\x09\1" + CHARSET + b"\4" + group + b"\3")
    assert found and (found[0].status, found[0].number) == (0x0406, 9)
    assert found[0].first == {
        "printer-state-reasons": ("media-low-warning", "toner-low-report"), "printer-is-accepting-jobs": (True,),
        "time-at-processing": (b"",), "printer-info": ("打印",), "marker-levels": (-2,), "odd": (b"\1",)}
    assert Answer(0, 1).first == {}


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"\x12", b"\xaa\xaa\xaa\x96\x69\0\x04", b"\0" * 20,
                                  b"\2\0\0\0\0\0\0\1\x44\0\1a\0\1b\3", b"\2\0\0\0\0\0\0\1\4\x44\0\0\0\1b\3"])
def test_what_is_no_ipp_is_refused(data: bytes) -> None:
    with pytest.raises(NoAnswer):
        decode(data)


@settings(max_examples=1500)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=120).map(lambda tail: b"\2\0\0\0\0\0\0\1\4" + tail)))
def test_any_bytes_give_an_answer_nothing_yet_or_a_refusal(data: bytes) -> None:
    try:
        found = decode(data)
    except DeviceError:
        return
    assert found is None or 9 <= found[1] <= len(data)
