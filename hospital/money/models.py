"""Orders and refunds. An order is one attempt to be paid for one held number, through one channel.

State of an order, and the only ways on:

    open -> paid -> refunding -> refunded        paid: the money is here, compared, and the number is booked
    open -> closed | refused                     nobody can pay it any more | the channel would not open it
    open, closed, refused -> paid                money has the last word, however late
    open, closed, refused -> disputed            something about the money is not what was asked for: staff
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.care.models import Appointment, Hold, Patient


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
    hold = models.ForeignKey(Hold, models.PROTECT, verbose_name="占号", related_name="orders")
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name="患者", related_name="orders")
    # Which request of which machine began it: the same request again goes on with the same order.
    kiosk = models.CharField("自助机", max_length=40)
    key = models.CharField("幂等键", max_length=64)
    channel = models.CharField("渠道", max_length=12)
    merchant = models.CharField("商户号", max_length=32)
    appid = models.CharField("应用号", max_length=32)
    amount = models.PositiveIntegerField("金额（分）")
    description = models.CharField("说明", max_length=100)
    code_url = models.CharField("付款码", max_length=500, blank=True)
    made_at = models.DateTimeField("下单时间")
    expires_at = models.DateTimeField("截止时间")
    asked_at = models.DateTimeField("上次查询", null=True, blank=True)
    # What the channel said.
    transaction = models.CharField("渠道交易号", max_length=64, blank=True)
    paid_at = models.DateTimeField("支付时间", null=True, blank=True)
    paid_amount = models.PositiveIntegerField("实收（分）", null=True, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    # What the money bought.
    appointment = models.OneToOneField(Appointment, models.PROTECT, verbose_name="预约", null=True, blank=True,
                                       related_name="order")

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["kiosk", "key"], name="one_order_a_request"),
            models.UniqueConstraint(fields=["hold"], name="one_open_order_a_hold", condition=Q(state="open")),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_has_amount"),
        ]
        indexes = [
            models.Index(fields=["state", "expires_at"]),
            # Tending looks for these every few seconds, among all orders ever paid.
            models.Index(fields=["made_at"], name="order_stray", condition=Q(state="paid", appointment__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.no


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


class Obligation(Order):
    """An order that needs a person: disputed, refund failed, or paid with nothing to show for it (待处理账务)."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "待处理账务"


OBLIGATIONS = (Q(state=Order.State.DISPUTED) | Q(refund__state=Refund.State.FAILED)
               | Q(state=Order.State.PAID, appointment__isnull=True, refund__isnull=True))
