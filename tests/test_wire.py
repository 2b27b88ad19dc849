"""Every record that may lie on disk or come from the hospital, there and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import types
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kiosk import care, requests, tickets, words
from kiosk.journal import RECORDS
from kiosk.play import fingerprint
from kiosk.wire import Misfit, Registry, from_json, to_json

calmly = settings(max_examples=30)

ZONE = dt.timezone(dt.timedelta(hours=8))
PLAIN: dict[Any, some.SearchStrategy[Any]] = {
    str: some.text(max_size=12), int: some.integers(-2**53, 2**53), bool: some.booleans(), type(None): some.none(),
    dt.date: some.dates(), dt.datetime: some.datetimes(timezones=some.just(ZONE)),
}


def values(kind: Any) -> some.SearchStrategy[Any]:
    """Any value of a type that records are made of."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return some.one_of(*map(values, inner))
    if origin is tuple:
        return some.lists(values(inner[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return some.sampled_from(kind)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return some.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)
                                    if field.metadata.get("kept", True)})
    return PLAIN[kind]


def made_of_records(kind: Any) -> bool:
    """Can any value of this type be an answer? (A question with options of any kind is none.)"""
    try:
        values(kind)
    except (KeyError, NameError):
        return False
    return True


ANSWERS = [kind for kind in RECORDS.types.values() if made_of_records(kind)]


def test_every_record_of_the_hospital_is_tried() -> None:
    records = [kind for kind in vars(care).values() if isinstance(kind, type) and kind.__module__ == care.__name__]
    assert len(records) >= 20 and set(records) <= set(ANSWERS)
    assert {requests.VisitCard, requests.TypeInstead, requests.PayEnd} <= set(ANSWERS)


def test_what_pays_for_whoever_has_it_never_lies_on_disk() -> None:
    code = requests.PayerCode("wechat", "130000000000000000")
    assert "130000000000000000" not in json.dumps(RECORDS.pack(code)) + json.dumps(to_json(code))
    assert RECORDS.unpack(RECORDS.pack(code)) == requests.PayerCode("wechat")


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
def test_there_and_back(kind: Any) -> None:
    @calmly
    @given(values(kind))
    def round_trip(value: Any) -> None:
        text = json.dumps(RECORDS.pack(value))
        assert RECORDS.unpack(json.loads(text)) == value
        assert from_json(kind, json.loads(json.dumps(to_json(value)))) == value

    round_trip()


@calmly
@given(some.lists(values(care.Session), max_size=2).map(tuple))
def test_lists_there_and_back(sessions: tuple[care.Session, ...]) -> None:
    assert RECORDS.unpack(json.loads(json.dumps(RECORDS.pack(sessions)))) == sessions


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3), max_leaves=6)


@pytest.mark.parametrize("kind", [care.Session, care.Order, care.Notice, tuple[care.Department, ...]], ids=str)
def test_whatever_the_hospital_says_fits_or_is_a_misfit(kind: Any) -> None:
    @calmly
    @given(JSON)
    def any_answer(data: Any) -> None:
        try:
            from_json(kind, data)
        except Misfit:
            return

    any_answer()


def order(**change: Any) -> dict[str, Any]:
    return {"no": "R1", "hold": "h", "channel": "wechat", "amount": 1000, "code_url": "weixin://x",
            "expires_at": "2026-11-23T08:03:00+08:00", "state": "open", "transaction": None, **change}


def test_fields_that_are_new_are_passed_over() -> None:
    assert from_json(care.Order, order(colour="red")).amount == 1000


@pytest.mark.parametrize("change", [
    {"amount": 10.0}, {"amount": "1000"}, {"amount": True}, {"amount": None}, {"state": "perhaps"}, {"transaction": 7},
    {"expires_at": "soon"}, {"expires_at": 0}, {"no": None}], ids=str)
def test_nothing_is_guessed(change: dict[str, Any]) -> None:
    with pytest.raises(Misfit):
        from_json(care.Order, order(**change))


def test_a_missing_field_is_a_misfit() -> None:
    data = order()
    del data["amount"]
    with pytest.raises(Misfit):
        from_json(care.Order, data)


@pytest.mark.parametrize("packed", [{"is": "Mystery", "of": {}}, {}, {"is": "Order", "of": {"no": "R1"}},
                                    {"is": "int", "of": "7"}], ids=str)
def test_what_cannot_be_unpacked_is_a_misfit(packed: dict[str, Any]) -> None:
    with pytest.raises(Misfit):
        RECORDS.unpack(packed)


def test_only_records_are_written_down() -> None:
    for value in (1.5, object(), {"a": 1}, b"bytes"):
        with pytest.raises(TypeError):
            RECORDS.pack(value)


def test_two_types_of_one_name_are_not_mixed_up() -> None:
    """A registry of these modules knows each name once, or the disk would be ambiguous."""
    names: dict[str, Any] = {}
    for module in (care, requests, tickets, words):
        for name, kind in vars(module).items():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                assert names.setdefault(name, kind) is kind, name
    assert Registry(care).types["Order"] is care.Order


def test_a_fingerprint_is_of_what_was_asked() -> None:
    """The same question has the same one in every process; another question, or other data, has another."""
    one = requests.HoldSlot(1, "s-0900")
    assert fingerprint(one) == fingerprint(requests.HoldSlot(1, "s-0900")) and len(fingerprint(one)) == 16
    others = [requests.HoldSlot(2, "s-0900"), requests.HoldSlot(1, "s-0930"), requests.Release("s-0900"),
              requests.Sessions(1), requests.Papers(1), requests.Appointments(1)]
    assert len({fingerprint(request) for request in (one, *others)}) == len(others) + 1
