from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "hospital.money"
    label = "money"
    verbose_name = "收费"
    default_auto_field = "django.db.models.BigAutoField"
