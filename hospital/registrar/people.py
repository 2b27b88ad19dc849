"""Patients: found by what they can show, masked wherever more than one is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from hospital.care import numbers
from hospital.care.masking import mask_id, mask_name, mask_phone
from hospital.care.models import Patient
from hospital.care.people import valid_id_number
from hospital.clock import now
from hospital.kiosk.models import SocialCard


class PatientForm(forms.ModelForm):
    def clean_id_number(self) -> str:
        number = self.cleaned_data["id_number"].strip().upper()
        if not valid_id_number(number):
            raise forms.ValidationError("证件号码有误，请核对。")
        return str(number)


class SocialCardInline(admin.TabularInline):
    """Written here by whoever saw the person and the card: cards of the third generation tell a machine nobody's name."""

    model = SocialCard
    extra = 0
    max_num = 3


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    form = PatientForm
    list_display = ("record_no", "masked_name", "sex", "born", "masked_id", "masked_phone", "visit_card", "no_shows")
    list_filter = ("sex", "card_kind")
    search_fields = ("=record_no", "name", "=id_number", "=visit_card", "=phone")
    search_help_text = "病案号、姓名、证件号码、就诊卡号或手机号"
    readonly_fields = ("record_no", "made_at", "no_shows")      # counted, or forgiven with a reason
    inlines = (SocialCardInline,)

    @admin.display(description="姓名", ordering="name")
    def masked_name(self, patient: Patient) -> str:
        return mask_name(patient.name)

    @admin.display(description="证件号码")
    def masked_id(self, patient: Patient) -> str:
        return mask_id(patient.id_number)

    @admin.display(description="手机号")
    def masked_phone(self, patient: Patient) -> str:
        return mask_phone(patient.phone)

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        if not change:
            obj.record_no, obj.made_at = numbers.record_no(), now()
        super().save_model(request, obj, form, change)
