"""Prints as JSON what each view of the inbox costs, with few leads and with many. Runs in the site that it fills."""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from clinic.wsgi import application  # noqa: F401  first of ours: it sets Django up  # isort: skip
from django.core.management import call_command
from django.db import connection
from django.test import Client

from clinic.models import User
from clinic.models.settings import remembered_clinic
from leads.models import Lead

FEW = 1000  # each group of the working list has some
REPEATS = 7
INBOX, ALL, SEARCH = "/admin/leads/", "/admin/leads/all/", "/admin/leads/search/"
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


def fill(first: int, last: int, owner: User) -> None:
    values = {"first": first, "last": last, "owner": owner.pk}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(CONTACTS, values)
        cursor.execute("ANALYZE leads_contact")
        cursor.execute(LEADS, values)
        cursor.execute("VACUUM ANALYZE leads_lead")


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
    yield "Search for a name that many have", SEARCH, {"term": "ann"}
    yield "Search for a name that one has", SEARCH, {"term": RARE}
    yield "Search for digits", SEARCH, {"term": "0100"}
    yield "Search for an address", SEARCH, {"term": "p77@"}


def cost(client: Client, path: str, form: dict[str, str] | None) -> dict[str, float]:
    """The SQL queries of a request that reads the clinic's facts too, and the median of its milliseconds."""
    queries, times = 0, []

    def count(execute, *arguments):
        nonlocal queries
        queries += 1
        return execute(*arguments)

    for _ in range(3):  # to warm up
        ask(client, path, form)
    remembered_clinic.forget()
    with connection.execute_wrapper(count):
        ask(client, path, form)
    for _ in range(REPEATS):
        start = time.perf_counter()
        ask(client, path, form)
        times.append(time.perf_counter() - start)
    return {"queries": queries, "milliseconds": 1000 * statistics.median(times)}


def ask(client: Client, path: str, form: dict[str, str] | None) -> None:
    answer = client.post(path, form) if form else client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")


def costs(client: Client, card: Lead) -> dict[str, dict[str, float]]:
    return {name: cost(client, path, form) for name, path, form in views(card)}


if __name__ == "__main__":
    call_command("set_up_roles", verbosity=0)
    address = urlsplit(os.environ["SITE_URL"])
    client = Client(HTTP_HOST=address.netloc)
    owner = User.objects.create_superuser("bench")
    client.force_login(owner)
    fill(1, FEW, owner)
    Lead.objects.create(name=RARE, phone="+12065550100", asked_for="call")
    card = Lead.objects.open().filter(next_action_at__isnull=False).earliest("next_action_at")
    few = costs(client, card)
    fill(FEW + 1, int(sys.argv[1]), owner)
    print(json.dumps({"few": few, "many": costs(client, card), "leads": Lead.objects.count()}))
