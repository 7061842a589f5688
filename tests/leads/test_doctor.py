"""`manage.py doctor`: a line for each thing that the site stands on, and what to do where it is not well."""

import io
import os
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import OpeningHours, User
from leads.models import OutgoingMail, PrivacyRequest, Purge, Sender
from tests.factories import ClinicSettingsFactory, OutgoingMailFactory, UserFactory
from tests.name_server import name_server  # noqa: F401  a fixture
from tests.staff import member

pytestmark = pytest.mark.django_db
KEY = "pJ3xW8qLmZ0vRt6yBn4KsUc9Ha2EfGd7TiYoXw5Nb1MzQkVlPrSe"
SPF = "v=spf1 include:_spf.mail.test -all"
DMARC = "v=DMARC1; p=quarantine"


@pytest.fixture(autouse=True)
def good_site(settings, smtp_server, name_server, tmp_path):  # noqa: F811
    settings.SITE_URL, settings.IS_HTTPS = "https://clinic.maple.us", True
    settings.ALLOWED_HOSTS, settings.STAFF_MFA_REQUIRED = ["clinic.maple.us"], True
    settings.SECRET_KEY, settings.SUPPRESSION_KEY = KEY, KEY[::-1]
    settings.DEFAULT_FROM_EMAIL = "Dr. Rivers <clinic@maple.us>"
    settings.DKIM_SELECTOR = "k1"
    settings.VAR_DIR = settings.BACKUP_DIR = tmp_path
    (tmp_path / "database-2026-11-30T030000Z.dump").touch()
    name_server.records = {
        "maple.us": ["google-site-verification=abc", SPF],
        "k1._domainkey.maple.us": ["v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0B" * 20],
        "_dmarc.maple.us": [DMARC],
    }
    clinic = ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")
    OpeningHours.objects.create(clinic=clinic, weekday=0, opens="09:00", closes="17:00")
    member("owner", email="owner@maple.us", username="Kanarienvogel")
    Sender.objects.update_or_create(pk=1, defaults={"ticked_at": Now()})
    Purge.objects.create(day=timezone.localdate(), rule="spam")


def examine() -> tuple[dict[str, str], bool]:
    """The lines by what they are about, the last one each, and whether all was well."""
    said, is_well = io.StringIO(), True
    try:
        call_command("doctor", stdout=said, no_color=True)
    except CommandError:
        is_well = False
    lines = [line.split(maxsplit=1) for line in said.getvalue().splitlines()]
    return {words.split(":")[0]: f"{state} {words}" for state, words in lines}, is_well


def test_a_site_that_is_well_has_a_line_for_everything_and_none_is_wrong():
    lines, is_well = examine()
    assert is_well, lines
    assert set(lines) == {
        *("address", "sign-in", "SECRET_KEY", "SUPPRESSION_KEY", "FIELD_ENCRYPTION_KEYS"),
        *("way out", "SPF", "DKIM", "DMARC", "database", "clock", "broker", "disk", "backups"),
        *("worker", "mail", "postal address", "opening hours", "owners", "purge"),
    }
    assert [line for line in lines.values() if not line.startswith("ok ")] in ([], [lines["disk"]])


def test_nobody_and_no_secret_is_in_what_it_says(settings):
    settings.EMAIL_HOST_PASSWORD = "mail-password"
    OutgoingMailFactory(contact__email="reader@maple.us", due_at=Now() - timedelta(hours=1))
    text = str(examine())
    for word in (KEY, "mail-password", "Kanarienvogel", "owner@maple.us", "reader@maple.us"):
        assert word not in text


