from django.apps import AppConfig


class KioskConfig(AppConfig):
    name = "hospital.kiosk"
    label = "kiosk"
    verbose_name = "自助机"
    default_auto_field = "django.db.models.BigAutoField"
