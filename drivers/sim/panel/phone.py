"""The patient's phone: passes the panel's wishes on to the payment twin."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

TIMEOUT = 5.0                # s


class PhoneAway(Exception):
    """The payment twin does not answer."""


class Phone:
    """`url` is the payment twin's address, with or without its /twin."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/").removesuffix("/twin") + "/twin"
        # The payment twin is a neighbour: a proxy set for the world must not come between.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def ask(self, act: str, said: dict[str, Any] | None) -> tuple[int, bytes]:
        """GET orders, or POST an act; status and JSON. Raises PhoneAway."""
        body = None if said is None else json.dumps(said).encode()
        try:
            wish = urllib.request.Request(f"{self._url}/{act}", body, {"Content-Type": "application/json"})
            with self._open(wish, timeout=TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()
        except (OSError, ValueError) as error:
            raise PhoneAway(str(error)) from error
