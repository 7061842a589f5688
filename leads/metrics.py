"""How mail and promises stand, as numbers for Prometheus. Nobody is in them, and a million rows are soon counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models.functions import Now

from clinic.models import ClinicSettings
from leads.mail.health import standing_now
from leads.models import Lead, OutgoingMail
from leads.services.promise import latest_at_risk

State = OutgoingMail.State
MOST = 10_000  # what is more is not counted
COUNTED = [State.QUEUED, State.LEASED, State.HANDED, State.UNCERTAIN, State.DEAD]


def gauge(name: str, meaning: str, values: dict[str, float]) -> Iterator[str]:
    """Values by their labels."""
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in values.items():
        yield f"{name}{labels} {value:.10g}"


def lines() -> Iterator[str]:
    yield from mail()
    yield from promises()


def mail() -> Iterator[str]:
    now = standing_now()
    held = {f'{{state="{state}"}}': OutgoingMail.objects.filter(state=state)[:MOST].count() for state in COUNTED}
    yield from gauge("clinic_mails", f"Mails in the ledger by state, up to {MOST}.", {**held})
    sent = OutgoingMail.objects.filter(sent_at__gt=Now() - timedelta(hours=1))[:MOST].count()
    yield from gauge("clinic_mails_sent_last_hour", f"Mails that left within an hour, up to {MOST}.", {"": sent})
    lag = age(now.now, now.oldest_due_at) if now.oldest_due_at else 0
    yield from gauge("clinic_mail_lag_seconds", "How long the oldest mail has been due.", {"": lag})
    tick = age(now.now, now.ticked_at) if now.ticked_at else float("inf")
    yield from gauge("clinic_worker_tick_age_seconds", "Since a worker last asked for mail.", {"": tick})
    yield from gauge("clinic_sender_stopped", "1 while staff, or a restore, hold all mail.", {"": now.is_stopped})
    yield from gauge("clinic_sender_outages", "Failures of the way out, in a row.", {"": now.outages})


def promises() -> Iterator[str]:
    """Of calls to open cards. A card's clock is never later than its promise, and has an index."""
    promised = Lead.objects.open().filter(promised_at__isnull=False, next_action_at__isnull=False)
    moments = promised.order_by("next_action_at").values_list("promised_at", flat=True)[:MOST]
    now = standing_now().now
    latest = latest_at_risk(now, ClinicSettings.current())
    counts: dict[str, float] = dict.fromkeys(('{state="running"}', '{state="near"}', '{state="missed"}'), 0)
    for moment in filter(None, moments):
        state = "missed" if moment <= now else "near" if moment <= latest else "running"
        counts[f'{{state="{state}"}}'] += 1
    yield from gauge("clinic_promises", f"Calls that were promised and not tried, up to {MOST}.", counts)


def age(now: datetime, moment: datetime) -> float:
    return (now - moment).total_seconds()
