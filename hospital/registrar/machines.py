"""The machines and their news. Machines are registered on the command line, where the token is shown once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from hospital.kiosk.models import Fact, Kiosk
from hospital.registrar.rights import ReadOnly


@admin.register(Kiosk)
class KioskAdmin(admin.ModelAdmin):
    list_display = ("name", "active", "seen_at", "made_at", "news")
    list_filter = ("active",)
    readonly_fields = ("name", "made_at", "seen_at")

    @admin.display(description="消息")
    def news(self, kiosk: Kiosk) -> str:
        return format_html('<a href="{}?kiosk__id__exact={}">消息</a>', reverse("admin:kiosk_fact_changelist"), kiosk.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Fact)
class FactAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kiosk", "kind", "data")
    list_filter = ("kind", "kiosk")
    list_select_related = ("kiosk",)
    date_hierarchy = "at"
