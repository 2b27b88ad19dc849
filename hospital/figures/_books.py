"""An empty hospital of a figure's own, gone afterwards: SQLite in a temporary folder, never the DATABASE_URL of others."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def empty() -> Iterator[Callable[[], None]]:
    """Django stands, its tables are there, nothing is in them; what is yielded empties them again. Once a process."""
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        os.environ["HOSPITAL_STATE"] = folder
        os.environ.pop("DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hospital.settings")
        import django
        django.setup()
        from django.core.management import call_command
        from django.db import connections
        call_command("migrate", verbosity=0, interactive=False)

        def again() -> None:
            call_command("flush", verbosity=0, interactive=False)
            _priorities()

        try:
            yield again
        finally:
            connections.close_all()


def _priorities() -> None:
    """What a migration fills is filled again."""
    from hospital.queueing.models import PriorityClass
    PriorityClass.objects.get_or_create(code="elderly", defaults={
        "name_zh": "65岁以上", "name_en": "65 and over", "credit": 15, "from_age": 65})
    PriorityClass.objects.get_or_create(code="results", defaults={
        "name_zh": "回诊", "name_en": "Returning with results", "credit": 30})
