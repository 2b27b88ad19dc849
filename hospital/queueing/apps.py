from django.apps import AppConfig


class QueueingConfig(AppConfig):
    name = "hospital.queueing"
    label = "queueing"
    verbose_name = "排队叫号"
    default_auto_field = "django.db.models.BigAutoField"
