"""The registrar's desk: people, rosters, bookings. Names and numbers are masked wherever more than one is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from hospital.care import models, numbers, roster
from hospital.care.masking import mask_id, mask_name, mask_phone
from hospital.clock import now
from hospital.money import cancelling
from hospital.refusal import Refusal
from hospital.staff import ReadOnly, record

admin.site.site_header = admin.site.site_title = "医院自助服务管理"
admin.site.index_title = "挂号与收费"


def yuan(fen: int | None) -> str:
    return "" if fen is None else f"¥{fen // 100}.{fen % 100:02d}"


@admin.register(models.Patient)
class PatientAdmin(admin.ModelAdmin):
    list_display = ("record_no", "masked_name", "sex", "born", "masked_id", "masked_phone", "visit_card", "no_shows")
    list_filter = ("sex", "card_kind")
    search_fields = ("=record_no", "name", "=id_number", "=visit_card", "=phone")
    search_help_text = "病案号、姓名、证件号码、就诊卡号或手机号"
    readonly_fields = ("record_no", "made_at")

    @admin.display(description="姓名", ordering="name")
    def masked_name(self, patient: models.Patient) -> str:
        return mask_name(patient.name)

    @admin.display(description="证件号码")
    def masked_id(self, patient: models.Patient) -> str:
        return mask_id(patient.id_number)

    @admin.display(description="手机号")
    def masked_phone(self, patient: models.Patient) -> str:
        return mask_phone(patient.phone)

    def save_model(self, request: HttpRequest, obj: models.Patient, form: Any, change: bool) -> None:
        if not change:
            obj.record_no, obj.made_at = numbers.record_no(), now()
        super().save_model(request, obj, form, change)


@admin.register(models.Department)
class DepartmentAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "name_en", "place_zh", "key", "rank")
    list_editable = ("key", "rank")
    search_fields = ("code", "name_zh", "name_en")


@admin.register(models.Practitioner)
class PractitionerAdmin(admin.ModelAdmin):
    list_display = ("code", "name_zh", "name_en", "title", "speciality_zh")
    list_filter = ("title", "departments")
    search_fields = ("code", "name_zh", "name_en", "speciality_zh")
    filter_horizontal = ("departments",)


class SlotInline(ReadOnly, admin.TabularInline):
    model = models.Slot
    fields = ("number", "start", "end", "booked", "held_until")
    readonly_fields = fields
    extra = 0
    show_change_link = False


class ScheduleForm(forms.ModelForm):
    """A new session is cut into slots when it is saved; afterwards its times stay."""

    minutes = forms.IntegerField(label="每时段分钟数", min_value=5, max_value=240, initial=30)
    places = forms.IntegerField(label="每时段号数", min_value=1, max_value=100, initial=5)

    class Meta:
        model = models.Schedule
        fields = ("department", "practitioner", "kind", "day", "half", "start", "end", "fee", "state", "released_at")

    def clean(self) -> dict[str, Any]:
        words = super().clean() or self.cleaned_data
        start, end, minutes = words.get("start"), words.get("end"), words.get("minutes")
        if start and end and start >= end:
            raise forms.ValidationError("结束时间必须晚于开始时间。")
        if start and end and minutes and minutes * 60 > (end - start).total_seconds():
            raise forms.ValidationError("出诊时间不足一个时段。")
        if start and words.get("day") and start.date() != words["day"]:
            raise forms.ValidationError("开始时间不在出诊日期当天。")
        return words


@admin.register(models.Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    list_display = ("day", "half", "department", "practitioner", "kind", "price", "taken", "state", "released_at")
    list_filter = ("state", "kind", "half", "department")
    list_select_related = ("department", "practitioner")
    search_fields = ("department__name_zh", "practitioner__name_zh")
    autocomplete_fields = ("practitioner",)
    date_hierarchy = "day"
    actions = ("open", "stop")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Schedule]:
        return super().get_queryset(request).annotate(
            places=Count("slots"), booked=Count("slots", filter=Q(slots__booked=True)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **words: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": ScheduleForm}), **words)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Numbers were given out for these times and this price. Stopping is an action, for people must be told.
        return ("department", "kind", "day", "half", "start", "end", "fee", "state") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [SlotInline] if obj else []

    @admin.display(description="挂号费")
    def price(self, schedule: models.Schedule) -> str:
        return yuan(schedule.fee)

    @admin.display(description="已约/总数")
    def taken(self, schedule: Any) -> str:
        return f"{schedule.booked}/{schedule.places}"

    def save_model(self, request: HttpRequest, obj: models.Schedule, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if not change:
                slots = roster.cut(obj, form.cleaned_data["minutes"], form.cleaned_data["places"])
                models.Slot.objects.bulk_create(slots)

    @admin.action(description="审核通过，开放所选出诊", permissions=["change"])
    def open(self, request: HttpRequest, chosen: QuerySet[models.Schedule]) -> None:
        for schedule in models.Schedule.objects.filter(pk__in=chosen.values("pk"), state="draft"):
            models.Schedule.objects.filter(pk=schedule.pk, state="draft").update(state="open")
            record(request, schedule, "审核通过，开放")
        self.message_user(request, "已开放。")

    @admin.action(description="停诊所选出诊（通知患者并退费）", permissions=["change"])
    def stop(self, request: HttpRequest, chosen: QuerySet[models.Schedule]) -> None:
        for schedule in models.Schedule.objects.filter(pk__in=chosen.values("pk")).exclude(state="stopped"):
            cancelling.stop(schedule)
            record(request, schedule, "停诊")
        self.message_user(request, "已停诊；已预约的患者将收到通知，费用原路退回。", messages.WARNING)


@admin.register(models.Appointment)
class AppointmentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "day", "half", "department", "number", "patient", "state", "price", "booked_at")
    list_filter = ("state", "day", "half", "department")
    list_select_related = ("department", "patient", "slot")
    search_fields = ("=code", "=patient__record_no", "=patient__id_number", "patient__name")
    date_hierarchy = "day"
    exclude = ("hold",)
    actions = ("cancel",)

    @admin.display(description="序号")
    def number(self, appointment: models.Appointment) -> int:
        return appointment.slot.number

    @admin.display(description="挂号费")
    def price(self, appointment: models.Appointment) -> str:
        return yuan(appointment.fee)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("care.change_appointment"))

    @admin.action(description="退号并全额退费", permissions=["cancel"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[models.Appointment]) -> None:
        for appointment in chosen:
            try:
                cancelling.cancel(appointment, by_staff=True)
            except Refusal:
                self.message_user(request, f"{appointment.code} 不能退号。", messages.ERROR)
                continue
            record(request, appointment, "退号并全额退费")
            self.message_user(request, f"{appointment.code} 已退号。")


@admin.register(models.Paper)
class PaperAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("appointment", "kind", "copy", "outcome", "kiosk", "issued_at")
    list_filter = ("kind", "outcome", "kiosk")
    list_select_related = ("appointment",)
    search_fields = ("=appointment__code",)


@admin.register(models.Notice)
class NoticeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kind", "patient", "appointment", "seen_at")
    list_filter = ("kind", ("seen_at", admin.EmptyFieldListFilter))
    list_select_related = ("patient", "appointment")
    search_fields = ("=patient__record_no", "=appointment__code")
