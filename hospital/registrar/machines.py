"""The machines and their news. Machines are registered on the command line, where the token is shown once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from hospital.kiosk.models import Fact, Kiosk
from hospital.registrar.rights import ReadOnly


@admin.register(Kiosk)
class KioskAdmin(admin.ModelAdmin):
    list_display = ("name", "active", "seen_at", "made_at")
    list_filter = ("active",)
    readonly_fields = ("name", "made_at", "seen_at")

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
