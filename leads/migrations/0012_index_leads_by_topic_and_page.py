from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_add_proof_of_submission")]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["asked_for", "-asked_at", "-id"], name="lead_by_topic"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["source_path", "-asked_at", "-id"], name="lead_by_source"),
        ),
    ]
