"""The hospital's own storeys: care knows nothing of money, money nothing of kiosks, and nobody of the registrar."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.core.management import call_command

import hospital

ROOT = Path(hospital.__file__).parent
MAY_NOT = {
    "care": {"queueing", "money", "kiosk", "fhir", "registrar", "payments", "tending"},
    "money": {"kiosk", "fhir", "registrar", "tending"},
    "outpatient": {"queueing", "examining", "kiosk", "fhir", "registrar", "console", "tending"},
    "queueing": {"money", "kiosk", "registrar", "tending"},
    "examining": {"money", "kiosk", "registrar", "tending"},
    "fhir": {"registrar", "tending"},
    "kiosk": {"fhir", "registrar", "tending"},
    "seeding": {"money", "kiosk", "registrar", "tending"},
    "registrar": {"console"},
}


@pytest.mark.parametrize("storey", MAY_NOT)
def test_nobody_looks_upstairs(storey: str) -> None:
    seen: set[str] = set()
    for path in (ROOT / storey).rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                whole = [f"{node.module}.{one.name}" for one in node.names]
                seen |= {name.split(".")[1] for name in whole if name.startswith("hospital.")}
    assert seen and not seen & MAY_NOT[storey]


def test_the_migrations_are_what_the_models_say(books: str) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
