"""What the channel says becomes what our books say: the only place where an order changes by news from outside.

Whoever brings the news (a notification, a question, closing, the tending pass), it goes through `learn`, which locks
the person and the order, compares, and books or refunds in the same transaction.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from hospital import clock
from hospital.care import booking, notices
from hospital.care.models import Notice
from hospital.money import refunding
from hospital.money.channels import Way, way
from hospital.money.models import Order, Payment, next_look
from hospital.payments.channel import AlreadyPaid, ChannelAway, ChannelRefused, OrderUnknown, Trade, TradeState
from hospital.refusal import Away, Refusal

log = logging.getLogger(__name__)

_UNPAID = (Order.State.OPEN, Order.State.CLOSED, Order.State.REFUSED)
_SHUT = (Order.State.CLOSED, Order.State.REFUSED)
_MONEY_CAME = (TradeState.SUCCESS, TradeState.REFUND)
_DEAD = (TradeState.CLOSED, TradeState.REVOKED)


def _failed(order: Order, trade: Trade) -> bool:
    """A code is tried once; a QR code may be tried again after the bank said no."""
    return order.by_code and trade.state == TradeState.PAYERROR


def get_order(no: str) -> Order:
    found = Order.objects.select_related("invoice", "payment").filter(no=no).first()
    if found is None:
        raise Refusal("unknown_order")
    return found


def learn(no: str, trade: Trade) -> Order:
    """Write down what the channel says of our order `no`. Money has the last word, however late it comes."""
    with transaction.atomic():
        booking.lock_person(get_order(no).invoice.patient_id)
        order = Order.objects.select_for_update().get(no=no)
        if trade.state == TradeState.REFUND and order.given_back:
            return order
        if trade.state in _MONEY_CAME and order.state in _UNPAID:
            _money_came(order, trade)
        elif trade.state in _DEAD and order.state == Order.State.OPEN:
            order.shut(Order.State.CLOSED)
        elif _failed(order, trade) and order.state == Order.State.OPEN:
            order.shut(Order.State.REFUSED, trade.state)
        else:
            return order
        save_news(order)
    log.info("order %s is %s", order.no, order.state)
    return order


def _money_came(order: Order, trade: Trade) -> None:
    Payment.objects.create(order=order, transaction=trade.transaction, amount=trade.amount, received_at=trade.paid_at)
    differences = _differences(order, trade)
    if differences:
        order.state, order.reason = Order.State.DISPUTED, ", ".join(differences)
        notices.leave(order.invoice.patient_id, Notice.Kind.DISPUTED, order=order.no, amount=trade.amount)
        return
    order.state = Order.State.PAID
    book_or_refund(order)


def _differences(order: Order, trade: Trade) -> list[str]:
    """What is not as we asked. Refunded outside of our books is a difference, too."""
    asked = {"order_no": order.no, "amount": order.amount, "merchant": order.merchant, "appid": order.appid}
    found = [word for word, value in asked.items() if getattr(trade, word) != value]
    return found + (["refunded_outside"] if trade.state == TradeState.REFUND else [])


def book_or_refund(order: Order) -> None:
    """The paid order buys its number (or pays for the one that was booked before), or its money goes back at once. Inside
    the caller's transaction, who saves it; the person is locked."""
    hold = booking.get_hold(order.invoice.hold_id)
    order.appointment = booking.owing(hold) or booking.book(hold)
    if order.appointment is None:
        refund = refunding.request(order, "付款到得太晚，全额退回")
        notices.leave(order.invoice.patient_id, Notice.Kind.REFUNDED_LATE, order=order.no, amount=order.amount,
                      refund=refund.no)


def save_news(order: Order) -> None:
    """What came of the channel's news; the rest of the order is somebody else's to write."""
    order.save(update_fields=["state", "reason", "appointment", "shut_at", "look_at"])


def refuse(order: Order, reason: str) -> None:
    """The channel would not have it, if nothing has become of it meanwhile."""
    with transaction.atomic():
        found = Order.objects.select_for_update().filter(pk=order.pk, state=Order.State.OPEN).first()
        if found is not None:
            found.shut(Order.State.REFUSED, reason)
            save_news(found)


