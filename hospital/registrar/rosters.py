"""Departments, doctors and their sessions: planned, reviewed, opened, stopped."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from hospital.care import roster
from hospital.care.models import Department, Practitioner, Schedule, Slot
from hospital.outpatient import rosters, stopping
from hospital.refusal import Refusal
from hospital.registrar.rights import ReadOnly, may, record
from hospital.registrar.yuan import yuan


@admin.register(Department)
class DepartmentAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "name_en", "place_zh", "key", "rank")
    list_editable = ("key", "rank")
    search_fields = ("code", "name_zh", "name_en")


@admin.register(Practitioner)
class PractitionerAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "name_en", "title", "speciality_zh")
    list_filter = ("title", "departments")
    search_fields = ("code", "name_zh", "name_en", "speciality_zh")
    filter_horizontal = ("departments",)


class SlotInline(ReadOnly, admin.TabularInline):
    model = Slot
    fields = ("number", "start", "end", "booked", "held_until")
    readonly_fields = fields
    extra = 0
    show_change_link = False


class ScheduleForm(forms.ModelForm):
    """A new session is a draft, cut into slots when it is saved; afterwards its times and its doctor stay."""

    minutes = forms.IntegerField(label="每时段分钟数", min_value=5, max_value=240, initial=30)
    places = forms.IntegerField(label="每时段号数", min_value=1, max_value=100, initial=5)

    class Meta:
        model = Schedule
        fields = ("department", "practitioner", "kind", "day", "half", "start", "end", "fee", "released_at")

    def clean(self) -> dict[str, Any]:
        words = super().clean() or self.cleaned_data
        start, end, minutes = words.get("start"), words.get("end"), words.get("minutes")
        if start and end and start >= end:
            raise forms.ValidationError("结束时间必须晚于开始时间。")
        if start and end and minutes and minutes * 60 > (end - start).total_seconds():
            raise forms.ValidationError("出诊时间不足一个时段。")
        if start and words.get("day") and start.date() != words["day"]:
            raise forms.ValidationError("开始时间不在出诊日期当天。")
        if start and end and words.get("practitioner"):
            try:        # and stays so: the page is one transaction
                rosters.make_sure_free(words["practitioner"], start, end)
            except Refusal:
                raise forms.ValidationError("医师这段时间已有出诊。") from None
        return words


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    list_display = ("day", "half", "department", "practitioner", "kind", "price", "taken", "state", "released_at")
    list_filter = ("state", "kind", "half", "department")
    list_select_related = ("department", "practitioner")
    search_fields = ("department__name_zh", "practitioner__name_zh")
    autocomplete_fields = ("practitioner",)
    date_hierarchy = "day"
    actions = ("open", "stop")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        return super().get_queryset(request).annotate(
            places=Count("slots"), booked=Count("slots", filter=Q(slots__booked=True)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **words: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": ScheduleForm}), **words)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Numbers were given out for this doctor, these times and this price. Stopping is an action, for people must be told;
        # another doctor, or another time, needs their consent: see the console.
        return ("department", "practitioner", "kind", "day", "half", "start", "end", "fee", "state") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [SlotInline] if obj else []

    @admin.display(description="挂号费")
    def price(self, schedule: Schedule) -> str:
        return yuan(schedule.fee)

    @admin.display(description="已约/总数")
    def taken(self, schedule: Any) -> str:
        return f"{schedule.booked}/{schedule.places}"

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if not change:
                slots = roster.cut(obj, form.cleaned_data["minutes"], form.cleaned_data["places"])
                Slot.objects.bulk_create(slots)

    def has_review_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "review-open")

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "changes-make")

    @admin.action(description="审核通过，开放所选出诊", permissions=["review"])
    def open(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        for schedule in Schedule.objects.filter(pk__in=chosen.values("pk"), state="draft"):
            if rosters.approve([schedule.pk], request.user.get_username()):
                record(request, schedule, "审核通过，开放")
        self.message_user(request, "已开放。")

    @admin.action(description="停诊所选出诊（通知患者并退费）", permissions=["stop"])
    def stop(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        for schedule in Schedule.objects.filter(pk__in=chosen.values("pk")).exclude(state="stopped"):
            stopping.stop(schedule.pk, request.user.get_username(), "停诊")
            record(request, schedule, "停诊")
        self.message_user(request, "已停诊；已预约的患者将收到通知，费用原路退回。", messages.WARNING)
