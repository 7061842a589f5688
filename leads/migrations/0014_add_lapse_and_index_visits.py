from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0013_index_mail_for_staff")]

    operations = [
        migrations.CreateModel(
            name="Lapse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True)),
                ("number", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("event__in", ["booked", "attended", "missed"])),
                fields=["lead", "-created_at"],
                name="visits_of_a_lead",
            ),
        ),
    ]
