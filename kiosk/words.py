"""Languages, numbers, dates, money, masking: from word keys and data to the sentence a person reads.

Nothing else in the program holds a sentence. Journeys and tickets carry `Words` (a key and its data) or a `Name`
that the hospital gave in both languages; the sentence is made at the last moment, in the language of the person who
stands here *now*, so a change of language redraws the same question.

A template is a line of `assets/words/*.<language>.json`. Its fields may name a form: `{fee:money}`, `{day:day}`,
`{start:clock}`, `{who:person}`, `{number:id}`, `{phone:phone}`; without one the value is printed as it is, and a value
that is itself a `Text` is read in the same language.
"""

from __future__ import annotations

import datetime as dt
import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True)
class Name:
    """What the hospital calls something, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Words:
    """A sentence by its key, with the data it speaks of. Make it with `say`."""

    key: str
    data: tuple[tuple[str, Any], ...] = field(default=(), repr=False)


Text = Words | Name | str


def say(key: str, **data: Any) -> Words:
    """The sentence `key`, spoken of `data`."""
    return Words(key, tuple(sorted(data.items())))


def read(text: Text, language: Language) -> str:
    """The text in one language. Raises KeyError for a key that the book has neither itself nor for its family."""
    match text:
        case str():
            return text
        case Name(zh, en):
            return en if language is Language.EN and en else zh
        case Words(key, data):
            return _Reader(language).vformat(_sentence(key, language), (), dict(data))


def _sentence(key: str, language: Language) -> str:
    """The template of a key; where a machine gave a cause nobody foresaw, that of its family: `printer.other`."""
    pages = book(language)
    return pages[key] if key in pages else pages[f"{key.rpartition('.')[0]}.other"]


PARTS = ("stories", "screens", "service", "queue", "examination")
"""The books of assets/words, each in both languages."""


@cache
def book(language: Language) -> Mapping[str, str]:
    """Every sentence of one language, by key: stories', the screen's own furniture's, the service menu's."""
    pages: dict[str, str] = {}
    for part in PARTS:
        source = resources.files("assets").joinpath("words", f"{part}.{language}.json")
        pages.update(json.loads(source.read_text(encoding="utf-8")))
    return pages


class _Reader(string.Formatter):
    """Templates' fields, in the forms that people read."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, form: str) -> str:
        match form:
            case "money":
                return money(value, self.language)
            case "day":
                return day(value, self.language)
            case "clock":
                return clock(value)
            case "person":
                return mask_person(value)
            case "id":
                return mask_id(value)
            case "phone":
                return mask_phone(value)
            case "" if isinstance(value, Words | Name):
                return read(value, self.language)
        return str(super().format_field(value, form))


WEEKDAYS = {
    Language.ZH: ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def money(fen: int, language: Language) -> str:
    """Fen as yuan: 1250 -> 12.50元, ¥12.50. Always two decimals, so that nobody reads 5 for 50."""
    sign = "-" if fen < 0 else ""
    yuan = f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
    return f"{sign}{yuan}元" if language is Language.ZH else f"{sign}¥{yuan}"


def day(date: dt.date, language: Language) -> str:
    """11月21日 周六 / Sat 21 Nov."""
    weekday = WEEKDAYS[language][date.weekday()]
    if language is Language.ZH:
        return f"{date.month}月{date.day}日 {weekday}"
    return f"{weekday} {date.day} {MONTHS[date.month - 1]}"


def clock(time: dt.datetime | dt.time) -> str:
    """14:05, in the zone that the value carries."""
    return f"{time.hour:02d}:{time.minute:02d}"


def mask_person(name: str) -> str:
    """The family name stays, the rest is hidden: 张三丰 -> 张**, ALPHA BETA -> ALPHA ***."""
    name = name.strip()
    if name.isascii():
        first, _, rest = name.partition(" ")
        return f"{first} ***" if rest else f"{first[:2]}***"
    return name[:1] + "*" * max(1, len(name) - 1)


def mask_id(number: str) -> str:
    """Six digits of area and the last four stay (the common form; the birth date is hidden)."""
    return number[:6] + "*" * max(0, len(number) - 10) + number[-4:] if len(number) > 10 else "*" * len(number)


def mask_phone(number: str) -> str:
    """138****8000."""
    return number[:3] + "****" + number[-4:] if len(number) >= 11 else "*" * len(number)
