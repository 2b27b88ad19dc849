from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CareConfig(AppConfig):
    name = "hospital.care"
    label = "care"
    verbose_name = "诊疗"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_keep_noting, sender=self)


def _keep_noting(**signal: Any) -> None:
    from hospital.care import changes

    changes.keep_noting()
