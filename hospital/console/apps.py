from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "hospital.console"
    label = "console"
    verbose_name = "工作台"
