"""The staff's ways out of money in doubt, as actions on a list of orders."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from hospital.money import discharging
from hospital.money.models import Order
from hospital.registrar.rights import record


class ReasonForm(ActionForm):
    reason = forms.CharField(label="处理说明", max_length=200, required=False)


class Discharging:
    """Mixed into the page of a list of orders. Every act is in the admin's log, with its reason."""

    action_form = ReasonForm
    message_user: Any

    @admin.action(description="退回实收金额（仅限有疑的订单）", permissions=["again"])
    def give_back(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        for order in chosen:
            refund = discharging.give_back(order)
            if refund is None:
                self.message_user(request, f"{order.no} 没有可退回的有疑付款。", messages.ERROR)
                continue
            record(request, order, "退回实收金额")
            self.message_user(request, f"{order.no} 已提交退款 {refund.no}。")

    @admin.action(description="已线下处理（请填写处理说明）", permissions=["again"])
    def settled_outside(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, "请填写处理说明。", messages.ERROR)
            return
        for order in chosen:
            if not discharging.settled_outside(order, reason):
                self.message_user(request, f"{order.no} 不需要人工处理。", messages.ERROR)
                continue
            record(request, order, f"已线下处理：{reason}")
            self.message_user(request, f"{order.no} 已记为线下处理。")
