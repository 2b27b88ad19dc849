"""A definite no, with a word a program can act on and the data a person needs to hear."""

from __future__ import annotations

from typing import Any

_STATUS = {
    "no_key": 400, "unauthorized": 401,
    "unknown_department": 404, "unknown_patient": 404, "unknown_segment": 404, "unknown_hold": 404,
    "unknown_order": 404, "unknown_appointment": 404, "unknown_notice": 404, "unknown_paper": 404, "unknown_ticket": 404,
    "unknown_booking": 404, "unknown_service_request": 404, "unknown_turn": 404,
    "unknown_offer": 404, "unknown_practitioner": 404,
    "bad_id_number": 422, "bad_phone": 422, "bad_request": 422, "key_reused": 422,
    "too_many": 429,
}


class Refusal(Exception):
    """`code` is one of the words of the kiosk API; `data` is JSON. `retry_after`: seconds, where asking again helps."""

    retry_after: int | None = None

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code)
        self.code = code
        self.data = data

    @property
    def status(self) -> int:
        """The HTTP status: 409 unless the word says that something is unknown, badly written or not allowed."""
        return _STATUS.get(self.code, 409)


class Away(Exception):
    """Nobody knows yet (the payment channel does not answer): ask again with the same key. HTTP 503."""

    code = "channel_away"
