"""Beginning a payment. The order is in our books before the channel hears of it."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import transaction

from hospital import clock
from hospital.care import booking
from hospital.care.models import Hold
from hospital.money import settling
from hospital.money.channels import Way, names, way
from hospital.money.models import Invoice, LineItem, Order
from hospital.payments.channel import AlreadyPaid, ChannelAway, ChannelRefused
from hospital.refusal import Away, Refusal

_STANDING = (Order.State.PAID, Order.State.DISPUTED)
_BACK = (Order.State.REFUNDING, Order.State.REFUNDED)


def open_order(hold: Hold, channel: str, kiosk: str, key: str) -> Order:
    """Open the payment of a held number, or of one that was booked and is still to be paid for. The same kiosk and key go
    on with the same order.

    A channel that this hospital does not have is its first one instead. An older order of the hold is concluded first;
    if there is money on it, that order is the answer.
    Raises hold_ended, channel_refused {reason, channels}, Away.
    """
    order = Order.objects.filter(kiosk=kiosk, key=key).first()
    if order is None:
        channel = channel if way(channel) or not names() else names()[0]
        found = _way(channel)
        paid = _conclude_older(hold)
        if paid is not None:
            return paid
        order = _write_down(hold, channel, found, kiosk, key)
    if order.state == Order.State.REFUSED:
        raise _refused(order.reason)
    return _open(order, _way(order.channel)) if order.state == Order.State.OPEN else order


def charge(hold: Hold, channel: str, code: str, kiosk: str, key: str) -> Order:
    """Take the fee by the payer's own code (付款码), which passes through and is kept nowhere.

    The order comes back paid, refused, or open: then the payer may be typing a password, and it is looked at until it
    is settled or closed. The same kiosk and key go on with the same order, which is charged once: a repeat needs no
    code. Older orders of the hold as in `open_order`. Raises hold_ended, channel_refused {reason, channels},
    code_gone, Away.
    """
    order = Order.objects.filter(kiosk=kiosk, key=key).first()
    if order is None:
        if not code:
            raise Refusal("code_gone")      # whoever had it has forgotten it, and nothing was charged
        found = _way(channel)
        paid = _conclude_older(hold)
        if paid is not None:
            return paid
        order = _write_down(hold, channel, found, kiosk, key, by_code=True)
    now = clock.now()
    mine = Order.objects.filter(pk=order.pk, state=Order.State.OPEN, charged_at__isnull=True)
    if code and mine.update(charged_at=now, asked_at=now):
        return _charge(order, _way(order.channel), code)
    return settling.get_order(order.no)


def _refused(reason: str) -> Refusal:
    """This channel will not have it; `channels`: all that there are, for whoever wants to pay another way."""
    return Refusal("channel_refused", reason=reason, channels=names())


def _way(channel: str) -> Way:
    found = way(channel)
    if found is None:
        raise _refused("not_configured")
    return found


def _conclude_older(hold: Hold) -> Order | None:
    """The order that has the money, after all older ones are concluded. What went back pays for nothing that is due."""
    older = Order.objects.filter(invoice__hold=hold, state=Order.State.OPEN).first()
    if older is not None:
        settling.conclude(older)
    settled = _STANDING if booking.owing(hold) else _STANDING + _BACK
    return Order.objects.filter(invoice__hold=hold, state__in=settled).first()


def _write_down(hold: Hold, channel: str, found: Way, kiosk: str, key: str, by_code: bool = False) -> Order:
    """The invoice, its order, and the hold prolonged to outlive it, in one transaction. What is booked, is held for good."""
    with transaction.atomic():
        hold = booking.locked_hold(hold.pk)
        now = clock.now()
        expires_at = now + dt.timedelta(seconds=settings.CODE_SECONDS if by_code else settings.ORDER_SECONDS)
        longest = hold.made_at + dt.timedelta(seconds=settings.HOLD_LONGEST_SECONDS)
        if Order.objects.filter(invoice__hold=hold, state=Order.State.OPEN).exists():
            raise Away      # another request was quicker: asked again, this one will conclude that order
        if booking.live(hold) and hold.fee == 0:
            raise Refusal("channel_refused", reason="nothing_to_pay")
        if booking.owing(hold) is None and (expires_at > longest or not booking.prolong(
                hold, max(hold.until, expires_at + dt.timedelta(seconds=settings.ORDER_GRACE_SECONDS)))):
            raise Refusal("hold_ended")
        invoice = _invoice(hold, now)
        return Order.objects.create(
            no=f"R{now:%y%m%d%H%M%S}{secrets.token_hex(6).upper()}", invoice=invoice, kiosk=kiosk, key=key,
            channel=channel, merchant=found.merchant, appid=found.appid, amount=invoice.total,
            description=invoice.lines.get().text, made_at=now, expires_at=expires_at,
            by_code=by_code)


def _invoice(hold: Hold, now: dt.datetime) -> Invoice:
    """The invoice of a held number: its registration fee."""
    invoice, made = Invoice.objects.get_or_create(hold=hold, defaults={"patient_id": hold.patient_id, "made_at": now})
    if made:
        LineItem.objects.create(invoice=invoice, code=LineItem.Code.REGISTRATION, amount=hold.fee,
                                text=f"挂号费 {hold.slot.schedule.department.name_zh}")
    return invoice


def _open(order: Order, found: Way) -> Order:
    try:
        code_url = found.channel.open(order.no, order.amount, order.description, order.expires_at)
    except AlreadyPaid:
        return settling.conclude(order)
    except ChannelRefused as refused:
        settling.refuse(order, refused.code)
        raise _refused(refused.code) from refused
    except ChannelAway as away:
        raise Away from away
    Order.objects.filter(pk=order.pk).update(code_url=code_url)
    order.refresh_from_db()
    return order


def _charge(order: Order, found: Way, code: str) -> Order:
    try:
        trade = found.channel.charge(order.no, order.amount, order.description, code)
    except AlreadyPaid:
        return settling.conclude(order)
    except ChannelRefused as refused:
        settling.refuse(order, refused.code)
        return settling.get_order(order.no)
    except ChannelAway:
        return settling.get_order(order.no)     # a password is typed, or nobody knows: it is asked about
    return settling.learn(order.no, trade)
