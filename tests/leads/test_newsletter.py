from datetime import timedelta

import pytest
from django.db.models.functions import Now

from leads import tokens
from leads.models import Consent, Contact, Enrolment, Lead, OutgoingMail, Submission, Subscription
from leads.services.retention import purge
from tests.factories import BlogPageFactory, ClinicSettingsFactory, SequenceFactory
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db

ASKED = {"email": "reader@example.com"}


def sign_up(client, **changes):
    return client.post("/newsletter/", {**ASKED, **changes})


def confirm_link():
    return f"/email/confirm/{tokens.make_token(tokens.CONFIRM, Submission.objects.latest('pk').pk)}/"


def unsubscribe_link():
    return f"/email/unsubscribe/{tokens.make_token(tokens.UNSUBSCRIBE, Contact.objects.get().pk)}/"


def later(minutes):
    """Let everything that happened have happened some minutes earlier."""
    span = timedelta(minutes=minutes)
    for row in Submission.objects.all():
        Submission.objects.filter(pk=row.pk).update(created_at=row.created_at - span)
    for row in Subscription.objects.all():
        Subscription.objects.filter(pk=row.pk).update(
            asked_at=row.asked_at - span, unsubscribed_at=row.unsubscribed_at and row.unsubscribed_at - span
        )


def test_a_sign_up_is_stored_and_has_to_be_confirmed(client):
    answer = sign_up(client)
    assert (answer.status_code, answer["Location"]) == (302, "/newsletter/thanks/")
    assert Subscription.objects.get().state == "unconfirmed"
    assert OutgoingMail.objects.get().kind == "confirm"
    assert Consent.objects.get().purpose == "newsletter"


def test_opening_the_link_changes_nothing(client):
    sign_up(client)
    for method in (client.get, client.head, client.options):
        assert method(confirm_link()).status_code == 200
    assert Subscription.objects.get().state == "unconfirmed"


def test_the_button_confirms_and_starts_the_tips_once(client):
    SequenceFactory(key="health-tips")
    sign_up(client)
    for _ in range(2):
        assert client.post(confirm_link()).status_code == 200
    assert Subscription.objects.get().state == "confirmed"
    assert OutgoingMail.objects.filter(kind="welcome").count() == 1
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize("state", ["new", "unconfirmed", "confirmed", "unsubscribed"])
def test_the_answer_is_the_same_for_any_address(client, state):
    if state != "new":
        sign_up(client)
    if state in ("confirmed", "unsubscribed"):
        client.post(confirm_link())
    if state == "unsubscribed":
        client.post(unsubscribe_link())
    answer = sign_up(client)
    page = client.get(answer["Location"])
    assert (answer.status_code, answer["Location"], answer.content) == (302, "/newsletter/thanks/", b"")
    assert b"look into your mailbox" in page.content


def test_whoever_gets_it_already_is_not_written_to_again(client):
    sign_up(client)
    client.post(confirm_link())
    later(11)
    sign_up(client)
    assert OutgoingMail.objects.filter(kind="confirm").count() == 1


def test_a_second_sign_up_sends_at_most_one_mail_in_ten_minutes(client):
    for _ in range(20):
        assert sign_up(client).status_code == 302
    assert OutgoingMail.objects.count() == 1
    later(11)
    sign_up(client)
    assert OutgoingMail.objects.count() == 2


def test_two_spellings_of_one_mailbox_are_one(client):
    sign_up(client, email="Reader@EXAMPLE.com")
    sign_up(client)
    assert [contact.email for contact in Contact.objects.all()] == ["reader@example.com"]


def test_an_old_link_does_not_undo_an_unsubscription(client):
    sign_up(client)
    link = confirm_link()
    client.post(unsubscribe_link())
    assert "was unsubscribed" in client.post(link).content.decode()
    assert Subscription.objects.get().state == "unsubscribed"


def test_who_gets_tips_and_asks_for_the_newsletter_gets_both_and_one_welcome(client):
    client.post("/assessment/", filled_in(email=ASKED["email"], wants_tips="on"))
    client.post(confirm_link())
    tips_alone = Subscription.objects.get()
    sign_up(client)
    client.post(confirm_link())
    both = Subscription.objects.get()
    assert (tips_alone.wants_newsletter, both.wants_newsletter, both.wants_tips) == (False, True, True)
    assert both.confirmed_at == tips_alone.confirmed_at
    assert OutgoingMail.objects.filter(kind="welcome").count() == 1


