"""Words in both languages, side by side where they are used: neither can be forgotten."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest

LANGUAGE = "console_language"     # the cookie's name


class Both(NamedTuple):
    zh: str
    en: str

    def say(self, language: str) -> str:
        return self.en if language == "en" else self.zh


def language(request: HttpRequest) -> str:
    """"zh", or "en" for who has switched."""
    return "en" if request.COOKIES.get(LANGUAGE) == "en" else "zh"
