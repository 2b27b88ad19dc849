from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "hospital.care"
    label = "care"
    verbose_name = "诊疗"
    default_auto_field = "django.db.models.BigAutoField"