@pytest.mark.parametrize(
    ("changes", "subject", "advice"),
    [
        ({"DEBUG": True}, "errors", "Set DEBUG=0"),
        ({"STAFF_MFA_REQUIRED": False}, "sign-in", "Set STAFF_MFA_REQUIRED=1"),
        ({"IS_HTTPS": False}, "address", "must begin with https://"),
        ({"ALLOWED_HOSTS": ["elsewhere.us"]}, "address", "ALLOWED_HOSTS must list"),
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY", "Make one of 50 random characters"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY", "too easy to guess"),
        ({"SUPPRESSION_KEY": KEY}, "SUPPRESSION_KEY", "the same as SECRET_KEY"),
        ({"FIELD_ENCRYPTION_KEYS": ["not-a-key"]}, "FIELD_ENCRYPTION_KEYS", "no Fernet key"),
        ({"FIELD_ENCRYPTION_KEYS": []}, "FIELD_ENCRYPTION_KEYS", "no form can be stored"),
        ({"DEFAULT_FROM_EMAIL": "clinic@example.org"}, "sender", "a domain that is yours"),
        ({"CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}, "broker", "look at REDIS_URL"),
        ({"EMAIL_PORT": 9}, "way out", "no connection to the mail server"),
    ],
)
def test_a_setting_that_is_wrong_is_named_with_what_to_do(settings, changes, subject, advice):
    for name, value in changes.items():
        setattr(settings, name, value)
    lines, is_well = examine()
    assert not is_well
    assert lines[subject].startswith("wrong ")
    assert advice in lines[subject]


@pytest.mark.parametrize(
    ("name", "records", "subject", "advice"),
    [
        ("maple.us", None, "SPF", "does not say who may send"),
        ("maple.us", [SPF, SPF], "SPF", "2 records"),
        ("maple.us", ["v=spf1 +all"], "SPF", "lets everybody send"),
        ("k1._domainkey.maple.us", None, "DKIM", "holds no key"),
        ("k1._domainkey.maple.us", ["v=DKIM1; p="], "DKIM", "holds no key"),
        ("_dmarc.maple.us", [], "DMARC", "has no policy"),
    ],
)
def test_a_record_for_mail_that_is_missing_is_told(name_server, name, records, subject, advice):  # noqa: F811
    if records is None:
        del name_server.records[name]
    else:
        name_server.records[name] = records
    lines, is_well = examine()
    assert not is_well
    assert lines[subject].startswith("wrong ")
    assert advice in lines[subject]


def test_the_policy_of_a_parent_domain_counts(settings, name_server):  # noqa: F811
    settings.DEFAULT_FROM_EMAIL = "clinic@mail.maple.us"
    settings.DKIM_SELECTOR = ""
    name_server.records["mail.maple.us"] = [SPF]
    lines, is_well = examine()
    assert is_well
    assert lines["DMARC"] == f"ok DMARC: {DMARC}"
    assert lines["DKIM"].startswith("look ")


def test_a_key_for_mail_that_lies_behind_an_alias_counts(name_server):  # noqa: F811
    name_server.records["k1.provider.test"] = name_server.records.pop("k1._domainkey.maple.us")
    name_server.aliases["k1._domainkey.maple.us"] = "k1.provider.test"
    lines, is_well = examine()
    assert is_well, lines
    assert lines["DKIM"] == "ok DKIM: k1._domainkey.maple.us"


def test_a_name_server_that_is_out_of_order_is_no_verdict_on_the_records(name_server):  # noqa: F811
    name_server.is_broken = True
    lines, is_well = examine()
    assert is_well
    assert lines["DNS"].startswith("look DNS: could not be asked from here")
    assert "SPF" not in lines


def test_where_no_name_server_answers_it_says_what_to_ask_by_hand_and_soon(name_server):  # noqa: F811
    name_server.is_silent = True
    begin = time.monotonic()
    lines, is_well = examine()
    assert is_well
    assert time.monotonic() - begin < 10
    assert "dig +short TXT _dmarc.maple.us" in lines["DNS"]


def test_a_worker_that_is_gone_and_mail_that_waits_are_told():
    Sender.objects.update(ticked_at=Now() - timedelta(minutes=20))
    OutgoingMailFactory(due_at=Now() - timedelta(minutes=15))
    OutgoingMailFactory(state=OutgoingMail.State.DEAD, reason="refused")
    lines, is_well = examine()
    assert not is_well
    assert "Start `worker` and `beat`" in lines["worker"]
    assert lines["mail"].startswith("look mail: 1 refused")


def test_a_worker_that_never_asked_for_mail_is_told():
    Sender.objects.update(ticked_at=None)
    lines, is_well = examine()
    assert not is_well
    assert lines["worker"] == "wrong worker: it has never asked for mail. Start `worker` and `beat`."


def test_a_way_out_that_is_out_of_order_is_told_with_what_the_server_said():
    Sender.objects.update(outages=1, reason="the mail server answered 530 to the sender's address")
    lines, is_well = examine()
    assert not is_well
    assert "the mail server answered 530" in lines["mail"]


def test_mail_that_only_becomes_files_is_told(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    lines, is_well = examine()
    assert is_well
    assert lines["way out"].startswith("look way out: mail becomes files and reaches nobody")
    assert not settings.EMAIL_FILE_PATH.exists()


def test_a_provider_is_greeted_and_gets_no_mail(provider):
    assert examine()[0]["way out"] == "ok way out: it answers"
    assert (provider.greetings, provider.mails) == (1, [])


def test_a_provider_that_cannot_be_reached_is_told(use_provider):
    use_provider("postmark")
    lines, is_well = examine()
    assert not is_well
    assert "no connection to the mail provider" in lines["way out"]


def test_a_sender_that_staff_stopped_is_no_fault():
    Sender.objects.update(is_stopped=True)
    lines, is_well = examine()
    assert is_well
    assert "sender start" in lines["mail"]


def test_what_staff_have_not_filled_in_is_told():
    clinic = ClinicSettingsFactory(street="")
    clinic.opening_hours.all().delete()
    lines, is_well = examine()
    assert not is_well
    assert lines["postal address"].startswith("wrong ")
    assert lines["opening hours"].startswith("wrong ")


def test_a_purge_that_does_not_run_and_an_answer_that_the_law_waits_for_are_told():
    PrivacyRequest.objects.create(
        kind="access", way="letter", received_at=Now() - timedelta(days=50), due_at=Now() - timedelta(days=5)
    )
    Purge.objects.update(day=timezone.localdate() - timedelta(days=3))
    lines, is_well = examine()
    assert not is_well
    assert lines["purge"].startswith("wrong purge: it last ran on")
    assert lines["privacy requests"].startswith("look privacy requests: 1 overdue")
    Purge.objects.all().delete()
    assert examine()[0]["purge"].startswith("look purge: it has not run yet")


def test_a_backup_that_is_old_or_missing_is_told(settings):
    (dump,) = settings.BACKUP_DIR.glob("*.dump")
    os.utime(dump, (0, time.time() - 30 * 3600))
    assert examine()[0]["backups"].startswith("wrong backups: the last is 30 hours old")
    dump.unlink()
    assert "there is none" in examine()[0]["backups"]
    settings.BACKUP_DIR = ""
    assert "docker compose ps backup" in examine()[0]["backups"]


@pytest.mark.parametrize(
    ("seconds", "line"),
    [(0, "ok clock: "), (-30, "look clock: "), (30, "look clock: "), (300, "wrong clock: ")],
)
def test_a_clock_that_is_not_the_databases_is_told(seconds, line):
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        assert examine()[0]["clock"].startswith(line)


@pytest.mark.parametrize(
    ("gigabytes", "free", "line"),
    [
        (100, 50, "ok disk: 50 % used, 50,000 MB free"),
        (100, 20, "look disk: 80 % used, 20,000 MB free. Make room soon."),
        (100, 5, "wrong disk: 95 % used, 5,000 MB free. Make room: uploads and backups will fail."),
        (1, 0.4, "wrong disk: 60 % used, 400 MB free. Make room: uploads and backups will fail."),
    ],
)
def test_a_disk_without_room_is_told(monkeypatch, gigabytes, free, line):
    usage = SimpleNamespace(total=gigabytes * 1e9, free=free * 1e9)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert examine()[0]["disk"] == line


def test_migrations_that_wait_are_told():
    MigrationRecorder(connection).migration_qs.filter(app="blog").latest("pk").delete()
    lines, is_well = examine()
    assert not is_well
    assert lines["database"] == "wrong database: 1 migrations wait. Run `python -m deploy.prepare`."


def test_without_its_database_it_still_says_all_that_needs_none():
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=OperationalError):
        lines, is_well = examine()
    assert not is_well
    assert "Look at DATABASE_URL" in lines["database"]
    assert lines["broker"] == "ok broker: it answers"
    assert lines["facts"].startswith("wrong facts: cannot be known while the database does not answer")


def test_alarms_that_reach_nobody_are_told():
    ClinicSettingsFactory(notices_to="desk@maple.us")
    User.objects.all().delete()
    lines, is_well = examine()
    assert not is_well
    assert lines["owners"].startswith("wrong owners: nobody can give others access")
    UserFactory(is_superuser=True)
    lines, is_well = examine()
    assert is_well
    assert lines["owners"].startswith("look owners: nobody has that role")
    ClinicSettingsFactory(notices_to="")
    lines, is_well = examine()
    assert not is_well
    assert lines["notices"].startswith("wrong notices: nobody is told that a request arrived")
