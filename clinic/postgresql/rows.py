"""New rows by statements that are made once: over each of them, Django takes longer than PostgreSQL."""

from functools import cache

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from .base import prepared


def insert(*rows: models.Model) -> None:
    """Add rows of one model, all of them with the same fields left to the database, as `bulk_create` does."""
    given = tuple(field.attname for field in type(rows[0])._meta.concrete_fields if is_given(rows[0], field))
    fields = [type(rows[0])._meta.get_field(name) for name in given]
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    with prepared(), connection.cursor() as cursor:
        cursor.execute(statement(type(rows[0]), given, len(rows)), values)
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
            row._state.adding, row._state.db = False, connection.alias


def is_given(row: models.Model, field: models.Field) -> bool:
    return not (field.primary_key or field.generated or isinstance(getattr(row, field.attname), DatabaseDefault))


@cache
def statement(model: type[models.Model], names: tuple[str, ...], number: int) -> str:
    meta = model._meta
    columns = ", ".join(meta.get_field(name).column for name in names)
    places = ", ".join([f"({', '.join(['%s'] * len(names))})"] * number)
    return f"INSERT INTO {meta.db_table} ({columns}) VALUES {places} RETURNING {meta.pk.column}"  # noqa: S608  our names
