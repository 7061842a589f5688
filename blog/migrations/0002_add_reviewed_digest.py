from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0001_posts"),
    ]

    operations = [
        migrations.AddField(
            model_name="blogpage",
            name="reviewed_digest",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
    ]
