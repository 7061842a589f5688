"""Where editors write a newsletter, look at it, send it and watch it leave."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry
from wagtail.test.utils.form_data import nested_form_data, streamfield

from leads.mail import audience
from leads.models import Issue, OutgoingMail
from leads.services import issue as service
from leads.tasks import advance_issues, drain_outbox
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    HomePageFactory,
    IssueFactory,
    SubscriberFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.staff import member, signed_in

State = Issue.State
pytestmark = pytest.mark.django_db

VIEWS = ["issue", "issue_edit", "issue_delete", "issue_body", "issue_send", "issue_progress"]


@pytest.fixture(autouse=True)
def clinic(db):
    HomePageFactory()
    address = {"street": "1 Main St", "locality": "Maple Valley", "region": "WA", "postal_code": "98038"}
    return ClinicSettingsFactory(**address, time_zone="America/Los_Angeles")


@pytest.fixture
def editor():
    return signed_in(member("editor", email="editor@example.com"))


def at(name, issue, *more) -> str:
    return reverse(name, args=[issue.pk, *more])


def typed(*posts, **fields) -> dict:
    """The form as a browser sends it."""
    form = {"subject": "News", "preheader": "What is new", "note": "Dear reader."}
    chosen = streamfield([("page", str(post.pk)) for post in posts])
    return nested_form_data(form | {"posts": chosen} | fields)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def under_way(readers: int = 2) -> Issue:
    SubscriberFactory.create_batch(readers)
    issue = service.schedule(issue=IssueFactory(), due_at=None, count=audience.count(), user=UserFactory())
    advance_issues()
    issue.refresh_from_db()
    return issue


# --- Writing


def test_an_editor_writes_one_about_two_posts_and_sees_it(editor):
    first, second = BlogPageFactory(title="Sit less"), BlogPageFactory(title="Walk more")
    response = editor.post(reverse("issue_add"), typed(second, first))
    issue = Issue.objects.get()
    assert response["Location"] == at("issue", issue)
    assert (issue.subject, issue.preheader, issue.note) == ("News", "What is new", "Dear reader.")
    assert [post.page_id for post in issue.posts.all()] == [second.pk, first.pk]
    body = editor.get(at("issue_body", issue)).content.decode()
    assert body.index("Walk more") < body.index("Sit less")
    assert "Dear reader." in body


def test_an_editor_changes_a_draft(editor):
    post = BlogPageFactory()
    issue = service.write_issue(issue=None, subject="A", preheader="", note="", posts=[post], user=UserFactory())
    page = editor.get(at("issue_edit", issue)).content.decode()
    assert post.title in page
    editor.post(at("issue_edit", issue), typed(subject="B"))
    issue.refresh_from_db()
    assert (issue.subject, issue.posts.count()) == ("B", 0)


def test_what_was_typed_is_kept_on_an_error(editor):
    post = BlogPageFactory(title="Sit less", live=False)
    response = editor.post(reverse("issue_add"), typed(post, note="A long word."))
    page = response.content.decode()
    assert response.status_code == 200
    assert "A long word." in page
    assert "Sit less" in page
    assert "readers cannot open it" in page
    assert not Issue.objects.exists()


def test_more_posts_than_a_newsletter_holds_are_refused(editor):
    page = editor.post(reverse("issue_add"), typed(*[BlogPageFactory()] * 13)).content.decode()
    assert "The maximum number of items is 12" in page
    assert not Issue.objects.exists()


def test_what_was_typed_is_kept_when_the_issue_went_meanwhile(editor):
    issue = under_way()
    response = editor.post(at("issue_edit", issue), typed(note="A long word."))
    assert "A long word." in response.content.decode()
    assert "on its way by now" in words(response)
    issue.refresh_from_db()
    assert issue.note != "A long word."


def test_a_newsletter_begins_with_the_posts_that_its_address_names(editor):
    post = BlogPageFactory(title="Sit less")
    page = editor.get(reverse("issue_add"), {"post": [post.pk, "x", "999999999999", "-1"]}).content.decode()
    assert "Sit less" in page


def test_a_draft_is_deleted_and_what_was_sent_is_not():
    owner = signed_in(member("owner"))
    draft, sent = IssueFactory(), under_way()
    assert owner.post(at("issue_delete", draft)).status_code == 302
    assert owner.post(at("issue_delete", sent)).status_code == 404
    assert Issue.objects.get() == sent


# --- Looking at it


def test_it_is_seen_in_five_ways(editor):
    issue = IssueFactory(note="Walk.")
    page = editor.get(at("issue", issue)).content.decode()
    for way in ("desktop", "phone", "dark", "phone-dark", "text"):
        assert f"?as={way}#" in page
    assert "<pre" in editor.get(at("issue", issue), {"as": "text"}).content.decode()
    assert "issue__frame--phone" in editor.get(at("issue", issue), {"as": "phone"}).content.decode()
    assert "issue__frame--desktop" in editor.get(at("issue", issue), {"as": "nonsense"}).content.decode()


def test_the_dark_is_shown_to_who_works_in_the_light(editor):
    issue = IssueFactory()
    assert "@media all{" in editor.get(at("issue_body", issue), {"as": "dark"}).content.decode().replace(" {", "{")
    assert "prefers-color-scheme" not in editor.get(at("issue_body", issue)).content.decode()


def test_it_is_shown_in_a_frame_that_runs_nothing_and_asks_no_other_host(editor):
    issue = IssueFactory()
    frame = re.search(r"<iframe [^>]+>", editor.get(at("issue", issue)).content.decode())[0]
    assert re.search(r" sandbox[ >]", frame)
    policy = editor.get(at("issue_body", issue))["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src http://testserver; sandbox; frame-ancestors 'self'"
    )


def test_no_key_of_a_reader_is_shown(editor):
    issue = IssueFactory()
    assert "/email/" not in editor.get(at("issue_body", issue)).content.decode()
    assert "/email/" not in editor.get(at("issue", issue), {"as": "text"}).content.decode()


def test_an_editor_is_told_what_to_put_right(editor):
    ClinicSettingsFactory(street="")
    page = words(editor.get(at("issue", IssueFactory())))
    assert "Fill it in. The law asks for it under each mailing." in page
    assert "Next: who gets it" not in page


def test_links_to_other_sites_are_there_to_be_tried(editor):
    page = editor.get(at("issue", IssueFactory(note="[them](https://other.example/x)"))).content.decode()
    assert 'href="https://other.example/x" target="_blank" rel="noopener noreferrer"' in page


def test_a_trial_goes_to_the_editor(editor, smtp_server):
    issue = IssueFactory(subject="News")
    response = editor.post(at("issue_trial", issue), follow=True)
    assert "A trial is on its way to editor@example.com." in words(response)
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert (delivery.recipient, delivery.message["Subject"]) == ("editor@example.com", "[Trial] News")


def test_an_account_without_an_address_gets_no_trial():
    client = signed_in(member("editor", email=""))
    assert "has no e-mail address" in words(client.post(at("issue_trial", IssueFactory()), follow=True))
    assert not OutgoingMail.objects.exists()


# --- Sending


def test_who_is_in_and_who_is_out_is_read_before_it_goes(editor):
    reader, asked = SubscriberFactory(), SubscriptionFactory()
    issue = IssueFactory()
    page = editor.get(at("issue_send", issue))
    assert "1 person gets it, as of now." in words(page)
    assert reader.contact.email in words(page)
    assert asked.contact.email not in words(page)
    page = editor.get(at("issue_send", issue), {"standing": "unconfirmed"})
    assert asked.contact.email in words(page)
    assert "Never confirmed the address" in words(page)
    assert editor.get(at("issue_send", issue), {"standing": "nonsense", "p": "x"}).status_code == 200


def test_the_list_of_people_is_read_page_by_page_at_one_price(editor, django_assert_max_num_queries):
    SubscriberFactory.create_batch(3)
    issue = IssueFactory()
    editor.get(at("issue_send", issue))
    with django_assert_max_num_queries(30):
        editor.get(at("issue_send", issue))
    SubscriberFactory.create_batch(60)
    with django_assert_max_num_queries(30):
        page = editor.get(at("issue_send", issue), {"p": 2})
    assert "Page 2 of 2" in words(page)


def test_it_goes_at_once_to_the_number_that_was_typed(editor, smtp_server):
    SubscriberFactory.create_batch(2)
    issue = IssueFactory()
    response = editor.post(at("issue_send", issue), {"when": "now", "count": "2", "shown": "2"})
    assert response["Location"] == at("issue", issue)
    advance_issues()
    drain_outbox()
    assert len(smtp_server.deliveries) == 2
    issue.refresh_from_db()
    assert issue.sent_by.email == "editor@example.com"


@pytest.mark.parametrize("count", ["1,002", " 1 002 ", "1002"])
def test_a_number_may_be_typed_as_it_is_shown(editor, count):
    SubscriberFactory()
    response = editor.post(at("issue_send", IssueFactory()), {"when": "now", "count": count, "shown": "1002"})
    assert "1 person gets it now, and not 1,002" in words(response)


def test_a_number_that_changed_meanwhile_is_told(editor):
    SubscriberFactory.create_batch(3)
    issue = IssueFactory()
    response = editor.post(at("issue_send", issue), {"when": "now", "count": "2", "shown": "2"})
    assert "While you read, the list changed: 3 people get it now, and not 2." in words(response)
    issue.refresh_from_db()
    assert issue.state == State.DRAFT


def test_a_number_that_was_mistyped_is_told(editor):
    SubscriberFactory.create_batch(3)
    response = editor.post(at("issue_send", IssueFactory()), {"when": "now", "count": "33", "shown": "3"})
    assert "3 people get it, and you typed 33." in words(response)
    response = editor.post(at("issue_send", IssueFactory()), {"when": "now", "count": "all", "shown": "3"})
    assert "Type the number in figures." in words(response)


def later(day: str, clock: str, count: int = 1) -> dict:
    return {"when": "later", "day": day, "clock": clock, "count": str(count), "shown": str(count)}


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        ("2026-07-01", "09:00", datetime(2026, 7, 1, 16, tzinfo=UTC)),
        ("2026-12-01", "09:00", datetime(2026, 12, 1, 17, tzinfo=UTC)),
        ("2026-11-01", "01:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),  # comes twice: the first
    ],
)
def test_it_is_scheduled_by_the_clock_of_the_clinic(editor, day, clock, moment):
    SubscriberFactory()
    issue = IssueFactory()
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        client = signed_in(member("editor"))
        assert client.post(at("issue_send", issue), later(day, clock)).status_code == 302
    issue.refresh_from_db()
    assert (issue.state, issue.due_at) == (State.SCHEDULED, moment)


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("day", "clock", "said"),
    [
        ("2026-03-08", "02:30", "There is no such time that night"),
        ("2026-02-28", "09:00", "This moment is over."),
        ("2026-03-01", "03:59", "This moment is over."),
        ("", "09:00", "Choose the day."),
        ("2026-04-01", "", "Choose the time."),
        ("never", "9", "Enter a valid date."),
    ],
)
def test_a_moment_that_cannot_be_is_said_and_kept(day, clock, said):
    SubscriberFactory()
    issue = IssueFactory()
    response = signed_in(member("editor")).post(at("issue_send", issue), later(day, clock))
    assert said in words(response)
    assert f'value="{clock}"' in response.content.decode() or not clock
    issue.refresh_from_db()
    assert issue.state == State.DRAFT


def test_an_issue_that_fails_a_check_cannot_be_sent(editor):
    SubscriberFactory()
    ClinicSettingsFactory(street="")
    issue = IssueFactory()
    assert "It cannot go yet." in words(editor.get(at("issue_send", issue)))
    editor.post(at("issue_send", issue), {"when": "now", "count": "1", "shown": "1"})
    issue.refresh_from_db()
    assert issue.state == State.DRAFT


def test_an_issue_for_nobody_says_where_readers_come_from(editor):
    assert "There is nobody to send it to." in words(editor.get(at("issue_send", IssueFactory())))


def test_a_scheduled_issue_can_be_taken_back(editor):
    SubscriberFactory()
    moment = timezone.now() + timedelta(days=1)
    issue = service.schedule(issue=IssueFactory(), due_at=moment, count=1, user=UserFactory())
    assert "Scheduled" in words(editor.get(at("issue", issue)))
    editor.post(at("issue_act", issue, "unschedule"))
    issue.refresh_from_db()
    assert issue.state == State.DRAFT


# --- On its way


def test_its_progress_is_told_and_adds_up(editor, smtp_server):
    issue = under_way(readers=3)
    smtp_server.refuse("RCPT", "554 5.7.1 denied", recipient=issue.mails.latest("pk").contact.email)
    drain_outbox()
    page = words(editor.get(at("issue_progress", issue)))
    assert "3 of 3 done" in page
    assert "Sent 2" in page
    assert "Refused 1" in page
    assert "the mail server answered 554 5.7.1 Refused 1" in page
    assert 'value="3"' in editor.get(at("issue", issue)).content.decode()


def test_an_editor_pauses_resumes_and_cancels_it(editor, smtp_server):
    issue = under_way()
    for action, said in (("pause", "It is paused."), ("resume", "It goes on."), ("cancel", "It is cancelled.")):
        assert said in words(editor.post(at("issue_act", issue, action), follow=True))
    drain_outbox()
    assert smtp_server.deliveries == []
    page = editor.get(at("issue", issue)).content.decode()
    assert "Send to the 2 who did not get it" in page
    assert "Somebody was quicker" in words(editor.post(at("issue_act", issue, "pause"), follow=True))
    done = ModelLogEntry.objects.for_instance(issue).order_by("pk").values_list("action", flat=True)
    assert list(done) == ["leads.pause_issue", "leads.resume_issue", "leads.cancel_issue"]


def test_it_is_sent_to_those_who_did_not_get_it_by_one_button(editor, smtp_server):
    issue = under_way()
    service.cancel(issue=issue)
    page = words(editor.post(at("issue_rest", issue), {"count": "5"}, follow=True))
    assert "Nothing was sent: 2 people get it by now." in page
    assert "It goes to the 2" in words(editor.post(at("issue_rest", issue), {"count": "2"}, follow=True))
    assert "Somebody was quicker" in words(editor.post(at("issue_rest", issue), {"count": "2"}, follow=True))
    drain_outbox()
    assert len(smtp_server.deliveries) == 2


def test_an_outcome_leads_to_its_mails_for_those_who_may_read_mail(editor, smtp_server):
    issue, other = under_way(1), IssueFactory()
    drain_outbox()
    assert reverse("mail") + "?" not in editor.get(at("issue_progress", issue)).content.decode()
    owner = signed_in(member("owner"))
    assert (
        f"{reverse('mail')}?issue={issue.pk}&amp;state=sent" in owner.get(at("issue_progress", issue)).content.decode()
    )
    address = issue.mails.get().contact.email
    assert address in owner.get(reverse("mail_results"), {"issue": issue.pk, "state": "sent"}).content.decode()
    assert address not in owner.get(reverse("mail_results"), {"issue": other.pk}).content.decode()


def test_progress_costs_the_same_for_any_audience(editor, smtp_server, django_assert_max_num_queries):
    issue = under_way(20)
    editor.get(at("issue_progress", issue))
    with django_assert_max_num_queries(8):
        editor.get(at("issue_progress", issue))


# --- The list


def test_the_list_says_how_far_each_is(editor, smtp_server):
    IssueFactory(subject="A draft")
    issue = under_way(3)
    drain_outbox()
    page = words(editor.get(reverse("issues")))
    assert "A draft Draft" in page
    assert re.search(rf"{issue.subject} Being sent .* 3 3", page)
    page = words(editor.get(reverse("issues_results"), {"state": "draft"}))
    assert "A draft" in page
    assert issue.subject not in page


def test_before_the_first_the_list_says_how_to_begin(editor):
    page = editor.get(reverse("issues")).content.decode()
    assert "There is no newsletter yet." in page
    assert reverse("issue_add") in page


def test_the_list_costs_the_same_for_any_number_of_issues(editor, django_assert_max_num_queries):
    IssueFactory()
    editor.get(reverse("issues_results"))
    with django_assert_max_num_queries(8):
        editor.get(reverse("issues_results"))
    IssueFactory.create_batch(20)
    with django_assert_max_num_queries(8):
        editor.get(reverse("issues_results"))


# --- Who may


def addresses(issue) -> list[str]:
    lists = [reverse(name) for name in ("issues", "issues_results", "issue_add")]
    return [*lists, *(at(name, issue) for name in VIEWS)]


def deeds(issue) -> list[str]:
    acts = [at("issue_act", issue, action) for action in ("unschedule", "pause", "resume", "cancel")]
    return [at("issue_trial", issue), at("issue_rest", issue), at("issue_send", issue), *acts]


def opened(client, issue) -> set[str]:
    return {address for address in addresses(issue) if client.get(address).status_code == 200}


def test_an_editor_opens_all_but_deleting(editor):
    issue = IssueFactory()
    assert opened(editor, issue) == set(addresses(issue)) - {at("issue_delete", issue)}
    assert f'"{reverse("issues")}"' in editor.get(reverse("wagtailadmin_home")).content.decode()


def test_an_owner_opens_all():
    issue = IssueFactory()
    assert opened(signed_in(member("owner")), issue) == set(addresses(issue))


@pytest.mark.parametrize("role", ["front_desk", "clinician"])
def test_others_open_nothing_and_do_nothing(role):
    issue, client = under_way(), signed_in(member(role))
    assert opened(client, issue) == set()
    for address in deeds(issue):
        assert client.post(address, {"count": "2", "when": "now"})["Location"] == reverse("wagtailadmin_home")
    issue.refresh_from_db()
    assert (issue.state, issue.paused_at) == (State.SENDING, None)
    assert f'"{reverse("issues")}"' not in client.get(reverse("wagtailadmin_home")).content.decode()


def test_strangers_are_asked_to_sign_in(client):
    issue = IssueFactory()
    for address in addresses(issue):
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))
    for address in deeds(issue):
        assert client.post(address)["Location"].startswith(reverse("wagtailadmin_login"))


def test_an_issue_that_is_not_there_is_not_found(editor):
    nobody = Issue(pk=0)
    for name in VIEWS:
        if name != "issue_delete":
            assert editor.get(at(name, nobody)).status_code == 404
    for address in deeds(nobody):
        assert editor.post(address, {"count": "1"}).status_code == 404
    assert editor.post(at("issue_act", under_way(), "explode")).status_code == 404


def test_nothing_is_done_by_following_a_link(editor):
    issue = under_way()
    for address in deeds(issue):
        if address != at("issue_send", issue):
            assert editor.get(address).status_code == 405


def test_what_is_on_its_way_cannot_be_sent_again_from_its_form(editor):
    issue = under_way()
    assert editor.get(at("issue_send", issue))["Location"] == at("issue", issue)