def test_the_sign_up_has_a_page_of_its_own(client):
    assert 'action="/newsletter/"' in client.get("/newsletter/").content.decode()


def test_who_unsubscribed_can_come_back(client):
    sign_up(client)
    client.post(unsubscribe_link())
    later(11)
    sign_up(client)
    client.post(confirm_link())
    assert Subscription.objects.get().state == "confirmed"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=b",
            '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        ),
    ],
)
def test_a_mail_program_unsubscribes_with_one_post(client, content_type, body):
    """RFC 8058: no cookie, no token of a form, and from wherever the provider sends it."""
    SequenceFactory(key="health-tips")
    sign_up(client)
    client.post(confirm_link())
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(unsubscribe_link(), body, content_type=content_type, headers=headers).status_code == 200
    assert Subscription.objects.get().state == "unsubscribed"
    assert Enrolment.objects.get().ending == "unsubscribed"
    assert OutgoingMail.objects.get(kind="welcome").state == "skipped"
    assert Consent.objects.filter(is_given=False).count() == 1


def test_a_link_to_unsubscribe_shows_a_button_and_works_for_ever(client):
    sign_up(client)
    link = unsubscribe_link()
    assert 'type="submit">Unsubscribe' in client.get(link).content.decode()
    assert Subscription.objects.get().state == "unconfirmed"
    Contact.objects.get().submissions.all().delete()
    Subscription.objects.all().delete()
    assert client.post(link).status_code == 200


def test_links_that_were_altered_or_cut_are_not_found(client):
    sign_up(client)
    for link in (confirm_link(), unsubscribe_link()):
        for wrong in (link[:-2] + "/", link[:-1] + "x/", link.replace("~", "-")):
            assert client.get(wrong).status_code == 404
            assert client.post(wrong).status_code == 404


def test_pages_behind_a_link_tell_no_one_of_it(client):
    sign_up(client)
    for link in (confirm_link(), unsubscribe_link()):
        page = client.get(link)
        assert "no-store" in page["Cache-Control"]
        assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")


def test_the_form_stands_above_each_article_and_in_the_footer_with_the_same_bytes_for_everyone(client):
    ClinicSettingsFactory(invitation="Tips by mail.")
    url = BlogPageFactory(title="Sit well").url
    first, second = client.get(url), client.get(url, headers={"Cookie": "session=x", "X-Forwarded-For": "198.51.100.7"})
    assert first.content == second.content
    assert first.content.decode().count('action="/newsletter/"') == 2
    assert not first.cookies
    assert "Cookie" not in first.get("Vary", "")


def test_the_page_and_the_campaign_come_from_what_the_browser_says(client):
    headers = {"Referer": "http://testserver/blog/sit-well/?utm_medium=social"}
    client.post("/newsletter/", ASKED, headers=headers)
    submission = Submission.objects.get()
    assert (submission.source_path, submission.campaign) == ("/blog/sit-well/", {"utm_medium": "social"})


def test_a_wrong_address_is_said_with_the_ids_of_the_place_it_was_typed_in(client):
    page = sign_up(client, email="nobody", place="footer")
    assert page.status_code == 422
    assert 'id="footer-email_error"' in page.content.decode()
    assert 'value="nobody"' in page.content.decode()


def test_spam_gets_the_same_answer_and_no_mail(client):
    assert sign_up(client, web_page="x")["Location"] == "/newsletter/thanks/"
    assert Submission.objects.get().is_spam
    assert not OutgoingMail.objects.exists()


def let_a_month_pass():
    """In which its mail left."""
    OutgoingMail.objects.update(state="sent", sent_at=Now())
    Subscription.objects.update(asked_at=Now() - timedelta(days=31))


def test_what_was_never_confirmed_is_gone_after_thirty_days(client):
    sign_up(client)
    let_a_month_pass()
    assert purge()["unconfirmed"] == 1
    assert not Contact.objects.exists()
    assert not Lead.objects.exists()
    assert purge()["unconfirmed"] == 0


def test_purging_keeps_whoever_asked_for_something_else_too(client):
    sign_up(client)
    client.post("/assessment/", filled_in(email="reader@example.com"))
    let_a_month_pass()
    purge()
    assert [row.kind for row in Submission.objects.all()] == ["assessment"]
    assert Lead.objects.get().contact.email == "reader@example.com"


def test_purging_keeps_the_confirmed_and_the_recent(client):
    sign_up(client)
    assert purge()["unconfirmed"] == 0
    client.post(confirm_link())
    let_a_month_pass()
    assert purge()["unconfirmed"] == 0
