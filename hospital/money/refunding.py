"""Giving money back. What is owed is written down first; the channel is asked in the background until it is done.

A refund has one number for its whole life: asked twice under it, the money goes back once. Only when the channel
itself has given a refund up for good does the staff's "again" get a new number.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from hospital import clock
from hospital.bell import wake
from hospital.money.channels import way
from hospital.money.models import Order, Refund
from hospital.payments.channel import ChannelAway, ChannelRefused, OrderUnknown, RefundResult, RefundState

log = logging.getLogger(__name__)


def request(order: Order, why: str) -> Refund:
    """Owe back all that was received. Inside the caller's transaction; twice is the same refund."""
    refund, _ = Refund.objects.get_or_create(
        order=order, defaults={"no": f"{order.no}R1", "amount": _received(order), "why": why, "made_at": clock.now()})
    order.state = Order.State.REFUNDING
    order.save(update_fields=["state"])
    transaction.on_commit(wake)
    return refund


def _received(order: Order) -> int:
    """Fen that came, which may not be what was asked for; in a backup put back the money's own entry may be missing."""
    return order.received.amount if order.received else order.amount


def ask(refund: Refund) -> Refund:
    """Ask the channel to refund, or how the refund stands; at most every REFUND_ASK_SECONDS. Its silence is no news.

    Raises ChannelAway.
    """
    now = clock.now()
    idle = Q(asked_at__isnull=True) | Q(asked_at__lte=now - dt.timedelta(seconds=settings.REFUND_ASK_SECONDS))
    mine = Refund.objects.filter(idle, pk=refund.pk, state=Refund.State.PROCESSING)
    if not mine.update(asked_at=now):
        return refund
    order = refund.order
    found = way(order.channel)
    if found is None:
        raise ChannelAway("no account")
    try:
        if refund.accepted:
            result = found.channel.query_refund(refund.no)
        else:
            result = found.channel.refund(order.no, refund.no, refund.amount, _received(order), refund.why)
    except OrderUnknown:
        # A payment of a moment ago, or our request was lost: ask anew, with the same number.
        Refund.objects.filter(pk=refund.pk).update(accepted=False)
        return refund
    except ChannelRefused as refused:
        return _fail(refund.pk, refused.code)
    return learn(refund, result)


def learn(refund: Refund, result: RefundResult) -> Refund:
    """Write down what the channel says of a refund. What is done stays done."""
    asked = (refund.no, refund.order.no, refund.amount)
    if (result.refund_no, result.order_no, result.amount) != asked:
        return _fail(refund.pk, "different")
    if result.state in (RefundState.CLOSED, RefundState.ABNORMAL):
        return _fail(refund.pk, result.state.value)
    with transaction.atomic():
        refund = Refund.objects.select_for_update().select_related("order").get(pk=refund.pk)
        refund.accepted = True
        if result.state == RefundState.SUCCESS and refund.state != Refund.State.DONE:
            refund.state, refund.done_at, refund.reason = Refund.State.DONE, clock.now(), ""
            refund.order.state = Order.State.REFUNDED
            refund.order.save(update_fields=["state"])
        refund.save()
    return refund


def _fail(pk: int, reason: str) -> Refund:
    Refund.objects.filter(pk=pk, state=Refund.State.PROCESSING).update(state=Refund.State.FAILED, reason=reason)
    log.error("refund %s failed: %s", pk, reason)
    return Refund.objects.get(pk=pk)


def again(refund: Refund) -> None:
    """The staff has put right what stood in the way of a failed refund: ask again."""
    with transaction.atomic():
        refund = Refund.objects.select_for_update().get(pk=refund.pk)
        if refund.state != Refund.State.FAILED:
            return
        if refund.reason == RefundState.CLOSED.value:
            stem, _, count = refund.no.rpartition("R")
            refund.no, refund.accepted = f"{stem}R{int(count) + 1}", False
        refund.state, refund.reason, refund.asked_at = Refund.State.PROCESSING, "", None
        refund.save()
        transaction.on_commit(wake)
