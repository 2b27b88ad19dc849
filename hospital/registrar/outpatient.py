"""The rules of the outpatient office and of its queues, as rows: release, shares, limits, holidays, paces, priorities."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from hospital.outpatient import messages as sending
from hospital.outpatient.models import DepartmentRule, Holiday, Limit, Message, Pace, Referral, ReleaseRule, ShareRule
from hospital.queueing.models import PriorityClass, Privilege, Room, Rules
from hospital.registrar.rights import ReadOnly, record


@admin.register(ReleaseRule)
class ReleaseRuleAdmin(admin.ModelAdmin):
    list_display = ("__str__", "department", "kind", "days", "minute")


@admin.register(ShareRule)
class ShareRuleAdmin(admin.ModelAdmin):
    list_display = ("__str__", "department", "kind", "channel", "percent", "back_days", "back_minute")
    list_filter = ("channel",)


@admin.register(Limit)
class LimitAdmin(admin.ModelAdmin):
    list_display = ("__str__", "department", "each", "days", "most")


@admin.register(DepartmentRule)
class DepartmentRuleAdmin(admin.ModelAdmin):
    list_display = ("department", "check_in")


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):
    list_display = ("day", "name", "works_as")
    date_hierarchy = "day"


@admin.register(Pace)
class PaceAdmin(admin.ModelAdmin):
    list_display = ("practitioner", "minutes")
    autocomplete_fields = ("practitioner",)


@admin.register(Referral)
class ReferralAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("made_at", "patient", "department", "origin", "from_day", "until_day", "withdrawn_at")
    list_filter = ("department",)
    list_select_related = ("patient", "department")
    search_fields = ("=patient__record_no", "=number")


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin):
    """Whom it goes to is masked; its words say no more than the ticket does."""

    list_display = ("made_at", "kind", "state", "attempts", "reason", "patient", "sent_at")
    list_filter = ("state", "kind")
    list_select_related = ("patient",)
    search_fields = ("=patient__record_no",)
    actions = ("again",)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("outpatient.change_message"))

    @admin.action(description="重新发送（仅限发送失败的短信）", permissions=["again"])
    def again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        for message in chosen:
            if sending.again(message):
                record(request, message, "重新发送")
        self.message_user(request, "已重新排队发送。")


@admin.register(PriorityClass)
class PriorityClassAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "credit", "from_age")


@admin.register(Privilege)
class PrivilegeAdmin(admin.ModelAdmin):
    list_display = ("patient", "priority", "until")
    raw_id_fields = ("patient",)


@admin.register(Rules)
class RulesAdmin(admin.ModelAdmin):
    list_display = ("__str__", "early_minutes", "walk_in_minutes", "overtaken_at_most", "missed_after", "surge_minutes")


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "department", "area")
    list_filter = ("department", "area")
