"""Bookings, their papers, and what patients must be told."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from hospital.care.models import Appointment, Notice, Paper
from hospital.money import cancelling, window
from hospital.refusal import Refusal
from hospital.registrar.rights import ReadOnly, record
from hospital.registrar.yuan import yuan


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "day", "half", "department", "number", "patient", "state", "price", "is_due", "booked_at")
    list_filter = ("state", "day", "half", "department")
    list_select_related = ("department", "patient", "slot", "order")
    search_fields = ("=code", "=patient__record_no", "=patient__id_number", "patient__name")
    date_hierarchy = "day"
    exclude = ("hold",)
    actions = ("cancel", "taken", "given_back")

    @admin.display(description="序号")
    def number(self, appointment: Appointment) -> int:
        return appointment.slot.number

    @admin.display(description="挂号费")
    def price(self, appointment: Appointment) -> str:
        return yuan(appointment.fee)

    @admin.display(description="待收费", boolean=True)
    def is_due(self, appointment: Appointment) -> bool:
        return appointment.due

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("care.change_appointment"))

    @admin.action(description="退号并全额退费", permissions=["cancel"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Appointment]) -> None:
        for appointment in chosen:
            try:
                cancelling.cancel(appointment, by_staff=True)
            except Refusal:
                self.message_user(request, f"{appointment.code} 不能退号。", messages.ERROR)
                continue
            record(request, appointment, "退号并全额退费")
            cash = f"窗口收的挂号费 {yuan(appointment.fee)} 请在窗口退还。" if appointment.window_paid_at else ""
            self.message_user(request, f"{appointment.code} 已退号。{cash}")

    @admin.action(description="窗口已收挂号费（仅限诊间预约的待收费）", permissions=["cancel"])
    def taken(self, request: HttpRequest, chosen: QuerySet[Appointment]) -> None:
        self._cash(request, chosen, window.taken, "窗口已收挂号费", "已记为窗口收费", "不用收费，或患者正在自助机上付款。")

    @admin.action(description="窗口已退挂号费（仅限窗口收过费、已退号的）", permissions=["cancel"])
    def given_back(self, request: HttpRequest, chosen: QuerySet[Appointment]) -> None:
        self._cash(request, chosen, window.given_back, "窗口已退挂号费", "已记为窗口退费", "没有窗口收费要退。")

    def _cash(self, request: HttpRequest, chosen: QuerySet[Appointment], act: Callable[[Appointment], bool], what: str,
              done: str, not_done: str) -> None:
        for appointment in chosen:
            if not act(appointment):
                self.message_user(request, f"{appointment.code} {not_done}", messages.ERROR)
                continue
            record(request, appointment, what)
            self.message_user(request, f"{appointment.code} {done} {yuan(appointment.fee)}。")


@admin.register(Paper)
class PaperAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("appointment", "kind", "copy", "outcome", "kiosk", "issued_at")
    list_filter = ("kind", "outcome", "kiosk")
    list_select_related = ("appointment",)
    search_fields = ("=appointment__code",)


@admin.register(Notice)
class NoticeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kind", "patient", "appointment", "seen_at")
    list_filter = ("kind", ("seen_at", admin.EmptyFieldListFilter))
    list_select_related = ("patient", "appointment")
    search_fields = ("=patient__record_no", "=appointment__code")
