from django.db import migrations


class Migration(migrations.Migration):
    """What the version after that takes away again."""

    dependencies = [("sitemaps", "0001_add_remark")]
    safe_because = "the version before keeps remarks in their table"
    operations = [migrations.RunSQL("ALTER TABLE leads_submission DROP COLUMN remark", migrations.RunSQL.noop)]
