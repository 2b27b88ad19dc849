from django.apps import AppConfig


class OutpatientConfig(AppConfig):
    name = "hospital.outpatient"
    label = "outpatient"
    verbose_name = "门诊办公室"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hospital.care import booking
        from hospital.outpatient import registering

        booking.keep(registering.keep_limits)
