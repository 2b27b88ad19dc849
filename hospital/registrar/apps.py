from django.apps import AppConfig


class RegistrarConfig(AppConfig):
    name = "hospital.registrar"
    label = "registrar"
    verbose_name = "挂号收费"

    def ready(self) -> None:
        from hospital.registrar import trail

        assert trail.Watching     # what it listens to is connected by its import
