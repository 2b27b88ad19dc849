"""Money as the registrar sees it: looked at, never edited. What must be done about it is an action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from hospital.money import daily, obligations, refunding
from hospital.money.models import Invoice, LineItem, Obligation, Order, Payment, Refund
from hospital.registrar.discharging import Discharging
from hospital.registrar.rights import ReadOnly, record
from hospital.registrar.yuan import yuan


class LineInline(ReadOnly, admin.TabularInline):
    model = LineItem
    fields = readonly_fields = ("code", "text", "price")
    extra = 0

    @admin.display(description="金额")
    def price(self, line: LineItem) -> str:
        return yuan(line.amount)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("no", "status_label", "price", "patient", "made_at")
    list_select_related = ("patient", "hold")
    search_fields = ("=orders__no", "=patient__record_no")
    search_help_text = "商户订单号或病案号"
    date_hierarchy = "made_at"
    fields = readonly_fields = ("no", "status_label", "price", "patient", "made_at")
    inlines = (LineInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        return super().get_queryset(request).prefetch_related("lines", "orders")

    @admin.display(description="账单号")
    def no(self, invoice: Invoice) -> str:
        return invoice.no

    @admin.display(description="状态")
    def status_label(self, invoice: Invoice) -> str:
        return str(invoice.status.label)

    @admin.display(description="合计")
    def price(self, invoice: Invoice) -> str:
        return yuan(invoice.total)


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("transaction", "price", "order", "channel", "received_at")
    list_filter = ("order__channel", "received_at")
    list_select_related = ("order",)
    search_fields = ("=transaction", "=order__no")
    date_hierarchy = "received_at"

    @admin.display(description="实收")
    def price(self, payment: Payment) -> str:
        return yuan(payment.amount)

    @admin.display(description="渠道")
    def channel(self, payment: Payment) -> str:
        return payment.order.channel


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("no", "state", "price", "received", "patient", "appointment", "channel", "made_at", "paid_at")
    list_filter = ("state", "channel", "kiosk", "made_at")
    list_select_related = ("invoice__patient", "appointment", "payment", "refund")
    search_fields = ("=no", "=payment__transaction", "=invoice__patient__record_no", "=appointment__code", "^key")
    search_help_text = "商户订单号、渠道交易号、病案号、预约号，或凭条上的参考号（前八位）"
    date_hierarchy = "made_at"
    # Whoever has the code can pay it, and the key is the machine's own affair.
    exclude = ("code_url", "key")

    @admin.display(description="应收")
    def price(self, order: Order) -> str:
        return yuan(order.amount)

    @admin.display(description="实收")
    def received(self, order: Order) -> str:
        return yuan(order.received.amount if order.received else None)

    @admin.display(description="患者")
    def patient(self, order: Order) -> str:
        return str(order.invoice.patient)

    @admin.display(description="支付时间", ordering="payment__received_at")
    def paid_at(self, order: Order) -> dt.datetime | None:
        return order.received.received_at if order.received else None

    @admin.display(description="渠道交易号")
    def transaction(self, order: Order) -> str:
        return order.received.transaction if order.received else ""


@admin.register(Obligation)
class ObligationAdmin(Discharging, OrderAdmin):
    """What is not settled yet, how long it has waited, and what happens next: the orders, and below them all the rest of
    the list, which no act of this page settles."""

    change_list_template = "registrar/obligations.html"

    list_display = ("no", "what", "price", "received", "patient", "waiting", "next", "transaction")
    list_filter = ("channel", "state")
    date_hierarchy = None
    ordering = ("made_at",)
    actions = ("again", "give_back", "settled_outside")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"subtitle": daily.last(), "others": obligations.others()})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        listed = obligations.orders()
        return super().get_queryset(request).filter(pk__in=listed.values("pk"))

    @admin.display(description="问题")
    def what(self, order: Order) -> str:
        return obligations.of_order(order).what

    @admin.display(description="已等待")
    def waiting(self, order: Order) -> str:
        return obligations.of_order(order).age

    @admin.display(description="下一步")
    def next(self, order: Order) -> str:
        return obligations.of_order(order).next

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
