"""Our books against the channels' bills: when they were compared, and the differences, to be worked off: every act is in
the admin's log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from hospital.money import daily, obligations, reconciling
from hospital.money.models import Difference, Reconciliation
from hospital.registrar.discharging import ReasonForm
from hospital.registrar.rights import ReadOnly, record
from hospital.registrar.yuan import yuan


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("day", "channel", "tried_at", "done_at", "result")
    list_filter = (("done_at", admin.EmptyFieldListFilter), "channel")
    date_hierarchy = "day"


@admin.register(Difference)
class DifferenceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("day", "channel", "kind", "order_no", "refund_no", "transaction", "our_sum", "their_sum", "waiting",
                    "how")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "channel", "kind", "day")
    search_fields = ("=order_no", "=refund_no", "=transaction")
    search_help_text = "商户订单号、退款单号或渠道交易号"
    date_hierarchy = "day"
    action_form = ReasonForm
    actions = ("settle",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"subtitle": daily.last()})

    @admin.display(description="医院")
    def our_sum(self, one: Difference) -> str:
        return yuan(one.ours)

    @admin.display(description="渠道")
    def their_sum(self, one: Difference) -> str:
        return yuan(one.theirs)

    @admin.display(description="已等待")
    def waiting(self, one: Difference) -> str:
        return "" if one.settled_at else obligations.age(one.found_at)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("money.change_difference"))

    @admin.action(description="已处理（请填写处理说明）", permissions=["settle"])
    def settle(self, request: HttpRequest, chosen: QuerySet[Difference]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, "请填写处理说明。", messages.ERROR)
            return
        for one in chosen:
            if not reconciling.settled_by_hand(one, reason):
                self.message_user(request, f"{one} 已经处理过了。", messages.ERROR)
                continue
            record(request, one, f"已处理：{reason}")
            self.message_user(request, f"{one} 已记为处理完毕。")
