"""What is owed, what was asked for, what came, what goes back: in FHIR's words where it has them.

    Invoice    what a person owes for one held number, line by line            (FHIR Invoice)
    Order      one attempt to be paid for an invoice, through one channel
    Payment    the money that came for an order, with the channel's own number
    Refund     the whole of an order given back
    Difference what our books and the channel's bill do not say alike

State of an order, and the only ways on:

    open -> paid -> refunding -> refunded        paid: the money is here, compared, and the number is booked
    open -> closed | refused                     nobody can pay it any more | the channel would not open it
    open, closed, refused -> paid                money has the last word, however late
    open, closed, refused -> disputed            something about the money is not what was asked for: staff
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q

from hospital import clock
from hospital.care.models import Appointment, Hold, Patient


class Invoice(models.Model):
    """What a person owes for one held number. Total and status follow from its lines, its orders and the hold."""

    class Status(models.TextChoices):             # FHIR InvoiceStatus
        DRAFT = "draft", "未出账"                  # nobody was asked to pay it yet
        ISSUED = "issued", "待支付"
        BALANCED = "balanced", "已结清"
        CANCELLED = "cancelled", "已取消"          # given back, or the number was let go unpaid

    hold = models.OneToOneField(Hold, models.PROTECT, verbose_name="占号", related_name="invoice")
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="invoices")
    made_at = models.DateTimeField("开单时间")

    class Meta:
        verbose_name = verbose_name_plural = "账单"
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.no

    @property
    def no(self) -> str:
        return f"F{clock.local(self.made_at):%y%m%d}{self.pk:06d}"

    @property
    def total(self) -> int:
        """Fen."""
        return sum(line.amount for line in self.lines.all())

    @property
    def status(self) -> Invoice.Status:
        orders = self.orders.all()
        states = {order.state for order in orders}
        booked: Appointment | None = getattr(self.hold, "appointment", None)
        if Order.State.PAID in states or booked is not None and booked.window_paid_at is not None:
            return Invoice.Status.BALANCED
        if booked is not None and booked.due:
            return Invoice.Status.ISSUED
        if states <= {Order.State.OPEN} and not any(order.asked_for for order in orders):
            return Invoice.Status.DRAFT
        over = self.hold.released_at is not None or self.hold.until <= clock.now()
        back = states & {Order.State.REFUNDING, Order.State.REFUNDED}
        owed = states & {Order.State.OPEN, Order.State.DISPUTED}
        return Invoice.Status.ISSUED if owed or not (over or back) else Invoice.Status.CANCELLED


class LineItem(models.Model):
    """One line of an invoice: what it is for, and how much."""

    class Code(models.TextChoices):
        REGISTRATION = "registration", "挂号费"

    invoice = models.ForeignKey(Invoice, models.CASCADE, verbose_name="账单", related_name="lines")
    code = models.CharField("项目", max_length=20, choices=Code)
    text = models.CharField("说明", max_length=100)
    amount = models.PositiveIntegerField("金额（分）")

    class Meta:
        verbose_name = verbose_name_plural = "账单明细"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


def next_look(shut_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """When to look again at an order that was shut then; None when the last look is over."""
    looks = (shut_at + dt.timedelta(seconds=seconds) for seconds in settings.LATER_LOOKS)
    return next((look for look in looks if look > now), None)


class Order(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待支付"
        PAID = "paid", "已支付"
        CLOSED = "closed", "已关闭"
        REFUSED = "refused", "渠道拒绝"
        DISPUTED = "disputed", "有疑"
        REFUNDING = "refunding", "退款中"
        REFUNDED = "refunded", "已退款"

    no = models.CharField("商户订单号", max_length=32, unique=True)
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    invoice = models.ForeignKey(Invoice, models.PROTECT, verbose_name="账单", related_name="orders")
    # Which request of which machine began it: the same request again goes on with the same order.
    kiosk = models.CharField("自助机", max_length=40)
    key = models.CharField("幂等键", max_length=64)
    channel = models.CharField("渠道", max_length=12)
    merchant = models.CharField("商户号", max_length=32)
    appid = models.CharField("应用号", max_length=32)
    amount = models.PositiveIntegerField("金额（分）")
    description = models.CharField("说明", max_length=100)
    code_url = models.CharField("收款码", max_length=500, blank=True)
    # The payer showed a code of their own (付款码) instead. The code itself is kept nowhere.
    by_code = models.BooleanField("扫付款码", default=False)
    given_back = models.BooleanField("撤销时已退", default=False)     # paid while it was being shut: that gave it back
    charged_at = models.DateTimeField("扣款时间", null=True, blank=True)
    made_at = models.DateTimeField("下单时间")
    expires_at = models.DateTimeField("截止时间")
    asked_at = models.DateTimeField("上次查询", null=True, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    # Money may come after the end, and the news of it be lost: then it is found by looking again.
    shut_at = models.DateTimeField("关闭时间", null=True, blank=True)
    look_at = models.DateTimeField("下次复查", null=True, blank=True)
    # A person has settled outside of these books what was in doubt.
    discharged_at = models.DateTimeField("线下处理时间", null=True, blank=True)
    discharged_why = models.CharField("线下处理说明", max_length=200, blank=True)
    # What the money bought.
    appointment = models.OneToOneField(Appointment, models.PROTECT, verbose_name="预约", null=True, blank=True,
                                       related_name="order")

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["kiosk", "key"], name="one_order_a_request"),
            models.UniqueConstraint(fields=["invoice"], name="one_open_order_an_invoice", condition=Q(state="open")),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_has_amount"),
        ]
        indexes = [
            models.Index(fields=["state", "expires_at"]),
            # Tending looks for these every few seconds, among all orders ever paid.
            models.Index(fields=["made_at"], name="order_stray", condition=Q(state="paid", appointment__isnull=True)),
            models.Index(fields=["look_at"], name="order_look", condition=Q(look_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.no

    @property
    def asked_for(self) -> bool:
        """Could anybody have paid it yet?"""
        return bool(self.code_url or self.charged_at)

    def shut(self, state: State, reason: str = "") -> None:
        """Nobody can pay it any more. Not saved yet."""
        now = clock.now()
        self.state, self.reason, self.shut_at, self.look_at = state, reason, now, next_look(now, now)

    @property
    def received(self) -> Payment | None:
        """The money that came for it."""
        return getattr(self, "payment", None)


class Payment(models.Model):
    """Money that came for an order, as the channel says. Less or more than was asked for makes the order disputed."""

    order = models.OneToOneField(Order, models.PROTECT, verbose_name="订单", related_name="payment")
    transaction = models.CharField("渠道交易号", max_length=64)
    amount = models.PositiveIntegerField("实收（分）")
    received_at = models.DateTimeField("支付时间", null=True, blank=True)     # where the channel says when

    class Meta:
        verbose_name = verbose_name_plural = "收款"
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["transaction"], name="payment_transaction")]

    def __str__(self) -> str:
        return self.transaction


class Refund(models.Model):
    """The whole of an order given back. Its number is made once; asking again with it never refunds twice."""

    class State(models.TextChoices):
        PROCESSING = "processing", "处理中"
        DONE = "done", "已到账"
        FAILED = "failed", "失败"

    no = models.CharField("退款单号", max_length=64, unique=True)
    order = models.OneToOneField(Order, models.PROTECT, verbose_name="订单", related_name="refund")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PROCESSING)
    amount = models.PositiveIntegerField("金额（分）")
    why = models.CharField("事由", max_length=80)
    made_at = models.DateTimeField("申请时间")
    accepted = models.BooleanField("渠道已受理", default=False)
    asked_at = models.DateTimeField("上次询问", null=True, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    reason = models.CharField("失败原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "退款"
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return self.no


class Difference(models.Model):
    """Something that our books of a day and the channel's bill of it do not say alike. It stays, with how it was settled."""

    class Kind(models.TextChoices):
        ONLY_THEIRS = "only_theirs", "渠道有收款，医院无"
        ONLY_OURS = "only_ours", "医院有收款，渠道无"
        AMOUNT = "amount", "金额不符"
        STATE = "state", "状态不符"
        REFUND_ONLY_THEIRS = "refund_only_theirs", "渠道有退款，医院无"
        REFUND_ONLY_OURS = "refund_only_ours", "医院有退款，渠道无"

    day = models.DateField("账单日期")
    channel = models.CharField("渠道", max_length=12)
    kind = models.CharField("差异", max_length=20, choices=Kind)
    order_no = models.CharField("商户订单号", max_length=64)
    refund_no = models.CharField("退款单号", max_length=64, blank=True)
    transaction = models.CharField("渠道交易号", max_length=64, blank=True)
    ours = models.PositiveIntegerField("医院（分）", null=True, blank=True)
    theirs = models.PositiveIntegerField("渠道（分）", null=True, blank=True)
    found_at = models.DateTimeField("发现时间")
    settled_at = models.DateTimeField("处理时间", null=True, blank=True)
    how = models.CharField("处理结果", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        ordering = ["-day", "channel", "pk"]
        constraints = [models.UniqueConstraint(fields=["day", "channel", "kind", "order_no", "refund_no"],
                                               name="one_difference_of_a_kind")]
        indexes = [models.Index(fields=["found_at"], name="difference_open", condition=Q(settled_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.refund_no or self.order_no}"


class Reconciliation(models.Model):
    """A channel's day, compared with its bill or still to be; see `daily`."""

    day = models.DateField("账单日期")
    channel = models.CharField("渠道", max_length=12)
    tried_at = models.DateTimeField("上次对账", null=True)
    done_at = models.DateTimeField("完成时间", null=True)
    result = models.CharField("结果", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "对账记录"
        ordering = ["-day", "channel"]
        constraints = [models.UniqueConstraint(fields=["day", "channel"], name="one_reconciliation_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.channel}"


class MachineObligation(models.Model):
    """What a machine has not settled yet, in its own words, as it last told the whole of it; see `obligations`."""

    kiosk = models.CharField("自助机", max_length=40)
    kind = models.CharField("类别", max_length=20)
    no = models.CharField("参考号", max_length=40)
    since = models.DateTimeField("起始时间")
    what = models.CharField("问题", max_length=200)
    next = models.CharField("下一步", max_length=200)
    person = models.BooleanField("待人工")

    class Meta:
        verbose_name = verbose_name_plural = "自助机待处理"
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["kiosk"], name="machine_obligation")]

    def __str__(self) -> str:
        return f"{self.kiosk} {self.no}"


class Obligation(Order):
    """An order on the list of what is not settled yet (待处理账务); see `obligations`."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "待处理账务"
