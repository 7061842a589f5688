"""A newsletter as it leaves: real workers and beat, a real mail server, and staff at the buttons."""

import os
import time
from collections import Counter
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from dev.processes import free_port
from leads.mail import audience
from leads.models import Issue, OutgoingMail, Sender
from tests.backstage import Backstage, running
from tests.conftest import ENVIRONMENT
from tests.factories import ClinicSettingsFactory, IssueFactory, UserFactory
from tests.smtp import wait_for

READERS = int(os.environ.get("READERS", "1000"))  # `make chaos` asks for ten thousand
SUBSCRIBE = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT 'reader-' || number || '@example.com', '[]' FROM generate_series(1, %s) AS number
        RETURNING id)
    INSERT INTO leads_subscription (contact_id, state, wants_newsletter, wants_tips, confirmed_at)
    SELECT id, 'confirmed', true, false, now() FROM contact
"""


@pytest.fixture
def backstage(transactional_db):
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    ours = {
        "DJANGO_SETTINGS_MODULE": "tests.nudge_settings",
        "DATABASE_URL": database,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    with running(partial(Backstage, env=os.environ | ENVIRONMENT | ours)) as backstage:
        yield backstage


@pytest.fixture
def issue(transactional_db):
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")
    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBE, [READERS])
    return IssueFactory(subject="News")


@pytest.fixture
def press(issue):
    """Press one of the buttons, as a browser does."""
    client = Client()
    client.force_login(UserFactory(is_superuser=True))

    def press(name, *action, **fields):
        response = client.post(reverse(name, args=[issue.pk, *action]), fields)
        assert response.status_code == 302, response.content.decode()
        assert [str(message) for message in get_messages(response.wsgi_request) if message.level_tag != "success"] == []

    return press


def adds_up(issue: Issue) -> bool:
    """To the last row, at any moment."""
    states = Counter(OutgoingMail.objects.filter(issue=issue).values_list("state", flat=True))
    progress = audience.progress(issue)
    return states.total() == READERS == progress.done + progress.waiting


def test_an_issue_is_paused_resumed_cancelled_and_sent_to_the_rest(backstage, issue, press):
    press("issue_send", when="now", count=str(READERS), shown=str(READERS))
    backstage.have(workers=3)

    wait_for(lambda: delivered(backstage) > READERS * 0.2, 300, seen=lambda: so_far(backstage))
    press("issue_act", "pause")
    still = quiet(backstage)
    issue.refresh_from_db()
    assert adds_up(issue)
    time.sleep(1)
    assert delivered(backstage) == still < READERS

    press("issue_act", "resume")
    wait_for(lambda: delivered(backstage) > READERS * 0.5, 300, seen=lambda: so_far(backstage))
    press("issue_act", "cancel")
    still = quiet(backstage)
    issue.refresh_from_db()
    assert adds_up(issue)
    assert issue.state == Issue.State.CANCELLED
    assert audience.progress(issue).waiting == 0
    assert audience.progress(issue).sent == still < READERS

    press("issue_rest", count=str(READERS - still))
    wait_for(lambda: delivered(backstage) == READERS, 300, seen=lambda: so_far(backstage))
    wait_for(lambda: Issue.objects.filter(state=Issue.State.FINISHED).exists())
    issue.refresh_from_db()
    assert adds_up(issue)
    assert audience.progress(issue).sent == READERS
    recipients = [recipient for _, recipient in backstage.smtp.lines()]
    assert len(recipients) == len(set(recipients)) == READERS


def delivered(backstage: Backstage) -> int:
    return len(backstage.smtp.deliveries)


def quiet(backstage: Backstage) -> int:
    """How many had been delivered once what was at hand when a button was pressed had ended."""
    held = OutgoingMail.objects.filter(state__in=["leased", "handed"])
    wait_for(lambda: not held.exists())
    return delivered(backstage)


def so_far(backstage: Backstage) -> str:
    states = Counter(OutgoingMail.objects.values_list("state", "reason"))
    logs = [log.read_text()[-2000:] for log in backstage.folder.glob("*.log")]
    return "\n".join([f"{delivered(backstage)} delivered; {states}; {Sender.objects.values()}", *logs])
