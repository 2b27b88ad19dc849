from django.apps import AppConfig


class ExaminingConfig(AppConfig):
    name = "hospital.examining"
    label = "examining"
    verbose_name = "检查与采血"
    default_auto_field = "django.db.models.BigAutoField"
