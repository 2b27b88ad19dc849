"""What may go wrong between the merchant and WeChat Pay, on demand.

    slow: seconds            every answer comes that much later (what was asked for is done at once)
    lose_answers: n          the next n requests are carried out, and their answers lost
    twice: n                 the next n requests are carried out twice, the next n notifications delivered
    twice forge_signature: n       the next n answers, and the next n notifications, carry a wrong signature
    test_signature: n        …carry one of WeChat Pay's own test signatures, which nobody may believe stale: n
    …were signed six minutes ago lose_notifications: n    the next n deliveries get lost (and are tried again
    on the usual schedule) refuse_orders: CODE      new orders are refused with this code word; "" again
    accepts them refuse_all: CODE         every request is refused with this code word (SYSTEM_ERROR: a 5xx)
    away: true | false       nothing gets through, in either direction refund: "processing" | "abnormal" | ""
    refunds stay where they are | end so; "" lets them succeed
    typing: true | false     who shows a payer's code has to type a password (the phone pays or refuses then)
    early_bills: true | false    today's bill is there already
    torn_bill: n             the next n bills are cut off in the middle
    reverse_again: n         the next n reversals are answered SYSTEM_ERROR: they must be asked for again
"""

import threading
from collections.abc import Mapping
from typing import Any

COUNTED = ("lose_answers", "twice", "forge_signature", "test_signature", "stale", "lose_notifications",
           "reverse_again", "torn_bill")
SEALS = ("forge_signature", "test_signature", "stale")
_NORMAL: dict[str, Any] = {"slow": 0.0, "refuse_orders": "", "refuse_all": "", "away": False, "refund": "",
                           "typing": False, "early_bills": False}


class Faults:
    """The settings above; thread safe. A count holds for answers and for notifications separately."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._settings = dict(_NORMAL)
        self._counts = {(word, kind): 0 for word in COUNTED for kind in ("answer", "notification")}
        self._generation = 0

    def set(self, words: Mapping[str, Any]) -> None:
        """Change the given words only. Raises ValueError for an unknown word or a value of another type."""
        for word, value in words.items():
            _check(word, value)
        with self._changed:
            for word, value in words.items():
                if word in COUNTED:
                    self._counts.update({(word, kind): value for kind in ("answer", "notification")})
                else:
                    self._settings[word] = value
            self._generation += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Everything is well again; waiting answers go out at once."""
        self.set(_NORMAL | {word: 0 for word in COUNTED})

    def show(self) -> dict[str, Any]:
        with self._changed:
            left = {word: max(self._counts[word, kind] for kind in ("answer", "notification")) for word in COUNTED}
            return self._settings | left

    def get(self, word: str) -> Any:
        with self._changed:
            return self._settings[word]

    def take(self, word: str, kind: str) -> bool:
        """Whether this answer or notification is one of the counted ones; it counts as used."""
        with self._changed:
            left = self._counts[word, kind]
            self._counts[word, kind] = max(0, left - 1)
            return left > 0

    def take_seal(self, kind: str) -> str:
        """The fault of the next signature, "" for none."""
        return next((word for word in SEALS if self.take(word, kind)), "")

    def pause(self) -> None:
        """Wait as long as answers are slow, or until the faults change."""
        with self._changed:
            generation = self._generation
            self._changed.wait_for(lambda: self._generation != generation, timeout=self._settings["slow"])


def _check(word: str, value: Any) -> None:
    if word in COUNTED or word == "slow":
        good = isinstance(value, (int, float) if word == "slow" else int) and not isinstance(value, bool)
        good = good and value >= 0
    elif word in ("away", "typing", "early_bills"):
        good = isinstance(value, bool)
    elif word == "refund":
        good = value in ("", "processing", "abnormal")
    else:
        good = word in _NORMAL and isinstance(value, str)
    if not good:
        raise ValueError(f"{word}: {value!r}")
