"""What a search asks for: FHIR's search parameters read into Django's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from hospital import clock
from hospital.fhir import ids
from hospital.fhir.callers import Caller
from hospital.fhir.outcome import Misasked
from hospital.fhir.resources import LETTERS
from hospital.fhir.words import NUMBER

DAY = dt.timedelta(days=1)
YEARS = range(1900, 2200)       # at the ends of the calendar there is no day in every zone
NONE = Q(pk__in=[])
Filter = Callable[[str], Q]
"""From a parameter's value, one of those between commas, to the rows it means."""


def token(field: str, system: str = "") -> Filter:
    """`code` or `system|code`; of another system nothing is found."""
    def read(value: str) -> Q:
        where, bar, code = value.rpartition("|")
        return Q(**{field: code}) if code and (not bar or where == system) else NONE
    return read


def text(*fields: str) -> Filter:
    """A name begins so."""
    def read(value: str) -> Q:
        found = NONE
        for field in fields:
            found |= Q(**{f"{field}__istartswith": value})
        return found
    return read


def row(kind: str, field: str = "pk") -> Filter:
    """`_id`, and references: the id, alone or behind its type."""
    def read(value: str) -> Q:
        return Q(**{field: number}) if (number := number_of(kind, value)) is not None else NONE
    return read


def number_of(kind: str, value: str) -> int | None:
    where, slash, id = value.rpartition("/")
    return ids.number(LETTERS[kind], id) if not slash or where.rpartition("/")[2] == kind else None


def needed_number(kind: str, value: Any, where: str, caller: Caller | None = None) -> int:
    """The number behind a Reference: literal; or logical, where a kiosk names somebody by its own number.

    Raises Misasked.
    """
    given = value if isinstance(value, dict) else {}
    found = number_of(kind, given["reference"]) if isinstance(given.get("reference"), str) else None
    if found is None and caller is not None:
        found = numbered(caller, given.get("identifier"))
    if found is None:
        raise Misasked("value", where)
    return found


def numbered(caller: Caller, identifier: Any) -> int | None:
    """The number by which the kiosk API knows something, as an identifier; from a kiosk only."""
    if not isinstance(identifier, dict) or identifier.get("system") != NUMBER or caller.full:
        return None
    value = str(identifier.get("value"))
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else None


def dates(field: str) -> Filter:
    """`2026-11-23`, `ge2026-11-23T08:00:00+08:00`: a day of the hospital's calendar, or a moment."""
    def read(value: str) -> Q:
        prefix, rest = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
        begin, end = span(rest, field)
        match prefix:
            case "eq":
                return Q(**{f"{field}__gte": begin, f"{field}__lt": end})
            case "ge" | "sa":
                return Q(**{f"{field}__gte": begin if prefix == "ge" else end})
            case "gt":
                return Q(**{f"{field}__gte": end})
            case "lt" | "eb":
                return Q(**{f"{field}__lt": begin})
            case "le":
                return Q(**{f"{field}__lt": end})
        raise Misasked("value", field)
    return read


def span(value: Any, where: str) -> tuple[dt.datetime, dt.datetime]:
    """The stretch that a FHIR date or dateTime means: from, until (not any more). Raises Misasked."""
    try:
        day = dt.date.fromisoformat(value)
        if day.year in YEARS:
            return clock.at(day, 0), clock.at(day + DAY, 0)
    except (TypeError, ValueError):
        pass
    try:        # in an address, + is a blank
        moment = parse_datetime(value.replace(" ", "+"))
    except (AttributeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS:
        raise Misasked("value", where)
    return moment, moment + dt.timedelta(milliseconds=1)


def words(value: str, known: Mapping[str, Q]) -> Q:
    """One of a few words. Raises Misasked."""
    if value not in known:
        raise Misasked("value", value if value.isalpha() and len(value) < 20 else "a word")
    return known[value]


def matching(asked: Mapping[str, list[str]], filters: Mapping[str, Filter]) -> Q:
    """All parameters together; of the values between commas any."""
    found = Q()
    for name, values in asked.items():
        if name in filters:
            for value in values:
                either = NONE
                for one in value.split(","):
                    either |= filters[name](one)
                found &= either
    return found
