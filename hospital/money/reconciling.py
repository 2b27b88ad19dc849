"""Our books of a day against the channel's bill of it: every difference found, settled by rule, or left for a person.

Rules: money that only they have goes through the same door as any late news (it books, or goes back, or is disputed);
a refund that only they know to be done is asked about. What agrees when it is compared again is settled by that.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from hospital import clock
from hospital.money import refunding, settling
from hospital.money.channels import way
from hospital.money.models import Difference, Order, Payment, Refund
from hospital.payments.bills import BillRow, RowKind
from hospital.payments.channel import ChannelAway, OrderUnknown
from hospital.refusal import Away

Kind = Difference.Kind


@dataclass
class Report:
    """What one comparison found. Sums in fen."""

    day: dt.date
    channel: str
    matched: int = 0
    given_back: int = 0                     # paid and reversed on the channel's side alone: nothing was kept
    came: int = 0                           # by the channel's bill
    back: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def waiting(self) -> list[Difference]:
        """What a person must look at."""
        return [one for one in self.differences if one.settled_at is None]

    @property
    def summary(self) -> str:
        return (f"渠道收款 {_yuan(self.came)}，退款 {_yuan(self.back)}；相符 {self.matched} 笔，"
                f"渠道自行退回 {self.given_back} 笔，差异 {len(self.differences)} 笔，待人工 {len(self.waiting)} 笔")

    def __str__(self) -> str:
        return "\n".join([f"{self.day} {self.channel}：{self.summary}", *map(line, self.differences)])


def line(one: Difference) -> str:
    """A difference for people to read."""
    sums = f"医院 {_yuan(one.ours)}，渠道 {_yuan(one.theirs)}"
    return f"  {'✓' if one.settled_at else '！'} {one}  {sums}  → {one.how or '由工作人员核对后处理'}"


def reconcile(day: dt.date, channel: str) -> Report:
    """Compare, settle by rule what can be, and write down the rest. Again as often as you like.

    Raises ChannelAway, and NoBill where there is none of that day.
    """
    found = way(channel)
    if found is None:
        raise ChannelAway("no account")
    rows = found.channel.bill(day)
    report = Report(day, channel, came=sum(row.amount for row in rows if row.kind == RowKind.PAYMENT),
                    back=sum(row.amount for row in rows if row.kind != RowKind.PAYMENT))
    now = [*_payments(day, channel, rows, report), *_refunds(day, channel, rows, report)]
    keys = set()
    for one in now:
        known, _ = Difference.objects.get_or_create(
            day=day, channel=channel, kind=one.kind, order_no=one.order_no, refund_no=one.refund_no,
            defaults={"transaction": one.transaction, "ours": one.ours, "theirs": one.theirs, "found_at": clock.now()})
        keys.add(known.pk)
        if known.settled_at is None:
            _settle(known, _by_rule(known))
        report.differences.append(known)
    for gone in Difference.objects.filter(day=day, channel=channel, settled_at__isnull=True).exclude(pk__in=keys):
        _settle(gone, "复核时已相符")
        report.differences.append(gone)
    return report


def _payments(day: dt.date, channel: str, rows: list[BillRow], report: Report) -> Iterable[Difference]:
    """Money that came: by our payments of that day, and by theirs."""
    start = clock.at(day, 0)
    ours = {one.order.no: one for one in Payment.objects.select_related("order").annotate(
        at=Coalesce("received_at", F("order__made_at"))).filter(
        order__channel=channel, at__gte=start, at__lt=start + dt.timedelta(days=1))}
    theirs = {row.order_no: row for row in rows if row.kind == RowKind.PAYMENT}
    elsewhere = {one.order.no: one for one in Payment.objects.select_related("order").filter(
        order__channel=channel, order__no__in=theirs.keys() - ours.keys())}      # another day by our clock
    undone = _undone(rows)
    for no, row in theirs.items():
        payment = ours.get(no) or elsewhere.get(no)
        back = undone.get(no, 0)
        if payment is None and back >= row.amount:
            report.given_back += 1
        elif payment is None:
            yield _difference(Kind.ONLY_THEIRS, row, None, row.amount)
        elif (payment.amount, payment.transaction) != (row.amount, row.transaction):
            yield _difference(Kind.AMOUNT if payment.amount != row.amount else Kind.STATE, row, payment.amount, row.amount)
        elif back:
            yield _difference(Kind.STATE, row, payment.amount, row.amount - min(back, row.amount))
        else:
            report.matched += 1
    for no in ours.keys() - theirs.keys():
        yield Difference(kind=Kind.ONLY_OURS, order_no=no, transaction=ours[no].transaction, ours=ours[no].amount)


def _undone(rows: list[BillRow]) -> dict[str, int]:
    """Fen that the channel gave back by shutting an order, by order: no refund of ours."""
    back: dict[str, int] = defaultdict(int)
    mine = set(Refund.objects.filter(no__in=[row.refund_no for row in rows]).values_list("no", flat=True))
    shut = Order.objects.filter(no__in=[row.order_no for row in rows], given_back=True)
    cancelled = set(shut.values_list("no", flat=True))
    for row in rows:
        if row.kind == RowKind.REVOKED or (row.kind == RowKind.REFUND and row.refund_no not in mine
                                           and row.order_no in cancelled):
            back[row.order_no] += row.amount
    return back


def _refunds(day: dt.date, channel: str, rows: list[BillRow], report: Report) -> Iterable[Difference]:
    """Money that went back. A refund that we asked for before midnight may be theirs of the day after."""
    theirs = {row.refund_no: row for row in rows if row.kind == RowKind.REFUND}
    undone = _undone(rows)
    ours = {one.no: one for one in Refund.objects.select_related("order").filter(
        order__channel=channel, no__in=theirs)}
    for no, row in theirs.items():
        refund = ours.get(no)
        if refund is None:
            if not undone.get(row.order_no):
                yield _difference(Kind.REFUND_ONLY_THEIRS, row, None, row.amount)
        elif refund.amount != row.amount or refund.order.no != row.order_no:
            yield _difference(Kind.AMOUNT, row, refund.amount, row.amount)
        elif refund.state != Refund.State.DONE:
            yield _difference(Kind.STATE, row, refund.amount, row.amount)
        else:
            report.matched += 1
    start = clock.at(day, 0)
    end = start + dt.timedelta(days=1)
    missing = Refund.objects.select_related("order").filter(
        Q(state=Refund.State.DONE, done_at__lt=end), order__channel=channel, made_at__gte=start).exclude(no__in=theirs)
    for refund in missing:
        yield Difference(kind=Kind.REFUND_ONLY_OURS, order_no=refund.order.no, refund_no=refund.no, ours=refund.amount)


def _difference(kind: Difference.Kind, row: BillRow, ours: int | None, theirs: int) -> Difference:
    return Difference(kind=kind, order_no=row.order_no, refund_no=row.refund_no, transaction=row.transaction, ours=ours,
                      theirs=theirs)


def _by_rule(one: Difference) -> str:
    """What a rule made of it; "" when a person must look."""
    if one.kind == Kind.ONLY_THEIRS:
        return _learn(one)
    if one.kind == Kind.STATE and one.refund_no:
        return _ask(one)
    return ""


def _learn(one: Difference) -> str:
    order = Order.objects.filter(no=one.order_no, channel=one.channel).first()
    found = way(one.channel)
    if order is None or found is None:
        return ""
    try:
        order = settling.learn(order.no, found.channel.query(order.no))
    except (ChannelAway, OrderUnknown):
        return ""
    return {Order.State.PAID: "补记收款，已挂号", Order.State.REFUNDING: "补记收款，号已没有，全额退款",
            Order.State.REFUNDED: "补记收款，已全额退款"}.get(Order.State(order.state), "")


def _ask(one: Difference) -> str:
    refund = Refund.objects.select_related("order").filter(no=one.refund_no).first()
    if refund is None or refund.amount != one.theirs:
        return ""
    try:
        refund = refunding.ask(refund)
    except (ChannelAway, Away):
        return ""
    return "补记退款到账" if refund.state == Refund.State.DONE else ""


def _settle(one: Difference, how: str) -> None:
    if how and Difference.objects.filter(pk=one.pk, settled_at__isnull=True).update(settled_at=clock.now(), how=how[:200]):
        one.refresh_from_db()


def settled_by_hand(one: Difference, why: str) -> bool:
    """A person has looked, and says what came of it. False where it is settled already."""
    return bool(Difference.objects.filter(pk=one.pk, settled_at__isnull=True).update(
        settled_at=clock.now(), how=f"人工：{why}"[:200]))


def _yuan(fen: int | None) -> str:
    return "无" if fen is None else f"{fen // 100}.{fen % 100:02d}元"
