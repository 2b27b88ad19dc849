"""Numbers that are given out once: one statement, guarded by the database."""

from __future__ import annotations

import datetime as dt

from django.db import connection


def following(name: str) -> int:
    """The next number of the series `name`, from 1. Inside a transaction it is taken back if that fails."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO care_counter (name, value) VALUES (%s, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = care_counter.value + 1 RETURNING value", [name])
        return int(cursor.fetchone()[0])


def record_no() -> str:
    """The number of a new file (病案号)."""
    return f"{following('record'):08d}"


def appointment_code(day: dt.date) -> str:
    """Printed as a CODE128 bar code: A, the day of the visit, a number of that day; A2611210042."""
    series = f"A{day:%y%m%d}"
    return f"{series}{following(series):04d}"
