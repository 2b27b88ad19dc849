"""Statements that Django composes once, for the few places where hundreds of people come at one instant.

Django puts a statement together anew each time it runs, which takes some ten times as long as running it does. Here it is
put together when it is first needed, with a sample in place of each argument; afterwards only the arguments are put in.
What is asked, and what comes back, is as Django has it:

    @asked
    def of_person(patient: int, day: dt.date) -> QuerySet[Appointment]:
        return Appointment.objects.select_related("slot").filter(patient=patient, day=day)

    of_person(17, today)        # a list of appointments

An argument is an int, a str, a date, an aware datetime or a UUID, as its annotation says; never None, and never looked at by
the function itself, which runs once for each kind of database. The default database only. No signals are sent.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints

from django.db import connection, models
from django.db.models.query import (
    FlatValuesListIterable, ModelIterable, QuerySet, ValuesListIterable, get_related_populators)
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery

P = ParamSpec("P")
M = TypeVar("M", bound=models.Model)

# No column's constant looks like these, so that each is found again among a statement's parameters.
_SAMPLES: dict[type, Callable[[int], Any]] = {
    int: lambda at: 31_417 + at,            # fits the smallest of Django's integers
    str: lambda at: f"\u2039{at}\u203a",
    dt.datetime: lambda at: dt.datetime(1583, 1, 1, at, tzinfo=dt.UTC),
    dt.date: lambda at: dt.date(1583, 1, 1 + at),
    uuid.UUID: lambda at: uuid.UUID(int=31_417 + at),
}


def _adapt(value: Any) -> Any:
    """As this database takes it."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return value


class _Statement:
    """SQL, and where each argument stands among its parameters."""

    def __init__(self, compiler: SQLCompiler, samples: Sequence[Any]) -> None:
        self.sql, parameters = compiler.as_sql()
        adapted = [_adapt(one) for one in samples]
        # The drivers' own kinds of integer (psycopg's Int4 …) are kept.
        self._parameters = [(one, adapted.index(one) if one in adapted else None) for one in parameters]
        found = {at for _, at in self._parameters}
        assert found >= set(range(len(samples))), f"an argument is not among the parameters of {self.sql}"

    def parameters(self, arguments: Sequence[Any]) -> list[Any]:
        adapted = [_adapt(one) for one in arguments]
        return [one if at is None else type(one)(adapted[at]) if isinstance(one, int) else adapted[at]
                for one, at in self._parameters]


class _Composed(Generic[P]):
    """A function whose result is a statement; one of each for each kind of database."""

    def __init__(self, words: Callable[P, Any]) -> None:
        update_wrapper(self, words)
        self._words, self._signature = words, signature(words)
        self._made: dict[str, Any] = {}

    def _arguments(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Any, ...]:
        return self._signature.bind(*args, **kwargs).args if kwargs else args

    def _composed(self) -> Any:
        made = self._made.get(connection.vendor)
        if made is None:        # two threads may do it at once, and do the same
            kinds = get_type_hints(self._words)
            samples = [_SAMPLES[kinds[name]](at) for at, name in enumerate(self._signature.parameters)]
            made = self._made[connection.vendor] = self._compose(samples)
        return made

    def _compose(self, samples: list[Any]) -> Any:
        raise NotImplementedError


class asked(_Composed[P], Generic[P, M]):
    """A question: its queryset's rows as a list, of models (with what `select_related` brings) or of `values_list`."""

    def __init__(self, words: Callable[P, QuerySet[M]]) -> None:
        super().__init__(words)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[M]:
        question: _Question = self._composed()
        return question.rows(self._arguments(*args, **kwargs))

    def first(self, *args: P.args, **kwargs: P.kwargs) -> M | None:
        return next(iter(self(*args, **kwargs)), None)

    def _compose(self, samples: list[Any]) -> _Question:
        return _Question(self._words(*samples), samples)     # type: ignore[call-arg]


class _Question:
    def __init__(self, queryset: QuerySet[Any], samples: list[Any]) -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        self._statement = _Statement(compiler, samples)
        select = compiler.select
        converters = compiler.get_converters([one[0] for one in select]).items()
        self._converters = [(at, turn, expression) for at, (turns, expression) in converters for turn in turns]
        kind = queryset._iterable_class
        assert kind in (ModelIterable, ValuesListIterable, FlatValuesListIterable), f"rows of {kind.__name__}"
        self._flat, self._model = kind is FlatValuesListIterable, kind is ModelIterable
        if self._model:
            assert not compiler.annotation_col_map, "a model with annotations: ask for values_list"
            fields = compiler.klass_info["select_fields"]
            self._class, self._begin, self._end = compiler.klass_info["model"], fields[0], fields[-1] + 1
            self._names = [one[0].target.attname for one in select[self._begin:self._end]]
            self._related = get_related_populators(compiler.klass_info, select, connection.alias)

    def rows(self, arguments: Sequence[Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self._statement.sql, self._statement.parameters(arguments))
            found = cursor.fetchall()
        if self._converters:
            found = [self._converted(row) for row in found]
        if self._model:
            return [self._instance(row) for row in found]
        return [row[0] for row in found] if self._flat else [tuple(row) for row in found]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        for at, turn, expression in self._converters:
            cells[at] = turn(cells[at], expression, connection)
        return cells

    def _instance(self, row: Sequence[Any]) -> models.Model:
        made = self._class.from_db(connection.alias, self._names, row[self._begin:self._end])
        for one in self._related:
            one.populate(row, made)
        return made


class changed(_Composed[P]):
    """A change: of the rows of a queryset, to these values. Returns how many there were.

    What must hold of a row is asked of the row itself, never through a join: Django makes a subquery of that, and a
    database that had to wait for somebody else's change of the row (READ COMMITTED) looks at the statement's own
    conditions again, not at those in its subqueries. So two would be given one place.
    """

    def __init__(self, words: Callable[P, tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        super().__init__(words)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> int:
        statement: _Statement = self._composed()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.parameters(self._arguments(*args, **kwargs)))
            return int(cursor.rowcount)

    def _compose(self, samples: list[Any]) -> _Statement:
        queryset, values = self._words(*samples)     # type: ignore[call-arg]
        query = queryset.query.chain(UpdateQuery)
        assert query.count_active_tables() <= 1, "a change asks its own rows only: see above"
        query.add_update_values(values)
        return _Statement(query.get_compiler(connection=connection), samples)


_INSERTS: dict[tuple[str, type], tuple[str, list[models.Field[Any, Any]]]] = {}


def added(row: M) -> M:
    """A new row, as `save(force_insert=True)` writes it. A number that the database gives is on it afterwards."""
    kind = type(row)
    made = _INSERTS.get((connection.vendor, kind))
    if made is None:
        quote, table = connection.ops.quote_name, kind._meta
        given = isinstance(table.pk, models.AutoField)
        fields = [one for one in table.local_concrete_fields if not (given and one.primary_key)]
        sql = (f"INSERT INTO {quote(table.db_table)} ({', '.join(quote(one.column) for one in fields)})"
               f" VALUES ({', '.join(['%s'] * len(fields))})"
               + (f" RETURNING {quote(table.pk.column)}" if given else ""))
        made = _INSERTS[connection.vendor, kind] = (sql, fields)
    sql, fields = made
    assert row.pk is None or kind._meta.pk in fields, "the database gives the number of this row"
    with connection.cursor() as cursor:
        cursor.execute(sql, [one.get_db_prep_save(one.pre_save(row, True), connection) for one in fields])
        if row.pk is None:
            row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias
    return row
