"""Asking the payment channel for somebody who waits at a machine, on threads of its own.

A machine that looks at an order gets what is known, at once, and the order is asked about in the background: a channel
that hangs keeps these few threads waiting, never those that serve everybody. What is wanted lives in memory only, for
whoever waits looks again in a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import close_old_connections

from hospital.money import settling
from hospital.money.models import Order
from hospital.refusal import Away

log = logging.getLogger(__name__)

_changed = threading.Condition()
_wanted: dict[str, None] = {}       # a queue without repeats
_asking: set[str] = set()           # a slow answer about one order must not take a second thread
_calls = threading.BoundedSemaphore(settings.CHANNEL_CALLS)


def want(order: Order) -> None:
    """Somebody waits for news of this order. How often it is asked about is for `settling.look` to say."""
    if order.state == Order.State.OPEN and order.asked_for:
        with _changed:
            _wanted[order.no] = None
            _changed.notify()


def ask_all() -> None:
    """Ask about all that is wanted now, and return when the channel has answered."""
    while (no := _take(lambda: True)) is not None:
        _ask(no)


def ask_until(stop: threading.Event) -> None:
    """What one asking thread does until `stop` is set (and `wake` called)."""
    while not stop.is_set() and (no := _take(stop.is_set)) is not None:
        _ask(no)
        close_old_connections()


def wake() -> None:
    """Let the asking threads see that they are to stop."""
    with _changed:
        _changed.notify_all()


@contextmanager
def in_turn() -> Iterator[None]:
    """A request that must wait for the channel: only so many at once. Raises Away at once when there are."""
    if not _calls.acquire(blocking=False):
        raise Away
    try:
        yield
    finally:
        _calls.release()


def _take(over: Callable[[], bool]) -> str | None:
    """The next order to ask about, waited for until `over`; None then."""
    with _changed:
        while True:
            no = next((no for no in _wanted if no not in _asking), None)
            if no is not None:
                del _wanted[no]
                _asking.add(no)
                return no
            if over():
                return None
            _changed.wait()


def _ask(no: str) -> None:
    try:
        settling.look(settling.get_order(no))
    except Exception as fault:      # whoever waits looks again; the thread must not die
        log.error("asking about an order failed: %s", type(fault).__name__)
    finally:
        with _changed:
            _asking.discard(no)
            _changed.notify()