def look(order: Order) -> Order:
    """How the order stands; asks the channel at most every ORDER_ASK_SECONDS. Its silence changes nothing."""
    seconds = settings.CODE_ASK_SECONDS if order.by_code else settings.ORDER_ASK_SECONDS
    if order.state != Order.State.OPEN or not order.asked_for or not may_ask(order, seconds):
        return order
    try:
        trade = _query(order, _way(order))
    except Away:
        return order
    return learn(order.no, trade) if trade else order


def look_again(order: Order) -> Order | None:
    """Was money on its way to an order when it was shut, and its news lost? None where it is not yet time to ask.

    Asked LATER_LOOKS after it was shut; whoever takes the turn puts the look off first, so that nobody asks twice.
    Raises Away.
    """
    now = clock.now()
    mine = Order.objects.filter(pk=order.pk, state__in=_SHUT, look_at=order.look_at, look_at__lte=now)
    if order.shut_at is None or not mine.update(look_at=now + dt.timedelta(seconds=settings.LATER_LOOKS[0])):
        return None
    trade = _query(order, _way(order))
    order = learn(order.no, trade) if trade else order
    Order.objects.filter(pk=order.pk).update(look_at=next_look(order.shut_at, now))
    return order


def may_ask(order: Order, seconds: float) -> bool:
    """Take the turn to ask about this order, if nobody has in the last `seconds`. One guarded statement."""
    now = clock.now()
    idle = Q(asked_at__isnull=True) | Q(asked_at__lte=now - dt.timedelta(seconds=seconds))
    return bool(Order.objects.filter(idle, pk=order.pk, state=Order.State.OPEN).update(asked_at=now))


def conclude(order: Order) -> Order:
    """Query, close (or reverse what was charged by a code), query once more.

    Afterwards nobody can pay it, or it is paid. Raises Away when nobody knows.
    """
    if order.state != Order.State.OPEN:
        return order
    found = _way(order)
    trade = _query(order, found)
    if trade is None or not _final(order, trade):
        shut = _shut(order, found)
        trade = _query(order, found) or _nowhere(order, shut)
        if shut and trade.state == TradeState.REFUND:
            # Paid while it was being shut, and given back by that.
            Order.objects.filter(pk=order.pk).update(given_back=True)
            trade = _closed(order)
        if not _final(order, trade):
            if not shut or trade.state == TradeState.USERPAYING:
                raise Away
            trade = _closed(order)
    return learn(order.no, trade)


def _final(order: Order, trade: Trade) -> bool:
    return trade.state in _MONEY_CAME + _DEAD or _failed(order, trade)


def _way(order: Order) -> Way:
    found = way(order.channel)
    if found is None:
        raise Away      # the account was taken away while orders were open: staff must bring it back
    return found


def _query(order: Order, found: Way) -> Trade | None:
    """What the channel knows; None if it does not know the order."""
    try:
        return found.channel.query(order.no)
    except OrderUnknown:
        return None
    except ChannelAway as away:
        raise Away from away


def _shut(order: Order, found: Way) -> bool:
    """Did the channel close (reverse) it?"""
    if order.charged_at and clock.now() < order.charged_at + dt.timedelta(seconds=settings.REVERSE_AFTER_SECONDS):
        raise Away
    try:
        (found.channel.reverse if order.by_code else found.channel.close)(order.no)
    except (AlreadyPaid, OrderUnknown):
        return False
    except (ChannelAway, ChannelRefused) as away:
        raise Away from away
    return True


def _nowhere(order: Order, shut: bool) -> Trade:
    """The channel does not know the order. Nobody can pay it if nobody was ever asked to, or its time is over.

    A channel that knows orders only when their code was scanned has taken note that this one is shut: good enough for
    whoever stands here, and it is looked at again (see `look_again`).
    """
    if order.asked_for and clock.now() <= order.expires_at and not shut:
        raise Away
    return _closed(order)


def _closed(order: Order) -> Trade:
    return Trade(order.no, TradeState.CLOSED, 0, order.merchant, order.appid, "", None)
