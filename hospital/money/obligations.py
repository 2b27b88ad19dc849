"""What the hospital still owes an answer: one list, the same on the command line and in the staff's pages.

Each entry says how long it has waited and what happens next; `person` says that nothing happens until somebody acts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from hospital import clock
from hospital.care.models import Appointment
from hospital.money import daily, window
from hospital.money.models import Difference, MachineObligation, Order, Reconciliation, Refund


@dataclass(frozen=True)
class Owed:
    """One thing that is not settled yet. `amount` in fen."""

    # disputed, refund_failed, refund_stuck, refunding, unbooked, unsettled, bill_…, unreconciled, cash; or a machine's word
    kind: str
    no: str
    amount: int | None         # fen, where it is about money
    since: dt.datetime
    what: str                  # for people
    next: str                  # what happens next, and by whom
    person: bool

    @property
    def age(self) -> str:
        return age(self.since)

    def __str__(self) -> str:
        mark = "！" if self.person else "　"
        return f"{mark}{'  '.join(filter(None, (self.no, self.sum, self.age, self.what)))}  → {self.next}"

    @property
    def sum(self) -> str:
        return "" if self.amount is None else f"{self.amount // 100}.{self.amount % 100:02d}元"


def orders() -> QuerySet[Order]:
    """The orders that are on the list; what a person has settled outside of these books is on it no more."""
    overdue = clock.now() - dt.timedelta(seconds=settings.ORDER_GRACE_SECONDS)
    return (Order.objects.select_related("refund", "payment", "invoice__patient").filter(discharged_at__isnull=True).filter(
        Q(state__in=(Order.State.DISPUTED, Order.State.REFUNDING)) | Q(refund__state=Refund.State.FAILED)
        | Q(state=Order.State.PAID, appointment__isnull=True) | Q(state=Order.State.OPEN, expires_at__lte=overdue)))


def owed() -> list[Owed]:
    """Everything, the hospital's and the machines', what waits for a person first, and then the oldest."""
    return _sorted(map(of_order, orders()), others())


def others() -> list[Owed]:
    """All of it that is no order of ours."""
    return _sorted(map(of_difference, differences()), map(of_day, daily.unfinished()),
                   map(of_cash, window.owed()), map(of_machine, MachineObligation.objects.all()))


def about(kiosk: str) -> list[Owed]:
    """The hospital's own part of it that was begun at one machine."""
    begun = Order.objects.filter(kiosk=kiosk)
    return _sorted(map(of_order, orders().filter(kiosk=kiosk)),
                   map(of_difference, differences().filter(order_no__in=begun.values("no"))))


def tell(kiosk: str, told: Sequence[MachineObligation]) -> None:
    """A machine tells the whole of what it has not settled; what it told before is over."""
    with transaction.atomic():
        MachineObligation.objects.filter(kiosk=kiosk).delete()
        MachineObligation.objects.bulk_create(told)


def differences() -> QuerySet[Difference]:
    return Difference.objects.filter(settled_at__isnull=True)


def _sorted(*some: Iterable[Owed]) -> list[Owed]:
    return sorted(chain(*some), key=lambda one: (not one.person, one.since))


def of_cash(one: Appointment) -> Owed:
    """A visit that was given back, and its fee lies at the window."""
    return Owed("cash", one.code, one.fee, one.cancelled_at or one.booked_at, "号已退，窗口收的挂号费未退",
                "患者到窗口领取后，由工作人员点“窗口已退挂号费”", person=True)


def of_machine(one: MachineObligation) -> Owed:
    """Of a machine, in its words."""
    return Owed(one.kind, f"{one.kiosk} {one.no}", None, one.since, one.what, one.next, one.person)


def of_day(one: Reconciliation) -> Owed:
    """A day that is not compared yet."""
    person = daily.given_up(one)
    command = f"由工作人员运行 python -m hospital reconcile {one.day}"
    return Owed("unreconciled", str(one), None, daily.published(one.day), f"当日尚未对账：{one.result}",
                command if person else "系统每半小时自动再取账单", person)


def of_difference(one: Difference) -> Owed:
    """A line of the channel's bill, or of our books, that has no other side."""
    amount = one.theirs if one.theirs is not None else one.ours or 0
    return Owed(f"bill_{one.kind}", one.refund_no or one.order_no, amount, one.found_at,
                f"对账差异：{one.get_kind_display()}（{one.day}）", "由工作人员核对后，在“对账差异”中填写处理结果", person=True)


def of_order(order: Order) -> Owed:
    """What is the matter with an order of the list."""
    refund: Refund | None = getattr(order, "refund", None)
    came = (order.received.received_at if order.received else None) or order.made_at
    amount = order.received.amount if order.received else order.amount
    if refund is not None and refund.state == Refund.State.FAILED:
        return Owed("refund_failed", order.no, refund.amount, refund.made_at, f"退款失败：{refund.reason}",
                    "查明原因后，由工作人员点“重新退款”", person=True)
    if refund is not None:
        asked = "渠道已受理，系统自动询问结果" if refund.accepted else "系统自动向渠道申请"
        if clock.now() >= refund.made_at + dt.timedelta(seconds=settings.REFUND_STUCK_SECONDS):
            return Owed("refund_stuck", order.no, refund.amount, refund.made_at, f"退款逾期未结：{refund.why}",
                        f"由工作人员向渠道核对；{asked}", person=True)
        return Owed("refunding", order.no, refund.amount, refund.made_at, f"退款处理中：{refund.why}", asked, person=False)
    if order.state == Order.State.DISPUTED:
        return Owed("disputed", order.no, amount, came, f"付款有疑：{order.reason}", "由工作人员核对渠道账单后处理", person=True)
    if order.state == Order.State.PAID:
        return Owed("unbooked", order.no, amount, came, "已付款，未预约", "系统自动补挂号，号已没有则全额退款", person=False)
    return Owed("unsettled", order.no, amount, order.expires_at, "到期未结，不知是否付款", "系统自动向渠道核对并关单", person=False)


def age(since: dt.datetime) -> str:
    """How long ago, in the largest unit that says something."""
    minutes = max(0, int((clock.now() - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"
