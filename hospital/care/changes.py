"""What has changed about sessions and their places since somebody last looked.

The database itself notes it, by triggers, in a list that only grows at its end (`care_change`): whoever changes a place,
by whatever statement, leaves a line there, in the same transaction, and waits for nobody. A line says how much is to be
read again: the places of one session; all sessions of a department; or, where a doctor or a department has another name,
everything.

"Since" is a horizon. PostgreSQL: the oldest transaction that was still running when one looked. All older ones had been
seen, and of the others every line is read again, seen or not; so that a transaction which commits late is not missed.
SQLite, which has one writer: the number of the last line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import connection, transaction

KEPT_MINUTES = 60
"""Lines older than this are forgotten; who looked longer ago reads everything."""


@dataclass(frozen=True)
class Changes:
    """What to read again, and from where to ask the next time."""

    horizon: int
    everything: bool
    sessions: frozenset[int]


def horizon_sql() -> str:
    """The horizon of the statement that has this among what it selects."""
    if connection.vendor == "postgresql":
        return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return "(SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'care_change')"


def since(horizon: int, department: int) -> Changes:
    """What has changed about this department's sessions since then. One query."""
    postgres = connection.vendor == "postgresql"
    newer, every = ("xact >= %s", "array_agg(DISTINCT schedule)") if postgres else (
        "id > %s", "json_group_array(DISTINCT schedule)")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {horizon_sql()}, COALESCE(MAX(CASE WHEN department IS NULL OR schedule IS NULL THEN 1 END), 0), {every}"
            f" FROM care_change WHERE {newer} AND (department = %s OR department IS NULL)", [horizon, department])
        now, whole, found = cursor.fetchone()
    sessions = (found or []) if postgres else json.loads(found)
    # A horizon goes back only where an older state of the books was brought back.
    return Changes(now, bool(whole) or now < horizon, frozenset(one for one in sessions if one is not None))


def forget_old() -> None:
    old = ("now() - interval '%d minutes'" if connection.vendor == "postgresql" else "datetime('now', '-%d minutes')")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM care_change WHERE at < " + old % KEPT_MINUTES)


def keep_noting() -> None:
    """Makes the list and its triggers, where any is missing. After every migration: SQLite makes a changed table anew,
    without its triggers. Whoever changes what a trigger does gives it another name; what is there is left alone, for each
    command of the server comes by here, and machines are at work meanwhile."""
    tables = connection.introspection.table_names()
    if not {"care_slot", "care_schedule", "care_practitioner", "care_department"} <= set(tables):
        return      # migrated back to before there were any
    postgres = connection.vendor == "postgresql"
    made = _postgres() if postgres else _sqlite()
    if made.keys() <= _there(postgres):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        if postgres:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('care_change'))")     # one server at a time
        cursor.execute(_LIST[postgres])
        if postgres:
            cursor.execute("CREATE INDEX IF NOT EXISTS care_change_xact ON care_change (xact)")
        there = _there(postgres)
        for name, statements in made.items():
            for statement in statements if name not in there else ():
                cursor.execute(statement)


def _there(postgres: bool) -> set[str]:
    """The names of the triggers that stand in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
                       " WHERE NOT tgisinternal AND pg_table_is_visible(pg_class.oid)" if postgres
                       else "SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {name for name, in cursor.fetchall()}


_LIST = {
    False: "CREATE TABLE IF NOT EXISTS care_change (id INTEGER PRIMARY KEY AUTOINCREMENT, department INTEGER,"
           " schedule INTEGER, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    True: "CREATE TABLE IF NOT EXISTS care_change (xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,"
          " department bigint, schedule bigint, at timestamptz NOT NULL DEFAULT now())"}
_NAMED = ("care_practitioner", "care_department")      # of these, sessions show the names


def _sqlite() -> dict[str, list[str]]:
    """The statements that make each trigger, by its name."""
    made: dict[str, list[str]] = {}

    def trigger(table: str, event: str, what: str) -> None:
        name = f"{table}_{event.lower()}_noted"
        made[name] = [f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN"
                      f" INSERT INTO care_change (department, schedule) {what}; END"]
    of_slot = "SELECT (SELECT department_id FROM care_schedule WHERE id = {0}.schedule_id), {0}.schedule_id"
    of_session = "SELECT {0}.department_id, NULL"
    for table, what in (("care_slot", of_slot), ("care_schedule", of_session)):
        trigger(table, "INSERT", what.format("NEW"))
        trigger(table, "UPDATE", f"{what.format('OLD')} UNION {what.format('NEW')}")
        trigger(table, "DELETE", what.format("OLD"))
    for table in _NAMED:
        trigger(table, "UPDATE", "SELECT NULL, NULL")
    return made


def _postgres() -> dict[str, list[str]]:
    """The statements that make each trigger, by its name."""
    made: dict[str, list[str]] = {}

    def trigger(table: str, event: str, seen: str, what: str) -> None:
        name = f"{table}_{event.lower()}_noted"
        made[name] = [f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                      f" INSERT INTO care_change (department, schedule) {what}; RETURN NULL; END $$",
                      f"CREATE TRIGGER {name} AFTER {event} ON {table} {seen}"
                      f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"]
    tables = {"INSERT": ["new"], "UPDATE": ["old", "new"], "DELETE": ["old"]}
    for table, what in (
            ("care_slot", "SELECT care_schedule.department_id, seen.schedule_id FROM (SELECT schedule_id FROM {0}) AS seen"
                          " LEFT JOIN care_schedule ON care_schedule.id = seen.schedule_id"),
            ("care_schedule", "SELECT department_id, NULL::bigint FROM {0}")):
        for event, seen in tables.items():
            trigger(table, event, "REFERENCING " + " ".join(f"{one.upper()} TABLE AS {one}_rows" for one in seen),
                    " UNION ".join(what.format(f"{one}_rows") for one in seen) if len(seen) > 1
                    else what.format(f"{seen[0]}_rows").replace("SELECT", "SELECT DISTINCT", 1))
        trigger(table, "TRUNCATE", "", "SELECT NULL::bigint, NULL::bigint")
    for table in _NAMED:
        trigger(table, "UPDATE", "", "SELECT NULL::bigint, NULL::bigint")
    return made
