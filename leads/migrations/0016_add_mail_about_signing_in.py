from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    safe_because = "The version before writes none of the two new kinds; of all others the rule says what it said."

    dependencies = [
        ("leads", "0015_add_privacy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="outgoingmail",
            name="only_staff_mail_has_no_contact",
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "Confirmation of the newsletter"),
                    ("welcome", "Welcome"),
                    ("guide", "Guide"),
                    ("assessment", "Assessment received"),
                    ("staff", "Notice to staff"),
                    ("alarm", "A promise is at risk"),
                    ("delay", "We are late"),
                    ("unreached", "We could not reach you"),
                    ("workshop", "Link to a workshop"),
                    ("tip", "Health tip"),
                    ("issue", "Newsletter"),
                    ("trial", "Newsletter, for trial"),
                    ("received", "Privacy request received"),
                    ("extended", "Privacy request: more time"),
                    ("answered", "Privacy request answered"),
                    ("password", "Link to a new password"),
                    ("factor", "Second factor changed"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoingmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("contact__isnull", True), ("kind__in", ["staff", "alarm", "trial", "password", "factor"])
                    ),
                    models.Q(
                        models.Q(("kind__in", ["staff", "alarm", "trial", "password", "factor"]), _negated=True),
                        ("contact__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="only_staff_mail_has_no_contact",
            ),
        ),
    ]
