from django.apps import AppConfig


class FhirConfig(AppConfig):
    name = "hospital.fhir"
    label = "fhir"
    verbose_name = "FHIR 接口"
    default_auto_field = "django.db.models.BigAutoField"
