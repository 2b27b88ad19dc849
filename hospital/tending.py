"""Whoever left, died or lost the line: what they began is brought to an end here, in the background.

One pass: orders past their end are concluded, closed ones looked at again for money that came after all, money
without a booking is booked or refunded, refunds are asked for until they are done, stopped sessions are cleared (of who
waits there already, too), old answers are forgotten; in the morning the day before is compared with the channels' bills.
Every step is guarded by the database, so that any number of servers may tend at once; and each stands by itself: a fault
is written down by its kind and place, and stops nothing else.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import F, Q

from hospital import bell, clock
from hospital.care import booking, changes
from hospital.examining import desk, opening
from hospital.fhir.models import Claim as SystemClaim
from hospital.kiosk import acquaintance, claims
from hospital.money import cancelling, daily, refunding, settling
from hospital.money.models import Order, Refund
from hospital.outpatient import messages, noshows, offers, rounds
from hospital.payments.channel import ChannelAway, NoBill
from hospital.queueing import alarms, arriving, calling
from hospital.refusal import Away

log = logging.getLogger(__name__)


@dataclass
class Tended:
    """What one pass did; `waiting` counts what the channel would not say yet."""

    orders_settled: int = 0
    late_money: int = 0
    payments_placed: int = 0
    refunds_done: int = 0
    refunds_failed: int = 0
    bookings_cleared: int = 0
    answers_forgotten: int = 0
    days_reconciled: int = 0
    segments_opened: int = 0
    visits_ended: int = 0
    alarms_changed: int = 0
    places_given_up: int = 0
    sittings_ended: int = 0
    sessions_planned: int = 0
    offers_ended: int = 0
    no_shows: int = 0
    messages_sent: int = 0
    waiting: int = 0
    faults: int = 0

    def __str__(self) -> str:
        done = [f"{one.name} {getattr(self, one.name)}" for one in fields(self) if getattr(self, one.name)]
        return ", ".join(done) or "nothing to do"


def tend() -> Tended:
    """One pass."""
    tended = Tended()
    for step in (_leave_changed, _clear_stopped, _settle_orders, _look_again, _place_payments, _push_refunds, _forget_old,
                 _reconcile, _open_examining, _end_sittings, _watch_queues, _round_of_the_day, _end_offers, _count_no_shows,
                 _send_messages):
        with _by_itself(tended, step.__name__.strip("_")):
            step(tended)
    return tended


@contextmanager
def _by_itself(tended: Tended, what: str) -> Iterator[None]:
    """A fault of our own in here goes no further. Its kind and place are written down; its words may be personal."""
    try:
        yield
    except Away:
        raise
    except Exception as fault:
        tended.faults += 1
        frames = traceback.extract_tb(fault.__traceback__)
        place = next((frame for frame in reversed(frames) if "/hospital/" in frame.filename), frames[-1])
        log.error("tending %s: %s at %s:%s", what, type(fault).__name__, place.filename.rpartition("/")[2], place.lineno)


def _round_of_the_day(tended: Tended) -> None:
    tended.sessions_planned = rounds.daily()


def _end_offers(tended: Tended) -> None:
    tended.offers_ended = offers.tend()


def _count_no_shows(tended: Tended) -> None:
    tended.no_shows = noshows.count()
    noshows.forget_old()


def _send_messages(tended: Tended) -> None:
    messages.tell_stopped()
    messages.remind()
    tended.messages_sent = messages.deliver()


def _leave_changed(tended: Tended) -> None:
    tended.places_given_up = arriving.leave_changed()


def _end_sittings(tended: Tended) -> None:
    tended.sittings_ended = calling.rise_of_yesterday()


def _watch_queues(tended: Tended) -> None:
    tended.alarms_changed = alarms.watch()


def _open_examining(tended: Tended) -> None:
    tended.segments_opened = opening.keep_ahead()
    tended.visits_ended = desk.end_days()


def _clear_stopped(tended: Tended) -> None:
    tended.bookings_cleared = cancelling.clear_stopped()


def _forget_old(tended: Tended) -> None:
    tended.answers_forgotten = claims.forget_old() + claims.forget_old(SystemClaim)
    acquaintance.forget_old()
    changes.forget_old()


def _settle_orders(tended: Tended) -> None:
    now = clock.now()
    rested = Q(asked_at__isnull=True) | Q(asked_at__lte=now - dt.timedelta(seconds=settings.TEND_ASK_SECONDS))
    due = Order.objects.filter(rested, state=Order.State.OPEN, expires_at__lte=now)
    for order in due.order_by(F("asked_at").asc(nulls_first=True)):
        if not settling.may_ask(order, settings.TEND_ASK_SECONDS):
            continue
        try:
            with _by_itself(tended, "settle_order"):
                settling.conclude(order)
                tended.orders_settled += 1
        except Away:
            tended.waiting += 1
            return      # no use asking a channel that is away about all others, too; the next pass begins with them


def _look_again(tended: Tended) -> None:
    """Money that came to an order when nobody could pay it any more, and whose notification was lost."""
    shut = (Order.State.CLOSED, Order.State.REFUSED)
    for order in Order.objects.filter(state__in=shut, look_at__lte=clock.now()).order_by("look_at"):
        try:
            with _by_itself(tended, "look_again"):
                seen = settling.look_again(order)
                tended.late_money += seen is not None and seen.state not in shut
        except Away:
            tended.waiting += 1
            return


def _place_payments(tended: Tended) -> None:
    """Paid with nothing to show for it cannot come from our own code; it can come from a restored backup."""
    stray = Q(state=Order.State.PAID, appointment__isnull=True, refund__isnull=True)
    for found in Order.objects.filter(stray).select_related("invoice"):
        with _by_itself(tended, "place_payment"), transaction.atomic():
            booking.lock_person(found.invoice.patient_id)
            order = Order.objects.filter(stray, pk=found.pk).first()
            if order is not None:
                settling.book_or_refund(order)
                settling.save_news(order)
                tended.payments_placed += 1


def _push_refunds(tended: Tended) -> None:
    open_ = Refund.objects.filter(state=Refund.State.PROCESSING).select_related("order")
    for refund in open_.order_by(F("asked_at").asc(nulls_first=True)):
        with _by_itself(tended, "push_refund"):
            try:
                state = refunding.ask(refund).state
            except ChannelAway:
                tended.waiting += 1
                return
            tended.refunds_done += state == Refund.State.DONE
            tended.refunds_failed += state == Refund.State.FAILED


def _reconcile(tended: Tended) -> None:
    for one in daily.due():
        with _by_itself(tended, "reconcile"):
            try:
                daily.compare(one.day, one.channel)
                tended.days_reconciled += 1
            except (NoBill, ChannelAway):
                tended.waiting += 1


def tend_until(stop: threading.Event) -> None:
    """Tend every TEND_SECONDS, or at once when woken, until `stop` is set (and the bell rung)."""
    while not stop.is_set():
        try:
            tended = tend()
            if tended != Tended():
                log.info("tended: %s", tended)
        except Exception:       # the next pass may do better; the thread must not die
            log.exception("tending failed")
        close_old_connections()
        bell.wait(settings.TEND_SECONDS)
