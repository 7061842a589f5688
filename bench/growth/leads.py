"""`python -m bench.growth.leads 1000`: what the inbox costs with so many leads, as JSON. Fills the site it runs in."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from clinic.wsgi import application  # noqa: F401  first of ours: it sets Django up  # isort: skip
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.growth.cost import Cost, cost
from clinic.models import User
from leads.models import Lead

INBOX, ALL, SEARCH, EXPORT = "/admin/leads/", "/admin/leads/all/", "/admin/leads/search/", "/admin/leads/export/"
RARE = "Rare Bird"

CONTACTS = """
    INSERT INTO leads_contact (email, soft_bounces)
    SELECT 'p' || i || '@' || (ARRAY['example.com', 'example.org', 'mail.example'])[i %% 3 + 1], '[]'
      FROM generate_series(%(first)s, %(last)s) i
"""
LEADS = """
    INSERT INTO leads_lead (name, contact_id, phone, state, closed_because, owner_id, channel, call_times, attempts,
                            next_action, next_action_at, promised_at, asked_for, asked_at, source_path, is_spam)
    SELECT (ARRAY['Ann', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gus', 'Hal', 'Ida', 'Jo'])[i %% 9 + 1] || ' ' ||
               initcap(left(translate(md5(i::text), '0123456789', 'aeiouaeiou'), 4 + i %% 7)),
           contact.id, '+1425' || lpad(i::text, 7, '0'), state,
           CASE state WHEN 'closed' THEN 'Went somewhere else' ELSE '' END,
           CASE WHEN i %% 2 = 0 THEN %(owner)s END, 'phone', '', 0, CASE WHEN due IS NULL THEN '' ELSE 'Call' END, due,
           CASE WHEN i %% 3 = 0 THEN due END,
           (ARRAY['assessment', 'newsletter', 'guide', 'workshop'])[i %% 4 + 1], now() - random() * interval '2 years',
           '/blog/post-' || i %% 300 || '/', random() < 0.02
      FROM (SELECT i, (ARRAY['reader', 'new', 'trying', 'reached', 'booked', 'attended', 'missed', 'closed', 'closed',
                             'reader'])[1 + floor(random() * 10)::int] AS state,
                   CASE WHEN random() < 0.5 THEN now() + (random() - 0.5) * interval '60 days' END AS due
              FROM generate_series(%(first)s, %(last)s) i) made
      JOIN leads_contact contact
        ON contact.email = 'p' || i || '@' || (ARRAY['example.com', 'example.org', 'mail.example'])[i %% 3 + 1]
"""


def fill(number: int, owner: User) -> Lead:
    """Make leads until there are so many, one of them like nobody else. Returns the card that stands first of all."""
    Lead.objects.get_or_create(name=RARE, phone="+12065550100", asked_for="call")
    values = {"first": Lead.objects.count(), "last": number, "owner": owner.pk}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(CONTACTS, values)
        cursor.execute("ANALYZE leads_contact")
        cursor.execute(LEADS, values)
        cursor.execute("VACUUM ANALYZE leads_lead, leads_contact")
    first = Lead.objects.filter(state=Lead.State.NEW, owner=owner, is_spam=False).earliest("pk")
    first.promised_at = first.next_action_at = timezone.now() - timedelta(days=365)
    first.save(update_fields=["promised_at", "next_action_at"])
    return first


def views(card: Lead) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """The name, the address and what is posted there."""
    yield "The working list", INBOX, None
    yield "One group, its last page", f"{INBOX}?group=new&p=10", None
    yield "A card, and the list beside it", f"{INBOX}{card.pk}/", None
    yield "All leads", ALL, None
    yield "All leads, the last page", f"{ALL}?p=100", None
    yield "All leads by state", f"{ALL}?state=booked", None
    yield "All leads by a topic that is rare", f"{ALL}?asked_for=call", None
    yield "All leads by page and state", f"{ALL}?source_path=/blog/post-7/&state=new", None
    yield "All leads by date", f"{ALL}?asked_at_from=2026-01-01&asked_at_to=2026-01-31", None
    yield "Find a common name", SEARCH, {"term": "ann"}
    yield "Find a rare name", SEARCH, {"term": RARE}
    yield "Find digits", SEARCH, {"term": "0100"}
    yield "Find an address", SEARCH, {"term": "p77@"}
    yield "Export, the page that asks", EXPORT, None


def ask(client: Client, path: str, form: dict[str, str] | None) -> None:
    answer = client.post(path, form) if form else client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    if answer.streaming:
        for _ in answer.streaming_content:
            pass


def costs(client: Client, card: Lead) -> Iterator[tuple[str, Cost]]:
    for name, path, form in views(card):
        yield name, cost(partial(ask, client, path, form))
    yield "Export as CSV", cost(partial(ask, client, EXPORT, {"format": "csv"}), is_repeatable=False)


if __name__ == "__main__":
    call_command("set_up_roles", verbosity=0)
    owner, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    card = fill(int(sys.argv[1]), owner)
    client = Client(HTTP_HOST=urlsplit(os.environ["SITE_URL"]).netloc)
    client.force_login(owner)
    print(json.dumps({name: asdict(found) for name, found in costs(client, card)}))
