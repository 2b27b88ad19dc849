"""Staff for the tests of the console: one person a role, logged in."""

from __future__ import annotations

from django.test import Client

from hospital.care.models import Practitioner
from hospital.registrar import rights
from hospital.registrar.rights import Role

RIGHT = "a long password"


def staff(role: Role, doctor: Practitioner | None = None) -> Client:
    """Whose name is one-<role>."""
    inside = Client(raise_request_exception=False)
    inside.force_login(rights.make_staff(f"one-{role}", RIGHT, role, doctor=doctor))
    return inside
