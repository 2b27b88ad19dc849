"""The rules of the outpatient office and of its queues, as rows: release, shares, limits, holidays, paces, priorities; and
what its desks write down: who was sent here, whose child is whose."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from hospital.outpatient import family, messages as sending, referral
from hospital.outpatient.models import (DepartmentRule, Holiday, Limit, Link, Message, Pace, Referral, ReleaseRule,
                                        ShareRule)
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


class WrittenDown(ReadOnly, admin.ModelAdmin):
    """What a desk writes down once, and ends by an action; who may add may end."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return bool(request.user.has_perm(f"outpatient.add_{self.opts.model_name}"))

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)


class ReferralForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        words = super().clean() or self.cleaned_data
        first, last = words.get("from_day"), words.get("until_day")
        if first and last and last < first:
            raise forms.ValidationError("有效期的结束早于开始。")
        return words


@admin.register(Referral)
class ReferralAdmin(WrittenDown):
    form = ReferralForm
    fields = ("patient", "department", "origin", "doctor", "number", "from_day", "until_day")
    autocomplete_fields = ("patient",)
    list_display = ("made_at", "patient", "department", "origin", "from_day", "until_day", "withdrawn_at")
    list_filter = ("department",)
    list_select_related = ("patient", "department")
    search_fields = ("=patient__record_no", "=number")
    actions = ("withdraw",)

    def save_model(self, request: HttpRequest, obj: Referral, form: Any, change: bool) -> None:
        obj.pk = referral.refer(obj.patient, obj.department, obj.origin, obj.from_day, obj.until_day,
                                request.user.get_username(), obj.doctor, obj.number).pk

    @admin.action(description="撤销所选转诊（已约的号不变）", permissions=["end"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Referral]) -> None:
        for one in chosen:
            if referral.withdraw(one):
                record(request, one, "撤销转诊")
        self.message_user(request, "已撤销。")


class LinkForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        words = super().clean() or self.cleaned_data
        guardian, child = words.get("guardian"), words.get("child")
        if child and not family.is_child(child):
            raise forms.ValidationError("被监护人已成年，或档案里没有出生日期。")
        if guardian and family.is_child(guardian):
            raise forms.ValidationError("监护人须已成年。")
        return words


@admin.register(Link)
class LinkAdmin(WrittenDown):
    """Written here by whoever saw their papers; a machine links a child only by a telephone that one adult has."""

    form = LinkForm
    fields = ("guardian", "child")
    autocomplete_fields = fields
    list_display = ("made_at", "guardian", "child", "made_by", "ended_at")
    list_select_related = fields
    search_fields = ("=guardian__record_no", "=child__record_no")
    actions = ("end",)

    def save_model(self, request: HttpRequest, obj: Link, form: Any, change: bool) -> None:
        obj.pk = family.link(obj.guardian, obj.child, request.user.get_username()).pk

    @admin.action(description="解除所选监护关系", permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[Link]) -> None:
        for one in chosen:
            if family.unlink(one):
                record(request, one, "解除监护关系")
        self.message_user(request, "已解除。")


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
