from django.apps import AppConfig


class RegistrarConfig(AppConfig):
    name = "hospital.registrar"
    label = "registrar"
    verbose_name = "挂号收费"
