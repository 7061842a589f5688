"""Pages that come and go at a time that staff set."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from clinic.tasks import publish_scheduled
from tests.factories import BlogPageFactory

pytestmark = pytest.mark.django_db


def test_a_post_appears_when_its_time_has_come(client):
    post = BlogPageFactory(live=False, go_live_at=timezone.now() + timedelta(hours=1))
    post.save_revision(approved_go_live_at=post.go_live_at)
    publish_scheduled()
    assert client.get(post.get_url()).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        publish_scheduled()
        assert client.get(post.get_url()).status_code == 200


def test_a_post_goes_when_its_time_is_over(client):
    post = BlogPageFactory(expire_at=timezone.now() - timedelta(minutes=1))
    publish_scheduled()
    assert client.get(post.get_url()).status_code == 404


def test_beat_looks_for_such_posts_every_minute():
    schedule = settings.CELERY_BEAT_SCHEDULE.values()
    assert [entry["schedule"] for entry in schedule if entry["task"] == publish_scheduled.name] == [60.0]
