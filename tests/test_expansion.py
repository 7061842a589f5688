"""A migration that would break the version before is refused before it is shared."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from dev.expansion import complaints, complaints_about

REMARK = migrations.CreateModel("Remark", [("id", models.BigAutoField(primary_key=True)), ("text", models.TextField())])


def judged(*operations, safe_because=""):
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=80, null=True)),
        ("age", models.IntegerField(db_default=0)),
    ]
    migrations.CreateModel("Person", fields).state_forwards("clinic", state)
    migration = migrations.Migration("0099_next", "clinic")
    migration.operations = list(operations)
    migration.safe_because = safe_because
    return list(complaints_about(migration, state))


def test_no_migration_of_ours_breaks_the_version_before():
    assert complaints(MigrationLoader(None)) == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("person", "name"),
        migrations.RenameField("person", "name", "full_name"),
        migrations.DeleteModel("Person"),
        migrations.RenameModel("Person", "Human"),
        migrations.AddField("person", "town", models.CharField(max_length=80)),
        migrations.AddField("person", "town", models.CharField(max_length=80, default="")),
        migrations.AlterField("person", "name", models.CharField(max_length=80)),
        migrations.AlterField("person", "name", models.CharField(max_length=40, null=True)),
        migrations.AlterField("person", "name", models.CharField(max_length=80, null=True, unique=True)),
        migrations.AlterField("person", "name", models.CharField(max_length=80, null=True, db_column="title")),
        migrations.AlterField("person", "age", models.IntegerField(default=0)),
        migrations.AlterField("person", "age", models.DateField(db_default="2000-01-01")),
        migrations.AddConstraint("person", models.CheckConstraint(condition=~models.Q(name=""), name="named")),
        migrations.AddConstraint("person", models.UniqueConstraint(fields=["name"], name="one_of_a_name")),
        migrations.RunSQL("DROP TABLE clinic_person"),
        migrations.SeparateDatabaseAndState([migrations.RunSQL("ALTER TABLE clinic_person RENAME TO human")]),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_the_version_before_would_trip_over_is_refused_unless_its_author_says_why_not(operation):
    assert len(judged(operation)) == 1
    assert judged(operation, safe_because="nothing has asked for it since the version before") == []


@pytest.mark.parametrize(
    "operation",
    [
        REMARK,
        migrations.AddField("person", "town", models.CharField(max_length=80, null=True)),
        migrations.AddField("person", "town", models.CharField(max_length=80, db_default="")),
        migrations.AddField("person", "friends", models.ManyToManyField("clinic.Person")),
        migrations.AddField("person", "towns", ArrayField(models.TextField(), db_default=[])),
        migrations.AlterField("person", "name", models.CharField(max_length=120, null=True)),
        migrations.AlterField("person", "age", models.IntegerField(null=True)),
        migrations.AddIndex("person", models.Index(fields=["name"], name="by_name")),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("person", "name")]),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_only_adds_is_let_through(operation):
    assert judged(operation) == []


def test_what_is_new_in_the_same_migration_may_have_any_rule():
    town = migrations.AddField("person", "town", models.CharField(max_length=80, null=True))
    only_one = migrations.AddConstraint("person", models.UniqueConstraint(fields=["town"], name="one_of_a_town"))
    not_empty = models.CheckConstraint(condition=~models.Q(text=""), name="a_remark_says_something")
    long = migrations.AddConstraint("remark", not_empty)
    assert judged(town, only_one) == []
    assert judged(REMARK, long, migrations.AddField("remark", "by", models.TextField())) == []
