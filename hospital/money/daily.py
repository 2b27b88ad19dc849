"""Every morning, each channel's bill of the day before against our books, once; and what became of it.

What was compared is remembered in the database, so that neither a restart nor a second server compares again. A bill that
is not there yet, or cannot be fetched, is asked for again every half hour, for RECONCILE_DAYS. Every day since our first
order has its row: one that a server slept through, however long ago, is asked for once, and is then a person's business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Min, Q

from hospital import clock
from hospital.money import channels, reconciling
from hospital.money.models import Order, Payment, Reconciliation, Refund
from hospital.payments.channel import ChannelAway, NoBill

MOST = 20       # bills in one pass: what else is to be tended waits for it


def due() -> Iterator[Reconciliation]:
    """What is to be compared now, oldest first, so many in one pass; each once, to whoever takes it."""
    now = clock.now()
    today, names = now.date(), channels.names()
    last = today - dt.timedelta(days=1 if now >= published(today - dt.timedelta(days=1)) else 2)
    for channel in names:
        _begin(channel, last)
    tried = Q(day__gte=today - dt.timedelta(days=settings.RECONCILE_DAYS)) | Q(tried_at__isnull=True)
    rows = Reconciliation.objects.filter(tried, _rested(now), done_at__isnull=True, day__lte=last, channel__in=names)
    for one in rows.order_by("day", "channel")[:MOST]:
        if _mine(one):
            yield one


def published(day: dt.date) -> dt.datetime:
    """When the channels have made their bills of a day."""
    return clock.at(day + dt.timedelta(days=1), settings.RECONCILE_MINUTE)


def compare(day: dt.date, channel: str) -> reconciling.Report:
    """Compare, and take note of how it went. Raises what `reconcile` raises: it is tried again, but for a day without
    trade."""
    one, _ = Reconciliation.objects.get_or_create(day=day, channel=channel)
    try:
        report = reconciling.reconcile(day, channel)
    except NoBill:
        if _quiet(one):
            _note(one, "没有账单，医院当天也没有收款和退款", done=True)
        else:
            _note(one, "渠道还没有这一天的账单")
        raise
    except ChannelAway:
        _note(one, "取不到账单")
        raise
    except Exception as fault:
        _note(one, f"对账出错：{type(fault).__name__}")
        raise
    _note(one, report.summary, done=clock.now() >= published(day))      # before that, more of it may come
    return report


def unfinished() -> list[Reconciliation]:
    """Days that should have been compared a day ago, and were not."""
    late = clock.now() - dt.timedelta(days=1)
    return [one for one in Reconciliation.objects.filter(done_at__isnull=True) if published(one.day) <= late]


def given_up(one: Reconciliation) -> bool:
    """It is not tried again by itself."""
    return one.day < clock.now().date() - dt.timedelta(days=settings.RECONCILE_DAYS)


def last() -> str:
    """When it last ran, and how it went, for people."""
    one = Reconciliation.objects.filter(tried_at__isnull=False).order_by("-tried_at", "-day").first()
    return "" if one is None or one.tried_at is None else (
        f"上次对账 {clock.local(one.tried_at):%Y-%m-%d %H:%M}：{one}，{one.result or '进行中'}")


def _begin(channel: str, last: dt.date) -> None:
    """A row for each day up to `last` that has none, since our books begin: what was before is somebody else's."""
    rows = Reconciliation.objects.filter(channel=channel)
    if rows.filter(day=last).exists():          # looked through once a day, not in every pass
        return
    first = Order.objects.filter(channel=channel).aggregate(first=Min("made_at"))["first"]
    if first is not None:
        day, begun = clock.local(first).date(), set(rows.values_list("day", flat=True))
        days = (day + dt.timedelta(days=number) for number in range((last - day).days + 1))
        Reconciliation.objects.bulk_create(
            [Reconciliation(day=one, channel=channel) for one in days if one not in begun], ignore_conflicts=True)


def _rested(now: dt.datetime) -> Q:
    return Q(tried_at__isnull=True) | Q(tried_at__lte=now - dt.timedelta(seconds=settings.RECONCILE_AGAIN_SECONDS))


def _mine(one: Reconciliation) -> bool:
    """Take the turn, if nobody has lately. One guarded statement."""
    now = clock.now()
    return bool(Reconciliation.objects.filter(_rested(now), pk=one.pk, done_at__isnull=True).update(tried_at=now))


def _quiet(one: Reconciliation) -> bool:
    """A day without trade has no bill. That it comes late is not thought of any more after another day."""
    start, end = clock.at(one.day, 0), clock.at(one.day, 1440)
    ours = (Payment.objects.filter(order__channel=one.channel, order__made_at__gte=start, order__made_at__lt=end),
            Payment.objects.filter(order__channel=one.channel, received_at__gte=start, received_at__lt=end),
            Refund.objects.filter(order__channel=one.channel, made_at__gte=start, made_at__lt=end))
    return clock.now() >= published(one.day) + dt.timedelta(days=1) and not any(some.exists() for some in ours)


def _note(one: Reconciliation, result: str, done: bool = False) -> None:
    now = clock.now()
    Reconciliation.objects.filter(pk=one.pk).update(tried_at=now, result=result[:200], **({"done_at": now} if done else {}))
