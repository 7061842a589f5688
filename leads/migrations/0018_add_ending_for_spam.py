from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0017_index_submissions_by_client_and_phone"),
    ]

    operations = [
        migrations.AlterField(
            model_name="enrolment",
            name="ending",
            field=models.CharField(
                blank=True,
                choices=[
                    ("finished", "Got every step"),
                    ("booked", "Booked a visit"),
                    ("unsubscribed", "Unsubscribed"),
                    ("bounced", "The mailbox does not exist"),
                    ("erased", "Asked to be erased"),
                    ("staff", "Stopped by staff"),
                    ("spam", "Taken for spam"),
                ],
                max_length=12,
            ),
        ),
    ]
