"""What templates say: {% t "排班" "Rosters" %}, {% t "{n} 位患者" "{n} patients" n=count %}, {{ name|in:language }}."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template

from hospital import clock
from hospital.care.masking import mask_name
from hospital.console import choices
from hospital.console.words import Both
from hospital.registrar.yuan import yuan

register = template.Library()

register.filter("masked", mask_name)
register.filter("yuan", yuan)


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], zh: str, en: str, **words: Any) -> str:
    """The sentence in the reader's language, its {words} filled in."""
    sentence = Both(zh, en).say(context["language"])
    return sentence.format(**words) if words else sentence


@register.filter
def say(both: Both, language: str) -> str:
    return both.say(language)


@register.filter
def at(table: Any, key: str) -> Any:
    return table[key]


@register.simple_tag(takes_context=True)
def chosen(context: dict[str, Any], thing: Any, field: str) -> str:
    """What was chosen in this field of a record: {% chosen session "state" %}."""
    return choices.chosen(thing, field).say(context["language"])


@register.simple_tag(takes_context=True)
def in_words(context: dict[str, Any], thing: Any, field: str) -> str:
    """Of a record that has a field in both languages: {% in_words line "department" %}."""
    return str(getattr(thing, f"{field}_{context['language']}"))


@register.filter
def named(thing: Any, language: str) -> str:
    """The name of a department or a doctor."""
    return str(thing.name_en if language == "en" else thing.name_zh)


@register.filter
def wall(moment: dt.datetime | None, form: str = "%m-%d %H:%M") -> str:
    """A moment on the hospital's wall clock."""
    return clock.local(moment).strftime(form) if moment else "—"


@register.filter
def minute(of_day: int) -> str:
    """480 is 08:00."""
    return f"{of_day // 60:02d}:{of_day % 60:02d}"
