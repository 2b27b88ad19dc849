"""Where Django looks for the pages of the desk."""

from django.contrib import admin

from hospital.registrar import bookings, machines, money, outpatient, people, reconciling, rosters
from hospital.registrar.entrance import Entrance

__all__ = ["bookings", "machines", "money", "outpatient", "people", "reconciling", "rosters"]

admin.site.site_header = admin.site.site_title = "医院自助服务管理"
admin.site.login_form = Entrance
admin.site.index_title = "挂号与收费"
