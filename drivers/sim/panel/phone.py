"""The patient's phone: passes the panel's wishes on to the payment twins, and shows all their orders as one list."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT = 5.0                # s


class PhoneAway(Exception):
    """The payment twin does not answer."""


class Phone:
    """`urls` are the payment twins' addresses, with or without their /twin. One that is away hides no other."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = [url.rstrip("/").removesuffix("/twin") + "/twin" for url in urls]
        # The payment twins are neighbours: a proxy set for the world must not come between.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def ask(self, act: str, said: dict[str, Any] | None) -> tuple[int, bytes]:
        """GET orders, or POST an act; status and JSON. Raises PhoneAway when no twin answers."""
        answers: list[tuple[int, bytes]] = []
        trouble = PhoneAway("no payment twin")
        for url in self._urls:
            try:
                answers.append(self._ask(url, act, said))
            except PhoneAway as away:
                trouble = away
        if not answers:
            raise trouble
        if said is None:
            orders = [order for status, body in answers if status == 200 for order in json.loads(body)]
            return 200, json.dumps(sorted(orders, key=_opened, reverse=True), ensure_ascii=False).encode()
        # Only one of them knows the order.
        return min(answers, key=lambda answer: (answer[0] != 200, answer[0] in (404, 400)))

    def _ask(self, url: str, act: str, said: dict[str, Any] | None) -> tuple[int, bytes]:
        body = None if said is None else json.dumps(said).encode()
        try:
            wish = urllib.request.Request(f"{url}/{act}", body, {"Content-Type": "application/json"})
            with self._open(wish, timeout=TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()
        except (OSError, ValueError) as error:
            raise PhoneAway(str(error)) from error


def _opened(order: dict[str, Any]) -> str:
    return str(order.get("opened_at", ""))
