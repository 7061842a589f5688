from django.db import migrations


class Migration(migrations.Migration):
    """What the next version needs: a column with a value for those who do not know it, and a table."""

    safe_because = "nobody has to name the column, and nobody knows the table"
    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_submission ADD COLUMN remark text NOT NULL DEFAULT ''",
            "ALTER TABLE leads_submission DROP COLUMN IF EXISTS remark",
        ),
        migrations.RunSQL(
            "CREATE TABLE leads_remark (submission_id bigint NOT NULL REFERENCES leads_submission ON DELETE CASCADE)",
            "DROP TABLE leads_remark",
        ),
    ]
