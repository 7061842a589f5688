"""Rows by statements that are made once: over each of them, Django takes longer than PostgreSQL."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import DatabaseDefault

from .base import prepared


def insert(*rows: models.Model) -> None:
    """Add rows of one model, all of them with the same fields left to the database, as `bulk_create` does."""
    for row, (pk,) in zip(rows, add(rows), strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def insert_new(*rows: models.Model) -> None:
    """The same, but for those that are there already. None are fine too."""
    if rows:
        add(rows, "ON CONFLICT DO NOTHING")


def add(rows: tuple[models.Model, ...], unless: str = "") -> list[tuple[Any, ...]]:
    model, database = type(rows[0]), connections[DEFAULT_DB_ALIAS]
    fields = [field for field in model._meta.concrete_fields if any(is_given(row, field) for row in rows)]
    values = [field.get_db_prep_save(field.pre_save(row, add=True), database) for row in rows for field in fields]
    with prepared(), database.cursor() as cursor:
        cursor.execute(insertion(model, tuple(field.column for field in fields), len(rows), unless), values)
        return cursor.fetchall()


def is_given(row: models.Model, field: models.Field) -> bool:
    """What is empty anyway is left out: each value takes its time."""
    if field.primary_key or field.generated:
        return False
    value = getattr(row, field.attname)
    return not isinstance(value, DatabaseDefault) and (value is not None or field.has_db_default())


@cache
def insertion(model: type[models.Model], columns: tuple[str, ...], number: int, unless: str) -> str:
    meta = model._meta
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * number)
    into = f"INSERT INTO {meta.db_table} ({', '.join(columns)})"
    return f"{into} VALUES {places} {unless} RETURNING {meta.pk.column}"


def read(model: type[models.Model], statement: str, values: Mapping[str, Any]) -> list[Any]:
    """Rows by a statement that answers with all columns of a model, in their order, and what else each row gets."""
    database, fields = connections[DEFAULT_DB_ALIAS], model._meta.concrete_fields
    with prepared(), database.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
        names = [column.name for column in cursor.description][len(fields) :] if found else []
    attributes = [field.attname for field in fields]
    rows = []
    for each in found:
        columns = list(each[: len(fields)])
        for place, convert in conversions(model):
            columns[place] = convert(columns[place], None, database)
        row = model.from_db(DEFAULT_DB_ALIAS, attributes, columns)
        vars(row).update(zip(names, each[len(fields) :], strict=True))
        rows.append(row)
    return rows


@cache
def conversions(model: type[models.Model]) -> list[tuple[int, Callable[..., Any]]]:
    """What makes a value of what stands in the column at that place: most stand there as they are."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = enumerate(model._meta.concrete_fields)
    return [(place, convert) for place, field in fields for convert in field.get_db_converters(database)]
