from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_submission ADD COLUMN remark text", "ALTER TABLE leads_submission DROP COLUMN remark"
        )
    ]
