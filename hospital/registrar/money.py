"""Money as the registrar sees it: looked at, never edited. What must be done about it is an action."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from hospital.money import refunding
from hospital.money.models import OBLIGATIONS, Obligation, Order, Refund
from hospital.registrar.rights import ReadOnly, record
from hospital.registrar.yuan import yuan


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("no", "state", "price", "received", "patient", "appointment", "channel", "made_at", "paid_at")
    list_filter = ("state", "channel", "kiosk", "made_at")
    list_select_related = ("patient", "appointment")
    search_fields = ("=no", "=transaction", "=patient__record_no", "=appointment__code")
    date_hierarchy = "made_at"
    # Whoever has the code can pay it, and the key is the machine's own affair.
    exclude = ("code_url", "key", "hold")

    @admin.display(description="应收")
    def price(self, order: Order) -> str:
        return yuan(order.amount)

    @admin.display(description="实收")
    def received(self, order: Order) -> str:
        return yuan(order.paid_amount)


@admin.register(Obligation)
class ObligationAdmin(OrderAdmin):
    """What waits for a person: disputed, refund failed, paid with nothing booked."""

    list_display = ("no", "what", "price", "received", "patient", "transaction", "paid_at")
    list_select_related = ("patient", "refund")
    list_filter = ("channel",)
    date_hierarchy = None
    actions = ("again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).filter(OBLIGATIONS)

    @admin.display(description="问题")
    def what(self, order: Order) -> str:
        refund = getattr(order, "refund", None)
        if refund is not None and refund.state == Refund.State.FAILED:
            return f"退款失败：{refund.reason}"
        return f"付款有疑：{order.reason}" if order.state == Order.State.DISPUTED else "已付款，未预约"

    def has_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("money.change_refund"))

    @admin.action(description="重新退款（仅限退款失败的订单）", permissions=["again"])
    def again(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        for refund in Refund.objects.filter(order__in=chosen.values("pk"), state=Refund.State.FAILED):
            refunding.again(refund)
            record(request, refund, "重新退款")
        self.message_user(request, "已重新提交退款。")


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("no", "state", "price", "order", "why", "made_at", "done_at", "reason")
    list_filter = ("state", "made_at")
    list_select_related = ("order",)
    search_fields = ("=no", "=order__no")

    @admin.display(description="金额")
    def price(self, refund: Refund) -> str:
        return yuan(refund.amount)
