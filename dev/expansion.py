"""Migrations first add and only a version later take away: then the version before runs on the newer database.

It does so while an upgrade replaces one process after the other, and after a roll back. `complaints` names what would
break it. A migration that may take something away says why in a sentence: `safe_because`.
"""

from collections.abc import Iterator, Sequence

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

# The last migration of each app that every site had from its first day on: no version ran on what was before it.
FIRST_DAY = {"blog": "0003", "clinic": "0007", "leads": "0014"}
TAKE_AWAY = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
    operations.AlterUniqueTogether,
)


def complaints(loader: MigrationLoader) -> list[str]:
    """A line for each operation of ours that would break the version before."""
    graph = loader.graph
    found = []
    for app, last in FIRST_DAY.items():
        for key in sorted(graph.nodes):
            if key[0] == app and key[1] > f"{last}~":
                state = loader.project_state(key, at_end=False)
                found += [f"{app} {key[1]}: {line}" for line in complaints_about(graph.nodes[key], state)]
    return found


def complaints_about(migration: Migration, state: ProjectState) -> Iterator[str]:
    """`state` is the one that the migration finds; it is changed."""
    if getattr(migration, "safe_because", ""):
        return
    made: set[str] = set()  # names of models that are new, and of fields as `model.field`
    for operation in flat(migration.operations):
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        yield from complaints_of(operation, migration.app_label, made, before)
        made.update(names(operation))


def flat(all_of_them: Sequence[Operation]) -> Iterator[Operation]:
    """Of what is done to the database and to the models apart, what is done to the database."""
    for operation in all_of_them:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def names(operation: Operation) -> list[str]:
    if isinstance(operation, operations.CreateModel):
        return [operation.name_lower]
    if isinstance(operation, operations.AddField):
        return [f"{operation.model_name_lower}.{operation.name_lower}"]
    return []


def complaints_of(operation: Operation, app: str, made: set[str], before: ProjectState) -> Iterator[str]:
    what = operation.describe()
    model = getattr(operation, "model_name_lower", "")
    if isinstance(operation, TAKE_AWAY):
        yield f"{what}: the version before still asks for it. Leave it for a version in which nothing does."
    elif isinstance(operation, operations.RunSQL):
        yield f"{what}: nobody but its author can tell. Say in `safe_because` why the version before goes on."
    elif isinstance(operation, operations.AddConstraint) and model not in made:
        fields = {f"{model}.{name}" for name in getattr(operation.constraint, "fields", ())}
        if not fields or not fields <= made:
            yield f"{what}: the version before may write rows that it refuses."
    elif isinstance(operation, operations.AddField) and model not in made and not fills_itself(operation.field):
        yield f"{what}: the version before leaves it out of its rows. It needs `null=True` or a `db_default`."
    elif isinstance(operation, operations.AlterField):
        old = before.models[app, model].fields[operation.name]
        if is_narrower(operation.field, old):
            yield f"{what}: the version before writes what does not fit any more."


def fills_itself(field: models.Field) -> bool:
    """A row that says nothing of it can be stored."""
    return bool(field.null or field.many_to_many or field.generated or field.db_default is not NOT_PROVIDED)


def is_narrower(new: models.Field, old: models.Field) -> bool:
    lengths = (new.max_length or float("inf"), old.max_length or float("inf"))
    return (
        new.get_internal_type() != old.get_internal_type()
        or (old.null and not new.null)
        or (old.db_default is not NOT_PROVIDED and not fills_itself(new))
        or (new.unique and not old.unique)
        or lengths[0] < lengths[1]
        or new.db_column != old.db_column
    )
