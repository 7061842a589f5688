"""What staff keep, and without which leads or mail stand still: the ledger, the clinic's facts, the law."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import ClinicSettings, Role, User
from leads.mail import health
from leads.models import PrivacyRequest, Purge
from leads.services.promise import staff_with_mail

from .finding import Finding, look, ok, wrong


def ledger() -> Iterator[Finding]:
    now = health.standing_now()
    lag = (now.now - now.oldest_due_at).total_seconds() if now.oldest_due_at else 0
    if now.ticked_at is None:
        yield wrong("worker", "it has never asked for mail. Start `worker` and `beat`.")
    elif not now.is_ticking:
        yield wrong(
            "worker", f"it last asked for mail at {now.ticked_at:%Y-%m-%d %H:%M} UTC. Start `worker` and `beat`."
        )
    else:
        yield ok("worker", "it asked for mail just now")
    if now.is_stopped:
        yield look("mail", "stopped by staff, or by a restore. `manage.py sender start` lets it leave.")
    elif now.is_still or now.is_out_of_order:
        yield wrong("mail", f"{now.cause} The oldest that is due has waited for {lag:.0f} s.")
    else:
        yield ok("mail", f"the oldest that is due has waited for {lag:.0f} s")
    questions = health.open_questions()
    if questions.uncertain or questions.refused:
        words = f"{questions.refused} refused this week, {questions.uncertain} that may have arrived"
        yield look("mail", f"{words}. In the admin, under Mail, somebody has to decide.")


def facts() -> Iterator[Finding]:
    clinic = ClinicSettings.load()
    if clinic.has_postal_address:
        yield ok("postal address", "known")
    else:
        yield wrong("postal address", "empty: tips and newsletters wait for it. Settings, Clinic.")
    if clinic.hours:
        yield ok("opening hours", f"{len(clinic.hours)} stretches a week")
    else:
        yield wrong("opening hours", "none: no callback can be promised. Settings, Clinic.")


def accounts() -> Iterator[Finding]:
    owners = staff_with_mail().filter(groups__role__key=Role.Key.OWNER).distinct().count()
    if owners:
        yield ok("owners", f"{owners} with an address for alarms")
    elif User.objects.filter(is_active=True, is_superuser=True).exists():
        yield look("owners", "nobody has that role and an address: alarms go to the clinic's address for notices.")
    else:
        yield wrong("owners", "nobody can give others access. Run `manage.py createsuperuser`.")
    if not (owners or ClinicSettings.load().notices_to):
        yield wrong("notices", "nobody is told that a request arrived. Settings, Clinic, “notices go to”.")


def privacy() -> Iterator[Finding]:
    last = Purge.objects.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        yield look("purge", "it has not run yet. `beat` asks for it once a day.")
    elif timezone.localdate() - last > timedelta(days=2):
        yield wrong(
            "purge", f"it last ran on {last}, so what should be gone is still there. Start `worker` and `beat`."
        )
    else:
        yield ok("purge", f"it last ran on {last}")
    if overdue := PrivacyRequest.objects.open().filter(due_at__lt=Now()).count():
        yield look("privacy requests", f"{overdue} overdue. In the admin, under Leads, an owner has to answer.")
