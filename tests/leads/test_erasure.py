import pytest
from django.apps import apps

from leads import tokens
from leads.models import Contact, Lead, OutgoingMail, Submission, Suppression
from leads.services import mailbox
from leads.suppression import suppressed_among
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(client):
    client.post("/assessment/", filled_in(wants_tips="on"))
    client.post("/newsletter/", {"email": "erika@example.com"})
    return f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.earliest('pk').pk)}/erase/"


def test_it_is_asked_once_more_and_opening_the_page_deletes_nothing(client, link):
    assert "Delete all of it?" in client.get(link).content.decode()
    assert Submission.objects.count() == 2


def test_nothing_of_a_person_is_left_in_any_table(client, link):
    assert "Everything is deleted." in client.post(link).content.decode()
    for model in apps.get_app_config("leads").get_models():
        for row in model.objects.values():
            assert not any(word in str(row) for word in ("Erika", "erika@", "4256584944"))
    assert not Lead.objects.exists()
    assert not Contact.objects.exists()


def test_the_mailbox_is_never_written_to_again(client, link):
    client.post(link)
    assert suppressed_among([(1, "erika@example.com")]) == {1: "erased"}
    assert Suppression.objects.get().reason == "erased"
    assert not OutgoingMail.objects.filter(contact__isnull=False).exists()


def test_whoever_confirms_the_address_anew_is_written_to_again(client, link):
    client.post(link)
    client.post("/newsletter/", {"email": "erika@example.com"})
    token = tokens.make_token(tokens.CONFIRM, Submission.objects.get().pk)
    client.post(f"/email/confirm/{token}/")
    assert suppressed_among([(1, "erika@example.com")]) == {}


@pytest.mark.parametrize("choice", [{"wants_newsletter": "on"}, {"wants_tips": "on"}])
def test_whoever_chooses_mail_again_is_written_to_again(client, link, choice):
    client.post(link)
    choose(client, **choice)
    assert suppressed_among([(1, "erika@example.com")]) == {}


def test_whoever_chooses_no_mail_is_still_not_written_to(client, link):
    client.post(link)
    choose(client)
    assert suppressed_among([(1, "erika@example.com")]) == {1: "erased"}


@pytest.mark.parametrize("reason", ["bounced", "complained", "staff"])
def test_what_comes_after_an_erasure_counts_for_good(client, link, reason):
    client.post(link)
    client.post("/assessment/", filled_in())
    contact = Contact.objects.get()
    Suppression.objects.update(created_at="2026-01-01T00:00Z")
    mailbox.suppress(contact=contact, reason=Suppression.Reason(reason))
    assert Suppression.objects.filter(reason=reason, created_at__gt="2026-01-02T00:00Z").count() == 1
    choose(client, wants_newsletter="on")
    client.post(f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.get().pk)}/erase/")
    assert suppressed_among([(1, "erika@example.com")]) == {1: reason}


def choose(client, **choice):
    """What the owner of the mailbox wants, on the page of preferences that each new mail leads to."""
    contact, _ = Contact.objects.get_or_create(email="erika@example.com")
    client.post(f"/email/preferences/{tokens.make_token(tokens.PREFERENCES, contact.pk)}/", choice)


def test_a_second_post_finds_nothing_left_and_says_so(client, link):
    client.post(link)
    assert client.post(link).status_code == 200
    assert client.get(link).status_code == 404


def test_what_another_mailbox_left_on_the_card_stays(client, link):
    client.post("/assessment/", filled_in(email="other@example.com"))
    client.post(link)
    assert [row.contact.email for row in Submission.objects.all()] == ["other@example.com"]
    assert Lead.objects.get().timeline.filter(event="mailbox_erased").exists()


@pytest.mark.parametrize("page", ["", "stop/", "data/", "privacy/"])
def test_no_page_of_somebody_who_was_erased_opens_any_more(client, link, page):
    client.post(link)
    assert client.get(link.removesuffix("erase/") + page).status_code == 404


def test_the_links_in_mails_to_somebody_who_was_erased_bring_nobody_back(client, link):
    submission = Submission.objects.get(kind="newsletter")
    confirm = f"/email/confirm/{tokens.make_token(tokens.CONFIRM, submission.pk)}/"
    stop = f"/email/unsubscribe/{tokens.make_token(tokens.UNSUBSCRIBE, submission.contact_id)}/"
    client.post(link)
    assert client.post(confirm).status_code == 404
    assert "unsubscribed" in client.post(stop).content.decode()
    assert not Contact.objects.exists()
